/**
 * Making patches as a pair of Web Streams.
 *
 * @module
 */
import { checkInteger, createPullStream, splitStreamOptions, toBytes } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { resolveCompressOptions } from "../options/_compress_options.ts";
import { EncoderCodec } from "../codec/_encoder_codec.ts";
import { patchCodecOptions, patchPrelude } from "./_patch.ts";
import { PreludeCodec } from "../codec/_prelude_codec.ts";
import { CHUNK_SIZE_DEFAULT } from "../options/_stream_options.ts";
import type { ZstdPatchCreateOptions } from "./patch_options.ts";
import type { ZstdStreamOptions } from "../options/stream_options.ts";

/** How a patch is made from a target whose size is known but which need not be whole in memory. */
export interface ZstdPatchStreamOptions extends ZstdPatchCreateOptions, ZstdStreamOptions {
  /** Bytes of the target: window and parameters follow from it, and another size is an error. */
  readonly size: number;
}

/**
 * Makes a patch from a base in memory and a target that streams through. As `ZstdCompressionStream` in everything else.
 *
 * @throws {TypeError} If an option has the wrong type or is not known, or `size` is missing.
 * @throws {RangeError} If an option is out of range.
 *
 * @example A target that comes in chunks
 * ```ts
 * import { ZstdPatchCompressionStream, ZstdPatchDecompressionStream } from "@sluice/zstd/patch";
 * import { assertEquals } from "@std/assert";
 *
 * const base = new TextEncoder().encode("the first version of a text");
 * const target = "the second version of a text";
 * const copy = new Response(target).body!
 *   .pipeThrough(new ZstdPatchCompressionStream(base, { size: target.length }))
 *   .pipeThrough(new ZstdPatchDecompressionStream(base));
 * assertEquals(await new Response(copy).text(), target);
 * ```
 */
export class ZstdPatchCompressionStream {
  /** The patch: a byte stream. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Takes the target in chunks of any size. */
  readonly writable: WritableStream<BytesSource>;

  /** Takes a context from the backend; it goes with the end of the stream. The base must not change until then. */
  constructor(base: BytesSource, options: ZstdPatchStreamOptions) {
    const [{ size, ...own }, stream] = splitStreamOptions(options, CHUNK_SIZE_DEFAULT);
    checkInteger("size", size, 0, Number.MAX_SAFE_INTEGER);
    const prefix = toBytes(base);
    const settings = resolveCompressOptions({ ...patchCodecOptions(prefix, size, own), size });
    const prelude = patchPrelude(prefix, own);
    const codec = new PreludeCodec(new EncoderCodec(settings, stream.offload), prelude);
    ({ readable: this.readable, writable: this.writable } = createPullStream(codec, stream));
  }
}
