/**
 * A PCOMP program as a WebAssembly module: its registers are locals, its instructions are translated one by one, and a
 * call works off all input that there is. It answers as the interpreter does, budgets included.
 *
 * Code between the targets of jumps is a block. Blocks stand in the order of their addresses, each behind the end of a
 * label of its own, so that a jump forward is one branch; a jump back goes through a table at the front.
 */
import { instructionSize, OP } from "./_opcodes.ts";
import { WASM, WasmCode, wasmModule } from "./_wasm_writer.ts";

/** Where the state stands in memory while the module does not run. */
export const STATE = {
  A: 0,
  B: 4,
  C: 8,
  D: 12,
  F: 16,
  /** The block that goes on, and whether the program stands inside a call. */
  BLOCK: 20,
  INSIDE: 24,
  INPUT: 28,
  INPUT_END: 32,
  OUTPUT: 36,
  OUTPUT_END: 40,
  /** The instruction that failed. */
  FAILED: 44,
  /** What is left to run in this call, and what each call may run. */
  LEFT: 48,
  BUDGET: 56,
} as const;

/** What `run` answers. */
export const STATUS = { INPUT: 0, OUTPUT: 1, BAD_OPCODE: 2, BUDGET: 3 } as const;
/** What `run` is given: whether it takes input, starts the call at the end of a segment, or goes on inside that. */
export const MODE = { INPUT: 0, ENDING: 1, ENDED: 2 } as const;

const R_BASE = 64;
const H_BASE = 2048;
export const INPUT_SIZE = 1 << 16;
export const OUTPUT_SIZE = 1 << 18;
/** Budget that each byte of output gives. */
const OUTPUT_BUDGET = 64;
const BLOCKS_MAX = 2000;
/** Translated instructions for each byte of program: more come only of code that overlaps itself. */
const GROWTH_MAX = 4;

/** Locals of the function; the first is its parameter. */
const LOCAL = {
  MODE: 0,
  A: 1,
  B: 2,
  C: 3,
  D: 4,
  F: 5,
  BLOCK: 6,
  INSIDE: 7,
  IN: 8,
  IN_END: 9,
  OUT: 10,
  OUT_END: 11,
};
const SPARE = 12;
const STATUS_LOCAL = 13;
const LEFT = 14;
const NUMBERS = 13;
const SAVED = [
  [LOCAL.A, STATE.A],
  [LOCAL.B, STATE.B],
  [LOCAL.C, STATE.C],
  [LOCAL.D, STATE.D],
  [LOCAL.F, STATE.F],
  [LOCAL.BLOCK, STATE.BLOCK],
  [LOCAL.INSIDE, STATE.INSIDE],
  [LOCAL.IN, STATE.INPUT],
  [LOCAL.IN_END, STATE.INPUT_END],
  [LOCAL.OUT, STATE.OUTPUT],
  [LOCAL.OUT_END, STATE.OUTPUT_END],
] as const;
const ARITHMETIC = [
  WASM.ADD,
  WASM.SUB,
  WASM.MUL,
  WASM.DIV_U,
  WASM.REM_U,
  WASM.AND,
  WASM.AND,
  WASM.OR,
  WASM.XOR,
  WASM.SHL,
  WASM.SHR_U,
  WASM.EQ,
  WASM.LT_U,
  WASM.GT_U,
];
const FIRST_COMPARISON = 11;

/** Where the parts of the machine stand in the module's memory. */
export function layoutOf(ph: number, pm: number): {
  readonly m: number;
  readonly input: number;
  readonly output: number;
  readonly size: number;
} {
  const m = H_BASE + 4 * 2 ** ph;
  const input = m + Math.max(2 ** pm, 8);
  const output = input + INPUT_SIZE;
  return { m, input, output, size: output + OUTPUT_SIZE };
}

/** Where a jump at `pc` leads. */
function targetOf(program: Uint8Array, pc: number): number {
  const low = program[pc + 1] ?? 0;
  return program[pc] === OP.LJ ? low + 256 * (program[pc + 2] ?? 0) : pc + 2 + (low << 24 >> 24);
}

function isJump(opcode: number): boolean {
  return opcode === OP.JT || opcode === OP.JF || opcode === OP.JMP || opcode === OP.LJ;
}

function isError(opcode: number): boolean {
  return opcode === 0 || opcode === 58 || opcode >= 120 && opcode < 128 || opcode >= 240 && opcode < 255 ||
    opcode < 64 && ((opcode & 7) === 5 || (opcode & 7) === 6);
}

/** Whether no instruction follows: a jump always taken, HALT, an error. */
function isLast(opcode: number): boolean {
  return opcode === OP.JMP || opcode === OP.LJ || opcode === OP.HALT || isError(opcode);
}

const OUT = 57;

/** Addresses where blocks start: the first one, targets of jumps, and OUT, where a full output stops the program. */
function findBlocks(program: Uint8Array): number[] | undefined {
  const starts = new Set([0]);
  const waiting = [0];
  const seen = new Set<number>();
  const visit = (address: number): void => {
    if (starts.has(address)) return;
    starts.add(address);
    waiting.push(address);
  };
  while (waiting.length > 0) {
    let pc = waiting.pop()!;
    while (pc < program.length && !seen.has(pc)) {
      seen.add(pc);
      const opcode = program[pc]!;
      if (opcode === OUT) starts.add(pc);
      if (isJump(opcode) && targetOf(program, pc) >= 0 && targetOf(program, pc) < program.length) {
        visit(targetOf(program, pc));
      }
      if (starts.size > BLOCKS_MAX) return undefined;
      if (isLast(opcode)) break;
      pc += instructionSize(opcode);
    }
  }
  return [...starts].sort((a, b) => a - b);
}

/** Translates one program. */
class Translator {
  readonly #program: Uint8Array;
  readonly #blocks: readonly number[];
  readonly #ids: ReadonlyMap<number, number>;
  readonly #code = new WasmCode();
  readonly #m: number;
  readonly #hMask: number;
  readonly #mMask: number;
  #instructions = 0;

  constructor(program: Uint8Array, blocks: readonly number[], ph: number, pm: number) {
    this.#program = program;
    this.#blocks = blocks;
    this.#ids = new Map(blocks.map((address, id) => [address, id]));
    this.#m = layoutOf(ph, pm).m;
    this.#hMask = 2 ** ph - 1;
    this.#mMask = 2 ** pm - 1;
  }

  /** The function's body; undefined where it would be too long. */
  translate(): WasmCode | undefined {
    const code = this.#code;
    const count = this.#blocks.length;
    for (const [local, at] of SAVED) code.number(0).access(WASM.LOAD, at).set(local);
    code.number(0).access(WASM.LOAD64, STATE.LEFT).set(LEFT);
    code.open(WASM.BLOCK).open(WASM.LOOP);
    this.#startCall();
    code.open(WASM.LOOP);
    for (let i = 0; i < count; i++) code.open(WASM.BLOCK);
    code.get(LOCAL.BLOCK).branchTable(this.#blocks.map((_, id) => id));
    for (let id = 0; id < count; id++) {
      code.op(WASM.END);
      if (!this.#block(id)) return undefined;
    }
    code.op(WASM.END, WASM.END, WASM.END);
    for (const [local, at] of SAVED) code.number(0).get(local).access(WASM.STORE, at);
    code.number(0).get(LEFT).access(WASM.STORE64, STATE.LEFT);
    code.get(STATUS_LOCAL);
    return code;
  }

  /** Between calls: takes the next byte, or the end of the segment, or leaves. */
  #startCall(): void {
    const code = this.#code;
    const leave = 3;
    code.get(LOCAL.INSIDE).op(WASM.EQZ).open(WASM.IF);
    code.get(LOCAL.MODE).open(WASM.IF);
    code.get(LOCAL.MODE).number(MODE.ENDED).op(WASM.EQ).open(WASM.IF);
    code.number(STATUS.INPUT).set(STATUS_LOCAL).branch(leave + 1).op(WASM.END);
    code.number(MODE.ENDED).set(LOCAL.MODE).number(-1).set(LOCAL.A);
    code.op(WASM.ELSE);
    code.get(LOCAL.IN).get(LOCAL.IN_END).op(WASM.EQ).open(WASM.IF);
    code.number(STATUS.INPUT).set(STATUS_LOCAL).branch(leave + 1).op(WASM.END);
    code.get(LOCAL.IN).access(WASM.LOAD8, 0).set(LOCAL.A);
    code.get(LOCAL.IN).number(1).op(WASM.ADD).set(LOCAL.IN);
    code.op(WASM.END);
    code.number(0).set(LOCAL.BLOCK).number(1).set(LOCAL.INSIDE);
    code.number(0).access(WASM.LOAD64, STATE.BUDGET).set(LEFT);
    code.op(WASM.END);
  }

  /** One block: from its address to the next block, or to where nothing follows. */
  #block(id: number): boolean {
    let pc = this.#blocks[id]!;
    while (true) {
      if (++this.#instructions > GROWTH_MAX * this.#program.length + BLOCKS_MAX) return false;
      const opcode = this.#program[pc] ?? 0;
      if (isError(opcode)) {
        this.#fail(id, 0, pc, STATUS.BAD_OPCODE);
        return true;
      }
      if (opcode === OP.HALT) {
        this.#code.number(0).set(LOCAL.INSIDE).branch(this.#blocks.length - id);
        return true;
      }
      if (opcode === OUT) this.#out(id, pc);
      else if (isJump(opcode)) this.#jump(id, pc, opcode);
      else this.#instruction(opcode, this.#program[pc + 1] ?? 0);
      if (isLast(opcode)) return true;
      pc += instructionSize(opcode);
      const next = this.#ids.get(pc);
      if (next !== undefined) {
        if (next > id + 1) this.#code.branch(next - id - 1);
        return true;
      }
    }
  }

  /** Leaves the function; `nesting` counts the conditions around. */
  #leave(id: number, nesting: number, status: number): void {
    this.#code.number(status).set(STATUS_LOCAL).branch(this.#blocks.length - id + 1 + nesting);
  }

  #fail(id: number, nesting: number, pc: number, status: number): void {
    this.#code.number(0).number(pc).access(WASM.STORE, STATE.FAILED);
    this.#leave(id, nesting, status);
  }

  #jump(id: number, pc: number, opcode: number): void {
    const code = this.#code;
    const conditional = opcode === OP.JT || opcode === OP.JF;
    if (conditional) {
      code.get(LOCAL.F);
      if (opcode === OP.JF) code.op(WASM.EQZ);
      code.open(WASM.IF);
    }
    const nesting = conditional ? 1 : 0;
    const target = targetOf(this.#program, pc);
    if (target < 0 || target >= this.#program.length) {
      this.#fail(id, nesting, pc, STATUS.BAD_OPCODE);
    } else {
      // The budget counts from the last target: what is left, and that address, are kept as their sum.
      const after = pc + instructionSize(opcode);
      code.get(LEFT).number64(after).op(WASM.LT64_U).open(WASM.IF);
      this.#fail(id, nesting + 1, pc, STATUS.BUDGET);
      code.op(WASM.END);
      code.get(LEFT).number64(target - after).op(WASM.ADD64).set(LEFT);
      const to = this.#ids.get(target)!;
      if (to > id) code.branch(to - id - 1 + nesting);
      else code.number(to).set(LOCAL.BLOCK).branch(this.#blocks.length - 1 - id + nesting);
    }
    if (conditional) code.op(WASM.END);
  }

  #out(id: number, pc: number): void {
    const code = this.#code;
    code.get(LOCAL.OUT).get(LOCAL.OUT_END).op(WASM.EQ).open(WASM.IF);
    code.number(this.#ids.get(pc)!).set(LOCAL.BLOCK);
    this.#leave(id, 1, STATUS.OUTPUT);
    code.op(WASM.END);
    code.get(LOCAL.OUT).get(LOCAL.A).access(WASM.STORE8, 0);
    code.get(LOCAL.OUT).number(1).op(WASM.ADD).set(LOCAL.OUT);
    code.get(LEFT).number64(OUTPUT_BUDGET).op(WASM.ADD64).set(LEFT);
  }

  /** Puts the address of *B, *C or *D without its base. */
  #address(place: number): this {
    const code = this.#code;
    if (place === 6) code.get(LOCAL.D).number(this.#hMask).op(WASM.AND).number(2).op(WASM.SHL);
    else code.get(place === 4 ? LOCAL.B : LOCAL.C).number(this.#mMask).op(WASM.AND);
    return this;
  }

  /** Puts the value of a place; 7 is the operand. */
  #value(place: number, operand: number): this {
    if (place < 4) this.#code.get(LOCAL.A + place);
    else if (place === 7) this.#code.number(operand);
    else if (place === 6) this.#address(place).#code.access(WASM.LOAD, H_BASE);
    else this.#address(place).#code.access(WASM.LOAD8, this.#m);
    return this;
  }

  /** Stores what `value` puts. */
  #store(place: number, value: () => void): void {
    if (place < 4) {
      value();
      this.#code.set(LOCAL.A + place);
      return;
    }
    this.#address(place);
    value();
    if (place === 6) this.#code.access(WASM.STORE, H_BASE);
    else this.#code.access(WASM.STORE8, this.#m);
  }

  #instruction(opcode: number, operand: number): void {
    const code = this.#code;
    const place = opcode >> 3;
    const r = R_BASE + 4 * operand;
    if (opcode === 55) code.number(0).get(LOCAL.A).access(WASM.STORE, r);
    else if (opcode === 59) {
      code.get(LOCAL.A);
      this.#value(4, 0);
      this.#hash();
      code.set(LOCAL.A);
    } else if (opcode === 60) {
      this.#store(6, () => {
        this.#value(6, 0);
        code.get(LOCAL.A);
        this.#hash();
      });
    } else if (opcode < 64 && (opcode & 7) === 7) code.number(0).access(WASM.LOAD, r).set(LOCAL.A + place);
    else if (opcode < 64 && (opcode & 7) === 0) this.#swap(place);
    else if (opcode < 64) {
      this.#store(place, () => {
        if ((opcode & 7) === 4) return void code.number(0);
        this.#value(place, 0);
        code.number((opcode & 7) === 1 ? 1 : -1).op((opcode & 7) === 3 ? WASM.XOR : WASM.ADD);
      });
    } else if (opcode < 128) this.#store((opcode - 64) >> 3, () => this.#value(opcode & 7, operand));
    else this.#arithmetic((opcode - 128) >> 3, opcode & 7, operand);
  }

  #hash(): void {
    this.#code.op(WASM.ADD).number(512).op(WASM.ADD).number(773).op(WASM.MUL);
  }

  /** Swaps A with a place; of A only the low byte goes to M, and is replaced from there. */
  #swap(place: number): void {
    const code = this.#code;
    this.#value(place, 0);
    code.set(SPARE);
    this.#store(place, () => code.get(LOCAL.A));
    if (place === 4 || place === 5) code.get(LOCAL.A).number(-256).op(WASM.AND).get(SPARE).op(WASM.OR);
    else code.get(SPARE);
    code.set(LOCAL.A);
  }

  #arithmetic(operation: number, source: number, operand: number): void {
    const code = this.#code;
    const opcode = ARITHMETIC[operation]!;
    if (opcode === WASM.DIV_U || opcode === WASM.REM_U) {
      this.#value(source, operand);
      code.op(WASM.LOCAL_TEE, SPARE).openNumber(WASM.IF);
      code.get(LOCAL.A).get(SPARE).op(opcode, WASM.ELSE).number(0).op(WASM.END).set(LOCAL.A);
      return;
    }
    code.get(LOCAL.A);
    this.#value(source, operand);
    if (operation === 6) code.number(-1).op(WASM.XOR);
    code.op(opcode).set(operation >= FIRST_COMPARISON ? LOCAL.F : LOCAL.A);
  }
}

/** The module of a program; undefined where that would be too large. */
export function translateProgram(
  program: Uint8Array,
  ph: number,
  pm: number,
): Uint8Array<ArrayBuffer> | undefined {
  const blocks = findBlocks(program);
  if (blocks === undefined) return undefined;
  const code = new Translator(program, blocks, ph, pm).translate();
  return code === undefined ? undefined : wasmModule(code, NUMBERS, layoutOf(ph, pm).size);
}
