/**
 * The kernel of SHA-1 and SHA-256 over content that passes in pieces.
 *
 * @module
 */
import { Kernel, STEP_LENGTH } from "@sluice/ffi";
import type { BackendChoice } from "@sluice/ffi";
import { ZPAQ_HASH_SHA1, ZPAQ_HASH_SHA256 } from "./_abi/zpaq_encode.gen.ts";
import type { ZpaqEncodeFunctions } from "./_abi/zpaq_encode.gen.ts";
import { ZPAQ_ENCODE } from "./encode_module.ts";

/** Which hash. */
export const ZPAQ_HASH = { sha1: ZPAQ_HASH_SHA1, sha256: ZPAQ_HASH_SHA256 } as const;

/** A kind of hash, as a number of {@linkcode ZPAQ_HASH}. */
export type ZpaqHashKind = typeof ZPAQ_HASH[keyof typeof ZPAQ_HASH];

/** Bytes of a digest. */
export function digestSizeOf(kind: ZpaqHashKind): number {
  return kind === ZPAQ_HASH.sha1 ? 20 : 32;
}

/** A hash in progress. */
export class ZpaqHashKernel extends Kernel<ZpaqEncodeFunctions> {
  readonly #size: number;

  /** Starts a hash. */
  constructor(backend: BackendChoice | undefined, kind: ZpaqHashKind = ZPAQ_HASH.sha1) {
    super(() =>
      ZPAQ_ENCODE.create(backend, {
        format: "zpaq",
        action: "start a hash",
        make: (functions) => functions.sluice_zpaq_hash_new(kind),
        free: "sluice_zpaq_hash_free",
      })
    );
    this.#size = digestSizeOf(kind);
  }

  /** Takes the next bytes in. */
  update(bytes: Uint8Array): void {
    this.functions.sluice_zpaq_hash_update(this.handle.pointer, bytes, 0, bytes.length);
  }

  /** The digest of the bytes so far. */
  digest(): Uint8Array<ArrayBuffer> {
    const digest = new Uint8Array(this.#size);
    const step = new Uint32Array(STEP_LENGTH);
    this.functions.sluice_zpaq_hash_digest(this.handle.pointer, digest, 0, digest.length, step);
    return digest;
  }
}
