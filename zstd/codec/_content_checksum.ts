/**
 * Checksums of content: the low 32 bits of its XXH64.
 */
import type { BackendChoice } from "@sluice/ffi";
import { ZstdContentHash } from "../kernel/content_hash.ts";

/** The checksum of content that is whole in memory. */
export function contentChecksum(content: Uint8Array, backend: BackendChoice | undefined): number {
  const hash = new ZstdContentHash(backend);
  try {
    hash.update(content);
    return hash.finish();
  } finally {
    hash.close();
  }
}
