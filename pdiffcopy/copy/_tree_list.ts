/**
 * Lists everything below an open directory.
 */
import { printable, SluiceError } from "@sluice/internal";
import { isDirectory, isLink, isRegular } from "../file/_block_file.ts";
import type { BlockDirectory, BlockFile, NameFacts } from "../file/_block_file.ts";
import { systemFailure } from "../file/_errors.ts";
import { isOwnName } from "./_side_files.ts";
import { specialKindOf } from "./_special_files.ts";
import type { TreeEntry } from "./_tree_entry.ts";

const DEPTH_MAX = 200;
const PERMISSIONS = 0o7777;

/** How a directory is listed. */
export interface ListOptions {
  /** Whether extended attributes are read too. */
  readonly attributes?: boolean | undefined;
  /** Whether the directory itself comes first, with an empty path. */
  readonly top?: boolean | undefined;
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

/** A directory that is opened when something is asked of it. */
class LazyDirectory {
  readonly #open: () => BlockDirectory;
  #opened: BlockDirectory | undefined;

  constructor(open: () => BlockDirectory) {
    this.#open = open;
  }

  get(): BlockDirectory {
    return this.#opened ??= this.#open();
  }

  close(): void {
    this.#opened?.close();
  }
}

/** Directories that are listed in one call at most. */
const AHEAD = 256;

/**
 * Everything below a directory, each directory before what it has, some entries at a time. Links are reported and not
 * followed; what can't be looked at is reported as a fault, and the rest follows.
 */
export async function* listTreeBatches(
  directory: BlockDirectory,
  options: ListOptions = {},
): AsyncGenerator<TreeEntry[], void, undefined> {
  const opened = new LazyDirectory(() => directory);
  if (options.top === true) yield [entryOf(opened, "", directory.ownFacts(), options)];
  yield* walk(opened, await directory.list(), options, "", 0);
}

async function* walk(
  directory: LazyDirectory,
  list: readonly NameFacts[],
  options: ListOptions,
  prefix: string,
  depth: number,
): AsyncGenerator<TreeEntry[], void, undefined> {
  const names = list.filter(({ errno, mode }) => errno === 0 && isDirectory(mode)).map(({ name }) => name);
  const ahead = new ListsAhead(directory, names);
  let batch: TreeEntry[] = [];
  options.signal?.throwIfAborted();
  for (const facts of list) {
    if (isOwnName(facts.name)) continue;
    const path = prefix === "" ? facts.name : `${prefix}/${facts.name}`;
    if (facts.errno !== 0) {
      batch.push(faultAt(path, systemFailure(`look at ${printable(path)}`, facts.errno)));
      continue;
    }
    const entry = entryOf(directory, path, facts, options);
    batch.push(entry);
    if (entry.kind !== "dir") continue;
    yield batch;
    batch = [];
    const below = new LazyDirectory(() => directory.get().openDirectory(facts.name, true));
    try {
      if (depth === DEPTH_MAX) throw new RangeError(`Cannot list ${printable(path)}: it is nested too deep`);
      yield* walk(below, await ahead.take(facts.name) ?? await below.get().list(), options, path, depth + 1);
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!(error instanceof SluiceError) && !(error instanceof RangeError)) throw error;
      // The directory itself was reported; this says that what it has was not.
      batch.push(faultAt(path, error));
    } finally {
      below.close();
    }
  }
  if (batch.length > 0) yield batch;
}

/** Lists of directories that will be asked for in order, many of them made in one call. */
class ListsAhead {
  readonly #directory: LazyDirectory;
  readonly #names: readonly string[];
  readonly #lists = new Map<string, NameFacts[] | Error>();
  #next = 0;

  constructor(directory: LazyDirectory, names: readonly string[]) {
    this.#directory = directory;
    this.#names = names;
  }

  /** The list of a directory; undefined where it has to be listed by itself. */
  async take(name: string): Promise<NameFacts[] | undefined> {
    if (!this.#lists.has(name)) {
      this.#next = this.#names.indexOf(name, this.#next);
      const wanted = this.#names.slice(this.#next, this.#next + AHEAD);
      const lists = wanted.length > 1 ? await this.#directory.get().listBelow(wanted) : [];
      for (const [index, list] of lists.entries()) this.#lists.set(wanted[index]!, list);
    }
    const list = this.#lists.get(name);
    this.#lists.delete(name);
    if (list instanceof Error) throw list;
    return list;
  }
}

function faultAt(path: string, error: Error): TreeEntry {
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

function entryOf(directory: LazyDirectory, path: string, facts: NameFacts, options: ListOptions): TreeEntry {
  const kind = kindOf(facts.mode);
  const attributes = options.attributes === true && (kind === "file" || kind === "dir")
    ? attributesOf(directory.get(), facts.name || ".")
    : undefined;
  return entryWith(path, kind, facts, attributes);
}

/** The entry of an open file by itself, with an empty path. */
export function entryOfFile(file: BlockFile, options: ListOptions): TreeEntry {
  const facts = file.status();
  const attributes = options.attributes === true ? file.attributes() : undefined;
  return entryWith("", kindOf(facts.mode), { ...facts, link: undefined }, attributes);
}

function kindOf(mode: number): TreeEntry["kind"] {
  return isLink(mode) ? "link" : isDirectory(mode) ? "dir" : isRegular(mode) ? "file" : "other";
}

function entryWith(
  path: string,
  kind: TreeEntry["kind"],
  { mode, size, mtimeNs, uid, gid, links, identity, link }: Omit<NameFacts, "name" | "errno">,
  attributes: Uint8Array<ArrayBuffer> | undefined,
): TreeEntry {
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
    attributes,
  };
}

/** Extended attributes of a name; none where it can't be opened, which copying its content reports. */
function attributesOf(directory: BlockDirectory, name: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    using file = directory.open(name, { beneath: true, noFollow: true });
    return file.attributes();
  } catch (error) {
    if (error instanceof SluiceError) return undefined;
    throw error;
  }
}
