/**
 * Writing `dcz` bodies as a pair of Web Streams.
 *
 * @module
 */
import { checkChoice, createPullStream, splitStreamOptions } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { resolveCompressOptions } from "../options/_compress_options.ts";
import { dczCodecOptions, makeHashHeader } from "./_dcz.ts";
import { EncoderCodec } from "../codec/_encoder_codec.ts";
import { PreludeCodec } from "../codec/_prelude_codec.ts";
import { CHUNK_SIZE_DEFAULT } from "../options/_stream_options.ts";
import type { DczCompressOptions } from "./dcz_options.ts";
import type { ZstdFlush } from "../codec/encoder.ts";
import type { ZstdStreamOptions } from "../options/stream_options.ts";

/**
 * Compresses a body for `Content-Encoding: dcz`: the header with the dictionary's SHA-256 comes first, then everything is
 * as in `ZstdCompressionStream`.
 *
 * @throws {RangeError} If an option asks for a larger window than RFC 9842 allows with this dictionary.
 *
 * @example Through a pipe and back
 * ```ts
 * import { DczCompressionStream, DczDecompressionStream, DczDictionary } from "@sluice/zstd/http";
 * import { assertEquals } from "@std/assert";
 *
 * using dictionary = await DczDictionary.from(new TextEncoder().encode("hello, world of yesterday"));
 * const body = new Response("hello, world of today").body!
 *   .pipeThrough(new DczCompressionStream({ dictionary }))
 *   .pipeThrough(new DczDecompressionStream({ dictionaries: [dictionary] }));
 * assertEquals(await new Response(body).text(), "hello, world of today");
 * ```
 */
export class DczCompressionStream {
  readonly #flush: (kind: ZstdFlush) => Promise<void>;
  /** The body: a byte stream. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Takes the content in chunks of any size. */
  readonly writable: WritableStream<BytesSource>;

  /** Takes a context from the backend; it goes with the end of the stream. */
  constructor(options: DczCompressOptions & ZstdStreamOptions) {
    const [own, stream] = splitStreamOptions(options, CHUNK_SIZE_DEFAULT);
    const settings = resolveCompressOptions(dczCodecOptions(own, own.size));
    const codec = new EncoderCodec(settings, stream.offload);
    const pair = createPullStream(new PreludeCodec(codec, makeHashHeader(own.dictionary.sha256)), stream);
    this.#flush = (kind) => pair.flush(() => codec.flush(kind));
    ({ readable: this.readable, writable: this.writable } = pair);
  }

  /** Brings out everything written so far; settles when it has been read. */
  async flush(kind: ZstdFlush = "block"): Promise<void> {
    checkChoice("kind", kind, ["block", "frame"]);
    await this.#flush(kind);
  }
}
