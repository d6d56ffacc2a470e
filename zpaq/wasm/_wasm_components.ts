/**
 * The code of each kind of component but the match model and the mixer of many, with everything that the header says folded in.
 */
import { FIXED } from "../zpaql/_network_layout.ts";
import { ComponentCode } from "./_wasm_component.ts";
import type { NetworkFrame } from "./_wasm_component.ts";
import { WASM } from "./_wasm_writer.ts";
import type { WasmCode } from "./_wasm_writer.ts";

const ROW_SIZE = 16;
const LOGIT = [-2048, 2047] as const;
const WEIGHT = [-524288, 524287] as const;

/** CONST: always the same guess. */
export class ConstantCode extends ComponentCode {
  predict(): void {}

  override put(): void {
    this.code.number((this.component.arguments[0]! - 128) * 4);
  }
}

/** Trains a cell of 22 bits of probability over 10 of count: the more was seen, the less one bit changes. */
function train(frame: NetworkFrame, address: number, base: number, cell: number, limit: number): void {
  const { code, target } = frame;
  code.get(address);
  code.get(target).get(cell).number(17).op(WASM.SHR_U, WASM.SUB);
  code.get(cell).number(1023).op(WASM.AND).number(2).op(WASM.SHL).access(WASM.LOAD, FIXED.RATES);
  code.op(WASM.MUL).number(-1024).op(WASM.AND).get(cell).op(WASM.ADD);
  code.get(cell).number(1023).op(WASM.AND).number(4 * limit).op(WASM.LT_U, WASM.ADD);
  code.access(WASM.STORE, base);
}

/** CM: a probability for each context. */
export class DirectCode extends ComponentCode {
  readonly #address = this.code.local();
  readonly #cell = this.code.local();

  predict(): void {
    const { code } = this;
    const { cells, arguments: args } = this.component;
    this.context().get(this.frame.nibbles).op(WASM.XOR).number(2 ** args[0]! - 1).op(WASM.AND);
    code.number(2).op(WASM.SHL).tee(this.#address).access(WASM.LOAD, cells).tee(this.#cell);
    code.number(16).op(WASM.SHR_U);
    this.stretch().set(this.guess);
  }

  override update(): void {
    const { cells, arguments: args } = this.component;
    train(this.frame, this.#address, cells, this.#cell, args[1]!);
  }
}

/** What ICM and ISSE share: rows of bit histories. */
abstract class HistoryCode extends ComponentCode {
  protected readonly state = this.code.local();
  readonly #row = this.code.local();

  override startNibble(): void {
    const { code, frame } = this;
    const { arguments: args, bytes } = this.component;
    const bits = args[0]! + 2;
    this.context().get(frame.byte).number(4).op(WASM.SHL, WASM.ADD).tee(frame.spare);
    code.number(4).op(WASM.SHL).number(ROW_SIZE * 2 ** bits - ROW_SIZE).op(WASM.AND).number(bytes).op(
      WASM.ADD,
    );
    if (bits < 32) code.get(frame.spare).number(bits).op(WASM.SHR_U).number(255).op(WASM.AND);
    else code.number(0);
    code.call(frame.findRow).set(this.#row);
  }

  #putSlot(): WasmCode {
    return this.code.get(this.#row).get(this.frame.slot).op(WASM.ADD);
  }

  protected readState(): WasmCode {
    return this.#putSlot().access(WASM.LOAD8, 0).tee(this.state);
  }

  protected nextState(): void {
    this.#putSlot();
    this.code.get(this.state).number(1).op(WASM.SHL).get(this.frame.bit).op(WASM.ADD);
    this.code.access(WASM.LOAD8, FIXED.NEXT).access(WASM.STORE8, 0);
  }
}

/** ICM: a probability for each history that a context can have. */
export class IndirectCode extends HistoryCode {
  predict(): void {
    this.readState().number(1).op(WASM.SHL).access(WASM.LOAD16_S, this.component.extra).set(this.guess);
  }

  override update(): void {
    const { code, frame } = this;
    const { cells, extra } = this.component;
    this.nextState();
    const cell = frame.spare;
    code.get(this.state).number(2).op(WASM.SHL);
    code.get(this.state).number(2).op(WASM.SHL).access(WASM.LOAD, cells).tee(cell);
    code.get(frame.target).get(cell).number(8).op(WASM.SHR_U, WASM.SUB).number(2).op(WASM.SHR_S, WASM.ADD);
    code.tee(cell).access(WASM.STORE, cells);
    code.get(this.state).number(1).op(WASM.SHL).get(cell).number(7).op(WASM.SHR_U);
    this.stretch().access(WASM.STORE16, extra);
  }
}

/** ISSE: weights for a guess and a constant, by the history of a context. */
export class IndirectMixCode extends HistoryCode {
  readonly #address = this.code.local();
  readonly #first = this.code.local();
  readonly #second = this.code.local();

  predict(): void {
    const { code } = this;
    const { cells, arguments: args } = this.component;
    this.readState().number(3).op(WASM.SHL).tee(this.#address).access(WASM.LOAD, cells).tee(this.#first);
    this.input(args[1]!).op(WASM.MUL);
    code.get(this.#address).access(WASM.LOAD, cells + 4).tee(this.#second).number(6).op(WASM.SHL, WASM.ADD);
    code.number(16).op(WASM.SHR_S).set(this.guess);
    this.clamp(this.guess, ...LOGIT);
    this.squash();
  }

  override update(): void {
    const { code, frame } = this;
    const { cells, arguments: args } = this.component;
    const error = frame.spare;
    code.get(frame.target);
    this.squashed().op(WASM.SUB).tee(error);
    this.input(args[1]!).op(WASM.MUL).number(4096).op(WASM.ADD).number(13).op(WASM.SHR_S);
    code.get(this.#first).op(WASM.ADD).set(this.#first);
    this.clamp(this.#first, ...WEIGHT);
    code.get(error).number(16).op(WASM.ADD).number(5).op(WASM.SHR_S).get(this.#second).op(WASM.ADD).set(
      this.#second,
    );
    this.clamp(this.#second, ...WEIGHT);
    code.get(this.#address).get(this.#first).access(WASM.STORE, cells);
    code.get(this.#address).get(this.#second).access(WASM.STORE, cells + 4);
    this.nextState();
  }
}

/** AVG: two guesses by a fixed weight. */
export class AverageCode extends ComponentCode {
  predict(): void {
    const { code } = this;
    const [j, k, weight] = this.component.arguments as [number, number, number];
    this.input(j).number(weight).op(WASM.MUL);
    this.input(k).number(256 - weight).op(WASM.MUL, WASM.ADD);
    code.number(8).op(WASM.SHR_S).set(this.guess);
  }
}

/** MIX2: two guesses by a weight for each context. */
export class PairMixCode extends ComponentCode {
  readonly #address = this.code.local();
  readonly #weight = this.code.local();
  readonly #difference = this.code.local();

  predict(): void {
    const { code } = this;
    const { cells, arguments: args } = this.component;
    const [bits, j, k, , mask] = args as [number, number, number, number, number];
    this.context().get(this.frame.byte).number(mask).op(WASM.AND, WASM.ADD).number(2 ** bits - 1).op(
      WASM.AND,
    );
    code.number(1).op(WASM.SHL).tee(this.#address).access(WASM.LOAD16, cells).tee(this.#weight);
    this.input(j);
    this.input(k).op(WASM.SUB).tee(this.#difference).op(WASM.MUL).number(16).op(WASM.SHR_S);
    this.input(k).op(WASM.ADD).set(this.guess);
    this.squash();
  }

  override update(): void {
    const { code } = this;
    const { cells, arguments: args } = this.component;
    code.get(this.frame.target);
    this.squashed().op(WASM.SUB).number(args[3]!).op(WASM.MUL).number(5).op(WASM.SHR_S);
    code.get(this.#difference).op(WASM.MUL).number(4096).op(WASM.ADD).number(13).op(WASM.SHR_S);
    code.get(this.#weight).op(WASM.ADD).set(this.#weight);
    this.clamp(this.#weight, 0, 65535);
    code.get(this.#address).get(this.#weight).access(WASM.STORE16, cells);
  }
}

/** SSE: a guess refined by a probability for each context and step of the guess. */
export class RefinementCode extends ComponentCode {
  readonly #address = this.code.local();
  readonly #weight = this.code.local();
  readonly #low = this.code.local();
  readonly #high = this.code.local();

  predict(): void {
    const { code, frame } = this;
    const { cells, arguments: args } = this.component;
    const logit = frame.spare;
    this.input(args[1]!).number(992).op(WASM.ADD).set(logit);
    this.clamp(logit, 0, 1983);
    this.context().get(frame.byte).op(WASM.ADD).number(5).op(WASM.SHL);
    code.get(logit).number(6).op(WASM.SHR_U, WASM.ADD).number(32 * 2 ** args[0]! - 1).op(WASM.AND);
    code.number(2).op(WASM.SHL).set(this.#address);
    code.get(logit).number(63).op(WASM.AND).set(this.#weight);
    code.get(this.#address).access(WASM.LOAD, cells).tee(this.#low).number(10).op(WASM.SHR_U);
    code.number(64).get(this.#weight).op(WASM.SUB, WASM.MUL);
    code.get(this.#address).access(WASM.LOAD, cells + 4).tee(this.#high).number(10).op(WASM.SHR_U);
    code.get(this.#weight).op(WASM.MUL, WASM.ADD).number(12).op(WASM.SHR_U);
    this.stretch().set(this.guess);
    // The nearer of the two cells is the one that learns.
    code.get(this.#high).get(this.#low).get(this.#weight).number(32).op(WASM.AND).tee(this.#weight);
    code.op(WASM.SELECT).set(this.#low);
    code.get(this.#weight).number(3).op(WASM.SHR_U).get(this.#address).op(WASM.ADD).set(this.#address);
  }

  override update(): void {
    const { cells, arguments: args } = this.component;
    train(this.frame, this.#address, cells, this.#low, args[3]!);
  }
}
