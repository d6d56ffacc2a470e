/**
 * PCOMP programs run by the engine's own compiler: a module is made for each program, and kept for blocks to come.
 */
import { ModuleCache, WASM_MEMORY_MAX, wasmInstance, wasmMemory } from "../wasm/_wasm_modules.ts";
import {
  H_BASE,
  INPUT_SIZE,
  layoutOf,
  MODE,
  OUTPUT_SIZE,
  STATE,
  STATUS,
  translateProgram,
} from "../wasm/_wasm_program.ts";

const BUDGET_MAX = 2 ** 60;

const modules = new ModuleCache();

/** How a run ended. */
export type RunOutcome = "input" | "output" | "bad-opcode" | "budget";

/** What runs a post-processor outside of the kernel, segment by segment. */
export interface Runner {
  /** Room for input: all that was given before must be used up. */
  readonly inputArea: Uint8Array<ArrayBuffer>;
  /** Bytes that the last run gave. */
  readonly produced: number;
  /** Where the program failed, and the opcode there. */
  readonly failure: { readonly pc: number; readonly opcode: number };
  /** Says that `size` bytes stand in the area for input. */
  fill(size: number): void;
  /** Starts what the program does at the end of a segment. */
  end(): void;
  /** The next segment takes input again. */
  restart(): void;
  /** Runs until the input is used up or the target is full; `offset` is where the archive is read, for errors. */
  run(target: Uint8Array<ArrayBuffer>, start: number, end: number, offset: number): RunOutcome;
  /** Frees what it holds outside of this engine's memory. */
  close(): void;
}

/** One program at work on the segments of a block. */
export class ProgramRunner implements Runner {
  readonly #run: (mode: number) => number;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #state: DataView<ArrayBuffer>;
  readonly #program: Uint8Array;
  readonly #input: number;
  readonly #output: number;
  readonly #ph: number;
  #mode: number = MODE.INPUT;
  produced = 0;

  private constructor(
    module: WebAssembly.Module,
    memory: WebAssembly.Memory,
    program: Uint8Array,
    layout: { readonly input: number; readonly output: number },
    budget: number,
    ph: number,
  ) {
    this.#ph = ph;
    this.#run = wasmInstance(module, memory)["run"] as (mode: number) => number;
    this.#program = program;
    this.#bytes = new Uint8Array(memory.buffer as ArrayBuffer);
    this.#state = new DataView(memory.buffer as ArrayBuffer);
    this.#input = layout.input;
    this.#output = layout.output;
    this.#state.setBigUint64(STATE.BUDGET, BigInt(Math.min(budget, BUDGET_MAX)), true);
    this.#set(STATE.INPUT, layout.input);
    this.#set(STATE.INPUT_END, layout.input);
  }

  /** A runner for a program; undefined where the interpreter has to do it. */
  static create(
    program: Uint8Array,
    ph: number,
    pm: number,
    budget: number,
    maxMemory: number,
  ): ProgramRunner | undefined {
    const layout = layoutOf(ph, pm);
    if (layout.size > Math.min(WASM_MEMORY_MAX, maxMemory)) return undefined;
    const module = modules.get(`${ph} ${pm} ${program.join()}`, () => translateProgram(program, ph, pm));
    if (module === undefined) return undefined;
    try {
      return new ProgramRunner(module, wasmMemory(layout.size), program, layout, budget, ph);
    } catch (error) {
      // The memory is not to be had.
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  }

  /** The array H. */
  get numbers(): Uint32Array<ArrayBuffer> {
    return new Uint32Array(this.#bytes.buffer, H_BASE, 2 ** this.#ph);
  }

  get inputArea(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(this.#input, this.#input + INPUT_SIZE);
  }

  fill(size: number): void {
    this.#set(STATE.INPUT, this.#input);
    this.#set(STATE.INPUT_END, this.#input + size);
  }

  end(): void {
    this.#mode = MODE.ENDING;
  }

  restart(): void {
    this.#mode = MODE.INPUT;
  }

  run(target: Uint8Array<ArrayBuffer>, start: number, end: number): RunOutcome {
    let at = start;
    let status: number = STATUS.OUTPUT;
    while (status === STATUS.OUTPUT) {
      const room = Math.min(OUTPUT_SIZE, end - at);
      this.#set(STATE.OUTPUT, this.#output);
      this.#set(STATE.OUTPUT_END, this.#output + room);
      status = this.#run(this.#mode);
      if (this.#mode === MODE.ENDING) this.#mode = MODE.ENDED;
      const size = this.#get(STATE.OUTPUT) - this.#output;
      target.set(this.#bytes.subarray(this.#output, this.#output + size), at);
      at += size;
      if (at === end) break;
    }
    this.produced = at - start;
    return (["input", "output", "bad-opcode", "budget"] as const)[status]!;
  }

  get failure(): { readonly pc: number; readonly opcode: number } {
    const pc = this.#get(STATE.FAILED);
    return { pc, opcode: this.#program[pc] ?? 0 };
  }

  close(): void {}

  #get(at: number): number {
    return this.#state.getUint32(at, true);
  }

  #set(at: number, value: number): void {
    this.#state.setUint32(at, value, true);
  }
}
