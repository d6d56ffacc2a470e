/**
 * The code of the match model, with everything that the header says folded in.
 */
import { FIXED } from "../zpaql/_network_layout.ts";
import { ComponentCode } from "./_wasm_component.ts";
import { WASM } from "./_wasm_writer.ts";
import type { WasmCode } from "./_wasm_writer.ts";

const MATCH_MAX = 255;

/** MATCH: what followed the last time. */
export class MatchCode extends ComponentCode {
  readonly #length = this.code.local();
  readonly #offset = this.code.local();
  readonly #position = this.code.local();
  /** The byte that is expected, its next bit on top; then that bit. */
  readonly #expected = this.code.local();
  readonly #expectedBit = this.code.local();

  override get saved(): readonly (readonly [number, number])[] {
    const { extra } = this.component;
    return [[this.#length, extra], [this.#offset, extra + 4], [this.#position, extra + 8]];
  }

  /** Puts a byte of the buffer, so far before the position. */
  #byteBefore(distance: () => void): WasmCode {
    this.code.get(this.#position);
    distance();
    return this.code.op(WASM.SUB).number(this.#mask).op(WASM.AND).access(WASM.LOAD8, this.component.bytes);
  }

  get #mask(): number {
    return 2 ** this.component.arguments[1]! - 1;
  }

  override startByte(): void {
    this.#byteBefore(() => this.code.get(this.#offset)).set(this.#expected);
  }

  predict(): void {
    const { code } = this;
    code.get(this.#expected).number(7).op(WASM.SHR_U).number(1).op(WASM.AND).tee(this.#expectedBit);
    code.get(this.#length).number(1).op(WASM.SHL, WASM.ADD).number(1).op(WASM.SHL);
    code.access(WASM.LOAD16_S, FIXED.MATCH).set(this.guess);
  }

  override update(): void {
    const { code } = this;
    code.get(this.#length).number(0).get(this.#expectedBit).get(this.frame.bit).op(WASM.EQ, WASM.SELECT);
    code.set(this.#length);
    code.get(this.#expected).number(1).op(WASM.SHL).set(this.#expected);
  }

  override endByte(): void {
    const { code } = this;
    const { cells, bytes, arguments: args } = this.component;
    const index = this.frame.spare;
    const grow = (): void => void code.get(this.#length).number(1).op(WASM.ADD).set(this.#length);
    code.get(this.#position).get(this.frame.byte).access(WASM.STORE8, bytes);
    code.get(this.#position).number(1).op(WASM.ADD).number(this.#mask).op(WASM.AND).set(this.#position);
    this.context().number(2 ** args[0]! - 1).op(WASM.AND).number(2).op(WASM.SHL).set(index);
    code.get(this.#length).op(WASM.EQZ).open(WASM.IF);
    code.get(this.#position).get(index).access(WASM.LOAD, cells).op(WASM.SUB).tee(this.#offset);
    code.number(this.#mask).op(WASM.AND).open(WASM.IF).open(WASM.BLOCK).open(WASM.LOOP);
    code.get(this.#length).number(MATCH_MAX).op(WASM.EQ).branchIf(1);
    this.#byteBefore(() => code.get(this.#length).number(1).op(WASM.ADD));
    this.#byteBefore(() => code.get(this.#length).get(this.#offset).number(1).op(WASM.ADD, WASM.ADD));
    code.op(WASM.NE).branchIf(1);
    grow();
    code.branch(0).op(WASM.END, WASM.END, WASM.END);
    code.op(WASM.ELSE).get(this.#length).number(MATCH_MAX).op(WASM.LT_U).open(WASM.IF);
    grow();
    code.op(WASM.END, WASM.END);
    code.get(index).get(this.#position).access(WASM.STORE, cells);
  }
}
