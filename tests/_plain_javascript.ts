/**
 * Loaded before tests: the decoders of the WASM backend are plain JavaScript.
 */
import "@sluice/lz4/decode-js";
import "@sluice/zstd/decode-js";
import "./_warm_up.ts";
