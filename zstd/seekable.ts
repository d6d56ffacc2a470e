/**
 * Seekable files: zstd in frames of a few megabytes with a table of them at the end. Every zstd decoder reads such a file;
 * a reader that knows the table reads any part of it without the rest, from memory, Blobs, files and HTTP servers.
 *
 * @example Write, then read a part
 * ```ts
 * import { byteSourceFromBytes, compressZstdSeekable, ZstdSeekableReader } from "@sluice/zstd/seekable";
 * import { assertEquals } from "@std/assert";
 *
 * const file = compressZstdSeekable(new Uint8Array(5_000_000));
 * const reader = await ZstdSeekableReader.open(byteSourceFromBytes(file));
 * assertEquals(await reader.read(4_000_000, 10), new Uint8Array(10));
 * ```
 *
 * @module
 */
export type { BackendChoice } from "@sluice/ffi";
export * from "@sluice/internal/faults";
export * from "@sluice/internal/sources";
export * from "./seekable/build_index.ts";
export * from "./seekable/compress_seekable.ts";
export * from "./options/compress_options.ts";
export * from "./options/decompress_options.ts";
export * from "./options/dictionary.ts";
export type { ZstdFormat, ZstdFrameHeader } from "./frame/frame_header.ts";
export * from "./seekable/join_frames.ts";
export * from "./seekable/plan_splits.ts";
export * from "./seekable/read_split.ts";
export * from "./seekable/seek_index.ts";
export * from "./seekable/seekable_compression_stream.ts";
export * from "./seekable/seekable_options.ts";
export * from "./seekable/seekable_reader.ts";
export * from "./seekable/splits.ts";
export * from "./options/stream_options.ts";
