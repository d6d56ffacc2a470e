/**
 * Deno's own files as `BlockFile`: for systems, permissions and backends without native ones. Hashing runs in
 * memory, block by block.
 */
import { hashBlocksInto, hashOnce } from "../kernel/hash.ts";
import { countWork, isTurnDue, nextTurn } from "@sluice/internal";
import { digestsOf } from "./_block_file.ts";
import type {
  Applied,
  BlockFile,
  BlockIndexKernel,
  Compared,
  Composing,
  FileStatus,
  FoundBlocks,
  NewFacts,
  OpenOptions,
  SearchRange,
  SeedBlocks,
  Table,
} from "./_block_file.ts";
import { confined } from "./_confinement.ts";
import { denoFailure, failure } from "./_errors.ts";
import { FrameWriter } from "./_frame_writer.ts";
import { FRAME, FRAME_HEADER_SIZE, readFrame, readSafe } from "./_frames.ts";
import type { HashSpec } from "./_hash_registry.ts";
import { PortableComposition } from "./_portable_composition.ts";
import { signBytes, WEAK_SIZE } from "../kernel/rolling.ts";

const BATCH_SIZE = 4 << 20;
const PAGE_SIZE = 4096;
/** Bytes that one search takes, where four blocks are not more. */
const WINDOW_SIZE = 512 << 10;

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function isZero(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if (bytes[i] !== 0) return false;
  return true;
}

class PortableFile implements BlockFile {
  readonly path: string;
  readonly #file: Deno.FsFile;
  readonly #writable: boolean;
  #open = true;

  constructor(path: string, file: Deno.FsFile, writable: boolean) {
    this.path = path;
    this.#file = file;
    this.#writable = writable;
  }

  status(): FileStatus {
    const info = this.#try("look at", () => this.#file.statSync());
    const times = [info.mtime, info.ctime].map((time) => (time?.getTime() ?? 0).toString(16));
    const identity = `${info.dev.toString(16)}-${(info.ino ?? 0).toString(16)}`;
    return {
      size: info.size,
      identity,
      version: `${identity}-${info.size.toString(16)}-${times.join("-")}`,
      mtimeNs: BigInt(info.mtime?.getTime() ?? 0) * 1_000_000n,
      mode: info.mode ?? (info.isDirectory ? 0o040755 : 0o100644),
      links: info.nlink ?? 1,
      uid: info.uid ?? 0,
      gid: info.gid ?? 0,
      allocated: info.blocks === null ? info.size : info.blocks * 512,
    };
  }

  #try<T>(action: string, work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw denoFailure(`${action} ${this.path}`, error);
    }
  }

  /** The position and the read after it happen in one turn: a file has one cursor. */
  #readSync(offset: number, target: Uint8Array): number {
    try {
      this.#file.seekSync(offset, Deno.SeekMode.Start);
      let filled = 0;
      while (filled < target.length) {
        const count = this.#file.readSync(target.subarray(filled));
        if (count === null || count === 0) break;
        filled += count;
      }
      return filled;
    } catch (error) {
      throw denoFailure(`read ${this.path}`, error);
    }
  }

  #readAll(offset: number, target: Uint8Array): void {
    if (this.#readSync(offset, target) === target.length) return;
    throw failure("SOURCE_CHANGED", `Cannot read ${this.path}: it has become shorter`, { offset });
  }

  // deno-lint-ignore require-await
  async read(offset: number, target: Uint8Array<ArrayBuffer>): Promise<number> {
    return this.#readSync(offset, target);
  }

  // deno-lint-ignore require-await
  async write(offset: number, bytes: Uint8Array): Promise<void> {
    try {
      this.#file.seekSync(offset, Deno.SeekMode.Start);
      for (let done = 0; done < bytes.length;) done += this.#file.writeSync(bytes.subarray(done));
    } catch (error) {
      throw denoFailure(`write ${this.path}`, error);
    }
  }

  async resize(size: number): Promise<void> {
    await this.#file.truncate(size).catch((error) => {
      throw denoFailure(`resize ${this.path} to ${size} bytes`, error);
    });
  }

  async sync(): Promise<void> {
    if (!this.#writable) return;
    await this.#file.syncData().catch((error) => {
      throw denoFailure(`write ${this.path} to disk`, error);
    });
  }

  dropCache(): Promise<void> {
    return Promise.resolve(); // Deno has no such call
  }

  // deno-lint-ignore require-await
  async lock(): Promise<boolean> {
    return this.#try("lock", () => this.#file.tryLockSync(true));
  }

  async hash(start: number, end: number, table: Table, threads: number): Promise<void> {
    const { blockSize, hash } = table;
    const step = Math.max(1, Math.floor(BATCH_SIZE / blockSize)) * blockSize;
    const buffer = new Uint8Array(Math.min(step, end - start));
    for (let at = start; at < end; at += step) {
      const stop = Math.min(end, at + step);
      const bytes = buffer.subarray(0, stop - at);
      this.#readAll(at, bytes);
      await hashBlocksInto(bytes, blockSize, hash, threads, digestsOf(table, at, stop), undefined);
    }
  }

  async compare(
    start: number,
    end: number,
    knownEnd: number,
    table: Table,
    target: Uint8Array<ArrayBuffer>,
  ): Promise<Compared> {
    const { blockSize, hash } = table;
    const writer = new FrameWriter(target);
    const buffer = new Uint8Array(Math.min(blockSize, end - start));
    const digest = new Uint8Array(hash.digestSize);
    let at = start;
    while (at < end) {
      const stop = Math.min(end, at + blockSize);
      const block = buffer.subarray(0, stop - at);
      if (!writer.hasRoom(digest.length + block.length)) break;
      this.#readAll(at, block);
      await hashBlocksInto(block, blockSize, hash, 1, digest, undefined);
      const known = digestsOf(table, at, stop);
      if (at < knownEnd && isEqual(digest, known)) writer.run(FRAME.SAME, at, stop);
      else if (isZero(block)) writer.run(FRAME.ZERO, at, stop);
      else writer.data(at, digest, block);
      known.set(digest);
      at = stop;
    }
    writer.flush();
    if (at === start && end > start) {
      throw new RangeError("Cannot compare blocks: the target has too little room");
    }
    return { next: at, produced: writer.produced };
  }

  async apply(
    next: number,
    end: number,
    _punch: boolean,
    table: Table,
    frames: Uint8Array,
  ): Promise<Applied> {
    const { blockSize, hash, base } = table;
    const tableEnd = base + table.digests.length * 4 / hash.digestSize * blockSize;
    let at = next;
    let pos = 0;
    let written = 0;
    const misfit = (): Error =>
      failure("PROTOCOL", `Cannot take a frame at byte ${at} of ${this.path}: it does not fit`, {
        offset: at,
      });
    while (frames.length - pos >= FRAME_HEADER_SIZE) {
      const frame = readFrame(frames, pos);
      if (![FRAME.DATA, FRAME.ZERO, FRAME.HOLE, FRAME.SAME].some((type) => type === frame.type)) break;
      if (frame.position !== at || frame.end - pos > FRAME_HEADER_SIZE + blockSize + 64) throw misfit();
      if (frame.end > frames.length) break;
      if (frame.type === FRAME.DATA) {
        const stop = Math.min(end, at + blockSize);
        if (at >= end || stop > tableEnd || frame.payload.length !== hash.digestSize + stop - at) {
          throw misfit();
        }
        const digest = frame.payload.subarray(0, hash.digestSize);
        const block = frame.payload.subarray(hash.digestSize);
        if (!isEqual(digest, hashOnce(block, hash, undefined))) {
          throw failure(
            "VERIFY_FAILED",
            `Cannot write the block at byte ${at} of ${this.path}: it does not match its digest`,
            { offset: at },
          );
        }
        await this.#writeSparse(at, block);
        digestsOf(table, at, stop).set(digest);
        written += block.length;
        at = stop;
      } else {
        const length = frame.payload.length === 8 ? readSafe(frame.payload, 0) : NaN;
        const stop = at + length;
        const fits = length > 0 && stop <= end && stop - length < tableEnd &&
          (stop === end || (stop - base) % blockSize === 0);
        if (!fits || stop > Math.max(tableEnd, base)) throw misfit();
        if (frame.type !== FRAME.SAME) {
          await this.#writeZeros(at, stop, table);
          written += length;
        }
        at = stop;
      }
      pos = frame.end;
    }
    return { consumed: pos, next: at, written };
  }

  /** Writes everything but zeros past the end of the file, which are a hole when it gets its size. */
  async #writeSparse(offset: number, bytes: Uint8Array): Promise<void> {
    let end = bytes.length;
    if (offset + end > this.status().size) {
      while (end > 0 && isZero(bytes.subarray(Math.max(0, end - PAGE_SIZE), end))) {
        end = Math.max(0, end - PAGE_SIZE);
      }
      end = Math.max(end, Math.min(bytes.length, this.status().size - offset));
    }
    await this.write(offset, bytes.subarray(0, end));
  }

  async #writeZeros(start: number, end: number, table: Table): Promise<void> {
    const { blockSize, hash } = table;
    const zeros = new Uint8Array(Math.min(blockSize, end - start));
    const digest = hashOnce(zeros, hash, undefined);
    for (let at = start; at < end; at += blockSize) {
      const stop = Math.min(end, at + blockSize);
      const part = zeros.subarray(0, stop - at);
      await this.#writeSparse(at, part);
      digestsOf(table, at, stop).set(part.length === zeros.length ? digest : hashOnce(part, hash, undefined));
    }
  }

  async signBlocks(
    start: number,
    blockSize: number,
    hash: HashSpec,
    _threads: number,
    target: Uint8Array<ArrayBuffer>,
  ): Promise<void> {
    const entrySize = WEAK_SIZE + hash.digestSize;
    const count = target.length / entrySize;
    const batch = Math.max(1, Math.floor(BATCH_SIZE / blockSize));
    const buffer = new Uint8Array(Math.min(batch, count) * blockSize);
    for (let first = 0; first < count; first += batch) {
      const last = Math.min(count, first + batch);
      const bytes = buffer.subarray(0, (last - first) * blockSize);
      this.#readAll(start + first * blockSize, bytes);
      await signBytes(bytes, blockSize, hash, target.subarray(first * entrySize, last * entrySize));
    }
  }

  async searchBlocks(
    index: BlockIndexKernel,
    { start, end }: SearchRange,
    expected: number,
    target: Uint8Array<ArrayBuffer>,
  ): Promise<FoundBlocks> {
    const size = Math.min(Math.max(WINDOW_SIZE, 4 * index.blockSize), end - start);
    const bytes = new Uint8Array(size);
    this.#readAll(start, bytes);
    const found = await index.search(bytes, start, start + size === end, expected, target);
    return { next: start + found.consumed, produced: found.produced, expected: found.expected };
  }

  composeBlocks(
    seed: SeedBlocks | undefined,
    composing: Composing,
    { next, end }: { readonly next: number; readonly end: number },
    frames: Uint8Array,
    pos: number,
  ): Promise<Applied> {
    const write = (offset: number, bytes: Uint8Array): Promise<void> => this.#writeSparse(offset, bytes);
    return new PortableComposition(this, seed, composing, write).run(frames, pos, next, end);
  }

  async copyTo(
    target: BlockFile,
    start: number,
    end: number,
    blockSize: number,
  ): Promise<{ written: number; differing: number }> {
    const ours = new Uint8Array(Math.min(blockSize, end - start));
    const theirs = new Uint8Array(ours.length);
    let written = 0;
    let differing = 0;
    for (let at = start; at < end; at += blockSize) {
      if (isTurnDue()) await nextTurn();
      const started = performance.now();
      const size = Math.min(blockSize, end - at);
      const block = ours.subarray(0, size);
      this.#readAll(at, block);
      const count = await target.read(at, theirs.subarray(0, size));
      const isSame = count === size && isEqual(block, theirs.subarray(0, size));
      countWork(started);
      if (isSame) continue;
      await (target as PortableFile).#writeSparse(at, block);
      written += size;
      differing++;
    }
    return { written, differing };
  }

  cloneTo(): Promise<boolean> {
    return Promise.resolve(false);
  }

  setFacts(facts: NewFacts): void {
    setPortableFacts(this.path, facts);
  }

  attributes(): undefined {
    return undefined;
  }

  setAttributes(): number {
    return 0;
  }

  close(): void {
    if (this.#open) this.#file.close();
    this.#open = false;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Sets facts of a path by Deno's own calls. */
export function setPortableFacts(path: string, { mode, owner, mtimeNs }: NewFacts): void {
  try {
    if (owner !== undefined && Deno.build.os !== "windows") Deno.chownSync(path, owner.uid, owner.gid);
    if (mode !== undefined && Deno.build.os !== "windows") Deno.chmodSync(path, mode & 0o7777);
    if (mtimeNs === undefined) return;
    const time = new Date(Number(mtimeNs / 1_000_000n));
    Deno.utimeSync(path, time, time);
  } catch (error) {
    throw denoFailure(`set the attributes of ${path}`, error);
  }
}

/** Opens a file; with a root its path may not lead out of that. */
export function openPortableFile(path: string, options: OpenOptions, root?: string): BlockFile {
  try {
    const { write = false, create = false, exclusive = false } = options;
    const target = root === undefined ? path : confined(path, root);
    if (!exclusive && isPipe(target)) throw failure("IO", `Cannot open ${path}: it is a pipe`);
    if (options.noFollow === true && isLink(target)) throw new Deno.errors.PermissionDenied("os error 40");
    const file = Deno.openSync(target, {
      read: true,
      write,
      create: create && !exclusive,
      createNew: exclusive,
      ...(create ? { mode: options.mode ?? 0o666 } : {}),
    });
    return new PortableFile(path, file, write);
  } catch (error) {
    throw denoFailure(`open ${path}`, error);
  }
}

/** Whether a name is that of a pipe: opening one waits for its other end, and nothing could end that. */
function isPipe(path: string): boolean {
  try {
    return Deno.statSync(path).isFifo === true;
  } catch {
    return false; // opening it says why
  }
}

function isLink(path: string): boolean {
  try {
    return Deno.lstatSync(path).isSymlink;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
