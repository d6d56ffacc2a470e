/**
 * Sets of small numbers.
 */

/** Words that sets are made of at a time. */
const POOL_WORDS = 4096;

/** Makes sets of one size: the words of many are allocated at once, which for small sets takes most of the time. */
export class BitsPool {
  readonly #size: number;
  #words = new Uint32Array(0);
  #used = 0;

  constructor(size: number) {
    this.#size = (size + 31) >>> 5;
  }

  /** An empty set. */
  make(): Bits {
    if (this.#used + this.#size > this.#words.length) {
      this.#words = new Uint32Array(Math.max(this.#size, POOL_WORDS));
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += this.#size;
    return new Bits(this.#words, start, this.#used);
  }
}

/** A set of numbers below its pool's size. */
export class Bits {
  readonly #words: Uint32Array;
  readonly #start: number;
  readonly #end: number;

  constructor(words: Uint32Array, start: number, end: number) {
    this.#words = words;
    this.#start = start;
    this.#end = end;
  }

  /** A set of the same numbers that changes by itself. */
  copy(): Bits {
    return new Bits(this.#words.slice(this.#start, this.#end), 0, this.#end - this.#start);
  }

  add(index: number): void {
    this.#words[this.#start + (index >>> 5)]! |= 1 << (index & 31);
  }

  delete(index: number): void {
    this.#words[this.#start + (index >>> 5)]! &= ~(1 << (index & 31));
  }

  has(index: number): boolean {
    return (this.#words[this.#start + (index >>> 5)]! >>> (index & 31) & 1) === 1;
  }

  /** Adds all of another set; true if that added something. */
  addAll(other: Bits): boolean {
    const words = this.#words;
    let grown = 0;
    for (let w = this.#start, o = other.#start; w < this.#end; w++, o++) {
      const before = words[w]!;
      const after = before | other.#words[o]!;
      words[w] = after;
      grown |= after ^ before;
    }
    return grown !== 0;
  }

  /** Adds what is in `needed`, and what is in `after` but not in `set`; true if that added something. */
  addNeeded(needed: Bits, after: Bits, set: Bits): boolean {
    const words = this.#words;
    let grown = 0;
    for (let w = this.#start, i = 0; w < this.#end; w++, i++) {
      const before = words[w]!;
      const more = before | needed.#words[needed.#start + i]! |
        after.#words[after.#start + i]! & ~set.#words[set.#start + i]!;
      words[w] = more;
      grown |= more ^ before;
    }
    return grown !== 0;
  }

  [Symbol.iterator](): Iterator<number, void, undefined> {
    // A generator that looks at every word takes several times as long for sets that are nearly empty.
    const members: number[] = [];
    for (let w = this.#start; w < this.#end; w++) {
      for (let rest = this.#words[w]!; rest !== 0; rest &= rest - 1) {
        members.push((w - this.#start) * 32 + 31 - Math.clz32(rest & -rest));
      }
    }
    return members.values();
  }
}
