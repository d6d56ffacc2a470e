/**
 * Indexes: what a file on a plain web server is made of, so that clients fetch only what they lack.
 *
 * @module
 */
import { checkArgument, checkChoice, checkInteger, checkKeys, openByteSource } from "@sluice/internal";
import type { ByteSourceLike } from "@sluice/internal";
import { PDIFF_CONCURRENCY } from "../file/constants.ts";
import { blockIndex, chunkIndex } from "./_index_builder.ts";
import { readIndex } from "./_index_format.ts";
import { keepModel } from "./_index_models.ts";
import type { IndexModel } from "./_index_format.ts";

/** How an index is made. */
export interface BuildPdiffIndexOptions {
  /**
   * Whether blocks have one size, or chunks follow the content, which finds content again that has moved.
   *
   * @default {"blocks"}
   */
  readonly kind?: "blocks" | "chunks" | undefined;
  /** Bytes of a block, or of the average chunk: a power of two, from 4 KiB to 16 MiB. @default {65536} */
  readonly blockSize?: number | undefined;
  /** Threads that hash, where the backend has them. @default {PDIFF_CONCURRENCY} */
  readonly threads?: number | undefined;
  /** Gives it up. */
  readonly signal?: AbortSignal | undefined;
}

const BUILD_OPTIONS: ReadonlySet<string> = new Set(["kind", "blockSize", "threads", "signal"]);
const BLOCK_DEFAULT = 64 << 10;
const BLOCK_MIN = 4 << 10;
const BLOCK_MAX = 16 << 20;

/**
 * Makes the index of a file: BLAKE3 of every block, 32 bytes each, and a checksum over all. Reads the file once.
 *
 * @throws {RangeError} If the block size is no power of two in its bounds.
 *
 * @example An index and what it says
 * ```ts
 * import { buildPdiffIndex, PdiffIndex } from "@sluice/pdiffcopy";
 * import { byteSourceFromBytes } from "@sluice/pdiffcopy";
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = await buildPdiffIndex(byteSourceFromBytes(new Uint8Array(300_000)));
 * const index = PdiffIndex.parse(bytes);
 * assertEquals([index.size, index.count, index.format], [300_000, 5, "pdx"]);
 * ```
 */
export async function buildPdiffIndex(
  source: ByteSourceLike,
  options: BuildPdiffIndexOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  checkKeys(options, BUILD_OPTIONS);
  checkChoice("kind", options.kind ?? "blocks", ["blocks", "chunks"]);
  const { kind = "blocks", blockSize = BLOCK_DEFAULT, threads = PDIFF_CONCURRENCY, signal } = options;
  checkInteger("blockSize", blockSize, BLOCK_MIN, BLOCK_MAX);
  checkInteger("threads", threads, 1, 1024);
  if ((blockSize & (blockSize - 1)) !== 0) {
    throw new RangeError(`Cannot use option "blockSize": it is ${blockSize}, expected a power of two`);
  }
  const build = kind === "chunks" ? chunkIndex : blockIndex;
  return await build(await openByteSource(source, { signal }), blockSize, threads, signal);
}

/**
 * A file as its index describes it: ours, a control file of zsync, or an index of casync.
 *
 * @example Bytes that are no index
 * ```ts
 * import { PdiffIndex, SluiceError } from "@sluice/pdiffcopy";
 * import { assertThrows } from "@std/assert";
 *
 * assertThrows(() => PdiffIndex.parse(new Uint8Array(200)), SluiceError, "Cannot read the index");
 * ```
 */
export class PdiffIndex {
  readonly #model: IndexModel;

  private constructor(model: IndexModel) {
    this.#model = model;
    keepModel(this, model);
  }

  /**
   * Reads an index of any of the three kinds.
   *
   * @throws {CorruptDataError} If it is none, is cut off, or its numbers do not fit.
   * @throws {UnsupportedFeatureError} If it is of a compressed file.
   */
  static parse(bytes: Uint8Array): PdiffIndex {
    checkArgument(bytes instanceof Uint8Array, "read an index", bytes, "bytes");
    return new PdiffIndex(readIndex(bytes));
  }

  /** Where the index comes from. */
  get format(): "pdx" | "zsync" | "caibx" {
    return this.#model.format;
  }

  /** Bytes of the file. */
  get size(): number {
    return this.#model.size;
  }

  /** Blocks or chunks. */
  get count(): number {
    return this.#model.count;
  }

  /** Bytes of a block; undefined where chunks follow the content. */
  get blockSize(): number | undefined {
    return this.#model.blockSize;
  }

  /** The hash of blocks. */
  get hash(): string {
    return this.#model.hash.name;
  }

  /** Where the file is, relative to the index, where that is said. */
  get url(): string | undefined {
    return this.#model.url;
  }
}
