/**
 * The model of a block, run outside of the kernel: what it decodes goes to the kernel as data of a block without a model,
 * so that post-processing and all that follows are the kernel's as ever.
 */
import { RESULT } from "../kernel/decoder.ts";
import type { ZpaqDecoderKernel } from "../kernel/decoder.ts";
import { compilesNetwork } from "./_compilation.ts";
import type { DecompressSettings } from "./_decompress_options.ts";
import { OUTPUT_SIZE } from "../zpaql/_network_layout.ts";
import { NETWORK_FAULTS, NetworkRunner } from "./_network_runner.ts";
import { STATUS } from "../wasm/_wasm_coder.ts";
import type { ZpaqHeader } from "../zpaql/header.ts";

const HEAD_SIZE = 4;
/** Bytes of the size before a piece of stored data. */
const SIZE_BYTES = 4;

/** What gives a segment's data: the kernel, or a network in front of it. */
export type SegmentDecoder = Pick<
  ZpaqDecoderKernel,
  "run" | "runAsync" | "consumed" | "produced" | "failure"
>;

/** One network with where it stands in a segment. */
export class HostedNetwork implements SegmentDecoder {
  readonly #kernel: ZpaqDecoderKernel;
  readonly #runner: NetworkRunner;
  readonly #head = new Uint8Array(HEAD_SIZE);
  #headSize = 0;
  /** The first byte of the block, which says what post-processes it, once it was there. */
  #postType: number | undefined;
  /** A piece of stored data, and after the last piece the size of none. */
  readonly #stage = new Uint8Array(SIZE_BYTES + OUTPUT_SIZE + SIZE_BYTES);
  #pos = 0;
  #end = 0;
  /** Whether the stage holds all that is left of the segment, and what went wrong after what it holds. */
  #ended = false;
  #fault: number | undefined;
  consumed = 0;
  produced = 0;

  private constructor(kernel: ZpaqDecoderKernel, runner: NetworkRunner) {
    this.#kernel = kernel;
    this.#runner = runner;
  }

  /** Takes a model over; undefined where the kernel has to do it. */
  static create(
    kernel: ZpaqDecoderKernel,
    block: { readonly header: ZpaqHeader; readonly headerBytes: Uint8Array },
    size: number | undefined,
    maxMemory: number,
    settings: DecompressSettings,
    last: HostedNetwork | undefined,
  ): HostedNetwork | undefined {
    const { header } = block;
    if (!compilesNetwork(settings.compilePrograms, header, size, kernel.backend)) return undefined;
    const runner = NetworkRunner.create(
      header,
      block.headerBytes,
      "decode",
      { budget: settings.hcompBudget, maxMemory },
      last === undefined ? undefined : last.#runner,
    );
    return runner === undefined ? undefined : new HostedNetwork(kernel, runner);
  }

  startSegment(): void {
    this.#headSize = 0;
    this.#pos = 0;
    this.#end = 0;
    this.#ended = false;
    this.#fault = undefined;
  }

  get failure(): SegmentDecoder["failure"] {
    return this.#fault === undefined ? this.#kernel.failure : this.#runner.failure;
  }

  run(...[bytes, pos, end, target, start, room, more]: Parameters<SegmentDecoder["run"]>): number {
    this.consumed = 0;
    this.produced = 0;
    while (true) {
      const answer = this.#fill(bytes, pos, end, room - start, more) ??
        this.#account(this.#kernel.run(this.#stage, this.#pos, this.#end, target, start, room, true));
      if (answer !== undefined) return answer;
    }
  }

  async runAsync(
    ...[bytes, pos, end, target, start, room, more]: Parameters<SegmentDecoder["run"]>
  ): Promise<number> {
    this.consumed = 0;
    this.produced = 0;
    while (true) {
      const answer = this.#fill(bytes, pos, end, room - start, more) ?? this.#account(
        await this.#kernel.runAsync(this.#stage, this.#pos, this.#end, target, start, room, true),
      );
      if (answer !== undefined) return answer;
    }
  }

  /** How far to decode: no further than the kernel would, so that errors come at the same bytes. */
  #pieceSize(room: number): number {
    if (this.#postType === undefined) return 1;
    const { pace } = this.#runner;
    return this.#postType === 0 ? Math.min(room, pace) : pace;
  }

  /** Decodes a piece where there is none left; a result where that does not go. */
  #fill(bytes: Uint8Array, pos: number, end: number, room: number, more: boolean): number | undefined {
    if (this.#pos < this.#end || this.#ended) return undefined;
    if (this.#fault !== undefined) return this.#fault;
    if (this.#headSize < HEAD_SIZE) {
      const from = pos + this.consumed;
      const head = bytes.subarray(from, Math.min(end, from + HEAD_SIZE - this.#headSize));
      this.#head.set(head, this.#headSize);
      this.#headSize += head.length;
      this.consumed += head.length;
      if (this.#headSize < HEAD_SIZE) return more ? RESULT.OK : RESULT.TRUNCATED;
      this.#runner.start(this.#head);
    }
    const size = this.#pieceSize(room);
    if (size === 0) return RESULT.OUTPUT_PENDING;
    const status = this.#runner.run(bytes, pos + this.consumed, end, size, more);
    const { produced } = this.#runner;
    this.#postType ??= produced[0];
    this.consumed += this.#runner.consumed;
    this.#pos = 0;
    this.#end = 0;
    if (produced.length > 0) {
      new DataView(this.#stage.buffer).setUint32(0, produced.length);
      this.#stage.set(produced, SIZE_BYTES);
      this.#end = SIZE_BYTES + produced.length;
    }
    if (status === STATUS.END) {
      this.#ended = true;
      this.#stage.fill(0, this.#end, this.#end + SIZE_BYTES);
      this.#end += SIZE_BYTES;
    }
    this.#fault = NETWORK_FAULTS[status];
    return this.#pos < this.#end ? undefined : this.#fault ?? RESULT.OK;
  }

  /** Takes note of what the kernel did; undefined where it wants more. */
  #account(result: number): number | undefined {
    this.#pos += this.#kernel.consumed;
    this.produced = this.#kernel.produced;
    if (result < 0) this.#fault = undefined;
    return result === RESULT.OK && this.produced === 0 ? undefined : result;
  }
}
