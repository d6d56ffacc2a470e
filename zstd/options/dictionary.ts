/**
 * Dictionaries: content that both sides have before the first byte, for small data that looks alike.
 *
 * @module
 */
import { checkChoice, checkKeys, readU32, toBytes } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import type { BackendChoice } from "@sluice/ffi";
import { ZstdDecoderDictionary, ZstdDecoderKernel } from "../kernel/decoder.ts";
import { ZSTD_DICTIONARY_TYPE } from "../kernel/dictionary_type.ts";
import { closeDigests, digestOf } from "./_dictionary_digests.ts";
import { DICTIONARY_MAGIC } from "../frame/_format.ts";

/** How bytes become a dictionary: by their magic number, as plain content, or as a formatted dictionary only. */
export type ZstdDictionaryType = "auto" | "raw" | "full";

/** What a training came to. */
export interface ZstdTrainingInfo {
  /** The algorithm that was used. */
  readonly algorithm: "fastcover" | "cover" | "legacy";
  /** Bytes of a segment; 0 for the legacy algorithm. */
  readonly k: number;
  /** Bytes of a dmer; 0 for the legacy algorithm. */
  readonly d: number;
}

/** How a dictionary is made from bytes. */
export interface ZstdDictionaryOptions {
  /** How the bytes are read. @default {"auto"} */
  readonly type?: ZstdDictionaryType | undefined;
  /** What is known of its training, if it was trained. */
  readonly training?: ZstdTrainingInfo | undefined;
}

/** Where a dictionary is digested. */
export interface ZstdDictionaryPrepareOptions {
  /** The backend that is going to use it. @default {what configureBackend says} */
  readonly backend?: BackendChoice | undefined;
}

const PREPARE_KEYS: ReadonlySet<string> = new Set<keyof ZstdDictionaryPrepareOptions>(["backend"]);
const NO_LIMITS = { maxMemory: 0, parameters: new Int32Array() };
const KEYS: ReadonlySet<string> = new Set<keyof ZstdDictionaryOptions>(["type", "training"]);
/** Bytes of a dictionary's magic number and id. */
const HEADER_SIZE = 8;

/**
 * A dictionary for both directions. It is digested at its first use with each set of options and each backend, and the
 * digest is shared by all contexts; `close` frees the digests. Dictionaries of less than 8 bytes have no effect. They
 * pay off for inputs of up to some tens of KiB.
 *
 * @example Compressing small messages
 * ```ts
 * import { compressZstd, decompressZstd, ZstdDictionary } from "@sluice/zstd";
 * import { assert, assertEquals } from "@std/assert";
 *
 * const bytes = new TextEncoder().encode('{"event":"page_view","path":"/index.html","user":"');
 * using dictionary = new ZstdDictionary(bytes, { type: "raw" });
 * const message = new TextEncoder().encode('{"event":"page_view","path":"/about.html","user":"a1"}');
 * const frame = compressZstd(message, { dictionary });
 * assert(frame.length < compressZstd(message).length);
 * assertEquals(decompressZstd(frame, { dictionary }), message);
 * ```
 */
export class ZstdDictionary implements Disposable {
  /** The dictionary's bytes, a copy of what it was made from. Do not change them. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** How the bytes are read. */
  readonly type: ZstdDictionaryType;
  /** The id that frames name it by; 0 for raw content. */
  readonly id: number;
  /** What is known of its training. */
  readonly training: ZstdTrainingInfo | undefined;

  /**
   * Copies the bytes. Whether a formatted dictionary is well formed shows when it is first used.
   *
   * @throws {TypeError} If the value holds no bytes.
   * @throws {RangeError} If the type is not known, or "full" is asked for and the magic number is missing.
   */
  constructor(bytes: BytesSource, options: ZstdDictionaryOptions = {}) {
    checkKeys(options, KEYS);
    this.type = checkChoice("type", options.type ?? "auto", ["auto", "raw", "full"]);
    this.bytes = new Uint8Array(toBytes(bytes));
    const formatted = this.bytes.length >= HEADER_SIZE && readU32(this.bytes, 0) === DICTIONARY_MAGIC;
    if (this.type === "full" && !formatted) {
      throw new RangeError(
        "Cannot use the bytes as a full dictionary: they do not start with its magic number",
      );
    }
    this.id = formatted && this.type !== "raw" ? readU32(this.bytes, 4) : 0;
    this.training = options.training;
  }

  /** Bytes of the dictionary. */
  get size(): number {
    return this.bytes.length;
  }

  /**
   * Digests the dictionary for decompression now instead of at its first use, which also says whether it is well formed.
   * `prepareZstdDictionary` does so for compression.
   *
   * @throws {CorruptDataError} With code "DICTIONARY_CORRUPT" if it is not.
   * @throws {TypeError} If an option is not known.
   *
   * @example Bytes that only look like a dictionary
   * ```ts
   * import { ZstdDictionary } from "@sluice/zstd";
   * import { assertThrows } from "@std/assert";
   *
   * const bytes = new Uint8Array([0x37, 0xa4, 0x30, 0xec, 1, 0, 0, 0, 9, 9, 9, 9]);
   * const dictionary = new ZstdDictionary(bytes, { type: "full" });
   * assertThrows(() => dictionary.prepare(), Error, "dictionary");
   * ```
   */
  prepare(options: ZstdDictionaryPrepareOptions = {}): this {
    checkKeys(options, PREPARE_KEYS);
    const kernel = new ZstdDecoderKernel({ ...NO_LIMITS, backend: options.backend });
    try {
      const make = () => new ZstdDecoderDictionary(kernel, this.bytes, ZSTD_DICTIONARY_TYPE[this.type]);
      digestOf(this, kernel.library, "decode", make);
    } finally {
      kernel.close();
    }
    return this;
  }

  /** Frees what was digested, once no context uses it. The dictionary can be used again and is digested anew then. */
  close(): void {
    closeDigests(this);
  }

  /** Frees what was digested. */
  [Symbol.dispose](): void {
    this.close();
  }
}
