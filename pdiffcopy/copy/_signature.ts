/**
 * The blocks of files that content may be copied from, signed for a search: by a weak sum that rolls and a digest.
 */
import { concatBytes } from "@sluice/internal";
import { NO_BLOCK, WEAK_SIZE } from "../kernel/rolling.ts";
import type { SignedBlocks } from "../kernel/rolling.ts";
import { digestsOf, newTable } from "../file/_block_file.ts";
import type { BlockFile, BlockRange } from "../file/_block_file.ts";
import { failure } from "../file/_errors.ts";
import type { HashSpec } from "../file/_hash_registry.ts";

const BLOCK_MIN = 4 << 10;
const BLOCK_MAX = 4 << 20;
/** Bytes that are signed at a time, so that a copy can be given up. */
const STRIDE = 256 << 20;
/** Bytes of a signature. */
export const SIGNATURE_SIZE_MAX = 256 << 20;

/** A power of two near twice the root of the size: then the signature and a changed block cost about the same. */
export function movedBlockSize(size: number): number {
  const exponent = Math.round(Math.log2(Math.max(1, Math.sqrt(size) * 2)));
  return Math.min(BLOCK_MAX, Math.max(BLOCK_MIN, 2 ** exponent));
}

/** How blocks are signed. */
export interface SigningPlan {
  readonly blockSize: number;
  readonly hash: HashSpec;
  readonly threads: number;
  readonly signal: AbortSignal | undefined;
}

/** The signed blocks of one file. */
export interface SignedFile {
  readonly entries: Uint8Array<ArrayBuffer>;
  /** Bytes of the last block where it is shorter than the others and signed too; else 0. */
  readonly tailSize: number;
}

/** Signs the first `size` bytes of a file; with `tail` the last block too, whatever its size. */
export async function signFile(
  file: BlockFile,
  size: number,
  tail: boolean,
  { blockSize, hash, threads, signal }: SigningPlan,
): Promise<SignedFile> {
  const entrySize = WEAK_SIZE + hash.digestSize;
  const count = Math.floor(size / blockSize);
  const tailSize = tail ? size - count * blockSize : 0;
  const entries = new Uint8Array((count + (tailSize > 0 ? 1 : 0)) * entrySize);
  if (entries.length > SIGNATURE_SIZE_MAX) {
    throw failure("UNSUPPORTED", `Cannot sign ${file.path}: it has too many blocks of ${blockSize} bytes`);
  }
  const step = Math.max(1, Math.floor(STRIDE / blockSize));
  for (let first = 0; first < count; first += step) {
    signal?.throwIfAborted();
    const target = entries.subarray(first * entrySize, Math.min(count, first + step) * entrySize);
    await file.signBlocks(first * blockSize, blockSize, hash, threads, target);
  }
  if (tailSize > 0) {
    const start = count * blockSize;
    const table = newTable(tailSize, blockSize, hash, start);
    await file.hash(start, size, table, 1);
    entries.set(digestsOf(table, start, size), count * entrySize + WEAK_SIZE);
  }
  return { entries, tailSize };
}

/** Whose blocks some are: the old file's, those of the file that is written, or a seed's. */
export interface Place extends BlockRange {
  readonly kind: "old" | "own" | "seed";
  /** The seed. */
  readonly file?: BlockFile;
}

/** The signed blocks of many files, one after the other. */
export class Signature {
  readonly blockSize: number;
  readonly hash: HashSpec;
  readonly #parts: Uint8Array<ArrayBuffer>[] = [];
  readonly #entrySize: number;
  #count = 0;
  #ownFirst: number = NO_BLOCK;
  #tail = { tailBlock: 0, tailSize: 0 };
  readonly places: Place[] = [];

  constructor({ blockSize, hash }: Pick<SigningPlan, "blockSize" | "hash">) {
    this.blockSize = blockSize;
    this.hash = hash;
    this.#entrySize = WEAK_SIZE + hash.digestSize;
  }

  /** Adds a file; the one that is written comes last. */
  add(kind: Place["kind"], { entries, tailSize }: SignedFile, file?: BlockFile): void {
    const added = entries.length / this.#entrySize;
    if (added === 0) return;
    if (this.#count > 0) {
      this.#parts.push(new Uint8Array(this.#entrySize)); // no run of blocks leads from one file into the next
      this.#count++;
    }
    const first = this.#count;
    this.#parts.push(entries);
    this.#count += added;
    if (kind === "own") this.#ownFirst = first;
    if (tailSize > 0) this.#tail = { tailBlock: this.#count - 1, tailSize };
    this.places.push({ kind, first, limit: this.#count, ...(file === undefined ? {} : { file }) });
  }

  /** A signature with another file after those of this one. */
  with(kind: Place["kind"], signed: SignedFile): Signature {
    const longer = new Signature(this);
    longer.#parts.push(...this.#parts);
    longer.#count = this.#count;
    longer.#tail = this.#tail;
    longer.places.push(...this.places);
    longer.add(kind, signed);
    return longer;
  }

  /** What a search is made with. */
  get blocks(): SignedBlocks & { readonly entries: Uint8Array<ArrayBuffer>; readonly hash: HashSpec } {
    const { blockSize, hash } = this;
    const entries = concatBytes([new Uint8Array(), ...this.#parts]);
    return { blockSize, hash, entries, ownFirst: this.#ownFirst, ...this.#tail };
  }
}
