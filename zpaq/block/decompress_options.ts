/**
 * Options of everything that decompresses ZPAQ.
 *
 * @module
 */
import type { BackendChoice } from "@sluice/ffi";
import type { SluiceError } from "@sluice/internal";

/** When programs of an archive are compiled. */
export type ZpaqProgramCompilation = "auto" | "always" | "never";

/** How ZPAQ data is decompressed. Limits are safe by default and raised by saying so. */
export interface ZpaqDecompressOptions {
  /**
   * The most bytes of output; `Infinity` lifts it.
   * @default {256 MiB for whole values, Infinity for streams, iterables and decoders}
   */
  readonly maxOutputSize?: number | undefined;
  /** The most bytes that the model of one block may take. @default {2 ** 30} */
  readonly maxMemory?: number | undefined;
  /** Bytes of program that HCOMP may run for one byte of data. @default {2 ** 24} */
  readonly hcompBudget?: number | undefined;
  /** Bytes of program that PCOMP may run for one byte of data, beside 64 for each byte it gives. @default {2 ** 30} */
  readonly pcompBudget?: number | undefined;
  /** Compare each segment with its SHA-1 where it has one. @default {true} */
  readonly verifyChecksums?: boolean | undefined;
  /**
   * Called with the error of a damaged block instead of throwing it: decoding goes on with the next block that can be
   * found. What the damaged block gave before its error stays given.
   */
  readonly onDamage?: ((error: SluiceError) => void) | undefined;
  /** Called with what was passed over because it belongs to no block: before one, or at the end. */
  readonly onJunk?: ((junk: { readonly offset: number; readonly size: number }) => void) | undefined;
  /** Run post-processors that native code knows on the ZPAQL machine all the same. @default {false} */
  readonly plainPostprocessing?: boolean | undefined;
  /**
   * Whether what a header brings is made into WebAssembly: post-processors that native code does not know, and networks
   * of components with the programs of their contexts. "auto": where it gains, which on the native backend models do only with
   * loops in such a program; "always", or "never". Where the runtime forbids that, or memory is short, or a
   * model has more than 64 components, the backend does it.
   * @default {"auto"}
   */
  readonly compilePrograms?: ZpaqProgramCompilation | undefined;
  /** The backend for this call. @default {what configureBackend says} */
  readonly backend?: BackendChoice | undefined;
}

/** Options of streams and iterables. */
export interface ZpaqStreamOptions {
  /** The most bytes of one output chunk. @default {262144} */
  readonly chunkSize?: number | undefined;
  /** Aborts the work at once. */
  readonly signal?: AbortSignal | undefined;
  /** Whether codec calls run off the event loop: "auto" does so natively. WASM has no such calls. @default {"auto"} */
  readonly offload?: "auto" | "always" | "never" | undefined;
}
