/**
 * What the contexts of compression and of decompression share: the library's error numbers, and digests of dictionaries.
 */
import { ContextKernel, Handle, resultError, STEP } from "@sluice/ffi";
import type { BackendChoice, BackendModule, FailedCall, Pointer } from "@sluice/ffi";

/** Makes one object of a library; `report` takes what the call reports. */
type Make<Functions> = (functions: Functions, report: Uint32Array) => Pointer;

/** How objects of one kind are made and freed. */
export interface ZstdObject<Functions> {
  /** What making one is called in an error. */
  readonly action: string;
  /** Makes one. */
  readonly make: Make<Functions>;
  /** The function that frees one. */
  readonly free: keyof Functions & string;
}

/** What a context is made with. */
export interface ZstdContextOptions {
  /** The most bytes that the codec may allocate; 0 for no limit. */
  readonly maxMemory: number;
  /** The backend; undefined for the configured one. */
  readonly backend: BackendChoice | undefined;
}

/** The origin of an object of which the failure stands in `report` where a call leaves zstd's number. */
function origin<Functions>(
  { action, make, free }: ZstdObject<Functions>,
  report: Uint32Array,
  maxMemory: number,
) {
  return {
    format: "zstd",
    action,
    free,
    make: (functions: Functions): Pointer => {
      const pointer = make(functions, report);
      if (pointer) return pointer;
      throw resultError({ format: "zstd", action, result: report[STEP.DETAIL]! | 0, errno: 0, maxMemory });
    },
  };
}

/** A dictionary digested in one library; contexts of it share the digest. */
export abstract class ZstdDictionaryKernel<Functions> {
  /**
   * The digest; kernels refer to it.
   *
   * @internal
   */
  readonly handle: Handle<Functions>;

  /** Makes the digest in the library of `kernel`. */
  constructor(kernel: ZstdContextKernel<Functions>, make: Make<Functions>) {
    this.handle = kernel.makeDictionary(make);
  }

  /** Frees the digest when no context refers to it any more. */
  close(): void {
    this.handle.close();
  }
}

/** A context. After a failed call it is ready for a new frame. */
export abstract class ZstdContextKernel<Functions> extends ContextKernel<Functions> {
  readonly #maxMemory: number;
  readonly #freeDictionary: keyof Functions & string;
  #dictionary: ZstdDictionaryKernel<Functions> | undefined;

  /** Takes a context from the module's library on the chosen backend. */
  constructor(
    module: BackendModule<Functions>,
    { maxMemory, backend }: ZstdContextOptions,
    context: ZstdObject<Functions>,
    freeDictionary: keyof Functions & string,
  ) {
    super("zstd", maxMemory, (report) => module.create(backend, origin(context, report, maxMemory)));
    this.#maxMemory = maxMemory;
    this.#freeDictionary = freeDictionary;
  }

  /**
   * Digests a dictionary in this library.
   *
   * @internal
   */
  makeDictionary(make: Make<Functions>): Handle<Functions> {
    const object = { action: "digest a dictionary", make, free: this.#freeDictionary };
    return new Handle(this.library, origin(object, this.report, this.#maxMemory));
  }

  /** Uses a dictionary of the same library for all frames from now on, or none. */
  useDictionary(dictionary: ZstdDictionaryKernel<Functions> | undefined): void {
    if (dictionary === this.#dictionary) return;
    const result = this.referTo(dictionary?.handle.sharedPointer ?? null);
    if (result < 0) throw this.error(result, "use a dictionary");
    this.handle.use(dictionary?.handle);
    this.#dictionary = dictionary;
  }

  /** Has the context refer to a digest, null for none; returns a result. */
  protected abstract referTo(dictionary: Pointer): number;

  /** zstd's own number of the last failure, or of the parameter that was refused. */
  get errno(): number {
    return this.report[STEP.DETAIL]!;
  }

  /** Bytes of the WASM instance that the context lives in; 0 natively. */
  get instanceBytes(): number {
    return this.library.memoryUsage;
  }

  /** The item of a batch or chain that failed. */
  get failedIndex(): number {
    return this.report[STEP.VALUE_LOW]!;
  }

  /** The error for a failed result of this context. */
  error(
    result: number,
    action: string,
    facts: Pick<FailedCall, "offset" | "expectedId" | "doubt"> = {},
  ): Error {
    return this.errorOf({ action, result, errno: this.errno, ...facts });
  }
}
