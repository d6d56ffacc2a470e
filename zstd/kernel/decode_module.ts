/**
 * The library's module of zstd decompression, which two kernels share.
 */
import { ZSTD_DECODE_MODULE } from "./_abi/zstd_decode.gen.ts";
import type { ZstdDecodeFunctions } from "./_abi/zstd_decode.gen.ts";
import { WASM_TEXT } from "./_wasm/zstd_decode.gen.ts";
import { BackendModule } from "@sluice/ffi";

/** Opened at first use. */
export const ZSTD_DECODE: BackendModule<ZstdDecodeFunctions> = /* @__PURE__ */ new BackendModule(
  ZSTD_DECODE_MODULE,
  WASM_TEXT,
);
