/**
 * Decompression as a pull codec: lets the walk over frames do its steps and the kernel the blocks between them.
 * Every shape of the decompression API stands on it, so that all of them fail in the same way.
 */
import { Lz4DecoderKernel, RESULT } from "../kernel/decoder.ts";
import { SluiceError } from "@sluice/internal";
import type { PullCodec } from "@sluice/internal";
import type { DecompressSettings } from "./_decompress_options.ts";
import { PHASE } from "./_decoder_state.ts";
import type { DecoderState } from "./_decoder_state.ts";
import { FrameWalk } from "./_frame_walk.ts";
import { HeldInput } from "./_held_input.ts";
import { orderFor } from "./_kernel_order.ts";
import type { Order } from "./_kernel_order.ts";
import { loadState, saveState } from "./_saved_state.ts";
import type { Lz4Position } from "./position.ts";
import { fault } from "../frame/_fault.ts";
import { WORD_SIZE } from "../frame/_format.ts";
import type { Lz4FrameHeader } from "../frame/frame_header.ts";

const NO_BYTES = new Uint8Array();
/** Output of one WASM run: what is copied out is still in the cache. */
const WASM_RUN_SIZE = 256 << 10;
/** Input that is gathered for each thread before a run. */
const GATHERED_SIZE = 4 << 20;
const GATHERED_SIZE_MAX = 64 << 20;
/** Faults that only say that the input has ended. */
const ENDING_CODES: ReadonlySet<string> = new Set(["TRUNCATED", "TRUNCATED_MAGIC", "NO_DATA"]);

/** How a codec is used beyond plain decoding. */
export interface DecoderMode {
  /**
   * Output stops where the target might not hold the next block, so that nothing ever waits inside; and each piece of
   * input is decoded at once.
   */
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

/** One decompression from its first input byte to its last output byte. */
export class DecoderCodec implements PullCodec {
  readonly #settings: DecompressSettings;
  readonly #mode: DecoderMode;
  readonly #kernel: Lz4DecoderKernel;
  readonly #ownsKernel: boolean;
  readonly #input: HeldInput;
  readonly #walk: FrameWalk;
  readonly offLoop: boolean;
  /** As in the mode; push engines change it from call to call. */
  wholeBlocks: boolean;
  /** How much input waits for company, so that every thread has blocks; 0 where none does. */
  readonly #gathered: number;

  #ended = false;
  #outputPending = false;
  #closed = false;
  /** Thrown by the next read, after the output that came before it. */
  #failure: Error | undefined;

  /** Source bytes of the next WASM run beyond the usual. */
  #wider = 0;
  #lastBoundary = 0;

  /** Takes a context from the backend, or uses one that the caller keeps; the caller closes the codec. */
  constructor(settings: DecompressSettings, mode: DecoderMode = {}, kernel?: Lz4DecoderKernel) {
    this.#settings = settings;
    this.#mode = mode;
    this.#ownsKernel = kernel === undefined;
    this.#kernel = kernel ?? new Lz4DecoderKernel(settings);
    this.#input = new HeldInput();
    this.#walk = new FrameWalk(settings, this.#kernel, this.#input);
    const native = this.#kernel.backend === "native";
    const { threads } = settings;
    this.offLoop = native && (mode.offLoop === true || threads > 1);
    this.wholeBlocks = mode.wholeBlocks === true;
    this.#gathered = native && threads > 1 ? Math.min(threads * GATHERED_SIZE, GATHERED_SIZE_MAX) : 0;
  }

  /** Whether input waits for more of it. */
  get #gathers(): boolean {
    if (this.#gathered === 0 || this.wholeBlocks || this.#ended || this.#outputPending) return false;
    return this.#input.rest < this.#gathered;
  }

  get needsInput(): boolean {
    return this.#walk.phase !== PHASE.DONE && !this.#ended && !this.#outputPending &&
      this.#failure === undefined &&
      (this.#input.pos === this.#input.chunk.length || this.#gathers);
  }

  get done(): boolean {
    return this.#walk.phase === PHASE.DONE && this.#failure === undefined;
  }

  /** Input bytes up to the last boundary that was passed, from the start of the stream. */
  get bytesIn(): number {
    return this.#walk.bytesIn;
  }

  /** Output bytes given so far, from the start of the stream. */
  get bytesOut(): number {
    return this.#walk.bytesOut;
  }

  /** Input bytes that are held because their unit is not complete. */
  get heldSize(): number {
    return this.#input.length;
  }

  /** Frames that are complete. */
  get framesRead(): number {
    return this.#walk.framesRead;
  }

  /** Blocks of the frame at hand that are complete. */
  get blockCount(): number {
    return this.#walk.blockCount;
  }

  /** Where decoding stands. */
  get position(): Lz4Position {
    return {
      compressedOffset: this.bytesIn,
      decompressedOffset: this.bytesOut,
      held: this.heldSize,
      frame: this.framesRead,
      block: this.blockCount,
    };
  }

  /** Where the frame at hand starts. */
  get frameStart(): number {
    return this.#walk.frameStart;
  }

  /** The header of the frame at hand, or of the last one. */
  get info(): Lz4FrameHeader | undefined {
    return this.#walk.info;
  }

  /** Room that the next block may need. */
  get blockMax(): number {
    return this.#walk.info?.blockMax ?? 0;
  }

  /** Whether the codec stands between two blocks with nothing waiting. */
  get atBoundary(): boolean {
    return this.#input.length === 0 && this.#walk.storedLeft === 0 && this.#kernel.pending === 0;
  }

  /** How many bytes are best fed next; 0 at the end. */
  get hint(): number {
    return this.#walk.hint;
  }

  /** Whether the stream may end here. */
  get completeIfEnded(): boolean {
    return this.#walk.completeIfEnded;
  }

  /** The context, for what follows its history. */
  get kernel(): Lz4DecoderKernel {
    return this.#kernel;
  }

  /** The chunk at hand, which no target may overlap. */
  get input(): Uint8Array {
    return this.#input.chunk;
  }

  /** Bytes that the codec holds. */
  get memoryUsage(): number {
    return this.#kernel.memoryUsage + this.#input.part.length;
  }

  /** What followed the end in the chunk that reached it; later chunks are dropped. */
  get unused(): Uint8Array<ArrayBuffer> {
    if (this.#walk.phase !== PHASE.DONE) return new Uint8Array();
    return this.#input.unused;
  }

  write(chunk: Uint8Array): void {
    this.#checkOpen("write to");
    if (this.#ended) throw new TypeError("Cannot write to the decoder: its input has ended");
    if (this.done) return;
    if (this.#gathers) this.#input.gather(chunk, this.#gathered);
    else this.#input.write(chunk);
  }

  /** Copies input that waits, so that the caller may change its buffer. */
  detachInput(): void {
    this.#input.detach();
  }

  /** Forgets input that waits: the next write continues at `bytesIn` plus `heldSize`. */
  dropInput(): void {
    this.#input.drop();
  }

  /** Forgets the part that is held as well: the next write continues at `bytesIn`. */
  rewind(): void {
    this.#input.drop();
    this.#input.release();
  }

  /** Takes back that the input has ended: more comes after all. */
  reopen(): void {
    this.#ended = false;
    if (this.#failure instanceof SluiceError && ENDING_CODES.has(this.#failure.code)) {
      this.#failure = undefined;
    }
    this.#walk.reopen();
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
    if (this.#walk.phase !== PHASE.DONE) this.#input.drop();
  }

  /** Does everything but kernel work. Returns the next run, or undefined when the read is over. */
  #prepare(target: Uint8Array, at: number, start: number): Order | undefined {
    try {
      while (this.#failure === undefined) {
        if (this.#walk.phase === PHASE.DONE) return undefined;
        if (this.#gathers) {
          // From now on the caller may change the buffer of its chunk.
          this.#input.gather(NO_BYTES, this.#gathered);
          return undefined;
        }
        if (this.#boundaryDue()) {
          if (at > start) return undefined;
          this.#lastBoundary = this.#walk.bytesOut;
          this.#mode.onBoundary!(this);
        }
        if (this.#walk.inBlocks) {
          const order = this.#nextRun(target, at);
          if (order !== undefined) return order === "full" ? undefined : order;
        } else if (this.#input.pos < this.#input.chunk.length) {
          this.#readBetweenBlocks();
          continue;
        }
        if (this.#input.pos < this.#input.chunk.length) continue;
        if (!this.#ended) return undefined;
        if (this.#walk.phase === PHASE.LEGACY_BLOCK && this.#input.length === 0) {
          this.#mode.onBlocksEnd?.(this);
        }
        this.#walk.checkEnd();
      }
    } catch (error) {
      this.#failure = error as Error;
    }
    return undefined;
  }

  #readBetweenBlocks(): void {
    if (this.#walk.phase === PHASE.SKIPPABLE) {
      this.#walk.readSkippable();
    } else if (this.#walk.phase === PHASE.CONTENT_CHECKSUM) {
      this.#walk.readContentChecksum();
    } else if (this.#walk.readHeader()) {
      this.#lastBoundary = this.#walk.bytesOut;
      this.#mode.onFrame?.(this);
    }
  }

  #boundaryDue(): boolean {
    const { onBoundary, boundaryEvery } = this.#mode;
    return onBoundary !== undefined && this.#walk.bytesOut - this.#lastBoundary >= boundaryEvery! &&
      this.#walk.frameOut > 0 && this.#walk.storedLeft === 0 &&
      this.#kernel.pending === 0;
  }

  /** The next run over blocks; "full" when the target has no room, undefined when input is missing. */
  #nextRun(target: Uint8Array, at: number): Order | "full" | undefined {
    const rest = this.#input.rest;
    if (!this.#outputPending) {
      if (this.#input.length > 0 && this.#input.missing > 0) {
        this.#input.hold(Math.min(this.#input.missing, rest));
        if (this.#input.missing > 0) return undefined;
      }
      if (this.#input.length === 0 && rest === 0) return undefined;
    }
    if (at === target.length && target.length > 0) {
      this.#outputPending = true;
      return "full";
    }
    const excess = this.#settings.maxOutputSize - this.#walk.bytesOut + 1;
    const room = Math.min(target.length, at + excess);
    let goal = 0;
    if (this.wholeBlocks) {
      // The end mark needs no room, and a block that breaks the output limit may be cut.
      if (target.length - at < this.blockMax) {
        this.#outputPending = true;
        return "full";
      }
      goal = target.length - at - this.blockMax + 1;
    }
    if (goal === 0 && this.#kernel.backend === "wasm") goal = WASM_RUN_SIZE;
    if (this.#mode.onBoundary !== undefined) {
      const left = Math.max(1, this.#mode.boundaryEvery! - (this.#walk.bytesOut - this.#lastBoundary));
      goal = goal === 0 ? Math.min(left, 0xffffffff) : Math.min(goal, left);
    }
    const drain = this.#outputPending && this.#kernel.pending > 0;
    if (drain) return { source: NO_BYTES, pos: 0, end: 0, room, goal, held: false };
    return orderFor(this.#walk, at, room, goal, this.#wider);
  }

  /** Books what a run did and returns the bytes it wrote; a failure is kept for `#answer`. */
  #account(result: number, order: Order): number {
    const { consumed, produced, missing, blockCount } = this.#kernel;
    this.#walk.storedLeft = missing > 0 ? this.#kernel.storedLeft : 0;
    if (order.held) {
      this.#input.consumeHeld(consumed);
    } else {
      this.#input.pos += order.source === this.#input.chunk ? consumed : 0;
    }
    this.#walk.bytesIn += consumed;
    this.#walk.bytesOut += produced;
    this.#walk.frameOut += produced;
    this.#walk.blockCount += blockCount;
    this.#outputPending = result === RESULT.OUTPUT_PENDING;
    const { excess } = this.#walk;
    if (excess > 0) {
      this.#failure = this.#walk.cutExcess(excess);
      return produced - excess;
    }
    if (result < 0) {
      this.#failure = this.#walk.kernelFault(result);
      return produced;
    }
    this.#wider = 0;
    if (result === RESULT.FRAME_END) {
      this.#input.returnHeld();
      this.#mode.onBlocksEnd?.(this);
      this.#failure = this.#walk.endBlocks();
    } else if (missing > 0 && this.#walk.storedLeft === 0) {
      this.#input.missing = missing;
      if (!order.held && order.end < this.#input.chunk.length) this.#wider = missing + WORD_SIZE;
      else if (!order.held && !this.#gathers) this.#input.holdRest(missing);
    }
    return produced;
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
    return saveState(this.#walk, embed);
  }

  /** Goes on from a state that has passed the checks of its format. */
  loadState(state: DecoderState): void {
    loadState(this.#walk, state);
    this.#lastBoundary = state.decompressedOffset;
    if (state.carry.length > 0) this.#holdCarry(state.carry);
  }

  #holdCarry(carry: Uint8Array): void {
    this.write(carry);
    // The codec holds the part again by reading it; nothing can come out of an incomplete unit.
    if (this.#walk.inBlocks) {
      const order = { source: carry, pos: 0, end: carry.length, room: 0, goal: 0, held: false };
      this.#account(this.#kernel.run(carry, 0, carry.length, NO_BYTES, 0, 0, 0), order);
    } else {
      this.read(new Uint8Array(), 0);
    }
    if (this.#input.length !== carry.length) {
      throw fault("STATE_INVALID", this.#walk.bytesIn, "the carry is a complete unit", "load an lz4 state");
    }
  }
}
