/**
 * Checksums of content: the low 32 bits of its XXH64.
 */
import type { BackendChoice } from "@sluice/ffi";
import { ZstdContentHash } from "@sluice/ffi/zstd-content-hash";

/** The checksum of content that is whole in memory. */
export function contentChecksum(content: Uint8Array, backend: BackendChoice | undefined): number {
  using hash = new ZstdContentHash(backend);
  hash.update(content);
  return hash.finish();
}
