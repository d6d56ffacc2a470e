/**
 * The module behind both kernels of block hashing, loaded once for both.
 */
import { PDIFFCOPY_HASH_FUNCTIONS } from "./_abi/pdiffcopy_hash.gen.ts";
import type { PdiffcopyHashFunctions } from "./_abi/pdiffcopy_hash.gen.ts";
import { WASM_BASE64 } from "./_wasm/pdiffcopy_hash.gen.ts";
import { BackendModule } from "./backend.ts";

/** Hashes and chunks. */
export const PDIFFCOPY_HASH: BackendModule<PdiffcopyHashFunctions> = new BackendModule(
  PDIFFCOPY_HASH_FUNCTIONS,
  WASM_BASE64,
);
