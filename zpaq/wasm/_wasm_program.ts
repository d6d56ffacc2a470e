/**
 * A PCOMP program as a WebAssembly module: a call works off all input that there is.
 */
import { OP } from "../zpaql/_opcodes.ts";
import { findBlocks, InstructionTranslator } from "./_wasm_instructions.ts";
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
export const H_BASE = 2048;
export const INPUT_SIZE = 1 << 16;
export const OUTPUT_SIZE = 1 << 18;
/** Budget that each byte of output gives. */
const OUTPUT_BUDGET = 64;
/** The function's parameter. */
const MODE_LOCAL = 0;

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

/** Translates one program. */
class ProgramTranslator extends InstructionTranslator {
  readonly #inside: number;
  readonly #input: number;
  readonly #inputEnd: number;
  readonly #output: number;
  readonly #outputEnd: number;

  constructor(code: WasmCode, program: Uint8Array, blocks: readonly number[], ph: number, pm: number) {
    super(code, {
      program,
      r: R_BASE,
      h: H_BASE,
      m: layoutOf(ph, pm).m,
      hMask: 2 ** ph - 1,
      mMask: 2 ** pm - 1,
      failed: STATE.FAILED,
      badOpcode: STATUS.BAD_OPCODE,
      budgetExceeded: STATUS.BUDGET,
    }, blocks);
    this.#inside = code.local();
    this.#input = code.local();
    this.#inputEnd = code.local();
    this.#output = code.local();
    this.#outputEnd = code.local();
  }

  /** The function's body; false where it would be too long. */
  translate(): boolean {
    const { code } = this;
    const saved = [
      [this.a, STATE.A],
      [this.a + 1, STATE.B],
      [this.a + 2, STATE.C],
      [this.a + 3, STATE.D],
      [this.a + 4, STATE.F],
      [this.block, STATE.BLOCK],
      [this.#inside, STATE.INSIDE],
      [this.#input, STATE.INPUT],
      [this.#inputEnd, STATE.INPUT_END],
      [this.#output, STATE.OUTPUT],
      [this.#outputEnd, STATE.OUTPUT_END],
    ] as const;
    for (const [local, at] of saved) code.number(0).access(WASM.LOAD, at).set(local);
    code.number(0).access(WASM.LOAD64, STATE.LEFT).set(this.left);
    code.open(WASM.BLOCK).open(WASM.LOOP);
    this.#startCall();
    if (!this.run()) return false;
    code.op(WASM.END, WASM.END);
    for (const [local, at] of saved) code.number(0).get(local).access(WASM.STORE, at);
    code.number(0).get(this.left).access(WASM.STORE64, STATE.LEFT);
    code.get(this.status);
    return true;
  }

  /** Between calls: takes the next byte, or the end of the segment, or leaves. */
  #startCall(): void {
    const { code } = this;
    const leave = 3;
    code.get(this.#inside).op(WASM.EQZ).open(WASM.IF);
    code.get(MODE_LOCAL).open(WASM.IF);
    code.get(MODE_LOCAL).number(MODE.ENDED).op(WASM.EQ).open(WASM.IF);
    code.number(STATUS.INPUT).set(this.status).branch(leave + 1).op(WASM.END);
    code.number(MODE.ENDED).set(MODE_LOCAL).number(-1).set(this.a);
    code.op(WASM.ELSE);
    code.get(this.#input).get(this.#inputEnd).op(WASM.EQ).open(WASM.IF);
    code.number(STATUS.INPUT).set(this.status).branch(leave + 1).op(WASM.END);
    code.get(this.#input).access(WASM.LOAD8, 0).set(this.a);
    code.get(this.#input).number(1).op(WASM.ADD).set(this.#input);
    code.op(WASM.END);
    code.number(0).set(this.block).number(1).set(this.#inside);
    code.number(0).access(WASM.LOAD64, STATE.BUDGET).set(this.left);
    code.op(WASM.END);
  }

  protected override halt(depth: number): void {
    this.code.number(0).set(this.#inside).branch(depth + 1);
  }

  protected override leave(depth: number): void {
    this.code.branch(depth + 2);
  }

  protected override out(id: number, depth: number): void {
    const { code } = this;
    code.get(this.#output).get(this.#outputEnd).op(WASM.EQ).open(WASM.IF);
    code.number(id).set(this.block);
    code.number(STATUS.OUTPUT).set(this.status);
    this.leave(depth + 1);
    code.op(WASM.END);
    code.get(this.#output).get(this.a).access(WASM.STORE8, 0);
    code.get(this.#output).number(1).op(WASM.ADD).set(this.#output);
    code.get(this.left).number64(OUTPUT_BUDGET).op(WASM.ADD64).set(this.left);
  }
}

/** The module of a program; undefined where that would be too large. */
export function translateProgram(
  program: Uint8Array,
  ph: number,
  pm: number,
): Uint8Array<ArrayBuffer> | undefined {
  // A full output stops the program at OUT.
  const blocks = findBlocks(program, (opcode) => opcode === OP.OUT);
  if (blocks === undefined) return undefined;
  const code = new WasmCode(1);
  if (!new ProgramTranslator(code, program, blocks, ph, pm).translate()) return undefined;
  return wasmModule([code], layoutOf(ph, pm).size);
}
