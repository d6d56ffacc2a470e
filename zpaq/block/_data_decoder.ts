/**
 * Decoding the data of segments: by the kernel, with the model and the post-processor of a block outside of it where that
 * is faster.
 */
import { memoryLimit } from "@sluice/internal";
import { RESULT, ZPAQ_DECODE_FLAG, ZpaqDecoderKernel } from "../kernel/decoder.ts";
import { fault, limitFault } from "../zpaql/_fault.ts";
import { needInput, textOf } from "./_block_reader.ts";
import type { BlockFacts, SegmentFacts } from "./_block_reader.ts";
import type { DecompressSettings } from "./_decompress_options.ts";
import { HostedNetwork } from "./_hosted_network.ts";
import type { SegmentDecoder } from "./_hosted_network.ts";
import { HostedProgram, preparePrograms } from "./_hosted_program.ts";
import type { InputBuffer } from "./_input_buffer.ts";
import { storedHeader } from "./_network_runner.ts";

/** The most bytes in and out of a run that may hold the event loop up. */
const QUICK_MAX = 1 << 16;

/** What a run came to; undefined where there is nothing to tell. */
type RunResult = "input" | "output" | undefined;

/** The data of one segment after the other. */
export class DataDecoder {
  readonly #buffer: InputBuffer;
  readonly #settings: DecompressSettings;
  readonly #contiguous: () => boolean;
  #kernel: ZpaqDecoderKernel | undefined;
  #block: BlockFacts | undefined;
  #segment: SegmentFacts | undefined;
  /** Where the segment's data starts, with the post-processor in it. */
  #dataOffset = 0;
  #blockBegun = false;
  #segmentBegun = false;
  /** The block's post-processor where it does not run in the kernel. */
  #hosted: HostedProgram | undefined;
  /** The block's model where it does not run in the kernel. */
  #network: HostedNetwork | undefined;
  /** Whether the segment's data was there to its end. */
  finished = false;
  /** Bytes of output since the count was last set. */
  bytesOut = 0;
  /** Bytes of output of the last run. */
  produced = 0;

  /** `contiguous` says whether the target holds the whole content of the segment at hand. */
  constructor(buffer: InputBuffer, settings: DecompressSettings, contiguous: () => boolean) {
    this.#buffer = buffer;
    this.#settings = settings;
    this.#contiguous = contiguous;
  }

  startBlock(block: BlockFacts): void {
    this.#block = block;
    this.#blockBegun = false;
  }

  startSegment(segment: SegmentFacts): void {
    this.#segment = segment;
    this.#dataOffset = this.#buffer.offset;
    this.#segmentBegun = false;
    this.finished = false;
  }

  /** The SHA-1 of the last segment's content, when checksums are verified. */
  digest(): Uint8Array<ArrayBuffer> {
    return this.#kernel!.digest();
  }

  close(): void {
    this.#kernel?.close();
    this.#kernel = undefined;
    this.#hosted?.close();
    this.#hosted = undefined;
    this.#network = undefined;
  }

  /** Decodes some data; output goes to `target` from `start`. `ended` says that no more input comes. */
  run(target: Uint8Array, start: number, ended: boolean): RunResult {
    this.#begin();
    const { pos, end } = this.#window();
    const more = !ended || end < this.#buffer.end;
    const { bytes } = this.#buffer;
    if (this.#hosted?.needsInput) {
      const { inputArea } = this.#hosted;
      return this.#feed(this.#data.run(bytes, pos, end, inputArea, 0, inputArea.length, more), more);
    }
    if (this.#hosted !== undefined) return this.#runHosted(target, start);
    const room = this.#room(target, start);
    return this.#account(this.#data.run(bytes, pos, end, target, start, room, more), more);
  }

  /** As `run`, off the event loop where the backend can. */
  async runAsync(target: Uint8Array, start: number, ended: boolean): Promise<RunResult> {
    const { pos, end } = this.#window();
    this.#begin();
    const { bytes } = this.#buffer;
    const more = !ended || end < this.#buffer.end;
    const hosted = this.#hosted;
    if (hosted === undefined) {
      const room = this.#room(target, start);
      const result = this.#isQuick(room - start, end - pos)
        ? this.#data.run(bytes, pos, end, target, start, room, more)
        : await this.#data.runAsync(bytes, pos, end, target, start, room, more);
      if (result === RESULT.PROGRAM_READY) await preparePrograms(this.#kernel!.program());
      return this.#account(result, more);
    }
    if (!hosted.needsInput) return this.#runHosted(target, start);
    const { inputArea } = hosted;
    const size = inputArea.length;
    return this.#feed(await this.#data.runAsync(bytes, pos, end, inputArea, 0, size, more), more);
  }

  /** Whether decoding takes less time than leaving the event loop: small, without a model, and no unknown program is run. */
  #isQuick(room: number, input: number): boolean {
    return room <= QUICK_MAX && input <= QUICK_MAX && this.#block!.header.components.length === 0 &&
      this.#settings.compilePrograms !== "never";
  }

  /** What gives the segment's data. */
  get #data(): SegmentDecoder {
    return this.#network ?? this.#kernel!;
  }

  /** Starts the block and the segment in the kernel when their first data comes. */
  #begin(): void {
    if (!this.#blockBegun) this.#beginBlock(this.#block!);
    if (!this.#segmentBegun) {
      this.#kernel!.segment();
      this.#network?.startSegment();
      this.#hosted?.startSegment();
      this.#segmentBegun = true;
    }
  }

  #beginBlock(block: BlockFacts): void {
    const settings = this.#settings;
    // The estimate of the header leaves out what rounding and buffers take.
    const maxMemory = settings.maxMemory * 1.25 + (4 << 20);
    this.#kernel ??= new ZpaqDecoderKernel({
      maxMemory: memoryLimit(maxMemory),
      backend: settings.backend,
    });
    const flags = (settings.verifyChecksums ? ZPAQ_DECODE_FLAG.HASH : 0) |
      (settings.plain ? ZPAQ_DECODE_FLAG.PLAIN : 0) |
      (this.#contiguous() ? ZPAQ_DECODE_FLAG.CONTIGUOUS : 0) |
      (settings.compilePrograms === "never" ? 0 : ZPAQ_DECODE_FLAG.OFFER);
    this.#hosted?.close();
    this.#hosted = undefined;
    this.#network = HostedNetwork.create(
      this.#kernel,
      block,
      this.#contentSize(),
      maxMemory,
      settings,
      this.#network,
    );
    const header = this.#network === undefined ? block.headerBytes : storedHeader(block.header);
    const result = this.#kernel.begin(header, flags, settings.hcompBudget, settings.pcompBudget);
    if (result < 0) throw this.#kernel.error(result, "read a ZPAQ block", block.offset);
    this.#blockBegun = true;
  }

  #window(): { pos: number; end: number } {
    const { pos, end } = this.#buffer;
    return { pos, end: Math.min(end, pos + (this.#kernel?.sourceWindow ?? end)) };
  }

  /** Where the target ends: one byte more than allowed may come, to tell that it did. */
  #room(target: Uint8Array, start: number): number {
    return Math.min(target.length, start + this.#settings.maxOutputSize - this.bytesOut + 1);
  }

  /** The size of the segment's content, where its comment says it. */
  #contentSize(): number | undefined {
    const size = /^\d+/.exec(textOf(this.#segment!.comment))?.[0];
    return size === undefined ? undefined : Number(size);
  }

  /** Decides who runs a post-processor that native code does not know. */
  #settle(): void {
    const kernel = this.#kernel!;
    const { ph, pm } = this.#block!.header;
    this.#hosted = HostedProgram.create(
      kernel.program(),
      { ph, pm },
      this.#contentSize(),
      this.#settings,
    );
    const result = kernel.settle(this.#hosted !== undefined);
    if (result < 0) throw kernel.error(result, "decompress ZPAQ data", this.#buffer.offset);
  }

  /** Takes note of a run that gave input to the hosted program. */
  #feed(result: number, more: boolean): RunResult {
    const { consumed, produced } = this.#data;
    this.#buffer.consume(consumed);
    if (result < 0) throw this.#dataError(result);
    this.#hosted!.fill(produced, result === RESULT.FRAME_END);
    const idle = result === RESULT.OK && produced === 0;
    return idle && (this.#buffer.length === 0 || consumed === 0) ? needInput(this.#buffer, more) : undefined;
  }

  #runHosted(target: Uint8Array, start: number): RunResult {
    const hosted = this.#hosted!;
    const outcome = hosted.run(
      target as Uint8Array<ArrayBuffer>,
      start,
      this.#room(target, start),
      this.#buffer.offset,
    );
    this.#count(hosted.produced);
    if (outcome === "bad-opcode" || outcome === "budget") {
      throw this.#programError(outcome, hosted.failure, false);
    }
    if (this.#settings.verifyChecksums) this.#kernel!.hash(target, start, start + hosted.produced);
    if (outcome === "done") this.finished = true;
    return outcome === "output" || hosted.produced > 0 ? "output" : undefined;
  }

  /** Counts output against its limit. */
  #count(size: number): void {
    this.produced = size;
    this.bytesOut += size;
    if (this.bytesOut > this.#settings.maxOutputSize) {
      const limit = this.#settings.maxOutputSize;
      throw limitFault("OUTPUT_LIMIT", this.#buffer.offset, "the content is larger", limit);
    }
  }

  /** Takes note of a run whose output is content. */
  #account(result: number, more: boolean): RunResult {
    const { consumed, produced } = this.#data;
    this.#buffer.consume(consumed);
    this.#count(produced);
    if (result < 0) throw this.#dataError(result);
    if (result === RESULT.PROGRAM_READY) {
      this.#settle();
      return undefined;
    }
    if (result === RESULT.FRAME_END) this.finished = true;
    if (this.produced > 0) return "output";
    if (result === RESULT.OK && (this.#buffer.length === 0 || consumed === 0)) {
      return needInput(this.#buffer, more);
    }
    return result === RESULT.OUTPUT_PENDING ? "output" : undefined;
  }

  #dataError(result: number): Error {
    const { offset } = this.#buffer;
    const { failure } = this.#data;
    switch (result) {
      case RESULT.PROGRAM_FAILED:
        return this.#programError("bad-opcode", failure, failure.hcomp);
      case RESULT.BUDGET_EXCEEDED:
        return this.#programError("budget", failure, failure.hcomp);
      case RESULT.POST_TYPE_UNKNOWN:
        return fault("POST_TYPE", this.#dataOffset, "the post-processor has an unknown type");
      case RESULT.POST_EMPTY:
        return fault("POST_EMPTY", this.#dataOffset, "the post-processor has no program");
      case RESULT.TRUNCATED:
        return fault("TRUNCATED", offset, "the data ends inside a segment");
      default:
        return this.#kernel!.error(result, "decompress ZPAQ data", offset);
    }
  }

  /** The error of a program that failed or ran too long. */
  #programError(
    outcome: "bad-opcode" | "budget",
    { pc, opcode }: { readonly pc: number; readonly opcode: number },
    hcomp: boolean,
  ): Error {
    // How far the data has been decoded that a post-processor works on differs by who decodes it.
    const offset = hcomp ? this.#buffer.offset : this.#dataOffset;
    const program = hcomp ? "HCOMP" : "PCOMP";
    if (outcome === "bad-opcode") {
      return fault("BAD_OPCODE", offset, `${program} failed at ${pc} with opcode ${opcode}`);
    }
    const limit = hcomp ? this.#settings.hcompBudget : this.#settings.pcompBudget;
    const state = `${program} does not halt`;
    return limitFault("BUDGET_EXCEEDED", offset, state, limit, undefined, "bytes of program");
  }
}
