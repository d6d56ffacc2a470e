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
    return `${(await repository.resolve(revision)).id}`;
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
  if (settings.verify) return await verifyRevision(repository, operands, settings);
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
        await out.print(`${mark}${await shortened(repository, id, settings)}\n`);
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

/** How a tree is listed. */
class TreeLister {
  readonly #repository: GitRepository;
  readonly #settings: GitdbSettings;
  readonly #paths: readonly { readonly parts: readonly string[]; readonly inside: boolean }[];
  readonly #out: BufferedStdout;

  constructor(
    repository: GitRepository,
    settings: GitdbSettings,
    paths: readonly string[],
    out: BufferedStdout,
  ) {
    this.#repository = repository;
    this.#settings = settings;
    this.#out = out;
    this.#paths = paths.map((path) => ({
      parts: byteText(path).split("/").filter((part) => part !== "" && part !== "."),
      inside: path.endsWith("/"),
    }));
  }

  /** Prints the rows of a tree below a path. */
  async print(id: string, above: readonly string[]): Promise<void> {
    const { recursive, trees, treesOnly } = this.#settings;
    for (const entry of await this.#repository.readTree(id)) {
      const path = [...above, byteTextOf(entry)];
      const choice = this.#choose(path);
      if (choice === "no") continue;
      const isTree = entry.type === "tree";
      const enter = isTree && (recursive || choice !== "yes");
      // As in git, commits of other repositories count as folders here.
      const isShown = isTree
        ? !enter || trees || treesOnly && recursive
        : !treesOnly || entry.type === "commit";
      if (isShown && !(choice === "above" && !isTree)) await this.#printEntry(entry, path.join("/"));
      if (enter) await this.print(`${entry.id}`, path);
    }
  }

  /** Whether a path is wanted: by itself, with what is inside, as the way to one that is, or not at all. */
  #choose(path: readonly string[]): "yes" | "inside" | "above" | "no" {
    if (this.#paths.length === 0) return "yes";
    let best: "yes" | "inside" | "above" | "no" = "no";
    for (const { parts, inside } of this.#paths) {
      const common = Math.min(parts.length, path.length);
      if (parts.slice(0, common).some((part, i) => part !== path[i])) continue;
      if (parts.length > path.length) best = best === "no" ? "above" : best;
      else if (parts.length === path.length && inside) return "inside";
      else best = "yes";
    }
    return best;
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

function byteTextOf({ nameBytes }: GitTreeEntry): string {
  return byteString(nameBytes);
}

/** In a work tree the folder is listed in which the command runs, as git has it; undefined where the tree lacks it. */
async function folderOfTree(repository: GitRepository, tree: string): Promise<string | undefined> {
  const root = repository.workTree;
  const here = await Deno.realPath(".");
  const folder = root !== undefined && here.startsWith(`${root}/`) ? here.slice(root.length + 1) : "";
  if (folder === "") return tree;
  await repository.readTree(tree);
  return await repository.resolve(`${tree}:${folder}`).then(({ id }) => `${id}`, () => undefined);
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
  try {
    const here = await folderOfTree(repository, `${id}^{tree}`);
    if (here !== undefined) await new TreeLister(repository, settings, paths, out).print(here, []);
  } catch (error) {
    if (error instanceof NotFoundError && error.code === "NOT_FOUND") throw fatal("not a tree object");
    throw error;
  }
  await out.flush();
  return EXIT.ok;
}
