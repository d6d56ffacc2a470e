/**
 * A network of components as a WebAssembly module: every component is unrolled with its numbers folded in, HCOMP is
 * translated, and the arithmetic coder stands around them. A call works off all input that there is, or fills its target.
 */
import { STATE } from "../zpaql/_network_layout.ts";
import type { NetworkLayout, PlacedComponent } from "../zpaql/_network_layout.ts";
import { DecoderCode, EncoderCode, STATUS } from "./_wasm_coder.ts";
import type { NetworkFrame } from "./_wasm_component.ts";
import type { ComponentCode } from "./_wasm_component.ts";
import {
  AverageCode,
  ConstantCode,
  DirectCode,
  IndirectCode,
  IndirectMixCode,
  PairMixCode,
  RefinementCode,
} from "./_wasm_components.ts";
import { MatchCode } from "./_wasm_match.ts";
import { translateContexts } from "./_wasm_contexts.ts";
import { MixCode } from "./_wasm_mixer.ts";
import { WASM, WasmCode, wasmModule } from "./_wasm_writer.ts";
import type { ZpaqComponentName } from "../zpaql/_format.ts";
import type { ZpaqHeader } from "../zpaql/header.ts";

/** Which way a module goes. */
export type Direction = "decode" | "encode";

const ROW_SIZE = 16;
const FUNCTION = { FIND_ROW: 0, CONTEXTS: 1 } as const;

const KINDS: Readonly<
  Record<ZpaqComponentName, new (frame: NetworkFrame, component: PlacedComponent) => ComponentCode>
> = {
  const: ConstantCode,
  cm: DirectCode,
  icm: IndirectCode,
  match: MatchCode,
  avg: AverageCode,
  mix2: PairMixCode,
  mix: MixCode,
  isse: IndirectMixCode,
  sse: RefinementCode,
};

/**
 * The function that finds a row of a hash table: the first of three that carries the check byte, else the least used of
 * them, emptied. It is given the first of them.
 */
function findRow(): WasmCode {
  const code = new WasmCode(2);
  const [first, check] = [0, 1];
  const second = code.local();
  const third = code.local();
  const uses = [code.local(), code.local(), code.local()] as const;
  const rows = [first, second, third] as const;
  rows.forEach((row, i) => {
    if (i > 0) code.get(first).number(i * ROW_SIZE).op(WASM.XOR).set(row);
    code.get(row).access(WASM.LOAD8, 0).get(check).op(WASM.EQ).open(WASM.IF);
    code.get(row).op(WASM.RETURN, WASM.END);
  });
  rows.forEach((row, i) => code.get(row).access(WASM.LOAD8, 1).set(uses[i]!));
  const noMore = (i: number, j: number): void => {
    code.get(uses[i]!).get(uses[j]!).op(WASM.GT_U, WASM.EQZ);
  };
  code.get(first);
  code.get(second).get(third).get(uses[1]).get(uses[2]).op(WASM.LT_U, WASM.SELECT);
  noMore(0, 1);
  noMore(0, 2);
  code.op(WASM.AND, WASM.SELECT).set(first);
  code.get(first).get(check).op(WASM.EXTEND_U).access(WASM.STORE64, 0);
  code.get(first).number64(0).access(WASM.STORE64, 8);
  return code.get(first);
}

/** Writes the function that codes. */
class NetworkTranslator {
  readonly #code = new WasmCode(1);
  readonly #frame: NetworkFrame;
  readonly #coder: DecoderCode | EncoderCode;

  constructor(header: ZpaqHeader, layout: NetworkLayout, direction: Direction) {
    const code = this.#code;
    this.#frame = {
      code,
      byte: code.local(),
      nibbles: code.local(),
      slot: code.local(),
      bit: code.local(),
      target: code.local(),
      spare: code.local(),
      findRow: FUNCTION.FIND_ROW,
      contexts: layout.h,
      contextMask: 2 ** header.hh - 1,
      vectors: new Map(),
      components: [],
    };
    this.#coder = new (direction === "decode" ? DecoderCode : EncoderCode)(code, this.#frame.bit);
    for (const component of layout.components) {
      this.#frame.components.push(new KINDS[component.name](this.#frame, component));
    }
  }

  translate(): WasmCode {
    const code = this.#code;
    const coder = this.#coder;
    const { components, byte, nibbles, slot } = this.#frame;
    const saved = [...coder.saved, ...components.flatMap((component) => component.saved)];
    for (const [local, place] of saved) code.number(0).access(WASM.LOAD, place).set(local);
    code.open(WASM.BLOCK).open(WASM.LOOP);
    coder.startByte(1);
    code.number(1).set(byte).number(0).set(nibbles);
    for (const component of components) component.startByte();
    code.open(WASM.LOOP);
    code.number(1).set(slot).get(nibbles).number(1).op(WASM.OR).set(nibbles);
    for (const component of components) component.startNibble();
    code.open(WASM.LOOP);
    this.#codeBit(3);
    code.get(slot).number(16).op(WASM.LT_U).branchIf(0).op(WASM.END);
    code.get(slot).number(4).op(WASM.SHL).set(nibbles);
    code.get(byte).number(256).op(WASM.LT_U).branchIf(0).op(WASM.END);
    for (const component of components) component.endByte();
    coder.endByte(byte);
    code.call(FUNCTION.CONTEXTS).tee(coder.status).op(WASM.EQZ).branchIf(0);
    code.op(WASM.END, WASM.END);
    for (const [local, place] of saved) code.number(0).get(local).access(WASM.STORE, place);
    return code.get(coder.status);
  }

  /** Guesses, codes and learns one bit. */
  #codeBit(depth: number): void {
    const code = this.#code;
    const { components, byte, nibbles, slot, bit, target } = this.#frame;
    for (const component of components) component.predict();
    const last = components.at(-1)!;
    last.squash();
    this.#coder.codeBit(depth, () => last.squashed());
    code.number(0).get(bit).op(WASM.SUB).number(32767).op(WASM.AND).set(target);
    for (const component of components) component.update();
    this.#coder.normalise(depth);
    code.get(byte).number(1).op(WASM.SHL).get(bit).op(WASM.ADD).set(byte);
    code.get(slot).number(1).op(WASM.SHL).get(bit).op(WASM.ADD).set(slot);
    code.get(nibbles).number(0x1f0).op(WASM.AND).get(slot).op(WASM.OR).set(nibbles);
  }
}

/** The module of a network; undefined where its program would be too large. */
export function translateNetwork(
  header: ZpaqHeader,
  layout: NetworkLayout,
  direction: Direction,
): Uint8Array<ArrayBuffer> | undefined {
  const contexts = translateContexts({
    program: header.hcomp,
    r: STATE.R,
    h: layout.h,
    m: layout.m,
    hMask: 2 ** header.hh - 1,
    mMask: 2 ** header.hm - 1,
    failed: STATE.FAILED,
    badOpcode: STATUS.BAD_OPCODE,
    budgetExceeded: STATUS.BUDGET,
  });
  if (contexts === undefined) return undefined;
  return wasmModule(
    [findRow(), contexts, new NetworkTranslator(header, layout, direction).translate()],
    layout.size,
  );
}
