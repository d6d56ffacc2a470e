/**
 * Decoding step by step: finds blocks, reads what stands before and after segments, and hands their data to the
 * kernel. Every shape of the decompression API stands on it, so that all of them fail in the same way.
 */
import { RESULT, ZPAQ_DECODE_FLAG, ZpaqDecoderKernel } from "../kernel/decoder.ts";
import { ChecksumMismatchError, CorruptDataError, LimitExceededError, SluiceError } from "@sluice/internal";
import type { DecompressSettings } from "./_decompress_options.ts";
import { fault, limitFault } from "../zpaql/_fault.ts";
import { BLOCK_MAGIC, DIGEST_SIZE, HEADER_TYPE, LOCATOR_TAG, MARK, TEXT_SIZE_MAX } from "../zpaql/_format.ts";
import { parseHeader } from "../zpaql/_header_parser.ts";
import { HostedNetwork } from "./_hosted_network.ts";
import type { SegmentDecoder } from "./_hosted_network.ts";
import { HostedProgram, preparePrograms } from "./_hosted_program.ts";
import { InputBuffer } from "./_input_buffer.ts";
import { storedHeader } from "./_network_runner.ts";
import type { ZpaqHeader } from "../zpaql/header.ts";

/** What a step came to. */
export type StepKind = "input" | "output" | "block" | "segment" | "segment-end" | "block-end" | "end";

/** The block at hand. */
export interface BlockFacts {
  /** Where it starts, its tag included. */
  readonly offset: number;
  readonly level: number;
  readonly header: ZpaqHeader;
  /** The header as it stands in the block. */
  readonly headerBytes: Uint8Array<ArrayBuffer>;
}

/** The segment at hand. */
export interface SegmentFacts {
  readonly offset: number;
  readonly name: Uint8Array<ArrayBuffer>;
  readonly comment: Uint8Array<ArrayBuffer>;
}

type Phase = "seek" | "mark" | "names" | "data" | "trailer" | "done";

const TAG_AND_MAGIC = LOCATOR_TAG.length + BLOCK_MAGIC.length;
const decoder = new TextDecoder();

/** Bytes as text, for people. */
export function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** Where `pattern` starts in `bytes` between `from` and `end`; -1 where it does not. */
function indexOfBytes(bytes: Uint8Array, pattern: Uint8Array, from: number, end: number): number {
  const first = pattern[0]!;
  for (
    let at = bytes.indexOf(first, from);
    at >= 0 && at + pattern.length <= end;
    at = bytes.indexOf(first, at + 1)
  ) {
    let same = 1;
    while (same < pattern.length && bytes[at + same] === pattern[same]) same++;
    if (same === pattern.length) return at;
  }
  return -1;
}

const FULL_TAG = Uint8Array.of(...LOCATOR_TAG, ...BLOCK_MAGIC);

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
  readonly #skipData: boolean;
  readonly #mayBeEmpty: boolean;
  readonly #contiguous: () => boolean;
  #kernel: ZpaqDecoderKernel | undefined;
  readonly buffer = new InputBuffer();
  #ended = false;
  #phase: Phase = "seek";
  /** Whether the search starts here, where a block needs no tag. */
  #fresh = true;
  #blockStart = 0;
  #begun = false;
  #zeros = 0;
  #skipLeft = -1;
  #dataRead = 0;
  /** Bytes passed over so far that belong to no block. */
  #junk = 0;

  block: BlockFacts | undefined;
  segment: SegmentFacts | undefined;
  /** The stored SHA-1 of the last segment, where it has one. */
  checksum: Uint8Array<ArrayBuffer> | undefined;
  blockCount = 0;
  bytesOut = 0;
  produced = 0;

  constructor(settings: DecompressSettings, mode: DecoderMode = {}) {
    this.#settings = settings;
    this.#skipData = mode.skipData ?? false;
    this.#mayBeEmpty = mode.mayBeEmpty ?? false;
    this.#contiguous = mode.contiguous ?? (() => false);
  }

  /** Where the next input byte stands. */
  get offset(): number {
    return this.buffer.offset;
  }

  /** Bytes of coded data of the segment so far. */
  get dataSize(): number {
    return this.#dataRead;
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
    this.#fresh = true;
    this.#junk = 0;
    this.bytesOut = 0;
  }

  /** Goes on to the next thing that the caller may want to know; output goes to `target` from `start`. */
  step(target: Uint8Array, start: number): StepKind {
    while (true) {
      try {
        const done = this.#advance(target, start);
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
        if (this.#phase !== "data" || this.#skipData) {
          const done = this.#advance(target, start);
          if (done !== undefined) return done;
        } else {
          const { pos, end } = this.#window();
          this.#begin();
          const { bytes } = this.buffer;
          const more = !this.#ended || end < this.buffer.end;
          const hosted = this.#hosted;
          let done: StepKind | undefined;
          if (hosted === undefined) {
            const room = this.#room(target, start);
            const result = await this.#data.runAsync(bytes, pos, end, target, start, room, more);
            if (result === RESULT.PROGRAM_READY) await preparePrograms(this.#kernel!.program());
            done = this.#account(result, more);
          } else if (hosted.needsInput) {
            const { inputArea } = hosted;
            const size = inputArea.length;
            done = this.#feed(await this.#data.runAsync(bytes, pos, end, inputArea, 0, size, more), more);
          } else {
            done = this.#runHosted(target, start);
          }
          if (done !== undefined) return done;
        }
      } catch (error) {
        this.#recover(error);
      }
    }
  }

  /** Whether the kernel runs natively; false before it was needed. */
  get native(): boolean {
    return this.#kernel?.backend === "native";
  }

  close(): void {
    this.#kernel?.close();
    this.#kernel = undefined;
    this.#hosted?.close();
    this.#hosted = undefined;
    this.#network = undefined;
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
    if (this.#phase === "seek") {
      this.buffer.consume(1);
      this.#junk++;
    }
    this.#fresh = false;
    this.#phase = this.#ended && this.buffer.length === 0 ? "done" : "seek";
  }

  #advance(target: Uint8Array, start: number): StepKind | undefined {
    switch (this.#phase) {
      case "seek":
        return this.#seek();
      case "mark":
        return this.#readMark();
      case "names":
        return this.#readNames();
      case "data":
        return this.#skipData ? this.#skip() : this.#decode(target, start);
      case "trailer":
        return this.#readTrailer();
      case "done":
        return "end";
    }
  }

  /** Wants input, unless none can come: `more` is false where it could not when the work at hand began. */
  #needInput(more = !this.#ended): StepKind {
    if (!more) {
      throw fault("TRUNCATED", this.buffer.offset + this.buffer.length, "the data ends inside a block");
    }
    return "input";
  }

  #seek(): StepKind | undefined {
    const { buffer } = this;
    if (this.#fresh && this.#startsWith(BLOCK_MAGIC)) return this.#readHeader(0);
    if (this.#fresh && buffer.length < BLOCK_MAGIC.length && !this.#ended) return "input";
    const found = indexOfBytes(buffer.bytes, FULL_TAG, buffer.pos, buffer.end);
    if (found < 0) {
      const unused = this.#ended ? buffer.length : Math.max(0, buffer.length - TAG_AND_MAGIC + 1);
      if (unused > 0) this.#fresh = false;
      this.#junk += unused;
      buffer.consume(unused);
      if (!this.#ended) return "input";
      this.#phase = "done";
      this.#reportJunk();
      if (this.blockCount === 0 && this.#settings.onDamage === undefined && !this.#mayBeEmpty) {
        throw buffer.offset === 0
          ? fault("NO_DATA", 0, "there is no data, expected a block")
          : fault("BAD_MAGIC", 0, "there is no block in the data");
      }
      return "end";
    }
    if (found > buffer.pos) {
      this.#junk += found - buffer.pos;
      this.#fresh = false;
      buffer.consume(found - buffer.pos);
    }
    return this.#readHeader(LOCATOR_TAG.length);
  }

  /** Says what was passed over before the next block, or of the end. */
  #reportJunk(): void {
    if (this.#junk > 0) {
      this.#settings.onJunk?.({ offset: this.buffer.offset - this.#junk, size: this.#junk });
    }
    this.#junk = 0;
  }

  #startsWith(bytes: Uint8Array): boolean {
    const { buffer } = this;
    return buffer.length >= bytes.length && bytes.every((byte, i) => buffer.bytes[buffer.pos + i] === byte);
  }

  /** Reads from the magic on, which stands `tag` bytes after the start; uses nothing up before it is all there. */
  #readHeader(tag: number): StepKind | undefined {
    const { buffer } = this;
    const at = buffer.pos + tag + BLOCK_MAGIC.length;
    if (buffer.end < at + 4) return this.#needInput();
    const [level, type, low, high] = buffer.bytes.subarray(at, at + 4) as unknown as [
      number,
      number,
      number,
      number,
    ];
    const { offset } = buffer;
    if (level !== 1 && level !== 2) {
      throw fault("LEVEL", offset, `the block has level ${level}, expected 1 or 2`);
    }
    if (type !== HEADER_TYPE) throw fault("TYPE", offset, `the block has type ${type}, expected 1`);
    const end = at + 2 + low + 256 * high + 2;
    if (buffer.end < end) return this.#needInput();
    const headerBytes = buffer.bytes.slice(at + 2, end);
    const header = parseHeader(headerBytes, offset);
    if (level === 1 && header.components.length === 0) {
      throw fault("HEADER", offset, "a block of level 1 has no components");
    }
    const limit = this.#settings.maxMemory;
    if (header.memory > limit) {
      throw limitFault(
        "MEMORY_LIMIT",
        offset,
        `the model takes ${header.memory} bytes`,
        limit,
        header.memory,
      );
    }
    this.#reportJunk();
    this.block = { offset, level, header, headerBytes };
    this.#blockStart = offset;
    this.blockCount++;
    this.#begun = false;
    buffer.consume(end - buffer.pos);
    this.#phase = "mark";
    return "block";
  }

  #readMark(): StepKind | undefined {
    const { buffer } = this;
    if (buffer.length === 0) return this.#needInput();
    const mark = buffer.bytes[buffer.pos]!;
    if (mark === MARK.BLOCK_END) {
      buffer.consume(1);
      this.#phase = "seek";
      this.#fresh = true;
      return "block-end";
    }
    if (mark !== MARK.SEGMENT) {
      throw fault(
        "MARK",
        buffer.offset,
        `a segment or the end of the block was expected, byte ${mark} found`,
      );
    }
    this.#phase = "names";
    return undefined;
  }

  #readNames(): StepKind | undefined {
    const { buffer } = this;
    const { bytes, end } = buffer;
    const nameStart = buffer.pos + 1;
    const nameEnd = bytes.indexOf(0, nameStart);
    const commentEnd = nameEnd < 0 ? -1 : bytes.indexOf(0, nameEnd + 1);
    if (nameEnd < 0 || nameEnd >= end || commentEnd < 0 || commentEnd + 1 >= end) {
      if (buffer.length > 2 * TEXT_SIZE_MAX) {
        throw limitFault(
          "NAME_LIMIT",
          buffer.offset,
          "the name or comment of a segment has no end",
          TEXT_SIZE_MAX,
        );
      }
      return this.#needInput();
    }
    if (bytes[commentEnd + 1] !== 0) throw fault("RESERVED", buffer.offset, "a byte that must be 0 is not");
    this.segment = {
      offset: buffer.offset,
      name: bytes.slice(nameStart, nameEnd),
      comment: bytes.slice(nameEnd + 1, commentEnd),
    };
    buffer.consume(commentEnd + 2 - buffer.pos);
    this.#phase = "data";
    this.#dataRead = 0;
    this.#zeros = 0;
    this.#skipLeft = -1;
    this.#segmentBegun = false;
    return "segment";
  }

  #segmentBegun = false;
  /** The block's post-processor where it does not run in the kernel. */
  #hosted: HostedProgram | undefined;

  /** The block's model where it does not run in the kernel. */
  #network: HostedNetwork | undefined;

  /** What gives the segment's data. */
  get #data(): SegmentDecoder {
    return this.#network ?? this.#kernel!;
  }

  /** Starts the block and the segment in the kernel when their first data comes. */
  #begin(): void {
    const settings = this.#settings;
    if (!this.#begun) {
      // The estimate of the header leaves out what rounding and buffers take.
      const maxMemory = settings.maxMemory * 1.25 + (4 << 20);
      this.#kernel ??= new ZpaqDecoderKernel({
        maxMemory: maxMemory === Infinity ? 0 : maxMemory,
        backend: settings.backend,
      });
      const flags = (settings.verifyChecksum ? ZPAQ_DECODE_FLAG.HASH : 0) |
        (settings.plain ? ZPAQ_DECODE_FLAG.PLAIN : 0) |
        (this.#contiguous() ? ZPAQ_DECODE_FLAG.CONTIGUOUS : 0) |
        (settings.compilePrograms === "never" ? 0 : ZPAQ_DECODE_FLAG.OFFER);
      this.#hosted?.close();
      this.#hosted = undefined;
      const block = this.block!;
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
      if (result < 0) throw this.#kernel.error(result, "read a ZPAQ block", this.#blockStart);
      this.#begun = true;
    }
    if (!this.#segmentBegun) {
      this.#kernel!.segment();
      this.#network?.startSegment();
      this.#hosted?.startSegment();
      this.#segmentBegun = true;
    }
  }

  #window(): { pos: number; end: number } {
    const { pos, end } = this.buffer;
    return { pos, end: Math.min(end, pos + (this.#kernel?.sourceWindow ?? end)) };
  }

  /** Where the target ends: one byte more than allowed may come, to tell that it did. */
  #room(target: Uint8Array, start: number): number {
    return Math.min(target.length, start + this.#settings.maxOutputSize - this.bytesOut + 1);
  }

  #decode(target: Uint8Array, start: number): StepKind | undefined {
    this.#begin();
    const { pos, end } = this.#window();
    const more = !this.#ended || end < this.buffer.end;
    const { bytes } = this.buffer;
    if (this.#hosted?.needsInput) {
      const { inputArea } = this.#hosted;
      return this.#feed(this.#data.run(bytes, pos, end, inputArea, 0, inputArea.length, more), more);
    }
    if (this.#hosted !== undefined) return this.#runHosted(target, start);
    const room = this.#room(target, start);
    return this.#account(this.#data.run(bytes, pos, end, target, start, room, more), more);
  }

  /** The size of the segment's content, where its comment says it. */
  #contentSize(): number | undefined {
    const size = /^\d+/.exec(textOf(this.segment!.comment))?.[0];
    return size === undefined ? undefined : Number(size);
  }

  /** Decides who runs a post-processor that native code does not know. */
  #settle(): void {
    const kernel = this.#kernel!;
    const { ph, pm } = this.block!.header;
    this.#hosted = HostedProgram.create(
      kernel.program(),
      { ph, pm },
      this.#contentSize(),
      this.#settings,
    );
    const result = kernel.settle(this.#hosted !== undefined);
    if (result < 0) throw kernel.error(result, "decompress ZPAQ data", this.buffer.offset);
  }

  /** Takes note of a run that gave input to the hosted program. */
  #feed(result: number, more: boolean): StepKind | undefined {
    const { consumed, produced } = this.#data;
    this.#use(consumed);
    if (result < 0) throw this.#dataError(result);
    this.#hosted!.fill(produced, result === RESULT.FRAME_END);
    const idle = result === RESULT.OK && produced === 0;
    return idle && (this.buffer.length === 0 || consumed === 0) ? this.#needInput(more) : undefined;
  }

  #runHosted(target: Uint8Array, start: number): StepKind | undefined {
    const hosted = this.#hosted!;
    const outcome = hosted.run(
      target as Uint8Array<ArrayBuffer>,
      start,
      this.#room(target, start),
      this.buffer.offset,
    );
    this.#count(hosted.produced);
    if (outcome === "bad-opcode" || outcome === "budget") {
      throw this.#programError(outcome, hosted.failure, false);
    }
    if (this.#settings.verifyChecksum) this.#kernel!.hash(target, start, start + hosted.produced);
    if (outcome === "done") this.#phase = "trailer";
    return outcome === "output" || hosted.produced > 0 ? "output" : undefined;
  }

  /** Counts output against its limit. */
  #count(size: number): void {
    this.produced = size;
    this.bytesOut += size;
    if (this.bytesOut > this.#settings.maxOutputSize) {
      const limit = this.#settings.maxOutputSize;
      throw limitFault("OUTPUT_LIMIT", this.buffer.offset, "the content is larger", limit);
    }
  }

  #account(result: number, more: boolean): StepKind | undefined {
    const { consumed, produced } = this.#data;
    this.#use(consumed);
    this.#count(produced);
    if (result < 0) throw this.#dataError(result);
    if (result === RESULT.PROGRAM_READY) {
      this.#settle();
      return undefined;
    }
    if (result === RESULT.FRAME_END) this.#phase = "trailer";
    if (this.produced > 0) return "output";
    if (result === RESULT.OK && (this.buffer.length === 0 || consumed === 0)) return this.#needInput(more);
    return result === RESULT.OUTPUT_PENDING ? "output" : undefined;
  }

  #dataError(result: number): Error {
    const offset = this.buffer.offset;
    const { failure } = this.#data;
    switch (result) {
      case RESULT.PROGRAM_FAILED:
        return this.#programError("bad-opcode", failure, failure.hcomp);
      case RESULT.BUDGET_EXCEEDED:
        return this.#programError("budget", failure, failure.hcomp);
      case RESULT.POST_TYPE_UNKNOWN:
        return fault("POST_TYPE", offset, "the post-processor has an unknown type");
      case RESULT.POST_EMPTY:
        return fault("POST_EMPTY", offset, "the post-processor has no program");
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
    const { offset } = this.buffer;
    const program = hcomp ? "HCOMP" : "PCOMP";
    if (outcome === "bad-opcode") {
      return fault("BAD_OPCODE", offset, `${program} failed at ${pc} with opcode ${opcode}`);
    }
    const limit = hcomp ? this.#settings.hcompBudget : this.#settings.pcompBudget;
    const state = `${program} does not halt`;
    return limitFault("BUDGET_EXCEEDED", offset, state, limit, undefined, "bytes of program");
  }

  /** Passes over a segment's data: by its sizes where it is stored, else up to four zeros. */
  #skip(): StepKind | undefined {
    const { buffer } = this;
    if (this.block!.header.components.length === 0) return this.#skipStored();
    while (buffer.length > 0) {
      const byte = buffer.bytes[buffer.pos]!;
      if (this.#zeros >= 4 && byte !== 0) {
        this.#phase = "trailer";
        return undefined;
      }
      if (byte === 0) {
        this.#zeros++;
        this.#use(1);
      } else {
        this.#zeros = 0;
        const next = buffer.bytes.indexOf(0, buffer.pos);
        this.#use((next < 0 || next > buffer.end ? buffer.end : next) - buffer.pos);
      }
    }
    return this.#needInput();
  }

  #skipStored(): StepKind | undefined {
    const { buffer } = this;
    while (true) {
      if (this.#skipLeft < 0) {
        if (buffer.length < 4) return this.#needInput();
        this.#skipLeft = new DataView(buffer.bytes.buffer, buffer.bytes.byteOffset + buffer.pos, 4).getUint32(
          0,
        );
        this.#use(4);
        if (this.#skipLeft === 0) {
          this.#phase = "trailer";
          return undefined;
        }
      }
      const count = Math.min(this.#skipLeft, buffer.length);
      this.#use(count);
      this.#skipLeft -= count;
      if (this.#skipLeft > 0) return this.#needInput();
      this.#skipLeft = -1;
    }
  }

  #use(count: number): void {
    this.buffer.consume(count);
    this.#dataRead += count;
  }

  #readTrailer(): StepKind | undefined {
    const { buffer } = this;
    if (buffer.length === 0) return this.#needInput();
    const mark = buffer.bytes[buffer.pos]!;
    const { offset } = buffer;
    if (mark === MARK.NO_CHECKSUM) {
      this.checksum = undefined;
      buffer.consume(1);
    } else if (mark === MARK.CHECKSUM) {
      if (buffer.length < 1 + DIGEST_SIZE) return this.#needInput();
      this.checksum = buffer.bytes.slice(buffer.pos + 1, buffer.pos + 1 + DIGEST_SIZE);
      buffer.consume(1 + DIGEST_SIZE);
    } else {
      throw new CorruptDataError(
        `Cannot read ZPAQ data at byte ${offset}: the end of a segment was expected, byte ${mark} found`,
        { format: "zpaq", code: "MARK", offset },
      );
    }
    this.#phase = "mark";
    if (this.checksum !== undefined && this.#settings.verifyChecksum && !this.#skipData) {
      const digest = this.#kernel!.digest();
      if (!digest.every((byte, i) => byte === this.checksum![i])) {
        throw new ChecksumMismatchError(
          `Cannot read ZPAQ data at byte ${offset}: the content does not match its SHA-1`,
          { format: "zpaq", code: "CHECKSUM", offset },
        );
      }
    }
    return "segment-end";
  }

  /** The SHA-1 of the last segment's content, when checksums are verified. */
  digest(): Uint8Array<ArrayBuffer> {
    return this.#kernel!.digest();
  }
}
