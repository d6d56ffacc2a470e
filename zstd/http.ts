/**
 * zstd over HTTP: `Content-Encoding: zstd` within the window that every client supports, `dcz` with a dictionary that both
 * sides have, negotiation, the headers of compression dictionaries, and a wrapper for servers.
 *
 * @example Deltas between versions of a resource
 * ```ts
 * import { DczDictionary, decompressDcz, withZstd } from "@sluice/zstd/http";
 * import { assert, assertEquals } from "@std/assert";
 *
 * const old = Array.from({ length: 2000 }, (_, i) => `line ${i * i}`).join("\n");
 * const next = old.replace("line 100\n", "line 101\n");
 * const dictionary = await DczDictionary.from(new TextEncoder().encode(old));
 * const handler = withZstd(() => new Response(next), { dictionaries: [dictionary] });
 * const headers = { "accept-encoding": "zstd, dcz", "available-dictionary": dictionary.availableDictionary };
 * const response = await handler(new Request("https://example.test/", { headers }));
 * const body = await response.arrayBuffer();
 * assertEquals(response.headers.get("content-encoding"), "dcz");
 * assert(body.byteLength < 150);
 * const copy = await decompressDcz(body, { dictionaries: [dictionary] });
 * assertEquals(new TextDecoder().decode(copy), next);
 * dictionary.close();
 * ```
 *
 * @module
 */
export type { BackendChoice } from "@sluice/ffi";
export type { BytesSource } from "@sluice/internal";
export * from "@sluice/internal/faults";
export * from "./options/compress_options.ts";
export * from "./options/decompress_options.ts";
export * from "./options/dictionary.ts";
export type { ZstdFormat, ZstdFrameHeader } from "./frame/frame_header.ts";
export * from "./options/stream_options.ts";
export type { ZstdCompressionStream } from "./codec/compression_stream.ts";
export type { ZstdDecompressionStream } from "./codec/decompression_stream.ts";
export type { ZstdFlush, ZstdProgress } from "./codec/encoder.ts";
export * from "./http/content_encoding.ts";
export * from "./http/dcz.ts";
export * from "./http/dcz_compression_stream.ts";
export * from "./http/dcz_decompression_stream.ts";
export * from "./http/dcz_dictionary.ts";
export * from "./http/dcz_options.ts";
export * from "./http/dictionary_headers.ts";
export * from "./http/dictionary_store.ts";
export * from "./http/dictionary_selection.ts";
export * from "./http/negotiation.ts";
export * from "./http/with_zstd.ts";
export * from "./http/with_zstd_options.ts";
export * from "./http/zstd_hono.ts";
export * from "./http/zstd_node.ts";
