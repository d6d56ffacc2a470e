/**
 * XXH32, the checksum of LZ4 frames.
 *
 * @module
 */
import { checkArgument, toBytes } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { hashBytes, hashDigest, hashUpdate, newHashState } from "./_hash.ts";

/**
 * The XXH32 of a value, as an unsigned number.
 *
 * @example A published value
 * ```ts
 * import { lz4Xxh32 } from "@sluice/lz4";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(lz4Xxh32(new TextEncoder().encode("a")), 0x550d7456);
 * ```
 */
export function lz4Xxh32(data: BytesSource, seed: number = 0): number {
  return hashBytes(toBytes(data), seed);
}

/**
 * The XXH32 (seed 0) of bytes that come in pieces, with a state that can be saved.
 *
 * @example In two pieces, with a pause
 * ```ts
 * import { lz4Xxh32, Lz4Xxh32 } from "@sluice/lz4";
 * import { assertEquals } from "@std/assert";
 *
 * const first = new Lz4Xxh32();
 * first.update(new Uint8Array(20));
 * const second = Lz4Xxh32.fromState(first.state());
 * second.update(new Uint8Array(3));
 * assertEquals(second.digest(), lz4Xxh32(new Uint8Array(23)));
 * ```
 */
export class Lz4Xxh32 {
  readonly #state = newHashState();

  /** Goes on with a state that `state` or `Lz4Checkpoint.contentHash` gave. */
  static fromState(state: Uint32Array): Lz4Xxh32 {
    checkArgument(state instanceof Uint32Array, "load an XXH32 state", state, "a Uint32Array");
    const hash = new Lz4Xxh32();
    if (state.length !== hash.#state.length) {
      throw new RangeError(
        `Cannot load an XXH32 state: it has ${state.length} numbers, expected ${hash.#state.length}`,
      );
    }
    hash.#state.set(state);
    return hash;
  }

  /** Takes the next bytes in. */
  update(data: BytesSource): void {
    hashUpdate(this.#state, toBytes(data));
  }

  /** The hash of the bytes so far, as an unsigned number. */
  digest(): number {
    return hashDigest(this.#state);
  }

  /** Ten numbers to go on from: total in two halves, four accumulators, 16 bytes of tail. */
  state(): Uint32Array<ArrayBuffer> {
    return this.#state.slice();
  }
}
