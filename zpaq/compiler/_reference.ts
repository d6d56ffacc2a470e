/**
 * Sources that are run by the interpreter.
 */
import { checkKeys, checkLimit, SluiceError } from "@sluice/internal";
import { Interpreter } from "./_interpreter.ts";
import { readModule } from "./_module.ts";
import type { Module } from "./_module.ts";
import type { Program } from "./_scopes.ts";
import type { RunZpaqlPyOptions } from "./_types.ts";

const KEYS: ReadonlySet<string> = new Set<keyof RunZpaqlPyOptions>(["name", "budget", "allowSlash"]);
const BUDGET_DEFAULT = 2 ** 30;
/** What pcomp is called with after a segment. */
export const END_OF_SEGMENT = 2 ** 32 - 1;
/** log2 of the cells of an array that is run here. */
const ARRAY_BITS_MAX = 26;

/** A source that can be run. */
export interface Opened {
  readonly module: Module;
  readonly budget: number;
}

/** Reads a source that is to be run. */
export function openReference(source: string, options: RunZpaqlPyOptions): Opened {
  checkKeys(options, KEYS);
  const { name = "source", allowSlash = false } = options;
  const budget = checkLimit("budget", options.budget ?? BUDGET_DEFAULT);
  const module = readModule(source, name, { strictSubset: false, allowSlash });
  const fault = module.reporter.diagnostics.find(({ severity }) => severity === "error");
  if (fault === undefined) return { module, budget };
  throw new SluiceError(
    `Cannot run ${name} at line ${fault.line}, column ${fault.column}: ${fault.message} (${fault.code})`,
    { format: "zpaqlpy", code: "INVALID_SOURCE", offset: fault.start },
  );
}

/** What runs one of its programs as Python would. */
export function interpreterOf({ module, budget }: Opened, program: Program): Interpreter {
  const header = module.header!;
  const [h, m] = program.part === "hcomp" ? [header.hh, header.hm] : [header.ph, header.pm];
  if (Math.max(h, m) > ARRAY_BITS_MAX) {
    throw new SluiceError(
      `Cannot run ${module.reporter.source.name}: its arrays have 2^${
        Math.max(h, m)
      } elements, expected at most 2^${ARRAY_BITS_MAX}`,
      { format: "zpaqlpy", code: "ARRAY_LIMIT" },
    );
  }
  return new Interpreter(program, header, module.reporter.source, budget);
}
