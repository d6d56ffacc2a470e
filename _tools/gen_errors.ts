/**
 * Writes docs/errors.md from the table of error codes: `deno run -A _tools/gen_errors.ts`. A test compares them.
 */
import { SLUICE_ERRORS } from "../internal/error_codes.ts";
import { table } from "./markdown_table.ts";

const INTRODUCTION = `# Errors

Bad data, exceeded limits and failed transfers throw a \`SluiceError\` or one of its subclasses. It has a \`code\`
from the table below, the \`format\` that was being worked on, where known the \`offset\` in the input, and a
\`cause\`. Misuse of a function (a wrong type, a value out of range, a closed object) throws a plain \`TypeError\`
or \`RangeError\`.

The type \`SluiceErrorCode\` is the union of all codes. \`exitCodeOf(error)\` of \`@sluice/cli\` returns the exit
code with which the command line ends for an error.

`;

/** The page as it must be. */
export function errorsPage(): string {
  const rows = Object.entries(SLUICE_ERRORS).sort(([a], [b]) => a < b ? -1 : 1);
  return INTRODUCTION + table([
    ["code", "class", "meaning", "remedy"],
    ...rows.map(([code, facts]) => [`\`${code}\``, `\`${facts.class}\``, facts.meaning, facts.remedy]),
  ]);
}

if (import.meta.main) await Deno.writeTextFile(new URL("../docs/errors.md", import.meta.url), errorsPage());
