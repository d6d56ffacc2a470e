/**
 * Seekable files from values that are whole in memory.
 *
 * @module
 */
import { concatBytes, toBytes } from "@sluice/internal";
import type { BytesSource, SegmentedBuffer } from "@sluice/internal";
import { makeSeekTable } from "./_seek_table.ts";
import { SeekTableBuilder } from "./_seekable_codec.ts";
import { resolveSeekableOptions } from "./_seekable_options.ts";
import type { SeekableSettings } from "./_seekable_options.ts";
import { compressZstdBatch, compressZstdBatchAsync } from "../codec/compress_batch.ts";
import type { ZstdSeekableCompressOptions } from "./seekable_options.ts";

/**
 * Compresses a value to a seekable file, its frames as one batch over `threads`.
 *
 * @throws {TypeError} If the data holds no bytes, or an option has the wrong type or is not known.
 * @throws {RangeError} If an option is out of range.
 *
 * @example A small part of a large value
 * ```ts
 * import { byteSourceFromBytes, compressZstdSeekable, ZstdSeekableReader } from "@sluice/zstd/seekable";
 * import { assertEquals } from "@std/assert";
 *
 * const data = Uint8Array.from({ length: 100_000 }, (_, i) => i >>> 8);
 * const file = compressZstdSeekable(data, { frameSize: 10_000 });
 * const reader = await ZstdSeekableReader.open(byteSourceFromBytes(file));
 * assertEquals(await reader.read(54_321, 100), data.slice(54_321, 54_421));
 * ```
 */
export function compressZstdSeekable(
  data: BytesSource,
  options: ZstdSeekableCompressOptions = {},
): Uint8Array<ArrayBuffer> {
  const settings = resolveSeekableOptions(options);
  const parts = cut(toBytes(data), settings);
  const batch = { ...settings.codecOptions, threads: settings.threads };
  return joinFile(compressZstdBatch(parts, batch), parts, settings);
}

/**
 * As {@linkcode compressZstdSeekable}, off the event loop where the backend can. Do not change `data` before the promise
 * settles.
 *
 * @example Off the event loop
 * ```ts
 * import { compressZstdSeekableAsync } from "@sluice/zstd/seekable";
 * import { decompressZstd } from "@sluice/zstd/decode";
 * import { assertEquals } from "@std/assert";
 *
 * const data = new Uint8Array(100_000);
 * assertEquals(decompressZstd(await compressZstdSeekableAsync(data, { frameSize: 4096 })), data);
 * ```
 */
export async function compressZstdSeekableAsync(
  data: BytesSource,
  options: ZstdSeekableCompressOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const settings = resolveSeekableOptions(options);
  const parts = cut(toBytes(data), settings);
  const batch = { ...settings.codecOptions, threads: settings.threads };
  return joinFile(await compressZstdBatchAsync(parts, batch), parts, settings);
}

/** The content of each frame; one empty frame for no content. */
function cut(bytes: Uint8Array, settings: SeekableSettings): Uint8Array[] {
  const cutter = settings.makeCutter();
  const parts: Uint8Array[] = [];
  let pos = 0;
  do {
    const { length } = cutter.next(bytes, pos, 0);
    parts.push(bytes.subarray(pos, pos += length));
  } while (pos < bytes.length);
  return parts;
}

function joinFile(
  frames: SegmentedBuffer,
  parts: readonly Uint8Array[],
  { checksum }: SeekableSettings,
): Uint8Array<ArrayBuffer> {
  const table = new SeekTableBuilder(checksum);
  for (const [index, part] of parts.entries()) table.add(frames.at(index), part.length);
  return concatBytes([frames.toBytes(), makeSeekTable(table.entries)]);
}
