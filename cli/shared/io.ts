/**
 * Moving bytes through a codec: the next read, one codec call and the last write run at the same time, in a fixed
 * amount of memory.
 */
import { EXIT } from "./exit.ts";
import { terminate } from "./termination.ts";

/** Bytes of one read. */
const READ_SIZE = 512 << 10;
/** Bytes of one write. */
const WRITE_SIZE = 1 << 20;

/** How long bytes wait for company at the most. */
const WAIT_MS = 100;

/** What bytes are read from: a file, or stdin. */
export interface ReadableFile {
  read(target: Uint8Array): Promise<number | null>;
}

/** Where bytes go. */
export interface ByteSink {
  /** Whether someone waits for each byte, as at the other end of a pipe. */
  readonly eager: boolean;
  /** Writes all of the bytes; they may change afterwards. */
  write(bytes: Uint8Array): Promise<void>;
}

/** Swallows everything. */
export const NULL_SINK: ByteSink = { eager: false, write: () => Promise.resolve() };

/** Stdout as a sink. */
export const STDOUT_SINK: ByteSink = {
  eager: true,
  write: (bytes) => writeAll(Deno.stdout, bytes).catch(endWithoutReader),
};

/**
 * Ends the process, as SIGPIPE ends other tools, when nobody reads its output any more. Unwinding would wait for calls of
 * codecs that are under way, half a minute for a level such as 19.
 */
function endWithoutReader(error: unknown): never {
  if (error instanceof Deno.errors.BrokenPipe) terminate(EXIT.brokenPipe);
  throw error;
}

/** Writes until nothing is left: one write may take less than it is given. */
export async function writeAll(
  file: { write(bytes: Uint8Array): Promise<number> },
  bytes: Uint8Array,
): Promise<void> {
  for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
}

/** Reads a file chunk by chunk, one chunk ahead, into two buffers of its own. */
export class ChunkReader {
  readonly #file: ReadableFile;
  readonly #size: number;
  #spare: Uint8Array<ArrayBuffer> | undefined;
  #current: Uint8Array<ArrayBuffer> | undefined;
  #ahead: Promise<Uint8Array<ArrayBuffer> | undefined> | undefined;
  #peeked: Uint8Array<ArrayBuffer> | undefined;
  /** Whether `next` would answer at once. */
  ready = false;
  /** Whether the end was met. */
  ended = false;
  /** Bytes given out so far. */
  bytesIn = 0;

  /**
   * A reader over an open file, which stays the caller's; `sizeHint` keeps buffers of small files small. One read brings
   * at most `readSize` bytes.
   */
  constructor(file: ReadableFile, sizeHint = Infinity, readSize = READ_SIZE) {
    this.#file = file;
    this.#size = Math.min(readSize, Math.max(sizeHint, 0) + 1);
  }

  /** The next chunk; undefined at the end. The chunk before it may change from now on. */
  async next(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const peeked = this.#peeked;
    this.#peeked = undefined;
    const chunk = peeked ?? await this.#take();
    this.bytesIn += chunk?.length ?? 0;
    return chunk;
  }

  /** The first bytes, at least `length` of them unless the file is shorter; `next` gives them again. Only at the start. */
  async peek(length: number): Promise<Uint8Array> {
    let start = await this.#take() ?? new Uint8Array();
    while (start.length < length && !this.ended) {
      start = start.slice(); // the next read may go into its buffer
      const more = await this.#take();
      if (more === undefined) break;
      const joined = new Uint8Array(start.length + more.length);
      joined.set(start);
      joined.set(more, start.length);
      start = joined;
    }
    this.#peeked = start.length === 0 ? undefined : start;
    return start;
  }

  /** Waits for a read that is still under way, so that the file can be closed. */
  async settle(): Promise<void> {
    await this.#ahead?.catch(() => {});
  }

  async #take(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (this.ended) return undefined;
    const buffer = this.#current;
    const ahead = this.#ahead ?? this.#read(new Uint8Array(this.#size));
    this.#ahead = undefined;
    const chunk = await ahead;
    this.ready = false;
    if (chunk === undefined) {
      this.ended = true;
      return undefined;
    }
    this.#current = chunk;
    this.#spare = buffer;
    this.#ahead = this.#read(this.#spareBuffer());
    this.#ahead.catch(() => {}); // thrown by the `next` that waits for it
    return chunk;
  }

  #spareBuffer(): Uint8Array<ArrayBuffer> {
    const buffer = this.#spare?.buffer;
    return buffer === undefined || buffer.byteLength < this.#size
      ? new Uint8Array(this.#size)
      : new Uint8Array(buffer);
  }

  async #read(buffer: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const length = await this.#file.read(buffer);
    this.ready = true;
    return length === null ? undefined : buffer.subarray(0, length);
  }
}

/** The chunks of a reader; each may change once the next one is asked for. */
export async function* readChunks(reader: ChunkReader): AsyncGenerator<Uint8Array, void, undefined> {
  for (let chunk = await reader.next(); chunk !== undefined; chunk = await reader.next()) yield chunk;
}

/** Collects output into large writes; one write runs while the next buffer fills. */
export class BlockWriter {
  readonly #sink: ByteSink;
  #buffers: [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer> | undefined];
  #filled = 0;
  #writing: Promise<void> = Promise.resolve();
  #pushedMs = performance.now();
  /** Bytes taken so far. */
  bytesWritten = 0;

  /** A writer to a sink; `sizeHint` keeps buffers of small outputs small. One write has at most `writeSize` bytes. */
  constructor(sink: ByteSink, sizeHint = Infinity, writeSize = WRITE_SIZE) {
    this.#sink = sink;
    this.#buffers = [new Uint8Array(Math.min(writeSize, Math.max(sizeHint, 0) + 1024)), undefined];
  }

  /** Whether bytes wait for company that someone could already use. */
  get waiting(): boolean {
    return this.#sink.eager && this.#filled > 0;
  }

  /** Whether they have waited long enough: a slow codec may take a minute to fill a block. */
  get overdue(): boolean {
    return this.waiting && performance.now() - this.#pushedMs > WAIT_MS;
  }

  /** Free room, never empty. */
  get room(): Uint8Array<ArrayBuffer> {
    return this.#buffers[0].subarray(this.#filled);
  }

  /** Takes the first `length` bytes of the room as output. */
  async advance(length: number): Promise<void> {
    this.#filled += length;
    this.bytesWritten += length;
    if (this.#filled === this.#buffers[0].length) await this.push();
  }

  /** Takes a copy of all bytes as output. */
  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + this.room.length);
      this.room.set(part);
      await this.advance(part.length);
      at += part.length;
    }
  }

  /** Writes these bytes after what was taken, without a copy. */
  async writeThrough(bytes: Uint8Array): Promise<void> {
    await this.flush();
    this.bytesWritten += bytes.length;
    await this.#sink.write(bytes);
  }

  /** Hands what is there to the sink, without waiting until it is written. */
  async push(): Promise<void> {
    await this.#writing;
    const [full, free] = this.#buffers;
    this.#writing = this.#sink.write(full.subarray(0, this.#filled));
    this.#writing.catch(() => {}); // thrown by the `push` or `flush` that waits for it
    this.#buffers = [free ?? new Uint8Array(full.length), full];
    this.#filled = 0;
    this.#pushedMs = performance.now();
  }

  /** Waits until everything is written. */
  async flush(): Promise<void> {
    if (this.#filled > 0) await this.push();
    await this.#writing;
  }

  /** Waits for a write that is still under way, whatever comes of it. */
  async settle(): Promise<void> {
    await this.#writing.catch(() => {});
  }
}

/** A push engine that fills buffers. */
export interface PumpCodec {
  readonly needsInput: boolean;
  readonly ended: boolean;
  write(chunk: Uint8Array): void;
  end(): void;
  readIntoAsync(target: Uint8Array<ArrayBuffer>): Promise<number>;
}

/** Moves everything from the reader through the codec to the writer; `onStep` is called once in a while. */
export async function pump(
  reader: ChunkReader,
  codec: PumpCodec,
  writer: BlockWriter,
  onStep: () => void,
): Promise<void> {
  try {
    while (!codec.ended) {
      if (codec.needsInput) {
        if (!reader.ready && writer.waiting || writer.overdue) await writer.push();
        const chunk = await reader.next();
        if (chunk === undefined) codec.end();
        else codec.write(chunk);
      } else {
        await writer.advance(await codec.readIntoAsync(writer.room));
      }
      onStep();
    }
    await writer.flush();
  } catch (error) {
    if (writer.waiting) await writer.flush(); // what came before the fault is worth having
    throw error;
  } finally {
    await writer.settle();
    await reader.settle();
  }
}

/** A codec that changes nothing. */
export class PassThrough implements PumpCodec {
  #chunk: Uint8Array = new Uint8Array();
  ended = false;

  get needsInput(): boolean {
    return !this.ended && this.#chunk.length === 0;
  }

  write(chunk: Uint8Array): void {
    this.#chunk = chunk;
  }

  end(): void {
    this.ended = true;
  }

  readIntoAsync(target: Uint8Array<ArrayBuffer>): Promise<number> {
    const length = Math.min(target.length, this.#chunk.length);
    target.set(this.#chunk.subarray(0, length));
    this.#chunk = this.#chunk.subarray(length);
    return Promise.resolve(length);
  }
}
