/**
 * Stream codecs and delta stores, one namespace a module. Import a module's own package to load only that one.
 *
 * @example Both directions
 * ```ts
 * import { zstd } from "@sluice/sluice";
 * import { assertEquals } from "@std/assert";
 *
 * const data = new TextEncoder().encode("there and back");
 * assertEquals(zstd.decompressZstd(zstd.compressZstd(data)), data);
 * ```
 *
 * @module
 */
export * as lz4 from "@sluice/lz4";
export * as pdiffcopy from "@sluice/pdiffcopy";
export * as zpaq from "@sluice/zpaq";
export * as zstd from "@sluice/zstd";
