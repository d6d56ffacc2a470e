/**
 * Making a file that can be split and read anywhere out of one that can't.
 *
 * @module
 */
import { checkBoolean, checkInteger } from "@sluice/internal";
import type { ChunkSource } from "@sluice/internal";
import { resolveCompressOptions } from "../codec/_compress_options.ts";
import { compressWholeAsync } from "../codec/_compress_whole.ts";
import { FRAME_HEADER_SIZE_MAX, WORD_SIZE } from "../frame/_format.ts";
import { parseFrameHeader } from "../frame/_frame_parser.ts";
import { hashBytes } from "../frame/_hash.ts";
import { FingerprintBuilder } from "./_index_fingerprint.ts";
import type { IndexModel } from "./_index_model.ts";
import { RecordCutter } from "./_record_cutter.ts";
import type { Lz4CompressOptions } from "../codec/compress_options.ts";
import { decompressLz4Iterable } from "../codec/decompress_iterable.ts";
import type { Lz4DecompressOptions } from "../codec/decompress_options.ts";
import type { Lz4FrameHeader } from "../frame/frame_header.ts";
import { Lz4Index } from "./index_file.ts";

/** How a file is packed again, beside how its frames are compressed. */
export interface Lz4RepackOptions extends Omit<Lz4CompressOptions, "contentSize" | "format" | "autoFlush"> {
  /** The most content bytes of a frame, up to 1 GiB. @default {4194304} */
  readonly frameSize?: number | undefined;
  /** The byte that ends a record, such as 10 for lines: frames then end after one, unless a record is larger. */
  readonly separator?: number | undefined;
  /** Append an index in a skippable frame. @default {true} */
  readonly index?: boolean | undefined;
  /** How the source is decompressed. */
  readonly decompress?: Lz4DecompressOptions | undefined;
  /** Frames that are compressed at a time, 1 to 64; natively on as many threads. @default {1} */
  readonly threads?: number | undefined;
}

const FRAME_SIZE_DEFAULT = 4 << 20;
const FRAME_SIZE_MAX = 1 << 30;

/**
 * Decompresses a source and compresses its content to many frames with an index after them: any range of frames is a
 * file of its own, and `Lz4Index.embedded` finds the index. It holds `threads` + 1 frames.
 *
 * @throws {TypeError} If an option has the wrong type or is not known, or a chunk holds no bytes.
 * @throws {RangeError} If an option is out of range.
 * @throws {SluiceError} As `decompressLz4`, after the frames before the fault.
 *
 * @example Lines that stay whole
 * ```ts
 * import { compressLz4, Lz4Index, repackLz4 } from "@sluice/lz4";
 * import { byteSourceFromBytes } from "@sluice/lz4";
 * import { assertEquals } from "@std/assert";
 *
 * const file = compressLz4(new TextEncoder().encode("one\ntwo\nthree\n"), { linked: true });
 * const parts = await Array.fromAsync(repackLz4([file], { frameSize: 10, separator: 10 }));
 * const repacked = byteSourceFromBytes(await new Blob(parts).arrayBuffer());
 * const index = await Lz4Index.embedded(repacked);
 * await index!.load();
 * assertEquals(index!.points.map((point) => point.decompressedOffset), [0, 8]);
 * ```
 */
export async function* repackLz4(
  source: ChunkSource,
  options: Lz4RepackOptions = {},
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  const { frameSize = FRAME_SIZE_DEFAULT, separator, index = true, decompress, threads = 1, ...compress } =
    options;
  const settings = resolveCompressOptions(compress);
  checkInteger("frameSize", frameSize, 1, FRAME_SIZE_MAX);
  checkInteger("threads", threads, 1, 64);
  if (separator !== undefined) checkInteger("separator", separator, 0, 255);
  const indexer = checkBoolean("index", index) ? new FrameIndexer(frameSize) : undefined;
  const pending: { readonly content: Uint8Array; readonly frame: Promise<Uint8Array<ArrayBuffer>> }[] = [];
  const start = (content: Uint8Array<ArrayBuffer>): void => {
    const frame = compressWholeAsync(content, settings);
    frame.catch(() => {}); // it is reported when its turn comes
    pending.push({ content, frame });
  };
  async function next(): Promise<Uint8Array<ArrayBuffer>> {
    const { content, frame } = pending.shift()!;
    const bytes = await frame;
    indexer?.add(content, bytes);
    return bytes;
  }
  try {
    const cutter = new RecordCutter(frameSize, separator);
    for await (const chunk of decompressLz4Iterable(source, decompress)) {
      for (const content of cutter.push(chunk)) {
        start(content);
        if (pending.length >= threads) yield await next();
      }
    }
    const rest = cutter.finish();
    if (rest.length > 0) start(rest);
    while (pending.length > 0) yield await next();
    if (indexer !== undefined) yield indexer.finish().toSkippableFrame();
  } finally {
    await Promise.allSettled(pending.map(({ frame }) => frame));
  }
}

/** The index of frames that were just made. */
class FrameIndexer {
  readonly #model: IndexModel;
  readonly #fingerprint = new FingerprintBuilder();

  constructor(spacing: number) {
    this.#model = {
      inputSize: 0,
      outputSize: 0,
      spacing,
      hasLines: false,
      hasHashes: true,
      fingerprint: undefined,
      frames: [],
      points: [],
    };
  }

  add(content: Uint8Array, bytes: Uint8Array): void {
    const model = this.#model;
    const head = Math.min(bytes.length, FRAME_HEADER_SIZE_MAX);
    const info = parseFrameHeader(bytes, head, { offset: model.inputSize }) as Lz4FrameHeader;
    const { inputSize: start, outputSize: out } = model;
    const tail = WORD_SIZE + (info.contentChecksum ? WORD_SIZE : 0);
    const frame = model.frames.push({
      info,
      compressedOffset: start,
      decompressedOffset: out,
      blocksEnd: start + bytes.length - tail,
    }) - 1;
    const hash = hashBytes(content, 0);
    model.points.push({
      compressedOffset: start + info.headerSize,
      decompressedOffset: out,
      frame,
      window: undefined,
      hash,
      lines: 0,
    });
    model.inputSize += bytes.length;
    model.outputSize += content.length;
    this.#fingerprint.update(bytes);
  }

  finish(): Lz4Index {
    this.#model.fingerprint = this.#fingerprint.finish(this.#model.inputSize);
    return new Lz4Index(this.#model);
  }
}
