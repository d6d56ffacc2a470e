/**
 * Options of everything that compresses to lz4.
 *
 * @module
 */
import type { BackendChoice } from "@sluice/ffi";
import type { BytesSource } from "@sluice/internal";

/** How data is compressed. Without options: independent blocks of 4 MiB and a content checksum, as the lz4 tool does. */
export interface Lz4CompressOptions {
  /** -65536 (fastest) to 12; 0 and 1 are the same, from 2 on the search is thorough. @default {1} */
  readonly level?: number | undefined;
  /**
   * Content bytes of a full block: 65536, 262144, 1048576 or 4194304, the format's numbers 4 to 7 for these, or any size
   * from 32 to 4194304 for shorter blocks. @default {4194304}
   */
  readonly blockSize?: number | undefined;
  /** Let blocks refer to the content before them: smaller, but not readable from the middle without an index. @default {false} */
  readonly linked?: boolean | undefined;
  /** Store a checksum of the content. @default {true} */
  readonly contentChecksum?: boolean | undefined;
  /** Store a checksum of each block. @default {false} */
  readonly blockChecksums?: boolean | undefined;
  /** Declare the content's size, in bytes; "auto" does so where the whole value is at hand. @default {"auto"} */
  readonly contentSize?: number | "auto" | "none" | undefined;
  /** History that the content may refer to; the last 64 KiB count. */
  readonly dictionary?: BytesSource | undefined;
  /** The id of the dictionary, to be written to the frame header. */
  readonly dictId?: number | undefined;
  /** With levels from 10 on: prefer what decodes faster. @default {false} */
  readonly favorDecompressionSpeed?: boolean | undefined;
  /** Complete a block after each write, so that it comes out at once. @default {false} */
  readonly autoFlush?: boolean | undefined;
  /** Threads that compress, 1 to 64; the output is the same for every number. WASM has one. @default {1} */
  readonly threads?: number | undefined;
  /** Start a new frame after so many content bytes: a file of whole frames that can be split. */
  readonly frameSize?: number | undefined;
  /** "legacy" writes frames of the lz4 before 1.4, as Linux kernels take them. @default {"frame"} */
  readonly format?: "frame" | "legacy" | undefined;
  /** The most bytes that the codec may allocate. @default {Infinity} */
  readonly maxMemory?: number | undefined;
  /** The backend for this call. @default {what configureBackend says} */
  readonly backend?: BackendChoice | undefined;
}

/** Small linked blocks without checksums: the defaults of LZ4F and of the libraries that follow it. */
export const LZ4_LINKED_PRESET: Lz4CompressOptions = {
  level: 0,
  blockSize: 65536,
  linked: true,
  contentChecksum: false,
};
