/**
 * Opening zstd files.
 *
 * @module
 */
import { checkArgument, checkChoice, openByteSource, SluiceError } from "@sluice/internal";
import type { ByteSource, ByteSourceLike } from "@sluice/internal";
import { ZstdCompressionStream } from "../codec/compression_stream.ts";
import { resolveStreamingOptions } from "../options/_decompress_options.ts";
import type { ZstdCompressOptions } from "../options/compress_options.ts";
import type { ZstdFrameOptions } from "../options/decompress_options.ts";
import { ZstdSeekableCompressionStream } from "../seekable/seekable_compression_stream.ts";
import { ZstdSeekableReader } from "../seekable/seekable_reader.ts";
import type { ZstdSeekIndex } from "../seekable/seek_index.ts";
import type { FileChunks } from "./_content.ts";
import { openPathChunks } from "./_path_chunks.ts";
import { openPathSink } from "./_path_sink.ts";
import { ZstdReadableFile } from "./readable_file.ts";
import { ZstdWritableFile } from "./writable_file.ts";

/** How a file is read. */
export interface ZstdReadFileOptions extends ZstdFrameOptions {
  /** Compare the content with its checksum where a frame has one. @default {true} */
  readonly verifyChecksums?: boolean | undefined;
  /** Where the file's frames are, for `seek` in a file without a seek table. */
  readonly index?: ZstdSeekIndex | undefined;
  /** How bytes become text: a label that `TextDecoder` knows, of an encoding with ASCII newlines. @default {"utf-8"} */
  readonly encoding?: string | undefined;
}

/** How a file is written. */
export interface ZstdWriteFileOptions extends ZstdCompressOptions {
  /** Write a seekable file of frames with this many bytes of content. @default {one frame, not seekable} */
  readonly frameSize?: number | undefined;
}

/** How a file is opened: to read it, to write it, or to write one that does not exist. */
export type ZstdFileMode = "r" | "w" | "x";

const READ_SIZE = 256 << 10;
const WIDE_ENCODING = /^utf-16/;

/**
 * Opens a zstd file for reading: a path, a URL, bytes, a Blob or a source. Files with a seek table, and those that come
 * with an index, are read anywhere; all others from the start on, also pipes and devices.
 *
 * @throws {TypeError} If an option is not known.
 * @throws {RangeError} If an option is out of range, or the mode is none of these.
 * @throws {NotFoundError} If there is no such file.
 * @throws {SluiceError} With code "IO" if the file can not be opened, or is a pipe and comes with an index.
 * @throws {CorruptDataError} If the seek table contradicts itself.
 *
 * @example Any part of a seekable file
 * ```ts
 * import { openZstd } from "@sluice/zstd/file";
 * import { compressZstdSeekable } from "@sluice/zstd/seekable";
 * import { assertEquals } from "@std/assert";
 *
 * const text = new TextEncoder().encode("one two three");
 * await using file = await openZstd(compressZstdSeekable(text, { frameSize: 4 }));
 * await file.seek(8);
 * assertEquals(await file.text(), "three");
 * await file.seek(0);
 * assertEquals(new TextDecoder().decode(await file.read(3)), "one");
 * ```
 */
export function openZstd(
  source: ByteSourceLike,
  mode?: "r",
  options?: ZstdReadFileOptions,
): Promise<ZstdReadableFile>;
/**
 * Opens a zstd file for writing: a path, whose file is made or emptied ("w") or must not exist ("x"), or a stream.
 *
 * @throws {TypeError} If an option is not known, or the stream is locked.
 * @throws {RangeError} If an option is out of range, or the mode is none of these.
 * @throws {SluiceError} With code "IO" if the file can not be opened, or the mode is "x" and it exists.
 */
export function openZstd(
  sink: string | URL | WritableStream<Uint8Array<ArrayBuffer>>,
  mode: "w" | "x",
  options?: ZstdWriteFileOptions,
): Promise<ZstdWritableFile>;
export async function openZstd(
  target: ByteSourceLike | WritableStream<Uint8Array<ArrayBuffer>>,
  mode: ZstdFileMode = "r",
  options: ZstdReadFileOptions | ZstdWriteFileOptions = {},
): Promise<ZstdReadableFile | ZstdWritableFile> {
  checkChoice("mode", mode, ["r", "w", "x"]);
  return mode === "r"
    ? await openToRead(target as ByteSourceLike, options as ZstdReadFileOptions)
    : await openToWrite(target as WritableStream<Uint8Array<ArrayBuffer>>, mode === "x", options);
}

async function openToRead(target: ByteSourceLike, options: ZstdReadFileOptions): Promise<ZstdReadableFile> {
  const { index, encoding = "utf-8", ...codecOptions } = options;
  const settings = resolveStreamingOptions(codecOptions);
  const label = new TextDecoder(encoding).encoding;
  if (WIDE_ENCODING.test(label)) {
    throw new RangeError(
      `Cannot use option "encoding": ${label} has wide newlines, expected one with ASCII's`,
    );
  }
  const chunks = await openPathChunks(target, index !== undefined);
  if (chunks !== undefined) return new ZstdReadableFile({ source: chunks, settings }, label);
  const source = await openByteSource(target);
  try {
    const reader = await ZstdSeekableReader.open(source, { ...codecOptions, index });
    return new ZstdReadableFile({ reader }, label);
  } catch (error) {
    if (!(error instanceof SluiceError) || error.code !== "NOT_SEEKABLE") throw error;
  }
  return new ZstdReadableFile({ source: fromSource(source), settings }, label);
}

function fromSource(source: ByteSource): FileChunks {
  return { chunks: chunksOf(source), close() {} };
}

async function* chunksOf(source: ByteSource): AsyncGenerator<Uint8Array, void, undefined> {
  for (let offset = 0; offset < source.size; offset += READ_SIZE) {
    yield await source.read(offset, Math.min(READ_SIZE, source.size - offset));
  }
}

async function openToWrite(
  target: string | URL | WritableStream<Uint8Array<ArrayBuffer>>,
  isNew: boolean,
  options: ZstdWriteFileOptions,
): Promise<ZstdWritableFile> {
  const isSink = typeof target === "string" || target instanceof URL || target instanceof WritableStream;
  checkArgument(isSink, "write a zstd file", target, "a path, a file URL or a stream");
  if (target instanceof WritableStream && isNew) {
    throw new TypeError('Cannot open a stream with mode "x": it has no name that could exist');
  }
  if (target instanceof WritableStream && target.locked) {
    throw new TypeError("Cannot write to the stream: it is locked");
  }
  const { frameSize, threads, ...codecOptions } = options;
  const stream = frameSize === undefined
    ? new ZstdCompressionStream({ ...codecOptions, threads })
    : new ZstdSeekableCompressionStream({
      ...codecOptions,
      frameSize,
      threads: threads === "auto" ? undefined : threads,
    });
  let sink: WritableStream<Uint8Array<ArrayBuffer>>;
  try {
    sink = target instanceof WritableStream ? target : await openPathSink(target, isNew);
  } catch (error) {
    await stream.readable.cancel(error);
    throw error;
  }
  return new ZstdWritableFile({
    readable: stream.readable,
    writable: stream.writable,
    get bytesIn() {
      return stream.bytesIn;
    },
    get bytesOut() {
      return stream.bytesOut;
    },
    flush: () => stream instanceof ZstdCompressionStream ? stream.flush() : stream.endFrame(),
  }, sink);
}
