/**
 * Which backend runs the codecs: the native library where it may be used, else WASM.
 *
 * @module
 */
import { BackendUnavailableError, checkChoice, checkKeys } from "@sluice/internal";
import { Handle } from "./handle.ts";
import type { HandleOrigin } from "./handle.ts";
import type { Library, LibraryModule } from "./_library.ts";
import { nativeStatus, openNative } from "./_native.ts";
import { WasmModule } from "./_wasm_library.ts";
import { setWasmModules } from "./_wasm_modules.ts";
import type { WasmForm, WasmModuleName } from "./_wasm_modules.ts";

/** A choice of backend. "auto" takes the native library when it is on disk and may be opened without asking. */
export type BackendChoice = "auto" | "native" | "wasm";

/** What `configureBackend` sets; what is left out stays as it is. */
export interface BackendOptions {
  /** The backend of every call that names none. */
  readonly backend?: BackendChoice;
  /** Forms of WASM modules for hosts that do not let embedded ones be compiled, for instances to come. */
  readonly modules?: Readonly<Partial<Record<WasmModuleName, WasmForm>>>;
}

/** What runs the codecs, and why. */
export interface BackendInfo {
  /** The backend that is used unless a call names another. */
  readonly kind: "native" | "wasm";
  /** The path of the native library where that is usable. */
  readonly libraryPath: string | undefined;
  /** Why the native library is not used; undefined when it is. */
  readonly reason: string | undefined;
  /** Whether work can run on other threads: batches, worker threads of a codec, calls off the event loop. */
  readonly threads: boolean;
}

const CHOICES = ["auto", "native", "wasm"] as const;
const BACKEND_OPTIONS: ReadonlySet<string> = new Set(["backend", "modules"]);
let configured: BackendChoice = "auto";

/**
 * Sets the backend for every call that names none, or more by options. Contexts that exist keep theirs.
 *
 * @throws {RangeError} If the choice or a module is not known.
 * @throws {TypeError} If an option or a module is of a wrong kind.
 * @throws {BackendUnavailableError} If "native" is asked for and can't be used here.
 *
 * @example Using WASM even where the native library is there
 * ```ts
 * import { backendInfo, configureBackend } from "@sluice/ffi";
 * import { assertEquals } from "@std/assert";
 *
 * configureBackend("wasm");
 * assertEquals(backendInfo().kind, "wasm");
 * configureBackend("auto");
 * ```
 *
 * @example Code that was compiled elsewhere, as hosts give it that compile nothing while they run
 * ```ts
 * import { configureBackend } from "@sluice/ffi";
 * import { assertThrows } from "@std/assert";
 *
 * const module = new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
 * const modules = Object.fromEntries([["zstd", module]]);
 * assertThrows(() => configureBackend({ modules }), RangeError, "zstd_decode");
 * ```
 */
export function configureBackend(choice: BackendChoice | BackendOptions): void {
  if (choice === undefined) {
    throw new TypeError('Cannot configure the backend: expected "auto", "native", "wasm" or options');
  }
  const isChoice = typeof choice !== "object" || choice === null;
  const { backend, modules } = isChoice
    ? { backend: checkChoice("backend", choice, CHOICES) }
    : choice as BackendOptions;
  if (!isChoice) checkKeys(choice, BACKEND_OPTIONS);
  if (backend !== undefined) resolveBackend(backend);
  if (modules !== undefined) setWasmModules(modules);
  configured = backend ?? configured;
}

/**
 * Says what runs the codecs, and why. Never asks for a permission.
 *
 * @example Why this backend
 * ```ts
 * import { backendInfo } from "@sluice/ffi";
 * import { assertEquals } from "@std/assert";
 *
 * const { kind, reason, threads } = backendInfo();
 * assertEquals(threads, kind === "native");
 * assertEquals(reason === undefined, kind === "native");
 * ```
 */
export function backendInfo(): BackendInfo {
  const status = nativeStatus();
  const usable = status instanceof BackendUnavailableError ? undefined : status;
  const kind = resolveBackend(configured);
  return {
    kind,
    libraryPath: usable?.path,
    reason: kind === "native" ? undefined : usable === undefined ? (status as Error).message : "configured",
    threads: kind === "native",
  };
}

/**
 * The backend that a choice means here; undefined means what is configured.
 *
 * @example What a choice means here
 * ```ts
 * import { backendInfo, resolveBackend } from "@sluice/ffi";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(resolveBackend("wasm"), "wasm");
 * assertEquals(resolveBackend(undefined), backendInfo().kind);
 * ```
 */
export function resolveBackend(choice: BackendChoice | undefined): "native" | "wasm" {
  const wanted = choice === undefined ? configured : checkChoice("backend", choice, CHOICES);
  if (wanted === "wasm") return "wasm";
  const status = nativeStatus();
  if (!(status instanceof BackendUnavailableError)) return "native";
  if (wanted === "native") throw status;
  return "wasm";
}

/**
 * A module of the library on whichever backend a caller wants; each is opened once, at first use. Kernels are made of it.
 *
 * @example A module that is native only
 * ```ts
 * import { BackendModule } from "@sluice/ffi";
 * import { assertThrows } from "@std/assert";
 *
 * const files = new BackendModule({ name: "files", hash: 0, functions: {} });
 * assertThrows(() => files.open("wasm"), Error, "native only");
 * ```
 */
export class BackendModule<Functions> {
  readonly #module: LibraryModule;
  readonly #wasm: WasmModule<Functions> | undefined;
  #native: Library<Functions> | undefined;

  /**
   * Names the module, with its WASM unless it is native only: as a text, or compiled where the host imports
   * such modules. Nothing is opened yet.
   */
  constructor(module: LibraryModule, wasm?: string | WebAssembly.Module) {
    this.#module = module;
    this.#wasm = wasm === undefined ? undefined : new WasmModule(module, wasm);
  }

  /** Whether there is a WASM form of it. */
  get isPortable(): boolean {
    return this.#wasm !== undefined;
  }

  /**
   * The module on the chosen backend.
   *
   * @throws {BackendUnavailableError} If that backend is not available here, or does not have this module.
   */
  open(choice: BackendChoice | undefined): Library<Functions> {
    if (resolveBackend(choice) === "native") return this.#native ??= openNative(this.#module.functions);
    if (this.#wasm === undefined) {
      throw new BackendUnavailableError(
        `Cannot use the WASM backend: the module ${this.#module.name} is native only`,
        { format: "ffi", code: "NATIVE_ONLY" },
      );
    }
    return this.#wasm.open();
  }

  /**
   * Makes a native object in the module on the chosen backend.
   *
   * @throws {BackendUnavailableError} As `open`, or if there is no memory for it.
   */
  create(choice: BackendChoice | undefined, origin: HandleOrigin<Functions>): Handle<Functions> {
    return new Handle(this.open(choice), origin);
  }
}
