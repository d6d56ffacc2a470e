/**
 * The two sides of a copy of a tree: a directory here, or on a server of protocol 2.
 */
import { batchesOf } from "./_batches.ts";
import { SluiceError } from "@sluice/internal";
import type { BlockDirectory } from "../file/_block_file.ts";
import { failure, isNoDirectory } from "../file/_errors.ts";
import { hasNativeFiles } from "../kernel/file.ts";
import { makeFolder, openDirectory, openFile } from "../file/_files.ts";
import type { PdiffLocation } from "../file/location.ts";
import { OutlineReader } from "../copy/_outline_lines.ts";
import { EntryReader } from "../copy/_tree_entry.ts";
import type { TreeEntry } from "../copy/_tree_entry.ts";
import { parentOf } from "./_tree_selection.ts";
import { hasSmallFiles, listRecords, readBatch, RECORDS_SIZE_MAX, writeBatch } from "../copy/_small_files.ts";
import type { SmallFileOptions } from "../copy/_small_files.ts";
import { isDirty } from "../copy/_side_files.ts";
import { entryOfFile, listTree } from "../copy/_tree_list.ts";
import type { ListOptions } from "../copy/_tree_list.ts";
import { listDirectories, outlineTree } from "../copy/_tree_outline.ts";
import type { OutlineEntry } from "../copy/_tree_outline.ts";
import { setsOwners, TreeTarget } from "../copy/_tree_target.ts";
import type { TreeChange, TreeFault } from "../copy/_tree_target.ts";
import type { HashSpec } from "../file/_hash_registry.ts";
import { retrying } from "../file/_retry.ts";
import type { RetryPolicy } from "../file/_retry.ts";
import { HttpPeer } from "../wire/_http.ts";
import { askRights } from "../wire/_rights.ts";
import type { NeededRight } from "../wire/_rights.ts";
import { readTreeFaults, writeTreeChanges } from "../wire/_tree_changes.ts";

/** What a side can write. */
export interface TreeAbilities {
  /** Facts of the directory itself. */
  readonly ownFacts: boolean;
  /** Pipes and sockets. */
  readonly specials: boolean;
  /** Owners other than its user. */
  readonly owners: boolean;
}

/** A directory with everything below it. */
export interface TreeSide extends Disposable {
  readonly isRemote: boolean;
  /**
   * Everything below it, and with `top` itself first; undefined where it is not there. With `top` a file is listed by
   * itself.
   */
  list(options: ListOptions): Promise<TreeEntry[] | undefined>;
  /** Whether it may have an outline. */
  readonly hasOutline: boolean;
  /**
   * Its outline, from itself on; undefined where it is not there. A file is listed by itself, and a server without outlines
   * answers with the whole list, where no directory has a content.
   */
  outline(options: ListOptions): Promise<OutlineEntry[] | undefined>;
  /** What is in some of its directories, apart from directories. */
  listDirectories(paths: readonly string[], options: ListOptions): Promise<TreeEntry[]>;
  /** Whether a copy to a file in it was interrupted, which left it mixed. */
  isMixed(name: string): Promise<boolean>;
  /** Makes the directory itself, before changes that follow where `isFollowed` says so. */
  create(isFollowed: boolean): Promise<void>;
  /** Makes changes in order; returns those that failed. */
  apply(changes: readonly TreeChange[]): Promise<TreeFault[]>;
  /** What a server would refuse a copy with that needs these rights. */
  askRights(rights: readonly NeededRight[]): Promise<SluiceError | undefined>;
  /** What can be written beside what every server knows. */
  abilities(): Promise<TreeAbilities>;
  /** Whether many small files can be read and written at once. */
  hasSmallFiles(): Promise<boolean>;
  /** Records of files, with their content or with their digests alone. */
  readSmall(paths: readonly string[], hash: HashSpec, content: boolean): Promise<Uint8Array<ArrayBuffer>>;
  /** Writes the files of records; returns the paths of those that were written. */
  writeSmall(
    records: Uint8Array<ArrayBuffer>,
    hash: HashSpec,
    options: SmallFileOptions,
  ): Promise<readonly string[]>;
}

/** Bytes and characters of one request: with how they are written, a server takes ten times as many. */
const REQUEST_SIZE_MAX = 2 << 20;
/** Changes of one request. */
const CHANGES = {
  countMax: 1000,
  sizeMax: REQUEST_SIZE_MAX,
  sizeOf: (change: TreeChange): number => change.path.length + sizeBeside(change),
} as const;
/** Directories of one request. */
const DIRECTORIES = {
  countMax: 10_000,
  sizeMax: REQUEST_SIZE_MAX,
  sizeOf: (path: string): number => path.length,
} as const;

/** What a change has beside its path. */
function sizeBeside(change: TreeChange): number {
  if (change.kind === "facts") return change.facts.attributes?.length ?? 0;
  return "text" in change ? change.text.length : 0;
}

const TREE_SIZE_MAX = 1 << 30;

/** A directory on this machine. */
export class LocalTreeSide implements TreeSide {
  readonly isRemote = false;
  readonly #path: string;
  readonly #write: boolean;
  #directory: BlockDirectory | undefined;

  constructor(path: string, write: boolean) {
    this.#path = path;
    this.#write = write;
  }

  get #root(): BlockDirectory {
    return this.#directory ??= openDirectory(this.#path, this.#write);
  }

  get hasOutline(): boolean {
    return hasNativeFiles(undefined);
  }

  list(options: ListOptions): Promise<TreeEntry[] | undefined> {
    return this.#ifThere(options, () => listTree(this.#root, options), (entry) => [entry]);
  }

  outline(options: ListOptions): Promise<OutlineEntry[] | undefined> {
    const read = async (): Promise<OutlineEntry[]> =>
      (await Array.fromAsync(outlineTree(this.#root, options))).flat();
    return this.#ifThere(options, read, (entry) => [{ entry, content: undefined }]);
  }

  async listDirectories(paths: readonly string[], options: ListOptions): Promise<TreeEntry[]> {
    return (await Array.fromAsync(listDirectories(this.#root, paths, options))).flat();
  }

  /** What is told of a directory, or of a file by itself; undefined where there is neither. */
  async #ifThere<T>(
    options: ListOptions,
    read: () => Promise<T>,
    single: (entry: TreeEntry) => T,
  ): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      if (error instanceof SluiceError && error.code === "NOT_FOUND" && this.#directory === undefined) {
        return undefined;
      }
      if (options.top !== true || this.#directory !== undefined || !isNoDirectory(error)) throw error;
      using file = openFile(this.#path);
      return single(entryOfFile(file, options));
    }
  }

  // deno-lint-ignore require-await
  async isMixed(name: string): Promise<boolean> {
    return isDirty(this.#root, name, 0);
  }

  // deno-lint-ignore require-await
  async create(): Promise<void> {
    makeFolder(this.#path);
  }

  // deno-lint-ignore require-await
  async hasSmallFiles(): Promise<boolean> {
    return hasSmallFiles(this.#root);
  }

  askRights(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  abilities(): Promise<TreeAbilities> {
    return Promise.resolve({ ownFacts: true, specials: true, owners: setsOwners() });
  }

  readSmall(paths: readonly string[], hash: HashSpec, content: boolean): Promise<Uint8Array<ArrayBuffer>> {
    return readBatch(this.#root, paths, hash, content);
  }

  writeSmall(
    records: Uint8Array<ArrayBuffer>,
    hash: HashSpec,
    options: SmallFileOptions,
  ): Promise<readonly string[]> {
    return writeBatch(this.#root, records, hash, options);
  }

  async apply(changes: readonly TreeChange[]): Promise<TreeFault[]> {
    return await new TreeTarget(this.#root).apply(changes);
  }

  [Symbol.dispose](): void {
    this.#directory?.close();
  }
}

/** Whether a tree is as a change asked for. */
function isMade(change: TreeChange, there: ReadonlyMap<string, TreeEntry>): boolean {
  const entry = there.get(change.path);
  switch (change.kind) {
    case "dir":
      return entry?.kind === "dir";
    case "link":
      return entry?.kind === "link" && entry.text === change.text;
    case "special":
      return entry?.kind === "other" && entry.text === change.text;
    case "hardlink":
      return entry?.identity !== undefined && entry.identity === there.get(change.text)?.identity;
    case "separate":
      return entry?.kind === "file" && entry.identity === undefined;
    case "remove":
    case "rmdir":
    case "tidy":
      return entry === undefined;
    case "facts":
      return false;
  }
}

/** A directory on a server. */
export class RemoteTreeSide implements TreeSide {
  readonly isRemote = true;
  readonly #peer: HttpPeer;
  readonly #location: PdiffLocation;
  readonly #policy: RetryPolicy;
  readonly #closed = new AbortController();
  readonly #signal: AbortSignal;
  /** What was asked while the list was on its way, once. */
  #early: Promise<Record<string, unknown>> | undefined;
  #capabilities: Promise<Record<string, unknown>> | undefined;

  constructor(
    location: PdiffLocation,
    options: ConstructorParameters<typeof HttpPeer>[1],
    policy: RetryPolicy,
  ) {
    this.#location = location;
    this.#peer = new HttpPeer(location.origin!, options);
    this.#policy = policy;
    const closed = this.#closed.signal;
    this.#signal = options.signal === undefined ? closed : AbortSignal.any([options.signal, closed]);
  }

  /** Asks again while that may help. */
  async #again<T>(ask: () => Promise<T>): Promise<T> {
    const { progress } = this.#policy;
    const asked = async (): Promise<T> => {
      const answer = await ask();
      progress.note();
      return answer;
    };
    return await retrying(this.#policy, this.#signal, asked);
  }

  readonly hasOutline = true;

  async list(options: ListOptions): Promise<TreeEntry[] | undefined> {
    this.#askEarly();
    return await this.#ifThere(async () => {
      const reader = new EntryReader();
      return (await this.#lines("GET", "/v2/tree", options)).map((line) => reader.read(line));
    });
  }

  async outline(options: ListOptions): Promise<OutlineEntry[] | undefined> {
    this.#askEarly();
    return await this.#ifThere(async () => {
      const reader = new OutlineReader();
      const lines = await this.#lines("GET", "/v2/tree", options, { outline: 1 });
      return lines.map((line) => reader.read(line));
    });
  }

  async listDirectories(paths: readonly string[], options: ListOptions): Promise<TreeEntry[]> {
    const entries: TreeEntry[] = [];
    for (const batch of batchesOf(paths, DIRECTORIES)) {
      const body = new TextEncoder().encode(JSON.stringify({ paths: batch }));
      const asked = { ...options, top: false };
      const lines = await this.#again(() => this.#lines("POST", "/v2/tree/names", asked, {}, body));
      // A directory that can't be listed now is a fault in the one above it.
      const reader = new EntryReader(batch.flatMap((folder) => [folder, parentOf(folder)]));
      for (const line of lines) entries.push(reader.read(line));
    }
    return entries;
  }

  /** Asks for what is needed later while something else is under way. */
  #askEarly(): void {
    this.#early ??= this.#peer.json("GET", "/v2/caps", {});
    this.#early.catch(() => {}); // asked again where they are needed
  }

  /** Asks again while that may help; undefined where the directory is not there. */
  async #ifThere<T>(ask: () => Promise<T>): Promise<T | undefined> {
    return await this.#again(async () => {
      try {
        return await ask();
      } catch (error) {
        if (error instanceof SluiceError && error.code === "NOT_FOUND") return undefined;
        throw error;
      }
    });
  }

  /** The lines of a list, the last of which is a dot. */
  async #lines(
    method: string,
    path: string,
    { attributes, top, unfinished }: ListOptions,
    more: Readonly<Record<string, number>> = {},
    body?: Uint8Array<ArrayBuffer>,
  ): Promise<string[]> {
    const query = {
      path: this.#location.filename,
      ...(attributes === true ? { attributes: 1 } : {}),
      ...(top === true ? { top: 1 } : {}),
      ...(unfinished === true ? { unfinished: 1 } : {}),
      ...more,
    };
    const answer = await this.#peer.request(method, path, query, body);
    const text = new TextDecoder().decode(await this.#peer.body(answer, path, TREE_SIZE_MAX));
    const lines = text.split("\n");
    if (lines.pop() === ".") return lines;
    throw failure("TRUNCATED", `Cannot list ${this.#location.expression}: the answer is cut off`);
  }

  async isMixed(name: string): Promise<boolean> {
    const { filename } = this.#location;
    const path = filename.endsWith("/") ? `${filename}${name}` : `${filename}/${name}`;
    return (await this.#again(() => this.#peer.json("GET", "/v2/stat", { path }))).mixed === true;
  }

  /** Changes make the directory themselves: no request for it alone. */
  async create(isFollowed: boolean): Promise<void> {
    if (!isFollowed) await this.apply([]);
  }

  askRights(rights: readonly NeededRight[]): Promise<SluiceError | undefined> {
    return this.#again(() => askRights(this.#peer, this.#location.filename, rights));
  }

  hasSmallFiles(): Promise<boolean> {
    return this.#hasFeature("small-files");
  }

  async abilities(): Promise<TreeAbilities> {
    const names = ["tree-top", "tree-specials", "tree-owners"];
    const [ownFacts, specials, owners] = await Promise.all(names.map((name) => this.#hasFeature(name)));
    return { ownFacts: ownFacts!, specials: specials!, owners: owners! };
  }

  async #hasFeature(name: string): Promise<boolean> {
    const { features } = await this.#askCapabilities();
    return Array.isArray(features) && features.includes(name);
  }

  #askCapabilities(): Promise<Record<string, unknown>> {
    const ask = (): Promise<Record<string, unknown>> =>
      this.#again(() => this.#peer.json("GET", "/v2/caps", {}));
    return this.#capabilities ??= this.#early?.catch(ask) ?? ask();
  }

  #smallQuery({ name, seed }: HashSpec): Record<string, string | number> {
    return { path: this.#location.filename, hash: name, ...(seed === "" ? {} : { seed }) };
  }

  async readSmall(
    paths: readonly string[],
    hash: HashSpec,
    content: boolean,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const query = { ...this.#smallQuery(hash), content: content ? 1 : 0 };
    const body = new TextEncoder().encode(JSON.stringify({ paths }));
    const answer = await this.#peer.request("POST", "/v2/files/read", query, body);
    const records = await this.#peer.body(answer, "/v2/files/read", RECORDS_SIZE_MAX);
    const wanted = new Set(paths);
    for (const { path } of listRecords(records)) {
      if (!wanted.delete(path)) {
        throw failure(
          "PROTOCOL",
          `Cannot read ${this.#location.expression}: a file came that was not asked for`,
        );
      }
    }
    return records;
  }

  async writeSmall(
    records: Uint8Array<ArrayBuffer>,
    hash: HashSpec,
    { mode, time, replace }: SmallFileOptions,
  ): Promise<readonly string[]> {
    const flags = { mode: mode ? 1 : 0, time: time ? 1 : 0, replace: replace ? 1 : 0 };
    const query = { ...this.#smallQuery(hash), ...flags };
    const { written } = await this.#peer.send("POST", "/v2/files/write", query, records);
    if (Array.isArray(written) && written.every((path) => typeof path === "string")) return written;
    throw failure("PROTOCOL", `Cannot write ${this.#location.expression}: the answer makes no sense`);
  }

  async apply(changes: readonly TreeChange[]): Promise<TreeFault[]> {
    const faults: TreeFault[] = [];
    for (const batch of changes.length === 0 ? [[]] : batchesOf(changes, CHANGES)) {
      const body = writeTreeChanges(batch);
      let attempts = 0;
      const found = await this.#again(async () => {
        attempts++;
        const answer = await this.#peer.send("POST", "/v2/tree", { path: this.#location.filename }, body);
        return readTreeFaults(answer, this.#location.expression);
      });
      faults.push(...(attempts > 1 && found.length > 0 ? await this.#without(batch, found) : found));
    }
    return faults;
  }

  /** Without the faults of changes that an attempt made whose answer was lost. */
  async #without(changes: readonly TreeChange[], faults: readonly TreeFault[]): Promise<TreeFault[]> {
    const there = new Map((await this.list({}) ?? []).map((entry) => [entry.path, entry]));
    const made = new Map(changes.map((change) => [change.path, isMade(change, there)]));
    return faults.filter(({ path }) => made.get(path) !== true);
  }

  /** Also ends what is asked again for a copy that has failed on the other side. */
  [Symbol.dispose](): void {
    this.#closed.abort();
    this.#peer[Symbol.dispose]();
  }
}
