/**
 * The files of a tree in a new work tree, and the index that names them. Nothing is written outside of its folder, through
 * a link, or over a file that is there. Deno only.
 */
import { openFile, writeFault } from "@sluice/internal/file-source";
import type { GitDatabase } from "../database/git_database.ts";
import { isLinkOfModules, nameFault } from "../object/_check_object.ts";
import { corrupt } from "../object/_errors.ts";
import { joinPath, writing } from "../object/_fs.ts";
import { SUBMODULE } from "../object/_object_syntax.ts";
import { WHOLE_OBJECT_MAX } from "../object/_stored_object.ts";
import { HASH_SIZE } from "../object/_object_id.ts";
import type { GitObjectId } from "../object/_object_id.ts";
import type { GitObject } from "../object/object.ts";
import type { Objects } from "../repository/_objects.ts";
import { walkTree } from "../repository/_tree_walk.ts";
import { formatIndex } from "./_index_file.ts";
import type { FileFacts, IndexRow } from "./_index_file.ts";
import type { SparseFolders } from "./_sparse_folders.ts";

/** How a tree is checked out. */
export interface CheckoutSettings {
  /** Which files are written; undefined for all. */
  readonly sparse: SparseFolders | undefined;
  readonly onWarning: ((message: string) => void) | undefined;
  readonly onProgress: ((done: number, total: number) => void) | undefined;
  readonly signal: AbortSignal | undefined;
}

/** A file, link or submodule to write. */
interface Entry {
  readonly path: Uint8Array;
  /** Bytes that are not UTF-8 are U+FFFD here. */
  readonly name: string;
  /** Whether the path, and where it leads as a link, are UTF-8. */
  isText: boolean;
  readonly mode: number;
  readonly id: GitObjectId;
  facts: FileFacts | undefined;
}

const TYPE = 0o170000;
const LINK = 0o120000;
/** Objects that are read together. */
const GROUP = 4096;
const ATTRIBUTES_MAX = 1 << 20;
/** Attributes that change what is in files. */
const CONVERSIONS = /^[^#\s].*\s(?:text|crlf|ident|eol=|filter=|working-tree-encoding=|text=|crlf=)/m;

const DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Writes all files of a tree, then the index into the folder of the repository. Returns the names of those that are in the
 * index alone: Deno has no paths of bytes, so that a name which is not UTF-8 can't be made.
 */
export async function checkOut(
  objects: Objects,
  tree: GitObjectId,
  folder: string,
  gitFolder: string,
  settings: CheckoutSettings,
): Promise<string[]> {
  const entries = await entriesOf(objects, tree, settings);
  const isSkipped = ({ name, isText }: Entry): boolean => !isText || settings.sparse?.has(name) === false;
  const wanted = entries.filter((entry) => !isSkipped(entry));
  const writer = new TreeWriter(objects.database, folder, settings);
  await writer.write(wanted);
  const rows: IndexRow[] = entries.map((entry) => ({
    path: entry.path,
    mode: entry.mode,
    id: entry.id,
    facts: entry.facts,
    isSkipped: isSkipped(entry),
  }));
  await putIndex(joinPath(gitFolder, "index"), formatIndex(rows, HASH_SIZE[tree.algorithm]));
  return entries.filter(({ isText }) => !isText).map(({ name }) => name);
}

async function putIndex(path: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  try {
    await Deno.writeFile(`${path}.lock`, bytes, { createNew: true });
    await Deno.rename(`${path}.lock`, path);
  } catch (error) {
    throw writeFault(path, error);
  }
}

/** All entries of a tree, before anything is written: a name that may not be there refuses the whole. */
async function entriesOf(
  objects: Objects,
  tree: GitObjectId,
  { signal }: CheckoutSettings,
): Promise<Entry[]> {
  const entries: Entry[] = [];
  const safe = new Set<string>();
  for await (const walked of walkTree(objects, tree, signal)) {
    for (const { path, mode, id } of walked) {
      const { name, isText } = textOf(path);
      const entry = { path, name, isText, mode: plainMode(mode, name), id, facts: undefined };
      checkParts(entry, safe);
      entries.push(entry);
    }
  }
  return entries;
}

/** The mode as the index has it: files are executable or not. */
function plainMode(mode: number, name: string): number {
  const type = mode & TYPE;
  if (type === LINK || type === SUBMODULE) return type;
  if (type !== 0o100000) {
    throw corrupt(`the path "${name}"`, `it has the mode ${mode.toString(8)}`, "CORRUPT");
  }
  return (mode & 0o100) === 0 ? 0o100644 : 0o100755;
}

function textOf(path: Uint8Array): Pick<Entry, "name" | "isText"> {
  try {
    return { name: DECODER.decode(path), isText: true };
  } catch {
    return { name: new TextDecoder("utf-8", { ignoreBOM: true }).decode(path), isText: false };
  }
}

/** Refuses what git refuses: names that lead elsewhere, or that some file system takes for the repository itself. */
function checkParts({ name, mode }: Entry, safe: Set<string>): void {
  for (const part of name.split("/")) {
    if (safe.has(part)) continue;
    const bytes = new TextEncoder().encode(part);
    const fault = part === "" ? "is empty" : nameFault(bytes);
    if (fault !== undefined) throw corrupt(`the path "${name}"`, `the name "${part}" ${fault}`, "CORRUPT");
    if (isLinkOfModules(bytes, mode)) {
      throw corrupt(`the path "${name}"`, `the name "${part}" may not be a link`, "CORRUPT");
    }
    if (!/gitmod/i.test(part)) safe.add(part);
  }
}

/** Writes files. */
class TreeWriter {
  readonly #database: GitDatabase;
  readonly #folder: string;
  readonly #settings: CheckoutSettings;
  /** Folders that were made or looked at. */
  readonly #folders = new Set<string>();
  readonly #converting: string[] = [];
  readonly #collided: string[] = [];

  constructor(database: GitDatabase, folder: string, settings: CheckoutSettings) {
    this.#database = database;
    this.#folder = folder;
    this.#settings = settings;
  }

  async write(entries: readonly Entry[]): Promise<void> {
    const { onWarning, onProgress } = this.#settings;
    const isLink = ({ mode }: Entry): boolean => (mode & TYPE) === LINK;
    const isModule = ({ mode }: Entry): boolean => (mode & TYPE) === SUBMODULE;
    for (const entry of entries.filter(isModule)) this.#makeFolder(entry.name);
    // Links come last: no file is written through one.
    const files = [
      ...entries.filter((entry) => !isLink(entry) && !isModule(entry)),
      ...entries.filter(isLink),
    ];
    for (let at = 0; at < files.length; at += GROUP) {
      await this.#writeGroup(files.slice(at, at + GROUP));
      onProgress?.(Math.min(files.length, at + GROUP), files.length);
    }
    if (this.#converting.length > 0) {
      onWarning?.(
        `attributes in ${
          this.#converting.join(", ")
        } ask for other line ends or filters, which were not applied`,
      );
    }
    if (this.#collided.length > 0) {
      onWarning?.(
        `paths that this file system does not tell apart were written once: ${this.#collided.join(", ")}`,
      );
    }
  }

  /** Writes files and links of one group, each object read once. */
  async #writeGroup(entries: readonly Entry[]): Promise<void> {
    const byId = Map.groupBy(entries, ({ id }) => `${id}`);
    const ids = [...byId.values()].map(([first]) => first!.id);
    const { signal } = this.#settings;
    for await (const batch of this.#database.readBatches(ids, { signal })) {
      try {
        for (const result of batch) {
          if (!result.ok) throw result.error;
          for (const entry of byId.get(`${result.value.id}`)!) await this.#writeEntry(entry, result.value);
        }
      } finally {
        batch[Symbol.dispose]();
      }
    }
  }

  async #writeEntry(entry: Entry, object: GitObject): Promise<void> {
    const { name, mode } = entry;
    if (object.type !== "blob") {
      throw corrupt(`the path "${name}"`, `its object is a ${object.type}`, "CORRUPT");
    }
    const slash = name.lastIndexOf("/");
    if (slash >= 0) this.#makeFolder(name.slice(0, slash));
    const path = joinPath(this.#folder, name);
    try {
      if ((mode & TYPE) === LINK) await this.#link(path, entry, object);
      else await this.#file(path, mode, object);
    } catch (error) {
      if (!isThere(error)) throw error;
      this.#collided.push(name);
      return;
    }
    if (!entry.isText) return;
    entry.facts = Deno.lstatSync(path);
    if (/(?:^|\/)\.gitattributes$/.test(name) && object.size <= ATTRIBUTES_MAX) {
      if (CONVERSIONS.test(await object.text())) this.#converting.push(name);
    }
  }

  async #link(path: string, entry: Entry, object: GitObject): Promise<void> {
    const target = await object.bytes({ maxObjectSize: WHOLE_OBJECT_MAX });
    if (target.includes(0)) throw corrupt(`the link "${entry.name}"`, "its target has a zero", "CORRUPT");
    const { name: text, isText } = textOf(target);
    entry.isText = isText;
    if (isText) writing(path, () => Deno.symlinkSync(text, path));
  }

  async #file(path: string, mode: number, object: GitObject): Promise<void> {
    const file = await openFile(path, {
      write: true,
      createNew: true,
      mode: mode === 0o100755 ? 0o777 : 0o666,
    });
    try {
      const write = (bytes: Uint8Array): void => {
        writing(path, () => {
          for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
        });
      };
      if (object.size <= WHOLE_SIZE) write(await object.bytes());
      else for await (const chunk of object.body) write(chunk);
    } finally {
      file.close();
    }
  }

  /** Makes a folder and those above it; what is in its place may be a folder and nothing else. */
  #makeFolder(name: string): void {
    if (this.#folders.has(name)) return;
    const slash = name.lastIndexOf("/");
    if (slash >= 0) this.#makeFolder(name.slice(0, slash));
    const path = joinPath(this.#folder, name);
    try {
      Deno.mkdirSync(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw writeFault(path, error);
      if (!Deno.lstatSync(path).isDirectory) {
        throw corrupt(`the path "${name}"`, "another entry has the place of its folder", "CORRUPT");
      }
    }
    this.#folders.add(name);
  }
}

/** Bodies up to this size are written in one piece. */
const WHOLE_SIZE = 16 << 20;

/** Whether something has a path already. */
function isThere(error: unknown): boolean {
  const { cause } = error as { readonly cause?: unknown };
  return error instanceof Deno.errors.AlreadyExists || cause instanceof Deno.errors.AlreadyExists;
}
