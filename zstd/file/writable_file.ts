/**
 * Writing a compressed file as if it were not compressed.
 *
 * @module
 */
import { deferred, toBytes } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";

/** A stream that compresses what is written to it. */
export interface ZstdFileEncoder {
  /** The compressed bytes. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Takes the content. */
  readonly writable: WritableStream<BytesSource>;
  /** Bytes of content so far. */
  readonly bytesIn: number;
  /** Compressed bytes so far. */
  readonly bytesOut: number;
  /** Brings out everything written so far. */
  flush(): Promise<void>;
}

/**
 * A zstd file that takes content. Made by `openZstd`. It is complete when `close` has settled.
 *
 * @example Text, then bytes
 * ```ts
 * import { decompressZstd } from "@sluice/zstd";
 * import { openZstd } from "@sluice/zstd/file";
 * import { assertEquals } from "@std/assert";
 *
 * const path = await Deno.makeTempFile({ suffix: ".zst" });
 * const file = await openZstd(path, "w");
 * await file.write("text and ");
 * await file.write(new Uint8Array([98, 121, 116, 101, 115]));
 * await file.close();
 * assertEquals(new TextDecoder().decode(decompressZstd(await Deno.readFile(path))), "text and bytes");
 * await Deno.remove(path);
 * ```
 */
export class ZstdWritableFile implements AsyncDisposable {
  readonly #encoder: ZstdFileEncoder;
  readonly #writer: WritableStreamDefaultWriter<BytesSource>;
  readonly #ended: Promise<void>;
  /** Bytes that the sink has, and a promise of more. */
  #bytesWritten = 0;
  #moved = deferred();
  #closed = false;

  /**
   * `openZstd` makes it.
   *
   * @internal
   */
  constructor(encoder: ZstdFileEncoder, sink: WritableStream<Uint8Array<ArrayBuffer>>) {
    this.#encoder = encoder;
    this.#writer = encoder.writable.getWriter();
    this.#writer.closed.catch(() => {}); // told by the call that waits
    this.#ended = this.#pump(sink);
    this.#ended.catch(() => {});
  }

  /** Moves output to the sink; the next chunk is made while the last one is written. */
  async #pump(sink: WritableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    const writer = sink.getWriter();
    const reader = this.#encoder.readable.getReader();
    // At once, and with the reason: a write or a flush may be waiting while no more output comes.
    writer.closed.catch((reason) => reader.cancel(reason)).catch(() => {});
    let writing: Promise<void> = Promise.resolve();
    try {
      while (true) {
        const { value, done } = await reader.read();
        await writing;
        if (done) break;
        writing = this.#writeChunk(writer, value);
        writing.catch(() => {}); // thrown where it is awaited
      }
      await writer.close();
    } catch (error) {
      await reader.cancel(error).catch(() => {});
      await writer.abort(error).catch(() => {});
      throw error;
    }
  }

  async #writeChunk(
    writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>,
    chunk: Uint8Array<ArrayBuffer>,
  ): Promise<void> {
    const { length } = chunk;
    await writer.write(chunk);
    this.#bytesWritten += length;
    this.#moved.resolve();
    this.#moved = deferred();
  }

  /** Bytes of content taken so far. */
  get bytesIn(): number {
    return this.#encoder.bytesIn;
  }

  /** Bytes written so far. */
  get bytesOut(): number {
    return this.#encoder.bytesOut;
  }

  /**
   * Takes text, as UTF-8, or bytes; returns how many bytes of content that were. Settles when they are compressed.
   *
   * @throws {TypeError} If the file is closed, or the value is neither text nor bytes.
   * @throws {unknown} What the sink fails with.
   */
  async write(data: string | BytesSource): Promise<number> {
    if (this.#closed) throw new TypeError("Cannot write to the file: it is closed");
    const bytes = typeof data === "string" ? new TextEncoder().encode(data) : toBytes(data);
    await this.#writer.write(bytes);
    return bytes.length;
  }

  /**
   * Writes everything so far, so that a reader of the sink has it.
   *
   * @throws {TypeError} If the file is closed.
   * @throws {unknown} What the sink fails with.
   */
  async flush(): Promise<void> {
    if (this.#closed) throw new TypeError("Cannot flush the file: it is closed");
    await this.#encoder.flush();
    const { bytesOut } = this.#encoder;
    while (this.#bytesWritten < bytesOut) await Promise.race([this.#ended, this.#moved.promise]);
  }

  /**
   * Ends the file and closes the sink. Calling it again does nothing.
   *
   * @throws {unknown} What the sink fails with.
   */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const closing = this.#writer.close();
    closing.catch(() => {}); // the pipe fails with the reason
    await this.#ended;
    await closing;
  }

  /** As `close`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
