/**
 * Applying patches as a pair of Web Streams.
 *
 * @module
 */
import { checkKeys, createPullStream, splitStreamOptions, toBytes } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { DecoderCodec } from "../codec/_decoder_codec.ts";
import { resolveStreamingOptions } from "../options/_decompress_options.ts";
import { HeadedCodec } from "../codec/_headed_codec.ts";
import { openPatch, PATCH_HEAD_SIZE } from "./_patch.ts";
import { CHUNK_SIZE_DEFAULT } from "../options/_stream_options.ts";
import type { ZstdPatchApplyOptions } from "./patch_options.ts";
import type { ZstdStreamOptions } from "../options/stream_options.ts";

const KEYS: ReadonlySet<string> = new Set<keyof ZstdPatchApplyOptions>([
  "allowEmpty",
  "backend",
  "maxMemory",
  "maxOutputSize",
  "maxWindowLog",
  "maxWindowSize",
  "onSkippable",
  "verifyChecksums",
]);

/**
 * Applies a patch that streams through to a base in memory. Held: the base, two copies of it, and the window, which is
 * the size of the target up to 128 MiB or twice the base, whatever is more; a larger target needs `maxOutputSize`, which says
 * how far its declared size is believed. The checksum is checked at the end, after the target has been given out.
 *
 * @throws {TypeError} If an option has the wrong type or is not known.
 *
 * @example A patch that comes in chunks
 * ```ts
 * import { createZstdPatch, ZstdPatchDecompressionStream } from "@sluice/zstd/patch";
 * import { assertEquals } from "@std/assert";
 *
 * const base = new TextEncoder().encode("the first version");
 * const patch = await createZstdPatch(base, new TextEncoder().encode("the second version"));
 * const target = new Response(patch).body!.pipeThrough(new ZstdPatchDecompressionStream(base));
 * assertEquals(await new Response(target).text(), "the second version");
 * ```
 */
export class ZstdPatchDecompressionStream {
  /** The target: a byte stream. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Takes the patch in chunks of any size. */
  readonly writable: WritableStream<BytesSource>;

  /** Takes a context from the backend when the patch's header is there; it goes with the end of the stream. */
  constructor(base: BytesSource, options: ZstdPatchApplyOptions & ZstdStreamOptions = {}) {
    const [own, stream] = splitStreamOptions(options, CHUNK_SIZE_DEFAULT);
    checkKeys(own, KEYS);
    const bytes = toBytes(base);
    const codec = new HeadedCodec(PATCH_HEAD_SIZE, async (head) => {
      const { preludeSize, codecOptions } = await openPatch(bytes, head, own);
      const settings = resolveStreamingOptions({ ...codecOptions, skipBytes: preludeSize });
      return { codec: new DecoderCodec(settings, stream.offload), rest: head };
    });
    ({ readable: this.readable, writable: this.writable } = createPullStream(codec, stream));
  }
}
