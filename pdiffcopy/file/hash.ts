/**
 * Digests of the blocks of a file, a source or a stream.
 *
 * @module
 */
import { checkInteger, checkKeys, openByteSource, toBytes } from "@sluice/internal";
import type { ByteSourceLike, BytesSource } from "@sluice/internal";
import { PDIFF_BLOCK_SIZE, PDIFF_CONCURRENCY } from "./constants.ts";
import { HASH_NAMES, hashOf } from "./_hash_registry.ts";
import { blockHashTransform, hashSource } from "./_source_hasher.ts";
import type { PdiffBlockDigest } from "./_source_hasher.ts";

export type { PdiffBlockDigest };

/** How blocks are hashed. */
export interface PdiffHashBlocksOptions {
  /** Bytes of a block, from 512 to 64 Mi. @default {PDIFF_BLOCK_SIZE} */
  readonly blockSize?: number | undefined;
  /** The hash, by the name that Python's hashlib has for it, `blake3`, `xxh3-128` or `xxh64`. @default {"sha1"} */
  readonly hash?: string | undefined;
  /** Threads, where the backend has them. @default {PDIFF_CONCURRENCY} */
  readonly threads?: number | undefined;
  /** Gives it up. */
  readonly signal?: AbortSignal | undefined;
}

const STREAM_OPTIONS: ReadonlySet<string> = new Set(["blockSize", "hash"]);
const HASH_OPTIONS: ReadonlySet<string> = new Set([...STREAM_OPTIONS, "threads", "signal"]);
const BLOCK_MIN = 512;
const BLOCK_MAX = 64 << 20;

function blockSizeOf(options: PdiffHashBlocksOptions): number {
  return checkInteger("blockSize", options.blockSize ?? PDIFF_BLOCK_SIZE, BLOCK_MIN, BLOCK_MAX);
}

/**
 * The usual names of all hashes that blocks can be compared by.
 *
 * @example One of them
 * ```ts
 * import { pdiffHashNames } from "@sluice/pdiffcopy";
 * import { assert } from "@std/assert";
 *
 * assert(pdiffHashNames().includes("blake3"));
 * ```
 */
export function pdiffHashNames(): readonly string[] {
  return HASH_NAMES;
}

/**
 * Hashes the blocks of a source and yields their digests in order. At most 8 MiB, or one block, are held.
 *
 * @throws {UnsupportedFeatureError} If the hash is not known.
 *
 * @example SHA-1 of two blocks
 * ```ts
 * import { hashPdiffBlocks } from "@sluice/pdiffcopy";
 * import { byteSourceFromBytes } from "@sluice/pdiffcopy";
 * import { assertEquals } from "@std/assert";
 *
 * const source = byteSourceFromBytes(new Uint8Array(600));
 * const digests = await Array.fromAsync(hashPdiffBlocks(source, { blockSize: 512 }));
 * assertEquals(digests.map(({ offset }) => offset), [0, 512]);
 * assertEquals(digests[0]!.digest.toHex(), "5c3eb80066420002bc3dcc7ca4ab6efad7ed4ae5");
 * ```
 */
export function hashPdiffBlocks(
  source: ByteSourceLike,
  options: PdiffHashBlocksOptions = {},
): AsyncGenerator<PdiffBlockDigest, void, undefined> {
  checkKeys(options, HASH_OPTIONS);
  const { hash = "sha1", signal } = options;
  const threads = checkInteger("threads", options.threads ?? PDIFF_CONCURRENCY, 1, 1024);
  const settings = [blockSizeOf(options), hashOf(hash), threads, signal] as const;
  return (async function* () {
    yield* hashSource(await openByteSource(source, { signal }), ...settings);
  })();
}

/**
 * A stream that takes bytes in chunks of any size and gives the digest of each block. It holds no bytes.
 *
 * @example Blocks of a stream
 * ```ts
 * import { PdiffBlockHashStream } from "@sluice/pdiffcopy";
 * import { assertEquals } from "@std/assert";
 *
 * const digests = ReadableStream.from([new Uint8Array(700), new Uint8Array(500)])
 *   .pipeThrough(new PdiffBlockHashStream({ blockSize: 512, hash: "blake3" }));
 * assertEquals((await Array.fromAsync(digests)).map(({ offset }) => offset), [0, 512, 1024]);
 * ```
 */
export class PdiffBlockHashStream extends TransformStream<BytesSource, PdiffBlockDigest> {
  /**
   * Makes a stream.
   *
   * @throws {UnsupportedFeatureError} If the hash is not known.
   */
  constructor(options: Omit<PdiffHashBlocksOptions, "threads" | "signal"> = {}) {
    checkKeys(options, STREAM_OPTIONS);
    super(blockHashTransform(blockSizeOf(options), options.hash ?? "sha1"));
  }
}

/**
 * A stream that cuts bytes into blocks; the last one may be shorter. It holds less than one block.
 *
 * @example Blocks of 512 bytes
 * ```ts
 * import { PdiffBlockSplitterStream } from "@sluice/pdiffcopy";
 * import { assertEquals } from "@std/assert";
 *
 * const blocks = ReadableStream.from([new Uint8Array(300), new Uint8Array(900)])
 *   .pipeThrough(new PdiffBlockSplitterStream(512));
 * assertEquals((await Array.fromAsync(blocks)).map((block) => block.length), [512, 512, 176]);
 * ```
 */
export class PdiffBlockSplitterStream extends TransformStream<BytesSource, Uint8Array<ArrayBuffer>> {
  /** Makes a stream of blocks of `blockSize` bytes. */
  constructor(blockSize: number = PDIFF_BLOCK_SIZE) {
    checkInteger("blockSize", blockSize, 1, BLOCK_MAX);
    let block = new Uint8Array(blockSize);
    let filled = 0;
    super({
      transform(given, controller): void {
        const chunk = toBytes(given);
        for (let at = 0; at < chunk.length;) {
          const part = chunk.subarray(at, at + blockSize - filled);
          block.set(part, filled);
          filled += part.length;
          at += part.length;
          if (filled < blockSize) continue;
          controller.enqueue(block);
          block = new Uint8Array(blockSize);
          filled = 0;
        }
      },
      flush(controller): void {
        if (filled > 0) controller.enqueue(block.slice(0, filled));
      },
    });
  }
}
