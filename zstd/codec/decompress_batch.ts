/**
 * Decompression of many values in few calls.
 *
 * @module
 */
import { RESULT } from "../kernel/decoder.ts";
import type { ZstdBatch, ZstdDecoderKernel } from "../kernel/decoder.ts";
import {
  checkKeys,
  concatBytes,
  CorruptDataError,
  LimitExceededError,
  SegmentedBuffer,
} from "@sluice/internal";
import type { BytesSource, SluiceErrorCode } from "@sluice/internal";
import { batchItems, groups, joinGroups, segmentsOf, threadCount, withIndex } from "./_batch.ts";
import type { BatchGroup } from "./_batch.ts";
import { useDecoderDictionary } from "../options/_decoder_dictionaries.ts";
import { resolveWholeValueOptions } from "../options/_decompress_options.ts";
import type { DecompressSettings } from "../options/_decompress_options.ts";
import { decompressWhole, plannedSize, withDecoder } from "./_decompress_whole.ts";
import type { ZstdBatchOptions } from "./batch_options.ts";
import { listZstdFrames } from "../frame/frame_list.ts";
import type { ZstdDecompressOptions } from "../options/decompress_options.ts";

/** Options of a decompression batch, beside those of the codec. */
export interface ZstdDecompressBatchOptions extends ZstdBatchOptions {
  /** The size of each content in bytes, where the frames do not declare it. @default {read from the frames} */
  readonly sizes?: ArrayLike<number> | BigUint64Array | undefined;
}

/**
 * Decompresses each value, over several threads natively. The contents come in one buffer for each group of values; use
 * `Array.from(result, (content) => content.slice())` for separate copies. Values whose frames do not declare a size are
 * decoded one by one unless `sizes` tells them. `maxOutputSize` limits the sum.
 *
 * @throws {SluiceError} As `decompressZstd`, with the value's `index`.
 *
 * @example With the index of what failed
 * ```ts
 * import { compressZstd, decompressZstdBatch, SluiceError } from "@sluice/zstd";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const frames = [compressZstd(new Uint8Array(10)), new TextEncoder().encode("no frame")];
 * const error = assertThrows(() => decompressZstdBatch(frames), SluiceError);
 * assertEquals([error.code, error.index], ["BAD_MAGIC", 1]);
 * ```
 */
export function decompressZstdBatch(
  frames: Iterable<BytesSource> | SegmentedBuffer,
  options: ZstdDecompressOptions & ZstdDecompressBatchOptions = {},
): SegmentedBuffer {
  const { threads, sizes, ...codecOptions } = options;
  const settings = resolveWholeValueOptions(codecOptions);
  const items = batchItems(frames);
  return withDecoder(settings, (kernel) => {
    const room = planBatch(kernel, items, sizes, settings);
    if (room === undefined) return oneByOne(kernel, items, settings);
    const buffers: SegmentedBuffer[] = [];
    for (const group of groups(items, (index) => room[index]!, kernel.backend)) {
      const batch = { ...group, target: new Uint8Array(group.slots.at(-1)!) };
      useDecoderDictionary(kernel, settings, 0);
      const result = kernel.batch(batch, threadCount(threads, batch.target.length));
      buffers.push(finish(kernel, result, batch, items, settings));
    }
    return joinGroups(buffers);
  });
}

/**
 * As {@linkcode decompressZstdBatch}, off the event loop natively. Do not change the values before the promise settles.
 *
 * @example Off the event loop
 * ```ts
 * import { compressZstdBatch, decompressZstdBatchAsync } from "@sluice/zstd";
 * import { assertEquals } from "@std/assert";
 *
 * const frames = compressZstdBatch([new Uint8Array(5), new Uint8Array(6)]);
 * const contents = await decompressZstdBatchAsync(frames);
 * assertEquals(contents.byteLength, 11);
 * ```
 */
export async function decompressZstdBatchAsync(
  frames: Iterable<BytesSource> | SegmentedBuffer,
  options: ZstdDecompressOptions & ZstdDecompressBatchOptions = {},
): Promise<SegmentedBuffer> {
  const { threads, sizes, ...codecOptions } = options;
  const settings = resolveWholeValueOptions(codecOptions);
  const items = batchItems(frames);
  return await withDecoder(settings, async (kernel) => {
    const room = planBatch(kernel, items, sizes, settings);
    if (room === undefined) return oneByOne(kernel, items, settings);
    const buffers: SegmentedBuffer[] = [];
    for (const group of groups(items, (index) => room[index]!, kernel.backend)) {
      const batch = { ...group, target: new Uint8Array(group.slots.at(-1)!) };
      useDecoderDictionary(kernel, settings, 0);
      const result = await kernel.batchAsync(batch, threadCount(threads, batch.target.length));
      buffers.push(finish(kernel, result, batch, items, settings));
    }
    return joinGroups(buffers);
  });
}

/** Options of a chain. */
export interface ZstdDictChainOptions {
  /** Give every content, not just the last. @default {false} */
  readonly all?: boolean | undefined;
  /** The most bytes of all contents together. @default {256 MiB} */
  readonly maxOutputSize?: number | undefined;
}

const CHAIN_KEYS: ReadonlySet<string> = new Set<keyof ZstdDictChainOptions>(["all", "maxOutputSize"]);

/**
 * Decodes frames that each have the content of the one before as their dictionary, and gives the last content. Every
 * frame must declare its size.
 *
 * @throws {RangeError} If no frame is given.
 * @throws {CorruptDataError} With the frame's `index`; "CONTENT_SIZE_REQUIRED" if it does not declare its size.
 *
 * @example The newest version
 * ```ts
 * import { compressZstdDictChain, decompressZstdDictChain } from "@sluice/zstd";
 * import { assertEquals } from "@std/assert";
 *
 * const versions = [new Uint8Array(50).fill(1), new Uint8Array(60).fill(2)];
 * const frames = compressZstdDictChain(versions);
 * assertEquals(decompressZstdDictChain(frames), versions[1]);
 * assertEquals([...decompressZstdDictChain(frames, { all: true })], versions);
 * ```
 */
export function decompressZstdDictChain(
  frames: Iterable<BytesSource> | SegmentedBuffer,
  options: ZstdDictChainOptions & { readonly all: true },
): SegmentedBuffer;
/** As above, giving the last content only. */
export function decompressZstdDictChain(
  frames: Iterable<BytesSource> | SegmentedBuffer,
  options?: ZstdDictChainOptions,
): Uint8Array<ArrayBuffer>;
export function decompressZstdDictChain(
  frames: Iterable<BytesSource> | SegmentedBuffer,
  options: ZstdDictChainOptions = {},
): SegmentedBuffer | Uint8Array<ArrayBuffer> {
  checkKeys(options, CHAIN_KEYS);
  const settings = resolveWholeValueOptions({ maxOutputSize: options.maxOutputSize });
  const items = batchItems(frames);
  if (items.length === 0) throw new RangeError("Cannot decompress a chain: no frame is given");
  return withDecoder(settings, (kernel) => {
    const room = items.map((item, index) => plannedSize(item, settings) ?? explain(item, index));
    checkTotal(room, settings);
    const [group, second] = groups(items, (index) => room[index]!, kernel.backend);
    if (second !== undefined) throw new RangeError("Cannot decompress a chain: it is too large for one call");
    const target = new Uint8Array(group!.slots.at(-1)!);
    const result = kernel.chain({ ...group!, target });
    if (result < 0) throw withIndex(kernel.error(result, "decompress a chain"), kernel.failedIndex);
    if (options.all === true) return new SegmentedBuffer(target, segmentsOf(group!.slots));
    return target.slice(group!.slots.at(-2));
  });
}

/** Why a frame of a chain has no planned size: it is damaged, or it does not declare one. */
function explain(item: Uint8Array, index: number): never {
  try {
    for (const _frame of listZstdFrames(item)); // throws at the fault
  } catch (error) {
    throw withIndex(error, index);
  }
  const message = `Cannot decompress a chain: frame ${index} does not declare its content size`;
  throw corruptItem(index, "CONTENT_SIZE_REQUIRED", message);
}

/** The error for a frame whose size is not what the call needs. */
function corruptItem(index: number, code: SluiceErrorCode, message: string): unknown {
  return withIndex(new CorruptDataError(message, { format: "zstd", code, offset: 0 }), index);
}

/** The size of every content; undefined when one is neither told nor declared. */
function planBatch(
  kernel: ZstdDecoderKernel,
  items: readonly Uint8Array[],
  sizes: ZstdDecompressBatchOptions["sizes"],
  settings: DecompressSettings,
): number[] | undefined {
  if (sizes !== undefined && sizes.length !== items.length) {
    throw new RangeError(
      `Cannot decompress a batch: there are ${sizes.length} sizes for ${items.length} values`,
    );
  }
  const single = settings.dictionaries.length === 0 && settings.lookupDictionary === undefined;
  const room: number[] = [];
  for (const [index, item] of items.entries()) {
    const size = sizes === undefined ? plannedSize(item, settings) : Number(sizes[index]);
    if (size === undefined || !single) return undefined;
    if (!Number.isSafeInteger(size) || size < 0) {
      throw new RangeError(`Cannot decompress a batch: size ${index} is ${size}, expected a number of bytes`);
    }
    room.push(size);
  }
  checkTotal(room, settings);
  if (kernel.backend === "wasm" && room.some((size) => size > 64 << 20)) return undefined; // one by one, in pieces
  return room;
}

function checkTotal(room: readonly number[], { maxOutputSize }: DecompressSettings): void {
  const total = room.reduce((sum, size) => sum + size, 0);
  if (total <= maxOutputSize) return;
  throw new LimitExceededError(
    `Cannot decompress a batch: the contents have ${total} bytes, expected at most ${maxOutputSize} bytes (raise "maxOutputSize")`,
    { format: "zstd", code: "OUTPUT_LIMIT", limit: maxOutputSize, actual: total, unit: "bytes" },
  );
}

function oneByOne(
  kernel: ZstdDecoderKernel,
  items: readonly Uint8Array[],
  settings: DecompressSettings,
): SegmentedBuffer {
  let left = settings.maxOutputSize;
  const contents = items.map((item, index) => {
    const content = decodeItem(kernel, item, index, { ...settings, maxOutputSize: left });
    left -= content.length;
    return content;
  });
  let offset = 0;
  const segments = contents.map(({ length }): [number, number] => [(offset += length) - length, length]);
  return new SegmentedBuffer(concatBytes(contents), segments);
}

function decodeItem(
  kernel: ZstdDecoderKernel,
  item: Uint8Array,
  index: number,
  settings: DecompressSettings,
): Uint8Array<ArrayBuffer> {
  try {
    return decompressWhole(kernel, item, settings);
  } catch (error) {
    throw withIndex(error, index);
  }
}

function finish(
  kernel: ZstdDecoderKernel,
  result: number,
  batch: ZstdBatch & BatchGroup,
  items: readonly Uint8Array[],
  settings: DecompressSettings,
): SegmentedBuffer {
  if (result >= 0) return new SegmentedBuffer(batch.target, segmentsOf(batch.slots));
  const index = batch.first + kernel.failedIndex;
  if (result === RESULT.OUT_OF_MEMORY || result === RESULT.MEMORY_LIMIT) {
    throw withIndex(kernel.error(result, "decompress a batch"), index);
  }
  decodeItem(kernel, items[index]!, index, settings); // words the fault
  const message = `Cannot decompress a batch: value ${index} has another size than was told`;
  throw corruptItem(index, "CORRUPT", message);
}
