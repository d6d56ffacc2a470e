/**
 * Dividing a zstd file into splits.
 *
 * @module
 */
import {
  checkSplitKeys,
  CorruptDataError,
  divideContent,
  openByteSource,
  resolveSplitOptions,
  splitSourceOf,
} from "@sluice/internal";
import type { ByteSource, ByteSourceLike, PlannedRange } from "@sluice/internal";
import { FRAME_KEYS } from "../options/_decompress_options.ts";
import type { ZstdSeekIndex } from "./seek_index.ts";
import { ZstdSeekableReader } from "./seekable_reader.ts";
import type { ZstdSplit, ZstdSplitOptions } from "./splits.ts";

/**
 * Divides a file of many frames into splits for many machines: seekable files, and what pzstd and concatenation make. A
 * split ends at the first start of a frame where it has `splitSize` bytes, so a file of one frame is one split. With
 * `atLine` or `atDelimiter` it ends after the first record that ends there or later, and goes on where none does before the
 * next such place: every record is in exactly one split. Borders are looked for `concurrency` at a time; each decodes the
 * frame around it. Empty content has no splits.
 *
 * @param data The file.
 * @param index Where its frames are: `ZstdSeekableReader.open(data).index`, or {@linkcode buildZstdIndex}.
 * @throws {TypeError} If an option has the wrong type or is not known.
 * @throws {RangeError} If an option is out of range, or two exclude each other.
 * @throws {CorruptDataError} If the index has more bytes of frames than the file.
 * @throws {SluiceError} As `ZstdSeekableReader.read` where records are looked for, but for damage.
 *
 * @example No line in two splits
 * ```ts
 * import { compressZstdSeekable, planZstdSplits, readZstdSplit, ZstdSeekableReader } from "@sluice/zstd/seekable";
 * import { assertEquals } from "@std/assert";
 *
 * const file = compressZstdSeekable(new TextEncoder().encode("one\ntwo\nthree\n"), { frameSize: 5 });
 * const { index } = await ZstdSeekableReader.open(file);
 * const texts: string[] = [];
 * for await (const split of planZstdSplits(file, index, { splitSize: 5, atLine: true })) {
 *   const received = JSON.parse(JSON.stringify(split));
 *   texts.push(new TextDecoder().decode(await readZstdSplit(file, received)));
 * }
 * assertEquals(texts, ["one\ntwo\n", "three\n"]);
 * ```
 */
export async function* planZstdSplits(
  data: ByteSourceLike,
  index: ZstdSeekIndex,
  options: ZstdSplitOptions = {},
): AsyncGenerator<ZstdSplit, void, undefined> {
  checkSplitKeys(options, FRAME_KEYS);
  const { splitSize: _, count: __, atLine: ___, atDelimiter: ____, concurrency: _____, signal, ...codec } =
    options;
  const source = await openByteSource(data, { signal });
  const settings = resolveSplitOptions(options, index.size);
  if (index.compressedSize > source.size) {
    throw new CorruptDataError(
      `Cannot plan splits: the index has ${index.compressedSize} bytes of frames, the file has ${source.size}`,
      { format: "zstd", code: "CORRUPT", offset: source.size },
    );
  }
  const reader = settings.delimiter === undefined
    ? undefined
    : await ZstdSeekableReader.open(source, { index, signal, ...codec });
  const starts = frameStarts(index);
  const ranges = divideContent(
    starts,
    index.size,
    settings,
    (offset, length) => reader!.read(offset, length, { signal }),
  );
  let id = 0;
  for await (const range of ranges) yield splitOf(id++, source, index, range);
}

/** Where the content of each frame starts. */
function* frameStarts(index: ZstdSeekIndex): Generator<number, void, undefined> {
  for (const { offset, size } of index.frames) if (size > 0) yield offset;
}

/** The split of a range of the content. */
function splitOf(
  id: number,
  source: ByteSource,
  index: ZstdSeekIndex,
  [start, end, fault]: PlannedRange,
): ZstdSplit {
  const first = index.frameAt(start)!;
  const last = index.frameAt(end - 1)!;
  const frames: number[][] = [];
  for (let i = first.index; i <= last.index; i++) {
    const { compressedSize, size, checksum } = index.frame(i);
    frames.push(checksum === undefined ? [compressedSize, size] : [compressedSize, size, checksum]);
  }
  return {
    format: "zstd-split",
    version: 1,
    id,
    source: splitSourceOf(source),
    compressedRange: [first.compressedOffset, last.compressedOffset + last.compressedSize],
    decompressedRange: [start, end],
    drop: start - first.offset,
    size: last.offset + last.size - first.offset,
    frames,
    ...(fault && { fault }),
  };
}
