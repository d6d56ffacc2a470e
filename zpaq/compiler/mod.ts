/**
 * Programs in a subset of Python 3 that are ZPAQ models at the same time: what is wrong with them.
 *
 * @example A source without faults
 * ```ts
 * import { checkZpaqlPy } from "@sluice/zpaq/compiler";
 * import { assertEquals } from "@std/assert";
 *
 * const source = `
 * hh = hm = ph = pm = 0
 * n = len({0: "cm 9 4"})
 * pcomp_invocation = ""
 * def hcomp(c):
 *   hH[0] = c << 9
 * def pcomp(c):
 *   pass
 * `;
 * assertEquals(checkZpaqlPy(source), []);
 * ```
 *
 * @module
 */
export type { ZpaqConfigOptions } from "../block/compress_config.ts";
export type { ZpaqCompressOptions } from "../block/compress_options.ts";
export type { ZpaqProgramCompilation } from "../block/decompress_options.ts";
export type { BackendChoice } from "@sluice/ffi";
export type { BytesSource, ChunkSource } from "@sluice/internal";
export * from "./check.ts";
export * from "./compile.ts";
export * from "./diff.ts";
export * from "./format_report.ts";
export * from "./info.ts";
export * from "./report.ts";
export * from "./run.ts";
export * from "./streams.ts";
export * from "./template.ts";
export * from "./trace.ts";
export * from "./tune.ts";
export { formatZpaqlPyDiagnostic, toZpaqlPyLspDiagnostic } from "./diagnostics.ts";
export type { ZpaqlPyDiagnostic, ZpaqlPyFix, ZpaqlPyLspDiagnostic, ZpaqlPySeverity } from "./diagnostics.ts";
