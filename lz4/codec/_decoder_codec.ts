/**
 * Decompression as a pull codec: walks from frame to frame, keeps parts that chunk borders split, and hands blocks to
 * the kernel. Every shape of the decompression API stands on it, so that all of them fail in the same way.
 */
import { LZ4_DECODE_FLAG, Lz4DecoderKernel, RESULT } from "../kernel/decoder.ts";
import { lz4Xxh32 } from "../kernel/blocks.ts";
import { concatBytes, DictionaryMismatchError, readU32, SluiceError } from "@sluice/internal";
import type { PullCodec } from "@sluice/internal";
import type { DecompressSettings } from "./_decompress_options.ts";
import { PHASE } from "./_decoder_state.ts";
import type { DecoderState, DictionaryPrint } from "./_decoder_state.ts";
import { fault, limitFault } from "../frame/_fault.ts";
import { FRAME_HEADER_SIZE_MAX, HISTORY_MAX, WORD_SIZE } from "../frame/_format.ts";
import { isMagic, parseFrameHeader } from "../frame/_frame_parser.ts";
import type { Lz4FrameInfo } from "../frame/frame_header.ts";

const NO_BYTES = new Uint8Array();
const SKIPPABLE_PAYLOAD_MAX = 1 << 20;
/** Source bytes of one WASM run: what is copied in again when the target fills first stays small. */
const WASM_SOURCE_WINDOW = 128 << 10;
/** Output of one WASM run: what is copied out is still in the cache. */
const WASM_RUN_SIZE = 256 << 10;
const WINDOW_SIZE = 1 << 16;
/** Faults that only say that the input has ended. */
const ENDING_CODES: ReadonlySet<string> = new Set(["TRUNCATED", "TRUNCATED_MAGIC", "NO_DATA"]);

/** How a codec is used beyond plain decoding. */
export interface DecoderMode {
  /** Output stops where the target might not hold the next block, so that nothing ever waits inside. */
  readonly wholeBlocks?: boolean;
  /** Called between reads at the first block boundary that is far enough after the last one. */
  readonly onBoundary?: (codec: DecoderCodec) => void;
  /** How far, in output bytes. */
  readonly boundaryEvery?: number;
  /** Called when a frame's header has been read, before its first block. */
  readonly onFrame?: (codec: DecoderCodec) => void;
  /** Called when a frame's last block has been read; `bytesIn` stands after the end mark. */
  readonly onBlocksEnd?: (codec: DecoderCodec) => void;
  /** Whether kernel work runs off the event loop. */
  readonly offLoop?: boolean;
}

/** Four hashes that tell dictionaries apart. */
export function printOf(dictionary: Uint8Array, id: number | undefined): DictionaryPrint {
  const start = Math.max(0, dictionary.length - WINDOW_SIZE);
  const hashes = [0, 1, 2, 3].map((seed) => lz4Xxh32(dictionary, start, dictionary.length, seed, undefined));
  return { id: id ?? 0, size: dictionary.length - start, hashes };
}

/** One decompression from its first input byte to its last output byte. */
export class DecoderCodec implements PullCodec {
  readonly #settings: DecompressSettings;
  readonly #mode: DecoderMode;
  readonly #kernel: Lz4DecoderKernel;
  readonly #ownsKernel: boolean;
  readonly offLoop: boolean;

  #phase: number = PHASE.HEADER;
  #chunk: Uint8Array = NO_BYTES;
  #pos = 0;
  #ended = false;
  #outputPending = false;
  #closed = false;
  /** Thrown by the next read, after the output that came before it. */
  #failure: Error | undefined;

  /** A header, word or block that chunk borders split. */
  #held: Uint8Array<ArrayBuffer> = new Uint8Array(FRAME_HEADER_SIZE_MAX);
  #heldLength = 0;
  /** Bytes that the held part lacks, as far as is known. */
  #missing = 0;
  /** Source bytes of the next WASM run beyond the usual. */
  #wider = 0;

  #info: Lz4FrameInfo | undefined;
  #print: DictionaryPrint | undefined;
  #historyBase = 0;
  #skipLeft = 0;
  /** Bytes that a stored block still lacks of which the start was given out. */
  #storedLeft = 0;
  #skippable: Uint8Array<ArrayBuffer> | undefined;

  #bytesIn = 0;
  #bytesOut = 0;
  #frameStart = 0;
  #frameOut = 0;
  #blockCount = 0;
  #framesRead = 0;
  /** Whether the first frame is decoded and no other may follow. */
  #complete = false;
  /** Where the end of input was found, which `reopen` goes back to. */
  #endedIn: { readonly phase: number; readonly framesRead: number } | undefined;
  #lastBoundary = 0;

  /** Takes a context from the backend, or uses one that the caller keeps; the caller closes the codec. */
  constructor(settings: DecompressSettings, mode: DecoderMode = {}, kernel?: Lz4DecoderKernel) {
    this.#settings = settings;
    this.#mode = mode;
    this.#ownsKernel = kernel === undefined;
    this.#kernel = kernel ?? new Lz4DecoderKernel(settings);
    this.offLoop = mode.offLoop === true && this.#kernel.backend === "native";
  }

  get needsInput(): boolean {
    return this.#phase !== PHASE.DONE && !this.#ended && !this.#outputPending &&
      this.#failure === undefined &&
      this.#pos === this.#chunk.length;
  }

  get done(): boolean {
    return this.#phase === PHASE.DONE && this.#failure === undefined;
  }

  /** Whether a read has failed or will fail. */
  get failed(): boolean {
    return this.#failure !== undefined;
  }

  /** Input bytes up to the last boundary that was passed, from the start of the stream. */
  get bytesIn(): number {
    return this.#bytesIn;
  }

  /** Output bytes given so far, from the start of the stream. */
  get bytesOut(): number {
    return this.#bytesOut;
  }

  /** Input bytes that are held because their unit is not complete. */
  get heldSize(): number {
    return this.#heldLength;
  }

  /** Frames that are complete. */
  get framesRead(): number {
    return this.#framesRead;
  }

  /** Blocks of the frame at hand that are complete. */
  get blockCount(): number {
    return this.#blockCount;
  }

  /** Where the frame at hand starts. */
  get frameStart(): number {
    return this.#frameStart;
  }

  /** The header of the frame at hand, or of the last one. */
  get info(): Lz4FrameInfo | undefined {
    return this.#info;
  }

  /** What the next input byte belongs to. */
  get phase(): number {
    return this.#phase;
  }

  /** Room that the next block may need. */
  get blockMax(): number {
    return this.#info?.blockMax ?? 0;
  }

  /** Whether the codec stands between two blocks with nothing waiting. */
  get atBoundary(): boolean {
    return this.#heldLength === 0 && this.#storedLeft === 0 && this.#kernel.pending === 0;
  }

  /** How many bytes are best fed next; 0 at the end. */
  get hint(): number {
    if (this.#phase === PHASE.DONE) return 0;
    if (this.#phase === PHASE.SKIPPABLE) return this.#skipLeft;
    if (this.#storedLeft > 0) return this.#storedLeft + WORD_SIZE;
    if (this.#heldLength > 0) {
      return this.#missing + (this.#phase === PHASE.BLOCK && this.#heldLength >= WORD_SIZE ? WORD_SIZE : 0);
    }
    return this.#phase === PHASE.HEADER ? 7 : WORD_SIZE;
  }

  /** Whether the stream may end here. */
  get completeIfEnded(): boolean {
    return this.#pos === this.#chunk.length && this.#heldLength === 0 &&
      (this.#phase === PHASE.HEADER && this.#framesRead > 0 || this.#phase === PHASE.LEGACY_BLOCK ||
        this.#phase === PHASE.DONE);
  }

  /** The context, for what follows its history. */
  get kernel(): Lz4DecoderKernel {
    return this.#kernel;
  }

  /** Bytes that the codec holds. */
  get memoryBytes(): number {
    return this.#kernel.memoryBytes + this.#held.length;
  }

  /** What followed the end in the chunk that reached it; later chunks are dropped. */
  get unused(): Uint8Array<ArrayBuffer> {
    if (this.#phase !== PHASE.DONE) return new Uint8Array();
    return concatBytes([
      this.#held.slice(0, this.#heldLength),
      new Uint8Array(this.#chunk.subarray(this.#pos)),
    ]);
  }

  write(chunk: Uint8Array): void {
    this.#checkOpen("write to");
    if (this.#ended) throw new TypeError("Cannot write to the decoder: its input has ended");
    if (this.done) return;
    const waiting = this.#chunk.subarray(this.#pos);
    this.#chunk = waiting.length === 0
      ? chunk
      : concatBytes([new Uint8Array(waiting), new Uint8Array(chunk)]);
    this.#pos = 0;
  }

  /** Copies input that waits, so that the caller may change its buffer. */
  detachInput(): void {
    this.#chunk = this.#pos === this.#chunk.length ? NO_BYTES : this.#chunk.slice(this.#pos);
    this.#pos = 0;
  }

  /** Forgets input that waits: the next write continues at `bytesIn` plus `heldSize`. */
  dropInput(): void {
    this.#chunk = NO_BYTES;
    this.#pos = 0;
  }

  /** Forgets the part that is held as well: the next write continues at `bytesIn`. */
  rewind(): void {
    this.dropInput();
    this.#heldLength = 0;
    this.#missing = 0;
  }

  /** Takes back that the input has ended: more comes after all. */
  reopen(): void {
    this.#ended = false;
    if (this.#failure instanceof SluiceError && ENDING_CODES.has(this.#failure.code)) {
      this.#failure = undefined;
    }
    if (this.#endedIn === undefined) return;
    this.#phase = this.#endedIn.phase;
    this.#framesRead = this.#endedIn.framesRead;
    this.#endedIn = undefined;
  }

  end(): void {
    this.#checkOpen("end");
    this.#ended = true;
  }

  #checkOpen(action: string): void {
    if (this.#closed) throw new TypeError(`Cannot ${action} the decoder: it is closed`);
  }

  read(target: Uint8Array<ArrayBuffer>, start: number): number {
    this.#checkOpen("read from");
    let at = start;
    while (true) {
      const order = this.#prepare(target, at, start);
      if (order === undefined) return this.#answer(at - start);
      const { source, pos, end, room, goal } = order;
      at += this.#account(this.#kernel.run(source, pos, end, target, at, room, goal), order);
    }
  }

  async readAsync(target: Uint8Array<ArrayBuffer>, start: number): Promise<number> {
    this.#checkOpen("read from");
    let at = start;
    while (true) {
      const order = this.#prepare(target, at, start);
      if (order === undefined) return this.#answer(at - start);
      const { source, pos, end, room, goal } = order;
      at += this.#account(await this.#kernel.runAsync(source, pos, end, target, at, room, goal), order);
    }
  }

  close(): void {
    if (!this.#closed && this.#ownsKernel) this.#kernel.close();
    this.#closed = true;
    if (this.#phase !== PHASE.DONE) this.dropInput();
  }

  /** Does everything but kernel work. Returns the next run, or undefined when the read is over. */
  #prepare(target: Uint8Array, at: number, start: number): Order | undefined {
    try {
      while (this.#failure === undefined) {
        if (this.#phase === PHASE.DONE) return undefined;
        if (this.#boundaryDue()) {
          if (at > start) return undefined;
          this.#lastBoundary = this.#bytesOut;
          this.#mode.onBoundary!(this);
        }
        if (this.#phase === PHASE.BLOCK || this.#phase === PHASE.LEGACY_BLOCK) {
          const order = this.#nextRun(target, at);
          if (order !== undefined) return order === "full" ? undefined : order;
        } else if (this.#pos < this.#chunk.length) {
          if (this.#phase === PHASE.HEADER) this.#readHeader();
          else if (this.#phase === PHASE.SKIPPABLE) this.#readSkippable();
          else this.#readContentChecksum();
          continue;
        }
        if (this.#pos < this.#chunk.length) continue;
        if (this.#ended) this.#checkEnd();
        else return undefined;
      }
    } catch (error) {
      this.#failure = error as Error;
    }
    return undefined;
  }

  #boundaryDue(): boolean {
    const { onBoundary, boundaryEvery } = this.#mode;
    return onBoundary !== undefined && this.#bytesOut - this.#lastBoundary >= boundaryEvery! &&
      this.#frameOut > 0 && this.#storedLeft === 0 &&
      this.#kernel.pending === 0;
  }

  /** The next run over blocks; "full" when the target has no room, undefined when input is missing. */
  #nextRun(target: Uint8Array, at: number): Order | "full" | undefined {
    const rest = this.#chunk.length - this.#pos;
    if (!this.#outputPending) {
      if (this.#heldLength > 0 && this.#missing > 0) {
        this.#hold(Math.min(this.#missing, rest));
        if (this.#missing > 0) return undefined;
      }
      if (this.#heldLength === 0 && rest === 0) return undefined;
    }
    if (at === target.length && target.length > 0) {
      this.#outputPending = true;
      return "full";
    }
    const excess = this.#settings.maxOutputSize - this.#bytesOut + 1;
    const room = Math.min(target.length, at + excess);
    let goal = 0;
    if (this.#mode.wholeBlocks === true) {
      // The end mark needs no room, and a block that breaks the output limit may be cut.
      if (target.length - at < this.blockMax) {
        this.#outputPending = true;
        return "full";
      }
      goal = target.length - at - this.blockMax + 1;
    }
    if (goal === 0 && this.#kernel.backend === "wasm") goal = WASM_RUN_SIZE;
    if (this.#mode.onBoundary !== undefined) {
      const left = Math.max(1, this.#mode.boundaryEvery! - (this.#bytesOut - this.#lastBoundary));
      goal = goal === 0 ? Math.min(left, 0xffffffff) : Math.min(goal, left);
    }
    if (this.#outputPending && this.#kernel.pending > 0) {
      return { source: NO_BYTES, pos: 0, end: 0, room, goal, held: false };
    }
    if (this.#heldLength > 0) {
      return { source: this.#held, pos: 0, end: this.#heldLength, room, goal, held: true };
    }
    const window = this.#kernel.backend === "native"
      ? rest
      : Math.max(WASM_SOURCE_WINDOW, Math.min(room - at, this.blockMax)) + this.#wider;
    const end = Math.min(this.#chunk.length, this.#pos + window);
    return { source: this.#chunk, pos: this.#pos, end, room, goal, held: false };
  }

  /** Moves bytes of the chunk to the held part. */
  #hold(count: number): void {
    const wanted = this.#heldLength + count + Math.max(0, this.#missing - count);
    if (wanted > this.#held.length) {
      const grown = new Uint8Array(wanted);
      grown.set(this.#held.subarray(0, this.#heldLength));
      this.#held = grown;
    }
    this.#held.set(this.#chunk.subarray(this.#pos, this.#pos + count), this.#heldLength);
    this.#heldLength += count;
    this.#missing -= count;
    this.#pos += count;
  }

  /** Keeps the start of a block that lacks `missing` bytes. */
  #holdRest(missing: number): void {
    const rest = this.#chunk.length - this.#pos;
    this.#missing = rest + missing;
    this.#hold(rest);
  }

  /** Books what a run did and returns the bytes it wrote; a failure is kept for `#answer`. */
  #account(result: number, order: Order): number {
    const { consumed, produced, missing, blockCount } = this.#kernel;
    this.#storedLeft = missing > 0 ? this.#kernel.storedLeft : 0;
    if (order.held) {
      this.#heldLength -= consumed;
      if (this.#heldLength > 0 && consumed > 0) {
        this.#held.copyWithin(0, consumed, consumed + this.#heldLength);
      }
    } else {
      this.#pos += order.source === this.#chunk ? consumed : 0;
    }
    this.#bytesIn += consumed;
    this.#bytesOut += produced;
    this.#frameOut += produced;
    this.#blockCount += blockCount;
    this.#outputPending = result === RESULT.OUTPUT_PENDING;
    const kept = this.#checkSizes(produced);
    if (this.#failure !== undefined) return kept;
    if (result < 0) {
      this.#failure = this.#kernelFault(result);
      return produced;
    }
    this.#wider = 0;
    if (result === RESULT.FRAME_END) {
      this.#returnHeld();
      this.#endBlocks();
    } else if (missing > 0 && this.#storedLeft === 0) {
      this.#missing = missing;
      if (!order.held && order.end < this.#chunk.length) this.#wider = missing + WORD_SIZE;
      else if (!order.held) this.#holdRest(missing);
    }
    return produced;
  }

  /** Cuts output at what was declared and what is allowed. */
  #checkSizes(produced: number): number {
    const { contentSize } = this.#info!;
    const overLimit = this.#bytesOut - this.#settings.maxOutputSize;
    const overDeclared = contentSize === undefined ? 0 : this.#frameOut - contentSize;
    const excess = Math.max(overLimit, overDeclared, 0);
    if (excess === 0) return produced;
    this.#bytesOut -= excess;
    this.#frameOut -= excess;
    if (overLimit >= overDeclared) {
      const limit = this.#settings.maxOutputSize;
      this.#failure = limitFault(
        "OUTPUT_LIMIT",
        this.#bytesIn,
        `the content has more than ${limit} bytes`,
        limit,
        undefined,
      );
    } else {
      this.#failure = fault(
        "CONTENT_SIZE",
        this.#bytesIn,
        `the content is larger than the declared ${contentSize} bytes`,
      );
    }
    return produced - excess;
  }

  #kernelFault(result: number): Error {
    const place = `block ${this.#blockCount} of the frame at byte ${this.#frameStart}`;
    if (result === RESULT.BLOCK_TOO_LARGE) {
      return fault(
        "BLOCK_TOO_LARGE",
        this.#bytesIn,
        `${place} says that it is larger than ${this.blockMax} bytes`,
      );
    }
    if (result === RESULT.BLOCK_CHECKSUM) {
      return fault("BLOCK_CHECKSUM", this.#bytesIn, `${place} does not match its checksum`);
    }
    if (result === RESULT.BLOCK_CORRUPT) return fault("BLOCK_CORRUPT", this.#bytesIn, `${place} is corrupt`);
    return this.#kernel.error(result, "decompress lz4 data", this.#bytesIn);
  }

  /** Gives back what was held as the start of a block and is that of the next frame: what follows a legacy frame. */
  #returnHeld(): void {
    if (this.#heldLength === 0) return;
    this.#chunk = concatBytes([this.#held.slice(0, this.#heldLength), this.#chunk.slice(this.#pos)]);
    this.#pos = 0;
    this.#heldLength = 0;
    this.#missing = 0;
  }

  /** All blocks of the frame are decoded. */
  #endBlocks(): void {
    this.#mode.onBlocksEnd?.(this);
    const { contentSize, contentChecksum } = this.#info!;
    if (contentSize !== undefined && this.#frameOut !== contentSize) {
      this.#failure = fault(
        "CONTENT_SIZE",
        this.#bytesIn,
        `the content has ${this.#frameOut} bytes, the frame declares ${contentSize}`,
      );
    } else if (contentChecksum) {
      this.#phase = PHASE.CONTENT_CHECKSUM;
    } else {
      this.#endFrame();
    }
  }

  #endFrame(): void {
    this.#framesRead++;
    const { firstFrameOnly, refuseTrailing } = this.#settings;
    this.#complete = firstFrameOnly && this.#info!.type !== "skippable";
    this.#phase = this.#complete && !refuseTrailing ? PHASE.DONE : PHASE.HEADER;
  }

  #readContentChecksum(): void {
    this.#missing = WORD_SIZE - this.#heldLength;
    this.#hold(Math.min(this.#missing, this.#chunk.length - this.#pos));
    if (this.#heldLength < WORD_SIZE) return;
    this.#heldLength = 0;
    if (this.#settings.verifyChecksum && readU32(this.#held, 0) !== this.#kernel.digest()) {
      throw fault("CONTENT_CHECKSUM", this.#bytesIn, "the content does not match its checksum");
    }
    this.#bytesIn += WORD_SIZE;
    this.#endFrame();
  }

  /** Collects the bytes of a header until it is complete, then starts what follows. */
  #readHeader(): void {
    const offset = this.#bytesIn;
    if (this.#complete) throw fault("TRAILING_DATA", offset, "bytes follow the first frame");
    this.#missing = 1;
    this.#hold(1);
    if (this.#framesRead > 0 && this.#heldLength === WORD_SIZE && !isMagic(readU32(this.#held, 0))) {
      if (!this.#settings.ignoreTrailing) {
        throw fault("TRAILING_DATA", offset, "bytes follow the last frame that start no frame");
      }
      this.#phase = PHASE.DONE;
      return;
    }
    const info = parseFrameHeader(this.#held, this.#heldLength, {
      offset,
      ignoreChecksum: !this.#settings.verifyChecksum,
      kafka: this.#settings.kafkaHeaderChecksum,
    });
    this.#missing = typeof info === "number" ? info : 0;
    if (typeof info === "number") return;
    if (this.#framesRead >= this.#settings.maxFrames) {
      const limit = this.#settings.maxFrames;
      throw limitFault("FRAME_LIMIT", offset, `more than ${limit} frames follow`, limit, undefined, "frames");
    }
    this.#info = info;
    this.#frameStart = offset;
    this.#frameOut = 0;
    this.#blockCount = 0;
    if (info.type === "skippable") this.#startSkippable(info);
    else this.#startFrame(info, offset);
    this.#heldLength = 0;
    this.#bytesIn += info.headerSize;
    if (info.type === "skippable") return;
    this.#lastBoundary = this.#bytesOut;
    this.#mode.onFrame?.(this);
  }

  #startFrame(info: Lz4FrameInfo, offset: number): void {
    const { maxBlockSize, maxOutputSize } = this.#settings;
    if (info.blockMax > maxBlockSize) {
      throw limitFault(
        "BLOCK_LIMIT",
        offset,
        `the frame has blocks of ${info.blockMax} bytes`,
        maxBlockSize,
        info.blockMax,
      );
    }
    if (info.contentSize !== undefined && this.#bytesOut + info.contentSize > maxOutputSize) {
      const actual = this.#bytesOut + info.contentSize;
      throw limitFault("OUTPUT_LIMIT", offset, `the content has ${actual} bytes`, maxOutputSize, actual);
    }
    const dictionary = this.#findDictionary(info, offset);
    this.#print = dictionary === undefined ? undefined : printOf(dictionary, info.dictId);
    this.#historyBase = this.#print?.size ?? 0;
    this.#begin(info, dictionary ?? NO_BYTES);
    this.#phase = info.type === "legacy" ? PHASE.LEGACY_BLOCK : PHASE.BLOCK;
  }

  #findDictionary(info: Lz4FrameInfo, offset: number): Uint8Array | undefined {
    if (info.type !== "frame") return undefined;
    const dictionary = this.#settings.dictionary?.(info.dictId);
    if (dictionary !== undefined || info.dictId === undefined || this.#settings.ignoreDictionary) {
      return dictionary;
    }
    throw new DictionaryMismatchError(
      `Cannot decompress lz4 data at byte ${offset}: the frame needs the dictionary ${info.dictId}`,
      { format: "lz4", code: "DICT_REQUIRED", offset, errno: 16, expectedId: info.dictId },
    );
  }

  #begin(info: Lz4FrameInfo, history: Uint8Array): void {
    const verify = this.#settings.verifyChecksum;
    const flags = (info.linked ? LZ4_DECODE_FLAG.LINKED : 0) |
      (info.blockChecksum ? LZ4_DECODE_FLAG.BLOCK_CHECKSUM : 0) |
      (verify ? LZ4_DECODE_FLAG.VERIFY_BLOCK : 0) |
      (verify && info.contentChecksum ? LZ4_DECODE_FLAG.HASH_CONTENT : 0) |
      (info.type === "legacy" ? LZ4_DECODE_FLAG.LEGACY : 0) |
      (this.#settings.strictBlocks ? LZ4_DECODE_FLAG.STRICT : 0) |
      (info.type === "frame" && !info.blockChecksum ? LZ4_DECODE_FLAG.STREAM_STORED : 0);
    const result = this.#kernel.begin(flags, info.blockMax, history);
    if (result < 0) throw this.#kernel.error(result, "decompress lz4 data", this.#bytesIn);
  }

  #startSkippable(info: Lz4FrameInfo): void {
    this.#skipLeft = info.contentSize!;
    const wanted = this.#settings.onSkippable !== undefined && this.#skipLeft <= SKIPPABLE_PAYLOAD_MAX;
    this.#skippable = wanted ? new Uint8Array(this.#skipLeft) : undefined;
    this.#phase = PHASE.SKIPPABLE;
    if (this.#skipLeft === 0) this.#endSkippable();
  }

  #readSkippable(): void {
    const count = Math.min(this.#skipLeft, this.#chunk.length - this.#pos);
    this.#skippable?.set(
      this.#chunk.subarray(this.#pos, this.#pos + count),
      this.#skippable.length - this.#skipLeft,
    );
    this.#skipLeft -= count;
    this.#pos += count;
    this.#bytesIn += count;
    if (this.#skipLeft === 0) this.#endSkippable();
  }

  #endSkippable(): void {
    if (this.#skippable !== undefined) {
      this.#settings.onSkippable!(this.#info!.skippableVariant!, this.#skippable);
    }
    this.#skippable = undefined;
    this.#endFrame();
  }

  /** All input is used up and no more comes. */
  #checkEnd(): void {
    const offset = this.#bytesIn + this.#heldLength;
    this.#endedIn ??= { phase: this.#phase, framesRead: this.#framesRead };
    if (this.#phase === PHASE.LEGACY_BLOCK && this.#heldLength === 0) {
      this.#mode.onBlocksEnd?.(this);
      this.#endFrame();
      return;
    }
    if (this.#phase === PHASE.HEADER && this.#heldLength === 0) {
      if (this.#framesRead === 0 && !this.#settings.allowEmpty) {
        throw fault("NO_DATA", offset, "there is no data, expected a frame");
      }
      this.#phase = PHASE.DONE;
      return;
    }
    if (this.#phase === PHASE.HEADER && this.#heldLength < WORD_SIZE && this.#framesRead > 0) {
      if (!this.#settings.ignoreTrailing) {
        throw fault("TRUNCATED_MAGIC", offset, "the data ends inside a magic number");
      }
      this.#phase = PHASE.DONE;
      return;
    }
    throw fault(
      "TRUNCATED",
      offset,
      `the data ends inside a frame, ${this.hint} more bytes are needed to go on`,
    );
  }

  /** Ends a read: output first; a failure is thrown by the read that has nothing else to give. */
  #answer(length: number): number {
    if (length > 0 || this.#failure === undefined) return length;
    throw this.#failure;
  }

  /**
   * Everything that decoding goes on from, at the last boundary.
   *
   * @throws {SluiceError} With code "NOT_READY" while part of a block waits for a target.
   */
  saveState(embed: boolean): DecoderState {
    if (this.#kernel.pending > 0) {
      throw new SluiceError("Cannot make a checkpoint: part of a block waits to be read", {
        format: "lz4",
        code: "NOT_READY",
        offset: this.#bytesIn,
      });
    }
    const info = this.#info;
    const open = this.#phase === PHASE.BLOCK || this.#phase === PHASE.LEGACY_BLOCK ||
      this.#phase === PHASE.CONTENT_CHECKSUM;
    const hashed = open && info!.contentChecksum && this.#settings.verifyChecksum;
    const linked = open && this.#phase === PHASE.BLOCK && info!.linked;
    return {
      phase: this.#storedLeft > 0 ? PHASE.STORED : this.#phase,
      info: open ? info : undefined,
      in: this.#bytesIn,
      out: this.#bytesOut,
      frameIn: open ? this.#bytesIn - this.#frameStart : 0,
      frameOut: open ? this.#frameOut : 0,
      blockCount: open ? this.#blockCount : 0,
      remaining: this.#phase === PHASE.SKIPPABLE ? this.#skipLeft : this.#storedLeft,
      verify: this.#settings.verifyChecksum,
      hash: hashed ? this.#kernel.hashState : undefined,
      window: linked
        ? this.#kernel.window(Math.min(HISTORY_MAX, this.#frameOut + this.#historyBase))
        : NO_BYTES as Uint8Array<ArrayBuffer>,
      dictionary: open ? this.#print : undefined,
      carry: embed ? this.#held.slice(0, this.#heldLength) : new Uint8Array(),
    };
  }

  /** Goes on from a state that has passed the checks of its format. */
  loadState(state: DecoderState): void {
    this.#phase = state.phase === PHASE.STORED ? PHASE.BLOCK : state.phase;
    this.#info = state.info;
    this.#bytesIn = state.in;
    this.#bytesOut = state.out;
    this.#lastBoundary = state.out;
    this.#frameStart = state.in - state.frameIn;
    this.#frameOut = state.frameOut;
    this.#blockCount = state.blockCount;
    this.#skipLeft = state.phase === PHASE.SKIPPABLE ? state.remaining : 0;
    this.#storedLeft = state.phase === PHASE.STORED ? state.remaining : 0;
    this.#framesRead = state.in > 0 && state.info === undefined ? 1 : 0;
    this.#print = state.dictionary;
    this.#historyBase = state.dictionary?.size ?? 0;
    const { info } = state;
    if (this.#phase === PHASE.SKIPPABLE) this.#info = { ...EMPTY_SKIPPABLE, contentSize: state.remaining };
    if (info !== undefined) {
      if (info.blockMax > this.#settings.maxBlockSize) {
        const limit = this.#settings.maxBlockSize;
        throw limitFault(
          "BLOCK_LIMIT",
          state.in,
          `the frame has blocks of ${info.blockMax} bytes`,
          limit,
          info.blockMax,
        );
      }
      this.#begin(info, info.linked ? state.window : this.#sameDictionary(state));
      if (state.hash !== undefined) this.#kernel.hashState = state.hash;
      if (this.#storedLeft > 0) this.#kernel.resumeStored(this.#storedLeft);
    }
    if (state.carry.length > 0) this.#holdCarry(state.carry);
  }

  #holdCarry(carry: Uint8Array): void {
    this.write(carry);
    // The codec holds the part again by reading it; nothing can come out of an incomplete unit.
    if (this.#phase === PHASE.BLOCK || this.#phase === PHASE.LEGACY_BLOCK) {
      const order = { source: carry, pos: 0, end: carry.length, room: 0, goal: 0, held: false };
      this.#account(this.#kernel.run(carry, 0, carry.length, NO_BYTES, 0, 0, 0), order);
    } else {
      this.read(new Uint8Array(), 0);
    }
    if (this.#heldLength !== carry.length) {
      throw fault("STATE_INVALID", this.#bytesIn, "the carry is a complete unit", "load an lz4 state");
    }
  }

  #sameDictionary(state: DecoderState): Uint8Array {
    const print = state.dictionary;
    if (print === undefined) return NO_BYTES;
    const dictionary = this.#settings.dictionary?.(state.info!.dictId);
    if (dictionary !== undefined) {
      const found = printOf(dictionary, print.id);
      if (found.size === print.size && found.hashes.every((hash, i) => hash === print.hashes[i])) {
        return dictionary;
      }
    }
    throw new DictionaryMismatchError(
      `Cannot load an lz4 state: it was made with ${dictionary === undefined ? "a" : "another"} dictionary`,
      { format: "lz4", code: "DICT_MISMATCH", offset: state.in, errno: 16, expectedId: print.id },
    );
  }
}

const EMPTY_SKIPPABLE: Lz4FrameInfo = {
  type: "skippable",
  headerSize: 8,
  blockMax: 0,
  linked: false,
  blockChecksum: false,
  contentChecksum: false,
  contentSize: 0,
  dictId: undefined,
  skippableVariant: 0,
};

/** One call of the kernel. */
interface Order {
  readonly source: Uint8Array;
  readonly pos: number;
  readonly end: number;
  /** Where the target ends. */
  readonly room: number;
  readonly goal: number;
  /** Whether the source is the held part. */
  readonly held: boolean;
}
