/**
 * What the contexts of compression and of decompression share: the library's error numbers, and digests of dictionaries.
 */
import { ContextKernel, Handle, resultError, STEP } from "@sluice/ffi";
import type { BackendModule, ContextOptions, ContextOrigin, FailedCall, Pointer } from "@sluice/ffi";

/** Makes one object of a library; `report` takes what the call reports. */
type Make<Functions> = (functions: Functions, report: Uint32Array) => Pointer;

/** Many values in one buffer, and room for what becomes of them. */
export interface ZstdBatch {
  /** The values. */
  readonly source: Uint8Array;
  /** Where each value starts, and where the last one ends. */
  readonly offsets: Uint32Array;
  /** Room for all results. */
  readonly target: Uint8Array;
  /** Where the room of each result starts, and where the last one's ends. */
  readonly slots: Uint32Array;
}

/** A batch as the library takes it. */
export function batchValues(
  { source, offsets, target, slots }: ZstdBatch,
): [Uint8Array, number, number, Uint32Array, number, Uint8Array, number, number, Uint32Array, number] {
  const [from, to] = [source.length, target.length];
  return [source, 0, from, offsets, offsets.length, target, 0, to, slots, slots.length];
}

/** A call that makes an object, and fails with zstd's number where the call leaves it in `report`. */
function checked<Functions>(action: string, make: Make<Functions>, maxMemory: number): Make<Functions> {
  return (functions, report) => {
    const pointer = make(functions, report);
    if (pointer) return pointer;
    throw resultError({ format: "zstd", action, result: report[STEP.DETAIL]! | 0, errno: 0, maxMemory });
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
    options: ContextOptions,
    { action, make, free }: ContextOrigin<Functions>,
    freeDictionary: keyof Functions & string,
  ) {
    super("zstd", module, options, { action, make: checked(action, make, options.maxMemory), free });
    this.#maxMemory = options.maxMemory;
    this.#freeDictionary = freeDictionary;
  }

  /**
   * Digests a dictionary in this library.
   *
   * @internal
   */
  makeDictionary(make: Make<Functions>): Handle<Functions> {
    const action = "digest a dictionary";
    const checkedMake = checked(action, make, this.#maxMemory);
    return new Handle(this.library, {
      format: "zstd",
      action,
      make: (functions) => checkedMake(functions, this.report),
      free: this.#freeDictionary,
    });
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
  override error(
    result: number,
    action: string,
    facts: number | Pick<FailedCall, "offset" | "expectedId" | "doubt"> = {},
  ): Error {
    const known = typeof facts === "number" ? { offset: facts } : facts;
    return this.errorOf({ action, result, errno: this.errno, ...known });
  }
}
