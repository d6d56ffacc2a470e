/**
 * What is found out about a graph once, however often code is made of it.
 */
import { joinStart } from "./_graph_cleanup.ts";
import { HomeChoice } from "./_homes.ts";
import type { Block, Graph, Variable } from "./_ir.ts";
import { settleFrames } from "./_liveness.ts";
import { Ranges } from "./_ranges.ts";
import type { Register } from "./_register_contents.ts";
import { singleUses, stepsOf } from "./_trees.ts";
import type { Step } from "./_trees.ts";

/** A graph that is not changed any more, with the code that was made of it. */
export class PreparedGraph<Code> {
  readonly graph: Graph;
  readonly ranges: Ranges;
  readonly steps: ReadonlyMap<Block, readonly Step[]>;
  readonly homes: HomeChoice;
  /** Code that was made of it, by what decides what it is like. */
  readonly made = new Map<string, Code>();
  readonly #numbers = new Map<Variable, number>();

  constructor(graph: Graph) {
    joinStart(graph);
    settleFrames(graph);
    this.graph = graph;
    this.ranges = new Ranges(graph);
    const single = singleUses(graph);
    this.steps = new Map(graph.blocks.map((block) => [block, stepsOf(block, single, this.ranges)]));
    this.homes = new HomeChoice(graph, this.steps);
  }

  /** What decides code: the variables that live in registers, which case comes first, and which endings are made one. */
  keyOf(
    registers: ReadonlyMap<Variable, Register>,
    { enterFirst, tails }: { readonly enterFirst: boolean; readonly tails: string },
  ): string {
    const homes = [...registers].map(([variable, register]) => `${this.#numberOf(variable)}${register}`);
    return `${enterFirst} ${tails} ${homes.sort().join(" ")}`;
  }

  #numberOf(variable: Variable): number {
    let number = this.#numbers.get(variable);
    if (number === undefined) this.#numbers.set(variable, number = this.#numbers.size);
    return number;
  }
}
