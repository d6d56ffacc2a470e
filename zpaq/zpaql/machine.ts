/**
 * A ZPAQL machine to look into: single steps, breakpoints, budgets, traces.
 *
 * @module
 */
import { checkKeys, checkNumber, CorruptDataError, LimitExceededError, toBytes } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { OPCODE_WORDS } from "./_opcode_words.ts";
import { instructionSize, OP } from "./_opcodes.ts";

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

const PADDING = 2;
/** Bytes of instructions by opcode; 0 where the opcode is an error. */
const SIZES = Uint8Array.from(
  OPCODE_WORDS,
  (word, opcode) => word === undefined || opcode === OP.ERROR ? 0 : instructionSize(opcode),
);

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
  /** The program, with zeros after it where the last instruction's operands may be. */
  readonly #code: Uint8Array<ArrayBuffer>;
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
    const bytes = toBytes(program);
    this.#code = new Uint8Array(bytes.length + PADDING);
    this.#code.set(bytes);
    this.program = this.#code.subarray(0, bytes.length);
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
    if (this.#onStep === undefined && this.breakpoints.size === 0) {
      if (this.#execute(this.#budget)) return "halt";
      throw this.#exceeded();
    }
    for (let left = this.#budget;; left--) {
      if (left === 0) throw this.#exceeded();
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
    return !this.#execute(1);
  }

  #exceeded(): LimitExceededError {
    return new LimitExceededError(
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

  #failure(at: number, opcode: number): CorruptDataError {
    return new CorruptDataError(`Cannot run the program: opcode ${opcode} at ${at} is an error`, {
      format: "zpaq",
      code: "BAD_OPCODE",
      offset: at,
    });
  }

  /** Executes so many instructions at most; true when the last of them was HALT. */
  #execute(most: number): boolean {
    // Long: registers are variables of one loop, which is several times as fast as fields of an object.
    const { h, m, r, output } = this;
    const code = this.#code;
    const { length } = this.program;
    const hMask = h.length - 1;
    const mMask = m.length - 1;
    let { a, b, c, d, f, pc, steps } = this;
    let at = pc;
    try {
      for (let left = most; left !== 0; left--) {
        at = pc;
        const opcode = code[at] ?? OP.ERROR;
        const size = SIZES[opcode]!;
        if (size === 0) throw this.#failure(at, opcode);
        const operand = code[at + 1]!;
        steps++;
        pc = at + size;
        if (opcode < 64) {
          switch (opcode) {
            case OP.HALT:
              return true;
            case OP.JT:
            case OP.JF:
            case OP.JMP:
              if (opcode === OP.JMP || f === (opcode === OP.JT)) {
                const target = pc + (operand << 24 >> 24);
                if (target < 0 || target >= length) throw this.#failure(at, opcode);
                pc = target;
              }
              continue;
            case OP.OUT:
              output.push(a & 255);
              continue;
            case OP.STORE_R:
              r[operand] = a;
              continue;
            case OP.HASH:
              a = Math.imul(a + m[b & mMask]! + 512, 773) >>> 0;
              continue;
            case OP.HASHD:
              h[d & hMask] = Math.imul(h[d & hMask]! + a + 512, 773);
              continue;
          }
        } else if (opcode === OP.LJ) {
          const target = operand + 256 * code[at + 2]!;
          if (target >= length) throw this.#failure(at, opcode);
          pc = target;
          continue;
        }
        // The place that is changed, or what is added to A and the like.
        const place = opcode < 64 ? opcode >> 3 : opcode & 7;
        let value: number;
        switch (place) {
          case 0:
            value = a;
            break;
          case 1:
            value = b;
            break;
          case 2:
            value = c;
            break;
          case 3:
            value = d;
            break;
          case 4:
            value = m[b & mMask]!;
            break;
          case 5:
            value = m[c & mMask]!;
            break;
          case 6:
            value = h[d & hMask]!;
            break;
          default:
            value = operand;
        }
        if (opcode >= 128) {
          switch (opcode >> 3) {
            case 16:
              a = (a + value) >>> 0;
              break;
            case 17:
              a = (a - value) >>> 0;
              break;
            case 18:
              a = Math.imul(a, value) >>> 0;
              break;
            case 19:
              a = value === 0 ? 0 : Math.floor(a / value);
              break;
            case 20:
              a = value === 0 ? 0 : a % value;
              break;
            case 21:
              a = (a & value) >>> 0;
              break;
            case 22:
              a = (a & ~value) >>> 0;
              break;
            case 23:
              a = (a | value) >>> 0;
              break;
            case 24:
              a = (a ^ value) >>> 0;
              break;
            case 25:
              a = (a << (value & 31)) >>> 0;
              break;
            case 26:
              a = a >>> (value & 31);
              break;
            case 27:
              f = a === value;
              break;
            case 28:
              f = a < value;
              break;
            default:
              f = a > value;
          }
          continue;
        }
        let to = place;
        if (opcode >= 64) to = opcode - 64 >> 3;
        else {
          switch (opcode & 7) {
            case 0: {
              const other = value;
              value = a;
              a = place === 4 || place === 5 ? ((a & 0xffffff00) | other) >>> 0 : other;
              break;
            }
            case 1:
              value = (value + 1) >>> 0;
              break;
            case 2:
              value = (value - 1) >>> 0;
              break;
            case 3:
              value = ~value >>> 0;
              break;
            case 4:
              value = 0;
              break;
            default:
              value = r[operand]!;
          }
        }
        switch (to) {
          case 0:
            a = value;
            break;
          case 1:
            b = value;
            break;
          case 2:
            c = value;
            break;
          case 3:
            d = value;
            break;
          case 4:
            m[b & mMask] = value;
            break;
          case 5:
            m[c & mMask] = value;
            break;
          default:
            h[d & hMask] = value;
        }
      }
      return false;
    } finally {
      this.a = a;
      this.b = b;
      this.c = c;
      this.d = d;
      this.f = f;
      this.pc = pc;
      this.steps = steps;
    }
  }
}
