/**
 * Reading `dcz` bodies as a pair of Web Streams.
 *
 * @module
 */
import { createPullStream, splitStreamOptions } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { openDcz } from "./_dcz.ts";
import { CHUNK_SIZE_DEFAULT } from "../options/_stream_options.ts";
import type { DczDecompressOptions } from "./dcz_options.ts";
import type { ZstdStreamOptions } from "../options/stream_options.ts";

/**
 * Decompresses a body that came with `Content-Encoding: dcz`: 40 bytes are collected and checked, the dictionary is found
 * by its SHA-256, then everything is as in `ZstdDecompressionStream`. A failed check fails both sides before any output.
 *
 * @example A dictionary from a store
 * ```ts
 * import { compressDcz, DczDecompressionStream, DczDictionary } from "@sluice/zstd/http";
 * import { assertEquals } from "@std/assert";
 *
 * const stored = await DczDictionary.from(new TextEncoder().encode("a text that is known to both sides"));
 * const body = await compressDcz(new TextEncoder().encode("a text that is known"), { dictionary: stored });
 * const find = async (hash: Uint8Array) => await Promise.resolve(stored.matches(hash) ? stored : undefined);
 * const decoded = new Response(body).body!.pipeThrough(new DczDecompressionStream({ dictionaries: find }));
 * assertEquals(await new Response(decoded).text(), "a text that is known");
 * stored.close();
 * ```
 */
export class DczDecompressionStream {
  /** The content: a byte stream. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Takes the body in chunks of any size. */
  readonly writable: WritableStream<BytesSource>;

  /** Takes a context from the backend when the header is there; it goes with the end of the stream. */
  constructor(options: DczDecompressOptions & ZstdStreamOptions) {
    const [own, stream] = splitStreamOptions(options, CHUNK_SIZE_DEFAULT);
    const pair = createPullStream(openDcz(own, stream.offload), stream);
    ({ readable: this.readable, writable: this.writable } = pair);
  }
}
