/**
 * Decompression alone in plain JavaScript, for pages whose policy and hosts whose engine forbid WebAssembly. The same
 * functions as `@sluice/lz4/decode` with the same bytes and errors, made of the same sources, and several times slower.
 *
 * Importing it is enough: what decompresses lz4 in this program runs as JavaScript from then on, where it does not run
 * natively.
 *
 * @example Decompress
 * ```ts
 * import { decompressLz4 } from "@sluice/lz4/decode-js";
 * import { assertEquals } from "@std/assert";
 *
 * const empty = new Uint8Array([0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82, 0, 0, 0, 0]);
 * assertEquals(decompressLz4(empty, { backend: "wasm" }), new Uint8Array());
 * ```
 *
 * @module
 */
import "./kernel/decode_javascript.ts";

export * from "./decode.ts";
