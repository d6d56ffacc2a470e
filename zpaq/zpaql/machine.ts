/**
 * A ZPAQL machine to look into: single steps, breakpoints, budgets, traces.
 *
 * @module
 */
import { checkKeys, checkNumber, CorruptDataError, LimitExceededError, toBytes } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { instructionSize, OP, OPCODE_WORDS } from "./_opcodes.ts";

/** What a machine is made with. */
export interface ZpaqMachineOptions {
  /** log2 of the size of H. @default {0} */
  readonly h?: number | undefined;
  /** log2 of the size of M. @default {0} */
  readonly m?: number | undefined;
  /** Instructions that one call of `run` may execute. @default {2 ** 24} */
  readonly budget?: number | undefined;
  /** Called before each instruction. Return false to stop before it. */
  readonly onStep?: ((machine: ZpaqMachine) => boolean | void) | undefined;
}

/** Why `run` returned. */
export type ZpaqStop = "halt" | "stopped" | "breakpoint";

const BITS_MAX = 26;
const BUDGET_DEFAULT = 2 ** 24;

const MACHINE_OPTIONS: ReadonlySet<string> = new Set(["h", "m", "budget", "onStep"]);

/**
 * One machine with its memories, which survive from call to call as the format has it. It is an interpreter made for
 * looking: archives are decoded by other code.
 *
 * @example The contexts that a program computes
 * ```ts
 * import { assembleZpaq, ZpaqMachine } from "@sluice/zpaq";
 * import { assertEquals } from "@std/assert";
 *
 * const { hcomp } = assembleZpaq("comp 1 0 0 0 0 hcomp *d=a halt end");
 * const machine = new ZpaqMachine(hcomp, { h: 1 });
 * machine.call(65);
 * assertEquals(machine.h[0], 65);
 * ```
 */
export class ZpaqMachine {
  /** The program, its final zero included. */
  readonly program: Uint8Array;
  /** The array of numbers. */
  readonly h: Uint32Array<ArrayBuffer>;
  /** The array of bytes. */
  readonly m: Uint8Array<ArrayBuffer>;
  /** The 256 numbers R. */
  readonly r: Uint32Array<ArrayBuffer> = new Uint32Array(256);
  /** Register A. */
  a = 0;
  /** Register B. */
  b = 0;
  /** Register C. */
  c = 0;
  /** Register D. */
  d = 0;
  /** The flag. */
  f = false;
  /** Where the next instruction stands. */
  pc = 0;
  /** Instructions executed since the machine was made. */
  steps = 0;
  /** What OUT has given and nobody has taken yet. */
  readonly output: number[] = [];
  /** Where `run` stops. */
  readonly breakpoints: Set<number> = new Set();
  readonly #budget: number;
  readonly #onStep: ZpaqMachineOptions["onStep"];

  /**
   * Makes a machine with zeroed memories.
   *
   * @throws {RangeError} If a memory would be larger than 2^26 elements.
   */
  constructor(program: BytesSource, options: ZpaqMachineOptions = {}) {
    checkKeys(options, MACHINE_OPTIONS);
    const { h = 0, m = 0 } = options;
    if (!(h >= 0 && m >= 0 && h <= BITS_MAX && m <= BITS_MAX)) {
      throw new RangeError(`Cannot make a machine: h is ${h} and m is ${m}, expected at most ${BITS_MAX}`);
    }
    this.program = toBytes(program).slice();
    this.h = new Uint32Array(2 ** h);
    this.m = new Uint8Array(2 ** m);
    this.#budget = options.budget ?? BUDGET_DEFAULT;
    this.#onStep = options.onStep;
  }

  /** Starts a call: `input` goes to A, the next instruction is the first. Use 2 ** 32 - 1 for the end of a segment. */
  start(input: number): void {
    this.a = checkNumber("input", input) >>> 0;
    this.pc = 0;
  }

  /** Starts a call and runs it to its end. */
  call(input: number): void {
    this.start(input);
    while (this.run() !== "halt");
  }

  /**
   * Runs to HALT, to a breakpoint before an instruction other than the first, or until `onStep` says false.
   *
   * @throws {SluiceError} With code "BAD_OPCODE" if the program fails.
   * @throws {LimitExceededError} With code "BUDGET_EXCEEDED" if it runs longer than its budget.
   */
  run(): ZpaqStop {
    for (let left = this.#budget;; left--) {
      if (left === 0) {
        throw new LimitExceededError(
          `Cannot run the program: it does not halt, expected at most ${this.#budget} instructions`,
          {
            format: "zpaq",
            code: "BUDGET_EXCEEDED",
            offset: this.pc,
            limit: this.#budget,
            unit: "instructions",
          },
        );
      }
      if (left < this.#budget && this.breakpoints.has(this.pc)) return "breakpoint";
      if (this.#onStep?.(this) === false) return "stopped";
      if (!this.step()) return "halt";
    }
  }

  /**
   * Executes one instruction; false when it was HALT.
   *
   * @throws {SluiceError} With code "BAD_OPCODE" if it is an error or jumps out of the program.
   */
  step(): boolean {
    const at = this.pc;
    const opcode = this.program[at] ?? 0;
    if (OPCODE_WORDS[opcode] === undefined || opcode === OP.ERROR) throw this.#failure(at, opcode);
    const operand = this.program[at + 1] ?? 0;
    this.steps++;
    this.pc = at + instructionSize(opcode);
    if (opcode === OP.HALT) return false;
    if (opcode === OP.LJ) this.#jump(operand + 256 * (this.program[at + 2] ?? 0), at, opcode);
    else if (opcode >= 128) this.#operate(opcode - 128 >> 3, this.#source(opcode & 7, operand));
    else if (opcode >= 64) this.#store(opcode - 64 >> 3, this.#source(opcode & 7, operand));
    else this.#low(opcode, operand, at);
    return true;
  }

  #failure(at: number, opcode: number): CorruptDataError {
    return new CorruptDataError(`Cannot run the program: opcode ${opcode} at ${at} is an error`, {
      format: "zpaq",
      code: "BAD_OPCODE",
      offset: at,
    });
  }

  #jump(target: number, at: number, opcode: number): void {
    if (target < 0 || target >= this.program.length) throw this.#failure(at, opcode);
    this.pc = target;
  }

  /** Opcodes below 64: swaps, steps, numbers, jumps and the rest. */
  #low(opcode: number, operand: number, at: number): void {
    switch (opcode) {
      case OP.JT:
      case OP.JF:
      case OP.JMP:
        if (opcode === OP.JMP || this.f === (opcode === OP.JT)) {
          this.#jump(this.pc + (operand << 24 >> 24), at, opcode);
        }
        return;
      case 55:
        this.r[operand] = this.a;
        return;
      case 57:
        this.output.push(this.a & 255);
        return;
      case 59:
        this.a = Math.imul(this.a + this.#source(4, 0) + 512, 773) >>> 0;
        return;
      case 60: {
        const at = this.d & this.h.length - 1;
        this.h[at] = Math.imul(this.h[at]! + this.a + 512, 773);
        return;
      }
    }
    const place = opcode >> 3;
    const before = this.#source(place, 0);
    switch (opcode & 7) {
      case 0: {
        const { a } = this;
        this.a = place === 4 || place === 5 ? ((a & 0xffffff00) | before) >>> 0 : before;
        this.#store(place, a);
        return;
      }
      case 1:
        return this.#store(place, before + 1);
      case 2:
        return this.#store(place, before - 1);
      case 3:
        return this.#store(place, ~before);
      case 4:
        return this.#store(place, 0);
      default:
        return this.#store(place, this.r[operand]!);
    }
  }

  #source(code: number, operand: number): number {
    switch (code) {
      case 0:
        return this.a;
      case 1:
        return this.b;
      case 2:
        return this.c;
      case 3:
        return this.d;
      case 4:
        return this.m[this.b & this.m.length - 1]!;
      case 5:
        return this.m[this.c & this.m.length - 1]!;
      case 6:
        return this.h[this.d & this.h.length - 1]!;
      default:
        return operand;
    }
  }

  #store(place: number, value: number): void {
    const number = value >>> 0;
    if (place === 0) this.a = number;
    else if (place === 1) this.b = number;
    else if (place === 2) this.c = number;
    else if (place === 3) this.d = number;
    else if (place === 4) this.m[this.b & this.m.length - 1] = number;
    else if (place === 5) this.m[this.c & this.m.length - 1] = number;
    else this.h[this.d & this.h.length - 1] = number;
  }

  #operate(operation: number, value: number): void {
    const { a } = this;
    switch (operation) {
      case 0:
        return this.#store(0, a + value);
      case 1:
        return this.#store(0, a - value);
      case 2:
        return this.#store(0, Math.imul(a, value));
      case 3:
        return this.#store(0, value === 0 ? 0 : Math.floor(a / value));
      case 4:
        return this.#store(0, value === 0 ? 0 : a % value);
      case 5:
        return this.#store(0, a & value);
      case 6:
        return this.#store(0, a & ~value);
      case 7:
        return this.#store(0, a | value);
      case 8:
        return this.#store(0, a ^ value);
      case 9:
        return this.#store(0, a << (value & 31));
      case 10:
        return this.#store(0, a >>> (value & 31));
      case 11:
        this.f = a === value;
        return;
      case 12:
        this.f = a < value;
        return;
      default:
        this.f = a > value;
    }
  }
}
