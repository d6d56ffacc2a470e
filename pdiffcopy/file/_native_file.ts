/**
 * Native files as `BlockFile`.
 */
import { ACTION, NativeFile, OPEN, RESULT, succeeded } from "../kernel/file.ts";
import type { FileAnswer, FileStatus } from "../kernel/file.ts";
import { readAttributes, setFacts, writeAttributes } from "../kernel/names.ts";
import { composeFile, searchFile, signFile } from "../kernel/rolling_file.ts";
import { failure, systemFailure } from "./_errors.ts";
import type {
  Applied,
  BlockFile,
  BlockIndexKernel,
  Compared,
  Composing,
  FoundBlocks,
  NewFacts,
  OpenOptions,
  SearchRange,
  SeedBlocks,
  Table,
} from "./_block_file.ts";
import type { HashSpec } from "./_hash_registry.ts";
import { mismatch, misplaced } from "./_portable_composition.ts";

/** Clones are an optimization: only what would end a plain copy too ends the copy. EIO, ENOSPC, EROFS, EDQUOT. */
const FATAL_FOR_CLONES: ReadonlySet<number> = new Set([5, 28, 30, 122]);
const WOULD_BLOCK = 11;

/** The answer of a call that did what it was to do. */
export function checked(answer: FileAnswer, action: string, offset?: number): FileAnswer {
  if (succeeded(answer)) return answer;
  if (answer.result === RESULT.SYSTEM_CALL_FAILED) throw systemFailure(action, answer.errno, offset);
  throw new RangeError(`Cannot ${action}: the arguments make no sense`);
}

function flagsOf(options: OpenOptions): number {
  return (options.write ? OPEN.WRITE : 0) | (options.create ? OPEN.CREATE : 0) |
    (options.exclusive ? OPEN.EXCLUSIVE : 0) | (options.noFollow ? OPEN.NO_FOLLOW : 0) |
    (options.beneath ? OPEN.BENEATH : 0);
}

class NativeBlockFile implements BlockFile {
  readonly path: string;
  readonly file: NativeFile;
  #sparse: boolean;

  constructor(path: string, file: NativeFile) {
    this.path = path;
    this.file = file;
    const { size, allocated } = this.status();
    this.#sparse = allocated < size;
  }

  status(): FileStatus {
    const status = this.file.status();
    if (typeof status === "number") throw systemFailure(`look at ${this.path}`, status);
    return status;
  }

  async read(offset: number, target: Uint8Array<ArrayBuffer>): Promise<number> {
    return checked(await this.file.read(offset, target), `read ${this.path}`, offset).produced;
  }

  async write(offset: number, bytes: Uint8Array): Promise<void> {
    checked(await this.file.write(offset, bytes), `write ${this.path}`, offset);
  }

  async resize(size: number): Promise<void> {
    checked(await this.file.act(ACTION.RESIZE, size), `resize ${this.path} to ${size} bytes`);
    this.#sparse = true; // what was added is a hole
  }

  async sync(): Promise<void> {
    checked(await this.file.act(ACTION.SYNC_DATA), `write ${this.path} to disk`);
  }

  async dropCache(): Promise<void> {
    checked(await this.file.act(ACTION.DROP_CACHE), `read ${this.path} from the disk again`);
  }

  async lock(): Promise<boolean> {
    const answer = await this.file.act(ACTION.LOCK);
    if (answer.errno === WOULD_BLOCK && !succeeded(answer)) return false;
    checked(answer, `lock ${this.path}`);
    return true;
  }

  async hash(start: number, end: number, table: Table, threads: number): Promise<void> {
    checked(await this.file.hash(start, end, this.#sparse, threads, table), `read ${this.path}`, start);
  }

  async compare(
    start: number,
    end: number,
    knownEnd: number,
    table: Table,
    target: Uint8Array<ArrayBuffer>,
  ): Promise<Compared> {
    const answer = await this.file.compare(start, end, knownEnd, this.#sparse, table, target);
    const { value, produced } = checked(answer, `read ${this.path}`, start);
    return { next: value, produced };
  }

  async apply(
    next: number,
    end: number,
    punch: boolean,
    table: Table,
    frames: Uint8Array,
  ): Promise<Applied> {
    const answer = await this.file.apply(next, end, punch, table, frames, 0, frames.length);
    const { result, value, consumed, other } = answer;
    if (result === RESULT.CORRUPT) {
      throw failure("PROTOCOL", `Cannot take a frame at byte ${value} of ${this.path}: it does not fit`, {
        offset: value,
      });
    }
    if (result === RESULT.CHECKSUM_MISMATCH) {
      throw failure(
        "VERIFY_FAILED",
        `Cannot write the block at byte ${value} of ${this.path}: it does not match its digest`,
        { offset: value },
      );
    }
    checked(answer, `write ${this.path}`, value);
    return { consumed, next: value, written: other };
  }

  async signBlocks(
    start: number,
    blockSize: number,
    hash: HashSpec,
    threads: number,
    target: Uint8Array<ArrayBuffer>,
  ): Promise<void> {
    const answer = await signFile(this.file, start, blockSize, hash, this.#sparse, threads, target);
    checked(answer, `read ${this.path}`, start);
  }

  async searchBlocks(
    index: BlockIndexKernel,
    range: SearchRange,
    expected: number,
    target: Uint8Array<ArrayBuffer>,
  ): Promise<FoundBlocks> {
    const answer = await searchFile(this.file, index, range, expected, this.#sparse, target);
    const { value, produced, hint } = checked(answer, `read ${this.path}`, range.start);
    return { next: value, produced, expected: hint };
  }

  async composeBlocks(
    seed: SeedBlocks | undefined,
    { blockSize, hash, chain }: Composing,
    range: { readonly next: number; readonly end: number },
    frames: Uint8Array,
    pos: number,
  ): Promise<Applied> {
    const source = seed?.file as NativeBlockFile | undefined;
    const blocks = seed ?? { first: 0, limit: 0 };
    const answer = await composeFile(
      this.file,
      source?.file,
      blocks,
      chain,
      blockSize,
      hash,
      range,
      frames,
      pos,
    );
    const { result, value, consumed, other, errno } = answer;
    if (result === RESULT.CORRUPT) throw misplaced(this.path, value);
    if (result === RESULT.CHECKSUM_MISMATCH) throw mismatch(this.path, value);
    if (result === RESULT.SYSTEM_CALL_FAILED && errno === 0) throw mismatch(this.path, value);
    checked(answer, `write ${this.path}`, value);
    return { consumed, next: value, written: other };
  }

  async copyTo(
    target: NativeBlockFile,
    start: number,
    end: number,
    blockSize: number,
    threads: number,
  ): Promise<{ written: number; differing: number }> {
    const answer = await this.file.copyTo(target.file, start, end, blockSize, this.#sparse, threads);
    checked(answer, `copy ${this.path} to ${target.path}`, start);
    return { written: answer.value, differing: answer.errno };
  }

  async cloneTo(target: NativeBlockFile): Promise<boolean> {
    const answer = await this.file.cloneTo(target.file);
    if (!succeeded(answer) && !FATAL_FOR_CLONES.has(answer.errno)) return false;
    checked(answer, `clone ${this.path}`);
    return true;
  }

  setFacts(facts: NewFacts): void {
    checked(setFacts(this.file, "", facts), `set the attributes of ${this.path}`);
  }

  attributes(): Uint8Array<ArrayBuffer> {
    const found = readAttributes(this.file);
    if (found instanceof Uint8Array) return found;
    checked(found, `read the extended attributes of ${this.path}`);
    return new Uint8Array();
  }

  setAttributes(attributes: Uint8Array): number {
    return checked(writeAttributes(this.file, attributes), `set the extended attributes of ${this.path}`)
      .hint;
  }

  close(): void {
    this.file.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Opens a file, from a directory or from the current one. */
export function openNativeFile(
  directory: NativeFile | undefined,
  name: string,
  options: OpenOptions,
  path = name,
): BlockFile {
  const file = NativeFile.open(directory, name, flagsOf(options), options.mode ?? 0o666);
  if (typeof file === "number") throw systemFailure(`open ${path}`, file);
  try {
    return new NativeBlockFile(path, file);
  } catch (error) {
    file.close();
    throw error;
  }
}
