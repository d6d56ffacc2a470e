/**
 * The library's module of ZPAQ decompression.
 */
import { BackendModule } from "@sluice/ffi";
import { ZPAQ_DECODE_MODULE } from "./_abi/zpaq_decode.gen.ts";
import type { ZpaqDecodeFunctions } from "./_abi/zpaq_decode.gen.ts";
import { WASM_TEXT } from "./_wasm/zpaq_decode.gen.ts";

/** Opened at first use. */
export const ZPAQ_DECODE: BackendModule<ZpaqDecodeFunctions> = /* @__PURE__ */ new BackendModule(
  ZPAQ_DECODE_MODULE,
  WASM_TEXT,
);
