/**
 * `sluice gitdb ls-tree`: the rows of a tree, in git's own format.
 */
import type { GitRepository, GitTreeEntry } from "@sluice/gitdb/repository";
import { byteString, NotFoundError } from "@sluice/internal";
import { EXIT, UsageFailure } from "../shared/exit.ts";
import { openRepository, shortId, usualDigits } from "./names.ts";
import { folderHere, pathsFrom } from "./paths.ts";
import { BufferedStdout, byteText, quoted, shownMode } from "./output.ts";
import { revisionOrFail } from "./revisions.ts";
import { fatal } from "./settings.ts";
import type { GitdbSettings } from "./settings.ts";

/** What the placeholders of a format need. */
interface Row {
  readonly entry: GitTreeEntry;
  readonly path: string;
}

/** Placeholders that need no look at the object. */
const FIELDS: Readonly<Record<string, (row: Row) => string>> = {
  objectmode: ({ entry }) => shownMode(entry.mode),
  objecttype: ({ entry }) => entry.type,
  path: ({ path }) => path,
};

type Piece = string | { readonly field: string };

const KNOWN_FIELDS: ReadonlySet<string> = new Set([
  ...Object.keys(FIELDS),
  "objectname",
  "objectsize",
  "objectsize:padded",
]);

/** The formats that options stand for. */
const NAME_FORMAT = "%(path)";
const OBJECT_FORMAT = "%(objectname)";
const DEFAULT_FORMAT = "%(objectmode) %(objecttype) %(objectname)%x09%(path)";
const LONG_FORMAT = "%(objectmode) %(objecttype) %(objectname) %(objectsize:padded)%x09%(path)";
const OPTION_FORMATS: ReadonlySet<string> = new Set([
  NAME_FORMAT,
  OBJECT_FORMAT,
  DEFAULT_FORMAT,
  LONG_FORMAT,
]);

/** A format as texts and placeholders. */
function parseFormat(format: string): Piece[] {
  const pieces: Piece[] = [];
  for (let rest = format; rest !== "";) {
    const found = /^(?:[^%]+|%%|%n|%x[0-9a-fA-F]{2}|%\([^)]*\))/.exec(rest)?.[0];
    if (found === undefined) {
      throw fatal(
        rest.startsWith("%(")
          ? "bad ls-tree format: element '" + rest.slice(1) + "' does not end in ')'"
          : `bad ls-tree format: element '${rest.slice(1)}' does not start with '('`,
      );
    }
    rest = rest.slice(found.length);
    if (!found.startsWith("%")) pieces.push(found);
    else if (found === "%%") pieces.push("%");
    else if (found === "%n") pieces.push("\n");
    else if (found.startsWith("%x")) pieces.push(String.fromCharCode(parseInt(found.slice(2), 16)));
    else {
      const field = found.slice(2, -1);
      if (!KNOWN_FIELDS.has(field)) throw fatal(`bad ls-tree format: %(${field})`);
      pieces.push({ field });
    }
  }
  return pieces;
}

/** The format that the options stand for. */
function formatOf({ format, nameOnly, objectOnly, long }: GitdbSettings): string {
  if (format !== undefined) return format;
  return nameOnly ? NAME_FORMAT : objectOnly ? OBJECT_FORMAT : long ? LONG_FORMAT : DEFAULT_FORMAT;
}

/** Refuses options that contradict each other. */
function checkOptions({ format, nameOnly, objectOnly, long }: GitdbSettings): void {
  const chosen = [["--format", format !== undefined], ["--name-only", nameOnly], [
    "--object-only",
    objectOnly,
  ], [
    "-l",
    long,
  ]].filter(([, isGiven]) => isGiven).map(([name]) => name);
  if (chosen.length > 1) throw new UsageFailure(`Options ${chosen.join(" and ")} exclude each other`);
}

/** How a tree is listed. Paths are from its root, a character for each byte. */
class TreeLister {
  readonly #repository: GitRepository;
  readonly #settings: GitdbSettings;
  readonly #paths: readonly string[];
  /** The folder from which names are shown, with a slash at its end; empty for the root. */
  readonly #here: string;
  readonly #out: BufferedStdout;
  readonly #format: readonly Piece[];
  #digits: number | undefined;

  constructor(
    repository: GitRepository,
    settings: GitdbSettings,
    place: { readonly here: string; readonly paths: readonly string[] },
    out: BufferedStdout,
  ) {
    this.#repository = repository;
    this.#settings = settings;
    this.#out = out;
    this.#format = parseFormat(byteText(formatOf(settings)));
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
        this.#paths.some((wanted) =>
          wanted === path || path.startsWith(withSlash(wanted)) ||
          entry.type === "commit" && wanted === `${path}/`
        );
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
    if (this.#settings.fullName) return path;
    if (path.startsWith(this.#here)) return path.slice(this.#here.length);
    const from = this.#here.split("/").slice(0, -1);
    const to = path.split("/");
    const common = from.findIndex((part, i) => part !== to[i]);
    if (common < 0) return "./"; // the folder itself
    return "../".repeat(from.length - common) + to.slice(common).join("/");
  }

  async #printEntry(entry: GitTreeEntry, path: string): Promise<void> {
    const { zero, format } = this.#settings;
    // As in git, a format of the user's gets paths in quotes, whatever ends the rows, unless an option stands for it.
    const isPlain = zero && (format === undefined || OPTION_FORMATS.has(format));
    const row = { entry, path: isPlain ? path : quoted(path) };
    for (const piece of this.#format) {
      await this.#out.print(typeof piece === "string" ? piece : await this.#field(piece.field, row));
    }
    await this.#out.print(zero ? "\0" : "\n");
  }

  #field(field: string, row: Row): string | Promise<string> {
    if (field === "objectname") return this.#name(`${row.entry.id}`);
    if (field === "objectsize") return this.#size(row.entry);
    if (field === "objectsize:padded") return this.#size(row.entry).then((size) => size.padStart(7));
    return FIELDS[field]!(row);
  }

  async #name(id: string): Promise<string> {
    const { abbrev } = this.#settings;
    if (abbrev === undefined) return id;
    const { database } = this.#repository;
    return await shortId(database, id, abbrev || (this.#digits ??= await usualDigits(database)));
  }

  async #size({ type, id }: GitTreeEntry): Promise<string> {
    if (type !== "blob") return "-";
    return `${(await this.#repository.database.info(this.#repository.replacement(id))).size}`;
  }
}

function withSlash(path: string): string {
  return path.endsWith("/") ? path : `${path}/`;
}

/** Runs `ls-tree`. */
export async function lsTree(operands: readonly string[], settings: GitdbSettings): Promise<number> {
  const [revision, ...paths] = operands;
  if (revision === undefined) throw new UsageFailure("ls-tree takes a revision, and paths");
  checkOptions(settings);
  await using repository = await openRepository(settings);
  const id = await revisionOrFail(repository, revision, fatal(`Not a valid object name ${revision}`));
  const out = new BufferedStdout();
  const here = settings.fullTree ? "" : await folderHere(repository);
  const wanted = paths.length > 0 ? pathsFrom(here, paths, repository) : [here];
  const place = { here: byteText(here), paths: wanted.filter((path) => path !== "").map(byteText) };
  try {
    await new TreeLister(repository, settings, place, out).print(`${id}^{tree}`, "");
  } catch (error) {
    if (error instanceof NotFoundError && error.code === "NOT_FOUND") throw fatal("not a tree object");
    throw error;
  }
  await out.flush();
  return EXIT.ok;
}
