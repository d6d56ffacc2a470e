/**
 * The boundary between TypeScript and the Zig library: backends and what they answer. The kernels of the codec packages
 * stand on it; programs need it to choose a backend or to see which one runs.
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
export { RESULT, STEP, STEP_LENGTH } from "./_abi.gen.ts";
export { liveHandleCount } from "./_library.ts";
export type {
  Closable,
  FunctionShape,
  FunctionsOf,
  FunctionTable,
  Kind,
  KindTypes,
  Library,
  LibraryModule,
  Pointer,
  TypesOf,
} from "./_library.ts";
export { backendInfo, BackendModule, configureBackend, resolveBackend } from "./backend.ts";
export type { BackendChoice, BackendInfo, BackendOptions } from "./backend.ts";
export { Handle } from "./handle.ts";
export type { HandleOrigin } from "./handle.ts";
export { ContextKernel, Kernel, reportedValue } from "./kernel.ts";
export type { AsideName, AsideValues, ContextOptions, ContextOrigin } from "./kernel.ts";
export { resultError } from "./result_error.ts";
export type { FailedCall } from "./result_error.ts";
export type { WasmForm, WasmModuleName } from "./_wasm_modules.ts";
