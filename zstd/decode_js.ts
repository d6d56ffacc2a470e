/**
 * Decompression alone in plain JavaScript, for pages whose policy and hosts whose engine forbid WebAssembly. The same
 * functions as `@sluice/zstd/decode` with the same bytes and errors, made of the same sources, and several times slower.
 *
 * Importing it is enough: what decompresses zstd in this program runs as JavaScript from then on, where it does not run
 * natively.
 *
 * @example Decompress
 * ```ts
 * import { decompressZstd } from "@sluice/zstd/decode-js";
 * import { assertEquals } from "@std/assert";
 *
 * const empty = new Uint8Array([0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x00, 0x01, 0x00, 0x00]);
 * assertEquals(decompressZstd(empty, { backend: "wasm" }), new Uint8Array());
 * ```
 *
 * @module
 */
import "./kernel/decode_javascript.ts";

export * from "./decode.ts";
