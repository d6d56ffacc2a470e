/**
 * The boundary between TypeScript and the Zig library: backends and what they answer. The codec packages stand on it;
 * programs need it to choose a backend or to see which one runs.
 *
 * @example Which backend runs
 * ```ts
 * import { backendInfo } from "@sluice/ffi";
 * import { assert } from "@std/assert";
 *
 * assert(["native", "wasm"].includes(backendInfo().kind));
 * ```
 *
 * @module
 */
export { RESULT } from "./_abi/abi.gen.ts";
export { liveContextCount } from "./_context.ts";
export { backendInfo, configureBackend, resolveBackend } from "./backend.ts";
export type { BackendChoice, BackendInfo } from "./backend.ts";
export * from "./result_error.ts";
export * from "./zstd_dictionary_type.ts";
