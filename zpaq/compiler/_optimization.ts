/**
 * What is done to a graph before code is made of it.
 */
import { cleanGraph } from "./_graph_cleanup.ts";
import type { Graph } from "./_ir.ts";
import { removeUnused } from "./_liveness.ts";
import type { OptimizationLevel } from "./_level.ts";
import { Propagation } from "./_propagation.ts";
import { Ranges } from "./_ranges.ts";

const ROUNDS_MAX = 5;

/** Improves a graph, as far as the level says. */
export function optimizeGraph(graph: Graph, level: OptimizationLevel): void {
  cleanGraph(graph);
  if (level === 0) return;
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const propagation = new Propagation(graph, new Ranges(graph), level !== 1);
    propagation.run();
    cleanGraph(graph);
    const removed = removeUnused(graph);
    cleanGraph(graph);
    if (!propagation.changed && !removed) return;
  }
}
