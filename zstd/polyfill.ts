/**
 * `CompressionStream` and `DecompressionStream` with "zstd" on platforms that lack it. Importing this changes nothing;
 * {@linkcode installZstdStreams} does.
 *
 * @example A response of a server that sends zstd
 * ```ts
 * import { compressZstd } from "@sluice/zstd";
 * import { installZstdStreams } from "@sluice/zstd/polyfill";
 * import { assertEquals } from "@std/assert";
 *
 * installZstdStreams();
 * const body = new Blob([compressZstd(new TextEncoder().encode("hello"))]).stream();
 * const content = body.pipeThrough(new DecompressionStream("zstd" as CompressionFormat));
 * assertEquals(await new Response(content).text(), "hello");
 * ```
 *
 * @module
 */
export * from "./codec/polyfill.ts";
