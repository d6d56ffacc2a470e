/**
 * Cutting a stream into parts of bounded size, where records end if possible.
 */

/** Collects content and cuts it. */
export class RecordCutter {
  readonly #size: number;
  readonly #separator: number | undefined;
  #part: Uint8Array<ArrayBuffer>;
  #length = 0;

  /** Parts have at most `size` bytes; with a separator they end after one, unless a record is larger than a part. */
  constructor(size: number, separator: number | undefined) {
    this.#size = size;
    this.#separator = separator;
    this.#part = new Uint8Array(size);
  }

  /** Takes the next content and yields the parts that it fills. */
  *push(chunk: Uint8Array): Generator<Uint8Array<ArrayBuffer>, void, undefined> {
    let rest = chunk;
    while (this.#length + rest.length >= this.#size) {
      const room = this.#size - this.#length;
      this.#part.set(rest.subarray(0, room), this.#length);
      rest = rest.subarray(room);
      yield this.#cut();
    }
    this.#part.set(rest, this.#length);
    this.#length += rest.length;
  }

  /** What is left; empty when nothing is. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#part.slice(0, this.#length);
  }

  /** Gives a full part out and starts the next with what follows the last record in it. */
  #cut(): Uint8Array<ArrayBuffer> {
    const full = this.#part;
    const last = this.#separator === undefined ? -1 : full.lastIndexOf(this.#separator);
    const end = last < 0 ? this.#size : last + 1;
    this.#part = new Uint8Array(this.#size);
    this.#part.set(full.subarray(end));
    this.#length = this.#size - end;
    return full.subarray(0, end);
  }
}
