/**
 * What the code of all components of a network has in common.
 */
import { FIXED } from "../zpaql/_network_layout.ts";
import type { PlacedComponent } from "../zpaql/_network_layout.ts";
import { WASM } from "./_wasm_writer.ts";
import type { WasmCode } from "./_wasm_writer.ts";

/** The function around the components, with its locals. */
export interface NetworkFrame {
  readonly code: WasmCode;
  /** Bits of the current byte after a leading one. */
  readonly byte: number;
  /** What is known of the byte, spread so that both nibbles get cells of their own. */
  readonly nibbles: number;
  /** The low four bits of that: a cell in a row. */
  readonly slot: number;
  /** The bit that came, and 32767 times that. */
  readonly bit: number;
  readonly target: number;
  /** A number for short use. */
  readonly spare: number;
  /** The function that finds a row of bit histories. */
  readonly findRow: number;
  /** Where the contexts start, and how many there are, less one. */
  readonly contexts: number;
  readonly contextMask: number;
  /** Vectors of guesses that were made for this bit, by what they hold. */
  readonly vectors: Map<string, number>;
  readonly components: ComponentCode[];
}

/** The code of one component, for each moment of a byte. */
export abstract class ComponentCode {
  protected readonly frame: NetworkFrame;
  protected readonly code: WasmCode;
  protected readonly component: PlacedComponent;
  /** The local of the guess, as a logit. */
  readonly guess: number;
  readonly #index: number;
  #squashed = -1;

  constructor(frame: NetworkFrame, component: PlacedComponent) {
    this.frame = frame;
    this.code = frame.code;
    this.component = component;
    this.guess = frame.code.local();
    this.#index = frame.components.length;
  }

  /** Locals that live as long as the block, with their places in memory. */
  get saved(): readonly (readonly [local: number, place: number])[] {
    return [];
  }

  startByte(): void {}
  startNibble(): void {}
  abstract predict(): void;
  update(): void {}
  /** With the whole byte, and its contexts still there. */
  endByte(): void {}

  /** Puts the guess. */
  put(): void {
    this.code.get(this.guess);
  }

  /** Puts the guess of another component. */
  protected input(index: number): WasmCode {
    this.frame.components[index]!.put();
    return this.code;
  }

  /** Puts the context. */
  protected context(): WasmCode {
    return this.code.number(0).access(
      WASM.LOAD,
      this.frame.contexts + 4 * (this.#index & this.frame.contextMask),
    );
  }

  /** Makes the probability of the guess, 15 bits, once for each bit; it does not depend on what that will be. */
  squash(): void {
    if (this.#squashed >= 0) return;
    const { code } = this;
    this.#squashed = code.local();
    this.put();
    code.number(1).op(WASM.SHL).number(FIXED.SQUASH + 4096).op(WASM.ADD).access(WASM.LOAD16_S, 0);
    code.set(this.#squashed);
  }

  /** Puts that probability. */
  squashed(): WasmCode {
    if (this.#squashed < 0) throw new Error("Cannot use a probability: it was not made");
    return this.code.get(this.#squashed);
  }

  /** Turns a probability of 15 bits, twice and with anything in its lowest bit, into its logit. */
  protected stretch(): WasmCode {
    return this.code.number(-2).op(WASM.AND).access(WASM.LOAD16_S, FIXED.STRETCH);
  }

  /** Limits a local; that it is out of its limits is rare, and a branch costs less than two selections. */
  protected clamp(local: number, low: number, high: number): void {
    const { code } = this;
    code.get(local).number(-low).op(WASM.ADD).number(high - low).op(WASM.GT_U).open(WASM.IF);
    code.number(low).number(high).get(local).number(0).op(WASM.LT_S, WASM.SELECT).set(local).op(WASM.END);
  }
}
