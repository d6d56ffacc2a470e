/**
 * The library's module of zstd compression and training, which two kernels share.
 */
import { ZSTD_ENCODE_MODULE } from "./_abi/zstd_encode.gen.ts";
import type { ZstdEncodeFunctions } from "./_abi/zstd_encode.gen.ts";
import { WASM_TEXT } from "./_wasm/zstd_encode.gen.ts";
import { BackendModule } from "@sluice/ffi";

/** Opened at first use. */
export const ZSTD_ENCODE: BackendModule<ZstdEncodeFunctions> = /* @__PURE__ */ new BackendModule(
  ZSTD_ENCODE_MODULE,
  WASM_TEXT,
);
