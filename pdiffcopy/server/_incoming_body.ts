/**
 * The body of a request.
 */
import type { HttpReader } from "./_http_reader.ts";

/** The body of a request as a stream, and what becomes of what nobody reads. */
export class IncomingBody {
  readonly #size: number | undefined;
  readonly #parts: AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined>;
  readonly #start: () => Promise<void>;
  readonly #read = Promise.withResolvers<void>();
  #started = false;
  #ended = false;
  #cancelled = false;
  #taken = 0;

  constructor(reader: HttpReader, size: number | undefined, start: () => Promise<void>) {
    this.#size = size;
    this.#parts = reader.body(size);
    this.#start = start;
    this.#read.promise.catch(() => {});
  }

  /** Settles when the whole body was read. */
  get whenRead(): Promise<void> {
    return this.#read.promise;
  }

  /** There is none. */
  skip(): void {
    this.#ended = true;
    this.#read.resolve();
  }

  async #next(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (!this.#started) {
      this.#started = true;
      await this.#start();
    }
    try {
      const { value, done } = await this.#parts.next();
      if (!done) {
        this.#taken += value.length;
        if (this.#taken === this.#size) this.skip();
        return value;
      }
      this.skip();
      return undefined;
    } catch (error) {
      this.#read.reject(error);
      throw error;
    }
  }

  get stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return new ReadableStream({
      pull: async (controller): Promise<void> => {
        const part = this.#ended ? undefined : await this.#next();
        if (part !== undefined) controller.enqueue(part);
        else controller.close();
      },
      cancel: (): void => {
        this.#cancelled = true;
      },
    }, { highWaterMark: 0 });
  }

  /** Reads what is left where that is little; false where it is more. */
  async drain(sizeMax: number): Promise<boolean> {
    if (this.#ended) return true;
    // A client that was refused in the middle may not send the rest, and one that waits for permission never does.
    if (this.#cancelled || !this.#started) return false;
    if (this.#size === undefined || this.#size - this.#taken > sizeMax) return false;
    for (let left = sizeMax; !this.#ended && left >= 0;) left -= (await this.#next())?.length ?? 0;
    return this.#ended;
  }
}
