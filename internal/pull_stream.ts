/**
 * The pair of Web Streams that stands in front of a {@linkcode PullCodec}.
 *
 * A `TransformStream` must enqueue all output of a chunk at once, so a few bytes that expand to gigabytes would fill
 * memory. Here the readable side pulls: at most one chunk of output per pull, a write settles when its chunk is used up.
 *
 * @module
 */
import { toBytes } from "./bytes.ts";
import type { BytesSource } from "./bytes.ts";
import type { PullCodec } from "./pull_codec.ts";

/** How a pair of streams behaves. */
export interface PullStreamOptions {
  /** The most bytes of one output chunk. */
  readonly chunkSize: number;
  /** Aborts both sides. */
  readonly signal?: AbortSignal | undefined;
}

/** Both sides of a codec stream, usable with `pipeThrough`, and a way to feed it more than chunks. */
export interface PullStream {
  /** The output: a byte stream. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** The input: any chunks that hold bytes. */
  readonly writable: WritableStream<BytesSource>;
  /** Runs `action` on the codec when all input before it is used up; settles when its output has been read. */
  feed(action: () => void): Promise<void>;
}

/** A promise and what settles it: `Promise.withResolvers`, which Node has from 22 on. */
interface Deferred {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

function deferred(): Deferred {
  let settle: Omit<Deferred, "promise">;
  const promise = new Promise<void>((resolve, reject) => settle = { resolve, reject });
  return { promise, ...settle! };
}

/** Makes a pair of streams; it owns the codec and closes it when either side ends, fails or is cancelled. */
export function createPullStream(codec: PullCodec, options: PullStreamOptions): PullStream {
  const { chunkSize, signal } = options;
  let failure: { readonly reason: unknown } | undefined;
  let ended = false;
  let inputArrived = deferred();
  let inputUsed: Deferred | undefined;
  let readableController: ReadableByteStreamController;
  let writableController: WritableStreamDefaultController;
  let spare: Uint8Array<ArrayBuffer> | undefined;

  function release(): void {
    codec.close();
    signal?.removeEventListener("abort", onAbort);
  }

  /** Frees the codec and lets nobody wait; returns false when the pair was over already. */
  function stop(reason: unknown): boolean {
    if (ended || failure !== undefined) return false;
    failure = { reason };
    release();
    inputUsed?.reject(reason);
    inputUsed = undefined;
    inputArrived.resolve();
    return true;
  }

  function fail(reason: unknown): void {
    if (!stop(reason)) return;
    readableController.error(reason);
    writableController.error(reason);
  }

  function onAbort(): void {
    fail(signal!.reason);
  }

  function feed(action: () => void): Promise<void> {
    if (inputUsed !== undefined) return inputUsed.promise.catch(() => {}).then(() => feed(action));
    if (failure !== undefined) return Promise.reject(failure.reason);
    if (ended) return Promise.resolve(); // a codec may be done before its input is: the rest is dropped
    const used = inputUsed = deferred();
    try {
      action();
    } catch (error) {
      fail(error);
    }
    inputArrived.resolve();
    return used.promise;
  }

  /** After a read: lets the writer go on when its chunk is used up, and says whether there is something to give. */
  function hasOutput(length: number): boolean {
    if (codec.needsInput || codec.done) {
      inputArrived = deferred();
      inputUsed?.resolve();
      inputUsed = undefined;
    }
    return length > 0 || codec.done;
  }

  /** Reads on, waiting for input as often as it takes; 0 when the pair has failed meanwhile. */
  async function readLater(target: Uint8Array<ArrayBuffer>): Promise<number> {
    while (failure === undefined) {
      const length = codec.offLoop ? await codec.readAsync(target, 0) : codec.read(target, 0);
      if (failure !== undefined) break;
      if (hasOutput(length)) return length;
      await inputArrived.promise;
    }
    return 0;
  }

  function finish(controller: ReadableByteStreamController): void {
    ended = true;
    release();
    controller.close();
    controller.byobRequest?.respond(0);
  }

  /** Gives one chunk: a mostly empty buffer is kept and its few bytes are copied out, else it is handed over. */
  function deliver(
    controller: ReadableByteStreamController,
    target: Uint8Array<ArrayBuffer>,
    length: number,
  ): void {
    const request = controller.byobRequest;
    if (request !== null) {
      if (length > 0) request.respond(length);
    } else if (length * 2 >= target.length) {
      controller.enqueue(target.subarray(0, length));
    } else {
      spare = target;
      if (length > 0) controller.enqueue(target.slice(0, length));
    }
    if (codec.done) finish(controller);
  }

  /** Where the next output goes: the view of a reader that brought one, else a buffer of ours. */
  function nextTarget(controller: ReadableByteStreamController): Uint8Array<ArrayBuffer> {
    const view = controller.byobRequest?.view as ArrayBufferView<ArrayBuffer> | null | undefined;
    if (view) return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    const target = spare ?? new Uint8Array(chunkSize);
    spare = undefined;
    return target;
  }

  function pull(controller: ReadableByteStreamController): Promise<void> | void {
    try {
      const target = nextTarget(controller);
      // Most pulls find input at hand and need no promise.
      if (!codec.offLoop) {
        const length = codec.read(target, 0);
        if (hasOutput(length)) return deliver(controller, target, length);
      }
      return (codec.offLoop ? readLater(target) : inputArrived.promise.then(() => readLater(target)))
        .then((length) => {
          if (failure === undefined) deliver(controller, target, length);
        })
        .catch(fail);
    } catch (error) {
      fail(error);
    }
  }

  const readable = new ReadableStream({
    type: "bytes",
    start(controller: ReadableByteStreamController): void {
      readableController = controller;
    },
    pull,
    cancel(reason): void {
      if (stop(reason)) writableController.error(reason);
    },
  });
  const writable = new WritableStream<BytesSource>({
    start(controller): void {
      writableController = controller;
    },
    async write(chunk): Promise<void> {
      let bytes: Uint8Array;
      try {
        bytes = toBytes(chunk);
      } catch (error) {
        fail(error);
        throw error;
      }
      if (bytes.length > 0) await feed(() => codec.write(bytes));
    },
    async close(): Promise<void> {
      await feed(() => codec.end());
    },
    abort(reason): void {
      if (stop(reason)) readableController.error(reason);
    },
  });

  if (signal?.aborted) onAbort();
  else signal?.addEventListener("abort", onAbort, { once: true });
  return { readable, writable, feed };
}
