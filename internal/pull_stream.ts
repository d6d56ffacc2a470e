/**
 * A pair of Web Streams over a {@linkcode PullCodec}.
 *
 * A `TransformStream` must enqueue all output of a chunk at once, so a few bytes that expand to gigabytes would fill
 * memory. Here the readable side pulls: at most one chunk of output per pull, a write settles when its chunk is used up.
 *
 * Only the pull touches the codec. Writes, flushes and the end of input wait as jobs in one queue until the codec needs
 * input, so none of them can come in between while a call runs off the event loop.
 *
 * @module
 */
import { bytesGone, toBytes } from "./bytes.ts";
import type { BytesSource } from "./bytes.ts";
import { deferred } from "./deferred.ts";
import type { Deferred } from "./deferred.ts";
import { OutputBuffers } from "./output_buffers.ts";
import { isReadAside, readAside, readCounted } from "./pull_codec.ts";
import type { PullCodec } from "./pull_codec.ts";

/** Turns of the microtask queue in which a close follows the last write. */
const CLOSE_TURNS = 32;

/** How a pair of streams behaves. */
export interface PullStreamOptions {
  /** The most bytes of one output chunk. */
  readonly chunkSize: number;
  /** Aborts both sides. */
  readonly signal?: AbortSignal | undefined;
}

/** Both sides of a codec stream, usable with `pipeThrough`, and a way to flush it. */
export interface PullStream {
  /** The output: a byte stream. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** The input: any chunks that hold bytes. */
  readonly writable: WritableStream<BytesSource>;
  /**
   * Runs `action` on the codec after every write made so far, awaited or not; settles when its output has been read.
   * Rejects with the error of the stream after a failure, and with a TypeError after the end.
   */
  flush(action: () => void): Promise<void>;
}

/** Something to do with the codec when it needs input; `used` settles when the codec is through with it. */
interface Job {
  readonly run: () => void;
  readonly used: Deferred<void>;
}

/** A flush, and how many writes it covers. */
interface Flush extends Job {
  readonly writes: number;
}

/** Makes a pair of streams; it owns the codec and closes it when either side ends, fails or is cancelled. */
export function createPullStream(codec: PullCodec, options: PullStreamOptions): PullStream {
  const pair = new CodecPair(codec, options);
  return { readable: pair.readable, writable: pair.writable, flush: (action) => pair.flush(action) };
}

class CodecPair {
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly writable: WritableStream<BytesSource>;
  readonly #codec: PullCodec;
  readonly #buffers: OutputBuffers;
  readonly #signal: AbortSignal | undefined;
  #readableController!: ReadableByteStreamController;
  #writableController!: WritableStreamDefaultController;

  #failure: { readonly reason: unknown } | undefined;
  /** Whether all output has been read. */
  #ended = false;
  /** Whether the writable side has been closed, or takes no more because the content has ended. */
  #inputClosed = false;
  /** Writes that were made, and those that reached the sink. */
  #writesMade = 0;
  #writesTaken = 0;
  /** The write or the end that waits for the codec, and flushes in the order of their calls. */
  #input: Job | undefined;
  readonly #flushes: Flush[] = [];
  /** What the codec works on. */
  #current: Job | undefined;
  #arrived = deferred();
  /** What a view that came after its chunk was begun had no room for. */
  #rest: Uint8Array<ArrayBuffer> | undefined;
  /** The codec's call under way: it uses the buffers of the current write and of the target. */
  #call: Promise<number> | undefined;

  constructor(codec: PullCodec, { chunkSize, signal }: PullStreamOptions) {
    this.#codec = codec;
    this.#buffers = new OutputBuffers(chunkSize);
    this.#signal = signal;
    this.readable = new ReadableStream({
      type: "bytes",
      start: (controller: ReadableByteStreamController) => void (this.#readableController = controller),
      pull: () => this.#pull(),
      cancel: (reason) => {
        if (this.#stop(reason)) this.#writableController.error(reason);
      },
    });
    this.writable = new WritableStream<BytesSource>({
      start: (controller) => {
        this.#writableController = controller;
        // `abort` below waits for a write under way; what aborts the writer must not.
        controller.signal.addEventListener("abort", () => this.#onWriterAbort(controller.signal.reason));
      },
      write: (chunk) => this.#write(chunk),
      close: () => this.#close(),
      abort: (reason) => this.#onWriterAbort(reason),
    }, {
      highWaterMark: 1,
      // Called for each write when it is made: the only sign of writes that have not reached the sink.
      size: () => {
        this.#writesMade++;
        return 1;
      },
    });
    if (signal?.aborted) this.#onAbort();
    else signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  readonly #onAbort = (): void => this.#fail(this.#signal!.reason);

  #onWriterAbort(reason: unknown): void {
    if (this.#stop(reason)) this.#readableController.error(reason);
  }

  async flush(run: () => void): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.reason;
    if (this.#inputClosed || this.#ended) throw new TypeError("Cannot flush the stream: it has ended");
    const job: Flush = { run, used: deferred(), writes: this.#writesMade };
    this.#flushes.push(job);
    this.#wake();
    await job.used.promise;
  }

  async #write(chunk: BytesSource): Promise<void> {
    let bytes: Uint8Array;
    try {
      bytes = toBytes(chunk);
    } catch (error) {
      this.#fail(error);
      throw error;
    }
    this.#writesTaken++;
    if (this.#ended) throw contentEnded();
    const { length } = bytes;
    if (length > 0) await this.#give(() => this.#codec.write(bytes));
    else this.#wake(); // a flush may wait for this very write
    if (bytes.length !== length) {
      const error = bytesGone();
      this.#fail(error);
      throw error;
    }
  }

  async #close(): Promise<void> {
    this.#inputClosed = true;
    if (!this.#ended) await this.#give(() => this.#codec.end());
  }

  /** Hands a write or the end to the pull; the writable side has one of them at a time. */
  #give(run: () => void): Promise<void> {
    this.#input = { run, used: deferred() };
    this.#wake();
    return this.#input.used.promise;
  }

  #wake(): void {
    this.#arrived.resolve();
    this.#arrived = deferred();
  }

  /** The next thing for the codec: a flush whose writes are used up, else input. At the end all flushes come first. */
  #nextJob(): Job | undefined {
    const flush = this.#flushes[0];
    const due = flush !== undefined &&
      (this.#inputClosed || flush.writes <= this.#writesTaken - (this.#input === undefined ? 0 : 1));
    if (due) return this.#flushes.shift();
    const input = this.#input;
    this.#input = undefined;
    return input;
  }

  /** Gives the codec input while it needs some; false when none has come. */
  #supply(): boolean {
    const codec = this.#codec;
    while (codec.needsInput && !codec.done) {
      this.#current?.used.resolve();
      this.#current = this.#nextJob();
      if (this.#current === undefined) return false;
      this.#current.run();
    }
    return true;
  }

  #release(): void {
    this.#codec.close();
    this.#signal?.removeEventListener("abort", this.#onAbort);
  }

  /** Frees the codec and rejects whatever waits; returns false when the pair was over already. */
  #stop(reason: unknown): boolean {
    if (this.#ended || this.#failure !== undefined) return false;
    this.#failure = { reason };
    this.#release();
    const rejectAll = (): void => this.#settleAll((job) => job.used.reject(reason));
    // The writer may do as it likes with its buffer once its write is rejected: not before a call has ended with it.
    if (this.#call === undefined) rejectAll();
    else this.#call.then(rejectAll, rejectAll);
    this.#wake();
    return true;
  }

  #fail = (reason: unknown): void => {
    if (!this.#stop(reason)) return;
    this.#readableController.error(reason);
    this.#writableController.error(reason);
  };

  #settleAll(settle: (job: Job) => void): void {
    for (const job of [this.#current, this.#input, ...this.#flushes]) if (job !== undefined) settle(job);
    this.#current = this.#input = undefined;
    this.#flushes.length = 0;
  }

  #pull(): Promise<void> | void {
    try {
      if (this.#rest !== undefined) return this.#deliver(this.#rest, this.#rest.length);
      const target = this.#nextTarget();
      // Most pulls find input and need no promise.
      while (this.#supply()) {
        if (isReadAside(this.#codec) && !this.#codec.done) break;
        const length = this.#codec.done ? 0 : readCounted(this.#codec, target);
        if (length > 0 || this.#codec.done) return this.#deliver(target, length);
      }
      return this.#pullLater(target).catch(this.#fail);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Reads on, waiting for input and for turns of the event loop as often as it takes. */
  async #pullLater(target: Uint8Array<ArrayBuffer>): Promise<void> {
    const codec = this.#codec;
    while (this.#failure === undefined) {
      const arrived = this.#arrived.promise;
      if (!this.#supply()) {
        await arrived;
        continue;
      }
      const length = codec.done
        ? 0
        : isReadAside(codec)
        ? await (this.#call = readAside(codec, target))
        : readCounted(codec, target);
      this.#call = undefined;
      if (this.#failure !== undefined) return;
      if (length > 0 || codec.done) return this.#deliver(target, length);
    }
  }

  /** Where the next output goes: the view of a reader that brought one, else a buffer of ours. */
  #nextTarget(): Uint8Array<ArrayBuffer> {
    const view = this.#readableController.byobRequest?.view as
      | ArrayBufferView<ArrayBuffer>
      | null
      | undefined;
    if (view) return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    return this.#buffers.next();
  }

  #deliver(target: Uint8Array<ArrayBuffer>, length: number): void {
    const request = this.#readableController.byobRequest;
    this.#rest = undefined;
    if (request === null) {
      const output = this.#buffers.take(target, length);
      if (length > 0) this.#readableController.enqueue(output);
    } else if (request.view!.buffer !== target.buffer) this.#copyInto(request, target.subarray(0, length));
    else if (length > 0) request.respond(length);
    if (this.#rest !== undefined) return;
    if (this.#codec.done) this.#finish();
    // A write settles as soon as its chunk is used up, not when the reader comes back.
    else if (this.#codec.needsInput) {
      this.#current?.used.resolve();
      this.#current = undefined;
    }
  }

  /** Copies a chunk that was begun for another reader; what has no room in the view waits for the next pull. */
  #copyInto(request: ReadableStreamBYOBRequest, chunk: Uint8Array<ArrayBuffer>): void {
    const { buffer, byteOffset, byteLength } = request.view as Uint8Array<ArrayBuffer>;
    const length = Math.min(chunk.length, byteLength);
    new Uint8Array(buffer, byteOffset, length).set(chunk.subarray(0, length));
    if (length < chunk.length) this.#rest = chunk.subarray(length);
    if (length > 0) request.respond(length);
  }

  #finish(): void {
    this.#ended = true;
    this.#release();
    this.#settleAll((job) => job.used.resolve());
    this.#readableController.close();
    this.#readableController.byobRequest?.respond(0);
    if (!this.#inputClosed) this.#endInput();
  }

  /** The content ended before the input: errors the writable side, which cancels a source that is piped to it. */
  async #endInput(): Promise<void> {
    // A close that was asked for already arrives in this time; it has nothing left to do and succeeds.
    for (let turn = 0; turn < CLOSE_TURNS; turn++) await undefined;
    if (!this.#inputClosed) this.#writableController.error(contentEnded());
  }
}

function contentEnded(): TypeError {
  return new TypeError("Cannot write to the stream: its content has ended");
}
