/**
 * The library's module of lz4 compression.
 */
import { BackendModule } from "@sluice/ffi";
import { LZ4_ENCODE_MODULE } from "./_abi/lz4_encode.gen.ts";
import type { Lz4EncodeFunctions } from "./_abi/lz4_encode.gen.ts";
import { WASM_TEXT } from "./_wasm/lz4_encode.gen.ts";

/** Opened at first use. */
export const LZ4_ENCODE: BackendModule<Lz4EncodeFunctions> = /* @__PURE__ */ new BackendModule(
  LZ4_ENCODE_MODULE,
  WASM_TEXT,
);
