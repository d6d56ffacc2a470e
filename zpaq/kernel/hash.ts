/**
 * The kernel of SHA-1 over content that passes in pieces.
 *
 * @module
 */
import { Kernel, STEP_LENGTH } from "@sluice/ffi";
import type { BackendChoice } from "@sluice/ffi";
import type { ZpaqEncodeFunctions } from "./_abi/zpaq_encode.gen.ts";
import { ZPAQ_ENCODE } from "./encode_module.ts";

const DIGEST_SIZE = 20;

/** A hash in progress. */
export class ZpaqHashKernel extends Kernel<ZpaqEncodeFunctions> {
  /** Starts a hash. */
  constructor(backend: BackendChoice | undefined) {
    super(() =>
      ZPAQ_ENCODE.create(backend, {
        format: "zpaq",
        action: "start a hash",
        make: (functions) => functions.sluice_zpaq_hash_new(),
        free: "sluice_zpaq_hash_free",
      })
    );
  }

  /** Takes the next bytes in. */
  update(bytes: Uint8Array): void {
    this.functions.sluice_zpaq_hash_update(this.handle.pointer, bytes, 0, bytes.length);
  }

  /** The SHA-1 of the bytes so far. */
  digest(): Uint8Array<ArrayBuffer> {
    const digest = new Uint8Array(DIGEST_SIZE);
    const step = new Uint32Array(STEP_LENGTH);
    this.functions.sluice_zpaq_hash_digest(this.handle.pointer, digest, 0, digest.length, step);
    return digest;
  }
}
