/**
 * The arithmetic coder as WebAssembly: what it does for each byte and bit, one way or the other.
 */
import { STATE } from "../zpaql/_network_layout.ts";
import { WASM } from "./_wasm_writer.ts";
import type { WasmCode } from "./_wasm_writer.ts";

/** What `run` answers. */
export const STATUS = {
  /** The target is full. */
  FULL: 0,
  /** Less input than one byte may take, and more can come. */
  INPUT: 1,
  END: 2,
  CORRUPT: 3,
  TRUNCATED: 4,
  BAD_OPCODE: 5,
  BUDGET: 6,
} as const;

/** Bytes that one byte can take coded: nine decisions, each at most four. */
export const BYTE_SIZE_MAX = 36;

/** The coder in one direction. A depth says how many labels are around, below that of the function's end. */
export abstract class CoderCode {
  protected readonly code: WasmCode;
  protected readonly low: number;
  protected readonly high: number;
  protected readonly input: number;
  protected readonly inputEnd: number;
  protected readonly output: number;
  protected readonly outputEnd: number;
  protected readonly mid: number;
  protected readonly bit: number;
  readonly status: number;

  constructor(code: WasmCode, bit: number) {
    this.code = code;
    this.low = code.local();
    this.high = code.local();
    this.input = code.local();
    this.inputEnd = code.local();
    this.output = code.local();
    this.outputEnd = code.local();
    this.mid = code.local();
    this.status = code.local();
    this.bit = bit;
  }

  /** Locals that live as long as the block, with their places in memory. */
  get saved(): readonly (readonly [local: number, place: number])[] {
    return [
      [this.low, STATE.LOW],
      [this.high, STATE.HIGH],
      [this.input, STATE.INPUT],
      [this.inputEnd, STATE.INPUT_END],
      [this.output, STATE.OUTPUT],
      [this.outputEnd, STATE.OUTPUT_END],
    ];
  }

  /** Leaves the function where there is nothing to do, and codes that the segment goes on. */
  abstract startByte(depth: number): void;
  /** Codes a bit with the probability of 15 bits that `squashed` puts. */
  abstract codeBit(depth: number, squashed: () => void): void;
  /** Shifts out what is decided of the interval. */
  abstract normalise(depth: number): void;
  /** Uses up a byte of the plain side, and puts it. */
  abstract endByte(byte: number): void;

  protected leave(depth: number, status: number): void {
    this.code.number(status).set(this.status).branch(depth);
  }

  /** Cuts the interval: where the part of a one ends. */
  protected split(squashed: () => void): void {
    const { code } = this;
    code.get(this.high).get(this.low).op(WASM.SUB, WASM.EXTEND_U);
    squashed();
    code.number(1).op(WASM.SHL).number(1).op(WASM.OR, WASM.EXTEND_U, WASM.MUL64).number64(16);
    code.op(WASM.SHR64_U, WASM.WRAP).get(this.low).op(WASM.ADD).set(this.mid);
  }

  /** The loop of `normalise`; `shift` moves a byte, two labels deeper. */
  protected shiftBytes(shift: () => void): void {
    const { code, low, high } = this;
    code.open(WASM.BLOCK).open(WASM.LOOP);
    code.get(high).get(low).op(WASM.XOR).number(24).op(WASM.SHR_U).branchIf(1);
    shift();
    code.get(high).number(8).op(WASM.SHL).number(255).op(WASM.OR).set(high);
    code.get(low).number(8).op(WASM.SHL).tee(low).get(low).op(WASM.EQZ, WASM.OR).set(low);
    code.branch(0).op(WASM.END, WASM.END);
  }

  /** Adds to a local. */
  protected advance(local: number): void {
    this.code.get(local).number(1).op(WASM.ADD).set(local);
  }
}

/** Decoding. The function's parameter says whether more input can come. */
export class DecoderCode extends CoderCode {
  readonly #current = this.code.local();

  override get saved(): readonly (readonly [number, number])[] {
    return [...super.saved, [this.#current, STATE.CURRENT]];
  }

  #checkInterval(depth: number): void {
    const { code } = this;
    code.get(this.#current).get(this.low).op(WASM.LT_U).get(this.#current).get(this.high).op(
      WASM.GT_U,
      WASM.OR,
    );
    code.open(WASM.IF);
    this.leave(depth + 1, STATUS.CORRUPT);
    code.op(WASM.END);
  }

  startByte(depth: number): void {
    const { code } = this;
    const more = 0;
    code.get(this.output).get(this.outputEnd).op(WASM.EQ).open(WASM.IF);
    this.leave(depth + 1, STATUS.FULL);
    code.op(WASM.END);
    code.get(this.inputEnd).get(this.input).op(WASM.SUB).number(BYTE_SIZE_MAX).op(WASM.LT_U).get(more);
    code.op(WASM.AND).open(WASM.IF);
    this.leave(depth + 1, STATUS.INPUT);
    code.op(WASM.END);
    this.#checkInterval(depth);
    // The mark of the end has probability 0: one point of the interval.
    code.get(this.#current).get(this.low).op(WASM.EQ).open(WASM.IF);
    code.get(this.low).set(this.high);
    this.normalise(depth + 1);
    code.number(STATUS.CORRUPT).number(STATUS.END).get(this.#current).op(WASM.SELECT).set(this.status);
    code.branch(depth + 1).op(WASM.END);
    this.advance(this.low);
    this.normalise(depth);
  }

  codeBit(depth: number, squashed: () => void): void {
    const { code } = this;
    this.#checkInterval(depth);
    this.split(squashed);
    // A branch lets the processor go on with the bit that it expects.
    code.get(this.#current).get(this.mid).op(WASM.LE_U).open(WASM.IF);
    code.get(this.mid).set(this.high).number(1).set(this.bit).op(WASM.ELSE);
    code.get(this.mid).number(1).op(WASM.ADD).set(this.low).number(0).set(this.bit).op(WASM.END);
  }

  normalise(depth: number): void {
    const { code } = this;
    this.shiftBytes(() => {
      code.get(this.input).get(this.inputEnd).op(WASM.EQ).open(WASM.IF);
      this.leave(depth + 3, STATUS.TRUNCATED);
      code.op(WASM.END);
      code.get(this.#current).number(8).op(WASM.SHL).get(this.input).access(WASM.LOAD8, 0).op(WASM.OR);
      code.set(this.#current);
      this.advance(this.input);
    });
  }

  endByte(byte: number): void {
    const { code } = this;
    code.get(this.output).get(byte).access(WASM.STORE8, 0);
    this.advance(this.output);
    code.get(byte).number(255).op(WASM.AND);
  }
}

/** Encoding. */
export class EncoderCode extends CoderCode {
  /** The byte, its next bit on top. */
  readonly #rest = this.code.local();

  startByte(depth: number): void {
    const { code } = this;
    code.get(this.input).get(this.inputEnd).op(WASM.EQ).open(WASM.IF);
    this.leave(depth + 1, STATUS.INPUT);
    code.op(WASM.END);
    code.get(this.outputEnd).get(this.output).op(WASM.SUB).number(BYTE_SIZE_MAX).op(WASM.LT_U).open(WASM.IF);
    this.leave(depth + 1, STATUS.FULL);
    code.op(WASM.END);
    code.get(this.input).access(WASM.LOAD8, 0).number(24).op(WASM.SHL).set(this.#rest);
    this.advance(this.low);
    this.normalise();
  }

  codeBit(_depth: number, squashed: () => void): void {
    const { code } = this;
    this.split(squashed);
    code.get(this.#rest).number(31).op(WASM.SHR_U).tee(this.bit).open(WASM.IF);
    code.get(this.mid).set(this.high).op(WASM.ELSE);
    code.get(this.mid).number(1).op(WASM.ADD).set(this.low).op(WASM.END);
    code.get(this.#rest).number(1).op(WASM.SHL).set(this.#rest);
  }

  normalise(): void {
    const { code } = this;
    this.shiftBytes(() => {
      code.get(this.output).get(this.high).number(24).op(WASM.SHR_U).access(WASM.STORE8, 0);
      this.advance(this.output);
    });
  }

  endByte(): void {
    this.code.get(this.input).access(WASM.LOAD8, 0);
    this.advance(this.input);
  }
}
