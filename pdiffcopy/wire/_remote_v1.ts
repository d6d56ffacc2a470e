/**
 * Files on a server that speaks protocol 1: the original program, or ours.
 */
import { hashOnce } from "../kernel/hash.ts";
import { failure } from "../file/_errors.ts";
import { digestsOf } from "../file/_block_file.ts";
import type { Table } from "../file/_block_file.ts";
import { isSameDigest } from "../file/_digest.ts";
import { FRAME, FRAME_HEADER_SIZE, makeRun, readFrame, readSafe, writeHeader } from "../file/_frames.ts";
import { FrameDigests } from "../copy/_frame_digests.ts";
import type { HttpPeer } from "./_http.ts";
import type { CopySource, CopyTarget, SideStatus } from "../copy/_sides.ts";
import type { RetryPolicy } from "../file/_retry.ts";
import { FileV1 } from "./_file_v1.ts";
import type { HashLines } from "./_v1_lines.ts";

/** How files of protocol 1 are used. */
export interface OptionsV1 {
  readonly concurrency: number;
  /** Whether digests are asked for after writing, where none were before. */
  readonly verify: boolean;
  readonly retry: RetryPolicy;
  readonly signal: AbortSignal | undefined;
}

/** A remote file as the source. */
export class RemoteSourceV1 implements CopySource {
  readonly label: string;
  readonly remote = true;
  readonly lookahead = 0;
  readonly #file: FileV1;
  readonly #concurrency: number;
  readonly #verify: boolean;
  #size = 0;
  #hashes: Promise<HashLines> | undefined;
  /** Whether a block came that no digest was announced for. */
  #isUnverified = false;

  constructor(peer: HttpPeer, path: string, options: OptionsV1) {
    this.label = `${peer.origin}${path}`;
    this.#file = new FileV1(peer, path, options.retry, options.signal);
    this.#concurrency = options.concurrency;
    this.#verify = options.verify;
  }

  async stat(): Promise<SideStatus> {
    const size = await this.#file.size();
    if (size === undefined) {
      throw failure(
        "NOT_FOUND",
        `Cannot copy ${this.label}: there is no such file, or the server is not one of pdiffcopy`,
      );
    }
    // A pipe and a file of /proc say 0 too.
    if (size === 0 && (await this.#file.readBlock(0, 1, 0)).length > 0) {
      throw failure("UNSUPPORTED", `Cannot copy ${this.label}: the server does not say how long it is`);
    }
    this.#size = size;
    this.#hashes = undefined;
    this.#isUnverified = false;
    return { size, version: "", mtimeNs: undefined, mode: undefined, isDevice: false };
  }

  #lines(table: Table): Promise<HashLines> {
    return this.#hashes ??= this.#file.hashes(this.#size, table, this.#concurrency);
  }

  async digests(start: number, end: number, table: Table): Promise<void> {
    const lines = await this.#lines(table);
    digestsOf(table, start, end).set(digestsOf(lines.table, start, end));
  }

  async *frames(
    start: number,
    end: number,
    knownEnd: number,
    table: Table,
  ): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
    const lines = knownEnd > start ? await this.#lines(table) : undefined;
    let same = start;
    for (let at = start; at < end; at += table.blockSize) {
      const stop = Math.min(end, at + table.blockSize);
      const announced = lines?.has(at) ? digestsOf(lines.table, at, stop) : undefined;
      if (announced !== undefined && at < knownEnd && isSameDigest(announced, digestsOf(table, at, stop))) {
        continue;
      }
      if (at > same) yield makeRun(FRAME.SAME, same, at - same);
      yield await this.#block(at, stop, announced, table);
      same = stop;
    }
    if (end > same) yield makeRun(FRAME.SAME, same, end - same);
    if (end === this.#size && await this.#file.size() !== this.#size) {
      throw failure("SOURCE_CHANGED", `Cannot copy ${this.label}: its size changed during the copy`);
    }
  }

  async #block(
    start: number,
    end: number,
    announced: Uint8Array | undefined,
    { hash }: Table,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const block = await this.#file.readBlock(start, end - start);
    const digest = hashOnce(block, hash, undefined);
    if (announced === undefined) this.#isUnverified = true;
    if (announced !== undefined && !isSameDigest(announced, digest)) {
      throw failure(
        "SOURCE_CHANGED",
        `Cannot copy ${this.label}: the block at byte ${start} is not what was announced`,
        {
          offset: start,
        },
      );
    }
    const frame = new Uint8Array(FRAME_HEADER_SIZE + digest.length + block.length);
    writeHeader(frame, 0, FRAME.DATA, digest.length + block.length, start);
    frame.set(digest, FRAME_HEADER_SIZE);
    frame.set(block, FRAME_HEADER_SIZE + digest.length);
    return frame;
  }

  async finish(table: Table): Promise<void> {
    if (!this.#isUnverified || !this.#verify) return;
    const lines = await this.#file.hashes(this.#size, table, this.#concurrency);
    // A block that the server says nothing of is read again.
    for (let at = 0; at < this.#size; at += table.blockSize) {
      if (lines.has(at)) continue;
      const length = Math.min(table.blockSize, this.#size - at);
      lines.set(at, hashOnce(await this.#file.readBlock(at, length), table.hash, undefined));
    }
    checkLines(lines, this.#size, table, this.label);
  }

  close(): void {}
}

/** Fails unless the digests of a server are those of the table. */
function checkLines(lines: HashLines, size: number, table: Table, label: string): void {
  for (let at = 0; at < size; at += table.blockSize) {
    const stop = Math.min(size, at + table.blockSize);
    if (lines.has(at) && isSameDigest(digestsOf(lines.table, at, stop), digestsOf(table, at, stop))) continue;
    throw failure(
      "VERIFY_FAILED",
      `Cannot verify ${label}: the block at byte ${at} is not the one that travelled`,
      {
        offset: at,
      },
    );
  }
}

/** A remote file as the target. The protocol has no end of a copy: the file is changed in place, block by block. */
export class RemoteTargetV1 implements CopyTarget {
  readonly label: string;
  readonly remote = true;
  readonly resumed = false;
  isMixed = false;
  readonly hasLength: boolean;
  readonly #file: FileV1;
  readonly #size: number;
  readonly #found: number | undefined;
  readonly #concurrency: number;
  readonly #verify: boolean;
  #hashes: Promise<HashLines> | undefined;
  #resized: Promise<void> | undefined;

  private constructor(
    file: FileV1,
    size: number,
    found: number | undefined,
    concurrency: number,
    verify: boolean,
  ) {
    this.label = `${file.peer.origin}${file.path}`;
    this.#file = file;
    this.#size = size;
    this.#found = found;
    this.hasLength = found === size;
    this.#concurrency = concurrency;
    this.#verify = verify;
  }

  /** Looks at what is there; nothing is changed yet. */
  static async open(
    peer: HttpPeer,
    path: string,
    size: number,
    options: OptionsV1,
  ): Promise<RemoteTargetV1> {
    const file = new FileV1(peer, path, options.retry, options.signal);
    return new RemoteTargetV1(file, size, await file.size(), options.concurrency, options.verify);
  }

  async digests(start: number, end: number, table: Table): Promise<number> {
    const found = this.#found ?? 0;
    const whole = found >= this.#size ? this.#size : Math.floor(found / table.blockSize) * table.blockSize;
    // A longer file's last block is hashed with its own length, so that it counts as different.
    const knownEnd = Math.max(start, Math.min(end, whole));
    if (knownEnd === start) return start;
    const lines = await (this.#hashes ??= this.#file.hashes(found, table, this.#concurrency));
    digestsOf(table, start, knownEnd).set(digestsOf(lines.table, start, knownEnd));
    return knownEnd;
  }

  /** Before the first write, and where there is nothing to write at the end: the file as long as it has to be. */
  #resize(): Promise<void> {
    this.isMixed = true;
    return this.#resized ??= this.#found === this.#size
      ? Promise.resolve()
      : this.#file.post("/resize", { size: this.#size });
  }

  async apply(
    next: number,
    end: number,
    table: Table,
    frames: Uint8Array<ArrayBuffer>,
  ): Promise<{ next: number; written: number }> {
    for (let pos = 0; pos + FRAME_HEADER_SIZE <= frames.length;) {
      const frame = readFrame(frames, pos);
      pos = frame.end;
      if (frame.type === FRAME.SAME) continue;
      await this.#resize();
      if (frame.type === FRAME.DATA) {
        const block = frame.payload.slice(table.hash.digestSize);
        await this.#file.post("/blocks", { offset: frame.position }, block);
        continue;
      }
      const stop = frame.position + readSafe(frame.payload, 0);
      for (let at = frame.position; at < stop; at += table.blockSize) {
        const zeros = new Uint8Array(Math.min(table.blockSize, stop - at));
        await this.#file.post("/blocks", { offset: at }, zeros);
      }
    }
    return new FrameDigests(table).collect(frames, next, end);
  }

  async commit(table: Table): Promise<void> {
    if (this.#found !== this.#size) await this.#resize();
    if (!this.isMixed || !this.#verify) return;
    const lines = await this.#file.hashes(this.#size, table, this.#concurrency);
    checkLines(lines, this.#size, table, this.label);
    this.isMixed = false;
  }

  abort(): Promise<void> {
    return Promise.resolve();
  }
}
