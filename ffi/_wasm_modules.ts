/**
 * Where the code of the WASM backend comes from: what is embedded, or what a program gives for hosts that do not let
 * code be compiled while they run.
 */
import { BackendUnavailableError } from "@sluice/internal";
import { wasmOfText } from "./_wasm_text.ts";

/** The modules of the library that have a WASM form. */
export const WASM_MODULE_NAMES: readonly WasmModuleName[] = [
  "git_decode",
  "git_encode",
  "lz4_decode",
  "lz4_encode",
  "pdiffcopy_hash",
  "zpaq_decode",
  "zpaq_encode",
  "zstd_decode",
  "zstd_encode",
];

/** The name of a module of the library that has a WASM form. */
export type WasmModuleName =
  | "git_decode"
  | "git_encode"
  | "lz4_decode"
  | "lz4_encode"
  | "pdiffcopy_hash"
  | "zpaq_decode"
  | "zpaq_encode"
  | "zstd_decode"
  | "zstd_encode";

/**
 * A module in a form that can be put to work: compiled WebAssembly, or a function that makes an instance of the same
 * functions in another way, each with a memory of its own.
 */
export type WasmForm = WebAssembly.Module | (() => WebAssembly.Exports);

const given = new Map<string, WasmForm>();

/**
 * Sets the form of modules that instances to come are made of.
 *
 * @throws {RangeError} If a module is not known.
 * @throws {TypeError} If a form is neither a compiled module nor a function.
 */
export function setWasmModules(modules: Readonly<Partial<Record<WasmModuleName, WasmForm>>>): void {
  if (typeof modules !== "object" || modules === null) {
    throw new TypeError("Cannot use modules: they are no object, expected compiled modules by their names");
  }
  const known: readonly string[] = WASM_MODULE_NAMES;
  for (const [name, form] of Object.entries(modules)) {
    if (!known.includes(name)) {
      throw new RangeError(`Cannot use modules: "${name}" is none, expected ${known.join(", ")}`);
    }
    if (typeof form !== "function" && !(hasWasm() && form instanceof WebAssembly.Module)) {
      throw new TypeError(`Cannot use modules: ${name} is no WebAssembly.Module and no function`);
    }
  }
  for (const [name, form] of Object.entries(modules)) given.set(name, form);
}

/** Engines that may not write code have no WebAssembly at all. */
function hasWasm(): boolean {
  return typeof WebAssembly === "object";
}

/** The form of a module that a program has given. */
export function givenWasmModule(name: string): WasmForm | undefined {
  return given.get(name);
}

/** The entry that has a module as plain JavaScript, where there is one. */
function plainJavascript(name: string): string {
  const [format, part] = name.split("_");
  return part === "decode" && (format === "zstd" || format === "lz4")
    ? ` or an import of @sluice/${format}/decode-js`
    : "";
}

/**
 * Compiles an embedded module, unless it is compiled already.
 *
 * @throws {BackendUnavailableError} If the host does not allow it.
 */
export function compileWasm(name: string, embedded: string | WebAssembly.Module): WebAssembly.Module {
  if (typeof embedded !== "string") return embedded;
  let cause: unknown;
  try {
    if (hasWasm()) return new WebAssembly.Module(wasmOfText(embedded));
  } catch (error) {
    // Engines that forbid it throw the one, pages with a policy the other.
    if (!(error instanceof WebAssembly.CompileError || error instanceof EvalError)) throw error;
    cause = error;
  }
  throw new BackendUnavailableError(
    `Cannot use the WASM backend: this host does not let WebAssembly be compiled here, expected ${name} from ` +
      `configureBackend({ modules })${plainJavascript(name)}`,
    { format: "ffi", code: "WASM_FORBIDDEN", cause },
  );
}
