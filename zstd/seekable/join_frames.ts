/**
 * Joining parts that were compressed apart into one seekable file.
 *
 * @module
 */
import {
  checkArgument,
  checkInteger,
  checkKeys,
  CorruptDataError,
  isAnyIterable,
  openByteSource,
  SluiceError,
  UnsupportedFeatureError,
} from "@sluice/internal";
import type { ByteSource, ByteSourceLike } from "@sluice/internal";
import { measureFrame } from "../codec/_measure_frame.ts";
import { SEEK_FRAME_SIZE_MAX } from "../frame/_format.ts";
import { FrameWalker } from "../frame/_frame_walker.ts";
import type { ZstdFrameInfo } from "../frame/_types.ts";
import { readSeekTable } from "./_read_index.ts";
import { makeSeekTable } from "./_seek_table.ts";
import { ZstdSeekIndex } from "./seek_index.ts";

/** How parts are joined. */
export interface ZstdJoinOptions {
  /** The most bytes of a part's seek table. @default {2 ** 26} */
  readonly maxTableSize?: number | undefined;
  /** Gives the work up. */
  readonly signal?: AbortSignal | undefined;
}

const KEYS: ReadonlySet<string> = new Set<keyof ZstdJoinOptions>(["maxTableSize", "signal"]);
const MAX_TABLE_SIZE_DEFAULT = 64 << 20;
const READ_SIZE = 1 << 20;
/** The checksum of no content: what a table says of skippable frames. */
const EMPTY_CHECKSUM = 0x51d8e999;

/** What the table of the joined file says, one value a frame. */
interface Entries {
  readonly compressedSizes: number[];
  readonly sizes: number[];
  readonly checksums: (number | undefined)[];
}

/**
 * Joins parts, each a zstd file of whole frames, into one seekable file: their frames in the order of the parts, without
 * their own seek tables, and one table of all. Parts are read once, 1 MiB at a time and one after another, and not
 * decoded, but for frames that do not declare the size of their content. Every header is checked on the way, and a part's
 * own table against its frames. The table has checksums where every frame has one.
 *
 * @throws {TypeError} If an option is not known, or the parts are no iterable.
 * @throws {CorruptDataError} If a part holds something that is no frame, or its table does not fit its frames.
 * @throws {TruncatedDataError} If a part ends inside a frame.
 * @throws {UnsupportedFeatureError} With code "NOT_SEEKABLE" if a frame has more content than a table can say, 1 GiB.
 *
 * @example Two parts
 * ```ts
 * import { compressZstdSeekable, joinZstdFrames, ZstdSeekableReader } from "@sluice/zstd/seekable";
 * import { assertEquals } from "@std/assert";
 *
 * const parts = ["first ", "second"].map((text) => compressZstdSeekable(new TextEncoder().encode(text)));
 * const file = await new Blob(await Array.fromAsync(joinZstdFrames(parts))).bytes();
 * const reader = await ZstdSeekableReader.open(file);
 * assertEquals(reader.frameCount, 2);
 * assertEquals(new TextDecoder().decode(await reader.read(6, 6)), "second");
 * ```
 */
export async function* joinZstdFrames(
  parts: Iterable<ByteSourceLike> | AsyncIterable<ByteSourceLike>,
  options: ZstdJoinOptions = {},
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  checkKeys(options, KEYS);
  if (!isAnyIterable(parts)) {
    throw new TypeError("Cannot join parts: the value is no iterable, expected a list of them");
  }
  const { signal } = options;
  const maxTableSize = checkInteger(
    "maxTableSize",
    options.maxTableSize ?? MAX_TABLE_SIZE_DEFAULT,
    1,
    Number.MAX_SAFE_INTEGER,
  );
  const all: Entries = { compressedSizes: [], sizes: [], checksums: [] };
  for await (const part of parts) {
    const source = await openByteSource(part, { signal });
    yield* passPart(source, all, maxTableSize, signal);
  }
  const complete = all.checksums.every((checksum) => checksum !== undefined);
  yield makeSeekTable({ ...all, checksums: complete ? all.checksums as number[] : undefined });
}

/** The frames of one part as they pass by; their entries are added. */
async function* passPart(
  source: ByteSource,
  all: Entries,
  maxTableSize: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  const index = await tableOf(source, maxTableSize, signal);
  const end = index?.compressedSize ?? source.size;
  const walker = new FrameWalker();
  let frames = 0;
  for (let offset = 0; offset < end; offset += READ_SIZE) {
    const chunk = new Uint8Array(await source.read(offset, Math.min(READ_SIZE, end - offset), { signal }));
    for (const frame of walker.push(chunk)) {
      await addFrame(source, frame, index, frames++, all, signal);
    }
    yield chunk;
  }
  walker.finish();
  if (index !== undefined && frames !== index.frameCount) throw otherFrames(end);
}

async function addFrame(
  source: ByteSource,
  frame: ZstdFrameInfo,
  index: ZstdSeekIndex | undefined,
  number: number,
  all: Entries,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { offset, compressedSize } = frame;
  if (index !== undefined && number >= index.frameCount) throw otherFrames(offset);
  const told = index?.frame(number);
  const size = frame.type === "skippable" ? 0 : frame.contentSize ?? told?.size ??
    await measureFrame(source, offset, compressedSize, { maxOutputSize: Infinity }, signal);
  if (told !== undefined && (told.compressedSize !== compressedSize || told.size !== size)) {
    throw otherFrames(offset);
  }
  if (size > SEEK_FRAME_SIZE_MAX) {
    throw new UnsupportedFeatureError(
      `Cannot join the frame at byte ${offset}: it has ${size} bytes, expected at most ${SEEK_FRAME_SIZE_MAX}`,
      { format: "zstd", code: "NOT_SEEKABLE", offset },
    );
  }
  all.compressedSizes.push(compressedSize);
  all.sizes.push(size);
  all.checksums.push(frame.checksum ?? told?.checksum ?? (size === 0 ? EMPTY_CHECKSUM : undefined));
}

/** The seek table at the end of a part; undefined where there is none. */
async function tableOf(
  source: ByteSource,
  maxTableSize: number,
  signal: AbortSignal | undefined,
): Promise<ZstdSeekIndex | undefined> {
  try {
    return new ZstdSeekIndex(await readSeekTable(source, maxTableSize, signal));
  } catch (error) {
    if (error instanceof SluiceError && error.code === "NOT_SEEKABLE") return undefined;
    throw error;
  }
}

function otherFrames(offset: number): CorruptDataError {
  return new CorruptDataError(
    `Cannot join a part: its seek table is not about its frames, at byte ${offset}`,
    {
      format: "zstd",
      code: "CORRUPT",
      offset,
    },
  );
}

/**
 * The index of parts that are joined elsewhere, such as by copies inside an object store: nothing of the parts is read.
 * Append `toBytes()` of it after the frames of all parts.
 *
 * @throws {TypeError} If the indexes are no iterable.
 *
 * @example What a worker reports of its part
 * ```ts
 * import { joinZstdIndexes, ZstdSeekIndex } from "@sluice/zstd/seekable";
 * import { assertEquals } from "@std/assert";
 *
 * const parts = [[40, 100], [35, 50]].map(([compressed, size]) =>
 *   new ZstdSeekIndex({ compressedSizes: [compressed!], sizes: [size!] })
 * );
 * assertEquals(joinZstdIndexes(parts).frameAt(120)?.compressedOffset, 40);
 * ```
 */
export function joinZstdIndexes(indexes: Iterable<ZstdSeekIndex>): ZstdSeekIndex {
  if (!isAnyIterable(indexes)) {
    throw new TypeError("Cannot join indexes: the value is no iterable, expected a list of them");
  }
  const frames = [...indexes].flatMap((index: unknown) => {
    checkArgument(index instanceof ZstdSeekIndex, "join indexes", index, "a ZstdSeekIndex");
    return [...(index as ZstdSeekIndex).frames];
  });
  const checksums = frames.map(({ checksum }) => checksum);
  return new ZstdSeekIndex({
    compressedSizes: frames.map(({ compressedSize }) => compressedSize),
    sizes: frames.map(({ size }) => size),
    checksums: checksums.every((checksum) => checksum !== undefined) ? checksums as number[] : undefined,
  });
}
