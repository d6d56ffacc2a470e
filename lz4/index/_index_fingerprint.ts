/**
 * Which file an index was made of: four XXH32 with different seeds of its size, its start and its end. It tells files
 * apart that were mixed up, not files that somebody forged.
 */
import { lz4Xxh32 } from "../kernel/blocks.ts";
import { ByteWriter } from "../frame/_varint.ts";
import type { ByteSource } from "@sluice/internal";

/** How much of the start and of the end counts. */
export const FINGERPRINT_SPAN = 64 << 10;
/** Bytes of a fingerprint. */
export const FINGERPRINT_SIZE = 16;

/** The fingerprint of a file of `size` bytes with this start and end, each of `FINGERPRINT_SPAN` bytes or the whole file. */
export function fingerprint(size: number, head: Uint8Array, tail: Uint8Array): Uint8Array<ArrayBuffer> {
  const facts = new ByteWriter();
  facts.u64(size);
  facts.bytes(head);
  facts.bytes(tail);
  const bytes = facts.take();
  const hashes = new ByteWriter();
  for (let seed = 0; seed < FINGERPRINT_SIZE / 4; seed++) {
    hashes.u32(lz4Xxh32(bytes, 0, bytes.length, seed, undefined));
  }
  return hashes.take();
}

/** The fingerprint of the first `size` bytes of a source: two small reads. */
export async function fingerprintOf(source: ByteSource, size: number): Promise<Uint8Array<ArrayBuffer>> {
  const span = Math.min(size, FINGERPRINT_SPAN);
  const head = await source.read(0, span);
  const tail = size === span ? head : await source.read(size - span, span);
  return fingerprint(size, head, tail);
}

/** Whether a source starts with the `size` bytes that a fingerprint was made of. */
export async function hasFingerprint(
  source: ByteSource,
  size: number,
  expected: Uint8Array,
): Promise<boolean> {
  if (source.size < size) return false;
  const found = await fingerprintOf(source, size);
  return found.every((byte, i) => byte === expected[i]);
}

/** Finds the fingerprint of a stream that passes by. */
export class FingerprintBuilder {
  #size = 0;
  readonly #head = new Uint8Array(FINGERPRINT_SPAN);
  /** The last bytes, newest at the end. */
  readonly #tail = new Uint8Array(FINGERPRINT_SPAN);

  /** Takes the next bytes of the file. */
  update(bytes: Uint8Array): void {
    if (this.#size < FINGERPRINT_SPAN) {
      this.#head.set(bytes.subarray(0, FINGERPRINT_SPAN - this.#size), this.#size);
    }
    const part = bytes.subarray(Math.max(0, bytes.length - FINGERPRINT_SPAN));
    this.#tail.copyWithin(0, part.length);
    this.#tail.set(part, FINGERPRINT_SPAN - part.length);
    this.#size += bytes.length;
  }

  /** The fingerprint of a file of `size` bytes; undefined when bytes after it have passed too. */
  finish(size: number): Uint8Array<ArrayBuffer> | undefined {
    if (size !== this.#size) return undefined;
    const span = Math.min(size, FINGERPRINT_SPAN);
    return fingerprint(size, this.#head.subarray(0, span), this.#tail.subarray(FINGERPRINT_SPAN - span));
  }
}
