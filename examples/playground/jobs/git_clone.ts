/**
 * Repositories of servers: cloned into the origin private file system, or into memory where a page has none, and looked
 * into. Contents that a clone left out are fetched when they are looked at.
 */
import {
  fetchGitObjects,
  GitCompoundDatabase,
  GitDirectoryStore,
  GitMemoryStore,
  GitRemote,
  parseGitCommit,
  parseGitTree,
} from "@sluice/gitdb";
import type {
  GitDirectory,
  GitHashAlgorithm,
  GitObjectId,
  GitObjectReader,
  GitObjectWriter,
  GitRemoteRef,
  GitTreeEntry,
} from "@sluice/gitdb";
import type { Job, TreeRow } from "./messages.ts";
import { firstBytes } from "./streams.ts";

type Target = GitDirectoryStore | (GitObjectReader & GitObjectWriter);

/** A repository that is looked into. */
interface Opened {
  readonly url: string;
  readonly remote: GitRemote;
  readonly target: Target;
  /** As `target`, with what was left out fetched when it is read. */
  readonly objects: GitObjectReader;
}

/** Changed files that are told of one commit. */
const CHANGES_MAX = 500;
const PROGRESS_MS = 200;

let opened: Opened | undefined;

/** The directory for a repository; undefined for pages of files and old browsers. */
async function directoryFor(url: string): Promise<GitDirectory | undefined> {
  try {
    const root = await navigator.storage.getDirectory();
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(url));
    const name = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
    const directory = await root.getDirectoryHandle(`git-${name}`, { create: true });
    return directory as unknown as GitDirectory;
  } catch {
    return undefined;
  }
}

async function targetFor(url: string, hashAlgorithm: GitHashAlgorithm): Promise<Target> {
  const directory = await directoryFor(url);
  return directory === undefined
    ? new GitMemoryStore({ hashAlgorithm })
    : await GitDirectoryStore.open(directory, { hashAlgorithm });
}

async function open(url: string): Promise<Opened> {
  if (opened?.url === url) return opened;
  await opened?.objects[Symbol.asyncDispose]();
  opened = undefined;
  const remote = new GitRemote(url);
  const { hashAlgorithm } = await remote.capabilities();
  const target = await targetFor(url, hashAlgorithm);
  const onAbsent = async (ids: readonly GitObjectId[]): Promise<boolean> => {
    await fetchGitObjects(remote, target, { wants: ids, promisor: true });
    return true;
  };
  const objects = new GitCompoundDatabase([target], hashAlgorithm, { onAbsent });
  return opened = { url, remote, target, objects };
}

/** The branch that HEAD names, where it has commits, else the first. */
function headOf(refs: readonly GitRemoteRef[]): string | undefined {
  const head = refs.find(({ name }) => name === "HEAD")?.target;
  const branches = refs.filter(({ name }) => name !== "HEAD");
  return (branches.find(({ name }) => name === head) ?? branches[0])?.name;
}

/** Lists the branches of a server and fetches one of them. */
export const gitClone: Job<"gitClone"> = async function* ({ url, branch, depth, isLight }) {
  yield { state: "Asking the server" };
  const { remote, target } = await open(url);
  const refs = await Array.fromAsync(remote.lsRefs({ prefixes: ["HEAD", "refs/heads/"], symrefs: true }));
  const wanted = branch ?? headOf(refs);
  const id = refs.find(({ name }) => name === wanted)?.id;
  if (wanted === undefined || id === undefined) throw new Error(`${url} has no branch to look into`);
  let bytes = 0;
  let count = 0;
  if (!await target.has(id)) {
    const fetching = fetchGitObjects(remote, target, {
      wants: [id],
      depth,
      filter: isLight ? "blob:none" : undefined,
      onReceived: (received) => bytes = received,
    });
    let isDone = false;
    const done = fetching.then(() => isDone = true, () => isDone = true);
    while (!isDone) {
      await Promise.race([done, new Promise((resolve) => setTimeout(resolve, PROGRESS_MS))]);
      yield { state: "Fetching", bytes };
    }
    ({ count } = await fetching);
  }
  yield {
    commit: `${id}`,
    branch: wanted,
    branches: refs.flatMap(({ name }) => name === "HEAD" ? [] : [name]),
    count,
    bytes,
    isKept: target instanceof GitDirectoryStore,
  };
};

async function commitOf(objects: GitObjectReader, id: string) {
  return parseGitCommit(await (await objects.read(id)).bytes());
}

async function rowsOf(objects: GitObjectReader, tree: GitObjectId | string): Promise<GitTreeEntry[]> {
  const object = await objects.read(tree);
  return parseGitTree(await object.bytes(), object.id.algorithm);
}

function rowOf({ name, type, id }: GitTreeEntry): TreeRow {
  return { name, type, id: `${id}` };
}

/** One folder of a commit. */
export const gitTree: Job<"gitTree"> = async function* ({ url, commit, path }) {
  const { objects } = await open(url);
  let tree = (await commitOf(objects, commit)).tree;
  for (const name of path) {
    const found = (await rowsOf(objects, tree)).find((row) => row.name === name && row.type === "tree");
    if (found === undefined) throw new Error(`there is no folder ${path.join("/")}`);
    tree = found.id;
  }
  yield { rows: (await rowsOf(objects, tree)).map(rowOf) };
};

/** Commits by first parents, as far as the history is here. */
export const gitLog: Job<"gitLog"> = async function* ({ url, commit, most }) {
  const { target, objects } = await open(url);
  const commits = [];
  let next: string | undefined = commit;
  while (next !== undefined && commits.length < most) {
    const { parents, author, message } = await commitOf(objects, next);
    commits.push({
      id: next,
      subject: message.split("\n", 1)[0]!,
      author: author.name,
      date: author.date.toISOString().slice(0, 10),
    });
    const parent: GitObjectId | undefined = parents[0];
    next = parent !== undefined && await target.has(parent) ? `${parent}` : undefined;
  }
  yield { commits };
};

/** The files in which two trees differ. */
async function* changesOf(
  objects: GitObjectReader,
  before: GitObjectId | undefined,
  after: GitObjectId | undefined,
  path: string,
): AsyncGenerator<{ path: string; before: string | undefined; after: string | undefined }> {
  const [old, now] = await Promise.all(
    [before, after].map(async (id) => id === undefined ? [] : await rowsOf(objects, id)),
  );
  const pairs = new Map<string, [GitTreeEntry | undefined, GitTreeEntry | undefined]>();
  for (const row of old!) pairs.set(row.name, [row, undefined]);
  for (const row of now!) pairs.set(row.name, [pairs.get(row.name)?.[0], row]);
  for (const [name, [left, right]] of pairs) {
    if (left !== undefined && right !== undefined && left.id.equals(right.id)) continue;
    const [folder, other] = [left, right].map((row) => row?.type === "tree" ? row.id : undefined);
    if (folder !== undefined || other !== undefined) {
      yield* changesOf(objects, folder, other, `${path}${name}/`);
    }
    const [was, is] = [left, right].map((row) => row?.type === "blob" ? `${row.id}` : undefined);
    if (was !== undefined || is !== undefined) yield { path: `${path}${name}`, before: was, after: is };
  }
}

/** What a commit changed against its first parent. */
export const gitChanges: Job<"gitChanges"> = async function* ({ url, commit }) {
  const { target, objects } = await open(url);
  const { tree, parents } = await commitOf(objects, commit);
  const [parent] = parents;
  if (parent !== undefined && !await target.has(parent)) {
    throw new Error("the clone is cut off here: what the commit changed is not known");
  }
  const before = parent === undefined ? undefined : (await commitOf(objects, `${parent}`)).tree;
  const changes = [];
  for await (const change of changesOf(objects, before, tree, "")) {
    if (changes.push(change) === CHANGES_MAX) break;
  }
  yield { changes };
};

/** At most the first bytes of some files; of an id that is undefined, nothing. */
export const gitFiles: Job<"gitFiles"> = async function* ({ url, ids, most }) {
  const { objects } = await open(url);
  const files = [];
  for (const id of ids) {
    files.push(id === undefined ? new Blob() : await firstBytes((await objects.read(id)).body, most));
  }
  yield { files };
};
