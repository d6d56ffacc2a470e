/**
 * The code of MIX: any number of guesses by a row of weights for each context, eight at a time.
 */
import { ComponentCode } from "./_wasm_component.ts";
import { SIMD, TYPE, WASM } from "./_wasm_writer.ts";
import type { WasmCode } from "./_wasm_writer.ts";

const LANES = 8;
const HALF = 4;

/** The bytes of a vector of equal numbers of 32 bits. */
function constant(value: number): number[] {
  return [...new Uint8Array(Int32Array.of(value, value, value, value).buffer)];
}

/** The bytes of a vector, each so far after its place. */
function rotation(distance: number): number[] {
  return Array.from({ length: 16 }, (_, i) => (i + distance) % 16);
}

/** MIX. */
export class MixCode extends ComponentCode {
  readonly #row = this.code.local();
  readonly #sum = this.code.local(TYPE.V128);
  readonly #error = this.code.local(TYPE.V128);

  /** The local with up to eight guesses from `start` on, made when it is first asked for; zeros stand after the last. */
  #inputs(start: number, count: number): number {
    const { code, frame } = this;
    const key = `${start} ${count}`;
    const made = frame.vectors.get(key);
    if (made !== undefined) return made;
    const vector = code.local(TYPE.V128);
    frame.vectors.set(key, vector);
    code.simd(SIMD.CONST, ...constant(0));
    for (let lane = 0; lane < count; lane++) this.input(start + lane).simd(SIMD.REPLACE16, lane);
    code.set(vector);
    return vector;
  }

  /** The groups of inputs: the first of each, how many, and where their weights stand in a row. */
  #groups(): { readonly start: number; readonly count: number; readonly at: number }[] {
    const [, first, inputs] = this.component.arguments as [number, number, number];
    return Array.from({ length: Math.ceil(inputs / LANES) }, (_, i) => ({
      start: first + i * LANES,
      count: Math.min(LANES, inputs - i * LANES),
      at: this.component.cells + 4 * LANES * i,
    }));
  }

  #weights(at: number): WasmCode {
    return this.code.get(this.#row).accessVector(SIMD.LOAD, at);
  }

  predict(): void {
    const { code, frame } = this;
    const { stride, arguments: args } = this.component;
    const [bits, , , , mask] = args as [number, number, number, number, number];
    this.context().get(frame.byte).number(mask).op(WASM.AND, WASM.ADD).number(2 ** bits - 1).op(WASM.AND);
    code.number(4 * stride).op(WASM.MUL).set(this.#row);
    this.#groups().forEach(({ start, count, at }, i) => {
      const inputs = this.#inputs(start, count);
      // Weights of 20 bits, 12 of which count here: products of 16 bits are enough.
      this.#weights(at).number(8).simd(SIMD.SHR_S);
      if (count > HALF) this.#weights(at + 16).number(8).simd(SIMD.SHR_S);
      else code.simd(SIMD.CONST, ...constant(0));
      code.simd(SIMD.NARROW).get(inputs).simd(SIMD.DOT);
      if (i > 0) code.get(this.#sum).simd(SIMD.ADD);
      code.set(this.#sum);
    });
    for (const distance of [8, 4]) {
      code.get(this.#sum).get(this.#sum).get(this.#sum).simd(SIMD.SHUFFLE, ...rotation(distance));
      code.simd(SIMD.ADD).set(this.#sum);
    }
    code.get(this.#sum).simd(SIMD.EXTRACT, 0).number(8).op(WASM.SHR_S).set(this.guess);
    this.clamp(this.guess, -2048, 2047);
    this.squash();
  }

  override update(): void {
    const { code } = this;
    const rate = this.component.arguments[3]!;
    code.get(this.frame.target);
    this.squashed().op(WASM.SUB).number(rate).op(WASM.MUL).number(4).op(WASM.SHR_S);
    code.simd(SIMD.SPLAT).set(this.#error);
    for (const { start, count, at } of this.#groups()) {
      this.#learn(at, this.#inputs(start, count), SIMD.EXTEND_LOW);
      if (count > HALF) this.#learn(at + 16, this.#inputs(start, count), SIMD.EXTEND_HIGH);
    }
  }

  /** Four weights. */
  #learn(at: number, inputs: number, half: number): void {
    const { code } = this;
    code.get(this.#row);
    code.get(inputs).simd(half).get(this.#error).simd(SIMD.MUL);
    code.simd(SIMD.CONST, ...constant(4096)).simd(SIMD.ADD).number(13).simd(SIMD.SHR_S);
    this.#weights(at).simd(SIMD.ADD);
    code.simd(SIMD.CONST, ...constant(-524288)).simd(SIMD.MAX);
    code.simd(SIMD.CONST, ...constant(524287)).simd(SIMD.MIN);
    code.accessVector(SIMD.STORE, at);
  }
}
