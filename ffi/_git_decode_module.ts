/**
 * The module that several kernels of git are in.
 */
import { GIT_DECODE_FUNCTIONS } from "./_abi/git_decode.gen.ts";
import type { GitDecodeFunctions } from "./_abi/git_decode.gen.ts";
import { WASM_BASE64 } from "./_wasm/git_decode.gen.ts";
import { BackendModule } from "./backend.ts";

/** Reading and decoding. */
export const GIT_DECODE: BackendModule<GitDecodeFunctions> = new BackendModule(
  GIT_DECODE_FUNCTIONS,
  WASM_BASE64,
);
