/**
 * Reading one split of a zstd file.
 *
 * @module
 */
import {
  byteSourceFromBytes,
  checkKeys,
  checkSplitSize,
  checkSplitSource,
  errorOfPart,
  openByteSource,
  SplitReader,
  splitSizeLimit,
} from "@sluice/internal";
import type { ByteSourceLike } from "@sluice/internal";
import { FRAME_KEYS } from "../options/_decompress_options.ts";
import { ZstdSeekIndex } from "./seek_index.ts";
import { ZstdSeekableReader } from "./seekable_reader.ts";
import type { ZstdReadSplitOptions, ZstdSplit } from "./splits.ts";

const KEYS: ReadonlySet<string> = new Set<keyof ZstdReadSplitOptions>([
  ...FRAME_KEYS,
  "verifyChecksums",
  "maxSplitSize",
  "signal",
]);

/**
 * Reads the content of a split that {@linkcode planZstdSplits} made, on any machine: one read of the file, no index. It
 * holds the compressed frames and the content, and up to 64 MiB of decoded frames beside them.
 *
 * @throws {TypeError} If an option has the wrong type or is not known.
 * @throws {CorruptDataError} With code "SPLIT_INVALID" if the value is no split, else if a frame is corrupt.
 * @throws {UnsupportedFeatureError} With code "SPLIT_VERSION" if it has another version.
 * @throws {TransferError} With code "SOURCE_CHANGED" if the file is not the one that was planned.
 * @throws {ChecksumMismatchError} If content is not what was planned.
 * @throws {LimitExceededError} If the split is larger than `maxSplitSize`.
 *
 * @example A part of a file of two frames
 * ```ts
 * import { buildZstdIndex, compressZstdSeekable, planZstdSplits, readZstdSplit } from "@sluice/zstd/seekable";
 * import { assertEquals } from "@std/assert";
 *
 * const file = compressZstdSeekable(new Uint8Array(2000).fill(7), { frameSize: 1000 });
 * const splits = await Array.fromAsync(planZstdSplits(file, await buildZstdIndex(file), { splitSize: 1000 }));
 * assertEquals(splits.map((split) => split.decompressedRange), [[0, 1000], [1000, 2000]]);
 * assertEquals(await readZstdSplit(file, splits[1]!), new Uint8Array(1000).fill(7));
 * ```
 */
export async function readZstdSplit(
  data: ByteSourceLike,
  split: ZstdSplit,
  options: ZstdReadSplitOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  checkKeys(options, KEYS);
  const { maxSplitSize, signal, ...reading } = options;
  const limit = splitSizeLimit(maxSplitSize);
  const source = await openByteSource(data, { signal });
  const { id, planned, start, end, drop, length, index } = checkZstdSplit(split);
  checkSplitSource("zstd", source, planned);
  checkSplitSize("zstd", id, start, Math.max(end - start, index.size), limit);
  const bytes = await source.read(start, end - start, { signal });
  try {
    const frames = byteSourceFromBytes(bytes as Uint8Array<ArrayBuffer>);
    const reader = await ZstdSeekableReader.open(frames, { ...reading, index, cacheSize: 0 });
    return await reader.read(drop, length, { signal });
  } catch (error) {
    throw errorOfPart(error, `Cannot read split ${id}`, start);
  }
}

/** A split whose fields fit together. */
interface CheckedSplit {
  readonly id: number;
  readonly planned: ZstdSplit["source"];
  readonly start: number;
  readonly end: number;
  readonly drop: number;
  readonly length: number;
  readonly index: ZstdSeekIndex;
}

/** Checks every field, and that they fit together. */
function checkZstdSplit(value: unknown): CheckedSplit {
  const fields = new SplitReader("zstd", "zstd-split", 1, value);
  const id = fields.integer("id");
  const planned = fields.source();
  const [start, end] = fields.range("compressedRange", undefined, planned.size);
  const [from, to] = fields.range("decompressedRange");
  const size = fields.integer("size");
  const drop = fields.integer("drop", undefined, size);
  const frames = fields.list("frames").map((frame, i) => {
    const list = fields.list(`frames[${i}]`, frame);
    if (list.length < 2 || list.length > 3) {
      throw fields.invalid(`frames[${i}]`, "is not two or three numbers");
    }
    return list.map((number) => fields.integer(`frames[${i}]`, number));
  });
  const checksums = frames.map((frame) => frame[2]);
  const hasChecksums = checksums.every((checksum) => checksum !== undefined && checksum <= 0xffff_ffff);
  if (!hasChecksums && checksums.some((checksum) => checksum !== undefined)) {
    throw fields.invalid("frames", "has checksums of some frames only, or such that are none");
  }
  let index: ZstdSeekIndex;
  try {
    index = new ZstdSeekIndex({
      compressedSizes: frames.map((frame) => frame[0]!),
      sizes: frames.map((frame) => frame[1]!),
      checksums: hasChecksums ? checksums as number[] : undefined,
    });
  } catch {
    throw fields.invalid("frames", "adds up to too much");
  }
  if (index.compressedSize !== end - start) {
    throw fields.invalid("frames", `has ${index.compressedSize} bytes, expected ${end - start}`);
  }
  if (index.size !== size) {
    throw fields.invalid("frames", `has ${index.size} bytes of content, expected ${size}`);
  }
  if (drop + to - from > size) {
    throw fields.invalid("decompressedRange", `has ${to - from} bytes, expected at most ${size - drop}`);
  }
  return { id, planned, start, end, drop, length: to - from, index };
}
