/**
 * Writing seekable files as a pull codec: content is cut into frames, frames are compressed at the same time and given
 * out in order, the seek table ends the file.
 */
import { readU32 } from "@sluice/internal";
import type { PullCodec } from "@sluice/internal";
import { compressWhole, compressWholeAsync, withEncoder } from "../codec/_compress_whole.ts";
import type { ContentCutter } from "./_content_cutter.ts";
import { CHECKSUM_SIZE } from "../frame/_format.ts";
import { makeSeekTable } from "./_seek_table.ts";
import type { SeekEntries } from "./_seek_table.ts";
import type { SeekableSettings } from "./_seekable_options.ts";

const NO_BYTES = new Uint8Array();
/** A frame's buffer starts with this much and doubles up to the frame's largest size. */
const BUFFER_SIZE_START = 128 << 10;

/** A frame that is compressed, and the size of its content. */
interface Frame {
  readonly bytes: Uint8Array;
  readonly size: number;
}

/** The entries of a seek table, collected frame by frame. */
export class SeekTableBuilder {
  readonly #compressedSizes: number[] = [];
  readonly #sizes: number[] = [];
  readonly #checksums: number[] | undefined;

  /** A table with or without checksums. */
  constructor(checksums: boolean) {
    this.#checksums = checksums ? [] : undefined;
  }

  /** How many frames there are. */
  get frameCount(): number {
    return this.#sizes.length;
  }

  /** Adds a frame. Its own checksum, its last four bytes, is the very number that the table wants. */
  add(frame: Uint8Array, size: number): void {
    this.#compressedSizes.push(frame.length);
    this.#sizes.push(size);
    this.#checksums?.push(readU32(frame, frame.length - CHECKSUM_SIZE));
  }

  /** The entries so far. */
  get entries(): SeekEntries {
    return { compressedSizes: this.#compressedSizes, sizes: this.#sizes, checksums: this.#checksums };
  }
}

/** One seekable file from its first content byte to the last byte of its table. */
export class SeekableCodec implements PullCodec {
  readonly #settings: SeekableSettings;
  readonly #cutter: ContentCutter;
  readonly #table: SeekTableBuilder;
  readonly offLoop: boolean;

  #chunk: Uint8Array = NO_BYTES;
  #pos = 0;
  /** Content of the frame that is being filled. */
  #content: Uint8Array<ArrayBuffer> = new Uint8Array();
  #filled = 0;
  #cutRequested = false;
  #ended = false;
  #closed = false;
  #tableMade = false;
  /** Frames that are being compressed, in order. */
  readonly #frames: (Frame | Promise<Frame>)[] = [];
  #output: Uint8Array = NO_BYTES;
  #outputPos = 0;
  #bytesIn = 0;
  #bytesOut = 0;

  /** Checks the options of the frames with a context of the backend. */
  constructor(settings: SeekableSettings, offLoop: boolean) {
    this.#settings = settings;
    this.#cutter = settings.makeCutter();
    this.#table = new SeekTableBuilder(settings.checksum);
    this.offLoop = offLoop;
    withEncoder(settings.codec, () => {});
  }

  get needsInput(): boolean {
    return !this.#ended && !this.#cutRequested && this.#pos === this.#chunk.length && this.#outputTaken &&
      this.#frames.length < this.#concurrency;
  }

  get done(): boolean {
    return this.#tableMade && this.#outputTaken;
  }

  /** Content bytes taken so far. */
  get bytesIn(): number {
    return this.#bytesIn;
  }

  /** Bytes of the file given so far. */
  get bytesOut(): number {
    return this.#bytesOut;
  }

  /** Frames given or under way. */
  get frameCount(): number {
    return this.#table.frameCount + this.#frames.length;
  }

  get #outputTaken(): boolean {
    return this.#outputPos === this.#output.length;
  }

  get #concurrency(): number {
    return this.offLoop ? this.#settings.threads : 1;
  }

  write(chunk: Uint8Array): void {
    if (this.#closed) throw new TypeError("Cannot write to the encoder: it is closed");
    this.#chunk = chunk;
    this.#pos = 0;
  }

  /** Ends the frame at hand and has all frames given; without content since the last end there is none to end. */
  endFrame(): void {
    if (this.#ended) throw new TypeError("Cannot end a frame: the input has ended");
    this.#cutRequested = true;
  }

  end(): void {
    this.#ended = true;
  }

  read(target: Uint8Array<ArrayBuffer>, start: number): number {
    let at = start;
    while (at < target.length && !this.done && !this.needsInput) {
      if (!this.#outputTaken) at += this.#give(target, at);
      else if (this.#mustWait) this.#finish(this.#frames.shift() as Frame);
      else this.#fill();
    }
    return at - start;
  }

  async readAsync(target: Uint8Array<ArrayBuffer>, start: number): Promise<number> {
    let at = start;
    while (at < target.length && !this.done && !this.needsInput) {
      if (!this.#outputTaken) at += this.#give(target, at);
      else if (this.#mustWait) this.#finish(await this.#frames.shift()!);
      else this.#fill();
    }
    return at - start;
  }

  close(): void {
    this.#closed = true;
    this.#chunk = this.#output = NO_BYTES;
    this.#pos = this.#outputPos = 0;
    this.#content = new Uint8Array();
    this.#frames.length = 0; // those under way end by themselves
  }

  /** Whether nothing but the oldest frame can bring the file forward. */
  get #mustWait(): boolean {
    if (this.#frames.length >= this.#concurrency) return true;
    const drains = this.#ended || this.#cutRequested;
    return this.#frames.length > 0 && drains && this.#pos === this.#chunk.length && this.#filled === 0;
  }

  /** Copies output out. */
  #give(target: Uint8Array, at: number): number {
    const part = this.#output.subarray(this.#outputPos, this.#outputPos + target.length - at);
    target.set(part, at);
    this.#outputPos += part.length;
    this.#bytesOut += part.length;
    return part.length;
  }

  #finish({ bytes, size }: Frame): void {
    this.#table.add(bytes, size);
    this.#output = bytes;
    this.#outputPos = 0;
  }

  /** Takes content up to the end of a frame or of the chunk; at the end of all content it makes the table. */
  #fill(): void {
    if (this.#pos < this.#chunk.length) {
      const { length, ends } = this.#cutter.next(this.#chunk, this.#pos, this.#filled);
      this.#append(this.#chunk.subarray(this.#pos, this.#pos + length));
      this.#pos += length;
      this.#bytesIn += length;
      if (ends) this.#startFrame();
      return;
    }
    const empty = this.#ended && this.frameCount === 0;
    if (this.#filled > 0 || empty) return this.#startFrame();
    this.#cutRequested = false;
    if (this.#ended) {
      this.#output = makeSeekTable(this.#table.entries);
      this.#outputPos = 0;
      this.#tableMade = true;
    }
  }

  #append(part: Uint8Array): void {
    const size = this.#filled + part.length;
    if (size > this.#content.length) {
      const room = Math.max(size, Math.min(this.#cutter.frameSizeMax, this.#content.length * 2));
      const grown = new Uint8Array(Math.max(room, Math.min(this.#cutter.frameSizeMax, BUFFER_SIZE_START)));
      grown.set(this.#content.subarray(0, this.#filled));
      this.#content = grown;
    }
    this.#content.set(part, this.#filled);
    this.#filled = size;
  }

  #startFrame(): void {
    const content = this.#content.subarray(0, this.#filled);
    const { codec } = this.#settings;
    if (this.offLoop) {
      this.#content = new Uint8Array();
      const frame = withEncoder(codec, (kernel) => compressWholeAsync(kernel, content, codec));
      const job = frame.then((bytes) => ({ bytes, size: content.length }));
      job.catch(() => {}); // awaited when its turn comes
      this.#frames.push(job);
    } else {
      const bytes = withEncoder(codec, (kernel) => compressWhole(kernel, content, codec));
      this.#frames.push({ bytes, size: content.length });
    }
    this.#filled = 0;
  }
}
