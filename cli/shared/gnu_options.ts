/**
 * Command lines as GNU getopt reads them: options anywhere among the operands, long names cut to any unique beginning,
 * values glued or apart, short letters clustered.
 */
import { UsageFailure } from "./exit.ts";
import { unknownOption } from "./options.ts";
import type { GivenOption, OptionGroup, OptionRow } from "./options.ts";

/**
 * Applies a command line to settings and returns its operands; `-` is one, and `--` ends the options.
 *
 * @throws {UsageFailure} If an option is not known or ambiguous, or its value is missing or out of place.
 */
export function parseGnuOptions<Settings>(
  groups: readonly OptionGroup<Settings>[],
  args: readonly string[],
  settings: Settings,
  given: GivenOption[] = [],
): string[] {
  const rows = groups.flatMap((group) => group.rows);
  const operands: string[] = [];
  let at = 0;

  function next(name: string): string {
    const value = args[++at];
    if (value === undefined) throw new UsageFailure(`Option ${name} misses its argument`);
    return value;
  }

  function applyLong(text: string): void {
    const equals = text.indexOf("=");
    const word = equals < 0 ? text.slice(2) : text.slice(2, equals);
    const { row, name } = findLong(rows, word);
    given.push({ face: row, name: `--${name}` });
    if (row.value === undefined) {
      if (equals >= 0) throw new UsageFailure(`Option --${name} takes no value`);
      row.set(settings, "", `--${name}`);
    } else {
      row.set(settings, equals < 0 ? next(`--${name}`) : text.slice(equals + 1), `--${name}`);
    }
  }

  function applyCluster(cluster: string): void {
    for (let index = 1; index < cluster.length; index++) {
      const name = `-${cluster[index]}`;
      const row = rows.find((candidate) => candidate.short === cluster[index]);
      if (row === undefined) throw unknownOption(name, rows);
      given.push({ face: row, name });
      if (row.value !== undefined) {
        const glued = cluster.slice(index + 1);
        return row.set(settings, glued === "" ? next(name) : glued, name);
      }
      row.set(settings, "", name);
    }
  }

  for (; at < args.length; at++) {
    const arg = args[at]!;
    if (arg === "--") return [...operands, ...args.slice(at + 1)];
    if (arg.startsWith("--")) applyLong(arg);
    else if (arg.startsWith("-") && arg !== "-") applyCluster(arg);
    else operands.push(arg);
  }
  return operands;
}

/** The option of a long name or of its beginning, where only one option begins so. */
function findLong<Settings>(
  rows: readonly OptionRow<Settings>[],
  given: string,
): { readonly row: OptionRow<Settings>; readonly name: string } {
  const named = rows.flatMap((row) => (row.long ?? []).map((name) => ({ row, name })));
  const exact = named.find(({ name }) => name === given);
  if (exact !== undefined) return exact;
  const near = named.filter(({ name }) => name.startsWith(given));
  if (near.length === 0) throw unknownOption(`--${given}`, rows);
  if (new Set(near.map(({ row }) => row)).size > 1) {
    const names = near.map(({ name }) => `--${name}`).join(", ");
    throw new UsageFailure(`Option --${given} is ambiguous: ${names}`);
  }
  return near[0]!;
}
