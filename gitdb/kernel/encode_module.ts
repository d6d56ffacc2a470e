/**
 * The library's module of writing git packs.
 */
import { BackendModule } from "@sluice/ffi";
import { GIT_ENCODE_MODULE } from "./_abi/git_encode.gen.ts";
import type { GitEncodeFunctions } from "./_abi/git_encode.gen.ts";
import { WASM_TEXT } from "./_wasm/git_encode.gen.ts";

/** Opened at first use. */
export const GIT_ENCODE: BackendModule<GitEncodeFunctions> = /* @__PURE__ */ new BackendModule(
  GIT_ENCODE_MODULE,
  WASM_TEXT,
);
