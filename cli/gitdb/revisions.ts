/**
 * `sluice gitdb rev-parse` and `ls-tree`: revisions and trees, in git's own format.
 */
import type { GitRepository, GitTreeEntry } from "@sluice/gitdb";
import { AmbiguousIdError, byteString, NotFoundError, UnsupportedFeatureError } from "@sluice/internal";
import { EXIT, UsageFailure } from "../shared/exit.ts";
import type { Failure } from "../shared/exit.ts";
import { openRepository, shortId, usualDigits } from "./names.ts";
import { BufferedStdout, byteText, quoted } from "./output.ts";
import { fatal } from "./settings.ts";
import type { GitdbSettings } from "./settings.ts";

/** What a revision names, or git's words for a revision that names nothing. */
export async function revisionOrFail(
  repository: GitRepository,
  revision: string,
  failure: Failure,
): Promise<string> {
  try {
    return `${await repository.find(revision)}`;
  } catch (error) {
    const isUnknown = error instanceof NotFoundError || error instanceof AmbiguousIdError ||
      error instanceof RangeError;
    if (isUnknown) throw failure;
    if (error instanceof UnsupportedFeatureError) throw fatal(error.message);
    throw error;
  }
}

/** Runs `rev-parse`. */
export async function revParse(operands: readonly string[], settings: GitdbSettings): Promise<number> {
  if (settings.quiet && !settings.verify) throw new UsageFailure("Option -q has no effect without --verify");
  await using repository = await openRepository(settings);
  if (settings.verify || settings.short !== undefined) {
    return await verifyRevision(repository, operands, settings);
  }
  const out = new BufferedStdout();
  for (const operand of operands) {
    const isExcluded = operand.startsWith("^");
    const range = /^(.*?)\.\.(?!\.)(.*)$/.exec(operand);
    const parts: [mark: string, revision: string][] = range === null
      ? [[isExcluded ? "^" : "", isExcluded ? operand.slice(1) : operand]]
      : [["", range[2] || "HEAD"], ["^", range[1] || "HEAD"]];
    for (const [mark, revision] of parts) {
      const unknown = fatal(
        `ambiguous argument '${operand}': unknown revision or path not in the working tree.\n` +
          "Use '--' to separate paths from revisions, like this:\n" +
          "'git <command> [<revision>...] -- [<file>...]'",
      );
      try {
        const id = await revisionOrFail(repository, revision, unknown);
        await out.print(`${mark}${id}\n`);
      } catch (error) {
        // As git has it, what can't be resolved is repeated before the failure.
        await out.print(`${operand}\n`);
        await out.flush();
        throw error;
      }
    }
  }
  await out.flush();
  return EXIT.ok;
}

async function verifyRevision(
  repository: GitRepository,
  operands: readonly string[],
  settings: GitdbSettings,
): Promise<number> {
  const unknown = fatal("Needed a single revision");
  const [revision, ...more] = operands;
  try {
    if (revision === undefined || more.length > 0) throw unknown;
    const id = await revisionOrFail(repository, revision, unknown);
    console.log(await shortened(repository, id, settings));
    return EXIT.ok;
  } catch (error) {
    if (settings.quiet && error === unknown) return 1;
    throw error;
  }
}

async function shortened(repository: GitRepository, id: string, settings: GitdbSettings): Promise<string> {
  if (settings.short === undefined) return id;
  return await shortId(repository.database, id, settings.short || await usualDigits(repository.database));
}

/** How a tree is listed. Paths are from its root, a character for each byte. */
class TreeLister {
  readonly #repository: GitRepository;
  readonly #settings: GitdbSettings;
  readonly #paths: readonly string[];
  /** The folder from which names are shown, with a slash at its end; empty for the root. */
  readonly #here: string;
  readonly #out: BufferedStdout;

  constructor(
    repository: GitRepository,
    settings: GitdbSettings,
    place: { readonly here: string; readonly paths: readonly string[] },
    out: BufferedStdout,
  ) {
    this.#repository = repository;
    this.#settings = settings;
    this.#out = out;
    this.#here = place.here;
    this.#paths = place.paths;
  }

  /** Prints the rows of a tree below a folder, whose path ends with a slash. */
  async print(id: string, above: string): Promise<void> {
    const { recursive, trees, treesOnly } = this.#settings;
    for (const entry of await this.#repository.readTree(id)) {
      const path = above + byteString(entry.nameBytes);
      const isTree = entry.type === "tree";
      // A path that goes on inside of a folder leads into it, whatever else is asked for.
      const leadsOn = isTree && this.#paths.some((wanted) => wanted.startsWith(`${path}/`));
      const isWanted = this.#paths.length === 0 ||
        this.#paths.some((wanted) => wanted === path || path.startsWith(withSlash(wanted)));
      if (!leadsOn && !isWanted) continue;
      const enter = isTree && (recursive || leadsOn);
      // As in git, commits of other repositories count as folders here.
      const isShown = isTree
        ? !enter || trees || treesOnly && recursive
        : !treesOnly || entry.type === "commit";
      if (isShown) await this.#printEntry(entry, this.#shownPath(path));
      if (enter) await this.print(`${entry.id}`, `${path}/`);
    }
  }

  /** A path from the folder where the command runs. */
  #shownPath(path: string): string {
    if (path.startsWith(this.#here)) return path.slice(this.#here.length);
    const from = this.#here.split("/").slice(0, -1);
    const to = path.split("/");
    const common = from.findIndex((part, i) => part !== to[i]);
    return "../".repeat(from.length - common) + to.slice(common).join("/");
  }

  async #printEntry(entry: GitTreeEntry, path: string): Promise<void> {
    const { nameOnly, long, zero } = this.#settings;
    const end = zero ? "\0" : "\n";
    const name = zero ? path : quoted(path);
    if (nameOnly) return await this.#out.print(`${name}${end}`);
    const mode = entry.mode.toString(8).padStart(6, "0");
    const size = long ? ` ${await this.#size(entry)}` : "";
    await this.#out.print(`${mode} ${entry.type} ${entry.id}${size}\t${name}${end}`);
  }

  async #size({ type, id }: GitTreeEntry): Promise<string> {
    const size = type === "blob" ? `${(await this.#repository.database.info(id)).size}` : "-";
    return size.padStart(7);
  }
}

function withSlash(path: string): string {
  return path.endsWith("/") ? path : `${path}/`;
}

/** In a work tree the folder where the command runs, as a path with a slash at its end; empty at the root. */
async function folderHere(repository: GitRepository): Promise<string> {
  const root = repository.workTree;
  const here = await Deno.realPath(".");
  return root !== undefined && here.startsWith(`${root}/`) ? byteText(`${here.slice(root.length + 1)}/`) : "";
}

/** Paths of the command as paths from the root of the tree. */
function pathsFrom(here: string, operands: readonly string[], root: string): string[] {
  if (operands.length === 0) return here === "" ? [] : [here];
  return operands.map((operand) => {
    if (operand === "") {
      throw fatal(
        "empty string is not a valid pathspec. please use . instead if you meant to match all paths",
      );
    }
    const parts: string[] = [];
    for (const part of operand.startsWith("/") ? [".."] : (here + byteText(operand)).split("/")) {
      if (part === "..") {
        if (parts.pop() === undefined) {
          throw fatal(`${operand}: '${operand}' is outside repository at '${root}'`);
        }
      } else if (part !== "" && part !== ".") parts.push(part);
    }
    const end = parts.length > 0 && /(?:^|\/)\.{0,2}$/.test(operand) ? "/" : "";
    return parts.join("/") + end;
  }).filter((path) => path !== "");
}

/** Runs `ls-tree`. */
export async function lsTree(operands: readonly string[], settings: GitdbSettings): Promise<number> {
  const [revision, ...paths] = operands;
  if (revision === undefined) throw new UsageFailure("ls-tree takes a revision, and paths");
  if (settings.nameOnly && settings.long) {
    throw new UsageFailure("Options -l and --name-only exclude each other");
  }
  await using repository = await openRepository(settings);
  const id = await revisionOrFail(repository, revision, fatal(`Not a valid object name ${revision}`));
  const out = new BufferedStdout();
  const here = await folderHere(repository);
  const place = { here, paths: pathsFrom(here, paths, repository.workTree ?? repository.gitFolder) };
  try {
    await new TreeLister(repository, settings, place, out).print(`${id}^{tree}`, "");
  } catch (error) {
    if (error instanceof NotFoundError && error.code === "NOT_FOUND") throw fatal("not a tree object");
    throw error;
  }
  await out.flush();
  return EXIT.ok;
}
