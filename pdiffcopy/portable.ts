/**
 * The parts of `@sluice/pdiffcopy` that need no files of Deno's: hashing of sources and streams, locations, sizes. They
 * run in browsers, on Node and at the edge.
 *
 * @example Hashing a Blob
 * ```ts
 * import { hashPdiffBlocks } from "@sluice/pdiffcopy/portable";
 * import { assertEquals } from "@std/assert";
 *
 * const source = new Blob([new Uint8Array(2000)]);
 * assertEquals((await Array.fromAsync(hashPdiffBlocks(source, { blockSize: 1024 }))).length, 2);
 * ```
 *
 * @module
 */
export * from "./file/constants.ts";
export * from "./file/hash.ts";
export * from "./file/location.ts";
export * from "./index/pdiff_index.ts";
export * from "./file/sizes.ts";
export * from "./file/worker_pool.ts";
export * from "@sluice/internal/faults";
export * from "@sluice/internal/sources";
