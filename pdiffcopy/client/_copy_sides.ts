/**
 * Opens the two sides of a copy: local files, or files on servers by the protocol that each speaks.
 */
import { SluiceError } from "@sluice/internal";
import type { BlockDirectory, Table } from "../file/_block_file.ts";
import type { PdiffClientOptions } from "./client_options.ts";
import type { Part } from "../copy/_engine.ts";
import { withinOf } from "./_confined_location.ts";
import { failure } from "../file/_errors.ts";
import { followLink, makeFolder, openFolderOf, splitPath } from "../file/_files.ts";
import { PLAIN, ZstdFrames } from "../copy/_frame_codec.ts";
import type { FrameCodec } from "../copy/_frame_codec.ts";
import { HttpPeer } from "../wire/_http.ts";
import { LocalSource } from "../copy/_local_source.ts";
import type { PdiffLocation } from "../file/location.ts";
import { RemoteSourceV1, RemoteTargetV1 } from "../wire/_remote_v1.ts";
import type { OptionsV1 } from "../wire/_remote_v1.ts";
import type { RetryPolicy } from "../file/_retry.ts";
import { RemoteTarget } from "../wire/_remote_target.ts";
import { RemoteSource } from "../wire/_remote_v2.ts";
import { askRights } from "../wire/_rights.ts";
import type { CopySource, CopyTarget, SideStatus } from "../copy/_sides.ts";
import { LocalTarget } from "../copy/_target.ts";

/** More connections to a server of protocol 1 only wait there. */
const V1_CONNECTIONS = 4;
const STRIDE = 64 << 20;

function directoryName(label: string): Error {
  return failure("IO", `Cannot write ${label}: it is the name of a directory`);
}

/** A version as files have it; servers put it in quotes. */
function unquoted(version: string): string {
  return version.replace(/^"(.*)"$/s, "$1");
}

/** A local target as a side. */
class LocalSide implements CopyTarget {
  readonly label: string;
  readonly remote = false;
  readonly target: LocalTarget;
  readonly #directory: BlockDirectory;
  readonly #verifyWritten: boolean;

  constructor(label: string, target: LocalTarget, directory: BlockDirectory, verifyWritten: boolean) {
    this.#verifyWritten = verifyWritten;
    this.label = label;
    this.target = target;
    this.#directory = directory;
  }

  get resumed(): boolean {
    return this.target.resumed;
  }

  get isMixed(): boolean {
    return this.target.isMixed;
  }

  get hasLength(): boolean {
    return this.target.hasLength;
  }

  digests(start: number, end: number, table: Table): Promise<number> {
    return this.target.digests(start, end, table);
  }

  apply(
    next: number,
    end: number,
    table: Table,
    frames: Uint8Array,
  ): Promise<{ readonly next: number; readonly written: number }> {
    return this.target.apply(next, end, table, frames);
  }

  async commit(table: Table): Promise<void> {
    await this.target.commit(this.#verifyWritten ? table : undefined);
    this.#directory.close();
  }

  // deno-lint-ignore require-await
  async abort(reason: unknown): Promise<void> {
    this.target.abort(reason);
    this.#directory.close();
  }
}

/** Both sides, and their connections. */
export class CopySides implements Disposable {
  readonly #source: PdiffLocation;
  readonly #target: PdiffLocation;
  readonly #concurrency: number;
  readonly #options: PdiffClientOptions;
  readonly #peers = new Map<string, { readonly peer: HttpPeer; protocol: Promise<1 | 2> | undefined }>();
  readonly #codec: FrameCodec;

  readonly #retry: RetryPolicy;

  constructor(
    source: PdiffLocation,
    target: PdiffLocation,
    concurrency: number,
    options: PdiffClientOptions,
    retry: RetryPolicy,
  ) {
    this.#retry = retry;
    this.#source = source;
    this.#target = target;
    this.#concurrency = concurrency;
    this.#options = options;
    this.#codec = options.compressionLevel ? new ZstdFrames(options.compressionLevel) : PLAIN;
  }

  #peerOf(origin: string): { readonly peer: HttpPeer; protocol: Promise<1 | 2> | undefined } {
    let entry = this.#peers.get(origin);
    if (entry === undefined) {
      const { token, stallTimeoutMs = 120_000, signal, caCerts } = this.#options;
      entry = { peer: new HttpPeer(origin, { token, stallTimeoutMs, signal, caCerts }), protocol: undefined };
      this.#peers.set(origin, entry);
    }
    return entry;
  }

  /** The peer of an origin and its protocol, which is asked for once. */
  async connect(origin: string): Promise<{ readonly peer: HttpPeer; readonly protocol: 1 | 2 }> {
    const entry = this.#peerOf(origin);
    const { protocol } = this.#options;
    entry.protocol ??= protocol === undefined ? this.#detect(entry.peer) : Promise.resolve(protocol);
    return { peer: entry.peer, protocol: await entry.protocol };
  }

  async #detect(peer: HttpPeer): Promise<1 | 2> {
    try {
      const found = await peer.json("GET", "/v2/caps", {});
      return found.protocol === 2 ? 2 : 1;
    } catch (error) {
      const isOlder = error instanceof SluiceError &&
        ["NOT_FOUND", "PROTOCOL", "UNSUPPORTED"].includes(error.code);
      if (isOlder) return 1;
      throw error;
    }
  }

  /** The protocol of the copy: the lowest that takes part, 0 where no server does. */
  async protocol(): Promise<0 | 1 | 2> {
    const origins = [this.#source.origin, this.#target.origin].filter((origin) => origin !== undefined);
    const found = await Promise.all(origins.map(async (origin) => (await this.connect(origin)).protocol));
    return found.length === 0 ? 0 : found.includes(1) ? 1 : 2;
  }

  /** How many parts are copied at a time. */
  connections(protocol: number): number {
    return protocol === 1 ? Math.min(V1_CONNECTIONS, this.#concurrency) : this.#concurrency;
  }

  async #openToRead(location: PdiffLocation, allowDirty: boolean): Promise<CopySource> {
    if (location.origin === undefined) {
      const { filename } = location;
      return await LocalSource.open(filename, allowDirty, this.#concurrency, withinOf(location));
    }
    const { peer, protocol } = await this.connect(location.origin);
    return protocol === 1
      ? new RemoteSourceV1(peer, location.filename, this.#optionsV1)
      : new RemoteSource(peer, location.filename, this.#codec);
  }

  get #optionsV1(): OptionsV1 {
    const { rehash = true, signal } = this.#options;
    return { concurrency: this.#concurrency, verify: rehash, retry: this.#retry, signal };
  }

  /** The source. */
  openSource(): Promise<CopySource> {
    return this.#openToRead(this.#source, this.#options.allowDirty === true);
  }

  /** The target as something to compare with; undefined where there is none. */
  async openTargetToRead(): Promise<
    (Pick<SideStatus, "size" | "isDevice" | "version"> & { readonly side: CopySource }) | undefined
  > {
    let side: CopySource | undefined;
    try {
      side = await this.#openToRead(this.#target, true);
      const { size, isDevice, version } = await side.stat();
      return { side, size, isDevice, version };
    } catch (error) {
      side?.close();
      if (error instanceof SluiceError && error.code === "NOT_FOUND") return undefined;
      throw error;
    }
  }

  /** Whether the target is the source itself, by whatever name. */
  async isItself({ version }: SideStatus): Promise<boolean> {
    if (version === "") return false;
    const target = await this.openTargetToRead();
    target?.side.close();
    return target !== undefined && unquoted(target.version) === unquoted(version);
  }

  /** The target, to write; never for a dry run. */
  async openTarget({ size, mode }: SideStatus, table: Table): Promise<CopyTarget> {
    const { replace = "auto", dryRun } = this.#options;
    const location = this.#target;
    if (dryRun === true) throw failure("READ_ONLY", `Cannot write ${location.expression}: this is a dry run`);
    if (location.origin === undefined) return await this.#openLocalTarget(location, size, mode);
    if (location.filename.endsWith("/")) throw directoryName(location.expression);
    const { peer, protocol } = await this.connect(location.origin);
    if (protocol === 1) return await RemoteTargetV1.open(peer, location.filename, size, this.#optionsV1);
    const { verifyWritten } = this.#options;
    const plan = { size, replace, source: this.#source.expression, table, mode, verifyWritten };
    return await RemoteTarget.open(peer, location.filename, plan, this.#codec);
  }

  async #openLocalTarget(
    location: PdiffLocation,
    size: number,
    mode: number | undefined,
  ): Promise<CopyTarget> {
    const { replace = "auto", durable = true } = this.#options;
    const within = withinOf(location);
    const path = within === undefined ? followLink(location.filename) : location.filename;
    const { folder, name } = splitPath(path);
    if (name === "" || name === "." || name === "..") {
      throw directoryName(location.filename);
    }
    // Directories below the top of a tree are there, or they could not be made.
    makeFolder(within ?? folder);
    const { directory } = openFolderOf(path, within, true);
    try {
      const target = await LocalTarget.open(directory, name, {
        size,
        replace,
        source: this.#source.expression,
        durable,
        punch: true,
        threads: this.#concurrency,
        confined: within !== undefined,
        mode,
      });
      return new LocalSide(location.expression, target, directory, this.#options.verifyWritten === true);
    } catch (error) {
      directory.close();
      throw error;
    }
  }

  /** Between two local files: compared byte by byte, without digests. False where the sides are not both local. */
  async copyDirectly(
    source: CopySource,
    target: CopyTarget,
    { start, end }: Part,
    table: Table,
    onStep: (done: number, written: number) => void,
  ): Promise<boolean> {
    if (!(source instanceof LocalSource) || !(target instanceof LocalSide)) return false;
    for (let at = start; at < end; at += STRIDE) {
      this.#options.signal?.throwIfAborted();
      const stop = Math.min(end, at + STRIDE);
      const { written } = await target.target.copyFrom(source.file, at, stop);
      onStep(stop - at, written);
    }
    // Bytes were compared and copied without digests.
    if (this.#options.verifyWritten === true) await source.digests(start, end, table);
    return true;
  }

  /** What a server would refuse the copy with. */
  async askRights(): Promise<SluiceError | undefined> {
    for (const [{ origin, filename }, right] of [[this.#source, "read"], [this.#target, "write"]] as const) {
      if (origin === undefined) continue;
      const refusal = await askRights(this.#peerOf(origin).peer, filename, [right]);
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  }

  get wireBytesIn(): number {
    return [...this.#peers.values()].reduce((sum, { peer }) => sum + peer.bytesIn, 0);
  }

  get wireBytesOut(): number {
    return [...this.#peers.values()].reduce((sum, { peer }) => sum + peer.bytesOut, 0);
  }

  [Symbol.dispose](): void {
    for (const { peer } of this.#peers.values()) peer[Symbol.dispose]();
  }
}
