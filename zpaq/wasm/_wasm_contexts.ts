/**
 * HCOMP as a WebAssembly function: it takes the byte that was coded and makes the contexts of the next.
 */
import { STATE } from "../zpaql/_network_layout.ts";
import { findBlocks, InstructionTranslator } from "./_wasm_instructions.ts";
import type { MachinePlan } from "./_wasm_instructions.ts";
import { WASM, WasmCode } from "./_wasm_writer.ts";

/** The function's parameter. */
const BYTE = 0;

class ContextTranslator extends InstructionTranslator {
  /** The function's body; false where it would be too long. */
  translate(): boolean {
    const { code } = this;
    const saved = [[this.a + 1, STATE.B], [this.a + 2, STATE.C], [this.a + 3, STATE.D], [
      this.a + 4,
      STATE.F,
    ]] as const;
    code.get(BYTE).set(this.a);
    for (const [local, at] of saved) code.number(0).access(WASM.LOAD, at).set(local);
    code.number(0).access(WASM.LOAD64, STATE.BUDGET).set(this.left);
    code.open(WASM.BLOCK);
    if (!this.run()) return false;
    code.op(WASM.END);
    for (const [local, at] of saved) code.number(0).get(local).access(WASM.STORE, at);
    code.get(this.status);
    return true;
  }

  /** The answer of a program that halts is zero. */
  protected override halt(depth: number): void {
    this.leave(depth);
  }

  protected override leave(depth: number): void {
    this.code.branch(depth + 1);
  }

  protected override out(): void {}
}

/** The function of a program; undefined where it would be too large. */
export function translateContexts(plan: MachinePlan): WasmCode | undefined {
  const blocks = findBlocks(plan.program);
  if (blocks === undefined) return undefined;
  const code = new WasmCode(1);
  return new ContextTranslator(code, plan, blocks).translate() ? code : undefined;
}
