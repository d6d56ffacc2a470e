/**
 * Lists everything below an open directory.
 */
import { printable, SluiceError } from "@sluice/internal";
import { isDirectory, isLink, isRegular } from "../file/_block_file.ts";
import type { BlockDirectory, BlockFile, NameFacts } from "../file/_block_file.ts";
import { failure, systemFailure } from "../file/_errors.ts";
import { isOwnName } from "./_side_files.ts";
import { specialKindOf } from "./_special_files.ts";
import type { TreeEntry } from "./_tree_entry.ts";
import { checkDepth, DirectoriesAhead, joinPath, LazyDirectory } from "./_tree_walk.ts";

const PERMISSIONS = 0o7777;

/** How a directory is listed. */
export interface ListOptions {
  /** Whether extended attributes are read too. */
  readonly attributes?: boolean | undefined;
  /** Whether the directory itself comes first, with an empty path. */
  readonly top?: boolean | undefined;
  /** Whether files that copies use for themselves are listed too. */
  readonly unfinished?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Everything below a directory, as `listTreeBatches` yields it. */
export async function listTree(directory: BlockDirectory, options: ListOptions = {}): Promise<TreeEntry[]> {
  const entries: TreeEntry[] = [];
  for await (const batch of listTreeBatches(directory, options)) {
    for (const entry of batch) entries.push(entry);
  }
  return entries;
}

/**
 * Everything below a directory, each directory before what it has, some entries at a time. Links are reported and not
 * followed; what can't be looked at is reported as a fault, and the rest follows.
 */
export async function* listTreeBatches(
  directory: BlockDirectory,
  options: ListOptions = {},
): AsyncGenerator<TreeEntry[], void, undefined> {
  const opened = new LazyDirectory(() => directory);
  const attributes = options.attributes === true;
  if (options.top === true) yield [entryOf("", directory.ownFacts(attributes))];
  yield* walk(opened, await directory.list(attributes), options, "", 0);
}

async function* walk(
  directory: LazyDirectory,
  list: readonly NameFacts[],
  options: ListOptions,
  prefix: string,
  depth: number,
): AsyncGenerator<TreeEntry[], void, undefined> {
  const names = list.filter(({ errno, mode }) => errno === 0 && isDirectory(mode)).map(({ name }) => name);
  const attributes = options.attributes === true;
  const ahead = new DirectoriesAhead(names, (wanted) => directory.get().listBelow(wanted, attributes));
  let batch: TreeEntry[] = [];
  options.signal?.throwIfAborted();
  for (const facts of list) {
    const entry = entryIn(prefix, facts, options);
    if (entry === undefined) continue;
    batch.push(entry);
    if (entry.kind !== "dir") continue;
    yield batch;
    batch = [];
    const below = new LazyDirectory(() => directory.get().openDirectory(facts.name, true));
    try {
      checkDepth(entry.path, depth);
      const found = await ahead.take(facts.name) ?? await below.get().list(attributes);
      yield* walk(below, found, options, entry.path, depth + 1);
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!(error instanceof SluiceError) && !(error instanceof RangeError)) throw error;
      // The directory itself was reported; this says that what it has was not.
      batch.push(faultAt(entry.path, error));
    } finally {
      below.close();
    }
  }
  if (batch.length > 0) yield batch;
}

/** What a name of a directory is; undefined for an unfinished copy that is not to be listed. */
export function entryIn(folder: string, facts: NameFacts, options: ListOptions): TreeEntry | undefined {
  const path = joinPath(folder, facts.name);
  if (isOwnName(facts.name)) {
    // Copies make files of such names: anything else is somebody's.
    if (facts.errno === 0 && !isRegular(facts.mode)) return faultAt(path, ownName(path));
    const isWanted = options.unfinished === true && facts.errno === 0;
    return isWanted ? { ...entryOf(path, facts), kind: "unfinished" } : undefined;
  }
  return facts.errno === 0
    ? entryOf(path, facts)
    : faultAt(path, systemFailure(`look at ${printable(path)}`, facts.errno));
}

function ownName(path: string): Error {
  return failure("UNSUPPORTED", `Cannot copy ${printable(path)}: unfinished copies have such names`);
}

/** What can't be looked at. */
export function faultAt(path: string, error: Error): TreeEntry {
  return {
    path,
    kind: "fault",
    size: 0,
    mtimeNs: 0n,
    mode: 0,
    uid: 0,
    gid: 0,
    identity: undefined,
    text: error.message,
    attributes: undefined,
  };
}

/** The entry of an open file by itself, with an empty path. */
export function entryOfFile(file: BlockFile, options: ListOptions): TreeEntry {
  const attributes = options.attributes === true ? file.attributes() : undefined;
  return entryOf("", { ...file.status(), link: undefined, attributes });
}

function kindOf(mode: number): TreeEntry["kind"] {
  return isRegular(mode) ? "file" : isDirectory(mode) ? "dir" : isLink(mode) ? "link" : "other";
}

/** The entry of a name. */
export function entryOf(
  path: string,
  { mode, size, mtimeNs, uid, gid, links, identity, link, attributes }: Omit<NameFacts, "name" | "errno">,
): TreeEntry {
  const kind = kindOf(mode);
  return {
    path,
    kind,
    size: kind === "file" ? size : 0,
    mtimeNs,
    mode: mode & PERMISSIONS,
    uid,
    gid,
    identity: kind === "file" && links > 1 ? identity : undefined,
    text: kind === "other" ? specialKindOf(mode) : link,
    attributes: kind === "file" || kind === "dir" ? attributes : undefined,
  };
}
