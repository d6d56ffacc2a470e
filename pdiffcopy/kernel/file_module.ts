/**
 * The library's module of files by position; native only.
 */
import { BackendModule } from "@sluice/ffi";
import { PDIFFCOPY_FILE_MODULE } from "./_abi/pdiffcopy_file.gen.ts";
import type { PdiffcopyFileFunctions } from "./_abi/pdiffcopy_file.gen.ts";

/** Opened at first use. */
export const PDIFFCOPY_FILE: BackendModule<PdiffcopyFileFunctions> = /* @__PURE__ */ new BackendModule(
  PDIFFCOPY_FILE_MODULE,
);
