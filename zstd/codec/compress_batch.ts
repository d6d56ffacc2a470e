/**
 * Compression of many values in few calls.
 *
 * @module
 */
import type { ZstdEncoderBatch, ZstdEncoderKernel } from "../kernel/encoder.ts";
import { SegmentedBuffer } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { batchItems, groups, joinGroups, threadCount, withIndex } from "./_batch.ts";
import type { CompressSettings } from "../options/_compress_options.ts";
import { resolveCompressOptions } from "../options/_compress_options.ts";
import { compressBound, withEncoder } from "./_compress_whole.ts";
import type { ZstdBatchOptions } from "./batch_options.ts";
import type { ZstdCompressOptions } from "../options/compress_options.ts";

/**
 * Compresses each value to a frame of its own, over several threads natively. The frames come in one buffer; use
 * `Array.from(result, (frame) => frame.slice())` for separate copies.
 *
 * @throws {RangeError} If an option is out of range.
 * @throws {TypeError} If a value holds no bytes.
 *
 * @example A list of messages
 * ```ts
 * import { compressZstdBatch, decompressZstdBatch } from "@sluice/zstd";
 * import { assertEquals } from "@std/assert";
 *
 * const messages = ["one", "two", "three"].map((text) => new TextEncoder().encode(text));
 * const frames = compressZstdBatch(messages, { level: 5 });
 * assertEquals(frames.length, 3);
 * assertEquals([...decompressZstdBatch(frames)], messages);
 * ```
 */
export function compressZstdBatch(
  inputs: Iterable<BytesSource> | SegmentedBuffer,
  options: ZstdCompressOptions & ZstdBatchOptions = {},
): SegmentedBuffer {
  const { threads, ...codecOptions } = options;
  const settings = resolveCompressOptions(codecOptions);
  const items = batchItems(inputs);
  return withEncoder(settings, (kernel) => {
    const buffers: SegmentedBuffer[] = [];
    for (const group of groups(items, (index) => compressBound(items[index]!.length), kernel.backend)) {
      const batch = makeBatch(group);
      const result = kernel.batch(settings.parameters, batch, threadCount(threads, batch.source.length));
      buffers.push(finish(kernel, result, batch, group.first));
    }
    return joinGroups(buffers);
  });
}

/**
 * As {@linkcode compressZstdBatch}, off the event loop natively. Do not change the values before the promise settles.
 *
 * @example Off the event loop
 * ```ts
 * import { compressZstdBatchAsync } from "@sluice/zstd";
 * import { assertEquals } from "@std/assert";
 *
 * const frames = await compressZstdBatchAsync([new Uint8Array(100), new Uint8Array(200)]);
 * assertEquals(frames.length, 2);
 * ```
 */
export async function compressZstdBatchAsync(
  inputs: Iterable<BytesSource> | SegmentedBuffer,
  options: ZstdCompressOptions & ZstdBatchOptions = {},
): Promise<SegmentedBuffer> {
  const { threads, ...codecOptions } = options;
  const settings = resolveCompressOptions(codecOptions);
  const items = batchItems(inputs);
  return await withEncoder(settings, (kernel) => batchAsync(kernel, settings, items, threads));
}

async function batchAsync(
  kernel: ZstdEncoderKernel,
  settings: CompressSettings,
  items: readonly Uint8Array[],
  threads: number | "auto" | undefined,
): Promise<SegmentedBuffer> {
  const buffers: SegmentedBuffer[] = [];
  for (const group of groups(items, (index) => compressBound(items[index]!.length), kernel.backend)) {
    const batch = makeBatch(group);
    const result = await kernel.batchAsync(
      settings.parameters,
      batch,
      threadCount(threads, batch.source.length),
    );
    buffers.push(finish(kernel, result, batch, group.first));
  }
  return joinGroups(buffers);
}

/**
 * Compresses each value with the one before it as its dictionary, the first with none: small frames for versions of one
 * thing. `decompressZstdDictChain` is the way back.
 *
 * @throws {RangeError} If no value is given.
 *
 * @example Versions of a text
 * ```ts
 * import { compressZstdDictChain, decompressZstdDictChain } from "@sluice/zstd";
 * import { assertEquals } from "@std/assert";
 *
 * const versions = ["a first draft", "a first and better draft"].map((text) => new TextEncoder().encode(text));
 * const frames = compressZstdDictChain(versions);
 * assertEquals(decompressZstdDictChain(frames), versions[1]);
 * ```
 */
export function compressZstdDictChain(
  inputs: Iterable<BytesSource> | SegmentedBuffer,
  options: ZstdCompressOptions = {},
): SegmentedBuffer {
  const settings = resolveCompressOptions(options);
  if (settings.dictionary !== undefined || settings.prefix.length > 0) {
    throw new TypeError("Cannot compress a chain: it takes no dictionary and no prefix of its own");
  }
  const items = batchItems(inputs);
  if (items.length === 0) throw new RangeError("Cannot compress a chain: no value is given");
  return withEncoder(settings, (kernel) => {
    const [group, second] = groups(items, (index) => compressBound(items[index]!.length), kernel.backend);
    if (second !== undefined) {
      throw new RangeError("Cannot compress a chain: its values are too large for one call");
    }
    const batch = makeBatch(group!);
    return finish(kernel, kernel.chain(batch), batch, 0);
  });
}

type Group = Omit<ZstdEncoderBatch, "target" | "sizes">;

function makeBatch({ source, offsets, slots }: Group): ZstdEncoderBatch {
  return {
    source,
    offsets,
    slots,
    target: new Uint8Array(slots.at(-1)!),
    sizes: new Uint32Array(slots.length - 1),
  };
}

/** The frames of a group, in a buffer without the room that they did not need. */
function finish(
  kernel: ZstdEncoderKernel,
  result: number,
  batch: ZstdEncoderBatch,
  first: number,
): SegmentedBuffer {
  if (result < 0) {
    throw withIndex(kernel.error(result, "compress to zstd"), first + kernel.failedIndex);
  }
  let offset = 0;
  const segments = Array.from(batch.sizes, (size): [number, number] => [(offset += size) - size, size]);
  return new SegmentedBuffer(batch.target.slice(0, offset), segments);
}
