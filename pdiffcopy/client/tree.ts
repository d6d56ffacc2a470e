/**
 * Copying directories with everything below them. Deno only; permissions as for single files.
 *
 * @module
 */
import { SluiceError } from "@sluice/internal";
import { PdiffClient } from "./client.ts";
import type { PdiffClientOptions } from "./client_options.ts";
import { DEFAULT_CONCURRENCY } from "../file/constants.ts";
import { denoFailure, failure } from "../file/_errors.ts";
import { HttpPeer } from "../wire/_http.ts";
import { EntryReader, listTree } from "./_tree_list.ts";
import type { TreeEntry } from "./_tree_list.ts";
import { parseLocation } from "../file/location.ts";
import type { Location } from "../file/location.ts";
import { WorkerPool } from "../file/worker_pool.ts";

/** How a directory is copied. Options of single files count for each of them. */
export interface CopyTreeOptions
  extends Omit<PdiffClientOptions, "onProgress" | "shift" | "seeds" | "chunkSize"> {
  /** Whether files with the same size and time are compared too. @default {false} */
  readonly checksum?: boolean | undefined;
  /** Whether what the source does not have is removed from a local target, after everything was copied. @default {false} */
  readonly delete?: boolean | undefined;
  /** The most names that are removed; more end it before any is. @default {no limit} */
  readonly maxDelete?: number | undefined;
  /** Whether files of a local target get the times of the source. @default {true} */
  readonly times?: boolean | undefined;
  /** Whether files and directories of a local target get the permissions of the source. @default {true} */
  readonly permissions?: boolean | undefined;
  /** Hears of each name that is copied, made or removed. */
  readonly onEntry?: ((action: "copy" | "make" | "remove", path: string) => void) | undefined;
}

/** What was done. */
export interface CopyTreeResult {
  /** Files of the source. */
  readonly files: number;
  /** Files that were compared and, where they differed, copied. */
  readonly filesCopied: number;
  /** Bytes of blocks that were copied. */
  readonly bytesTransferred: number;
  /** Names that were removed. */
  readonly removed: number;
}

const TREE_SIZE_MAX = 1 << 30;

/**
 * Makes a directory like another one. Links are copied as links and never followed; files whose size and time are the same
 * are taken for equal unless `checksum` is set. The target is a directory here, or on a server, where names and contents are
 * copied, but neither times, permissions nor links.
 *
 * @throws {SluiceError} As `PdiffClient`; "PROTOCOL" if an entry of a server leads out of the directory.
 *
 * @example A directory with one file
 * ```ts
 * import { copyTree } from "@sluice/pdiffcopy";
 * import { assertEquals } from "@std/assert";
 *
 * const directory = await Deno.makeTempDir();
 * await Deno.mkdir(`${directory}/from/sub`, { recursive: true });
 * await Deno.writeTextFile(`${directory}/from/sub/file`, "content");
 * const options = { source: `${directory}/from`, target: `${directory}/to` };
 * assertEquals((await copyTree(options)).filesCopied, 1);
 * assertEquals((await copyTree(options)).filesCopied, 0);
 * assertEquals(await Deno.readTextFile(`${directory}/to/sub/file`), "content");
 * await Deno.remove(directory, { recursive: true });
 * ```
 */
export async function copyTree(options: CopyTreeOptions): Promise<CopyTreeResult> {
  const { literalPaths } = options;
  const locate = (value: string | URL | Location): Location =>
    typeof value === "string" || value instanceof URL ? parseLocation(value, { literalPaths }) : value;
  const [source, target] = [locate(options.source), locate(options.target)];
  const entries = await entriesOf(source, options);
  const work = new TreeCopy(source, target, options);
  for (const entry of entries) if (entry.kind !== "file") work.make(entry);
  const files = entries.filter(({ kind }) => kind === "file");
  const items = files.filter((entry) => work.isNeeded(entry));
  const concurrency = options.concurrency ?? DEFAULT_CONCURRENCY;
  let bytesTransferred = 0;
  const pool = new WorkerPool({
    concurrency,
    items,
    work: (entry) => work.copy(entry),
    signal: options.signal,
  });
  for await (const bytes of pool) bytesTransferred += bytes;
  work.finishDirectories(entries);
  const removed = options.delete === true ? work.removeOthers(entries) : 0;
  return { files: files.length, filesCopied: items.length, bytesTransferred, removed };
}

/** Everything below the source. */
async function entriesOf(source: Location, options: CopyTreeOptions): Promise<TreeEntry[]> {
  if (source.origin === undefined) return [...listTree(source.filename)];
  const { token, stallTimeoutMs = 120_000, signal, caCerts } = options;
  using peer = new HttpPeer(source.origin, { token, stallTimeoutMs, signal, caCerts });
  const answer = await peer.request("GET", "/v2/tree", { path: source.filename });
  const text = new TextDecoder().decode(await peer.body(answer, "/v2/tree", TREE_SIZE_MAX));
  const lines = text.split("\n");
  if (lines.pop() !== ".") {
    throw failure("TRUNCATED", `Cannot list ${source.expression}: the answer is cut off`);
  }
  const reader = new EntryReader();
  return lines.map((line) => reader.read(line));
}

class TreeCopy {
  readonly #source: Location;
  readonly #target: Location;
  readonly #options: CopyTreeOptions;

  constructor(source: Location, target: Location, options: CopyTreeOptions) {
    this.#source = source;
    this.#target = target;
    this.#options = options;
    if (this.#isLocal && options.dryRun !== true) Deno.mkdirSync(target.filename, { recursive: true });
  }

  get #isLocal(): boolean {
    return this.#target.origin === undefined;
  }

  #path(entry: TreeEntry): string {
    return `${this.#target.filename}/${entry.path}`;
  }

  #stat(path: string): Deno.FileInfo | undefined {
    try {
      return Deno.lstatSync(path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw denoFailure(`look at ${path}`, error);
    }
  }

  /** Makes a directory or a link; what else has the name of a directory is an error, not written through. */
  make(entry: TreeEntry): void {
    if (!this.#isLocal || this.#options.dryRun === true) return;
    const path = this.#path(entry);
    const found = this.#stat(path);
    if (entry.kind === "dir") {
      if (found?.isDirectory) return;
      if (found !== undefined) {
        throw failure("IO", `Cannot make the directory ${path}: something else has that name`);
      }
      Deno.mkdirSync(path);
    } else {
      if (found?.isSymlink && Deno.readLinkSync(path) === entry.link) return;
      if (found?.isDirectory) throw failure("IO", `Cannot make the link ${path}: it is a directory`);
      if (found !== undefined) Deno.removeSync(path);
      Deno.symlinkSync(entry.link!, path);
    }
    this.#options.onEntry?.("make", entry.path);
  }

  /** Whether a file has to be compared. */
  isNeeded(entry: TreeEntry): boolean {
    if (!this.#isLocal || this.#options.checksum === true) return true;
    const found = this.#stat(this.#path(entry));
    return !(found?.isFile === true && found.size === entry.size && found.mtime?.getTime() === entry.mtimeMs);
  }

  /** Copies one file; returns the bytes of blocks that were copied. */
  async copy(entry: TreeEntry): Promise<number> {
    const { dryRun = false, times = true, permissions = true, onEntry } = this.#options;
    const at = (location: Location): Location => ({
      ...location,
      filename: `${location.filename}/${entry.path}`,
      expression: `${location.expression}/${entry.path}`,
      label: `${location.label}/${entry.path}`,
    });
    const path = this.#path(entry);
    if (this.#isLocal && !dryRun && this.#stat(path)?.isSymlink) Deno.removeSync(path);
    const { onEntry: _, checksum: _c, delete: _d, maxDelete: _m, times: _t, permissions: _p, ...options } =
      this.#options;
    // A server that has listed the source speaks protocol 2: no need to ask for each file.
    const protocol = options.protocol ?? (this.#source.origin === undefined ? undefined : 2);
    const [source, target] = [at(this.#source), at(this.#target)];
    const client = new PdiffClient({ ...options, protocol, concurrency: 1, source, target });
    const { bytesTransferred } = await client.synchronize().catch((error) => {
      if (error instanceof SluiceError) error.message += ` (${entry.path})`;
      throw error;
    });
    onEntry?.("copy", entry.path);
    if (this.#isLocal && !dryRun) {
      if (permissions && Deno.build.os !== "windows") Deno.chmodSync(path, entry.mode);
      if (times) Deno.utimeSync(path, new Date(entry.mtimeMs), new Date(entry.mtimeMs));
    }
    return bytesTransferred;
  }

  /** Permissions and times of directories come last: what is written below changes them. */
  finishDirectories(entries: readonly TreeEntry[]): void {
    const { dryRun, times = true, permissions = true } = this.#options;
    if (!this.#isLocal || dryRun === true) return;
    for (const entry of entries.toReversed()) {
      if (entry.kind !== "dir") continue;
      if (permissions && Deno.build.os !== "windows") Deno.chmodSync(this.#path(entry), entry.mode);
      if (times) Deno.utimeSync(this.#path(entry), new Date(entry.mtimeMs), new Date(entry.mtimeMs));
    }
  }

  /** Removes what the source does not have. */
  removeOthers(entries: readonly TreeEntry[]): number {
    if (!this.#isLocal) {
      throw failure("UNSUPPORTED", "Cannot remove from a server: it offers no such request");
    }
    if (this.#stat(this.#target.filename) === undefined) return 0;
    const wanted = new Set(entries.map(({ path }) => path));
    const others = [...listTree(this.#target.filename)].filter(({ path }) => !wanted.has(path)).reverse();
    const { maxDelete = Infinity, dryRun, onEntry } = this.#options;
    if (others.length > maxDelete) {
      throw failure("IO", `Cannot remove ${others.length} names: expected at most ${maxDelete}`);
    }
    for (const entry of others) {
      if (dryRun !== true) Deno.removeSync(this.#path(entry));
      onEntry?.("remove", entry.path);
    }
    return others.length;
  }
}
