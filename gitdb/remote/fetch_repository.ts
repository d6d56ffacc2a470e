/**
 * Fetches into a repository, with its references.
 *
 * @module
 */
import { checkWho } from "./_who.ts";
import { checkArgument, checkBoolean, checkInteger, checkKeys, SluiceError } from "@sluice/internal";
import { GitDatabase } from "../database/git_database.ts";
import { shallowIds } from "../database/_root_ids.ts";
import { collect } from "../object/_collect.ts";
import type { GitObjectId } from "../object/_object_id.ts";
import type { GitSignature } from "../object/_signature.ts";
import { Objects } from "../repository/_objects.ts";
import { References } from "../repository/_references.ts";
import { GitRepository } from "../repository/repository.ts";
import { applyRefs, pruneRefs } from "./_apply_refs.ts";
import type { GitFetchUpdate } from "./_apply_refs.ts";
import { emptyFetchHead, writeFetchHead } from "./_fetch_head.ts";
import { checkUriProtocols } from "./_fetch_lines.ts";
import type { GitFetchOptions } from "./_fetch_lines.ts";
import type { GitUriProtocol } from "./_offered_packs.ts";
import { fetchGitObjects } from "./fetch_objects.ts";
import type { GitIntakeOptions } from "./fetch_objects.ts";
import { filterSpec } from "./_filter_spec.ts";
import { registerPromisor } from "./_partial_config.ts";
import { inOrder, newTags, takeRefs } from "./_fetch_plan.ts";
import type { FetchWish, TakenRef } from "./_fetch_plan.ts";
import { HaveWalk } from "./_have_walk.ts";
import { parseRefspec, prefixesOf } from "./_refspec.ts";
import { readConfig, remoteOf } from "./_remote_config.ts";
import { GitRemote } from "./remote.ts";
import type { GitRemoteOptions, GitRemoteRef } from "./remote.ts";
import { updateShallow } from "./_shallow_file.ts";

export type { GitFetchUpdate };

/** What is fetched into a repository. */
export interface GitFetchRepositoryOptions
  extends Pick<GitFetchOptions, "depth" | "deepen" | "since" | "shallowExclude"> {
  /** A remote of the configuration, or a URL. @default {that of the current branch, or "origin"} */
  readonly remote?: string | undefined;
  /** Which references become which, as in "+refs/heads/*:refs/remotes/origin/*". @default {those of the configuration} */
  readonly refspecs?: Iterable<string> | undefined;
  /** "follow" takes new tags that lead to what is here then, "all" takes all. @default {what the configuration says} */
  readonly tags?: "follow" | "all" | "none" | undefined;
  /** Remove references that the server does not have any more. @default {what the configuration says} */
  readonly prune?: boolean | undefined;
  /** Set references also where that loses commits. @default {false} */
  readonly force?: boolean | undefined;
  /** Fetch objects and say what would be set, but set nothing. @default {false} */
  readonly dryRun?: boolean | undefined;
  /** Keep what FETCH_HEAD has. @default {false} */
  readonly append?: boolean | undefined;
  /** Fetch also what is here already. @default {false} */
  readonly refetch?: boolean | undefined;
  /** Fetch the whole history of a shallow clone. @default {false} */
  readonly unshallow?: boolean | undefined;
  /**
   * Let the server name packs by addresses that start so, where it has them: they are fetched from there.
   *
   * @default {what the configuration says: fetch.uriProtocols}
   */
  readonly uriProtocols?: Iterable<GitUriProtocol> | undefined;
  /** Leave out objects. @default {what a partial clone left out} */
  readonly filter?: string | undefined;
  /** How the server is reached. */
  readonly connection?: GitRemoteOptions | undefined;
  /** How objects are taken in, and its limits. */
  readonly objects?: GitIntakeOptions | undefined;
  /** What the logs of references say of who fetched. @default {nobody, now} */
  readonly committer?: GitSignature | undefined;
  /** How the logs of references name what was done. @default {"fetch"} */
  readonly action?: string | undefined;
  /** Called with what the server says while it works. */
  readonly onMessage?: ((text: string) => void) | undefined;
  /** Called with the size of the pack so far. */
  readonly onReceived?: ((bytes: number) => void) | undefined;
  /** Gives the fetch up. */
  readonly signal?: AbortSignal | undefined;
}

/** What a fetch did. */
export interface GitFetched {
  /** The URL, as FETCH_HEAD has it. */
  readonly url: string;
  /** What became of each reference, those that were removed first. */
  readonly updates: readonly GitFetchUpdate[];
  /** How many objects came. */
  readonly count: number;
}

const FETCH_OPTIONS: ReadonlySet<string> = new Set<keyof GitFetchRepositoryOptions>([
  "refspecs",
  "prune",
  "force",
  "dryRun",
  "append",
  "refetch",
  "depth",
  "deepen",
  "unshallow",
  "since",
  "shallowExclude",
  "uriProtocols",
  "objects",
  "committer",
  "action",
  "onMessage",
  "onReceived",
  "signal",
]);

/** All of a history, as git says it. */
const DEPTH_INFINITE = 0x7fffffff;
const TAG_CHOICES: readonly unknown[] = [undefined, "follow", "all", "none"];

/**
 * Fetches into a repository as `git fetch` does: objects, references by the rules of its configuration or of the caller,
 * FETCH_HEAD, which a fetch that fails leaves empty, and the end of a shallow history. Objects are complete before a reference is set. A reference that would lose
 * commits, or a tag that is another one, is left as it is and reported as rejected. Deno only.
 *
 * @throws {SluiceError} If the server can't be reached, sends what is refused, or lacks a reference that was named.
 *
 * @example A repository without a remote
 * ```ts
 * import { fetchGitRepository, GitRepository } from "@sluice/gitdb";
 * import { assertRejects } from "@std/assert";
 *
 * const folder = await Deno.makeTempDir();
 * for (const name of ["objects", "refs"]) await Deno.mkdir(`${folder}/${name}`);
 * await Deno.writeTextFile(`${folder}/HEAD`, "ref: refs/heads/main\n");
 * {
 *   await using repository = await GitRepository.open(folder);
 *   await assertRejects(() => fetchGitRepository(repository), Error, '"origin"');
 * }
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function fetchGitRepository(
  repository: GitRepository,
  options: GitFetchRepositoryOptions = {},
): Promise<GitFetched> {
  checkArgument(repository instanceof GitRepository, "fetch", repository, "a GitRepository");
  checkFetch(options);
  const rulesGiven = listOf(options.refspecs).map(parseRefspec);
  const given = rulesGiven.filter(({ isNegative }) => !isNegative);
  if (options.filter !== undefined) filterSpec(options.filter);
  const { commonFolder, gitFolder, hashAlgorithm } = repository;
  if (options.unshallow === true && (await shallowIds(commonFolder)).size === 0) {
    throw new RangeError('Cannot use option "unshallow": the repository is complete');
  }
  if (options.append !== true && options.dryRun !== true) await emptyFetchHead(gitFolder);
  const config = await readConfig(commonFolder);
  const branch = (await repository.head())?.replace(/^refs\/heads\//, "");
  const followed = branch === undefined ? undefined : config.get(`branch.${branch}.remote`)?.at(-1);
  const remote = remoteOf(config, options.remote ?? followed ?? "origin");
  const merges = followed !== undefined && followed === remote.name
    ? config.get(`branch.${branch}.merge`)?.at(-1)
    : undefined;
  const wish: FetchWish = {
    refspecs: given,
    excluded: [...remote.excluded, ...rulesGiven.filter(({ isNegative }) => isNegative)],
    remote,
    merges,
    tags: options.tags ?? remote.tags,
    isForced: options.force ?? false,
  };
  const server = new GitRemote(remote.url, options.connection);
  const { signal } = options;
  if ((await server.capabilities({ signal })).hashAlgorithm !== hashAlgorithm) throw otherHash(server.url);
  const references = new References(gitFolder, commonFolder, hashAlgorithm);
  await references.checkFiles("fetch");
  const rules = given.length > 0 ? [...given, ...remote.refspecs] : remote.refspecs;
  const prefixes = rules.length === 0 ? ["HEAD", "refs/tags/"] : [...prefixesOf(rules), "refs/tags/"];
  const refs = await collect(server.lsRefs({ prefixes, peel: true, signal }));
  const taken = takeRefs(refs, wish);
  await refuseCurrent(repository, taken);
  const fetch = new RepositoryFetch(repository, references, server, options, remote);
  return await fetch.run(taken, refs, wish);
}

function checkFetch(options: GitFetchRepositoryOptions): void {
  checkArgument(typeof options === "object" && options !== null, "fetch", options, "options");
  const { remote, tags, filter: _, connection: __, ...others } = options;
  checkKeys(others, FETCH_OPTIONS);
  checkArgument(remote === undefined || typeof remote === "string", "fetch", remote, "a remote or a URL");
  if (!TAG_CHOICES.includes(tags)) {
    throw new RangeError(`Cannot use option "tags": it is ${tags}, expected follow, all or none`);
  }
  checkWho(options);
  checkUriProtocols(options.uriProtocols);
  for (const key of ["prune", "force", "dryRun", "append", "refetch", "deepen", "unshallow"] as const) {
    checkBoolean(key, options[key] ?? false);
  }
  if (options.depth !== undefined) checkInteger("depth", options.depth, 1, DEPTH_INFINITE);
  if (options.unshallow === true && options.depth !== undefined) {
    throw new TypeError('Cannot use option "unshallow": it does not go with "depth"');
  }
}

function listOf(refspecs: Iterable<string> = []): string[] {
  const list = [...refspecs];
  checkArgument(list.every((each) => typeof each === "string"), "fetch", refspecs, "refspecs as text");
  return list;
}

function otherHash(label: string): SluiceError {
  return new SluiceError(`Cannot fetch from ${label}: its objects are named by another hash`, {
    format: "git",
    code: "BAD_ID",
  });
}

/** The branch whose files are checked out is not moved away from them. */
async function refuseCurrent(repository: GitRepository, taken: readonly TakenRef[]): Promise<void> {
  const current = repository.isBare ? undefined : await repository.head();
  if (current === undefined || !taken.some(({ target }) => target === current)) return;
  throw new SluiceError(
    `Cannot fetch into branch "${current}": it is checked out at ${
      repository.workTree ?? repository.gitFolder
    }`,
    { format: "git", code: "REFERENCE_CHANGED" },
  );
}

/** One fetch. */
class RepositoryFetch {
  readonly #repository: GitRepository;
  readonly #references: References;
  readonly #server: GitRemote;
  readonly #options: GitFetchRepositoryOptions;
  readonly #remote: ReturnType<typeof remoteOf>;
  #count = 0;

  constructor(
    repository: GitRepository,
    references: References,
    server: GitRemote,
    options: GitFetchRepositoryOptions,
    remote: ReturnType<typeof remoteOf>,
  ) {
    this.#repository = repository;
    this.#references = references;
    this.#server = server;
    this.#options = options;
    this.#remote = remote;
  }

  async run(taken: TakenRef[], refs: readonly GitRemoteRef[], wish: FetchWish): Promise<GitFetched> {
    const { commonFolder, hashAlgorithm } = this.#repository;
    const { prune = this.#remote.prune, dryRun = false, append = false, committer, action } = this.#options;
    const rules = wish.refspecs.length > 0 ? wish.refspecs : this.#remote.refspecs;
    const setting = { references: this.#references, dryRun, committer, action: action ?? "fetch" };
    // Packs are looked for by their names: what came before this call is in the database.
    const database = await GitDatabase.open(commonFolder);
    try {
      const objects = await Objects.open(database, commonFolder, false);
      const removed = prune ? await pruneRefs(rules, refs, setting) : [];
      await this.#fetch(database, taken, wish);
      const all = [...taken];
      if (
        wish.tags === "follow" && (wish.refspecs.length === 0 || wish.refspecs.some(({ target }) => target))
      ) {
        const hasTargets = rules.some(({ target }) => target !== undefined);
        if (hasTargets) all.push(...await this.#followTags(database, refs, taken));
      }
      // After a fetch, the history may end elsewhere.
      const after = this.#count === 0 ? objects : await Objects.open(database, commonFolder, false);
      const updates = await applyRefs(inOrder(all), { ...setting, database, objects: after, hashAlgorithm });
      if (!dryRun) await writeFetchHead(this.#repository.gitFolder, this.#remote.url, all, append);
      await this.#repository.database.refresh({ force: true });
      return { url: this.#server.url, updates: [...removed, ...updates], count: this.#count };
    } finally {
      await database[Symbol.asyncDispose]();
    }
  }

  /** Fetches the objects of references, unless all are here. */
  async #fetch(database: GitDatabase, taken: readonly TakenRef[], wish: FetchWish): Promise<void> {
    const { depth, deepen, since, shallowExclude, unshallow, refetch = false } = this.#options;
    const isCut = depth !== undefined || since !== undefined || shallowExclude !== undefined ||
      unshallow === true;
    const shallow = [...await shallowIds(this.#repository.commonFolder)];
    const wants: GitObjectId[] = [];
    for (const { id } of taken) {
      if (isCut || refetch || !await database.has(id)) wants.push(id);
    }
    if (wants.length === 0) return;
    const objects = await Objects.open(database, this.#repository.commonFolder, false);
    const haves = new HaveWalk(objects);
    if (!refetch) {
      for await (const { id } of this.#repository.references("refs/", { onDamage: () => {} })) {
        await haves.add(id);
      }
      const { id } = await this.#references.resolve("HEAD");
      if (id !== undefined) await haves.add(id);
    }
    const { filter = this.#remote.filter, onMessage, onReceived, signal } = this.#options;
    if (this.#options.filter !== undefined) {
      await registerPromisor(this.#repository.commonFolder, this.#remote, filterSpec(this.#options.filter));
    }
    const fetched = await fetchGitObjects(this.#server, database, {
      ...this.#options.objects,
      wants,
      haves: haves.ids(),
      onCommon: (id) => haves.acknowledge(id),
      shallow,
      filter,
      promisor: this.#remote.isPromisor || filter !== undefined,
      depth: unshallow === true ? DEPTH_INFINITE : depth,
      deepen,
      since,
      shallowExclude,
      uriProtocols: this.#options.uriProtocols ?? this.#remote.uriProtocols,
      includeTag: wish.tags === "follow",
      onMessage,
      onReceived,
      signal,
    });
    this.#count += fetched.count;
    await updateShallow(this.#repository.commonFolder, fetched);
  }

  /** Tags that are not here and lead to what is; their objects are fetched where they did not come along. */
  async #followTags(
    database: GitDatabase,
    refs: readonly GitRemoteRef[],
    taken: readonly TakenRef[],
  ): Promise<TakenRef[]> {
    const here = new Set(await this.#references.names("refs/tags/"));
    for (const { target } of taken) if (target !== undefined) here.add(target);
    const tags: TakenRef[] = [];
    const wants: GitObjectId[] = [];
    for (const tag of newTags(refs, here)) {
      if (!await database.has(tag.peeled ?? tag.id)) continue;
      tags.push(tag);
      if (!await database.has(tag.id)) wants.push(tag.id);
    }
    if (wants.length > 0) {
      const { objects, signal } = this.#options;
      const fetched = await fetchGitObjects(this.#server, database, {
        ...objects,
        wants,
        haves: tags.map(({ peeled, id }) => peeled ?? id),
        shallow: await shallowIds(this.#repository.commonFolder),
        filter: this.#remote.filter,
        promisor: this.#remote.isPromisor,
        signal,
      });
      this.#count += fetched.count;
      await updateShallow(this.#repository.commonFolder, fetched);
    }
    return tags;
  }
}

/**
 * The URL of a remote of a repository. Deno only.
 *
 * @throws {NotFoundError} If it has no such remote, and the name is no URL either.
 *
 * @example A remote of the configuration
 * ```ts
 * import { gitRemoteUrl, GitRepository } from "@sluice/gitdb";
 * import { assertEquals } from "@std/assert";
 *
 * const folder = await Deno.makeTempDir();
 * for (const name of ["objects", "refs"]) await Deno.mkdir(`${folder}/${name}`);
 * await Deno.writeTextFile(`${folder}/HEAD`, "ref: refs/heads/main\n");
 * await Deno.writeTextFile(`${folder}/config`, '[remote "origin"]\n\turl = https://example.org/a.git\n');
 * {
 *   await using repository = await GitRepository.open(folder);
 *   assertEquals(await gitRemoteUrl(repository), "https://example.org/a.git");
 * }
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function gitRemoteUrl(repository: GitRepository, remote?: string): Promise<string> {
  checkArgument(repository instanceof GitRepository, "find a remote", repository, "a GitRepository");
  const config = await readConfig(repository.commonFolder);
  return remoteOf(config, remote ?? await usualRemote(repository, config)).url;
}

/** The remote of the current branch. */
async function usualRemote(
  repository: GitRepository,
  config: ReadonlyMap<string, readonly string[]>,
): Promise<string> {
  const branch = (await repository.head())?.replace(/^refs\/heads\//, "");
  return config.get(`branch.${branch}.remote`)?.at(-1) ?? "origin";
}
