/**
 * Compiled code on the machine, with the source beside it.
 */
import { SluiceError } from "@sluice/internal";
import type { ZpaqMachine, ZpaqMachineOptions } from "../zpaql/machine.ts";
import type { ZpaqlPyProgram, ZpaqlPySourceMapEntry } from "./compile.ts";

/** Runs one section of a program. */
export class CompiledRun {
  readonly machine: ZpaqMachine;
  readonly #entries: ReadonlyMap<number, ZpaqlPySourceMapEntry>;
  readonly #name: string;
  /** Executed instructions of each line. */
  readonly counts = new Map<number, number>();
  /** Called before each instruction that belongs to another line than the one before. */
  onLine: ((entry: ZpaqlPySourceMapEntry, machine: ZpaqMachine) => boolean | void) | undefined;
  #line = 0;

  /** `budget` is the number of instructions that one call may execute, `make` makes the machine. */
  constructor(
    program: ZpaqlPyProgram,
    part: "hcomp" | "pcomp",
    name: string,
    budget: number,
    make: (code: Uint8Array, options: ZpaqMachineOptions) => ZpaqMachine,
  ) {
    const { header, hcomp, pcomp, sourceMap } = program;
    this.#name = name;
    this.#entries = new Map(
      sourceMap.filter(({ section }) => section === part).map((entry) => [entry.pc, entry]),
    );
    const [h, m] = part === "hcomp" ? [header[2]!, header[3]!] : [header[4]!, header[5]!];
    const onStep = (machine: ZpaqMachine): boolean | void => {
      const entry = this.#entries.get(machine.pc);
      if (entry === undefined) return;
      this.counts.set(entry.line, (this.counts.get(entry.line) ?? 0) + 1);
      if (entry.line === this.#line) return;
      this.#line = entry.line;
      return this.onLine?.(entry, machine);
    };
    this.machine = make(part === "hcomp" ? hcomp : pcomp ?? new Uint8Array([56, 0]), {
      h,
      m,
      budget,
      onStep,
    });
  }

  /** The line that is executed. */
  get line(): number {
    return this.#line;
  }

  /**
   * Calls the program with one value.
   *
   * @throws {SluiceError} If it fails or runs too long: the message has the line.
   */
  call(value: number): void {
    try {
      this.machine.call(value);
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      const entry = this.#entries.get(error.offset ?? -1);
      const place = entry === undefined
        ? `instruction ${error.offset}`
        : `line ${entry.line}${entry.function === undefined ? "" : ` in ${entry.function}`}`;
      throw new SluiceError(`Cannot run ${this.#name} at ${place}: ${error.message}`, {
        format: "zpaqlpy",
        code: error.code,
        cause: error,
      });
    }
  }

  /** What came out since the last time. */
  takeOutput(): number[] {
    return this.machine.output.splice(0).map((byte) => byte & 255);
  }
}
