/**
 * Options of everything that compresses to ZPAQ.
 *
 * @module
 */
import type { BackendChoice } from "@sluice/ffi";
import type { ZpaqProgramCompilation } from "./decompress_options.ts";

/** How blocks are compressed. */
export interface ZpaqCompressOptions {
  /**
   * A level "0" to "5", as zpaq's `-m` takes it: "LB,R,T" with log2 of the block size in MiB, redundancy, and 1 for text
   * or 2 for x86 code; or an expanded method such as "x4,0ci1,1,1,1,2am".
   * @default {"1"}
   */
  readonly method?: string | undefined;
  /** Bytes of content of one block. @default {2 ** (20 + B) - 4096, where B is the method's, 4 without} */
  readonly blockSize?: number | undefined;
  /** The name in the first segment. @default {""} */
  readonly filename?: string | undefined;
  /** What stands in a segment's comment after its size. @default {""} */
  readonly comment?: string | undefined;
  /** Store the SHA-1 of each segment. @default {true} */
  readonly contentChecksum?: boolean | undefined;
  /** Write the tag by which a block is found among other data. @default {true} */
  readonly tag?: boolean | undefined;
  /** The most bytes that a context may allocate. @default {Infinity} */
  readonly maxMemory?: number | undefined;
  /** Whether the model is made into WebAssembly to code by it, as when decompressing. @default {"auto"} */
  readonly compilePrograms?: ZpaqProgramCompilation | undefined;
  /** The backend for this call. @default {what configureBackend says} */
  readonly backend?: BackendChoice | undefined;
}
