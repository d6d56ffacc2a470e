/**
 * What the kernels of all codecs share: a native object with the array in which its calls report.
 *
 * @module
 */
import { STEP, STEP_LENGTH } from "./_abi.gen.ts";
import type { Library } from "./_library.ts";
import type { Handle } from "./handle.ts";
import { resultError } from "./result_error.ts";
import type { FailedCall } from "./result_error.ts";

/** The number of 64 bits that a call reported. */
export function reportedValue(report: Uint32Array): number {
  return report[STEP.VALUE_LOW]! + report[STEP.VALUE_HIGH]! * 2 ** 32;
}

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

  /** Frees the object; calling it again does nothing. */
  close(): void {
    this.handle.close();
  }

  /** Frees the object. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** A codec context, which has a limit on the memory that it takes. */
export abstract class ContextKernel<Functions> extends Kernel<Functions> {
  readonly #format: string;
  readonly #maxMemory: number;

  /** Takes the context that `make` makes within `maxMemory` bytes, 0 for no limit; the format is named in errors. */
  constructor(format: string, maxMemory: number, make: (report: Uint32Array) => Handle<Functions>) {
    super(make);
    this.#format = format;
    this.#maxMemory = maxMemory;
  }

  /** The error for a failed call of this context. */
  protected errorOf(call: Omit<FailedCall, "format" | "maxMemory">): Error {
    return resultError({ format: this.#format, maxMemory: this.#maxMemory, ...call });
  }
}
