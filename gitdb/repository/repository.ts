/**
 * A repository to work with: revisions, files and history, over its objects and references.
 *
 * @module
 */
import {
  checkArgument,
  checkBoolean,
  checkChoice,
  checkInteger,
  checkKeys,
  concatBytes,
  CorruptDataError,
  NotFoundError,
} from "@sluice/internal";
import { GitDatabase } from "../database/git_database.ts";
import type { GitDatabaseOptions } from "../database/git_database.ts";
import { discoverRepository, findRepository } from "../database/_repository.ts";
import { STORE_OPTIONS } from "../object/_options.ts";
import { realPath, toPath } from "../object/_fs.ts";
import type { GitCommit } from "../object/_commit.ts";
import type { GitObject, GitObjectType, GitReadOptions } from "../object/object.ts";
import { GitObjectId } from "../object/_object_id.ts";
import type { GitHashAlgorithm, GitIdLike } from "../object/_object_id.ts";
import type { GitTreeEntry } from "../object/_tree.ts";
import { commitFiles } from "./_commit_files.ts";
import type { GitCommitOptions, GitFileChanges } from "./_commit_files.ts";
import { walkHistory } from "./_history.ts";
import { findMergeBases, isAncestor } from "./_merge_bases.ts";
import { Objects, wrongType } from "./_objects.ts";
import { updateReference } from "./_reference_update.ts";
import type { GitUpdateRefOptions } from "./_reference_update.ts";
import { References } from "./_references.ts";
import { entryAt, resolveRevision, shownPath } from "./_revisions.ts";
import type { TreePath } from "./_revisions.ts";
import { PathFilter } from "./_path_filter.ts";
import { walkChanges } from "./_tree_changes.ts";
import { walkTree } from "./_tree_walk.ts";

export type { GitCommitOptions, GitFileChanges, GitUpdateRefOptions };

/** How a repository is opened. */
export interface GitRepositoryOptions extends GitDatabaseOptions {
  /** Look in the folders above, too, as git does. @default {true} */
  readonly discover?: boolean | undefined;
  /**
   * The folder with the files, as `GIT_WORK_TREE` names it for git. @default {what `core.worktree` of the repository says, or
   * the folder around it}
   */
  readonly workTree?: string | URL | undefined;
  /**
   * Read what others were replaced by (git-replace) in their place, as git does. @default {unless `core.useReplaceRefs` of the
   * repository is false}
   */
  readonly replacements?: boolean | undefined;
}

/** What a revision names. */
export interface GitRevision {
  /** The object. */
  readonly id: GitObjectId;
  /** Its type. */
  readonly type: GitObjectType;
}

/** A reference. */
export interface GitReference {
  /** Its full name, as in "refs/heads/main". */
  readonly name: string;
  /** The object that it leads to. */
  readonly id: GitObjectId;
  /** The reference that it names; undefined where it holds an id itself. */
  readonly target: string | undefined;
}

/** How references are listed. */
export interface GitReferencesOptions {
  /** Called for a reference that is damaged, which is then left out. */
  readonly onDamage?: ((name: string, error: CorruptDataError) => void) | undefined;
}

/** A file of a tree. */
export interface GitFile {
  /** Its path from the root of the tree, as UTF-8; bytes that are none are replaced. */
  readonly path: string;
  /** The path as it is stored. */
  readonly pathBytes: Uint8Array;
  /** Type and permissions, as in `GitTreeEntry`. */
  readonly mode: number;
  /** A file or link, or a commit of another repository. */
  readonly type: "blob" | "commit";
  /** The object. */
  readonly id: GitObjectId;
  /** Bytes of its content, where they were asked for and it is a file or link. */
  readonly size: number | undefined;
}

/** Which files are listed. */
export interface GitFilesOptions {
  /** The folder whose files are listed, or one file: text, or bytes as `pathBytes`. @default {""} */
  readonly path?: string | Uint8Array | undefined;
  /** Only so many of the largest, the largest first, with their sizes. */
  readonly largest?: number | undefined;
  /** Find the size of each file. @default {false} */
  readonly sizes?: boolean | undefined;
  /** Gives the walk up. */
  readonly signal?: AbortSignal | undefined;
}

/** One side of a change. */
export interface GitChangeSide {
  /** Type and permissions: 0o100644, 0o100755, 0o120000 (a link) or 0o160000 (a submodule). */
  readonly mode: number;
  /** The object. */
  readonly id: GitObjectId;
}

/** A file, link or submodule that is not the same in two trees. */
export interface GitChange {
  /** Its path from the root of the trees, as UTF-8; bytes that are none are replaced. */
  readonly path: string;
  /** The path as it is stored. */
  readonly pathBytes: Uint8Array;
  /** What it was; undefined where it was added. */
  readonly before: GitChangeSide | undefined;
  /** What it is; undefined where it was removed. */
  readonly after: GitChangeSide | undefined;
}

/** How changes are looked for. */
export interface GitChangesOptions {
  /** Only these files, and all in these folders: paths from the root of the trees. @default {all} */
  readonly paths?: string | readonly string[] | undefined;
  /** Gives the walk up. */
  readonly signal?: AbortSignal | undefined;
}

/** A commit with its id. */
export interface GitHistoryCommit extends GitCommit {
  /** Its id. */
  readonly id: GitObjectId;
}

/** How a history is walked. */
export interface GitHistoryOptions {
  /**
   * Leave out what can be reached from these revisions, as far as git finds it: where the dates of commits are wrong, a
   * commit may come that lies before one of them. @default {[]}
   */
  readonly exclude?: string | readonly string[] | undefined;
  /**
   * "age" for the youngest next of those that are known by then; "date" and "topological" for none before all that stand
   * on it: of those that may come next the youngest, or what keeps the lines of the history together. They wait until the
   * history is known, which a commit graph makes quick. @default {"age"}
   */
  readonly order?: "age" | "date" | "topological" | undefined;
  /** Of merges follow the first parent alone: the line that others were merged into. @default {false} */
  readonly firstParent?: boolean | undefined;
  /**
   * Only commits that change these files, or files in these folders. Of a merge that has the same there as one of its
   * parents, that one alone is followed, as `git log -- PATH` does. @default {all commits}
   */
  readonly paths?: string | readonly string[] | undefined;
  /** Only commits of this moment or younger, by the dates of their committers; what lies before older ones is not read. */
  readonly since?: Date | undefined;
  /** Only commits of this moment or older. */
  readonly until?: Date | undefined;
  /** Gives the walk up. */
  readonly signal?: AbortSignal | undefined;
}

/** How ancestors are looked for. */
export interface GitAncestryOptions {
  /** Gives the walk up. */
  readonly signal?: AbortSignal | undefined;
}

const REPOSITORY_OPTIONS: ReadonlySet<string> = new Set([
  ...STORE_OPTIONS,
  "discover",
  "replacements",
  "workTree",
]);
const REFERENCES_OPTIONS: ReadonlySet<string> = new Set<keyof GitReferencesOptions>(["onDamage"]);
const FILES_OPTIONS: ReadonlySet<string> = new Set<keyof GitFilesOptions>([
  "path",
  "largest",
  "sizes",
  "signal",
]);
const CHANGES_OPTIONS: ReadonlySet<string> = new Set<keyof GitChangesOptions>(["paths", "signal"]);
const ANCESTRY_OPTIONS: ReadonlySet<string> = new Set<keyof GitAncestryOptions>(["signal"]);
const HISTORY_OPTIONS: ReadonlySet<string> = new Set<keyof GitHistoryOptions>([
  "exclude",
  "firstParent",
  "order",
  "paths",
  "signal",
  "since",
  "until",
]);
const HISTORY_ORDERS = ["age", "date", "topological"] as const;
/** The byte between names of a path. */
const SLASH = 0x2f;
/** Files whose sizes are found together. */
const SIZES_GROUP = 4096;

/**
 * A repository on disk: a work tree, a linked one, or a bare repository, from any folder inside. Objects that are replaced
 * (git-replace) are read as git reads them. References in files are read and set, those of a reftable are read. Deno only.
 *
 * @example The largest files of a branch
 * ```ts
 * import { GitRepository } from "@sluice/gitdb";
 * import { assertEquals } from "@std/assert";
 *
 * const folder = await Deno.makeTempDir();
 * for (const name of ["objects", "refs"]) await Deno.mkdir(`${folder}/${name}`);
 * await Deno.writeTextFile(`${folder}/HEAD`, "ref: refs/heads/main\n");
 * {
 *   await using repository = await GitRepository.open(folder);
 *   const author = { name: "Ada", email: "ada@example.org", date: new Date(0), timezone: "+0000" };
 *   const files = { "docs/guide.md": "a long text", "readme": "text" };
 *   const id = await repository.commit("main", files, { author, message: "Start\n" });
 *   assertEquals(`${(await repository.resolve("HEAD")).id}`, `${id}`);
 *   const [largest] = await Array.fromAsync(repository.files("main", { largest: 1 }));
 *   assertEquals([largest!.path, largest!.size], ["docs/guide.md", 11]);
 *   assertEquals(await (await repository.read("main", "readme")).text(), "text");
 * }
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export class GitRepository implements AsyncDisposable {
  /** Its objects. */
  readonly database: GitDatabase;
  /** The folder with its references, configuration and objects, which linked work trees share. */
  readonly commonFolder: string;
  /** The folder with HEAD: that of the work tree, the common one elsewhere. */
  readonly gitFolder: string;
  /** The folder with the files; undefined of a bare repository, and where nothing says where it is. */
  readonly workTree: string | undefined;
  /** Whether it has no work tree: by its configuration, or else by the name of its folder. */
  readonly isBare: boolean;
  readonly #objects: Objects;
  readonly #references: References;

  private constructor(
    objects: Objects,
    references: References,
    folders: {
      readonly gitFolder: string;
      readonly commonFolder: string;
      readonly workTree: string | undefined;
      readonly bare: boolean;
    },
  ) {
    this.database = objects.database;
    this.gitFolder = folders.gitFolder;
    this.commonFolder = folders.commonFolder;
    this.workTree = folders.workTree;
    this.isBare = folders.bare;
    this.#objects = objects;
    this.#references = references;
  }

  /**
   * Opens the repository that a folder is or lies in.
   *
   * @throws {NotFoundError} If there is none (code "INVALID_DATABASE").
   * @throws {UnsupportedFeatureError} If its format has a version, an extension or a hash that is not known here.
   */
  static async open(path: string | URL, options: GitRepositoryOptions = {}): Promise<GitRepository> {
    checkKeys(options, REPOSITORY_OPTIONS);
    const { discover = true, replacements, workTree: given, ...own } = options;
    if (replacements !== undefined) checkBoolean("replacements", replacements);
    const start = toPath(path);
    if (given !== undefined) {
      const isPath = typeof given === "string" || given instanceof URL;
      checkArgument(isPath, 'use "workTree"', given, "a path or a file URL");
    }
    const found = checkBoolean("discover", discover)
      ? await discoverRepository(start)
      : await findRepository(start);
    if (found.commonFolder === undefined || found.gitFolder === undefined) {
      throw new NotFoundError(`Cannot open "${start}": it is a folder of objects without references`, {
        format: "git",
        code: "INVALID_DATABASE",
      });
    }
    const { gitFolder, commonFolder } = found;
    const tree = given === undefined ? undefined : toPath(given);
    const workTree = tree === undefined ? found.workTree : realPath(tree) ?? tree;
    const bare = tree === undefined && found.bare;
    const references = new References(gitFolder, commonFolder, found.algorithm);
    const database = await GitDatabase.open(commonFolder, own);
    try {
      const objects = await Objects.open(database, commonFolder, replacements);
      return new GitRepository(objects, references, { gitFolder, commonFolder, workTree, bare });
    } catch (error) {
      await database[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The hash that names its objects. */
  get hashAlgorithm(): GitHashAlgorithm {
    return this.database.hashAlgorithm;
  }

  /**
   * The object that a revision names (gitrevisions): HEAD, branches, tags, full and abbreviated ids, what `git describe`
   * writes, `@{n}`, `@{-n}`, `:/text`, and `^n`, `~n`, `^{type}`, `^{}`, `^{/text}` and `:path` after it. A text is a
   * regular expression, and its search may read the whole history: don't take it from strangers.
   *
   * @throws {NotFoundError} If there is none.
   * @throws {AmbiguousIdError} If an abbreviated id fits several objects.
   * @throws {RangeError} If it is no revision.
   * @throws {UnsupportedFeatureError} If it needs the index, a date or a followed branch.
   */
  async resolve(revision: string): Promise<GitRevision> {
    const id = await this.find(revision);
    return { id, type: await this.#objects.typeOf(id) };
  }

  /**
   * The id that a revision names, as `resolve`, without a look at the object: a full id need not be there.
   *
   * @throws {SluiceError} As `resolve`.
   */
  async find(revision: string): Promise<GitObjectId> {
    checkArgument(typeof revision === "string", "resolve a revision", revision, "a text");
    return await resolveRevision(this.#objects, this.#references, revision);
  }

  /** The reference that HEAD names, also of a branch without commits; undefined where it holds an id itself. */
  async head(): Promise<string | undefined> {
    const value = await this.#references.read("HEAD");
    return value !== undefined && "target" in value ? value.target : undefined;
  }

  /**
   * The references whose full names start so, sorted by name; those that lead nowhere are left out.
   *
   * @throws {CorruptDataError} At the end, if one is damaged and there is no `onDamage`.
   */
  async *references(
    prefix = "refs/",
    options: GitReferencesOptions = {},
  ): AsyncGenerator<GitReference, void, undefined> {
    checkArgument(typeof prefix === "string", "list references", prefix, "the start of a name");
    checkKeys(options, REFERENCES_OPTIONS);
    let damage: CorruptDataError | undefined;
    for (const { name, packed } of await this.#references.list(prefix)) {
      try {
        const reference = packed === undefined
          ? await this.#reference(name)
          : { name, id: packed, target: undefined };
        if (reference !== undefined) yield reference;
      } catch (error) {
        if (!(error instanceof CorruptDataError)) throw error;
        options.onDamage?.(name, error);
        damage ??= error;
      }
    }
    if (damage !== undefined && options.onDamage === undefined) throw damage;
  }

  async #reference(name: string): Promise<GitReference | undefined> {
    const value = await this.#references.read(name);
    const { id } = await this.#references.resolve(name);
    if (value === undefined || id === undefined) return undefined;
    return { name, id, target: "target" in value ? value.target : undefined };
  }

  /**
   * The commit that a revision leads to, over tags where need be.
   *
   * @throws {SluiceError} As `resolve`, and if it leads to none.
   */
  async readCommit(revision: string): Promise<GitHistoryCommit> {
    const id = await this.#objects.peelToCommit(await this.find(revision));
    return { id, ...await this.#objects.commit(id) };
  }

  /**
   * The rows of the tree that a revision leads to, or of a folder in it: a path as text, or as the bytes of its name.
   *
   * @throws {SluiceError} As `resolve`, and if it leads to none.
   */
  async readTree(revision: string, path: string | Uint8Array = ""): Promise<GitTreeEntry[]> {
    return await this.#objects.tree((await this.#entry(revision, path)).id);
  }

  async #entry(
    revision: string,
    path: TreePath,
  ): Promise<{ readonly mode: number; readonly id: GitObjectId }> {
    const fits = typeof path === "string" || path instanceof Uint8Array;
    checkArgument(fits, "look a path up", path, "a text or bytes");
    const tree = await this.#objects.peelToTree(await this.find(revision));
    const entry = await entryAt(this.#objects, tree, path);
    if (entry !== undefined) return entry;
    throw new NotFoundError(`Cannot read "${shownPath(path)}": it is not in ${revision}`, {
      format: "git",
      code: "NOT_FOUND",
    });
  }

  /**
   * The object at a path of the tree that a revision leads to: text, or bytes as `pathBytes` of `files`, which need not
   * be UTF-8.
   *
   * @throws {NotFoundError} If there is none.
   */
  async read(revision: string, path: string | Uint8Array, options?: GitReadOptions): Promise<GitObject> {
    const { mode, id } = await this.#entry(revision, path);
    if (mode === 0o160000) throw wrongType(`"${shownPath(path)}"`, "commit", "part of this repository");
    return await this.#objects.read(id, options);
  }

  /**
   * The object that is read instead of another one (git-replace), or that one itself. `read` looks there; `files` and
   * `changes` report the ids that trees have.
   *
   * @example Nothing is replaced in a new repository
   * ```ts
   * import { GitObjectId, GitRepository } from "@sluice/gitdb";
   * import { assertEquals } from "@std/assert";
   *
   * const folder = await Deno.makeTempDir();
   * for (const name of ["objects", "refs"]) await Deno.mkdir(`${folder}/${name}`);
   * {
   *   await using repository = await GitRepository.open(folder);
   *   const id = GitObjectId.from("ce013625030ba8dba906f756967f9e9ca394464a");
   *   assertEquals(repository.replacement(id), id);
   * }
   * await Deno.remove(folder, { recursive: true });
   * ```
   */
  replacement(id: GitIdLike): GitObjectId {
    return this.#objects.replacement(GitObjectId.from(id, this.hashAlgorithm));
  }

  /**
   * The files of the tree that a revision leads to, in git's order: files, links and commits of other repositories, at
   * any depth.
   *
   * @throws {SluiceError} As `resolve`.
   */
  async *files(revision: string, options: GitFilesOptions = {}): AsyncGenerator<GitFile, void, undefined> {
    checkKeys(options, FILES_OPTIONS);
    const { path = "", largest, signal } = options;
    const sizes = checkBoolean("sizes", options.sizes ?? false);
    if (largest !== undefined) checkInteger("largest", largest, 1, Number.MAX_SAFE_INTEGER);
    const walked = this.#walk(revision, path, signal);
    const groups = sizes || largest !== undefined ? this.#withSizes(walked) : walked;
    if (largest === undefined) {
      for await (const group of groups) for (const file of group) yield file;
      return;
    }
    let kept: GitFile[] = [];
    const keep = (): void => {
      kept.sort((a, b) => b.size! - a.size!);
      kept = kept.slice(0, largest);
    };
    for await (const group of groups) {
      for (const file of group) {
        if (file.size !== undefined && kept.push(file) >= 2 * largest + SIZES_GROUP) keep();
      }
    }
    keep();
    yield* kept;
  }

  async *#walk(
    revision: string,
    path: TreePath,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<GitFile[], void, undefined> {
    const start = await this.#entry(revision, path);
    const decoder = new TextDecoder();
    const fileOf = (pathBytes: Uint8Array, mode: number, id: GitObjectId): GitFile => ({
      path: decoder.decode(pathBytes),
      pathBytes,
      mode,
      type: mode === 0o160000 ? "commit" : "blob",
      id,
      size: undefined,
    });
    const bytes = typeof path === "string" ? new TextEncoder().encode(path) : path.slice();
    const isFolder = bytes.length > 0 && start.mode === 0o40000;
    const prefix = isFolder && bytes.at(-1) !== SLASH ? concatBytes([bytes, Uint8Array.of(SLASH)]) : bytes;
    if (start.mode !== 0o40000) return yield [fileOf(prefix, start.mode, start.id)];
    for await (const group of walkTree(this.#objects, start.id, signal)) {
      yield group.map(({ path, mode, id }) =>
        fileOf(prefix.length === 0 ? path : concatBytes([prefix, path]), mode, id)
      );
    }
  }

  async *#withSizes(groups: AsyncIterable<GitFile[]>): AsyncGenerator<GitFile[], void, undefined> {
    const measure = async (group: readonly GitFile[]): Promise<GitFile[]> => {
      const measured = [...group];
      const blobs = group.flatMap(({ type }, i) => type === "blob" ? [i] : []);
      const ids = blobs.map((i) => this.#objects.replacement(group[i]!.id));
      for await (const results of this.database.infoBatches(ids)) {
        for (const result of results) {
          if (!result.ok) throw result.error;
          const at = blobs[result.index]!;
          measured[at] = { ...group[at]!, size: result.value.size };
        }
      }
      return measured;
    };
    let group: GitFile[] = [];
    for await (const files of groups) {
      for (const file of files) group.push(file);
      if (group.length < SIZES_GROUP) continue;
      yield await measure(group);
      group = [];
    }
    yield await measure(group);
  }

  /**
   * What differs between the trees that two revisions lead to, in git's order; all of the second one where the first is
   * undefined. A file that was moved is one that was removed and one that was added.
   *
   * @throws {SluiceError} As `resolve`, and if one leads to no tree.
   *
   * @example Two commits
   * ```ts
   * import { GitRepository } from "@sluice/gitdb";
   * import { assertEquals } from "@std/assert";
   *
   * const folder = await Deno.makeTempDir();
   * for (const name of ["objects", "refs"]) await Deno.mkdir(`${folder}/${name}`);
   * await Deno.writeTextFile(`${folder}/HEAD`, "ref: refs/heads/main\n");
   * {
   *   await using repository = await GitRepository.open(folder);
   *   const author = { name: "Ada", email: "ada@example.org", date: new Date(0), timezone: "+0000" };
   *   await repository.commit("main", { "a/b": "one", c: "two" }, { author, message: "Start\n" });
   *   await repository.commit("main", { "a/b": "three", d: "four" }, { author, message: "Go on\n" });
   *   const changes = await Array.fromAsync(repository.changes("main~1", "main"));
   *   assertEquals(changes.map(({ path, before }) => [path, before !== undefined]), [["a/b", true], ["d", false]]);
   * }
   * await Deno.remove(folder, { recursive: true });
   * ```
   */
  async *changes(
    from: string | undefined,
    to: string,
    options: GitChangesOptions = {},
  ): AsyncGenerator<GitChange, void, undefined> {
    checkKeys(options, CHANGES_OPTIONS);
    const trees = {
      before: from === undefined ? undefined : await this.#objects.peelToTree(await this.find(from)),
      after: await this.#objects.peelToTree(await this.find(to)),
    };
    const decoder = new TextDecoder();
    const walk = { signal: options.signal, paths: PathFilter.from(options.paths) };
    for await (const { path, before, after } of walkChanges(this.#objects, trees, walk)) {
      yield { path: decoder.decode(path), pathBytes: path, before, after };
    }
  }

  /**
   * The commits that can be reached from revisions, each once, in one of the orders of `git log`: by age unless told
   * otherwise.
   *
   * @throws {SluiceError} As `readCommit`.
   */
  async *history(
    revisions: string | readonly string[] = "HEAD",
    options: GitHistoryOptions = {},
  ): AsyncGenerator<GitHistoryCommit, void, undefined> {
    checkKeys(options, HISTORY_OPTIONS);
    const from = await this.#commits(revisions);
    const without = await this.#commits(options.exclude ?? []);
    const { firstParent = false, signal } = options;
    const paths = PathFilter.from(options.paths);
    const [since, until] = [secondsOf("since", options.since), secondsOf("until", options.until)];
    const order = checkChoice("order", options.order ?? "age", HISTORY_ORDERS);
    await this.#objects.refreshGraph();
    const walk = { from, without, order, firstParent, paths, since, until, signal };
    yield* walkHistory(this.#objects, walk);
  }

  /**
   * The best common ancestors of a commit and of any of the others, the youngest first, as `git merge-base --all` prints
   * them; none where their histories have nothing in common.
   *
   * @throws {SluiceError} As `readCommit`.
   */
  async mergeBases(
    left: string,
    right: string | readonly string[],
    options: GitAncestryOptions = {},
  ): Promise<GitObjectId[]> {
    checkKeys(options, ANCESTRY_OPTIONS);
    const [a, b] = [await this.#commits(left), await this.#commits(right)];
    await this.#objects.refreshGraph();
    return await findMergeBases(this.#objects, a[0]!, b, options.signal);
  }

  /**
   * Whether a commit is another one, or can be reached from it.
   *
   * @throws {SluiceError} As `readCommit`.
   *
   * @example Has a branch been merged?
   * ```ts
   * import { GitRepository } from "@sluice/gitdb";
   * import { assertEquals } from "@std/assert";
   *
   * const folder = await Deno.makeTempDir();
   * for (const name of ["objects", "refs"]) await Deno.mkdir(`${folder}/${name}`);
   * await Deno.writeTextFile(`${folder}/HEAD`, "ref: refs/heads/main\n");
   * {
   *   await using repository = await GitRepository.open(folder);
   *   const author = { name: "Ada", email: "ada@example.org", date: new Date(0), timezone: "+0000" };
   *   await repository.commit("main", { a: "one" }, { author, message: "Start\n" });
   *   await repository.commit("main", { a: "two" }, { author, message: "Go on\n" });
   *   assertEquals(await repository.isAncestor("main~1", "main"), true);
   *   assertEquals(await repository.isAncestor("main", "main~1"), false);
   * }
   * await Deno.remove(folder, { recursive: true });
   * ```
   */
  async isAncestor(
    ancestor: string,
    descendant: string,
    options: GitAncestryOptions = {},
  ): Promise<boolean> {
    checkKeys(options, ANCESTRY_OPTIONS);
    const [a, b] = [await this.#commits(ancestor), await this.#commits(descendant)];
    await this.#objects.refreshGraph();
    return await isAncestor(this.#objects, a[0]!, b, options.signal);
  }

  async #commits(revisions: string | readonly string[]): Promise<GitObjectId[]> {
    const list = typeof revisions === "string" ? [revisions] : revisions;
    checkArgument(Array.isArray(list), "walk a history", list, "a revision or a list of them");
    const ids: GitObjectId[] = [];
    for (const revision of list) ids.push(await this.#objects.peelToCommit(await this.find(revision)));
    return ids;
  }

  /**
   * Sets a reference under git's lock, and writes its log. A reference that names another one has that one set.
   *
   * @throws {SluiceError} With code "LOCKED" if somebody else writes it, "REFERENCE_CHANGED" if it does not hold what is
   *   expected.
   */
  async updateRef(name: string, id: GitObjectId, options: GitUpdateRefOptions = {}): Promise<void> {
    await updateReference(this.#references, this.database, name, id, options);
  }

  /**
   * Commits changed files to a branch: its last tree with the changes becomes a new commit, and the branch is set to it if
   * nobody was quicker. A branch that is not there starts with these files. Returns the commit's id.
   *
   * The index and the files of a work tree stay as they are. Where the branch is checked out, `git status` then shows the
   * changes of the commit undone, until `git reset --hard` takes them over.
   *
   * @throws {SluiceError} As `updateRef`.
   * @throws {RangeError} If a path can't be in a tree, is one of a file where a folder is or the other way round, or is to
   *   be taken away and is not there.
   */
  async commit(branch: string, files: GitFileChanges, options: GitCommitOptions): Promise<GitObjectId> {
    return await commitFiles(this.#objects, this.#references, branch, files, options);
  }

  /** Closes the files of the database. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.database[Symbol.asyncDispose]();
  }
}

function secondsOf(name: string, date: Date | undefined): number | undefined {
  if (date === undefined) return undefined;
  checkArgument(date instanceof Date && !Number.isNaN(date.getTime()), `use "${name}"`, date, "a date");
  return Math.floor(date.getTime() / 1000);
}
