/**
 * Methods: the strings that say how a block is compressed, and what zpaq's levels stand for.
 */

/** A method taken apart: what stands before the model, and the model's own commands. */
export interface Method {
  /** "0" for stored data without a model's header, "x" for everything else. */
  readonly stored: boolean;
  /** $1 to $9: log2 of the block in MiB, the transform, and the numbers of LZ77. */
  readonly args: readonly number[];
  /** The model's commands, each with its numbers. */
  readonly commands: readonly ModelCommand[];
}

/** One command of a model. */
export interface ModelCommand {
  readonly name: "c" | "i" | "a" | "w" | "m" | "s" | "t";
  readonly args: readonly number[];
}

/** What a level is told about the data: redundancy 0 to 255, and whether it is text or x86 code. */
export interface DataHint {
  readonly redundancy: number;
  readonly text: boolean;
  readonly exe: boolean;
}

const ARGUMENT_COUNT = 9;
const BLOCK_BITS_MAX = 11;
const PERIOD_MAX = 4096;
const LEVEL_PATTERN = /^([0-5])(\d*)(?:,(\d+)(?:,(\d+))?)?$/;
const METHOD_PATTERN = /^([0xsi])(\d+(?:[,.]\d+)*)((?:[a-z](?:\d+(?:[,.]\d+)*)?)*)$/;

/** A level as `LB,R,T` says it; undefined where the method is no level. */
export function parseLevel(
  method: string,
): { level: number; blockBits: number | undefined; hint: DataHint | undefined } | undefined {
  const match = LEVEL_PATTERN.exec(method);
  if (match === null) return undefined;
  const [, level, bits, redundancy, type] = match;
  const kind = Number(type ?? 0);
  return {
    level: Number(level),
    blockBits: bits === "" ? undefined : Math.min(Number(bits), BLOCK_BITS_MAX),
    hint: redundancy === undefined
      ? undefined
      : { redundancy: Number(redundancy), text: (kind & 1) !== 0, exe: (kind & 2) !== 0 },
  };
}

/** Takes an expanded method apart. */
export function parseMethod(method: string): Method {
  const match = METHOD_PATTERN.exec(method);
  if (match === null) {
    throw new RangeError(
      `Cannot use method "${method}": it is not known, expected a level "0" to "5" or "x" with numbers and commands`,
    );
  }
  const [, kind, numbers, rest] = match;
  const args = numbers!.split(/[,.]/).map(Number);
  while (args.length < ARGUMENT_COUNT) args.push(0);
  if (args[0]! > BLOCK_BITS_MAX || args[1]! > 7) {
    throw new RangeError(
      `Cannot use method "${method}": blocks of 2^${args[0]} MiB with transform ${args[1]} do not exist`,
    );
  }
  const commands: ModelCommand[] = [];
  for (const [, name, list] of rest!.matchAll(/([a-z])([\d,.]*)/g)) {
    if (!"ciawmst".includes(name!)) {
      throw new RangeError(
        `Cannot use method "${method}": "${name}" is no command, expected one of c i a w m s t`,
      );
    }
    commands.push({
      name: name as ModelCommand["name"],
      args: list === "" ? [] : list!.split(/[,.]/).map(Number),
    });
  }
  return { stored: kind === "0", args, commands };
}

/** Bits of a number without leading zeros. */
export function bitLength(value: number): number {
  return value === 0 ? 0 : Math.floor(Math.log2(value)) + 1;
}

/** What a level stands for on this data, as zpaq 7.15 has it. */
export function expandLevel(level: number, hint: DataHint | undefined, data: Uint8Array): string {
  const blockBits = Math.max(bitLength(data.length + 4095) - 20, 0);
  const text = hint?.text ?? false;
  const type = hint === undefined ? 512 : hint.redundancy * 4 + (text ? 1 : 0) + (hint.exe ? 2 : 0);
  if (level === 0) return `0${blockBits},0`;
  return `x${blockBits}${tail(Math.min(level, 5), type, text, hint?.exe ? 4 : 0, blockBits, data)}`;
}

function tail(
  level: number,
  type: number,
  text: boolean,
  exe: number,
  blockBits: number,
  data: Uint8Array,
): string {
  const table = 19 + blockBits + (blockBits <= 6 ? 1 : 0);
  const suffixes = 21 + blockBits;
  switch (level) {
    case 1:
      if (type < 40) return ",0";
      if (type < 80) return `,${1 + exe},4,0,1,15`;
      if (type < 128) return `,${1 + exe},4,0,2,16`;
      if (type < 256) return `,${1 + exe},4,0,2,${table}`;
      if (type < 960) return `,${1 + exe},5,0,3,${table}`;
      return `,${1 + exe},6,0,3,${table}`;
    case 2:
      if (type < 32) return ",0";
      if (type < 64) return `,${1 + exe},4,0,3,${table}`;
      return `,${1 + exe},4,0,7,${suffixes},1`;
    case 3:
      if (type < 20) return ",0";
      if (type < 48) return `,${1 + exe},4,0,3,${table}`;
      if (type >= 640 || text) return `,${3 + exe}ci1`;
      return `,${2 + exe},12,0,7,${suffixes},1c0,0,511i2`;
    case 4:
      if (type < 12) return ",0";
      if (type < 24) return `,${1 + exe},4,0,3,${table}`;
      // zpaq forgets a comma here, so that the model's first digits belong to the number in front.
      if (type < 48) return `,${2 + exe},5,0,7,${suffixes}1c0,0,511`;
      if (type < 900) return `,${exe}ci1,1,1,1,2a${text ? "w" : ""}m`;
      return `,${3 + exe}ci1`;
    default:
      return `,${exe}${text ? "w2c0,1010,255i1" : "w1i1"}c256ci1,1,1,1,1,1,2a${periods(data)}` +
        "c0,2,0,255i1c0,3,0,0,255i1c0,4,0,0,0,255i1mm16ts19t0";
  }
}

/** Models for the two lengths of records that stand out, from the distances between equal bytes. */
function periods(data: Uint8Array): string {
  const counts = new Uint32Array(PERIOD_MAX);
  const last = new Uint32Array(256);
  for (let i = 0; i < data.length; i++) {
    const byte = data[i]!;
    const gap = i - last[byte]!;
    if (gap > 0 && gap < PERIOD_MAX) counts[gap]!++;
    last[byte] = i;
  }
  let left = data.length - counts[1]! - counts[2]! - counts[3]!;
  let commands = "";
  for (let round = 0; round < 2; round++) {
    let best = 0;
    let bestScore = 0;
    let seen = 0;
    for (let period = 5; period < PERIOD_MAX && seen < left; period++) {
      const score = counts[period]! / (256 + left - seen);
      if (score > bestScore) {
        best = period;
        bestScore = score;
      }
      seen += counts[period]!;
    }
    if (best <= 4 || bestScore <= 0.1) break;
    commands += `c0,0,${999 + best},255i1`;
    if (best <= 255) commands += `c0,${best}i1`;
    left -= counts[best]!;
    counts[best] = 0;
  }
  return commands;
}
