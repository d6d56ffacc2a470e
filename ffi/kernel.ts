/**
 * What the kernels of all codecs share: a native object with the array in which its calls report.
 *
 * @module
 */
import { STEP, STEP_LENGTH } from "./_abi.gen.ts";
import type { Library, Pointer } from "./_library.ts";
import type { BackendChoice, BackendModule } from "./backend.ts";
import type { Handle } from "./handle.ts";
import { resultError } from "./result_error.ts";
import type { FailedCall } from "./result_error.ts";

/** The number of 64 bits that a call reported. */
export function reportedValue(report: Uint32Array): number {
  return report[STEP.VALUE_LOW]! + report[STEP.VALUE_HIGH]! * 2 ** 32;
}

/** The names of the functions that run off the event loop. */
export type AsideName<Functions> = Extract<keyof Functions, `${string}_async`>;

/** What such a function takes after the object. */
export type AsideValues<Call> = Call extends (object: Pointer, ...values: infer Values) => Promise<number>
  ? Values
  : never;

/** One native object: its handle, its functions, and the array in which its calls report. */
export abstract class Kernel<Functions> implements Disposable {
  /** The library that the object lives in. */
  readonly library: Library<Functions>;
  /** The functions of that library. */
  protected readonly functions: Functions;
  /** The owner of the object. */
  protected readonly handle: Handle<Functions>;
  /** What the last call reported. */
  protected readonly report: Uint32Array<ArrayBuffer> = new Uint32Array(STEP_LENGTH);

  /** Takes the object that `make` makes; making it may report too. */
  constructor(make: (report: Uint32Array) => Handle<Functions>) {
    this.handle = make(this.report);
    this.library = this.handle.library;
    this.functions = this.library.functions;
  }

  /** Which backend runs it. */
  get backend(): "native" | "wasm" {
    return this.library.kind;
  }

  /** Whether `close` has been called. */
  get closed(): boolean {
    return this.handle.closed;
  }

  /** Input bytes that the last call took. */
  get consumed(): number {
    return this.report[STEP.CONSUMED]!;
  }

  /** Output bytes that the last call wrote. */
  get produced(): number {
    return this.report[STEP.PRODUCED]!;
  }

  /** The number of 64 bits that the last call reported. */
  protected get reportedValue(): number {
    return reportedValue(this.report);
  }

  /**
   * Calls a function with this object and `values` off the event loop, where the backend can; returns its result. Nothing
   * else can use the object until it settles.
   */
  protected callAside<Name extends AsideName<Functions>>(
    name: Name,
    ...values: AsideValues<Functions[Name]>
  ): Promise<number> {
    const call = this.functions[name] as (object: Pointer, ...values: unknown[]) => Promise<number>;
    return this.handle.run((pointer) => call(pointer, ...values));
  }

  /** Frees the object; calling it again does nothing. */
  close(): void {
    this.handle.close();
  }

  /** Frees the object. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** What every codec context is made with. */
export interface ContextOptions {
  /** The most bytes that the codec may allocate; 0 for no limit. */
  readonly maxMemory: number;
  /** The backend; undefined for the configured one. */
  readonly backend: BackendChoice | undefined;
}

/** How a codec context is made and freed. */
export interface ContextOrigin<Functions> {
  /** What making it is called in an error: "make a decompression context". */
  readonly action: string;
  /** Makes the object; `report` takes what the call reports. */
  make(functions: Functions, report: Uint32Array): Pointer;
  /** The function that frees it. */
  readonly free: keyof Functions & string;
}

/** A codec context, which has a limit on the memory that it takes. */
export abstract class ContextKernel<Functions> extends Kernel<Functions> {
  readonly #format: string;
  readonly #maxMemory: number;

  /** Takes a context from the module on the chosen backend; the format is named in errors. */
  constructor(
    format: string,
    module: BackendModule<Functions>,
    { maxMemory, backend }: ContextOptions,
    { action, make, free }: ContextOrigin<Functions>,
  ) {
    super((report) =>
      module.create(backend, { format, action, free, make: (functions) => make(functions, report) })
    );
    this.#format = format;
    this.#maxMemory = maxMemory;
  }

  /** The error for a failed result of this context. */
  error(result: number, action: string, offset?: number): Error {
    return this.errorOf({ action, result, offset });
  }

  /** The same, with all that is known of the call. */
  protected errorOf(call: Omit<FailedCall, "format" | "maxMemory">): Error {
    return resultError({ format: this.#format, maxMemory: this.#maxMemory, ...call });
  }
}
