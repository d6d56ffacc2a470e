/**
 * Networks of components run by the engine's own compiler: a module is made for each header, and kept for blocks to come.
 */
import { RESULT } from "../kernel/decoder.ts";
import {
  initialiseNetwork,
  INPUT_SIZE,
  layoutNetwork,
  OUTPUT_SIZE,
  STATE,
} from "../zpaql/_network_layout.ts";
import type { NetworkLayout } from "../zpaql/_network_layout.ts";
import { predictorTables } from "../zpaql/_predictor_tables.ts";
import { STATUS } from "../wasm/_wasm_coder.ts";
import { ModuleCache, WASM_MEMORY_MAX, wasmInstance, wasmMemory } from "../wasm/_wasm_modules.ts";
import { translateNetwork } from "../wasm/_wasm_network.ts";
import type { Direction } from "../wasm/_wasm_network.ts";
import type { ZpaqHeader } from "../zpaql/header.ts";

const COMPONENTS_MAX = 64;
/** A call holds the event loop up: the size of pieces follows the time that they take. */
const PACE_MIN = 64;
const PACE_MS_MAX = 20;
const BUDGET_MAX = 2 ** 60;
/** A memory is used again for networks that take at least this part of it. */
const REUSED_PART = 0.25;

const modules = new ModuleCache();

/** The results of the kernel that a run's failures stand for. */
export const NETWORK_FAULTS: Readonly<Record<number, number>> = {
  [STATUS.CORRUPT]: RESULT.CORRUPT,
  [STATUS.TRUNCATED]: RESULT.TRUNCATED,
  [STATUS.BAD_OPCODE]: RESULT.PROGRAM_FAILED,
  [STATUS.BUDGET]: RESULT.BUDGET_EXCEEDED,
};

/** The header of a block without a model, with the same post-processor. */
export function storedHeader({ ph, pm }: ZpaqHeader): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(7, 0, 0, 0, ph, pm, 0, 0, 0);
}

/** One network at work on the segments of a block. */
export class NetworkRunner {
  readonly #run: (more: number) => number;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #state: DataView<ArrayBuffer>;
  readonly #layout: NetworkLayout;
  readonly #hcomp: Uint8Array;
  readonly #memory: WebAssembly.Memory;
  /** Plain bytes that a call should work on. */
  pace = PACE_MIN;

  private constructor(
    module: WebAssembly.Module,
    memory: WebAssembly.Memory,
    header: ZpaqHeader,
    layout: NetworkLayout,
    budget: number,
  ) {
    this.#memory = memory;
    const buffer = memory.buffer as ArrayBuffer;
    this.#run = wasmInstance(module, memory)["run"] as (more: number) => number;
    this.#bytes = new Uint8Array(buffer);
    this.#state = new DataView(buffer);
    this.#layout = layout;
    this.#hcomp = header.hcomp;
    this.#state.setBigUint64(STATE.BUDGET, BigInt(Math.min(budget, BUDGET_MAX)), true);
  }

  /** A runner for a network; undefined where the kernel has to do it. The memory of `last` is used again where it fits. */
  static create(
    header: ZpaqHeader,
    headerBytes: Uint8Array,
    direction: Direction,
    limits: { readonly budget: number; readonly maxMemory: number },
    last: NetworkRunner | undefined,
  ): NetworkRunner | undefined {
    if (header.components.length > COMPONENTS_MAX) return undefined;
    const layout = layoutNetwork(header);
    if (layout.size > Math.min(WASM_MEMORY_MAX, limits.maxMemory)) return undefined;
    const tables = predictorTables();
    if (tables === undefined) return undefined;
    const key = `${direction} ${headerBytes.join()}`;
    const module = modules.get(key, () => translateNetwork(header, layout, direction));
    if (module === undefined) return undefined;
    const old = last?.memoryFor(layout.size);
    try {
      const memory = old ?? wasmMemory(layout.size);
      initialiseNetwork(memory.buffer as ArrayBuffer, layout, tables, old === undefined);
      return new NetworkRunner(module, memory, header, layout, limits.budget);
    } catch (error) {
      // The memory is not to be had.
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  }

  /** The memory, where it fits a network of this size. */
  memoryFor(size: number): WebAssembly.Memory | undefined {
    const { byteLength } = this.#memory.buffer;
    return size <= byteLength && size >= byteLength * REUSED_PART ? this.#memory : undefined;
  }

  /** Starts a segment's coded data with its first four bytes. */
  start(first: Uint8Array): void {
    for (let i = 0; i < 4; i++) this.#bytes[STATE.CURRENT + 3 - i] = first[i]!;
  }

  /** Works off input, or gives `room` bytes; `more` says whether input can follow. Returns one of `STATUS`. */
  run(source: Uint8Array, pos: number, end: number, room: number, more: boolean): number {
    const { input, output } = this.#layout;
    const size = Math.min(INPUT_SIZE, end - pos);
    this.#bytes.set(source.subarray(pos, pos + size), input);
    this.#set(STATE.INPUT, input);
    this.#set(STATE.INPUT_END, input + size);
    this.#set(STATE.OUTPUT, output);
    this.#set(STATE.OUTPUT_END, output + room);
    const started = performance.now();
    const status = this.#run(more || size < end - pos ? 1 : 0);
    const elapsed = performance.now() - started;
    if (elapsed > PACE_MS_MAX) this.pace = Math.max(this.pace / 2, PACE_MIN);
    else if (elapsed < PACE_MS_MAX / 2) this.pace = Math.min(this.pace * 2, OUTPUT_SIZE);
    return status;
  }

  /** Input bytes that the last run took. */
  get consumed(): number {
    return this.#get(STATE.INPUT) - this.#layout.input;
  }

  /** What the last run gave. */
  get produced(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(this.#layout.output, this.#get(STATE.OUTPUT));
  }

  /** The four bytes that end a segment's coded data, before four zeros. */
  finish(): Uint8Array<ArrayBuffer> {
    const tail = new Uint8Array(8);
    const low = this.#get(STATE.LOW);
    new DataView(tail.buffer).setUint32(0, low);
    let shifted = low;
    let high = low;
    for (let i = 0; i < 4; i++) {
      high = (high << 8 | 255) >>> 0;
      shifted = (shifted << 8) >>> 0;
      if (shifted === 0) shifted = 1;
    }
    this.#set(STATE.LOW, shifted);
    this.#set(STATE.HIGH, high);
    return tail;
  }

  /** The memory with the tables, and where each component's are. */
  get tables(): { readonly buffer: ArrayBuffer; readonly placed: NetworkLayout["components"] } {
    return { buffer: this.#memory.buffer as ArrayBuffer, placed: this.#layout.components };
  }

  /** Where HCOMP failed, and the opcode there. */
  get failure(): { readonly pc: number; readonly opcode: number; readonly hcomp: boolean } {
    const pc = this.#get(STATE.FAILED);
    return { pc, opcode: this.#hcomp[pc] ?? 0, hcomp: true };
  }

  #get(at: number): number {
    return this.#state.getUint32(at, true);
  }

  #set(at: number, value: number): void {
    this.#state.setUint32(at, value, true);
  }
}
