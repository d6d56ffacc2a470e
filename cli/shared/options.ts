/**
 * Command lines by table: clustered short flags (`-dcf`, `-19`, `-T0`), long ones (`--long=27`), operands, `--`.
 */
import { UsageFailure } from "./exit.ts";
import { nearest } from "./suggest.ts";

/**
 * How an option takes its value:
 * - `next`: `-o FILE`, `--name FILE` or `--name=FILE`;
 * - `glued`: right after the letter, `-T4`, and possibly empty; `--name=4` or `--name 4`;
 * - `optional`: `--name` or `--name=4`.
 */
export type ValueForm = "next" | "glued" | "optional";

/** How an option is spelled and what it is for. */
export interface OptionFace {
  /** The letter after one dash; "#" is a number, as in `-19`. */
  readonly short?: string;
  /** Names after two dashes, the usual one first. */
  readonly long?: readonly string[];
  /** How the value is given; left out where there is none. */
  readonly value?: ValueForm;
  /** What a glued value looks like; a number with an optional size suffix unless told otherwise. */
  readonly glued?: RegExp;
  /** What the value is called in help texts. */
  readonly valueName?: string;
  /** One line for the help; an option without it is accepted but not advertised. */
  readonly help?: string;
  /** Modes of the command in which the option has an effect. @default {all} */
  readonly modes?: readonly string[];
}

/** A word that may be completed, and what it means. */
export interface Word {
  readonly text: string;
  readonly help: string;
}

/** One option of a command and what it does to the command's settings. */
export interface OptionRow<Settings> extends OptionFace {
  /** Applies the option; the value is empty where none was given. */
  set(settings: Settings, value: string, name: string): void;
}

/** Options under one heading of the help. */
export interface OptionGroup<Settings> {
  readonly title: string;
  readonly rows: readonly OptionRow<Settings>[];
}

/** An option as it was given. */
export interface GivenOption {
  readonly face: OptionFace;
  readonly name: string;
}

/**
 * Refuses options that have no effect in a mode.
 *
 * @throws {UsageFailure} If one was given.
 */
export function refuseIdle(given: readonly GivenOption[], mode: string): void {
  for (const { face: { modes }, name } of given) {
    if (modes === undefined || modes.includes(mode)) continue;
    throw new UsageFailure(`Option ${name} has no effect with ${mode}; it belongs to ${modes.join(", ")}`);
  }
}

/** The failure of an option that is not in the table, with the nearest that is. */
export function unknownOption(name: string, rows: readonly OptionFace[]): UsageFailure {
  return new UsageFailure(`Option ${name} is not known${nearest(name, rows.flatMap(optionNames))}`);
}

/** The failure of digits that are no option, perhaps after one that takes other values. */
function unknownDigits(text: string, before: OptionFace | undefined): UsageFailure {
  return new UsageFailure(
    before === undefined
      ? `Option -${text} is not known`
      : `Option -${before.short} takes ${before.help}, not "${text}"`,
  );
}

const GLUED_NUMBER = /(?:\d+(?:[KMG](?:i?B|i)?)?)?/y;

/**
 * Applies a command line to settings and returns its operands; `-` is one. The options that it has join `given`, and
 * operands join `operands` as they come, so that an option can tell where among them it stands.
 *
 * @throws {UsageFailure} If an option is not known, or its value is missing or out of place.
 */
export function parseOptions<Settings>(
  groups: readonly OptionGroup<Settings>[],
  args: readonly string[],
  settings: Settings,
  given: GivenOption[] = [],
  operands: string[] = [],
): string[] {
  const rows = groups.flatMap((group) => group.rows);
  let at = 0;

  function nextArgument(name: string): string {
    const value = args[++at];
    if (value === undefined) throw new UsageFailure(`Option ${name} misses its argument`);
    return value;
  }

  function applyLong(text: string): void {
    const equals = text.indexOf("=");
    const name = equals < 0 ? text.slice(2) : text.slice(2, equals);
    const value = equals < 0 ? undefined : text.slice(equals + 1);
    const row = rows.find((candidate) => candidate.long?.includes(name));
    if (row === undefined) throw unknownOption(`--${name}`, rows);
    given.push({ face: row, name: `--${name}` });
    if (row.value === undefined && value !== undefined) {
      throw new UsageFailure(`Option --${name} takes no value`);
    }
    const needed = row.value === "next" || row.value === "glued";
    row.set(settings, value ?? (needed ? nextArgument(`--${name}`) : ""), `--${name}`);
  }

  function applyCluster(cluster: string): void {
    let index = 1;
    let unread: OptionFace | undefined;
    while (index < cluster.length) {
      const letter = /\d/.test(cluster[index]!) ? "#" : cluster[index]!;
      const row = rows.find((candidate) => candidate.short === letter);
      const name = `-${letter}`;
      if (row === undefined && letter === "#") throw unknownDigits(cluster.slice(index), unread);
      if (row === undefined) throw unknownOption(name, rows);
      given.push({ face: row, name });
      unread = undefined;
      if (letter !== "#") index++;
      if (row.value === "next") {
        if (index < cluster.length) throw new UsageFailure(`Option ${name} must be followed by its argument`);
        row.set(settings, nextArgument(name), name);
        return;
      }
      let value = "";
      if (row.value === "glued") {
        const pattern = row.glued ?? GLUED_NUMBER;
        pattern.lastIndex = index;
        value = pattern.exec(cluster)?.[0] ?? "";
        index += value.length;
        if (value === "") unread = row;
      }
      row.set(settings, value, name);
    }
  }

  for (; at < args.length; at++) {
    const arg = args[at]!;
    if (arg === "--") break;
    if (arg.startsWith("--")) applyLong(arg);
    else if (arg.startsWith("-") && arg !== "-") applyCluster(arg);
    else operands.push(arg);
  }
  operands.push(...args.slice(at + 1));
  return operands;
}

/** The spellings of an option without values, short ones first; "#" is left out. */
export function optionNames(row: OptionFace): string[] {
  const short = row.short === undefined || row.short === "#" ? [] : [`-${row.short}`];
  return [...short, ...(row.long ?? []).map((name) => `--${name}`)];
}

/** The options of a table that its help names, for completions. */
export function wordsOfOptions(groups: readonly { readonly rows: readonly OptionFace[] }[]): Word[] {
  return groups.flatMap(({ rows }) => rows).filter(({ help }) => help !== undefined)
    .flatMap((row) => optionNames(row).map((text) => ({ text, help: row.help! })));
}

const HELP_COLUMN = 34;

/** The help text of a table: one line an option, under its group's title. */
export function formatOptions<Settings>(groups: readonly OptionGroup<Settings>[]): string {
  return groups.map(({ title, rows }) => {
    const lines = rows.filter((row) => row.help !== undefined).map((row) => {
      const names = formatNames(row);
      const gap = names.length < HELP_COLUMN - 2
        ? " ".repeat(HELP_COLUMN - names.length)
        : `\n${" ".repeat(HELP_COLUMN + 2)}`;
      return `  ${names}${gap}${row.help}\n`;
    });
    return lines.length === 0 ? "" : `${title}:\n${lines.join("")}\n`;
  }).join("");
}

function formatNames(row: OptionFace): string {
  const value = row.valueName ?? "#";
  const suffix = { next: ` ${value}`, glued: `=${value}`, optional: `[=${value}]` };
  const short = row.short === undefined ? [] : [
    row.value === undefined || row.short === "#" || row.value === "optional"
      ? `-${row.short}`
      : row.value === "next" && row.long === undefined
      ? `-${row.short} ${value}`
      : row.value === "next"
      ? `-${row.short}`
      : `-${row.short}${value}`,
  ];
  const long = row.long?.[0];
  return [
    ...short,
    ...(long === undefined ? [] : [`--${long}${row.value === undefined ? "" : suffix[row.value]}`]),
  ]
    .join(", ");
}
