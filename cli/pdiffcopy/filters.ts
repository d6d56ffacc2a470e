/**
 * Options that choose names of a directory, and the files that they read.
 */
import { describeSystemError, Failure, UsageFailure } from "../shared/exit.ts";

/** One option, in the order of the command line. */
export interface FilterOption {
  readonly kind: "exclude" | "include" | "filter" | "exclude-from" | "include-from" | "filter-from";
  readonly value: string;
}

const NEWLINE = 10;
const RETURN = 13;

/** Settings that choose names. */
export interface ChoiceSettings {
  readonly filters: readonly FilterOption[];
  readonly filesFrom: string | undefined;
  readonly from0: boolean;
}

/** The rules of all options, with those of the files that they name, and the names of `--files-from`. */
export async function readChoice(
  { filters, filesFrom, from0 }: ChoiceSettings,
): Promise<{ readonly filters: string[]; readonly files: Uint8Array[] | undefined }> {
  const read = filters.filter(({ kind }) => kind.endsWith("-from")).map(({ value }) => value);
  if ([...read, filesFrom].filter((path) => path === "-").length > 1) {
    throw new UsageFailure("Stdin is read once: two options have the value -");
  }
  const rules: string[] = [];
  for (const { kind, value } of filters) {
    const [word, from] = kind.split("-");
    if (from === undefined) rules.push(ruleOf(word!, value));
    else for (const line of await readRuleLines(value, from0)) rules.push(ruleOf(word!, line));
  }
  return { filters: rules, files: filesFrom === undefined ? undefined : await readNames(filesFrom, from0) };
}

/** A rule for a pattern; `+` and `-` before a pattern overrule the option, as in rsync. */
function ruleOf(word: string, text: string): string {
  if (word === "filter" || text === "!" || /^[-+] /.test(text)) return text;
  return `${word === "include" ? "+" : "-"} ${text}`;
}

async function readRuleLines(path: string, from0: boolean): Promise<string[]> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const lines = splitLines(await readBytes(path), from0).map((line) => {
    try {
      return decoder.decode(line);
    } catch {
      throw new Failure(`Cannot read ${path}: it is not UTF-8`);
    }
  });
  return lines.filter((line) => !/^[#;]/.test(line));
}

/** Names as bytes; lines that begin with "#" or ";" are comments unless NULs end them. */
async function readNames(path: string, from0: boolean): Promise<Uint8Array[]> {
  const isComment = ([first]: Uint8Array): boolean => first === 0x23 || first === 0x3b;
  return splitLines(await readBytes(path), from0).filter((line) => from0 || !isComment(line));
}

/** Lines that are not empty. */
function splitLines(bytes: Uint8Array, from0: boolean): Uint8Array[] {
  const lines: Uint8Array[] = [];
  let start = 0;
  for (let at = 0; at <= bytes.length; at++) {
    const byte = bytes[at];
    const isEnd = from0 ? byte === 0 : byte === NEWLINE || byte === RETURN;
    if (byte !== undefined && !isEnd) continue;
    if (at > start) lines.push(bytes.subarray(start, at));
    start = at + 1;
  }
  return lines;
}

async function readBytes(path: string): Promise<Uint8Array> {
  if (path === "-") return new Uint8Array(await new Response(Deno.stdin.readable).arrayBuffer());
  try {
    return await Deno.readFile(path);
  } catch (error) {
    throw new Failure(`Cannot read ${path}: ${describeSystemError(error)}`);
  }
}
