/**
 * The native backend: the shared library, opened with Deno FFI. The only file that calls `Deno.dlopen`.
 */
import { BackendUnavailableError } from "@sluice/internal";
import type { SluiceErrorCode } from "@sluice/internal";
import { ABI_HASH } from "./_abi.gen.ts";
import { LiveCount } from "./_library.ts";
import type { Closable, FunctionTable, Kind, Library } from "./_library.ts";
import { installedLibraryPath, nativeLibraryPath } from "./_resolve.ts";

/** Deno's type for each kind. Lengths and positions are u32: `usize` would cost a slow path per call. */
const NATIVE_TYPES: Readonly<Record<Kind | "void", Deno.NativeResultType>> = {
  void: "void",
  handle: "pointer",
  u32: "u32",
  i32: "i32",
  f64: "f64",
  step: "buffer",
  source: "buffer",
  target: "buffer",
  table_in: "buffer",
  table: "buffer",
};

/** The library's own functions: what it was built from, what it says of its memory, the fault that tests plant there. */
const LIBRARY_SYMBOLS = {
  sluice_abi_hash: { parameters: [], result: "u32" },
  sluice_live_blocks: { parameters: [], result: "u32" },
  sluice_fail_allocation: { parameters: ["u32"], result: "u32" },
} as const satisfies Deno.ForeignLibraryInterface;

/** A library that may be used; it stays open until the process ends, so that modules are opened without loading it again. */
interface UsableLibrary {
  readonly path: string;
  readonly symbols: Deno.StaticForeignLibraryInterface<typeof LIBRARY_SYMBOLS>;
}

let checked: UsableLibrary | BackendUnavailableError | undefined;

function unavailable(message: string, code: SluiceErrorCode, cause?: unknown): BackendUnavailableError {
  return new BackendUnavailableError(`Cannot use the native backend: ${message}`, {
    format: "ffi",
    code,
    cause,
  });
}

/** Looks for the library beside this module, then where `installNative` puts it. */
function probe(): UsableLibrary | BackendUnavailableError {
  if (typeof Deno === "undefined" || typeof Deno.dlopen !== "function") {
    return unavailable("this runtime has no FFI", "NO_FFI");
  }
  const beside = import.meta.url.startsWith("file:") ? probePath(nativeLibraryPath()) : undefined;
  if (beside !== undefined && !(beside instanceof BackendUnavailableError)) return beside;
  const installed = installedLibraryPath();
  const found = installed === undefined ? undefined : probePath(installed);
  if (found !== undefined && !(found instanceof BackendUnavailableError)) return found;
  return beside ??
    unavailable('it is not installed, expected "sluice native install" first', "NOT_INSTALLED", found);
}

/** Opens a library if it is there, may be opened, and has the expected ABI. */
function probePath(path: string): UsableLibrary | BackendUnavailableError {
  if (Deno.permissions.querySync({ name: "ffi", path }).state !== "granted") {
    return unavailable(`no FFI permission for ${path}`, "NO_PERMISSION");
  }
  try {
    const library = Deno.dlopen(path, LIBRARY_SYMBOLS);
    const hash = library.symbols.sluice_abi_hash();
    if (hash === ABI_HASH) return { path, symbols: library.symbols };
    library.close();
    return unavailable(
      `${path} was built from other sources (ABI ${hash}, expected ${ABI_HASH})`,
      "ABI_MISMATCH",
    );
  } catch (error) {
    return unavailable(`${path} can not be opened`, "NOT_FOUND", error);
  }
}

/** The path of the usable library, or why there is none. Nothing is asked of the user; the answer is kept. */
export function nativeStatus(): UsableLibrary | BackendUnavailableError {
  return checked ??= probe();
}

/** Forgets what was found, so that a library that was just installed is seen. */
export function resetNativeStatus(): void {
  checked = undefined;
}

/** Frees natively what was forgotten instead of closed. */
const forgotten = new FinalizationRegistry<Closable>((owned) => owned.close());

type AsyncCall = (...values: unknown[]) => Promise<unknown>;

/**
 * Deno refuses resizable buffers in calls off the event loop: these work on copies of them, and what a call wrote is put
 * back when it has ended.
 */
function onCopiesOfResizable(call: AsyncCall, parameters: readonly string[]): AsyncCall {
  const places = parameters.flatMap((kind, i) => kind === "source" || kind === "target" ? [i] : []);
  return (...values) => {
    const written: (readonly [Uint8Array, Uint8Array])[] = [];
    for (const place of places) {
      const bytes = values[place] as Uint8Array<ArrayBuffer> | null;
      if (bytes === null || !bytes.buffer.resizable) continue;
      const copy = bytes.slice();
      values[place] = copy;
      if (parameters[place] === "target") written.push([bytes, copy]);
    }
    const answer = call(...values);
    if (written.length === 0) return answer;
    return answer.then((value) => {
      for (const [bytes, copy] of written) bytes.set(copy);
      return value;
    });
  };
}

/** Opens one module's functions. The library stays open until the process ends. */
export function openNative<Functions>(table: FunctionTable): Library<Functions> {
  const status = nativeStatus();
  if (status instanceof BackendUnavailableError) throw status;
  const symbols: Record<string, Deno.ForeignFunction> = {};
  for (const [name, shape] of Object.entries(table)) {
    const parameters = shape.parameters.map((kind) => NATIVE_TYPES[kind]) as Deno.NativeType[];
    const result = NATIVE_TYPES[shape.result];
    symbols[name] = { parameters, result };
    if (shape.offLoop) symbols[`${name}_async`] = { name, parameters, result, nonblocking: true };
  }
  const functions: Record<string, unknown> = { ...Deno.dlopen(status.path, symbols).symbols };
  for (const [name, { parameters, offLoop }] of Object.entries(table)) {
    if (offLoop) {
      functions[`${name}_async`] = onCopiesOfResizable(functions[`${name}_async`] as AsyncCall, parameters);
    }
  }
  const live = new LiveCount();
  const { sluice_live_blocks, sluice_fail_allocation } = status.symbols;
  return {
    kind: "native",
    functions: functions as Functions,
    sourceWindow: 0xffff_ffff,
    memoryUsage: 0,
    get liveBlocks(): number {
      return sluice_live_blocks();
    },
    failAllocation: (count) => sluice_fail_allocation(count),
    retain: () => live.add(1),
    release: () => live.add(-1),
    watch: (owner, owned) => forgotten.register(owner, owned, owner),
    unwatch: (owner) => void forgotten.unregister(owner),
  };
}
