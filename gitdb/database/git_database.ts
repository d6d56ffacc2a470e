/**
 * The whole object database of a repository.
 *
 * @module
 */
import { checkArgument, checkKeys } from "@sluice/internal";
import { STORE_OPTIONS } from "../object/_options.ts";
import { replacedIds } from "./_root_ids.ts";
import { findRepository } from "./_repository.ts";
import { joinPath, toPath } from "../object/_fs.ts";
import { GitAlternatesStore } from "./alternates_store.ts";
import type { GitAlternatesOptions } from "./alternates_store.ts";
import { GitCompoundDatabase } from "./compound_database.ts";
import type { GitCompoundOptions } from "./compound_database.ts";
import { promisedIds } from "./_promised.ts";
import { GitLooseStore } from "../loose/loose_store.ts";
import type { GitLooseStoreOptions } from "../loose/loose_store.ts";
import type {
  GitEncodedInput,
  GitObjectInput,
  GitObjectReader,
  GitObjectWriter,
  GitReadOptions,
  GitWriteOptions,
} from "../object/object.ts";
import { GitObjectId } from "../object/object_id.ts";
import type { GitIdLike } from "../object/object_id.ts";
import { PackStore } from "../pack/pack_store.ts";

/** Whether an object is there, can be fetched, or neither. */
export type GitObjectState = "present" | "promised" | "absent";

/** How a database is opened. */
export interface GitDatabaseOptions extends GitAlternatesOptions, GitLooseStoreOptions, GitCompoundOptions {}

/** The loose objects of a database: an object that is elsewhere in the database is not written again. */
class DatabaseLooseStore extends GitLooseStore {
  readonly #others: readonly GitObjectReader[];

  constructor(root: string, options: GitLooseStoreOptions, others: readonly GitObjectReader[]) {
    super(root, options);
    this.#others = others;
  }

  protected override async isStored(id: GitObjectId): Promise<boolean> {
    for (const other of this.#others) if (await other.freshen?.(id) === true) return true;
    return await super.isStored(id);
  }
}

/**
 * Packs, loose objects and alternates of a repository, looked up in that order. What is written becomes loose; an
 * object that exists is marked as in use instead, so that git's garbage collection keeps it. Deno only.
 *
 * @example A blob of a new database
 * ```ts
 * import { GitDatabase } from "@sluice/gitdb";
 * import { assertEquals } from "@std/assert";
 *
 * const folder = await Deno.makeTempDir();
 * await Deno.mkdir(`${folder}/objects`);
 * {
 *   await using database = await GitDatabase.open(folder);
 *   const id = await database.write({ type: "blob", body: "hello\n" });
 *   assertEquals(`${id}`, "ce013625030ba8dba906f756967f9e9ca394464a");
 *   assertEquals(await (await database.read(id)).text(), "hello\n");
 * }
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export class GitDatabase extends GitCompoundDatabase implements GitObjectWriter {
  /** The `objects` folder. */
  readonly root: string;
  /** The packs of the database itself. */
  readonly packs: PackStore;
  /** The loose objects of the database itself, where writes go. */
  readonly loose: GitLooseStore;
  /** The databases that it borrows from. */
  readonly alternates: GitAlternatesStore;
  /** What packs of a partial clone refer to, by hex id, and of which packs that was found out. */
  #promised: { readonly packs: string; readonly ids: Promise<ReadonlySet<string>> } | undefined;

  private constructor(
    root: string,
    packs: PackStore,
    loose: GitLooseStore,
    alternates: GitAlternatesStore,
    options: GitCompoundOptions,
  ) {
    super([packs, loose, alternates], packs.hashAlgorithm, options);
    this.root = root;
    this.packs = packs;
    this.loose = loose;
    this.alternates = alternates;
  }

  /**
   * Opens the database of a work tree, a bare repository or an `objects` folder.
   *
   * @throws {NotFoundError} If there is none (code "INVALID_DATABASE").
   * @throws {UnsupportedFeatureError} If the repository has a version, an extension or a hash that is not known here.
   */
  static async open(path: string | URL, options: GitDatabaseOptions = {}): Promise<GitDatabase> {
    checkKeys(options, STORE_OPTIONS);
    const { objects, algorithm } = await findRepository(toPath(path));
    const { onAbsent, ...others } = options;
    const settings = { ...others, hashAlgorithm: options.hashAlgorithm ?? algorithm };
    const packs = await PackStore.open(joinPath(objects, "pack"), settings);
    try {
      const alternates = await GitAlternatesStore.open(objects, settings);
      const loose = new DatabaseLooseStore(objects, settings, [packs, alternates]);
      return new GitDatabase(objects, packs, loose, alternates, { onAbsent });
    } catch (error) {
      packs.close();
      throw error;
    }
  }

  /**
   * By hex id, the objects that git reads instead of others (`git replace`). Reads of the database do not look there.
   *
   * @example None are replaced in a new database
   * ```ts
   * import { GitDatabase } from "@sluice/gitdb";
   * import { assertEquals } from "@std/assert";
   *
   * const folder = await Deno.makeTempDir();
   * await Deno.mkdir(`${folder}/objects`);
   * {
   *   await using database = await GitDatabase.open(folder);
   *   assertEquals((await database.replacements()).size, 0);
   * }
   * await Deno.remove(folder, { recursive: true });
   * ```
   */
  async replacements(): Promise<Map<string, GitObjectId>> {
    return await replacedIds(joinPath(this.root, ".."), this.hashAlgorithm);
  }

  /**
   * Whether an object is there; where it is not, whether another side has promised it: a pack of a partial clone refers to
   * it. To tell, all objects of those packs are read once.
   *
   * @example A database that nobody promised anything
   * ```ts
   * import { GitDatabase } from "@sluice/gitdb";
   * import { assertEquals } from "@std/assert";
   *
   * const folder = await Deno.makeTempDir();
   * await Deno.mkdir(`${folder}/objects`);
   * {
   *   await using database = await GitDatabase.open(folder);
   *   const id = await database.write({ type: "blob", body: "here" });
   *   assertEquals([await database.stateOf(id), await database.stateOf("1".repeat(40))], ["present", "absent"]);
   * }
   * await Deno.remove(folder, { recursive: true });
   * ```
   */
  async stateOf(id: GitIdLike, options?: GitReadOptions): Promise<GitObjectState> {
    if (await this.has(id, options)) return "present";
    const known = GitObjectId.from(id, this.hashAlgorithm);
    const packs = this.packs.packs.map(({ name }) => name).join();
    if (this.#promised?.packs !== packs) {
      this.#promised = { packs, ids: promisedIds(this, this.packs.packs, this.root) };
    }
    return (await this.#promised.ids).has(`${known}`) ? "promised" : "absent";
  }

  /** Whether `path` below the root is there is another question: this only joins. */
  resolvePath(path: string): string {
    checkArgument(typeof path === "string", "join a path", path, "a path as text");
    return joinPath(this.root, path);
  }

  /** Stores an object as a loose one, or marks it as in use where it exists; returns its id. */
  async write(input: GitObjectInput | GitEncodedInput, options?: GitWriteOptions): Promise<GitObjectId> {
    return await this.loose.write(input, options);
  }
}
