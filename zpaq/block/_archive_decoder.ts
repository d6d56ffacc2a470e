/**
 * Decoding step by step: finds blocks, reads what stands before and after segments, and has their data decoded or passed
 * over. Every shape of the decompression API stands on it, so that all of them fail in the same way.
 */
import { LimitExceededError, SluiceError } from "@sluice/internal";
import { fault } from "../zpaql/_fault.ts";
import { BlockFinder } from "./_block_finder.ts";
import { needInput, readHeader, readMark, readNames, readTrailer } from "./_block_reader.ts";
import type { BlockFacts, SegmentFacts } from "./_block_reader.ts";
import { DataDecoder } from "./_data_decoder.ts";
import { DataSkipper } from "./_data_skipper.ts";
import type { DecompressSettings } from "./_decompress_options.ts";
import { InputBuffer } from "./_input_buffer.ts";

/** What a step came to. */
export type StepKind = "input" | "output" | "block" | "segment" | "segment-end" | "block-end" | "end";

type Phase = "seek" | "mark" | "names" | "data" | "trailer" | "done";

/** How a decoder is used. */
export interface DecoderMode {
  /** Whether data is skipped instead of decoded. */
  readonly skipData?: boolean;
  /** Whether input without a block is fine. */
  readonly mayBeEmpty?: boolean;
  /** Whether the target holds the whole content of the segment at hand: asked when its block starts. */
  readonly contiguous?: () => boolean;
}

/** One pass over an archive. */
export class ArchiveDecoder {
  readonly #settings: DecompressSettings;
  readonly #mayBeEmpty: boolean;
  readonly buffer = new InputBuffer();
  readonly #finder: BlockFinder;
  readonly #data: DataDecoder;
  /** Passes over data, where it is not to be decoded. */
  readonly #skipper: DataSkipper | undefined;
  #ended = false;
  #phase: Phase = "seek";
  #blockCount = 0;
  /** Where the data of the segment at hand starts. */
  #dataStart = 0;

  block: BlockFacts | undefined;
  segment: SegmentFacts | undefined;
  /** Bytes of coded data of the last segment that was read to its end. */
  dataSize = 0;
  /** The SHA-1 that is stored for it, where there is one. */
  checksum: Uint8Array<ArrayBuffer> | undefined;

  constructor(settings: DecompressSettings, mode: DecoderMode = {}) {
    this.#settings = settings;
    this.#mayBeEmpty = mode.mayBeEmpty ?? false;
    this.#finder = new BlockFinder(this.buffer, settings.onJunk);
    this.#data = new DataDecoder(this.buffer, settings, mode.contiguous ?? (() => false));
    this.#skipper = mode.skipData ? new DataSkipper(this.buffer) : undefined;
  }

  /** Where the next input byte stands. */
  get offset(): number {
    return this.buffer.offset;
  }

  /** Bytes that the last step with output gave. */
  get produced(): number {
    return this.#data.produced;
  }

  get ended(): boolean {
    return this.#ended;
  }

  write(chunk: Uint8Array): void {
    this.buffer.append(chunk);
  }

  end(): void {
    this.#ended = true;
  }

  /** Goes on at `offset` of the input, where a block is to start. */
  seek(offset: number): void {
    this.buffer.clear(offset);
    this.#ended = false;
    this.#phase = "seek";
    this.#finder.restart();
    this.#data.bytesOut = 0;
  }

  /** Goes on to the next thing that the caller may want to know; output goes to `target` from `start`. */
  step(target: Uint8Array, start: number): StepKind {
    while (true) {
      try {
        let done: StepKind | undefined;
        if (this.#phase === "data" && this.#skipper === undefined) {
          done = this.#data.run(target, start, this.#ended);
          if (this.#data.finished) this.#endData();
        } else {
          done = this.#advance();
        }
        if (done !== undefined) return done;
      } catch (error) {
        this.#recover(error);
      }
    }
  }

  /** As `step`, with data decoded off the event loop where the backend can. */
  async stepAsync(target: Uint8Array, start: number): Promise<StepKind> {
    while (true) {
      try {
        let done: StepKind | undefined;
        if (this.#phase === "data" && this.#skipper === undefined) {
          done = await this.#data.runAsync(target, start, this.#ended);
          if (this.#data.finished) this.#endData();
        } else {
          done = this.#advance();
        }
        if (done !== undefined) return done;
      } catch (error) {
        this.#recover(error);
      }
    }
  }

  close(): void {
    this.#data.close();
  }

  /** Throws on, or reports a damaged block and looks for the next. */
  #recover(error: unknown): void {
    const { onDamage } = this.#settings;
    const limit = error instanceof LimitExceededError && error.code === "OUTPUT_LIMIT";
    if (!(error instanceof SluiceError) || onDamage === undefined || limit || this.#phase === "done") {
      throw error;
    }
    onDamage(error);
    // A header that lies about its size has swallowed what follows; nothing of it is used up yet.
    if (this.#phase === "seek") this.#finder.pass(1);
    this.#finder.requireTag();
    this.#phase = this.#ended && this.buffer.length === 0 ? "done" : "seek";
  }

  /** Does all but decode data. */
  #advance(): StepKind | undefined {
    switch (this.#phase) {
      case "seek":
        return this.#seek();
      case "mark":
        return this.#readMark();
      case "names":
        return this.#readNames();
      case "data":
        return this.#skip(this.#skipper!);
      case "trailer":
        return this.#readTrailer();
      case "done":
        return "end";
    }
  }

  #needInput(): StepKind {
    return needInput(this.buffer, !this.#ended);
  }

  #seek(): StepKind | undefined {
    const { buffer } = this;
    const tag = this.#finder.find(this.#ended);
    if (tag === undefined) return this.#ended ? this.#finish() : "input";
    const found = readHeader(buffer, tag, this.#settings.maxMemory);
    if (found === undefined) return this.#needInput();
    this.#finder.reportJunk();
    this.block = found.block;
    this.#data.startBlock(found.block);
    this.#blockCount++;
    buffer.consume(found.size);
    this.#phase = "mark";
    return "block";
  }

  /** Ends the pass where no further block comes. */
  #finish(): StepKind {
    this.#phase = "done";
    this.#finder.reportJunk();
    if (this.#blockCount === 0 && this.#settings.onDamage === undefined && !this.#mayBeEmpty) {
      throw this.buffer.offset === 0
        ? fault("NO_DATA", 0, "there is no data, expected a block")
        : fault("BAD_MAGIC", 0, "there is no block in the data");
    }
    return "end";
  }

  #readMark(): StepKind | undefined {
    const mark = readMark(this.buffer);
    if (mark === undefined) return this.#needInput();
    if (mark === "segment") {
      this.#phase = "names";
      return undefined;
    }
    this.#phase = "seek";
    this.#finder.restart();
    return mark;
  }

  #readNames(): StepKind {
    const segment = readNames(this.buffer);
    if (segment === undefined) return this.#needInput();
    this.segment = segment;
    this.#phase = "data";
    this.#dataStart = this.buffer.offset;
    this.#data.startSegment(segment);
    this.#skipper?.startSegment();
    return "segment";
  }

  /** Passes over a segment's data: by its sizes where it is stored, else up to four zeros. */
  #skip(skipper: DataSkipper): StepKind | undefined {
    const stored = this.block!.header.components.length === 0;
    if (!(stored ? skipper.skipStored() : skipper.skipCoded())) return this.#needInput();
    this.#endData();
    return undefined;
  }

  #endData(): void {
    this.#phase = "trailer";
    this.dataSize = this.buffer.offset - this.#dataStart;
  }

  #readTrailer(): StepKind {
    const { offset } = this.buffer;
    const trailer = readTrailer(this.buffer);
    if (trailer === undefined) return this.#needInput();
    this.#phase = "mark";
    const { checksum } = trailer;
    this.checksum = checksum;
    if (checksum !== undefined && this.#settings.verifyChecksums && this.#skipper === undefined) {
      const digest = this.#data.digest();
      if (!digest.every((byte, i) => byte === checksum[i])) {
        throw fault("CHECKSUM", offset, "the content does not match its SHA-1");
      }
    }
    return "segment-end";
  }
}
