/**
 * The kernel of SHA-1 over content that passes in pieces.
 *
 * @module
 */
import { Context, RESULT, resultError, STEP_LENGTH } from "@sluice/ffi";
import type { BackendChoice } from "@sluice/ffi";
import type { ZpaqEncodeFunctions } from "./_abi/zpaq_encode.gen.ts";
import { ZPAQ_ENCODE } from "./encode_module.ts";

const DIGEST_SIZE = 20;

/** A hash in progress. */
export class ZpaqHashKernel implements Disposable {
  readonly #functions: ZpaqEncodeFunctions;
  readonly #context: Context;

  /** Starts a hash. */
  constructor(backend: BackendChoice | undefined) {
    const library = ZPAQ_ENCODE.open(backend);
    this.#functions = library.functions;
    const handle = library.functions.sluice_zpaq_hash_new();
    if (!handle) throw resultError({ format: "zpaq", action: "start a hash", result: RESULT.OUT_OF_MEMORY });
    this.#context = new Context(library, handle, library.functions.sluice_zpaq_hash_free);
  }

  /** Takes the next bytes in. */
  update(bytes: Uint8Array): void {
    this.#functions.sluice_zpaq_hash_update(this.#context.handle, bytes, 0, bytes.length);
  }

  /** The SHA-1 of the bytes so far. */
  digest(): Uint8Array<ArrayBuffer> {
    const digest = new Uint8Array(DIGEST_SIZE);
    const step = new Uint32Array(STEP_LENGTH);
    this.#functions.sluice_zpaq_hash_digest(this.#context.handle, digest, 0, digest.length, step);
    return digest;
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
