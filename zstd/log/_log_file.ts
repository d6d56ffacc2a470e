/**
 * The file of a log: whole frames one after the other, and a seek table after the last one while nobody writes.
 */
import { openFile } from "@sluice/internal/file-source";
import { CorruptDataError, readU32, SluiceError } from "@sluice/internal";
import type { ByteSource } from "@sluice/internal";
import { measureFrame } from "../codec/_measure_frame.ts";
import { decompressWholeAsync, withDecoder } from "../codec/_decompress_whole.ts";
import { CHECKSUM_SIZE, FRAME_MAGIC, MAGIC_SIZE, SEEK_FRAME_SIZE_MAX } from "../frame/_format.ts";
import { isFramePrefix } from "../frame/_frame_parser.ts";
import { FrameWalker } from "../frame/_frame_walker.ts";
import type { ZstdFrameInfo } from "../frame/_types.ts";
import { resolveWholeValueOptions } from "../options/_decompress_options.ts";
import type { ZstdDecompressOptions } from "../options/decompress_options.ts";
import { makeSeekTable, parseSeekFooter, parseSeekTable } from "../seekable/_seek_table.ts";

const READ_SIZE = 1 << 20;
/** What the end of a file is read for: the footer of a table. */
const TAIL_SIZE = 64;
const MAGIC_FIRST_BYTE = FRAME_MAGIC & 0xff;
/** Of a frame's descriptor: all but how the size is written, and what a log's frames have there, a checksum alone. */
const DESCRIPTOR_MASK = 0x1f;
const DESCRIPTOR_OF_LOGS = 0x04;
/** What a log without records ends with. */
const EMPTY_TABLE = makeSeekTable({ compressedSizes: [], sizes: [], checksums: [] });
/** The checksum of no content: what a table says of skippable frames. */
const EMPTY_CHECKSUM = 0x51d8e999;
/** Faults of a last frame that a writer who was stopped leaves. */
const TORN_CODES: ReadonlySet<string> = new Set(["CORRUPT", "CHECKSUM_MISMATCH", "TRUNCATED"]);

/** What was cut off a file when it was opened. */
export interface CutTail {
  readonly offset: number;
  readonly length: number;
}

/** One open file; the caller makes one call at a time, but for reads. */
export class LogFile {
  readonly #file: Deno.FsFile;
  readonly #path: string;
  readonly #codecOptions: ZstdDecompressOptions;
  readonly compressedSizes: number[] = [];
  readonly sizes: number[] = [];
  readonly #offsets: number[] = [];
  readonly #checksums: (number | undefined)[] = [];
  /** Where the next frame goes. */
  #end = 0;
  /** Bytes of the file: more than `#end` while a seek table is there. */
  #size = 0;
  /** What was cut off, if anything. */
  cutTail: CutTail | undefined;
  /** Calls share the position of the file: each waits for the one before it. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(file: Deno.FsFile, path: string, codecOptions: ZstdDecompressOptions) {
    this.#file = file;
    this.#path = path;
    this.#codecOptions = codecOptions;
  }

  /** Opens or creates a file, locks it, finds its frames and cuts off a torn tail. */
  static async open(path: string, codecOptions: ZstdDecompressOptions): Promise<LogFile> {
    const file = await openFile(path, { read: true, write: true, create: true });
    try {
      if (!await file.tryLock(true)) {
        throw new SluiceError(`Cannot open the log ${path}: another writer has it open`, {
          format: "zstd",
          code: "LOCKED",
        });
      }
      const log = new LogFile(file, path, codecOptions);
      await log.#findFrames();
      return log;
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** Where each frame lies and what it holds; without checksums where a frame has none. */
  get entries(): { compressedSizes: number[]; sizes: number[]; checksums: number[] | undefined } {
    const complete = this.#checksums.every((checksum) => checksum !== undefined);
    return {
      compressedSizes: this.compressedSizes,
      sizes: this.sizes,
      checksums: complete ? this.#checksums as number[] : undefined,
    };
  }

  /** Appends a frame that ends with its checksum; a write that fails leaves the file as it was. */
  async append(frame: Uint8Array, size: number, durable: boolean): Promise<void> {
    await this.#write(frame);
    if (durable) await this.#file.syncData();
    this.#add(frame.length, size, readU32(frame, frame.length - CHECKSUM_SIZE));
  }

  /** The content of a frame; skippable ones have none. */
  async readFrame(index: number): Promise<Uint8Array> {
    const size = this.sizes[index]!;
    if (size === 0) return new Uint8Array();
    const offset = this.#offsets[index]!;
    const frame = await this.#read(offset, this.compressedSizes[index]!);
    const settings = resolveWholeValueOptions({ ...this.#codecOptions, maxOutputSize: size });
    const content = await withDecoder(settings, (kernel) => decompressWholeAsync(kernel, frame, settings, 1));
    if (content.length === size) return content;
    throw new CorruptDataError(
      `Cannot read frame ${index} of ${this.#path}: it has ${content.length} bytes, expected ${size}`,
      { format: "zstd", code: "CORRUPT", offset },
    );
  }

  /** Writes the seek table, which makes the file a seekable one, and closes it. */
  async close(): Promise<void> {
    try {
      const isLarge = this.sizes.some((size) => size > SEEK_FRAME_SIZE_MAX);
      if (this.#size === this.#end && !isLarge) await this.#write(makeSeekTable(this.entries));
    } finally {
      this.#file.close();
    }
  }

  async #write(bytes: Uint8Array): Promise<void> {
    await this.#inTurn(async () => {
      if (this.#size > this.#end) await this.#file.truncate(this.#end);
      this.#size = this.#end;
      try {
        await this.#file.seek(this.#end, Deno.SeekMode.Start);
        for (let done = 0; done < bytes.length;) done += await this.#file.write(bytes.subarray(done));
      } catch (error) {
        await this.#file.truncate(this.#end);
        throw error;
      }
      this.#size += bytes.length;
    });
  }

  async #read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    return await this.#inTurn(async () => {
      const bytes = new Uint8Array(length);
      await this.#file.seek(offset, Deno.SeekMode.Start);
      for (let filled = 0; filled < length;) {
        const count = await this.#file.read(bytes.subarray(filled));
        if (count !== null) filled += count;
        else {
          throw new CorruptDataError(
            `Cannot read ${this.#path} at byte ${offset}: the file was cut meanwhile`,
            {
              format: "zstd",
              code: "CORRUPT",
              offset: offset + filled,
            },
          );
        }
      }
      return bytes;
    });
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return await turn;
  }

  #add(compressedSize: number, size: number, checksum: number | undefined): void {
    this.#offsets.push(this.#end);
    this.compressedSizes.push(compressedSize);
    this.sizes.push(size);
    this.#checksums.push(checksum);
    this.#end += compressedSize;
  }

  async #findFrames(): Promise<void> {
    this.#size = (await this.#file.stat()).size;
    if (this.#size === 0 || await this.#readTable()) return;
    await this.#walk();
    if (this.#end < this.#size) {
      this.cutTail = { offset: this.#end, length: this.#size - this.#end };
      await this.#file.truncate(this.#end);
      this.#size = this.#end;
    }
  }

  /** Takes the frames from a table at the end; false where there is none that fits the file. */
  async #readTable(): Promise<boolean> {
    try {
      const tail = await this.#read(Math.max(0, this.#size - TAIL_SIZE), Math.min(TAIL_SIZE, this.#size));
      const { tableSize } = parseSeekFooter(tail, this.#size);
      const table = await this.#read(this.#size - tableSize, tableSize);
      const { compressedSizes, sizes, checksums } = parseSeekTable(table, this.#size);
      const total = Array.from(compressedSizes).reduce((sum, size) => sum + size, 0);
      if (total + tableSize !== this.#size) return false;
      for (let i = 0; i < sizes.length; i++) this.#add(compressedSizes[i]!, sizes[i]!, checksums?.[i]);
      return true;
    } catch (error) {
      if (error instanceof SluiceError) return false;
      throw error;
    }
  }

  /** Finds the frames by their block headers; stops where a tail is torn. */
  async #walk(): Promise<void> {
    const walker = new FrameWalker();
    let last: ZstdFrameInfo | undefined;
    try {
      for (let offset = 0; offset < this.#size; offset += READ_SIZE) {
        const chunk = await this.#read(offset, Math.min(READ_SIZE, this.#size - offset));
        for (const frame of walker.push(chunk)) {
          await this.#addFound(frame);
          last = frame;
        }
      }
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      if (this.#end === 0 || !await this.#isZero()) throw this.#noFrame(error);
    }
    if (this.#end > 0 && await this.#isZero()) return last && await this.#checkLast(last);
    if ((this.#end > 0 || await this.#startsAsLog()) && await this.#isTorn()) return;
    throw new CorruptDataError(
      `Cannot open the log ${this.#path}: what starts at byte ${this.#end} is not the start of a last frame`,
      { format: "zstd", code: "CORRUPT", offset: this.#end },
    );
  }

  /** Names the file where it has what is no frame; other failures stay as they are. */
  #noFrame(error: SluiceError): SluiceError {
    if (!(error instanceof CorruptDataError)) return error;
    const { code, offset } = error;
    return new CorruptDataError(
      `Cannot open the log ${this.#path}: what starts at byte ${this.#end} is no zstd frame`,
      { format: "zstd", code, offset, cause: error },
    );
  }

  async #addFound(frame: ZstdFrameInfo): Promise<void> {
    const { offset, compressedSize, checksum } = frame;
    const source: ByteSource = { size: this.#size, read: (at, length) => this.#read(at, length) };
    const size = frame.type === "skippable" ? 0 : frame.contentSize ??
      await measureFrame(source, offset, compressedSize, this.#codecOptions, undefined);
    this.#add(compressedSize, size, checksum ?? (size === 0 ? EMPTY_CHECKSUM : undefined));
  }

  /** Whether the file starts as a log does, as far as it goes: only then all of it may be cut. */
  async #startsAsLog(): Promise<boolean> {
    const head = await this.#read(0, Math.min(EMPTY_TABLE.length, this.#size));
    if (this.#size < EMPTY_TABLE.length && head.every((byte, i) => byte === EMPTY_TABLE[i])) return true;
    const isFrame = head.subarray(0, MAGIC_SIZE).every((byte, i) => byte === (FRAME_MAGIC >>> 8 * i & 0xff));
    const descriptor = head[MAGIC_SIZE];
    if (descriptor === undefined) return isFrame;
    const hasSize = descriptor > DESCRIPTOR_MASK;
    return isFrame && hasSize && (descriptor & DESCRIPTOR_MASK) === DESCRIPTOR_OF_LOGS;
  }

  /** Whether what follows the last whole frame is the start of one, and no other frame starts in it: nothing but that is cut. */
  async #isTorn(): Promise<boolean> {
    for (let offset = this.#end; offset < this.#size; offset += READ_SIZE) {
      // Pieces overlap by what a magic number may lie across.
      const length = Math.min(READ_SIZE + MAGIC_SIZE - 1, this.#size - offset);
      const part = await this.#read(offset, length);
      const isFirst = offset === this.#end;
      if (isFirst && !isFramePrefix(part, 0, Math.min(length, MAGIC_SIZE))) return false;
      for (let at = isFirst ? 1 : 0; at + MAGIC_SIZE <= length; at++) {
        if (part[at] === MAGIC_FIRST_BYTE && readU32(part, at) === FRAME_MAGIC) return false;
      }
    }
    return true;
  }

  /** Whether nothing follows the last whole frame, or zeros, which a file system leaves that lost its power. */
  async #isZero(): Promise<boolean> {
    for (let offset = this.#end; offset < this.#size; offset += READ_SIZE) {
      const part = await this.#read(offset, Math.min(READ_SIZE, this.#size - offset));
      if (part.some((byte) => byte !== 0)) return false;
    }
    return true;
  }

  /** A last frame whose bytes were not all written has the right size and the wrong content. */
  async #checkLast({ type, compressedSize }: ZstdFrameInfo): Promise<void> {
    if (type === "skippable") return;
    try {
      await this.readFrame(this.sizes.length - 1);
    } catch (error) {
      if (!(error instanceof SluiceError) || !TORN_CODES.has(error.code)) throw error;
      if (this.sizes.length === 1 && !await this.#startsAsLog()) throw error;
      this.#end -= compressedSize;
      for (const list of [this.#offsets, this.compressedSizes, this.sizes, this.#checksums]) list.pop();
    }
  }
}
