/**
 * Modules that are made at run time, by the engine's own compiler: kept for blocks to come, and put to work on a memory.
 */
import { pageCount } from "./_wasm_writer.ts";

const MODULES_MAX = 16;

/** The most bytes that a memory can have. */
export const WASM_MEMORY_MAX = 2 ** 32 - 2 ** 16;

/** The last few modules by what they were made of. */
export class ModuleCache {
  readonly #modules = new Map<string, WebAssembly.Module | undefined>();

  /** The module of a key; undefined where there can be none. */
  get(key: string, translate: () => Uint8Array<ArrayBuffer> | undefined): WebAssembly.Module | undefined {
    const modules = this.#modules;
    if (modules.has(key)) return modules.get(key);
    const [oldest] = modules.keys();
    if (modules.size >= MODULES_MAX && oldest !== undefined) modules.delete(oldest);
    const bytes = translate();
    let module: WebAssembly.Module | undefined;
    try {
      module = bytes === undefined ? undefined : new WebAssembly.Module(bytes);
    } catch (error) {
      // Hosts may forbid compilation at run time; the kernel has loops for that.
      if (!(error instanceof WebAssembly.CompileError || error instanceof EvalError)) throw error;
    }
    modules.set(key, module);
    return module;
  }
}

/** A memory of at least so many bytes. */
export function wasmMemory(size: number): WebAssembly.Memory {
  const pages = pageCount(size);
  return new WebAssembly.Memory({ initial: pages, maximum: pages });
}

/** What a module exports over a memory. */
export function wasmInstance(module: WebAssembly.Module, memory: WebAssembly.Memory): WebAssembly.Exports {
  return new WebAssembly.Instance(module, { host: { memory } }).exports;
}
