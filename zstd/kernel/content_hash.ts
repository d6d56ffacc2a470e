/**
 * The hash behind zstd's checksums.
 *
 * @module
 */
import { Context, RESULT, resultError, STEP, STEP_LENGTH } from "@sluice/ffi";
import type { BackendChoice, Library } from "@sluice/ffi";
import type { ZstdDecodeFunctions } from "./_abi/zstd_decode.gen.ts";
import { ZSTD_DECODE } from "./decode_module.ts";

/** XXH64 with seed 0 over bytes that come in pieces. */
export class ZstdContentHash implements Disposable {
  readonly #library: Library<ZstdDecodeFunctions>;
  readonly #context: Context;
  readonly #step = new Uint32Array(STEP_LENGTH);

  /** A hash of nothing so far. */
  constructor(backend: BackendChoice | undefined) {
    this.#library = ZSTD_DECODE.open(backend);
    const { functions } = this.#library;
    const handle = functions.sluice_zstd_content_hash_new();
    if (!handle) {
      throw resultError({ format: "zstd", action: "make a content hash", result: RESULT.OUT_OF_MEMORY });
    }
    this.#context = new Context(this.#library, handle, functions.sluice_zstd_content_hash_free);
  }

  /** Takes the next bytes in, in pieces where the backend has to copy them. */
  update(bytes: Uint8Array): void {
    const { functions, sourceWindow } = this.#library;
    for (let pos = 0; pos < bytes.length; pos += sourceWindow) {
      const end = Math.min(bytes.length, pos + sourceWindow);
      functions.sluice_zstd_content_hash_update(this.#context.handle, bytes, pos, end);
    }
  }

  /** The low 32 bits of the hash of all bytes so far, which is what frames and seek tables store; then starts over. */
  finish(): number {
    const { functions } = this.#library;
    functions.sluice_zstd_content_hash_digest(this.#context.handle, this.#step);
    functions.sluice_zstd_content_hash_reset(this.#context.handle);
    return this.#step[STEP.VALUE_LOW]!;
  }

  /** Frees the hash; calling it again does nothing. */
  close(): void {
    this.#context.close();
  }

  /** Frees the hash. */
  [Symbol.dispose](): void {
    this.close();
  }
}
