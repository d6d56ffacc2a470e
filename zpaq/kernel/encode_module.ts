/**
 * The library's module of ZPAQ compression, which two kernels share.
 */
import { BackendModule } from "@sluice/ffi";
import { ZPAQ_ENCODE_MODULE } from "./_abi/zpaq_encode.gen.ts";
import type { ZpaqEncodeFunctions } from "./_abi/zpaq_encode.gen.ts";
import { WASM_TEXT } from "./_wasm/zpaq_encode.gen.ts";

/** Opened at first use. */
export const ZPAQ_ENCODE: BackendModule<ZpaqEncodeFunctions> = /* @__PURE__ */ new BackendModule(
  ZPAQ_ENCODE_MODULE,
  WASM_TEXT,
);
