/**
 * Sets of small numbers.
 */

/** Words of a part of a set. Parts without a number take no room: of large sets most are. */
const PART_WORDS = 16;
const NO_PART = -1;
const WORDS_MIN = 4096;

/** Makes sets of one size, whose words are allocated together. */
export class BitsPool {
  /** Words of each part, and the parts of a set. */
  readonly partWords: number;
  readonly parts: number;
  /** The words of all parts; another array when there are more. */
  words: Uint32Array<ArrayBuffer> = new Uint32Array(WORDS_MIN);
  #used = 0;

  constructor(size: number) {
    const words = Math.max(1, (size + 31) >>> 5);
    this.partWords = Math.min(words, PART_WORDS);
    this.parts = Math.ceil(words / this.partWords);
  }

  /** An empty set. */
  make(): Bits {
    return new Bits(this, new Array<number>(this.parts).fill(NO_PART));
  }

  /** Where a new part starts. */
  add(): number {
    const start = this.#used;
    this.#used += this.partWords;
    if (this.#used > this.words.length) {
      const before = this.words;
      this.words = new Uint32Array(before.length * 2);
      this.words.set(before);
    }
    return start;
  }
}

/** A set of numbers below its pool's size. */
export class Bits {
  readonly #pool: BitsPool;
  /** Where each part starts in the words of the pool. */
  readonly #starts: number[];
  /** The parts that are there. */
  readonly #present: number[] = [];

  constructor(pool: BitsPool, starts: number[]) {
    this.#pool = pool;
    this.#starts = starts;
  }

  /** A set of the same numbers that changes by itself. */
  copy(): Bits {
    const copy = this.#pool.make();
    copy.addAll(this);
    return copy;
  }

  /** Where a part starts, which is there from now on. */
  #start(part: number): number {
    const start = this.#starts[part]!;
    if (start !== NO_PART) return start;
    this.#present.push(part);
    return this.#starts[part] = this.#pool.add();
  }

  add(index: number): void {
    const { partWords } = this.#pool;
    const word = index >>> 5;
    const start = this.#start(Math.floor(word / partWords));
    this.#pool.words[start + word % partWords]! |= 1 << (index & 31);
  }

  delete(index: number): void {
    const { partWords, words } = this.#pool;
    const word = index >>> 5;
    const start = this.#starts[Math.floor(word / partWords)]!;
    if (start !== NO_PART) words[start + word % partWords]! &= ~(1 << (index & 31));
  }

  has(index: number): boolean {
    const { partWords, words } = this.#pool;
    const word = index >>> 5;
    const start = this.#starts[Math.floor(word / partWords)]!;
    return start !== NO_PART && (words[start + word % partWords]! >>> (index & 31) & 1) === 1;
  }

  /** Adds all of another set, whose pool has sets of the same size; true if that added something. */
  addAll(other: Bits): boolean {
    const { partWords } = this.#pool;
    let grown = 0;
    for (const part of other.#present) {
      const [from, to] = [other.#starts[part]!, this.#start(part)];
      const { words } = this.#pool;
      const others = other.#pool.words;
      for (let i = 0; i < partWords; i++) {
        const before = words[to + i]!;
        const after = before | others[from + i]!;
        words[to + i] = after;
        grown |= after ^ before;
      }
    }
    return grown !== 0;
  }

  /** Adds what is in `after` but not in `set`; true if that added something. */
  addWithout(after: Bits, set: Bits): boolean {
    const { partWords } = this.#pool;
    let grown = 0;
    for (const part of after.#present) {
      const [from, without, to] = [after.#starts[part]!, set.#starts[part]!, this.#start(part)];
      const { words } = this.#pool;
      for (let i = 0; i < partWords; i++) {
        const before = words[to + i]!;
        const more = without === NO_PART ? words[from + i]! : words[from + i]! & ~words[without + i]!;
        words[to + i] = before | more;
        grown |= (before | more) ^ before;
      }
    }
    return grown !== 0;
  }

  [Symbol.iterator](): Iterator<number, void, undefined> {
    // A generator that looks at every word takes several times as long for sets that are nearly empty.
    const members: number[] = [];
    const { partWords, words } = this.#pool;
    for (const part of this.#present.sort((a, b) => a - b)) {
      const start = this.#starts[part]!;
      for (let i = 0; i < partWords; i++) {
        for (let rest = words[start + i]!; rest !== 0; rest &= rest - 1) {
          members.push((part * partWords + i) * 32 + 31 - Math.clz32(rest & -rest));
        }
      }
    }
    return members.values();
  }
}
