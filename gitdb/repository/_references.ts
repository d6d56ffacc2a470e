/**
 * References of a repository: loose ones, packed ones, and those that name others. Deno only.
 */
import { PACKED_REFERENCES, readPackedReferences } from "../database/_packed_references.ts";
import { Reftables } from "../database/_reftable.ts";
import type { StoredReference } from "../database/_reftable.ts";
import { corrupt, unsupported } from "../object/_errors.ts";
import { parseConfig } from "../object/_config.ts";
import { isSettled, joinPath, listFolder, readText, statPath } from "../object/_fs.ts";
import { GitObjectId, HASH_SIZE } from "../object/_object_id.ts";
import type { GitHashAlgorithm } from "../object/_object_id.ts";
import { compareUtf8 } from "../object/_text.ts";
import { isReferenceName } from "./_reference_names.ts";

/** What a reference holds: an id, or the name of another one. */
export type ReferenceValue = StoredReference;

/** References to references, at most; git stops there, too. */
const DEPTH_MAX = 5;

/** Whether a reference belongs to a work tree: names without a folder do, and some kinds below `refs/`. */
function isOwnName(name: string): boolean {
  return !name.includes("/") || /^refs\/(?:bisect|worktree|rewritten)\//.test(name);
}

/** The references below two folders: those of one work tree, and those that all work trees share. */
export class References {
  readonly #own: string;
  /** The folder that all work trees share. */
  readonly commonFolder: string;
  readonly #isId: RegExp;
  readonly #algorithm: GitHashAlgorithm;
  /** Tables of the work tree and of all, where references are stored in those. */
  #tables: { readonly own: Reftables; readonly common: Reftables } | undefined;
  #checked = false;
  #packedState = "";
  #packedIds: ReadonlyMap<string, GitObjectId> = new Map();

  constructor(own: string, common: string, algorithm: GitHashAlgorithm) {
    this.#own = own;
    this.commonFolder = common;
    this.#algorithm = algorithm;
    this.#isId = new RegExp(`^[0-9a-f]{${2 * HASH_SIZE[algorithm]}}$`);
  }

  /** The file of a reference. Names without a folder belong to the work tree, and so do some kinds below `refs/`. */
  pathOf(name: string): string {
    return joinPath(isOwnName(name) ? this.#own : this.commonFolder, name);
  }

  /** The file of a reference's log, which lies where the reference does. */
  logPathOf(name: string): string {
    return joinPath(isOwnName(name) ? this.#own : this.commonFolder, "logs", name);
  }

  /**
   * What a reference holds; undefined where it is not there.
   *
   * @throws {UnsupportedFeatureError} If references are not stored in files.
   * @throws {CorruptDataError} If its file holds something else.
   */
  async read(name: string): Promise<ReferenceValue | undefined> {
    await this.#check();
    if (this.#tables !== undefined) {
      const tables = isOwnName(name) ? this.#tables.own : this.#tables.common;
      const value = (await tables.references()).get(name);
      // Some without a folder are files still; HEAD is one that leads nowhere.
      if (value !== undefined || name.includes("/") || name === "HEAD") return value;
    }
    const text = await readText(this.pathOf(name));
    if (text === undefined) {
      const id = (await this.#packed()).get(name);
      return id === undefined ? undefined : { id };
    }
    const target = /^ref:\s*(.*?)\s*$/.exec(text.trimEnd())?.[1];
    if (target !== undefined) {
      if (!isReferenceName(target)) throw corrupt(`the reference ${name}`, `it names "${target}"`, "CORRUPT");
      return { target };
    }
    const hex = text.split(/[ \t\n]/, 1)[0]!.toLowerCase();
    if (!this.#isId.test(hex)) throw corrupt(`the reference ${name}`, "it holds no id", "CORRUPT");
    return { id: GitObjectId.from(hex) };
  }

  /** The reference at the end of a chain of names, and its id; no id where it is not there (yet). */
  async resolve(name: string): Promise<{ readonly name: string; readonly id: GitObjectId | undefined }> {
    let at = name;
    for (let depth = 0; depth <= DEPTH_MAX; depth++) {
      const value = await this.read(at);
      if (value === undefined) return { name: at, id: undefined };
      if ("id" in value) return { name: at, id: value.id };
      at = value.target;
    }
    throw corrupt(`the reference ${name}`, `it leads over more than ${DEPTH_MAX} others`, "CORRUPT");
  }

  /** The names of all references that start so, sorted as git sorts them. */
  async names(prefix: string): Promise<string[]> {
    return (await this.list(prefix)).map(({ name }) => name);
  }

  /** As `names`, each with its id where it is packed alone; others have to be read. */
  async list(prefix: string): Promise<{ readonly name: string; readonly packed: GitObjectId | undefined }[]> {
    await this.#check();
    if (this.#tables !== undefined) return await this.#listTables(this.#tables, prefix);
    const loose = new Set<string>();
    for (const root of new Set([this.commonFolder, this.#own])) {
      const folders = ["refs"];
      for (const folder of folders) {
        for (const { name, isDirectory } of await listFolder(joinPath(root, folder)) ?? []) {
          const full = `${folder}/${name}`;
          if (isDirectory) folders.push(full);
          else if (isReferenceName(full) && this.pathOf(full) === joinPath(root, full)) loose.add(full);
        }
      }
    }
    // After the loose ones: one that is packed meanwhile would be in neither otherwise.
    const packed = await this.#packed();
    const names = new Set([...packed.keys(), ...loose]);
    return [...names].filter((name) => name.startsWith(prefix)).sort(compareUtf8)
      .map((name) => ({ name, packed: loose.has(name) ? undefined : packed.get(name) }));
  }

  async #listTables(
    tables: { readonly own: Reftables; readonly common: Reftables },
    prefix: string,
  ): Promise<{ readonly name: string; readonly packed: GitObjectId | undefined }[]> {
    const all = new Map<string, StoredReference>();
    for (const [kind, isOwn] of [["common", false], ["own", true]] as const) {
      for (const [name, value] of await tables[kind].references()) {
        if (name.startsWith("refs/") && isOwnName(name) === isOwn) all.set(name, value);
      }
    }
    return [...all].filter(([name]) => name.startsWith(prefix)).sort(([a], [b]) => compareUtf8(a, b))
      .map(([name, value]) => ({ name, packed: "id" in value ? value.id : undefined }));
  }

  /**
   * Refuses to go on where references are in tables, which are only read.
   *
   * @throws {UnsupportedFeatureError} If they are.
   */
  async checkFiles(action: string): Promise<void> {
    await this.#check();
    this.#refuseTables(action);
  }

  #refuseTables(action: string): void {
    if (this.#tables === undefined) return;
    throw unsupported(action, 'references are stored as "reftable", expected "files"');
  }

  /** Whether a reference has a log. */
  hasLog(name: string): boolean {
    this.#refuseTables(`read the log of ${name}`);
    return statPath(this.logPathOf(name))?.isFile === true;
  }

  /** The id that a reference held `back` changes ago, by its log; undefined where the log does not reach so far. */
  async loggedId(name: string, back: number): Promise<GitObjectId | undefined> {
    await this.checkFiles(`read the log of ${name}`);
    const lines = (await readText(this.logPathOf(name)) ?? "").split("\n").filter((line) => line !== "");
    const after = lines.at(-1 - back)?.split(" ", 2)[1];
    // The state before the first line stands in it.
    const hex = after ?? (back === lines.length ? lines[0]?.split(" ", 1)[0] : undefined);
    return hex !== undefined && this.#isId.test(hex) && !/^0+$/.test(hex) ? GitObjectId.from(hex) : undefined;
  }

  /** The branch, or the id, that was checked out so many times ago, by the log of HEAD; undefined before that. */
  async leftName(back: number): Promise<string | undefined> {
    await this.checkFiles("read the log of HEAD");
    let left = back;
    for (const line of (await readText(this.logPathOf("HEAD")) ?? "").split("\n").reverse()) {
      const from = /\tcheckout: moving from (\S+) to \S/.exec(line)?.[1];
      if (from !== undefined && --left === 0) return from;
    }
    return undefined;
  }

  async #check(): Promise<void> {
    if (this.#checked) return;
    const values = parseConfig(await readText(joinPath(this.commonFolder, "config")) ?? "");
    const storage = values.get("extensions.refstorage") ?? "files";
    if (storage.toLowerCase() === "reftable") {
      this.#tables = {
        own: new Reftables(this.#own, this.#algorithm),
        common: new Reftables(this.commonFolder, this.#algorithm),
      };
    } else if (storage.toLowerCase() !== "files") {
      throw unsupported("read references", `they are stored as "${storage}", expected "files" or "reftable"`);
    }
    this.#checked = true;
  }

  /** The references of `packed-refs`, read again when that file is another one. */
  async #packed(): Promise<ReadonlyMap<string, GitObjectId>> {
    const info = statPath(joinPath(this.commonFolder, PACKED_REFERENCES));
    const state = `${info?.ino} ${info?.size} ${info?.mtime?.getTime()}`;
    if (state === this.#packedState) return this.#packedIds;
    const packed = new Map<string, GitObjectId>();
    for (const { name, hex } of await readPackedReferences(this.commonFolder, this.#algorithm)) {
      if (isReferenceName(name)) packed.set(name, GitObjectId.from(hex));
    }
    this.#packedIds = packed;
    // A file that was written a moment ago may be written again without its time telling.
    this.#packedState = isSettled(info?.mtime?.getTime() ?? 0) ? state : "";
    return packed;
  }
}
