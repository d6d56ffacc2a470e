/**
 * The body of a request.
 */
import { BODY_READ_SIZE } from "../wire/_http_reader.ts";
import type { HttpReader } from "../wire/_http_reader.ts";

/** The body of a request as a stream, and what becomes of what nobody reads. */
export class IncomingBody {
  readonly #reader: HttpReader;
  readonly #size: number | undefined;
  readonly #start: () => Promise<void>;
  readonly #read = Promise.withResolvers<void>();
  #chunks: AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> | undefined;
  #started = false;
  #ended = false;
  #cancelled = false;
  #taken = 0;

  /** A body of this size, or a chunked one for undefined; `start` runs before its first byte is read. */
  constructor(reader: HttpReader, size: number | undefined, start: () => Promise<void>) {
    this.#reader = reader;
    this.#size = size;
    this.#start = start;
    this.#read.promise.catch(() => {});
  }

  /** Settles when the whole body was read. */
  get whenRead(): Promise<void> {
    return this.#read.promise;
  }

  /** Says that no bytes are left: all were read, or there never were any. */
  complete(): void {
    this.#ended = true;
    this.#read.resolve();
  }

  /** The next bytes, in `room` where the size of the body is known; undefined at its end. */
  async #next(room?: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (!this.#started) {
      this.#started = true;
      await this.#start();
    }
    try {
      const part = this.#size === undefined
        ? await this.#nextChunk()
        : await this.#nextBytes(this.#size, room);
      this.#taken += part?.length ?? 0;
      if (part === undefined || this.#taken === this.#size) this.complete();
      return part;
    } catch (error) {
      this.#read.reject(error);
      throw error;
    }
  }

  async #nextChunk(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    this.#chunks ??= this.#reader.chunks();
    const { value, done } = await this.#chunks.next();
    return done ? undefined : value;
  }

  async #nextBytes(
    size: number,
    room: Uint8Array<ArrayBuffer> | undefined,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const left = size - this.#taken;
    const target = room?.subarray(0, left) ?? new Uint8Array(Math.min(left, BODY_READ_SIZE));
    return target.subarray(0, await this.#reader.readInto(target));
  }

  /** The bytes; a reader that brings its own room gets them there without a copy. */
  get stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return new ReadableStream({
      type: "bytes",
      pull: async (controller): Promise<void> => {
        const request = this.#size === undefined ? null : controller.byobRequest;
        const room = (request?.view ?? undefined) as Uint8Array<ArrayBuffer> | undefined;
        const part = this.#ended ? undefined : await this.#next(room);
        if (this.#cancelled) return;
        if (part !== undefined && request !== null) request.respond(part.length);
        else if (part !== undefined) controller.enqueue(part);
        if (!this.#ended) return;
        controller.close();
        controller.byobRequest?.respond(0);
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
