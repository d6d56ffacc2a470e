/**
 * Sets the library's module of lz4 decompression to plain JavaScript, for instances to come.
 */
import { configureBackend } from "@sluice/ffi";
import { makeInstance } from "./_wasm/lz4_decode.javascript.gen.ts";

configureBackend({ modules: { lz4_decode: makeInstance } });
