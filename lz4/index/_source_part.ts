/**
 * A part of a source as a source.
 */
import { checkRange } from "@sluice/internal";
import type { ByteSource } from "@sluice/internal";

/** The bytes of a source from `start` up to `end`. */
export function sourcePart(source: ByteSource, start: number, end: number): ByteSource {
  const size = end - start;
  return {
    size,
    validator: source.validator,
    async read(offset, length, options): Promise<Uint8Array> {
      checkRange(offset, length, size);
      return await source.read(start + offset, length, options);
    },
  };
}
