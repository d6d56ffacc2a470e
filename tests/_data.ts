/**
 * Test data from seeds, and ways to cut it.
 */

/** A small generator with a seed (xorshift32), so that a failing run can be repeated. */
export class Random {
  #state: number;

  /** A generator; `SEED` in the environment overrides the seed. */
  constructor(seed: number) {
    this.#state = (seed | 0) || 1;
  }

  /** The seed to use: from the environment, else the given one. */
  static seed(fallback: number): number {
    const text = Deno.env.get("SEED");
    return text === undefined || text === "" ? fallback : Number(text);
  }

  /** The next number from 0 to 2^32 - 1. */
  next(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return x >>> 0;
  }

  /** An integer from 0 up to, not including, `end`. */
  below(end: number): number {
    return this.next() % end;
  }

  /** `size` bytes that no codec can shrink. */
  bytes(size: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(size);
    for (let i = 0; i < size; i++) bytes[i] = this.next() >>> 11;
    return bytes;
  }
}

const WORDS = "the quick brown fox jumps over a lazy dog while frames blocks and windows go by in order"
  .split(" ");

/** `size` bytes of words in random order: compressible, with matches near and far. */
export function text(size: number, seed = 1): Uint8Array<ArrayBuffer> {
  const random = new Random(seed);
  const parts: string[] = [];
  for (let length = 0; length < size;) {
    const word = `${WORDS[random.below(WORDS.length)]}${random.below(20) === 0 ? ".\n" : " "}`;
    parts.push(word);
    length += word.length;
  }
  return new TextEncoder().encode(parts.join("")).slice(0, size);
}

/** Kinds of content, from the easiest to the hardest to compress. */
export const CONTENT_KINDS: Readonly<Record<string, (size: number) => Uint8Array<ArrayBuffer>>> = {
  zeros: (size) => new Uint8Array(size),
  periodic: (size) => Uint8Array.from({ length: size }, (_, i) => i % 251),
  text: (size) => text(size),
  random: (size) => new Random(7).bytes(size),
};

/** Joins chunks. */
export function join(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** Cuts bytes into chunks of `size`. */
export function chunks(bytes: Uint8Array, size: number): Uint8Array[] {
  const cut: Uint8Array[] = [];
  for (let offset = 0; offset < bytes.length; offset += size) cut.push(bytes.subarray(offset, offset + size));
  return cut;
}

/** Every way to give an input in one or two pieces, and byte by byte. */
export function* splits(bytes: Uint8Array): Generator<Uint8Array[]> {
  yield [bytes];
  for (let at = 1; at < bytes.length; at++) yield [bytes.subarray(0, at), bytes.subarray(at)];
  yield chunks(bytes, 1);
}
