/**
 * Reading blocks of a source at given places, with one window of it in memory.
 */
import type { ByteSource } from "@sluice/internal";
import { concatBytes, toHex } from "@sluice/internal";
import { ArchiveDecoder } from "./_archive_decoder.ts";
import { textOf } from "./_block_reader.ts";
import type { BlockFacts } from "./_block_reader.ts";
import { decodeName } from "./_names.ts";
import type { DecompressSettings } from "./_decompress_options.ts";
import { fault, limitFault } from "../zpaql/_fault.ts";

const WINDOW_SIZE = 256 << 10;
const OUTPUT_CHUNK = 64 << 10;
const OUTPUT_CHUNK_MAX = 4 << 20;

/** A source whose last window is kept: reads that follow each other cost one. */
export class WindowSource {
  readonly #source: ByteSource;
  readonly #signal: AbortSignal | undefined;
  #start = 0;
  #window: Uint8Array = new Uint8Array();

  constructor(source: ByteSource, signal?: AbortSignal) {
    this.#source = source;
    this.#signal = signal;
  }

  get size(): number {
    return this.#source.size;
  }

  /** Some bytes from `offset` on; none at the end. */
  async next(offset: number): Promise<Uint8Array> {
    const inside = offset - this.#start;
    if (inside >= 0 && inside < this.#window.length) return this.#window.subarray(inside);
    const length = Math.min(WINDOW_SIZE, this.size - offset);
    if (length <= 0) return new Uint8Array();
    this.#window = await this.#source.read(
      offset,
      length,
      this.#signal === undefined ? {} : { signal: this.#signal },
    );
    this.#start = offset;
    return this.#window;
  }
}

/** One segment of a block that was read. */
export interface SegmentRead {
  readonly offset: number;
  readonly name: string;
  readonly comment: string;
  /** The content, unless it was skipped. */
  readonly content: Uint8Array<ArrayBuffer>;
  /** Bytes of the segment's coded data. */
  readonly codedSize: number;
  /** The SHA-1 that is stored, in hexadecimal. */
  readonly sha1: string | undefined;
}

/** A block that was read. */
export interface BlockRead {
  readonly offset: number;
  readonly block: BlockFacts;
  readonly segments: readonly SegmentRead[];
}

/** Reads blocks one by one. */
export class BlockSource implements Disposable {
  readonly #window: WindowSource;
  readonly #settings: DecompressSettings;
  readonly #decoder: ArchiveDecoder;
  readonly #skipData: boolean;
  /** How large the content of the segment at hand is, where that is known. */
  #size: number | undefined;

  constructor(source: WindowSource, settings: DecompressSettings, skipData = false) {
    this.#window = source;
    this.#settings = settings;
    this.#skipData = skipData;
    const contiguous = (): boolean => this.#size !== undefined;
    this.#decoder = new ArchiveDecoder(settings, { skipData, mayBeEmpty: true, contiguous });
  }

  /** Where the block read last ends. */
  get end(): number {
    return this.#decoder.offset;
  }

  get size(): number {
    return this.#window.size;
  }

  /**
   * Reads on from `offset` to the end of the next block; undefined where there is none. `expected` says how large the
   * content of a segment is, where that is known.
   */
  async read(
    offset: number,
    expected?: (name: string, comment: string) => number | undefined,
  ): Promise<BlockRead | undefined> {
    // Long: one case for each event of the decoder, over the same buffers.
    const decoder = this.#decoder;
    decoder.seek(offset);
    const segments: SegmentRead[] = [];
    let content: Uint8Array<ArrayBuffer>[] = [];
    let target = new Uint8Array();
    let filled = 0;
    this.#size = undefined;
    while (true) {
      if (filled > 0 && filled === target.length) {
        content.push(target);
        target = new Uint8Array(Math.min(target.length * 2, OUTPUT_CHUNK_MAX));
        filled = 0;
      }
      switch (await decoder.stepAsync(target, filled)) {
        case "input": {
          const at = decoder.offset + decoder.buffer.length;
          const chunk = await this.#window.next(at);
          if (chunk.length === 0) decoder.end();
          else decoder.write(chunk);
          break;
        }
        case "segment": {
          const { name, comment } = decoder.segment!;
          const size = this.#size = expected?.(textOf(name), textOf(comment));
          const limit = this.#settings.maxMemory;
          if (size !== undefined && size > limit) {
            throw limitFault(
              "CONTENT_LIMIT",
              decoder.offset,
              `a block has ${size} bytes of content`,
              limit,
              size,
            );
          }
          content = [];
          // One byte more tells content that is too long.
          const room = size === undefined ? OUTPUT_CHUNK : size + 1;
          if (!this.#skipData) target = new Uint8Array(room);
          filled = 0;
          break;
        }
        case "output":
          filled += decoder.produced;
          if (this.#size !== undefined && filled > this.#size) {
            throw fault(
              "CONTENT_SIZE",
              decoder.offset,
              `a block has more than the ${this.#size} bytes that it says`,
            );
          }
          break;
        case "segment-end": {
          if (this.#size !== undefined && filled < this.#size) {
            throw fault(
              "CONTENT_SIZE",
              decoder.offset,
              `a block has ${filled} bytes, and says that it has ${this.#size}`,
            );
          }
          const last = target.subarray(0, filled);
          const { offset: start, name, comment } = decoder.segment!;
          segments.push({
            offset: start,
            name: decodeName(name),
            comment: textOf(comment),
            content: content.length === 0 ? last : concatBytes([...content, last]),
            codedSize: decoder.dataSize,
            sha1: decoder.checksum && toHex(decoder.checksum),
          });
          break;
        }
        case "block-end":
          return { offset: decoder.block!.offset, block: decoder.block!, segments };
        case "end":
          return undefined;
      }
    }
  }

  [Symbol.dispose](): void {
    this.#decoder.close();
  }
}
