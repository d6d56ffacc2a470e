/**
 * Looking at every object of a repository: what is wrong with its content, and what nothing leads to. Deno only.
 *
 * @module
 */
import { checkArgument, checkBoolean, checkKeys } from "@sluice/internal";
import { indexIds } from "../database/_index_ids.ts";
import { loggedIds, rootIds, shallowIds, workTreeFolders } from "../database/_root_ids.ts";
import { GitDatabase } from "../database/git_database.ts";
import { objectFault } from "../object/_check_object.ts";
import { joinPath } from "../object/_fs.ts";
import { referencesOf } from "../object/_object_syntax.ts";
import { WHOLE_OBJECT_MAX } from "../object/_stored_object.ts";
import type { GitObject, GitObjectType } from "../object/object.ts";
import type { GitObjectId } from "../object/object_id.ts";

/** How {@linkcode inspectGitObjects} looks. */
export interface GitInspectOptions {
  /** Take for errors what git can read but would not accept from others. @default {false} */
  readonly strict?: boolean | undefined;
  /** Whether what logs of references name is led to, as for git. @default {true} */
  readonly reflogs?: boolean | undefined;
}

/** Something about an object. */
export interface GitObjectFinding {
  /** What is wrong with its content, what may do harm, or that nothing leads to it and no other object names it. */
  readonly kind: "error" | "warning" | "dangling";
  /** The object. */
  readonly id: GitObjectId;
  /** Its type. */
  readonly type: GitObjectType;
  /** What was found; empty for what is dangling. */
  readonly message: string;
}

const OPTIONS: ReadonlySet<string> = new Set<keyof GitInspectOptions>(["strict", "reflogs"]);
const NONE = 0xffffffff;

/**
 * Reads every tree, commit and tag of a repository, with what its alternates have. Reports those that git's `fsck` finds
 * fault with, and in the end the objects that nothing leads to: no reference, log of one, or index of a work tree, and no
 * other object. Objects that can't be read lead nowhere; {@linkcode verifyGitDatabase} reports them.
 *
 * @example An object that nothing names
 * ```ts
 * import { GitDatabase, inspectGitObjects } from "@sluice/gitdb";
 * import { assertEquals } from "@std/assert";
 *
 * const folder = await Deno.makeTempDir();
 * await Deno.mkdir(`${folder}/objects`);
 * {
 *   await using database = await GitDatabase.open(folder);
 *   const id = await database.write({ type: "blob", body: "forgotten" });
 *   const [finding] = await Array.fromAsync(inspectGitObjects(database));
 *   assertEquals([finding!.kind, `${finding!.id}`], ["dangling", `${id}`]);
 * }
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export function inspectGitObjects(
  database: GitDatabase,
  options: GitInspectOptions = {},
): AsyncGenerator<GitObjectFinding, void, undefined> {
  checkKeys(options, OPTIONS);
  checkArgument(database instanceof GitDatabase, "look at objects", database, "a GitDatabase");
  const strict = checkBoolean("strict", options.strict ?? false);
  return inspect(database, strict, checkBoolean("reflogs", options.reflogs ?? true));
}

async function* inspect(
  database: GitDatabase,
  strict: boolean,
  reflogs: boolean,
): AsyncGenerator<GitObjectFinding, void, undefined> {
  const links = new Links();
  for await (const id of database.ids()) links.add(`${id}`);
  const shallow = await shallowIds(joinPath(database.root, ".."));
  for await (const batch of database.readBatches(database.ids({ order: "storage" }))) {
    try {
      for (const result of batch) {
        // What can't be read, or parsed, leads nowhere.
        if (!result.ok || result.value.type === "blob") continue;
        const object = result.value;
        const bytes = await object.bytes({ maxObjectSize: WHOLE_OBJECT_MAX });
        const fault = objectFault(object.type, bytes, object.id.algorithm);
        if (fault !== undefined) {
          const kind = fault.isError || strict ? "error" : "warning";
          yield { kind, id: object.id, type: object.type, message: fault.message };
        }
        if (fault?.isUnreadable !== true) links.connect(object, bytes, shallow.has(`${object.id}`));
      }
    } finally {
      batch[Symbol.dispose]();
    }
  }
  for (const id of await startIds(database, reflogs)) links.reach(`${id}`);
  for await (const group of database.infoBatches(links.dangling())) {
    for (const result of group) {
      if (!result.ok) continue;
      yield { kind: "dangling", id: result.value.id, type: result.value.type, message: "" };
    }
  }
}

/** What leads to objects from outside: references, their logs, and indexes of all work trees. */
async function startIds(database: GitDatabase, reflogs: boolean): Promise<GitObjectId[]> {
  const gitFolder = joinPath(database.root, "..");
  const { hashAlgorithm } = database;
  const ids = [];
  for (const folder of await workTreeFolders(gitFolder)) {
    ids.push(...await rootIds(folder, hashAlgorithm), ...await indexIds(folder, hashAlgorithm));
    if (reflogs) ids.push(...await loggedIds(folder, hashAlgorithm));
  }
  return ids;
}

/** Which objects name which others, by numbers. */
class Links {
  readonly #numbers = new Map<string, number>();
  /** For each object, where the list of those that it names starts. */
  #starts = new Uint32Array(1024).fill(NONE);
  #targets = new Uint32Array(4096);
  #length = 0;
  #named = new Uint8Array();
  #reached = new Uint8Array();

  add(hex: string): void {
    if (!this.#numbers.has(hex)) this.#numbers.set(hex, this.#numbers.size);
  }

  /** Notes what an object names; each list ends with `NONE`. */
  connect(object: GitObject, bytes: Uint8Array, isShallow: boolean): void {
    this.#prepare();
    const number = this.#numbers.get(`${object.id}`);
    if (number === undefined || this.#starts[number] !== NONE) return;
    this.#starts[number] = this.#length;
    for (const { id, type } of referencesOf(object.type, bytes, object.id.algorithm)) {
      const target = this.#numbers.get(`${id}`);
      if (target === undefined || isShallow && type === "commit") continue;
      this.#named[target] = 1;
      this.#push(target);
    }
    this.#push(NONE);
  }

  #prepare(): void {
    const count = this.#numbers.size;
    if (this.#named.length === count) return;
    this.#named = new Uint8Array(count);
    this.#reached = new Uint8Array(count);
    this.#starts = new Uint32Array(count).fill(NONE);
  }

  #push(value: number): void {
    if (this.#length === this.#targets.length) {
      const grown = new Uint32Array(2 * this.#length);
      grown.set(this.#targets);
      this.#targets = grown;
    }
    this.#targets[this.#length++] = value;
  }

  /** Marks an object and all that it leads to. */
  reach(hex: string): void {
    this.#prepare();
    const first = this.#numbers.get(hex);
    const pending = first === undefined ? [] : [first];
    for (let number = pending.pop(); number !== undefined; number = pending.pop()) {
      if (this.#reached[number] === 1) continue;
      this.#reached[number] = 1;
      let at = this.#starts[number]!;
      if (at === NONE) continue;
      for (; this.#targets[at] !== NONE; at++) pending.push(this.#targets[at]!);
    }
  }

  /** Objects that nothing names or leads to. */
  *dangling(): Generator<string> {
    this.#prepare();
    for (const [hex, number] of this.#numbers) {
      if (this.#named[number] === 0 && this.#reached[number] === 0) yield hex;
    }
  }
}
