/**
 * The walk over frames: headers, skippable frames, content checksums and the end of input, with the counters that tell
 * where the walk stands. Blocks are left to the kernel.
 */
import { LZ4_DECODE_FLAG, RESULT } from "../kernel/decoder.ts";
import type { Lz4DecoderKernel } from "../kernel/decoder.ts";
import { readU32 } from "@sluice/internal";
import type { DecompressSettings } from "./_decompress_options.ts";
import { PHASE } from "./_decoder_state.ts";
import type { DictionaryPrint } from "./_decoder_state.ts";
import { findDictionary, printOf } from "./_dictionary_print.ts";
import type { HeldInput } from "./_held_input.ts";
import { fault, limitFault } from "../frame/_fault.ts";
import { WORD_SIZE } from "../frame/_format.ts";
import { isMagic, mayBeMagic, parseFrameHeader } from "../frame/_frame_parser.ts";
import type { Lz4FrameHeader } from "../frame/frame_header.ts";

const NO_BYTES = new Uint8Array();
const SKIPPABLE_PAYLOAD_MAX = 1 << 20;

/** Where a decoder stands, and the steps between two runs of the kernel. */
export class FrameWalk {
  readonly settings: DecompressSettings;
  readonly kernel: Lz4DecoderKernel;
  readonly input: HeldInput;

  /** What the next input byte belongs to. */
  phase: number = PHASE.HEADER;
  /** The header of the frame at hand, or of the last one. */
  info: Lz4FrameHeader | undefined;
  /** The dictionary of the frame at hand. */
  print: DictionaryPrint | undefined;
  /** Bytes of history from the dictionary. */
  historyBase = 0;
  skipLeft = 0;
  /** Bytes that a stored block still lacks of which the start was returned. */
  storedLeft = 0;
  #skippable: Uint8Array<ArrayBuffer> | undefined;

  bytesIn = 0;
  bytesOut = 0;
  frameStart = 0;
  frameOut = 0;
  blockCount = 0;
  framesRead = 0;
  /** Whether the first frame is decoded and no other may follow. */
  #complete = false;
  /** Where the end of input was found, which `reopen` goes back to. */
  #endedIn: { readonly phase: number; readonly framesRead: number } | undefined;

  constructor(settings: DecompressSettings, kernel: Lz4DecoderKernel, input: HeldInput) {
    this.settings = settings;
    this.kernel = kernel;
    this.input = input;
  }

  /** Whether the next input byte belongs to a block. */
  get inBlocks(): boolean {
    return this.phase === PHASE.BLOCK || this.phase === PHASE.LEGACY_BLOCK;
  }

  /** How many bytes are best fed next; 0 at the end. */
  get hint(): number {
    if (this.phase === PHASE.DONE) return 0;
    if (this.phase === PHASE.SKIPPABLE) return this.skipLeft;
    if (this.storedLeft > 0) return this.storedLeft + WORD_SIZE;
    if (this.input.length > 0) {
      return this.input.missing +
        (this.phase === PHASE.BLOCK && this.input.length >= WORD_SIZE ? WORD_SIZE : 0);
    }
    return this.phase === PHASE.HEADER ? 7 : WORD_SIZE;
  }

  /** Whether the stream may end here. */
  get completeIfEnded(): boolean {
    return this.input.pos === this.input.chunk.length && this.input.length === 0 &&
      (this.phase === PHASE.HEADER && this.framesRead > 0 || this.phase === PHASE.LEGACY_BLOCK ||
        this.phase === PHASE.DONE);
  }

  /** Output bytes beyond what is declared or allowed. */
  get excess(): number {
    const { contentSize } = this.info!;
    const overLimit = this.bytesOut - this.settings.maxOutputSize;
    const overDeclared = contentSize === undefined ? 0 : this.frameOut - contentSize;
    return Math.max(overLimit, overDeclared, 0);
  }

  /** Takes the excess off the counters and returns the failure that it is. */
  cutExcess(excess: number): Error {
    const limit = this.settings.maxOutputSize;
    const overLimit = this.bytesOut - limit;
    this.bytesOut -= excess;
    this.frameOut -= excess;
    if (overLimit === excess) {
      return limitFault(
        "OUTPUT_LIMIT",
        this.bytesIn,
        `the content has more than ${limit} bytes`,
        limit,
        undefined,
      );
    }
    return fault(
      "CONTENT_SIZE",
      this.bytesIn,
      `the content is larger than the declared ${this.info!.contentSize} bytes`,
    );
  }

  /** What a failed run says. */
  kernelFault(result: number): Error {
    const place = `block ${this.blockCount} of the frame at byte ${this.frameStart}`;
    if (result === RESULT.BLOCK_TOO_LARGE) {
      return fault(
        "BLOCK_TOO_LARGE",
        this.bytesIn,
        `${place} says that it is larger than ${this.info!.blockMax} bytes`,
      );
    }
    if (result === RESULT.BLOCK_CHECKSUM) {
      return fault("BLOCK_CHECKSUM", this.bytesIn, `${place} does not match its checksum`);
    }
    if (result === RESULT.BLOCK_CORRUPT) return fault("BLOCK_CORRUPT", this.bytesIn, `${place} is corrupt`);
    return this.kernel.error(result, "decompress lz4 data", this.bytesIn);
  }

  /** All blocks of the frame are decoded. Returns the failure if they are not what was declared. */
  endBlocks(): Error | undefined {
    const { contentSize, contentChecksum } = this.info!;
    if (contentSize !== undefined && this.frameOut !== contentSize) {
      return fault(
        "CONTENT_SIZE",
        this.bytesIn,
        `the content has ${this.frameOut} bytes, the frame declares ${contentSize}`,
      );
    }
    if (contentChecksum) this.phase = PHASE.CONTENT_CHECKSUM;
    else this.#endFrame();
    return undefined;
  }

  #endFrame(): void {
    this.framesRead++;
    const { firstFrameOnly, refuseTrailing } = this.settings;
    this.#complete = firstFrameOnly && this.info!.type !== "skippable";
    this.phase = this.#complete && !refuseTrailing ? PHASE.DONE : PHASE.HEADER;
  }

  /** Reads the checksum that ends a frame. */
  readContentChecksum(): void {
    this.input.missing = WORD_SIZE - this.input.length;
    this.input.hold(Math.min(this.input.missing, this.input.rest));
    if (this.input.length < WORD_SIZE) return;
    this.input.length = 0;
    if (this.settings.verifyChecksums && readU32(this.input.part, 0) !== this.kernel.digest()) {
      throw fault("CONTENT_CHECKSUM", this.bytesIn, "the content does not match its checksum");
    }
    this.bytesIn += WORD_SIZE;
    this.#endFrame();
  }

  /** Collects the bytes of a header until it is complete, then starts what follows. Returns whether blocks do. */
  readHeader(): boolean {
    const offset = this.bytesIn;
    if (this.#complete) throw fault("TRAILING_DATA", offset, "bytes follow the first frame");
    this.input.missing = 1;
    this.input.hold(1);
    if (this.framesRead > 0 && this.input.length === WORD_SIZE && !isMagic(readU32(this.input.part, 0))) {
      if (!this.settings.ignoreTrailing) {
        throw fault("TRAILING_DATA", offset, "bytes follow the last frame that start no frame");
      }
      this.phase = PHASE.DONE;
      return false;
    }
    const info = parseFrameHeader(this.input.part, this.input.length, {
      offset,
      isChecksumOptional: !this.settings.verifyChecksums,
      kafka: this.settings.kafkaHeaderChecksum,
    });
    this.input.missing = typeof info === "number" ? info : 0;
    if (typeof info === "number") return false;
    if (this.framesRead >= this.settings.maxFrames) {
      const limit = this.settings.maxFrames;
      throw limitFault("FRAME_LIMIT", offset, `more than ${limit} frames follow`, limit, undefined, "frames");
    }
    this.info = info;
    this.frameStart = offset;
    this.frameOut = 0;
    this.blockCount = 0;
    if (info.type === "skippable") this.#startSkippable(info);
    else this.#startFrame(info, offset);
    this.input.length = 0;
    this.bytesIn += info.headerSize;
    return info.type !== "skippable";
  }

  #startFrame(info: Lz4FrameHeader, offset: number): void {
    const { maxBlockSize, maxOutputSize } = this.settings;
    if (info.blockMax > maxBlockSize) {
      throw limitFault(
        "BLOCK_LIMIT",
        offset,
        `the frame has blocks of ${info.blockMax} bytes`,
        maxBlockSize,
        info.blockMax,
      );
    }
    if (info.contentSize !== undefined && this.bytesOut + info.contentSize > maxOutputSize) {
      const actual = this.bytesOut + info.contentSize;
      throw limitFault("OUTPUT_LIMIT", offset, `the content has ${actual} bytes`, maxOutputSize, actual);
    }
    const dictionary = findDictionary(this.settings, info, offset);
    this.print = dictionary === undefined ? undefined : printOf(dictionary, info.dictId);
    this.historyBase = this.print?.size ?? 0;
    this.begin(info, dictionary ?? NO_BYTES);
    this.phase = info.type === "legacy" ? PHASE.LEGACY_BLOCK : PHASE.BLOCK;
  }

  /** Starts the kernel on the blocks of a frame. */
  begin(info: Lz4FrameHeader, history: Uint8Array): void {
    const verify = this.settings.verifyChecksums;
    const flags = (info.linked ? LZ4_DECODE_FLAG.LINKED : 0) |
      (info.blockChecksums ? LZ4_DECODE_FLAG.BLOCK_CHECKSUM : 0) |
      (verify ? LZ4_DECODE_FLAG.VERIFY_BLOCK : 0) |
      (verify && info.contentChecksum ? LZ4_DECODE_FLAG.HASH_CONTENT : 0) |
      (info.type === "legacy" ? LZ4_DECODE_FLAG.LEGACY : 0) |
      (this.settings.strictBlocks ? LZ4_DECODE_FLAG.STRICT : 0) |
      (info.type === "frame" && !info.blockChecksums ? LZ4_DECODE_FLAG.STREAM_STORED : 0);
    const result = this.kernel.begin(flags, info.blockMax, history);
    if (result < 0) throw this.kernel.error(result, "decompress lz4 data", this.bytesIn);
  }

  #startSkippable(info: Lz4FrameHeader): void {
    this.skipLeft = info.contentSize!;
    const wanted = this.settings.onSkippable !== undefined && this.skipLeft <= SKIPPABLE_PAYLOAD_MAX;
    this.#skippable = wanted ? new Uint8Array(this.skipLeft) : undefined;
    this.phase = PHASE.SKIPPABLE;
    if (this.skipLeft === 0) this.#endSkippable();
  }

  /** Passes the payload of a skippable frame. */
  readSkippable(): void {
    const count = Math.min(this.skipLeft, this.input.rest);
    this.#skippable?.set(
      this.input.chunk.subarray(this.input.pos, this.input.pos + count),
      this.#skippable.length - this.skipLeft,
    );
    this.skipLeft -= count;
    this.input.pos += count;
    this.bytesIn += count;
    if (this.skipLeft === 0) this.#endSkippable();
  }

  #endSkippable(): void {
    if (this.#skippable !== undefined) {
      this.settings.onSkippable!(this.info!.skippableVariant!, this.#skippable);
    }
    this.#skippable = undefined;
    this.#endFrame();
  }

  /** All input is used up and no more comes. */
  checkEnd(): void {
    const offset = this.bytesIn + this.input.length;
    this.#endedIn ??= { phase: this.phase, framesRead: this.framesRead };
    if (this.phase === PHASE.LEGACY_BLOCK && this.input.length === 0) {
      this.#endFrame();
      return;
    }
    if (this.phase === PHASE.HEADER && this.input.length === 0) {
      if (this.framesRead === 0 && !this.settings.allowEmpty) {
        throw fault("NO_DATA", offset, "there is no data, expected a frame");
      }
      this.phase = PHASE.DONE;
      return;
    }
    if (this.phase === PHASE.HEADER && this.input.length < WORD_SIZE && this.framesRead > 0) {
      if (!this.settings.ignoreTrailing) {
        if (!mayBeMagic(this.input.part, this.input.length)) {
          throw fault("TRAILING_DATA", this.bytesIn, "bytes follow the last frame that start no frame");
        }
        throw fault("TRUNCATED_MAGIC", offset, "the data ends inside a magic number");
      }
      this.phase = PHASE.DONE;
      return;
    }
    throw fault(
      "TRUNCATED",
      offset,
      `the data ends inside a frame, ${this.hint} more bytes are needed to go on`,
    );
  }

  /** Goes back to where the end of input was found. */
  reopen(): void {
    if (this.#endedIn === undefined) return;
    this.phase = this.#endedIn.phase;
    this.framesRead = this.#endedIn.framesRead;
    this.#endedIn = undefined;
  }
}
