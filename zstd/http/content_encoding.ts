/**
 * `Content-Encoding: zstd` (RFC 9659): frames with windows of at most 8 MiB.
 *
 * @module
 */
import type { BytesSource } from "@sluice/internal";
import { checkContentOptions, CONTENT_WINDOW_LOG_MAX } from "../options/_window_rule.ts";
import { compressZstd } from "../codec/compress.ts";
import type { ZstdCompressOptions } from "../options/compress_options.ts";
import { ZstdCompressionStream } from "../codec/compression_stream.ts";
import { decompressZstd } from "../codec/decompress.ts";
import type { ZstdDecompressOptions } from "../options/decompress_options.ts";
import { ZstdDecompressionStream } from "../codec/decompression_stream.ts";
import type { ZstdStreamOptions } from "../options/stream_options.ts";
import { withWindowLimit } from "../options/_decompress_options.ts";

/**
 * Compresses a body for `Content-Encoding: zstd`.
 *
 * @throws {RangeError} If an option asks for a window above 8 MiB: levels above 19 and long-distance matching need
 *   `windowLog: 23` or less beside them.
 *
 * @example A body and a window that HTTP does not allow
 * ```ts
 * import { compressZstdContent, decompressZstdContent } from "@sluice/zstd/http";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const body = new TextEncoder().encode("<p>hello</p>");
 * assertEquals(decompressZstdContent(compressZstdContent(body)), body);
 * assertThrows(() => compressZstdContent(body, { windowLog: 24 }), RangeError);
 * ```
 */
export function compressZstdContent(
  data: BytesSource,
  options: ZstdCompressOptions = {},
): Uint8Array<ArrayBuffer> {
  checkContentOptions(options, CONTENT_WINDOW_LOG_MAX);
  return compressZstd(data, options);
}

/**
 * Decompresses a body that came with `Content-Encoding: zstd`, with windows up to 8 MiB unless `maxWindowLog` says more.
 *
 * @throws {SluiceError} As `decompressZstd`.
 *
 * @example A limit on what a peer may send
 * ```ts
 * import { compressZstdContent, decompressZstdContent } from "@sluice/zstd/http";
 * import { assertThrows } from "@std/assert";
 *
 * const bomb = compressZstdContent(new Uint8Array(1_000_000));
 * assertThrows(() => decompressZstdContent(bomb, { maxOutputSize: 100_000 }));
 * ```
 */
export function decompressZstdContent(
  data: BytesSource,
  options: ZstdDecompressOptions = {},
): Uint8Array<ArrayBuffer> {
  return decompressZstd(data, withWindowLimit(options, CONTENT_WINDOW_LOG_MAX));
}

/**
 * As {@linkcode ZstdCompressionStream}, for `Content-Encoding: zstd`.
 *
 * @throws {RangeError} If an option asks for a window above 8 MiB.
 *
 * @example A response body
 * ```ts
 * import { ZstdContentCompressionStream, ZstdContentDecompressionStream } from "@sluice/zstd/http";
 * import { assertEquals } from "@std/assert";
 *
 * const body = new Response("hello").body!.pipeThrough(new ZstdContentCompressionStream());
 * const decoded = body.pipeThrough(new ZstdContentDecompressionStream({ maxOutputSize: 1000 }));
 * assertEquals(await new Response(decoded).text(), "hello");
 * ```
 */
export class ZstdContentCompressionStream extends ZstdCompressionStream {
  /** Checks the options. */
  constructor(options: ZstdCompressOptions & ZstdStreamOptions = {}) {
    checkContentOptions(options, CONTENT_WINDOW_LOG_MAX);
    super(options);
  }
}

/**
 * As {@linkcode ZstdDecompressionStream}, with windows up to 8 MiB unless `maxWindowLog` says more.
 *
 * @example A body in chunks
 * ```ts
 * import { compressZstdContent, ZstdContentDecompressionStream } from "@sluice/zstd/http";
 * import { assertEquals } from "@std/assert";
 *
 * const body = new Response(compressZstdContent(new TextEncoder().encode("hello"))).body!;
 * assertEquals(await new Response(body.pipeThrough(new ZstdContentDecompressionStream())).text(), "hello");
 * ```
 */
export class ZstdContentDecompressionStream extends ZstdDecompressionStream {
  /** Sets the window's limit. */
  constructor(options: ZstdDecompressOptions & ZstdStreamOptions = {}) {
    super(withWindowLimit(options, CONTENT_WINDOW_LOG_MAX));
  }
}
