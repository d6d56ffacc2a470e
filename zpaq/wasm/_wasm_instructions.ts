/**
 * ZPAQL instructions as WebAssembly: registers are locals, instructions are translated one by one. It answers as the
 * interpreter does, budgets included.
 *
 * Code between the targets of jumps is a block. Blocks stand in the order of their addresses, each after the end of a
 * label of its own, so that a jump forward is one branch; a jump back goes through a table at the front.
 */
import { instructionSize, OP } from "../zpaql/_opcodes.ts";
import { TYPE, WASM } from "./_wasm_writer.ts";
import type { WasmCode } from "./_wasm_writer.ts";

const BLOCKS_MAX = 2000;
/** Translated instructions for each byte of program: more come only of code that overlaps itself. */
const GROWTH_MAX = 4;
const FLAG = 4;
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

/** A program with where its arrays stand in memory. */
export interface MachinePlan {
  readonly program: Uint8Array;
  readonly r: number;
  readonly h: number;
  readonly m: number;
  readonly hMask: number;
  readonly mMask: number;
  /** Where the instruction that failed is noted. */
  readonly failed: number;
  /** What the function answers when the program fails. */
  readonly badOpcode: number;
  readonly budgetExceeded: number;
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

/** Addresses where blocks start: the first one, targets of jumps, and where `stops` says; undefined for too many. */
export function findBlocks(
  program: Uint8Array,
  stops: (opcode: number) => boolean = () => false,
): number[] | undefined {
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
      if (stops(opcode)) starts.add(pc);
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

/** Translates one program; what stands around its blocks is for those who extend this. */
export abstract class InstructionTranslator {
  protected readonly code: WasmCode;
  protected readonly blockCount: number;
  /** Locals: A, and after it B, C, D and F. */
  protected readonly a: number;
  /** The block that is next, where that is told by the table. */
  protected readonly block: number;
  protected readonly status: number;
  protected readonly left: number;
  readonly #spare: number;
  readonly #plan: MachinePlan;
  readonly #blocks: readonly number[];
  readonly #ids: ReadonlyMap<number, number>;
  #instructions = 0;

  constructor(code: WasmCode, plan: MachinePlan, blocks: readonly number[]) {
    this.code = code;
    this.a = code.local();
    for (let i = 0; i < FLAG; i++) code.local();
    this.block = code.local();
    this.status = code.local();
    this.#spare = code.local();
    this.left = code.local(TYPE.I64);
    this.#plan = plan;
    this.#blocks = blocks;
    this.blockCount = blocks.length;
    this.#ids = new Map(blocks.map((address, id) => [address, id]));
  }

  /** HALT; the loop over the blocks is `depth` labels up. */
  protected abstract halt(depth: number): void;
  /** OUT in block `id`; the loop over the blocks is `depth` labels up. */
  protected abstract out(id: number, depth: number): void;
  /** Leaves with `status`, which is set; the loop over the blocks is `depth` labels up. */
  protected abstract leave(depth: number): void;

  /** The loop over all blocks; false where it would be too long. */
  protected run(): boolean {
    const { code } = this;
    code.open(WASM.LOOP);
    for (let i = 0; i < this.blockCount; i++) code.open(WASM.BLOCK);
    code.get(this.block).branchTable(this.#blocks.map((_, id) => id));
    for (let id = 0; id < this.blockCount; id++) {
      code.op(WASM.END);
      if (!this.#translate(id)) return false;
    }
    code.op(WASM.END);
    return true;
  }

  /** One block: from its address to the next block, or to where nothing follows. */
  #translate(id: number): boolean {
    const { program } = this.#plan;
    const depth = this.blockCount - 1 - id;
    let pc = this.#blocks[id]!;
    while (true) {
      if (++this.#instructions > GROWTH_MAX * program.length + BLOCKS_MAX) return false;
      const opcode = program[pc] ?? 0;
      if (isError(opcode)) this.#fail(depth, pc, this.#plan.badOpcode);
      else if (opcode === OP.HALT) this.halt(depth);
      else if (opcode === OP.OUT) this.out(id, depth);
      else if (isJump(opcode)) this.#jump(id, pc, opcode);
      else this.#instruction(opcode, program[pc + 1] ?? 0);
      if (isLast(opcode)) return true;
      pc += instructionSize(opcode);
      const next = this.#ids.get(pc);
      if (next !== undefined) {
        if (next > id + 1) this.code.branch(next - id - 1);
        return true;
      }
    }
  }

  #fail(depth: number, pc: number, status: number): void {
    this.code.number(0).number(pc).access(WASM.STORE, this.#plan.failed);
    this.code.number(status).set(this.status);
    this.leave(depth);
  }

  #jump(id: number, pc: number, opcode: number): void {
    const { code } = this;
    const { program, badOpcode, budgetExceeded } = this.#plan;
    const conditional = opcode === OP.JT || opcode === OP.JF;
    if (conditional) {
      code.get(this.a + FLAG);
      if (opcode === OP.JF) code.op(WASM.EQZ);
      code.open(WASM.IF);
    }
    const nesting = conditional ? 1 : 0;
    const depth = this.blockCount - 1 - id + nesting;
    const target = targetOf(program, pc);
    if (target < 0 || target >= program.length) {
      this.#fail(depth, pc, badOpcode);
    } else {
      // The budget counts from the last target: what is left, and that address, are kept as their sum.
      const after = pc + instructionSize(opcode);
      code.get(this.left).number64(after).op(WASM.LT64_U).open(WASM.IF);
      this.#fail(depth + 1, pc, budgetExceeded);
      code.op(WASM.END);
      code.get(this.left).number64(target - after).op(WASM.ADD64).set(this.left);
      const to = this.#ids.get(target)!;
      if (to > id) code.branch(to - id - 1 + nesting);
      else code.number(to).set(this.block).branch(depth);
    }
    if (conditional) code.op(WASM.END);
  }

  /** Puts the address of *B, *C or *D without its base. */
  #address(place: number): this {
    const { code } = this;
    const { hMask, mMask } = this.#plan;
    if (place === 6) code.get(this.a + 3).number(hMask).op(WASM.AND).number(2).op(WASM.SHL);
    else code.get(this.a + (place === 4 ? 1 : 2)).number(mMask).op(WASM.AND);
    return this;
  }

  /** Puts the value of a place; 7 is the operand. */
  #value(place: number, operand: number): this {
    if (place < 4) this.code.get(this.a + place);
    else if (place === 7) this.code.number(operand);
    else if (place === 6) this.#address(place).code.access(WASM.LOAD, this.#plan.h);
    else this.#address(place).code.access(WASM.LOAD8, this.#plan.m);
    return this;
  }

  /** Stores what `value` puts. */
  #store(place: number, value: () => void): void {
    if (place < 4) {
      value();
      this.code.set(this.a + place);
      return;
    }
    this.#address(place);
    value();
    if (place === 6) this.code.access(WASM.STORE, this.#plan.h);
    else this.code.access(WASM.STORE8, this.#plan.m);
  }

  #instruction(opcode: number, operand: number): void {
    const { code } = this;
    const place = opcode >> 3;
    const r = this.#plan.r + 4 * operand;
    if (opcode === 55) code.number(0).get(this.a).access(WASM.STORE, r);
    else if (opcode === 59) {
      code.get(this.a);
      this.#value(4, 0);
      this.#hash();
      code.set(this.a);
    } else if (opcode === 60) {
      this.#store(6, () => {
        this.#value(6, 0);
        code.get(this.a);
        this.#hash();
      });
    } else if (opcode < 64 && (opcode & 7) === 7) code.number(0).access(WASM.LOAD, r).set(this.a + place);
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
    this.code.op(WASM.ADD).number(512).op(WASM.ADD).number(773).op(WASM.MUL);
  }

  /** Swaps A with a place; of A only the low byte goes to M, and is replaced from there. */
  #swap(place: number): void {
    const { code } = this;
    this.#value(place, 0);
    code.set(this.#spare);
    this.#store(place, () => code.get(this.a));
    if (place === 4 || place === 5) {
      code.get(this.a).number(-256).op(WASM.AND).get(this.#spare).op(WASM.OR);
    } else code.get(this.#spare);
    code.set(this.a);
  }

  #arithmetic(operation: number, source: number, operand: number): void {
    const { code } = this;
    const opcode = ARITHMETIC[operation]!;
    if (opcode === WASM.DIV_U || opcode === WASM.REM_U) {
      this.#value(source, operand);
      code.tee(this.#spare).openNumber(WASM.IF);
      code.get(this.a).get(this.#spare).op(opcode, WASM.ELSE).number(0).op(WASM.END).set(this.a);
      return;
    }
    code.get(this.a);
    this.#value(source, operand);
    if (operation === 6) code.number(-1).op(WASM.XOR);
    code.op(opcode).set(operation >= FIRST_COMPARISON ? this.a + FLAG : this.a);
  }
}
