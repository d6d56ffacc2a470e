/**
 * The assembler: components, instructions, and the structured words that become jumps.
 */
import { parseHeader } from "./_header_parser.ts";
import { configError, Tokens } from "./_config_tokens.ts";
import type { Token } from "./_config_tokens.ts";
import { COMPONENT_NAMES, COMPONENT_SIZES, HEADER_SIZE_MAX } from "./_format.ts";
import type { ZpaqComponentName } from "./_format.ts";
import { OPCODES } from "./_opcode_words.ts";
import { instructionSize, isShortJump, OP } from "./_opcodes.ts";
import type { ZpaqProgram, ZpaqSourceMapEntry } from "./_types.ts";

const ARGUMENT_COUNT_MAX = 9;
const NESTING_MAX = 1000;
const SHORT_JUMP_MAX = 127;
const PCOMP_SIZE_MAX = 65535;

/** Reads numbers and words of one config. */
class Reader {
  readonly tokens: Tokens;
  readonly #args: readonly number[];

  constructor(source: string, args: readonly number[]) {
    this.tokens = new Tokens(source);
    this.#args = args;
  }

  expect(word: string): void {
    const token = this.tokens.next();
    if (token.text !== word) {
      throw configError("WORD", token, `"${word}" was expected, ${quote(token)} found`);
    }
  }

  number(min: number, max: number): number {
    const token = this.tokens.next();
    const value = this.#value(token);
    if (value < min || value > max) {
      throw configError("NUMBER", token, `${value} is out of range, expected ${min} to ${max}`);
    }
    return value;
  }

  #value(token: Token): number {
    const match = /^(?:\$([1-9])(?:\+(\d+))?|(-?\d+))$/.exec(token.text);
    if (match === null) throw configError("NUMBER", token, `a number was expected, ${quote(token)} found`);
    if (match[3] !== undefined) return Number(match[3]);
    return (this.#args[Number(match[1]) - 1] ?? 0) + Number(match[2] ?? 0);
  }
}

function quote(token: Token): string {
  return token.text === "" ? "the end" : `"${token.text}"`;
}

/** Assembles one section up to one of the words that end it. */
class Section {
  readonly #reader: Reader;
  readonly #name: "hcomp" | "pcomp";
  readonly #map: ZpaqSourceMapEntry[];
  readonly code: number[] = [];
  /** Where the operands of pending IFs stand, and where DOs jump back to. */
  readonly #conditions: { readonly at: number; readonly token: Token }[] = [];
  readonly #loops: { readonly at: number; readonly token: Token }[] = [];

  constructor(reader: Reader, name: "hcomp" | "pcomp", map: ZpaqSourceMapEntry[]) {
    this.#reader = reader;
    this.#name = name;
    this.#map = map;
  }

  /** Returns the word that ended the section. */
  assemble(ends: readonly string[]): string {
    while (true) {
      const token = this.#reader.tokens.next();
      if (ends.includes(token.text)) {
        this.#finish();
        return token.text;
      }
      if (token.text === "") {
        throw configError(
          "END",
          token,
          `the ${this.#name} section has no end, expected ${ends.join(" or ")}`,
        );
      }
      if (token.text !== "do" && token.text !== "endif") {
        this.#map.push({ section: this.#name, pc: this.code.length, line: token.line, column: token.column });
      }
      this.#word(token);
      if (this.code.length > PCOMP_SIZE_MAX) throw configError("SIZE", token, "the program is too big");
    }
  }

  #finish(): void {
    const pending = this.#conditions.at(-1) ?? this.#loops.at(-1);
    if (pending !== undefined) {
      throw configError("NESTING", pending.token, `"${pending.token.text}" is not closed`);
    }
    this.code.push(0);
  }

  #word(token: Token): void {
    switch (token.text) {
      case "if":
        return this.#open(token, OP.JF, 0);
      case "ifnot":
        return this.#open(token, OP.JT, 0);
      case "ifl":
        this.code.push(OP.JT, 3);
        return this.#open(token, OP.LJ, 0, 0);
      case "ifnotl":
        this.code.push(OP.JF, 3);
        return this.#open(token, OP.LJ, 0, 0);
      case "else":
        return this.#otherwise(token, OP.JMP, 0);
      case "elsel":
        return this.#otherwise(token, OP.LJ, 0, 0);
      case "endif":
        return this.#patch(this.#close(token), this.code.length);
      case "do":
        if (this.#loops.length === NESTING_MAX) throw configError("NESTING", token, "loops nest too deep");
        this.#loops.push({ at: this.code.length, token });
        return;
      case "while":
        return this.#repeat(token, OP.JT, OP.JF);
      case "until":
        return this.#repeat(token, OP.JF, OP.JT);
      case "forever":
        return this.#repeat(token, OP.JMP, undefined);
      default:
        return this.#instruction(token);
    }
  }

  #instruction(token: Token): void {
    const opcode = OPCODES.get(token.text);
    if (opcode === undefined) throw configError("WORD", token, `${quote(token)} is no instruction`);
    this.code.push(opcode);
    if (opcode === OP.LJ) {
      const target = this.#reader.number(0, 65535);
      this.code.push(target & 255, target >> 8);
    } else if (instructionSize(opcode) === 2) {
      const value = isShortJump(opcode) ? this.#reader.number(-128, 127) : this.#reader.number(0, 255);
      this.code.push(value & 255);
    }
  }

  #open(token: Token, ...code: number[]): void {
    if (this.#conditions.length === NESTING_MAX) {
      throw configError("NESTING", token, "conditions nest too deep");
    }
    this.code.push(...code);
    this.#conditions.push({ at: this.code.length - code.length + 1, token });
  }

  #close(token: Token): { readonly at: number; readonly token: Token } {
    const open = this.#conditions.pop();
    if (open === undefined) throw configError("NESTING", token, `${quote(token)} stands without "if"`);
    return open;
  }

  #otherwise(token: Token, ...code: number[]): void {
    const open = this.#close(token);
    this.#patch(open, this.code.length + code.length);
    this.#open(token, ...code);
  }

  /** Lets the jump whose operand stands at `at` lead to `target`. */
  #patch(open: { readonly at: number; readonly token: Token }, target: number): void {
    const { at, token } = open;
    if (this.code[at - 1] === OP.LJ) {
      this.code[at] = target & 255;
      this.code[at + 1] = target >> 8;
      return;
    }
    const distance = target - at - 1;
    if (distance > SHORT_JUMP_MAX) {
      throw configError(
        "JUMP",
        token,
        `"${token.text}" jumps over ${distance} bytes, expected at most 127: use "${token.text}l"`,
      );
    }
    this.code[at] = distance;
  }

  /** Jumps back to the last DO; far ones are long jumps, which the inverse condition jumps over. */
  #repeat(token: Token, short: number, inverse: number | undefined): void {
    const open = this.#loops.pop();
    if (open === undefined) throw configError("NESTING", token, `${quote(token)} stands without "do"`);
    const distance = open.at - this.code.length - 2;
    if (distance >= -SHORT_JUMP_MAX) {
      this.code.push(short, distance & 255);
      return;
    }
    if (inverse !== undefined) this.code.push(inverse, 3);
    this.code.push(OP.LJ, open.at & 255, open.at >> 8);
  }
}

function assembleComponents(reader: Reader): number[] {
  const bytes: number[] = [];
  for (let i = 0; i < 4; i++) bytes.push(reader.number(0, 255));
  const count = reader.number(0, 255);
  bytes.push(count);
  for (let i = 0; i < count; i++) {
    reader.number(i, i);
    const token = reader.tokens.next();
    const type = COMPONENT_NAMES.indexOf(token.text as ZpaqComponentName);
    if (type < 1) throw configError("WORD", token, `${quote(token)} is no component`);
    bytes.push(type);
    for (let k = 1; k < COMPONENT_SIZES[type]!; k++) bytes.push(reader.number(0, 255));
  }
  return bytes;
}

/** Assembles a config; `args` are the values of `$1` to `$9`. */
export function assembleConfig(config: string, args: readonly number[]): ZpaqProgram {
  if (args.length > ARGUMENT_COUNT_MAX) {
    throw new RangeError(
      `Cannot assemble the config: ${args.length} arguments, expected at most ${ARGUMENT_COUNT_MAX}`,
    );
  }
  const reader = new Reader(config, args);
  const sourceMap: ZpaqSourceMapEntry[] = [];
  reader.expect("comp");
  const components = assembleComponents(reader);
  reader.expect("hcomp");
  const hcomp = new Section(reader, "hcomp", sourceMap);
  const word = hcomp.assemble(["end", "post", "pcomp"]);
  let pcomp: Section | undefined;
  let command = "";
  if (word === "post") {
    reader.number(0, 0);
    reader.expect("end");
  } else if (word === "pcomp") {
    command = reader.tokens.command();
    pcomp = new Section(reader, "pcomp", sourceMap);
    pcomp.assemble(["end"]);
  }
  const size = components.length + 1 + hcomp.code.length;
  if (size + 2 > HEADER_SIZE_MAX) throw configError("SIZE", reader.tokens.last, "the program is too big");
  const header = Uint8Array.from([size & 255, size >> 8, ...components, 0, ...hcomp.code]);
  parseHeader(header, 0);
  return {
    header,
    hcomp: Uint8Array.from(hcomp.code),
    pcomp: pcomp === undefined ? undefined : Uint8Array.from(pcomp.code),
    command,
    sourceMap,
  };
}
