/**
 * Sets of small numbers.
 */

/** A set of numbers below a size given at first. */
export class Bits {
  readonly #words: Uint32Array;

  constructor(size: number) {
    this.#words = new Uint32Array((size + 31) >>> 5);
  }

  add(index: number): void {
    this.#words[index >>> 5]! |= 1 << (index & 31);
  }

  delete(index: number): void {
    this.#words[index >>> 5]! &= ~(1 << (index & 31));
  }

  has(index: number): boolean {
    return (this.#words[index >>> 5]! >>> (index & 31) & 1) === 1;
  }

  /** Takes over another set of the same size. */
  copy(other: Bits): void {
    this.#words.set(other.#words);
  }

  /** Adds all of another set; true if that added something. */
  addAll(other: Bits): boolean {
    let grown = 0;
    for (let w = 0; w < this.#words.length; w++) {
      const before = this.#words[w]!;
      const after = before | other.#words[w]!;
      this.#words[w] = after;
      grown |= after ^ before;
    }
    return grown !== 0;
  }

  /** Adds what is in `needed`, and what is in `after` but not in `set`; true if that added something. */
  addNeeded(needed: Bits, after: Bits, set: Bits): boolean {
    let grown = 0;
    for (let w = 0; w < this.#words.length; w++) {
      const before = this.#words[w]!;
      const more = before | needed.#words[w]! | after.#words[w]! & ~set.#words[w]!;
      this.#words[w] = more;
      grown |= more ^ before;
    }
    return grown !== 0;
  }

  *[Symbol.iterator](): Generator<number, void, undefined> {
    for (const [w, word] of this.#words.entries()) {
      for (let rest = word; rest !== 0; rest &= rest - 1) yield w * 32 + 31 - Math.clz32(rest & -rest);
    }
  }
}
