/**
 * Sets the library's module of zstd decompression to plain JavaScript, for instances to come.
 */
import { configureBackend } from "@sluice/ffi";
import { makeInstance } from "./_wasm/zstd_decode.javascript.gen.ts";

configureBackend({ modules: { zstd_decode: makeInstance } });
