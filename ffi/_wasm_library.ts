/**
 * The WASM backend: the same functions in an instance of an embedded module. The only file that touches its memory.
 */
import { BackendUnavailableError, inTurn } from "@sluice/internal";
import type { SluiceErrorCode } from "@sluice/internal";
import { STEP, STEP_LENGTH } from "./_abi.gen.ts";
import { LiveCount } from "./_library.ts";
import type { Closable, FunctionShape, Library, LibraryModule } from "./_library.ts";
import { compileWasm, givenWasmModule } from "./_wasm_modules.ts";
import type { WasmForm } from "./_wasm_modules.ts";

/** Memory never shrinks, so an instance that has grown past this goes away with its last context. */
const RETIRED_MEMORY_SIZE = 32 << 20;
/** An instance that has grown past this takes no further objects: new ones go to a fresh one. */
const FULL_MEMORY_SIZE = 256 << 20;
/** Source bytes per streaming step: what is copied again when the target fills first stays small. */
const SOURCE_WINDOW = 128 << 10;

interface WasmExports {
  readonly memory: WebAssembly.Memory;
  sluice_abi_hash(): number;
  sluice_allocate(size: number): number;
  sluice_release(address: number): void;
  sluice_live_blocks(): number;
  sluice_fail_allocation(count: number): number;
  readonly [name: string]: unknown;
}

type WasmFunction = (...args: number[]) => number;
type Argument = number | null | Uint8Array | Int32Array | Uint32Array;

function unavailable(message: string, code: SluiceErrorCode, cause?: unknown): BackendUnavailableError {
  return new BackendUnavailableError(`Cannot use the WASM backend: ${message}`, {
    format: "ffi",
    code,
    cause,
  });
}

/** An area of WASM memory that grows with the largest argument it had to hold. */
class Area {
  #exports: WasmExports;
  address = 0;
  #capacity = 0;

  constructor(exports: WasmExports) {
    this.#exports = exports;
  }

  /** Makes room for `size` bytes; views of the memory taken before are stale after it. */
  reserve(size: number): void {
    if (size <= this.#capacity) return;
    this.#exports.sluice_release(this.address);
    this.#capacity = 0;
    this.address = this.#exports.sluice_allocate(size);
    if (this.address === 0) throw unavailable(`${size} bytes of memory are not to be had`, "OUT_OF_MEMORY");
    this.#capacity = size;
  }
}

/** One instance with the areas that arguments are copied through, one area per byte argument of a call. */
class Instance {
  readonly exports: WasmExports;
  readonly areas: Area[] = [];
  readonly stepArea: Area;
  readonly live = new LiveCount();
  /**
   * Closes what was forgotten. Each instance has its own: a registry that only its instance knows goes with it, so that
   * an instance whose handles are all collected is collected too, memory and all, without a turn of the event loop.
   */
  readonly forgotten = new FinalizationRegistry<Closable>((owned) => owned.close());

  constructor(form: WasmForm, expectedHash: number) {
    const exports = typeof form === "function" ? form() : new WebAssembly.Instance(form).exports;
    this.exports = exports as unknown as WasmExports;
    const hash = this.exports.sluice_abi_hash() >>> 0;
    if (hash !== expectedHash) {
      throw unavailable(`the module has ABI ${hash}, expected ${expectedHash}`, "ABI_MISMATCH");
    }
    this.stepArea = new Area(this.exports);
    this.stepArea.reserve(STEP_LENGTH * 4);
  }

  area(index: number): Area {
    return this.areas[index] ??= new Area(this.exports);
  }
}

/** Calls one export: byte arguments are copied in, what was produced and all tables and steps are copied out. */
function call(instance: Instance, run: WasmFunction, shape: FunctionShape, args: Argument[]): number {
  const { exports } = instance;
  const { parameters } = shape;
  const numbers: number[] = new Array(parameters.length);
  let areaCount = 0;

  // Room for every argument first: growing the memory detaches the views that copies need.
  for (let i = 0; i < parameters.length; i++) {
    const kind = parameters[i]!;
    if (kind === "source" || kind === "target") {
      const size = (args[i + 2] as number) - (args[i + 1] as number);
      const area = instance.area(areaCount++);
      area.reserve(Math.max(size, 1));
      numbers[i] = area.address;
    } else if (kind === "table" || kind === "table_in") {
      const area = instance.area(areaCount++);
      area.reserve(Math.max((args[i] as Uint32Array).byteLength, 1));
      numbers[i] = area.address;
    } else if (kind === "step") {
      numbers[i] = instance.stepArea.address;
    } else {
      numbers[i] = args[i] as number;
    }
  }

  let memory = new Uint8Array(exports.memory.buffer);
  for (let i = 0; i < parameters.length; i++) {
    const kind = parameters[i]!;
    if (kind === "source" || kind === "target") {
      const pos = args[i + 1] as number;
      const end = args[i + 2] as number;
      if (kind === "source" && end > pos) memory.set((args[i] as Uint8Array).subarray(pos, end), numbers[i]!);
      numbers[i + 1] = 0;
      numbers[i + 2] = end - pos;
      i += 2;
    } else if (kind === "table" || kind === "table_in") {
      memory.set(bytesOf(args[i] as Uint32Array), numbers[i]!);
    }
  }

  const result = run(...numbers);

  memory = new Uint8Array(exports.memory.buffer);
  const step = new Uint32Array(exports.memory.buffer, instance.stepArea.address, STEP_LENGTH);
  for (let i = 0; i < parameters.length; i++) {
    const kind = parameters[i]!;
    const address = numbers[i]!;
    if (kind === "target") {
      const produced = step[STEP.PRODUCED]!;
      if (produced > 0) {
        (args[i] as Uint8Array).set(memory.subarray(address, address + produced), args[i + 1] as number);
      }
    } else if (kind === "table") {
      const bytes = bytesOf(args[i] as Uint32Array);
      bytes.set(memory.subarray(address, address + bytes.length));
    } else if (kind === "step") {
      (args[i] as Uint32Array).set(step);
    }
  }
  return shape.result === "u32" || shape.result === "handle" ? result >>> 0 : result;
}

/** Whether an error is a failed check of WASM, or of plain JavaScript that was made of it. */
function isTrap(error: unknown): boolean {
  if (typeof WebAssembly === "object" && error instanceof WebAssembly.RuntimeError) return true;
  return error instanceof Error && error.constructor === Error && error.message === "unreachable";
}

function bytesOf(table: Int32Array | Uint32Array): Uint8Array {
  return new Uint8Array(table.buffer, table.byteOffset, table.byteLength);
}

/** Objects that went with their instance count no more. */
const collected = new FinalizationRegistry<LiveCount>((live) => live.add(-live.count));

/** A module that is compiled at first use; its instances come and go with the objects that live in them. */
export class WasmModule<Functions> {
  readonly #embedded: string | WebAssembly.Module;
  readonly #description: LibraryModule;
  #module: WebAssembly.Module | undefined;
  #current: Library<Functions> | undefined;

  /** Names a module with its embedded form; nothing is decoded or compiled yet. */
  constructor(description: LibraryModule, embedded: string | WebAssembly.Module) {
    this.#description = description;
    this.#embedded = embedded;
  }

  /** The instance that new objects go to. */
  open(): Library<Functions> {
    if (this.#current !== undefined && this.#current.memoryUsage > FULL_MEMORY_SIZE) {
      this.#current = undefined;
    }
    return this.#current ??= this.#instantiate();
  }

  #instantiate(): Library<Functions> {
    const { name, hash } = this.#description;
    const instance = new Instance(
      givenWasmModule(name) ?? (this.#module ??= compileWasm(name, this.#embedded)),
      hash,
    );
    const functions: Record<string, unknown> = {};
    const retire = (): void => {
      if (this.#current === library) this.#current = undefined;
    };
    const guarded = (run: WasmFunction, shape: FunctionShape, args: Argument[]): number => {
      try {
        return call(instance, run, shape, args);
      } catch (error) {
        if (!isTrap(error)) throw error;
        retire(); // its memory can't be trusted any more
        throw unavailable("the module stopped at a failed check", "TRAPPED", error);
      }
    };
    for (const [name, shape] of Object.entries(this.#description.functions)) {
      const run = instance.exports[name] as WasmFunction;
      functions[name] = (...args: Argument[]) => guarded(run, shape, args);
      if (shape.offLoop) {
        // There is no thread of its own for it.
        functions[`${name}_async`] = (...args: Argument[]) => inTurn(() => guarded(run, shape, args));
      }
    }
    const library: Library<Functions> = {
      kind: "wasm",
      functions: functions as Functions,
      sourceWindow: SOURCE_WINDOW,
      get memoryUsage(): number {
        return instance.exports.memory.buffer.byteLength;
      },
      get liveBlocks(): number {
        return instance.exports.sluice_live_blocks() >>> 0;
      },
      failAllocation: (count) => instance.exports.sluice_fail_allocation(count) >>> 0,
      retain: () => instance.live.add(1),
      release(): void {
        instance.live.add(-1);
        if (instance.live.count === 0 && this.memoryUsage > RETIRED_MEMORY_SIZE) retire();
      },
      watch: (owner, owned) => instance.forgotten.register(owner, owned, owner),
      unwatch: (owner) => void instance.forgotten.unregister(owner),
    };
    collected.register(instance, instance.live);
    return library;
  }
}
