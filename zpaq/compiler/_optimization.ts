/**
 * What is done to a graph before code is made of it.
 */
import { removeMasks } from "./_demanded_bits.ts";
import { cleanGraph } from "./_graph_cleanup.ts";
import type { Graph, Memory } from "./_ir.ts";
import { removeUnused } from "./_liveness.ts";
import type { OptimizationLevel } from "./_level.ts";
import { Propagation } from "./_propagation.ts";
import { Ranges } from "./_ranges.ts";
import { sinkValues } from "./_sinking.ts";
import { splitVariables } from "./_webs.ts";

const ROUNDS_MAX = 5;
/** Programs of more operations are compiled in less time instead. */
const THOROUGH_MAX = 20_000;
/** Little is left to be found once masks are gone and variables are split. */
const LAST_ROUNDS_MAX = 2;

/**
 * Improves a graph, as far as the level says. `sizes` is the log2 of arrays whose indexes wrap as the program's own do,
 * undefined for others.
 */
export function optimizeGraph(
  graph: Graph,
  level: OptimizationLevel,
  sizes: Readonly<Record<Memory, number | undefined>>,
): void {
  cleanGraph(graph);
  if (level === 0) return;
  propagate(graph, level);
  // What follows changes what a variable is while the program runs, which level 1 leaves to be watched.
  const size = graph.blocks.reduce((sum, { operations }) => sum + operations.length, 0);
  if (level === 1 || size > THOROUGH_MAX) return;
  const fewer = removeMasks(graph, sizes);
  if (splitVariables(graph) || fewer) propagate(graph, level, LAST_ROUNDS_MAX);
  sinkValues(graph);
}

function propagate(graph: Graph, level: OptimizationLevel, rounds = ROUNDS_MAX): void {
  for (let round = 0; round < rounds; round++) {
    const propagation = new Propagation(graph, new Ranges(graph), level !== 1);
    propagation.run();
    cleanGraph(graph);
    const removed = removeUnused(graph);
    cleanGraph(graph);
    if (!propagation.changed && !removed) return;
  }
}
