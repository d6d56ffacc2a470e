/**
 * The post-processor of a block, run outside of the kernel: input comes from the kernel, output goes to the reader.
 */
import { DECODER_SIZES } from "./_decoder_sizes.gen.ts";
import type { DecompressSettings } from "./_decompress_options.ts";
import { ProgramRunner } from "./_program_runner.ts";
import type { Runner, RunOutcome } from "./_program_runner.ts";
import type { ZstdRunner } from "./_zstd_runner.ts";

/** Smaller content is interpreted before a module is compiled. */
const CONTENT_SIZE_MIN = 64 << 10;

/** What stands in for programs that packed archives carry; loaded when the first of them comes. */
let packed: typeof ZstdRunner | undefined;

/** Loads what may stand in for a program. */
export async function preparePrograms(program: Uint8Array): Promise<void> {
  if (packed === undefined && program.length === DECODER_SIZES.zstd) {
    packed = (await import("./_zstd_runner.ts")).ZstdRunner;
  }
}

/** One program with where it stands in a segment. */
export class HostedProgram {
  readonly #runner: Runner;
  #hungry = true;
  #inputEnded = false;
  #ending = false;

  private constructor(runner: Runner) {
    this.#runner = runner;
  }

  /** Takes a program over; undefined where it is better interpreted. `size` is that of the content, where known. */
  static create(
    program: Uint8Array,
    sizes: { readonly ph: number; readonly pm: number },
    size: number | undefined,
    settings: DecompressSettings,
  ): HostedProgram | undefined {
    const { compilePrograms, pcompBudget, maxMemory } = settings;
    if (compilePrograms === "auto" && size !== undefined && size < CONTENT_SIZE_MIN) return undefined;
    const runner = (settings.plain ? undefined : packed?.create(program, settings)) ??
      ProgramRunner.create(program, sizes.ph, sizes.pm, pcompBudget, maxMemory);
    return runner === undefined ? undefined : new HostedProgram(runner);
  }

  close(): void {
    this.#runner.close();
  }

  startSegment(): void {
    this.#hungry = true;
    this.#inputEnded = false;
    this.#ending = false;
    this.#runner.restart();
  }

  /** Whether the next thing to do is to give it input. */
  get needsInput(): boolean {
    return this.#hungry && !this.#inputEnded;
  }

  /** Where its input goes. */
  get inputArea(): Uint8Array<ArrayBuffer> {
    return this.#runner.inputArea;
  }

  /** Says how much input there is now, and whether it is the segment's last. */
  fill(size: number, last: boolean): void {
    this.#runner.fill(size);
    this.#hungry = size === 0;
    this.#inputEnded = last;
  }

  /** Bytes that the last run gave. */
  get produced(): number {
    return this.#runner.produced;
  }

  get failure(): { readonly pc: number; readonly opcode: number } {
    return this.#runner.failure;
  }

  /** Runs as far as input and target go; "done" at the end of the segment. */
  run(target: Uint8Array<ArrayBuffer>, start: number, end: number, offset: number): RunOutcome | "done" {
    if (this.#hungry && !this.#ending) {
      this.#ending = true;
      this.#runner.end();
    }
    const outcome = this.#runner.run(target, start, end, offset);
    if (outcome !== "input") return outcome;
    this.#hungry = true;
    return this.#ending ? "done" : "input";
  }
}
