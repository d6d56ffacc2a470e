/**
 * Checks compiled code against the graph that its source was first made into, on inputs that are made up here.
 */
import { SluiceError } from "@sluice/internal";
import type { ZpaqMachine, ZpaqMachineOptions } from "../zpaql/machine.ts";
import { GraphRun } from "./_graph_run.ts";
import type { ArraySizes } from "./_graph_run.ts";
import type { Graph, Memory } from "./_ir.ts";

/** Larger programs and arrays are not checked: it would take longer than compiling them. */
const CODE_SIZE_MAX = 4096;
const ARRAY_BITS_MAX = 18;
const BUDGET = 10_000;
/** Instructions of one call: an operation takes fewer than this on average. */
const INSTRUCTIONS_MAX = BUDGET * 64;
/** What the graph takes for one byte of tables that come with the data, at most. */
const OPERATIONS_MAX = 16;
const END_OF_SEGMENT = 2 ** 32 - 1;
const SEGMENTS: readonly (readonly number[])[] = segments();

/** Small numbers, edges and runs first, then bytes without a pattern. */
function segments(): number[][] {
  const first = [65, 2, 0, 255, 1, 1, 1, 128, 7, 127, 3, 64];
  let state = 1;
  const second = Array.from({ length: 24 }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
  return [first, [], second, [4, 3, 2, 1, 0]];
}

/** What is checked. */
export interface Translation {
  readonly name: string;
  readonly graph: Graph;
  readonly code: Uint8Array;
  readonly sizes: Readonly<Record<Memory, ArraySizes>>;
  /** How many elements of H are contexts. */
  readonly contexts: number;
  /** Makes the machine that runs the code. */
  readonly make: (code: Uint8Array, options: ZpaqMachineOptions) => ZpaqMachine;
}

/** Whether it takes little time to check a program. */
export function isSmall(code: Uint8Array, sizes: Readonly<Record<Memory, ArraySizes>>): boolean {
  return code.length <= CODE_SIZE_MAX && Math.max(sizes.H.whole, sizes.M.whole) <= ARRAY_BITS_MAX;
}

/**
 * Runs both until they differ, until the graph's budget is used up, or to the end of the inputs.
 *
 * @throws {SluiceError} With code "TRANSLATION" if they differ.
 */
export function checkTranslation({ name, graph, code, sizes, contexts, make }: Translation): void {
  const { preamble } = graph;
  const reference = new GraphRun(graph, sizes, BUDGET + preamble.length * OPERATIONS_MAX, 1024);
  const machine = make(code, { h: sizes.H.whole, m: sizes.M.whole, budget: INSTRUCTIONS_MAX });
  let calls = 0;
  const fail = (state: string): never => {
    throw new SluiceError(
      `Cannot compile ${name}: the code of "${graph.part}" ${state} on call ${calls} of the check. This is a fault of the compiler; another level of optimization may do`,
      { format: "zpaqlpy", code: "TRANSLATION" },
    );
  };
  for (const [i, rest] of SEGMENTS.entries()) {
    const segment = i === 0 ? [...preamble, ...rest] : rest;
    for (const value of graph.part === "hcomp" ? segment : [...segment, END_OF_SEGMENT]) {
      calls++;
      const stop = reference.call(value);
      if (stop === "open") return;
      let failed = false;
      try {
        machine.call(value);
      } catch (error) {
        if (!(error instanceof SluiceError)) throw error;
        // How much of the stack is used depends on the level.
        if (graph.recursive) return;
        if (stop === "halt") fail(error.code === "BUDGET_EXCEEDED" ? "does not halt" : "fails");
        failed = true;
      }
      const [expected, actual] = [reference.output.splice(0), machine.output.splice(0)];
      if (expected.join() !== actual.join()) fail(`writes [${actual}] instead of [${expected}]`);
      if (stop === "error") return failed ? undefined : fail("does not fail");
      for (let i = 0; i < contexts; i++) {
        const at = i % machine.h.length;
        const value = reference.memory.H.get(at) ?? 0;
        if (machine.h[at] !== value) fail(`computes the context ${machine.h[at]} instead of ${value}`);
      }
    }
  }
  for (const [memory, cells] of [["H", machine.h], ["M", machine.m]] as const) {
    for (const [at, value] of reference.memory[memory]) {
      if (cells[at] !== value) fail(`leaves ${cells[at]} in ${memory}[${at}] instead of ${value}`);
    }
  }
}
