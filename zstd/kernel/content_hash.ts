/**
 * The hash after zstd's checksums.
 *
 * @module
 */
import { Kernel, STEP } from "@sluice/ffi";
import type { BackendChoice } from "@sluice/ffi";
import type { ZstdDecodeFunctions } from "./_abi/zstd_decode.gen.ts";
import { ZSTD_DECODE } from "./decode_module.ts";

/** XXH64 with seed 0 over bytes that come in pieces. */
export class ZstdContentHash extends Kernel<ZstdDecodeFunctions> {
  /** A hash of nothing so far. */
  constructor(backend: BackendChoice | undefined) {
    super(() =>
      ZSTD_DECODE.create(backend, {
        format: "zstd",
        action: "make a content hash",
        make: (functions) => functions.sluice_zstd_content_hash_new(),
        free: "sluice_zstd_content_hash_free",
      })
    );
  }

  /** Takes the next bytes in, in pieces where the backend has to copy them. */
  update(bytes: Uint8Array): void {
    const { functions, sourceWindow } = this.handle.library;
    for (let pos = 0; pos < bytes.length; pos += sourceWindow) {
      const end = Math.min(bytes.length, pos + sourceWindow);
      functions.sluice_zstd_content_hash_update(this.handle.pointer, bytes, pos, end);
    }
  }

  /** The low 32 bits of the hash of all bytes so far, which is what frames and seek tables store; then starts over. */
  finish(): number {
    const { functions } = this.handle.library;
    functions.sluice_zstd_content_hash_digest(this.handle.pointer, this.report);
    functions.sluice_zstd_content_hash_reset(this.handle.pointer);
    return this.report[STEP.VALUE_LOW]!;
  }
}
