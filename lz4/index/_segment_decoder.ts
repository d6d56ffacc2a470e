/**
 * Decoding the content between two points of an index.
 */
import { LZ4_DECODE_FLAG, Lz4DecoderKernel } from "../kernel/decoder.ts";
import { lz4HashParts } from "../kernel/blocks.ts";
import {
  ChecksumMismatchError,
  CorruptDataError,
  IdlePool,
  toBytes,
  TruncatedDataError,
} from "@sluice/internal";
import type { ByteSource, SluiceError } from "@sluice/internal";
import { fault } from "../frame/_fault.ts";
import { EXPANSION_MAX } from "../frame/_format.ts";
import { hasFingerprint } from "./_index_fingerprint.ts";
import type { IndexModel } from "./_index_model.ts";
import { lastPointAt } from "./_index_rows.ts";
import { readWindow } from "./_index_windows.ts";
import type { Lz4DictionarySource } from "../codec/decompress_options.ts";

/** No read of the source is larger, so that a long range does not fill memory twice. */
const FETCH_SIZE_MAX = 64 << 20;
/** Content of segments that are decoded together: less makes the calls cost more than the work. */
const GROUP_SIZE_MIN = 1 << 20;

/** Whether an error says that the compressed file is damaged, and does not blame the index already. */
function isDamage(error: unknown): error is SluiceError {
  const damage = error instanceof CorruptDataError || error instanceof TruncatedDataError ||
    error instanceof ChecksumMismatchError;
  return damage && error.code !== "SEGMENT_CHECKSUM" && !error.code.startsWith("INDEX_");
}

/** What segments are decoded with. */
export interface SegmentContext {
  readonly source: ByteSource;
  readonly dictionary: Lz4DictionarySource | undefined;
  readonly signal: AbortSignal | undefined;
  readonly kernels: IdlePool<Lz4DecoderKernel>;
}

/** A context over a source, with room for eight idle decoders. */
export function newSegmentContext(
  source: ByteSource,
  dictionary: Lz4DictionarySource | undefined,
  signal: AbortSignal | undefined,
): SegmentContext {
  return { source, dictionary, signal, kernels: new IdlePool<Lz4DecoderKernel>(8) };
}

/** Fetches and decodes segments of a model: the content from one point to the next. */
export class SegmentDecoder {
  readonly #model: IndexModel;
  readonly #context: SegmentContext;

  constructor(model: IndexModel, context: SegmentContext) {
    this.#model = model;
    this.#context = context;
  }

  /** The segment that holds a content offset: the last one that starts at or before it. */
  segmentAt(out: number): number {
    return lastPointAt(this.#model.points, out);
  }

  /** What tells a segment from all others of its file. */
  keyOf(id: number): number {
    return this.#model.points[id]!.compressedOffset;
  }

  /** Where a segment's content starts. */
  outOf(id: number): number {
    return this.#model.points[id]!.decompressedOffset;
  }

  /** The last of the segments of one frame, from `first` on and at most `last`, that are worth one call. */
  groupEnd(first: number, last: number): number {
    const { points } = this.#model;
    let id = first;
    while (
      id < last && points[id + 1]!.frame === points[first]!.frame &&
      this.#endOf(id) - this.outOf(first) < GROUP_SIZE_MIN
    ) id++;
    return id;
  }

  /** Fetches and decodes segments of one frame that follow each other. */
  async decode(first: number, last: number, offLoop: boolean): Promise<Uint8Array<ArrayBuffer>> {
    const start = this.#model.points[first]!.compressedOffset;
    return await this.#blamed(async () =>
      await this.#decodeFrom(await this.#fetch(first, last), start, first, last, offLoop)
    );
  }

  /** Fetches segments that follow each other with as few reads as memory allows, and decodes them. */
  async decodeRange(first: number, last: number): Promise<Map<number, Uint8Array<ArrayBuffer>>> {
    const decoded = new Map<number, Uint8Array<ArrayBuffer>>();
    for (let id = first; id <= last;) {
      const start = this.#model.points[id]!.compressedOffset;
      let until = id;
      while (until < last && this.#inputEnd(until + 1) - start <= FETCH_SIZE_MAX) until++;
      await this.#blamed(async () => {
        const bytes = await this.#fetch(id, until);
        for (; id <= until; id++) decoded.set(id, await this.#decodeFrom(bytes, start, id, id, false));
      });
    }
    return decoded;
  }

  /** The bytes of segments that follow each other. */
  async #fetch(first: number, last: number): Promise<Uint8Array> {
    const start = this.#model.points[first]!.compressedOffset;
    const end = this.#inputEnd(last);
    const { source, signal } = this.#context;
    if (end > source.size) {
      throw fault(
        "INDEX_ASSUMPTION",
        source.size,
        `the file ends here, the one that was indexed went on to ${end}`,
      );
    }
    return await source.read(start, end - start, { signal });
  }

  /** Does work on the file; where that finds damage, says so of the index when it was made of another file. */
  async #blamed<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const { source } = this.#context;
      const { fingerprint, inputSize } = this.#model;
      if (fingerprint === undefined || !isDamage(error)) throw error;
      if (await hasFingerprint(source, inputSize, fingerprint)) throw error;
      const facts = { format: "lz4", code: "INDEX_ASSUMPTION", offset: error.offset, cause: error } as const;
      throw new CorruptDataError(`${error.message} (the file is not the one that was indexed)`, facts);
    }
  }

  /** Where a segment's content ends. */
  #endOf(id: number): number {
    return this.#model.points[id + 1]?.decompressedOffset ?? this.#model.outputSize;
  }

  #inputEnd(id: number): number {
    const point = this.#model.points[id]!;
    const next = this.#model.points[id + 1];
    return next !== undefined && next.frame === point.frame
      ? next.compressedOffset
      : this.#model.frames[point.frame]!.blocksEnd;
  }

  async #decodeFrom(
    bytes: Uint8Array,
    base: number,
    first: number,
    last: number,
    offLoop: boolean,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const point = this.#model.points[first]!;
    const { info } = this.#model.frames[point.frame]!;
    const size = this.#endOf(last) - point.decompressedOffset;
    const pos = point.compressedOffset - base;
    const end = this.#inputEnd(last) - base;
    if (size > EXPANSION_MAX * (end - pos)) {
      throw fault(
        "INDEX_ASSUMPTION",
        point.compressedOffset,
        `${end - pos} bytes can not hold ${size} bytes of content`,
      );
    }
    const history = await this.#history(first);
    const target = new Uint8Array(size);
    const kernel = this.#context.kernels.acquire(
      "",
      () => new Lz4DecoderKernel({ maxMemory: 0, backend: undefined }),
    );
    const hashed = point.hash !== undefined && first === last;
    let consumed = 0;
    let produced = 0;
    let hash = 0;
    try {
      const flags = (hashed ? LZ4_DECODE_FLAG.HASH_CONTENT : 0) | (info.linked ? LZ4_DECODE_FLAG.LINKED : 0) |
        (info.blockChecksums ? LZ4_DECODE_FLAG.BLOCK_CHECKSUM | LZ4_DECODE_FLAG.VERIFY_BLOCK : 0) |
        (info.type === "legacy" ? LZ4_DECODE_FLAG.LEGACY : 0);
      const begun = kernel.begin(flags, info.blockMax, history);
      if (begun < 0) throw kernel.error(begun, "decompress lz4 data", point.compressedOffset);
      const result = offLoop && kernel.backend === "native"
        ? await kernel.runAsync(bytes, pos, end, target, 0, size, 0)
        : kernel.run(bytes, pos, end, target, 0, size, 0);
      if (result < 0) {
        throw kernel.error(result, "decompress lz4 data", point.compressedOffset + kernel.consumed);
      }
      ({ consumed, produced } = kernel);
      if (hashed) hash = kernel.digest();
      if (consumed !== end - pos || produced !== size || kernel.pending > 0) {
        throw fault("INDEX_ASSUMPTION", point.compressedOffset, "the file is not the one that was indexed");
      }
    } finally {
      this.#context.kernels.release("", kernel);
    }
    if (first === last) this.#checkHash(first, hash);
    else await this.#checkHashes(target, first, last, offLoop);
    return target;
  }

  /** Hashes the segments of a group, off the event loop where that was asked for. */
  async #checkHashes(
    content: Uint8Array,
    first: number,
    last: number,
    offLoop: boolean,
  ): Promise<void> {
    if (!this.#model.hasHashes) return;
    const parts = Uint32Array.from(
      { length: last - first + 1 },
      (_, i) => this.#endOf(first + i) - this.outOf(first + i),
    );
    await lz4HashParts(content, parts, offLoop);
    parts.forEach((hash, i) => this.#checkHash(first + i, hash));
  }

  #checkHash(id: number, hash: number): void {
    const { hash: expected, compressedOffset: offset } = this.#model.points[id]!;
    if (expected === undefined || hash === expected) return;
    throw new ChecksumMismatchError(
      `Cannot decompress lz4 data at byte ${offset}: the content is not the one that was indexed`,
      { format: "lz4", code: "SEGMENT_CHECKSUM", offset },
    );
  }

  async #history(id: number): Promise<Uint8Array> {
    const point = this.#model.points[id]!;
    const frame = this.#model.frames[point.frame]!;
    const window = await readWindow(this.#model, point);
    const { dictionary } = this.#context;
    if (window.length > 0 || dictionary === undefined || dictionary === "ignore") return window;
    if (frame.info.linked && point.decompressedOffset > frame.decompressedOffset) return window;
    const found = typeof dictionary === "function" ? dictionary(frame.info.dictId) : dictionary;
    return found === undefined ? window : toBytes(found);
  }
}
