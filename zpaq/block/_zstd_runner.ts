/**
 * The decoder of Zstandard in packed archives, done by zstd itself instead of by running the program.
 */
import { decodeBase64, SluiceError } from "@sluice/internal";
import { ZstdDecoder } from "@sluice/zstd/decode";
import type { ZstdDecompressOptions } from "@sluice/zstd/decode";
import { fault } from "../zpaql/_fault.ts";
import type { DecompressSettings } from "./_decompress_options.ts";
import type { Runner, RunOutcome } from "./_program_runner.ts";
import { ZSTD_DECODER } from "./_zstd_decoder.gen.ts";

const INPUT_SIZE = 1 << 17;
/** What the program's own window takes. */
const WINDOW_LOG_MAX = 23;
const PROGRAM = decodeBase64(ZSTD_DECODER.pcomp);

/** Frames at work on the segments of a block. */
export class ZstdRunner implements Runner {
  readonly #options: ZstdDecompressOptions;
  #decoder: ZstdDecoder;
  readonly inputArea: Uint8Array<ArrayBuffer> = new Uint8Array(INPUT_SIZE);
  #waiting = 0;
  #started = false;
  #ending = false;
  produced = 0;

  private constructor({ maxMemory, backend }: DecompressSettings) {
    this.#options = { maxMemory, backend, maxWindowLog: WINDOW_LOG_MAX };
    this.#decoder = new ZstdDecoder(this.#options);
  }

  /** A runner where the program is zstd's; undefined for any other. */
  static create(program: Uint8Array, settings: DecompressSettings): ZstdRunner | undefined {
    const known = program.length === PROGRAM.length && program.every((byte, i) => byte === PROGRAM[i]);
    return known ? new ZstdRunner(settings) : undefined;
  }

  fill(size: number): void {
    this.#waiting = size;
    this.#started ||= size > 0;
  }

  end(): void {
    this.#ending = true;
  }

  restart(): void {
    this.#ending = false;
    this.#started = false;
    this.#decoder.close();
    this.#decoder = new ZstdDecoder(this.#options);
  }

  run(target: Uint8Array<ArrayBuffer>, start: number, end: number, offset: number): RunOutcome {
    let at = start;
    try {
      if (this.#waiting > 0) this.#decoder.write(this.inputArea.subarray(0, this.#waiting));
      this.#waiting = 0;
      while (at < end && !this.#decoder.needsInput) at += this.#decoder.readInto(target.subarray(at, end));
      this.produced = at - start;
      if (at === end) return "output";
      if (this.#ending && this.#started) this.#decoder.finish();
      return "input";
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      throw fault(error.code, offset, "the packed data of a segment is not valid Zstandard data");
    }
  }

  get failure(): { readonly pc: number; readonly opcode: number } {
    return { pc: 0, opcode: 0 };
  }

  close(): void {
    this.#decoder.close();
  }
}
