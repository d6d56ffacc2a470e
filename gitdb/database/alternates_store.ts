/**
 * Databases that another one borrows objects from.
 *
 * @module
 */
import { checkRefreshOptions, STORE_OPTIONS } from "../object/_options.ts";
import { checkKeys, SluiceError } from "@sluice/internal";
import { parseAlternates } from "./_alternates_format.ts";
import { isSettled, joinPath, readSmallFile, realPath, statPath, toPath } from "../object/_fs.ts";
import { GitCompoundDatabase } from "./compound_database.ts";
import { GitLooseStore } from "../loose/loose_store.ts";
import type { GitObjectReader } from "../object/object.ts";
import { PackStore } from "../pack/pack_store.ts";
import type { PackStoreOptions } from "../pack/pack_store.ts";

/** Which alternates are followed. */
export interface GitAlternatesOptions extends PackStoreOptions {
  /**
   * All of them, those inside the root that `insideRoot` names, or none.
   *
   * @default {"all"}
   */
  readonly alternates?: "all" | "inside-root" | "none" | undefined;
  /** The folder that alternates have to lie in for "inside-root". */
  readonly root?: string | undefined;
  /** Folders beside those that the file names. */
  readonly additional?: readonly string[] | undefined;
}

/** Links that are followed from the first file: six, seven databases in a chain. */
const DEPTH_MAX = 5;

/**
 * The databases that `objects/info/alternates` names, and those that they name in turn, each once. Deno only.
 *
 * @example A database that borrows
 * ```ts
 * import { GitAlternatesStore, GitLooseStore } from "@sluice/gitdb";
 * import { assertEquals } from "@std/assert";
 *
 * const folder = await Deno.makeTempDir();
 * const id = await new GitLooseStore(`${folder}/lender`).write({ type: "blob", body: "lent" });
 * await Deno.mkdir(`${folder}/borrower/info`, { recursive: true });
 * await Deno.writeTextFile(`${folder}/borrower/info/alternates`, "../lender\n");
 * await using store = await GitAlternatesStore.open(`${folder}/borrower`);
 * assertEquals(await (await store.read(id)).text(), "lent");
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export class GitAlternatesStore extends GitCompoundDatabase {
  /** The folder that relative paths start from, and the file with them. */
  readonly #objects: string;
  readonly #file: string;
  readonly #options: GitAlternatesOptions;
  #stores = new Map<string, readonly GitObjectReader[]>();
  /** What the file was like when it was read; undefined where it may have changed since without a trace. */
  #stamp: string | undefined;
  #following: Promise<boolean> | undefined;

  private constructor(objects: string, file: string, options: GitAlternatesOptions) {
    super([], options.hashAlgorithm);
    this.#objects = objects;
    this.#file = file;
    this.#options = options;
  }

  /** Follows the alternates of an `objects` folder. */
  static async open(objects: string | URL, options: GitAlternatesOptions = {}): Promise<GitAlternatesStore> {
    checkKeys(options, STORE_OPTIONS);
    const folder = toPath(objects);
    return await GitAlternatesStore.#opened(folder, joinPath(folder, "info/alternates"), options);
  }

  /**
   * Follows the folders of objects that any file names as `objects/info/alternates` does: one a line, relative ones from
   * the folder of the file. It may come later.
   *
   * @example A list of databases
   * ```ts
   * import { GitAlternatesStore, GitLooseStore } from "@sluice/gitdb";
   * import { assertEquals } from "@std/assert";
   *
   * const folder = await Deno.makeTempDir();
   * const id = await new GitLooseStore(`${folder}/one`).write({ type: "blob", body: "lent" });
   * await Deno.writeTextFile(`${folder}/databases.txt`, "# all that there are\none\n");
   * await using store = await GitAlternatesStore.follow(`${folder}/databases.txt`);
   * assertEquals(await (await store.read(id)).text(), "lent");
   * await Deno.remove(folder, { recursive: true });
   * ```
   */
  static async follow(file: string | URL, options: GitAlternatesOptions = {}): Promise<GitAlternatesStore> {
    checkKeys(options, STORE_OPTIONS);
    const path = toPath(file);
    const folder = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) || "/" : ".";
    return await GitAlternatesStore.#opened(folder, path, options);
  }

  static async #opened(
    objects: string,
    file: string,
    options: GitAlternatesOptions,
  ): Promise<GitAlternatesStore> {
    const store = new GitAlternatesStore(objects, file, options);
    await store.refresh({ force: true });
    return store;
  }

  /** The stores of all alternates. */
  override get sources(): readonly GitObjectReader[] {
    return [...this.#stores.values()].flat();
  }

  /** The `objects` folders that are borrowed from, as real paths. */
  get folders(): readonly string[] {
    return [...this.#stores.keys()];
  }

  /** Reads the file again when it has changed, and lets every alternate look for what is new. */
  override async refresh(options: { readonly force?: boolean | undefined } = {}): Promise<boolean> {
    checkRefreshOptions(options);
    const info = statPath(this.#file);
    const changed = info?.mtime?.getTime() ?? 0;
    const stamp = `${changed} ${info?.size} ${info?.ino}`;
    if (stamp === this.#stamp && options.force !== true) return await super.refresh(options);
    const settled = isSettled(changed) ? stamp : undefined;
    const followed =
      await (this.#following ??= this.#follow(settled).finally(() => this.#following = undefined));
    return await super.refresh(options) || followed;
  }

  /** Opens the alternates that came and closes those that went; returns whether there were any. */
  async #follow(stamp: string | undefined): Promise<boolean> {
    const folders = this.#options.alternates === "none" ? [] : await this.#findFolders();
    const before = this.#stores;
    const stores = new Map<string, readonly GitObjectReader[]>();
    try {
      for (const folder of folders) stores.set(folder, before.get(folder) ?? await this.#openFolder(folder));
    } catch (error) {
      await closeUnless(before, stores);
      throw error;
    }
    this.#stores = stores;
    this.#stamp = stamp;
    await closeUnless(stores, before);
    return stores.size !== before.size || [...stores.keys()].some((folder) => !before.has(folder));
  }

  async #openFolder(folder: string): Promise<readonly GitObjectReader[]> {
    const { hashAlgorithm } = this;
    return [
      await PackStore.open(joinPath(folder, "pack"), { ...this.#options, hashAlgorithm }),
      new GitLooseStore(folder, { hashAlgorithm }),
    ];
  }

  async #findFolders(): Promise<string[]> {
    const { additional = [], alternates, root, onWarning } = this.#options;
    const own = realPath(this.#objects) ?? this.#objects;
    const bound = alternates === "inside-root" ? realPath(root ?? own) : undefined;
    const found: string[] = [];
    // A list of databases may stand in one of them.
    const seen = new Set(this.#file === joinPath(this.#objects, "info/alternates") ? [own] : []);
    const visit = async (base: string, path: string, depth: number): Promise<void> => {
      const wanted = path.startsWith("/") ? path : joinPath(base, path);
      const folder = wanted.includes("\0") ? undefined : realPath(wanted);
      if (folder === undefined || statPath(folder)?.isDirectory !== true) {
        onWarning?.(
          new SluiceError(`Cannot use the alternate "${path.slice(0, 200)}": it is no folder`, {
            format: "git",
            code: "BAD_ALTERNATE",
          }),
        );
        return;
      }
      if (seen.has(folder)) return;
      if (bound !== undefined && folder !== bound && !folder.startsWith(`${bound}/`)) return;
      seen.add(folder);
      found.push(folder);
      if (depth < DEPTH_MAX) await follow(folder, joinPath(folder, "info/alternates"), depth + 1);
    };
    const follow = async (objects: string, path: string, depth: number): Promise<void> => {
      const file = await readSmallFile(path);
      const paths = parseAlternates(file ?? new Uint8Array(), (error) => {
        // Its objects would seem to be missing, and nobody would know why.
        if (onWarning === undefined) throw error;
        onWarning(error);
      });
      for (const named of paths) await visit(objects, named, depth);
    };
    await follow(own, this.#file, 0);
    for (const path of additional) await visit(own, path, 0);
    return found;
  }
}

type FolderStores = ReadonlyMap<string, readonly GitObjectReader[]>;

/** Closes the stores of folders that are not among those to keep. */
async function closeUnless(kept: FolderStores, stores: FolderStores): Promise<void> {
  for (const [folder, readers] of stores) {
    if (kept.has(folder)) continue;
    for (const reader of readers) await reader[Symbol.asyncDispose]();
  }
}
