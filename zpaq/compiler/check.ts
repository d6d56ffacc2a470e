/**
 * Checking programs of the Python subset.
 *
 * @module
 */
import { checkArgument, checkBoolean, checkKeys } from "@sluice/internal";
import { encoderSource, withFurther } from "./_encoder_source.ts";
import { readModule } from "./_module.ts";
import type { ZpaqlPyDiagnostic } from "./diagnostics.ts";

/** How a source is checked. */
export interface CheckZpaqlPyOptions {
  /** Refuse what goes beyond the language of the original compiler. @default {false} */
  readonly strictSubset?: boolean | undefined;
  /** Take "/" for "//", as the original compiler does. @default {false} */
  readonly allowSlash?: boolean | undefined;
}

const KEYS: ReadonlySet<string> = new Set<keyof CheckZpaqlPyOptions>(["strictSubset", "allowSlash"]);

/**
 * Checks a source that is a Python 3 script and a ZPAQ model at the same time: sections, grammar, header data, names, and
 * what the language leaves out of Python. One run finds up to a hundred faults, in the order of the source; without an
 * error among them the source is a program.
 *
 * @throws {TypeError} If an option has the wrong type or is not known.
 *
 * @example A fraction
 * ```ts
 * import { checkZpaqlPy } from "@sluice/zpaq/compiler";
 * import { assertEquals } from "@std/assert";
 *
 * const source = `
 * hh = hm = ph = pm = 0
 * n = len({0: "cm 9 4"})
 * pcomp_invocation = ""
 * def hcomp(c):
 *   hH[0] = c / 2
 * def pcomp(c):
 *   pass
 * `;
 * assertEquals(checkZpaqlPy(source).map(({ code, line, column }) => [code, line, column]), [["ZPY0203", 6, 13]]);
 * ```
 */
export function checkZpaqlPy(
  source: string,
  options: CheckZpaqlPyOptions = {},
): readonly ZpaqlPyDiagnostic[] {
  checkArgument(typeof source === "string", "read a program", source, "its source as a text");
  checkKeys(options, KEYS);
  const settings = {
    strictSubset: checkBoolean("strictSubset", options.strictSubset ?? false),
    allowSlash: checkBoolean("allowSlash", options.allowSlash ?? false),
  };
  const { diagnostics } = readModule(source, "source", { ...settings, hints: true }).reporter;
  const encoder = encoderSource(source, "source");
  if (encoder === undefined) return diagnostics;
  return withFurther(diagnostics, readModule(encoder, "source", settings).reporter.diagnostics);
}
