/**
 * Reading a compressed file as if it were not compressed.
 *
 * @module
 */
import {
  checkInteger,
  checkRange,
  concatBytes,
  iterateCodec,
  UnsupportedFeatureError,
} from "@sluice/internal";
import { DecoderCodec } from "../codec/_decoder_codec.ts";
import type { FileContent } from "./_content.ts";

const CHUNK_SIZE = 128 << 10;
const NEWLINE = 10;
const RETURN = 13;
const NO_BYTES: Uint8Array<ArrayBuffer> = new Uint8Array();

/**
 * The content of a zstd file, with a position that reads move on. Made by `openZstd`. It holds native memory while it is
 * read in order: close it, or declare it with `await using`. Calls that overlap come one after another: each goes on where
 * the one before it has ended.
 *
 * @example Lines, then the rest
 * ```ts
 * import { compressZstd } from "@sluice/zstd";
 * import { openZstd } from "@sluice/zstd/file";
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = compressZstd(new TextEncoder().encode("name\nanna\nbert\n"));
 * await using file = await openZstd(bytes);
 * for await (const line of file.lines()) {
 *   assertEquals(line, "name");
 *   break;
 * }
 * assertEquals(file.position, 5);
 * assertEquals(await file.text(), "anna\nbert\n");
 * ```
 */
export class ZstdReadableFile implements AsyncDisposable, AsyncIterable<Uint8Array<ArrayBuffer>> {
  readonly #content: FileContent;
  readonly #encoding: string;
  #chunks: AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> | undefined;
  /** Content that was read and is still to be returned; it starts at the position. */
  #waiting = NO_BYTES;
  #position = 0;
  /** The last call; the next one waits for it. */
  #last: Promise<unknown> = Promise.resolve();
  /** What reading in order failed with: all later reads fail with it. */
  #failure: { readonly reason: unknown } | undefined;
  #closing: Promise<void> | undefined;

  /**
   * `openZstd` makes it.
   *
   * @internal
   */
  constructor(content: FileContent, encoding: string) {
    this.#content = content;
    this.#encoding = encoding;
  }

  /** The offset of the next byte of content that is read. */
  get position(): number {
    return this.#position;
  }

  /** Bytes of all content; undefined where the file has no index. */
  get size(): number | undefined {
    return "reader" in this.#content ? this.#content.reader.size : undefined;
  }

  /** Whether `seek` goes anywhere, or forward only. */
  get seekable(): boolean {
    return "reader" in this.#content;
  }

  /**
   * Reads up to `length` bytes, less only at the end; none when nothing is left.
   *
   * @throws {RangeError} If the length is negative or no integer.
   * @throws {SluiceError} As `decompressZstd`, where the fault is reached.
   */
  async read(length: number): Promise<Uint8Array<ArrayBuffer>> {
    this.#checkOpen();
    checkInteger("length", length, 0, Number.MAX_SAFE_INTEGER);
    return await this.#inTurn(() => this.#read(length));
  }

  async #read(length: number): Promise<Uint8Array<ArrayBuffer>> {
    const parts: Uint8Array<ArrayBuffer>[] = [];
    for (let left = length; left > 0;) {
      const part = await this.#take(left);
      if (part.length === 0) break;
      parts.push(part);
      left -= part.length;
    }
    return parts.length === 1 ? parts[0]!.slice() : concatBytes(parts);
  }

  /**
   * Moves the position. Forward is always possible; what lies between is decoded and dropped where there is no index.
   *
   * @throws {RangeError} If the offset is negative or no integer, or after the end.
   * @throws {UnsupportedFeatureError} With code "NOT_SEEKABLE" if it lies before the position and the file has no index.
   */
  async seek(offset: number): Promise<void> {
    this.#checkOpen();
    checkInteger("offset", offset, 0, Number.MAX_SAFE_INTEGER);
    await this.#inTurn(() => this.#seek(offset));
  }

  async #seek(offset: number): Promise<void> {
    if ("reader" in this.#content) {
      checkRange(offset, 0, this.#content.reader.size);
      const ahead = offset - this.#position;
      this.#waiting = ahead >= 0 && ahead <= this.#waiting.length ? this.#waiting.subarray(ahead) : NO_BYTES;
      this.#position = offset;
      return;
    }
    if (offset < this.#position) {
      throw new UnsupportedFeatureError(
        `Cannot seek from byte ${this.#position} back to ${offset}: the file has no index (see "buildZstdIndex")`,
        { format: "zstd", code: "NOT_SEEKABLE", offset: this.#position },
      );
    }
    while (this.#position < offset) {
      const { length } = await this.#take(offset - this.#position);
      if (length === 0) {
        throw new RangeError(`Cannot seek to byte ${offset}: the content has ${this.#position}`);
      }
    }
  }

  /** The rest of the content, chunk by chunk. Leaving the loop leaves the position after the last chunk. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
    while (true) {
      const chunk = await this.#inTurn(() => this.#take(CHUNK_SIZE));
      if (chunk.length === 0) return;
      yield chunk.slice();
    }
  }

  /**
   * The rest of the content line by line, without "\n" and "\r\n". Leaving the loop leaves the position after the last line
   * that was returned.
   */
  async *lines(): AsyncGenerator<string, void, undefined> {
    const decoder = new TextDecoder(this.#encoding);
    while (true) {
      const line = await this.#inTurn(() => this.#readLine());
      if (line.length === 0) return;
      let { length } = line;
      if (line[length - 1] === NEWLINE) length--;
      if (length < line.length && line[length - 1] === RETURN) length--;
      yield decoder.decode(line.subarray(0, length));
    }
  }

  /** The bytes of a line with its end; none when nothing is left. */
  async #readLine(): Promise<Uint8Array<ArrayBuffer>> {
    const parts: Uint8Array<ArrayBuffer>[] = [];
    let ended = false;
    while (!ended) {
      const part = await this.#take(CHUNK_SIZE);
      const end = part.indexOf(NEWLINE);
      ended = end >= 0 || part.length === 0;
      const length = end >= 0 ? end + 1 : part.length;
      parts.push(part.subarray(0, length));
      this.#putBack(part.subarray(length));
    }
    return concatBytes(parts);
  }

  /** The rest of the content as text. Bytes that are no text come as U+FFFD. */
  async text(): Promise<string> {
    return await this.#inTurn(() => this.#readText());
  }

  async #readText(): Promise<string> {
    const decoder = new TextDecoder(this.#encoding);
    let text = "";
    while (true) {
      const chunk = await this.#take(CHUNK_SIZE);
      if (chunk.length === 0) return text + decoder.decode();
      text += decoder.decode(chunk, { stream: true });
    }
  }

  /** Runs a call when all calls before it have settled: they share the position. */
  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(() => {
      this.#checkOpen();
      return run();
    });
    this.#last = turn.catch(() => {}); // told to its caller
    return turn;
  }

  /** Takes up to `length` bytes, as many as are there without waiting twice; none at the end. */
  async #take(length: number): Promise<Uint8Array<ArrayBuffer>> {
    this.#checkOpen();
    if (this.#waiting.length === 0) this.#waiting = await this.#next();
    const part = this.#waiting.subarray(0, length);
    this.#waiting = this.#waiting.subarray(part.length);
    this.#position += part.length;
    return part;
  }

  #putBack(part: Uint8Array<ArrayBuffer>): void {
    this.#position -= part.length;
    // What was taken lies directly before what waits, in one buffer.
    this.#waiting = new Uint8Array(part.buffer, part.byteOffset, part.length + this.#waiting.length);
  }

  async #next(): Promise<Uint8Array<ArrayBuffer>> {
    if ("reader" in this.#content) {
      const { reader } = this.#content;
      return await reader.read(this.#position, Math.min(CHUNK_SIZE, reader.size - this.#position));
    }
    const { source, settings } = this.#content;
    if (this.#failure !== undefined) throw this.#failure.reason;
    try {
      this.#chunks ??= iterateCodec(new DecoderCodec(settings), source.chunks, { chunkSize: CHUNK_SIZE });
      const { value } = await this.#chunks.next();
      return value ?? NO_BYTES;
    } catch (reason) {
      this.#failure = { reason }; // an iterator that has thrown would say that it is at its end
      throw reason;
    }
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw new TypeError("Cannot read the file: it is closed");
  }

  /** Frees what it holds. Calls that wait for their turn fail. Calling it again does nothing. */
  async close(): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #close(): Promise<void> {
    try {
      await this.#chunks?.return();
    } finally {
      if ("source" in this.#content) this.#content.source.close();
    }
  }

  /** As `close`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
