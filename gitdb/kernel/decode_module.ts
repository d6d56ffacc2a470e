/**
 * The module that several kernels of git are in.
 */
import { GIT_DECODE_MODULE } from "./_abi/git_decode.gen.ts";
import type { GitDecodeFunctions } from "./_abi/git_decode.gen.ts";
import { WASM_TEXT } from "./_wasm/git_decode.gen.ts";
import { BackendModule } from "@sluice/ffi";

/** Reading and decoding. */
export const GIT_DECODE: BackendModule<GitDecodeFunctions> = /* @__PURE__ */ new BackendModule(
  GIT_DECODE_MODULE,
  WASM_TEXT,
);
