/**
 * Trees, commits and tags of a database, with what git reads in their place (git-replace). Deno only.
 */
import { NotFoundError } from "@sluice/internal";
import { isOff, parseConfig } from "../object/_config.ts";
import { overLimit } from "../object/_errors.ts";
import { joinPath, readText } from "../object/_fs.ts";
import type { GitDatabase } from "../database/git_database.ts";
import { graftedParents, shallowIds } from "../database/_root_ids.ts";
import type { GitObject, GitObjectType, GitReadOptions } from "../object/object.ts";
import type { GitObjectId } from "../object/_object_id.ts";
import { CommitGraph } from "./_commit_graph.ts";
import { parseCommitLinks } from "./_commit_links.ts";
import type { CommitLinks } from "./_commit_links.ts";
import { parseGitCommit, parseGitTag } from "../object/_commit.ts";
import type { GitCommit } from "../object/_commit.ts";
import { treeRows } from "../object/_object_syntax.ts";
import type { TreeRow } from "../object/_object_syntax.ts";
import { parseGitTree } from "../object/_tree.ts";
import type { GitTreeEntry } from "../object/_tree.ts";

/** How often a replacement may be replaced itself, and a tag may name a tag. */
const REPLACE_DEPTH = 5;
const TAG_DEPTH = 1000;

/** An object that is another than was asked for. */
export function wrongType(what: string, type: GitObjectType, expected: string): NotFoundError {
  return new NotFoundError(`Cannot use ${what}: it is a ${type}, expected a ${expected}`, {
    format: "git",
    code: "NOT_FOUND",
  });
}

/** Whether the configuration of a repository lets objects be replaced, as it does where it says nothing. */
async function usesReplacements(commonFolder: string): Promise<boolean> {
  const config = parseConfig(await readText(joinPath(commonFolder, "config")) ?? "");
  return !isOff(config.get("core.usereplacerefs"));
}

/** Reads objects by their ids. */
export class Objects {
  readonly database: GitDatabase;
  readonly #replaced: ReadonlyMap<string, GitObjectId>;
  readonly #shallow: ReadonlySet<string>;
  readonly #grafts: ReadonlyMap<string, readonly GitObjectId[]>;
  #graph: CommitGraph | undefined;

  private constructor(
    database: GitDatabase,
    replaced: ReadonlyMap<string, GitObjectId>,
    shallow: ReadonlySet<string>,
    grafts: ReadonlyMap<string, readonly GitObjectId[]>,
  ) {
    this.database = database;
    this.#replaced = replaced;
    this.#shallow = shallow;
    this.#grafts = grafts;
  }

  /** Reads what is replaced, as the configuration says where `replaces` does not, where a shallow history ends, and which commits have other parents. */
  static async open(
    database: GitDatabase,
    commonFolder: string,
    replaces: boolean | undefined,
  ): Promise<Objects> {
    return new Objects(
      database,
      replaces ?? await usesReplacements(commonFolder) ? await database.replacements() : new Map(),
      await shallowIds(commonFolder),
      await graftedParents(commonFolder, database.hashAlgorithm),
    );
  }

  /** The object that is read instead of one. */
  replacement(id: GitObjectId): GitObjectId {
    let found = id;
    if (this.#replaced.size === 0) return id;
    for (let depth = 0; this.#replaced.has(`${found}`); depth++) {
      if (depth === REPLACE_DEPTH) throw overLimit(`object ${id}`, depth + 1, REPLACE_DEPTH, "objects");
      found = this.#replaced.get(`${found}`)!;
    }
    return found;
  }

  /** An object to read. */
  async read(id: GitObjectId, options?: GitReadOptions): Promise<GitObject> {
    return await this.database.read(this.replacement(id), options);
  }

  /** The type of an object. */
  async typeOf(id: GitObjectId): Promise<GitObjectType> {
    return (await this.database.info(this.replacement(id))).type;
  }

  /** A commit; in a shallow clone its parents may be left out. */
  async commit(id: GitObjectId): Promise<GitCommit> {
    return { ...parseGitCommit(await this.#commitBody(id), id.algorithm), ...this.#otherParents(id) };
  }

  async #commitBody(id: GitObjectId): Promise<Uint8Array<ArrayBuffer>> {
    const object = await this.read(id);
    if (object.type !== "commit") throw wrongType(`${id}`, object.type, "commit");
    return await object.bytes();
  }

  /** The parents of a commit where they are not those that it has itself. */
  #otherParents(id: GitObjectId): { readonly parents?: readonly GitObjectId[] } {
    const parents = this.#shallow.has(`${id}`) ? [] : this.#grafts.get(`${id}`);
    return parents === undefined ? {} : { parents };
  }

  /**
   * Reads the commit graph again, if there is one. It says what commits say by themselves, so it is not used where others
   * are read in their place, or have other parents.
   */
  async refreshGraph(): Promise<void> {
    const isPlain = this.#replaced.size === 0 && this.#shallow.size === 0 && this.#grafts.size === 0;
    const { root, hashAlgorithm } = this.database;
    this.#graph = isPlain ? await CommitGraph.open(root, hashAlgorithm) : undefined;
  }

  /** Parents, tree and date of a commit, of the commit graph where that has it, or else with the commit that was read. */
  async links(id: GitObjectId): Promise<CommitLinks & { readonly commit?: GitCommit }> {
    const known = this.#graph?.find(id);
    if (known !== undefined) return known;
    const body = await this.#commitBody(id);
    const others = this.#otherParents(id);
    const commit = { ...parseGitCommit(body, id.algorithm), ...others };
    return { ...parseCommitLinks(body, id.algorithm), ...others, commit };
  }

  /** The rows of a tree. */
  async tree(id: GitObjectId): Promise<GitTreeEntry[]> {
    const object = await this.read(id);
    if (object.type !== "tree") throw wrongType(`${id}`, object.type, "tree");
    return parseGitTree(await object.bytes(), id.algorithm);
  }

  /** The rows of many trees, which are read together. */
  async trees(ids: readonly GitObjectId[]): Promise<TreeRow[][]> {
    const found: TreeRow[][] = [];
    for await (const batch of this.database.readBatches(ids.map((id) => this.replacement(id)))) {
      try {
        for (const result of batch) {
          if (!result.ok) throw result.error;
          const { type } = result.value;
          if (type !== "tree") throw wrongType(`${ids[result.index]}`, type, "tree");
          // Names and ids outlive the memory of the batch.
          const bytes = (await result.value.bytes()).slice();
          found[result.index] = treeRows(bytes, this.database.hashAlgorithm);
        }
      } finally {
        batch[Symbol.dispose]();
      }
    }
    return found;
  }

  /** What a tag names in the end; the object itself where it is no tag. */
  async withoutTags(id: GitObjectId): Promise<{ readonly id: GitObjectId; readonly type: GitObjectType }> {
    let at = id;
    for (let depth = 0; depth < TAG_DEPTH; depth++) {
      const object = await this.read(at);
      if (object.type !== "tag") return { id: at, type: object.type };
      at = parseGitTag(await object.bytes(), id.algorithm).object;
    }
    throw overLimit(`tag ${id}`, TAG_DEPTH + 1, TAG_DEPTH, "objects");
  }

  /** The commit that an object leads to. */
  async peelToCommit(id: GitObjectId): Promise<GitObjectId> {
    const found = await this.withoutTags(id);
    if (found.type !== "commit") throw wrongType(`${id}`, found.type, "commit");
    return found.id;
  }

  /** The tree that an object leads to. */
  async peelToTree(id: GitObjectId): Promise<GitObjectId> {
    const found = await this.withoutTags(id);
    if (found.type === "commit") return (await this.commit(found.id)).tree;
    if (found.type !== "tree") throw wrongType(`${id}`, found.type, "tree");
    return found.id;
  }
}
