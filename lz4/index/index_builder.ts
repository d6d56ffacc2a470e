/**
 * Making an index while a stream is decompressed.
 *
 * @module
 */
import {
  checkBoolean,
  checkInteger,
  checkSignal,
  concatBytes,
  OutputBuffers,
  toBytes,
} from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { packSparseWindow, packWindow } from "../codec/_checkpoint_format.ts";
import { DecoderCodec } from "../codec/_decoder_codec.ts";
import { resolveStreamingOptions } from "../codec/_decompress_options.ts";
import { HISTORY_MAX } from "../frame/_format.ts";
import { FingerprintBuilder } from "./_index_fingerprint.ts";
import { hashDigest, hashUpdate, newHashState } from "../frame/_hash.ts";
import type { IndexModel, IndexPoint } from "./_index_model.ts";
import { SourceReader } from "../frame/_source_reader.ts";
import type { Lz4SourceLike } from "../frame/_source_reader.ts";
import { PIECE_SIZE, readWholeBlocks } from "../codec/_whole_blocks.ts";
import type { Lz4DecompressOptions } from "../codec/decompress_options.ts";
import { Lz4Index } from "./index_file.ts";

/** What an index holds, beside how the stream is decompressed. */
export interface Lz4IndexOptions extends Omit<Lz4DecompressOptions, "onCheckpoint" | "checkpointEvery"> {
  /** Content bytes between two points, at least. @default {4194304} */
  readonly spacing?: number | undefined;
  /** Keep a hash of the content between points, so that reads are verified. @default {true} */
  readonly hashes?: boolean | undefined;
  /** Count line feeds, for `lines`. @default {false} */
  readonly lines?: boolean | undefined;
  /** Keep just those bytes of history that are needed, or all of them. @default {"sparse"} */
  readonly windows?: "sparse" | "full" | undefined;
}

const SPACING_DEFAULT = 4 << 20;
const LINE_FEED = 10;

/**
 * Decompresses a stream that is pushed in pieces and keeps what random access needs: the first full download yields
 * the index by the way. It holds native memory: close it, or declare it with `using`.
 *
 * @example By the way
 * ```ts
 * import { compressLz4, Lz4IndexBuilder } from "@sluice/lz4";
 * import { assertEquals } from "@std/assert";
 *
 * using builder = new Lz4IndexBuilder({ spacing: 65536 });
 * const content = builder.push(compressLz4(new Uint8Array(300_000), { blockSize: 65536 }));
 * const index = builder.finish();
 * assertEquals([content.length, index.points.length], [300_000, 5]);
 * ```
 */
export class Lz4IndexBuilder implements Disposable {
  readonly #codec: DecoderCodec;
  readonly #model: IndexModel;
  readonly #sparse: boolean;
  /** The point whose needed history is still being found out. */
  #watched: IndexPoint | undefined;
  /** Points that output has not reached yet. */
  #nextPoint = 0;
  readonly #buffers = new OutputBuffers(PIECE_SIZE);
  #scratch: Uint8Array<ArrayBuffer> = new Uint8Array();
  #hash: Uint32Array = newHashState();
  #hashedUntil = 0;
  #lines = 0;
  readonly #fingerprint = new FingerprintBuilder();

  /**
   * Takes a context from the backend.
   *
   * @throws {TypeError} If an option has the wrong type or is not known.
   * @throws {RangeError} If an option is out of range.
   */
  constructor(options: Lz4IndexOptions = {}) {
    const { spacing = SPACING_DEFAULT, hashes = true, lines = false, windows = "sparse", ...decompress } =
      options;
    checkInteger("spacing", spacing, 1, Number.MAX_SAFE_INTEGER);
    // Closer points share blocks that follow them: what those need is not known before the next point comes.
    this.#sparse = windows === "sparse" && spacing >= HISTORY_MAX;
    this.#model = {
      inputSize: 0,
      outputSize: 0,
      spacing,
      hasLines: checkBoolean("lines", lines),
      hasHashes: checkBoolean("hashes", hashes),
      fingerprint: undefined,
      frames: [],
      points: [],
    };
    this.#codec = new DecoderCodec(resolveStreamingOptions(decompress), {
      wholeBlocks: true,
      boundaryEvery: spacing,
      onBoundary: (codec) => this.#addPoint(codec),
      onFrame: (codec) => this.#addFrame(codec),
      onBlocksEnd: (codec) => this.#endFrame(codec),
    });
  }

  /** Takes the next piece and returns the content that it completes; errors are those of `Lz4Decoder`. */
  push(chunk: BytesSource): Uint8Array<ArrayBuffer> {
    this.#write(chunk);
    const output = concatBytes(this.#read());
    this.#codec.detachInput();
    return output;
  }

  /**
   * Ends the stream and returns its index.
   *
   * @throws {TruncatedDataError} If the stream is not complete.
   */
  finish(): Lz4Index {
    this.#codec.end();
    while (!this.#codec.done) this.#read();
    this.#settleWatch();
    this.#closeSegments(this.#codec.bytesOut);
    if (this.#model.points.length > 0) this.#endSegment(this.#model.points.at(-1)!);
    this.#model.inputSize = this.#codec.bytesIn;
    this.#model.outputSize = this.#codec.bytesOut;
    this.#model.fingerprint = this.#fingerprint.finish(this.#codec.bytesIn);
    return new Lz4Index(this.#model);
  }

  /** Frees the context; calling it again does nothing. */
  close(): void {
    this.#codec.close();
  }

  /** Frees the context. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Takes the next piece without giving its content out: one buffer serves all blocks. */
  skim(chunk: BytesSource): void {
    const codec = this.#codec;
    this.#write(chunk);
    while (!codec.needsInput && !codec.done) {
      if (this.#scratch.length < codec.blockMax) this.#scratch = new Uint8Array(codec.blockMax);
      const length = codec.read(this.#scratch, 0);
      this.#measure(this.#scratch.subarray(0, length));
    }
    codec.detachInput();
  }

  #write(chunk: BytesSource): void {
    const bytes = toBytes(chunk);
    this.#fingerprint.update(bytes);
    this.#codec.write(bytes);
  }

  #read(): Uint8Array<ArrayBuffer>[] {
    const parts = readWholeBlocks(this.#codec, this.#buffers);
    for (const part of parts) this.#measure(part);
    return parts;
  }

  /** Takes content into the hash and the line count of its segment; points divide it. */
  #measure(part: Uint8Array): void {
    let rest = part;
    while (rest.length > 0) {
      this.#closeSegments(this.#hashedUntil);
      const next = this.#model.points[this.#nextPoint]?.decompressedOffset ?? Infinity;
      const piece = rest.subarray(0, Math.min(rest.length, next - this.#hashedUntil));
      if (this.#model.hasHashes) hashUpdate(this.#hash, piece);
      if (this.#model.hasLines) this.#countLines(piece);
      this.#hashedUntil += piece.length;
      rest = rest.subarray(piece.length);
    }
  }

  /** Closes every segment that starts before `out`. */
  #closeSegments(out: number): void {
    const { points } = this.#model;
    while (this.#nextPoint < points.length && points[this.#nextPoint]!.decompressedOffset <= out) {
      if (this.#nextPoint > 0) this.#endSegment(points[this.#nextPoint - 1]!);
      points[this.#nextPoint]!.lines = this.#lines;
      this.#nextPoint++;
    }
  }

  #endSegment(point: IndexPoint): void {
    if (this.#model.hasHashes) point.hash = hashDigest(this.#hash);
    this.#hash = newHashState();
  }

  #countLines(piece: Uint8Array): void {
    for (let at = piece.indexOf(LINE_FEED); at >= 0; at = piece.indexOf(LINE_FEED, at + 1)) this.#lines++;
  }

  #addFrame(codec: DecoderCodec): void {
    this.#settleWatch();
    const info = codec.info!;
    this.#model.frames.push({
      info,
      compressedOffset: codec.frameStart,
      decompressedOffset: codec.bytesOut,
      blocksEnd: Infinity,
    });
    this.#model.points.push(this.#pointAt(codec));
  }

  #endFrame(codec: DecoderCodec): void {
    const frame = this.#model.frames.at(-1)!;
    frame.blocksEnd = codec.bytesIn - (frame.info.type === "legacy" ? 0 : 4);
    this.#settleWatch();
    const { points, frames } = this.#model;
    const last = points.at(-1)!;
    const isSecond = points.at(-2)?.frame === frames.length - 1;
    if (isSecond && last.compressedOffset === frame.blocksEnd) points.pop(); // nothing follows it
  }

  #addPoint(codec: DecoderCodec): void {
    this.#settleWatch();
    const point = this.#pointAt(codec);
    this.#model.points.push(point);
    if (!codec.info!.linked) return;
    if (this.#sparse && codec.kernel.watchStart() >= 0) this.#watched = point;
    else point.window = packWindow(codec.kernel.window(HISTORY_MAX));
  }

  #pointAt(codec: DecoderCodec): IndexPoint {
    return {
      compressedOffset: codec.bytesIn,
      decompressedOffset: codec.bytesOut,
      frame: this.#model.frames.length - 1,
      window: undefined,
      hash: undefined,
      lines: 0,
    };
  }

  #settleWatch(): void {
    const point = this.#watched;
    if (point === undefined) return;
    this.#watched = undefined;
    const { window, map } = this.#codec.kernel.watchRead(HISTORY_MAX);
    point.window = packSparseWindow(window, map);
  }
}

/**
 * Decompresses a whole source to index it.
 *
 * @throws {SluiceError} As `decompressLz4`.
 *
 * @example Then read from the middle
 * ```ts
 * import { buildLz4Index, compressLz4, Lz4Archive } from "@sluice/lz4";
 * import { byteSourceFromBytes } from "@sluice/lz4";
 * import { assertEquals } from "@std/assert";
 *
 * const content = new TextEncoder().encode("0123456789".repeat(50_000));
 * const file = byteSourceFromBytes(compressLz4(content, { linked: true, blockSize: 65536 }));
 * const index = await buildLz4Index(file, { spacing: 100_000 });
 * const archive = new Lz4Archive(file, index);
 * assertEquals(await archive.read(345_678, 12), content.slice(345_678, 345_690));
 * ```
 */
export async function buildLz4Index(
  source: Lz4SourceLike,
  options: Lz4IndexOptions & { readonly signal?: AbortSignal | undefined } = {},
): Promise<Lz4Index> {
  const { signal, ...indexOptions } = options;
  const builder = new Lz4IndexBuilder(indexOptions);
  const reader = new SourceReader(source, 0, 0, {
    retries: 5,
    retryDelayMs: 100,
    signal: checkSignal(signal),
  });
  try {
    let chunk: Uint8Array | undefined;
    while ((chunk = await reader.next(() => true)) !== undefined) builder.skim(chunk);
    return builder.finish();
  } finally {
    reader.close();
    builder.close();
  }
}
