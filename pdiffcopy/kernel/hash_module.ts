/**
 * The library module of both kernels of block hashing, loaded once for both.
 */
import { PDIFFCOPY_HASH_MODULE } from "./_abi/pdiffcopy_hash.gen.ts";
import type { PdiffcopyHashFunctions } from "./_abi/pdiffcopy_hash.gen.ts";
import { WASM_TEXT } from "./_wasm/pdiffcopy_hash.gen.ts";
import { BackendModule } from "@sluice/ffi";

/** Hashes and chunks. */
export const PDIFFCOPY_HASH: BackendModule<PdiffcopyHashFunctions> = /* @__PURE__ */ new BackendModule(
  PDIFFCOPY_HASH_MODULE,
  WASM_TEXT,
);
