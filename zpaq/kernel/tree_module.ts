/**
 * The library's module of file facts; native only.
 */
import { BackendModule } from "@sluice/ffi";
import { ZPAQ_TREE_MODULE } from "./_abi/zpaq_tree.gen.ts";
import type { ZpaqTreeFunctions } from "./_abi/zpaq_tree.gen.ts";

/** Opened at first use. */
export const ZPAQ_TREE: BackendModule<ZpaqTreeFunctions> = /* @__PURE__ */ new BackendModule(
  ZPAQ_TREE_MODULE,
);
