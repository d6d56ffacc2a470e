/**
 * Raw LZ4 blocks: compressed data without a frame around it, and the two plain containers that some programs use.
 *
 * @module
 */
import type { BackendChoice } from "@sluice/ffi";
import {
  checkBoolean,
  checkChoice,
  checkInteger,
  checkKeys,
  CorruptDataError,
  readU32,
  toBytes,
  WHOLE_OUTPUT_SIZE_MAX,
  writeU32,
} from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { blockIsStrict, blockSizeOf, compressBlock, decompressBlock } from "./_block_codec.ts";
import { EXPANSION_MAX } from "../frame/_format.ts";

/** How a raw block is compressed. */
export interface Lz4BlockCompressOptions {
  /** -65536 to 12. @default {1} */
  readonly level?: number | undefined;
  /** History that the content may refer to. */
  readonly dictionary?: BytesSource | undefined;
  /** With levels from 10 on: prefer what decodes faster. @default {false} */
  readonly favorDecompressionSpeed?: boolean | undefined;
  /** Put the size in front: as a little-endian u32, or as Mozilla's files have it. @default {"none"} */
  readonly container?: "none" | "size" | "mozilla" | undefined;
  /** The backend for this call. @default {what configureBackend says} */
  readonly backend?: BackendChoice | undefined;
}

/** How a raw block is decompressed. */
export interface Lz4BlockDecompressOptions {
  /** The content's size where it is known; a bound on it where it is not. @default {what the block's tokens add up to} */
  readonly maxOutputSize?: number | undefined;
  /** Stop when `maxOutputSize` bytes are out instead of failing. @default {false} */
  readonly partial?: boolean | undefined;
  /** The dictionary that the block was made with. */
  readonly dictionary?: BytesSource | undefined;
  /** What stands before the block. @default {"none"} */
  readonly container?: "none" | "size" | "mozilla" | undefined;
  /** The backend for this call. @default {what configureBackend says} */
  readonly backend?: BackendChoice | undefined;
}

const SIZE_SIZE = 4;
const MOZILLA_MAGIC = new TextEncoder().encode("mozLz40\0");

const CONTAINERS = ["none", "size", "mozilla"] as const;
const COMPRESS_KEYS: ReadonlySet<string> = new Set<keyof Lz4BlockCompressOptions>([
  "level",
  "dictionary",
  "favorDecompressionSpeed",
  "container",
  "backend",
]);
const DECOMPRESS_KEYS: ReadonlySet<string> = new Set<keyof Lz4BlockDecompressOptions>([
  "maxOutputSize",
  "partial",
  "dictionary",
  "container",
  "backend",
]);

/** Bytes before the size, and of the size. */
function headSize(given: (typeof CONTAINERS)[number] | undefined): number {
  const container = checkChoice("container", given ?? "none", CONTAINERS);
  return container === "size" ? SIZE_SIZE : container === "mozilla" ? MOZILLA_MAGIC.length + SIZE_SIZE : 0;
}

/**
 * The most bytes that a raw block of so much content takes.
 *
 * @example Room for a block
 * ```ts
 * import { lz4BlockBound } from "@sluice/lz4";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(lz4BlockBound(1000), 1019);
 * ```
 */
export function lz4BlockBound(size: number): number {
  return size + Math.floor(size / 255) + 16;
}

const COMPRESS_OPTIONS: ReadonlySet<string> = new Set([
  "level",
  "dictionary",
  "favorDecompressionSpeed",
  "container",
  "backend",
]);
const DECOMPRESS_OPTIONS: ReadonlySet<string> = new Set([
  "maxOutputSize",
  "partial",
  "dictionary",
  "container",
  "backend",
]);

/**
 * Compresses a value to one raw block.
 *
 * @throws {TypeError} If the value holds no bytes, or an option has the wrong type or is not known.
 * @throws {RangeError} If an option is out of range.
 *
 * @example There and back
 * ```ts
 * import { compressLz4Block, decompressLz4Block } from "@sluice/lz4";
 * import { assertEquals } from "@std/assert";
 *
 * const data = new Uint8Array(100).fill(1);
 * const block = compressLz4Block(data, { container: "size" });
 * assertEquals(decompressLz4Block(block, { container: "size" }), data);
 * ```
 */
export function compressLz4Block(
  data: BytesSource,
  options: Lz4BlockCompressOptions = {},
): Uint8Array<ArrayBuffer> {
  checkKeys(options, COMPRESS_OPTIONS);
  const bytes = toBytes(data);
  checkKeys(options, COMPRESS_KEYS);
  const level = checkInteger("level", options.level ?? 1, -65536, 12);
  const head = headSize(options.container);
  const target = new Uint8Array(head + lz4BlockBound(bytes.length));
  if (options.container === "mozilla") target.set(MOZILLA_MAGIC);
  if (head > 0) writeU32(target, head - SIZE_SIZE, bytes.length);
  const dictionary = options.dictionary === undefined ? undefined : toBytes(options.dictionary);
  const favor = checkBoolean("favorDecompressionSpeed", options.favorDecompressionSpeed ?? false);
  const size = compressBlock(bytes, target.subarray(head), dictionary, level, favor, options.backend);
  return target.slice(0, head + size);
}

/**
 * Decompresses one raw block.
 *
 * @throws {CorruptDataError} With code "BLOCK_CORRUPT" if it breaks the format or holds more than was expected,
 *   "CONTENT_SIZE" if it holds less than its container declares.
 *
 * @example Just the beginning
 * ```ts
 * import { compressLz4Block, decompressLz4Block } from "@sluice/lz4";
 * import { assertEquals } from "@std/assert";
 *
 * const block = compressLz4Block(new Uint8Array(1000).fill(1));
 * assertEquals(decompressLz4Block(block, { maxOutputSize: 3, partial: true }), new Uint8Array([1, 1, 1]));
 * ```
 */
export function decompressLz4Block(
  data: BytesSource,
  options: Lz4BlockDecompressOptions = {},
): Uint8Array<ArrayBuffer> {
  checkKeys(options, DECOMPRESS_OPTIONS);
  const bytes = toBytes(data);
  checkKeys(options, DECOMPRESS_KEYS);
  const head = headSize(options.container);
  const marked = options.container !== "mozilla" || MOZILLA_MAGIC.every((byte, i) => bytes[i] === byte);
  if (bytes.length < head || !marked) {
    throw new CorruptDataError("Cannot decompress an lz4 block at byte 0: its container has another start", {
      format: "lz4",
      code: "BAD_MAGIC",
      offset: 0,
    });
  }
  const block = bytes.subarray(head);
  const declared = head === 0 ? blockSizeOf(block, options.backend) : readU32(bytes, head - SIZE_SIZE);
  const limit = checkInteger(
    "maxOutputSize",
    options.maxOutputSize ?? WHOLE_OUTPUT_SIZE_MAX,
    0,
    0x7fffffff,
  );
  const partial = checkBoolean("partial", options.partial ?? false);
  const tooLarge = declared > EXPANSION_MAX * block.length || !partial && declared > limit;
  if (tooLarge) {
    throw new CorruptDataError(
      `Cannot decompress an lz4 block at byte 0: its content has ${declared} bytes, expected at most ${limit}`,
      { format: "lz4", code: "BLOCK_CORRUPT", offset: 0, errno: 16 },
    );
  }
  const target = new Uint8Array(Math.min(declared, limit));
  const dictionary = options.dictionary === undefined ? undefined : toBytes(options.dictionary);
  const size = decompressBlock(block, target, dictionary, partial, options.backend);
  if (size === target.length) return target;
  throw new CorruptDataError(
    `Cannot decompress an lz4 block at byte 0: its content has ${size} bytes, its container declares ${declared}`,
    { format: "lz4", code: "CONTENT_SIZE", offset: 0 },
  );
}

/**
 * The content size of a raw block, by a walk over its tokens.
 *
 * @throws {CorruptDataError} With code "BLOCK_CORRUPT" if it is no block.
 *
 * @example Without decoding
 * ```ts
 * import { compressLz4Block, lz4BlockContentSize } from "@sluice/lz4";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(lz4BlockContentSize(compressLz4Block(new Uint8Array(1000))), 1000);
 * ```
 */
export function lz4BlockContentSize(data: BytesSource): number {
  return blockSizeOf(toBytes(data), undefined);
}

/**
 * Whether a raw block keeps every rule of the format, those too that decoders let pass.
 *
 * @example What the encoder makes
 * ```ts
 * import { compressLz4Block, isStrictLz4Block } from "@sluice/lz4";
 * import { assert } from "@std/assert";
 *
 * assert(isStrictLz4Block(compressLz4Block(new Uint8Array(1000))));
 * ```
 */
export function isStrictLz4Block(data: BytesSource, historySize: number = 0): boolean {
  return blockIsStrict(toBytes(data), checkInteger("historySize", historySize, 0, 0xffffffff));
}
