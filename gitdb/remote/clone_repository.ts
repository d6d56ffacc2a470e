/**
 * Clones of repositories on servers.
 *
 * @module
 */
import { basicCredentials, checkArgument, checkBoolean, checkKeys } from "@sluice/internal";
import { formatPackedReferences, PACKED_REFERENCES } from "../database/_packed_references.ts";
import { GitDatabase } from "../database/git_database.ts";
import { formatConfigSection } from "../object/_config.ts";
import { joinPath, toPath } from "../object/_fs.ts";
import { collect } from "../object/_collect.ts";
import { GitObjectId } from "../object/_object_id.ts";
import { formatSignature } from "../object/_signature.ts";
import type { GitSignature } from "../object/_signature.ts";
import { Objects } from "../repository/_objects.ts";
import { isReferenceName } from "../repository/_reference_names.ts";
import { checkOut } from "./_checkout.ts";
import { chooseRefs } from "./_clone_refs.ts";
import type { ClonePlan } from "./_clone_refs.ts";
import { filterSpec } from "./_filter_spec.ts";
import { checkUriProtocols } from "./_fetch_lines.ts";
import type { GitFetchOptions } from "./_fetch_lines.ts";
import type { GitUriProtocol } from "./_offered_packs.ts";
import { fetchGitObjects } from "./fetch_objects.ts";
import type { GitFetchedObjects } from "./fetch_objects.ts";
import type { GitFetchRepositoryOptions } from "./fetch_repository.ts";
import { gitFolderOf, makeRepository, makeRoom, putNew } from "./_new_repository.ts";
import { promisedGitObjects } from "./promised_objects.ts";
import { GitRemote } from "./remote.ts";
import type { GitRemoteOptions, GitRemoteRef } from "./remote.ts";
import { checkWho } from "./_who.ts";
import { startFrom } from "./_bundle_start.ts";
import { takeGitBundle } from "./take_bundle.ts";
import { sparseFolders } from "./_sparse_folders.ts";
import type { SparseFolders } from "./_sparse_folders.ts";
import { updateShallow } from "./_shallow_file.ts";

/** What is cloned, and how. */
export interface GitCloneOptions extends Pick<GitFetchOptions, "depth" | "since" | "shallowExclude"> {
  /** The folder of the new repository: one that is not there, or empty. */
  readonly into: string | URL;
  /** Make a repository without files, whose branches are those of the server. @default {false} */
  readonly bare?: boolean | undefined;
  /** As `bare`, with all references of the server under their names. @default {false} */
  readonly mirror?: boolean | undefined;
  /** Write the files of the branch. @default {true unless bare} */
  readonly checkout?: boolean | undefined;
  /**
   * Write only some files: with `true` those outside of folders, with names those in these folders and above them as well,
   * as git's `sparse-checkout` does in cone mode, which can change the choice afterwards. @default {false}
   */
  readonly sparse?: boolean | Iterable<string> | undefined;
  /** The branch or tag to check out. @default {that of the server's HEAD} */
  readonly branch?: string | undefined;
  /** Fetch one branch only. @default {true where the history is cut off} */
  readonly singleBranch?: boolean | undefined;
  /** Fetch tags. @default {true} */
  readonly tags?: boolean | undefined;
  /** The name of the remote. @default {"origin"} */
  readonly origin?: string | undefined;
  /** Make a partial clone: "blob:none" and others. */
  readonly filter?: string | undefined;
  /**
   * A bundle to start from, such as a file of a content delivery network, or a list of bundles as git has them: the server
   * sends the rest.
   */
  readonly bundle?: string | URL | undefined;
  /** Start from bundles that the server names, where it names some. @default {false} */
  readonly serverBundles?: boolean | undefined;
  /**
   * Let the server name packs by addresses that start so, where it has them: they are fetched from there.
   *
   * @default {[]}
   */
  readonly uriProtocols?: Iterable<GitUriProtocol> | undefined;
  /** How the server is reached. */
  readonly connection?: GitRemoteOptions | undefined;
  /** How objects are taken in, and its limits. */
  readonly objects?: GitFetchRepositoryOptions["objects"];
  /** Who clones, for the logs of references. @default {nobody, now} */
  readonly committer?: GitSignature | undefined;
  /** Called with what the server says while it works. */
  readonly onMessage?: ((text: string) => void) | undefined;
  /** Called with the size of the pack so far. */
  readonly onReceived?: ((bytes: number) => void) | undefined;
  /** Called with what is not as in the repository, such as filters that were not applied. */
  readonly onWarning?: ((message: string) => void) | undefined;
  /** Gives the clone up; nothing is left. */
  readonly signal?: AbortSignal | undefined;
}

/** A new clone. */
export interface GitClone {
  /** The folder of the repository itself: `.git`, or that of a bare one. */
  readonly gitFolder: string;
  /** What HEAD names; undefined where it holds a commit itself. */
  readonly head: string | undefined;
  /** What HEAD leads to; undefined in a repository without commits. */
  readonly id: GitObjectId | undefined;
  /** How many objects came. */
  readonly count: number;
  /**
   * Files whose names, and links whose targets, are not UTF-8: they were not written, and the index has them marked to be
   * skipped.
   */
  readonly leftOut: readonly string[];
}

const CLONE_OPTIONS: ReadonlySet<string> = new Set<keyof GitCloneOptions>([
  "bare",
  "mirror",
  "checkout",
  "sparse",
  "branch",
  "singleBranch",
  "tags",
  "origin",
  "depth",
  "since",
  "shallowExclude",
  "bundle",
  "serverBundles",
  "uriProtocols",
  "objects",
  "committer",
  "onMessage",
  "onReceived",
  "onWarning",
  "signal",
]);

/**
 * Clones a repository into a folder as git does: objects as one pack, references packed, configuration, and the files of a
 * branch with an index for git. Files are written as they are stored: line ends and filters are left alone, and `onWarning`
 * hears of attributes that ask for them. Names that lead out of the folder, or that some file system takes for `.git`, are
 * refused before any file is written. Submodules become empty folders. There are no hooks.
 *
 * HEAD is written when the repository is complete; if the clone fails, nothing is left. Deno only.
 *
 * @throws {SluiceError} If the server can't be reached or sends what is refused, or something is in the folder.
 *
 * @example A server that is not there
 * ```ts
 * import { cloneGitRepository } from "@sluice/gitdb";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const folder = await Deno.makeTempDir();
 * const fetch = () => Promise.resolve(new Response(null, { status: 404 }));
 * const clone = cloneGitRepository("https://example.org/project.git", { into: `${folder}/clone`, connection: { fetch } });
 * await assertRejects(() => clone, Error, "404");
 * assertEquals(await Array.fromAsync(Deno.readDir(folder)), []);
 * await Deno.remove(folder);
 * ```
 */
export async function cloneGitRepository(url: string | URL, options: GitCloneOptions): Promise<GitClone> {
  const settings = checkClone(options);
  const remote = new GitRemote(url, options.connection);
  const { signal } = options;
  const { hashAlgorithm } = await remote.capabilities({ signal });
  const prefixes = settings.mirror ? undefined : ["HEAD", "refs/heads/", "refs/tags/"];
  const refs = await collect(remote.lsRefs({ peel: true, symrefs: true, prefixes, signal }));
  const plan = chooseRefs(refs, settings);
  const undo = await makeRoom({ folder: settings.folder, isBare: settings.bare });
  try {
    await makeRepository({
      ...settings,
      isBare: settings.bare,
      sparsePatterns: settings.sparse?.patterns,
      isPartial: options.filter !== undefined,
      algorithm: hashAlgorithm,
      sections: sectionsOf(withoutSecrets(url), settings, plan, options.filter && filterSpec(options.filter)),
    });
    if (withoutSecrets(url) !== `${url}`) {
      options.onWarning?.("the credentials in the URL are not stored: later fetches have to be given them");
    }
    return await fill(remote, plan, refs, settings, {
      ...options,
      url: withoutSecrets(url),
      credentials: basicCredentials(new URL(url)),
    });
  } catch (error) {
    await undo();
    throw error;
  }
}

/** Options with their defaults. */
interface CloneSettings {
  readonly folder: string;
  readonly bare: boolean;
  readonly mirror: boolean;
  readonly checkout: boolean;
  readonly sparse: SparseFolders | undefined;
  readonly branch: string | undefined;
  readonly singleBranch: boolean;
  readonly tags: boolean;
  readonly origin: string;
  readonly serverBundles: boolean;
}

function checkClone(options: GitCloneOptions): CloneSettings {
  checkArgument(typeof options === "object" && options !== null, "clone", options, 'options with "into"');
  // Options of these names are others elsewhere, or are checked where they are used.
  const { into, filter: _, connection: __, ...others } = options;
  checkKeys(others, CLONE_OPTIONS);
  checkWho(options);
  const folder = toPath(into);
  if (folder === "") throw new RangeError('Cannot clone into "": expected a folder');
  const mirror = checkBoolean("mirror", options.mirror ?? false);
  const bare = checkBoolean("bare", options.bare ?? mirror) || mirror;
  const { origin = "origin", branch, depth, since, shallowExclude } = options;
  if (!isReferenceName(`refs/remotes/${origin}/HEAD`)) {
    throw new RangeError(`Cannot use option "origin": "${origin}" is no name of a remote`);
  }
  const isCut = depth !== undefined || since !== undefined || shallowExclude !== undefined;
  const settings = {
    folder,
    bare,
    mirror,
    checkout: checkBoolean("checkout", options.checkout ?? !bare),
    sparse: checkSparse(options.sparse ?? false),
    branch,
    singleBranch: checkBoolean("singleBranch", options.singleBranch ?? isCut),
    tags: checkBoolean("tags", options.tags ?? true),
    origin,
    serverBundles: checkBoolean("serverBundles", options.serverBundles ?? false),
  };
  checkUriProtocols(options.uriProtocols);
  for (const name of ["bundle", "serverBundles"] as const) {
    if (options[name] === undefined || options[name] === false) continue;
    if (!isCut && options.filter === undefined) continue;
    throw new TypeError(
      `Cannot use option "${name}": it does not go with a part of the history or of the objects`,
    );
  }
  if (options.bundle !== undefined && settings.serverBundles) {
    throw new TypeError('Cannot use option "bundle": it does not go with "serverBundles"');
  }
  if (bare && (settings.checkout || settings.sparse !== undefined)) {
    throw new TypeError("Cannot clone: a bare repository has no files to check out");
  }
  if (options.filter !== undefined) filterSpec(options.filter);
  return settings;
}

/** The folders of a sparse work tree; undefined where all files are written. */
function checkSparse(sparse: boolean | Iterable<string>): SparseFolders | undefined {
  if (typeof sparse === "boolean") return sparse ? sparseFolders([]) : undefined;
  const names = [...sparse];
  checkArgument(names.every((name) => typeof name === "string"), "clone", sparse, "names of folders");
  return sparseFolders(names);
}

/** The URL as the configuration has it. */
function withoutSecrets(url: string | URL): string {
  const parsed = new URL(url);
  if (parsed.username === "" && parsed.password === "") return `${url}`;
  parsed.username = parsed.password = "";
  return parsed.href;
}

function sectionsOf(
  url: string,
  { bare, mirror, origin, tags, singleBranch }: CloneSettings,
  { head, rule, headRef }: ClonePlan,
  filter: string | undefined,
): string[] {
  type Pair = readonly [string, string];
  const remote: Pair[] = [
    ["url", url],
    ...(bare && !mirror) || (singleBranch && rule === undefined) ? [] : [["fetch", rule!] as Pair],
    ...mirror ? [["mirror", "true"] as Pair] : [],
    ...tags ? [] : [["tagOpt", "--no-tags"] as Pair],
    ...filter === undefined ? [] : [["promisor", "true"] as Pair, ["partialclonefilter", filter] as Pair],
  ];
  const branch = head?.replace(/^refs\/heads\//, "");
  return [
    formatConfigSection("remote", origin, remote),
    ...bare || branch === undefined || headRef === undefined
      ? []
      : [formatConfigSection("branch", branch, [["remote", origin], ["merge", headRef]])],
  ];
}

/** Options with what the URL says. */
interface CloneContext extends GitCloneOptions {
  readonly url: string;
  readonly credentials: string | undefined;
}

/** Fetches the objects, then writes references and files. */
async function fill(
  remote: GitRemote,
  plan: ClonePlan,
  refs: readonly GitRemoteRef[],
  settings: CloneSettings,
  options: CloneContext,
): Promise<GitClone> {
  const gitFolder = gitFolderOf({ folder: settings.folder, isBare: settings.bare });
  const database = await GitDatabase.open(joinPath(gitFolder, "objects"));
  let fetched: GitFetchedObjects | undefined;
  let count = 0;
  const followed: { name: string; id: GitObjectId; peeled: GitObjectId | undefined }[] = [];
  try {
    if (plan.wants.length > 0) {
      const { depth, since, shallowExclude, filter, objects, onMessage, onReceived, signal } = options;
      const { bundle, uriProtocols, connection, onWarning } = options;
      const asked = {
        depth,
        since,
        shallowExclude,
        filter,
        uriProtocols,
        onMessage,
        onReceived,
        signal,
        ...objects,
      };
      const address = bundle === undefined ? undefined : new URL(bundle);
      const start = await startFrom(settings.serverBundles ? () => remote.lsBundles({ signal }) : address, {
        connection,
        onWarning,
        signal,
        takeBundle: async (chunks, name) => {
          const { refs, count } = await takeGitBundle(database, chunks, { ...objects, name, signal });
          return { ids: refs.map(({ id }) => id), count };
        },
      });
      count = start.count;
      fetched = await fetchGitObjects(remote, database, {
        ...asked,
        haves: start.ids,
        wants: plan.wants,
        includeTag: settings.tags,
      });
      await updateShallow(gitFolder, fetched);
      // Of one branch, tags come along that lead to what has come.
      for (const { name, id, peeled } of plan.followedTags) {
        if (await database.has(id!) && await database.has(peeled ?? id!)) {
          followed.push({ name, id: id!, peeled });
        }
      }
    }
  } finally {
    await database[Symbol.asyncDispose]();
  }
  await writeReferences(gitFolder, plan, followed, settings, options, refs);
  const leftOut = settings.checkout && plan.id !== undefined
    ? await checkOutHead(gitFolder, plan.id, settings, options)
    : [];
  return { gitFolder, head: plan.head, id: plan.id, count: count + (fetched?.count ?? 0), leftOut };
}

/** Writes all references at once, those that lead to others, logs, and HEAD last. */
async function writeReferences(
  gitFolder: string,
  plan: ClonePlan,
  followed: readonly { name: string; id: GitObjectId; peeled: GitObjectId | undefined }[],
  settings: CloneSettings,
  options: CloneContext,
  refs: readonly GitRemoteRef[],
): Promise<void> {
  const packed = [...plan.packed, ...followed];
  if (packed.length > 0) await putNew(gitFolder, PACKED_REFERENCES, formatPackedReferences(packed));
  const { head, id } = plan;
  if (!settings.bare) {
    const { origin } = settings;
    const { url } = options;
    const remoteHead = refs.find(({ name }) => name === "HEAD")?.target?.replace(/^refs\/heads\//, "");
    const target = `refs/remotes/${origin}/${remoteHead}`;
    if (remoteHead !== undefined && packed.some(({ name }) => name === target)) {
      await putNew(gitFolder, `refs/remotes/${origin}/HEAD`, `ref: ${target}\n`);
    }
    if (id !== undefined) {
      const committer = options.committer ??
        { name: "sluice", email: "", date: new Date(), timezone: "+0000" };
      const line = `${GitObjectId.zero(id.algorithm)} ${id} ${
        formatSignature(committer)
      }\tclone: from ${url}\n`;
      if (head !== undefined) {
        await putNew(gitFolder, head, `${id}\n`);
        await putNew(gitFolder, `logs/${head}`, line);
      }
      await putNew(gitFolder, "logs/HEAD", line);
    }
  }
  await putNew(gitFolder, "HEAD", head === undefined ? `${id}\n` : `ref: ${head}\n`);
}

async function checkOutHead(
  gitFolder: string,
  id: GitObjectId,
  settings: CloneSettings,
  options: CloneContext,
): Promise<string[]> {
  const { onWarning, signal, filter } = options;
  const connection = { ...options.connection, headers: new Headers(options.connection?.headers) };
  if (options.credentials !== undefined) connection.headers.set("authorization", options.credentials);
  const onAbsent = filter === undefined
    ? undefined
    : await promisedGitObjects(gitFolder, { connection, signal });
  const database = await GitDatabase.open(gitFolder, { onAbsent });
  try {
    const objects = await Objects.open(database, gitFolder, false);
    const tree = await objects.peelToTree(id);
    return await checkOut(objects, tree, settings.folder, gitFolder, {
      sparse: settings.sparse,
      onWarning,
      onProgress: undefined,
      signal,
    });
  } finally {
    await database[Symbol.asyncDispose]();
  }
}
