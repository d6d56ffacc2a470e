/**
 * The decoder of Zstandard in packed archives, done by zstd itself instead of by running the program.
 */
import { RESULT } from "@sluice/ffi";
import { ZstdDecoderKernel } from "@sluice/ffi/zstd-decoder";
import { decodeBase64 } from "@sluice/internal";
import { DECODERS } from "./_decoders.gen.ts";
import type { DecompressSettings } from "./_decompress_options.ts";
import { fault } from "./_fault.ts";
import type { Runner, RunOutcome } from "./_program_runner.ts";

const INPUT_SIZE = 1 << 17;
/** zstd's number of the limit, and what the program's own window takes. */
const WINDOW_LOG_MAX = [100, 23] as const;
const PROGRAM = decodeBase64(DECODERS.zstd.pcomp);

/** Frames at work on the segments of a block. */
export class ZstdRunner implements Runner {
  readonly #kernel: ZstdDecoderKernel;
  readonly inputArea: Uint8Array<ArrayBuffer> = new Uint8Array(INPUT_SIZE);
  #pos = 0;
  #end = 0;
  #frameOpen = false;
  #ending = false;
  produced = 0;

  private constructor(settings: DecompressSettings) {
    const { maxMemory, backend } = settings;
    this.#kernel = new ZstdDecoderKernel({
      maxMemory: maxMemory === Infinity ? 0 : maxMemory,
      parameters: Int32Array.from(WINDOW_LOG_MAX),
      backend,
    });
  }

  /** A runner where the program is zstd's; undefined for any other. */
  static create(program: Uint8Array, settings: DecompressSettings): ZstdRunner | undefined {
    const known = program.length === PROGRAM.length && program.every((byte, i) => byte === PROGRAM[i]);
    return known ? new ZstdRunner(settings) : undefined;
  }

  fill(size: number): void {
    this.#pos = 0;
    this.#end = size;
  }

  end(): void {
    this.#ending = true;
  }

  restart(): void {
    this.#ending = false;
  }

  run(target: Uint8Array, start: number, end: number, offset: number): RunOutcome {
    let at = start;
    let pending = false;
    while (at < end && (this.#pos < this.#end || pending)) {
      const result = this.#kernel.step(this.inputArea, this.#pos, this.#end, target, at, end);
      if (result < 0) throw this.#kernel.error(result, "decompress packed data", { offset });
      this.#pos += this.#kernel.consumed;
      at += this.#kernel.produced;
      this.#frameOpen = result !== RESULT.FRAME_END;
      pending = result === RESULT.OUTPUT_PENDING;
    }
    this.produced = at - start;
    if (at === end) return "output";
    if (this.#ending && this.#frameOpen) {
      {
        throw fault("TRUNCATED", offset, "the packed data of a segment ends early");
      }
    }
    return "input";
  }

  get failure(): { readonly pc: number; readonly opcode: number } {
    return { pc: 0, opcode: 0 };
  }

  close(): void {
    this.#kernel.close();
  }
}
