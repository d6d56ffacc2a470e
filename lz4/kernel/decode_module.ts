/**
 * The library's module of lz4 decompression.
 */
import { BackendModule } from "@sluice/ffi";
import { LZ4_DECODE_MODULE } from "./_abi/lz4_decode.gen.ts";
import type { Lz4DecodeFunctions } from "./_abi/lz4_decode.gen.ts";
import { WASM_TEXT } from "./_wasm/lz4_decode.gen.ts";

/** Opened at first use. */
export const LZ4_DECODE: BackendModule<Lz4DecodeFunctions> = /* @__PURE__ */ new BackendModule(
  LZ4_DECODE_MODULE,
  WASM_TEXT,
);
