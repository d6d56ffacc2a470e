/**
 * Blocks that nothing reaches, that do nothing, or that are two where one would do.
 */
import type { Block, Ending, Graph, Routine } from "./_ir.ts";
import { successorsOf } from "./_ir.ts";

/** The blocks that are reached, in their order. */
function reachedBlocks(graph: Graph): Block[] {
  const reached = new Set<Block>();
  const open = [graph.start, graph.enter];
  for (let block = open.pop(); block !== undefined; block = open.pop()) {
    if (reached.has(block)) continue;
    reached.add(block);
    // A function comes back only where it is called from.
    if (block.end.type === "call") open.push(block.end.callee.entry, block.end.next);
    else if (block.end.type !== "return") open.push(...successorsOf(block, graph.enter));
  }
  return graph.blocks.filter((block) => reached.has(block));
}

/** Where a jump to a block really leads. */
function targetOf(block: Block): Block {
  const seen = new Set<Block>();
  let target = block;
  while (target.operations.length === 0 && target.end.type === "jump" && !seen.has(target)) {
    seen.add(target);
    target = target.end.to;
  }
  return target;
}

function retarget(end: Ending): Ending {
  switch (end.type) {
    case "jump":
      return { ...end, to: targetOf(end.to) };
    case "branch": {
      const [yes, no] = [targetOf(end.yes), targetOf(end.no)];
      return yes === no ? { type: "jump", to: yes, line: end.line } : { ...end, yes, no };
    }
    default:
      return end;
  }
}

/** Finds the places that each routine goes back to, in one pass over all of them. */
function findSites({ blocks, routines }: Graph): void {
  const found = new Map<Routine, Set<Block>>(routines.map((routine) => [routine, new Set()]));
  for (const { end } of blocks) if (end.type === "call") found.get(end.callee)!.add(end.next);
  for (const [{ sites }, blocks] of found) {
    sites.length = 0;
    for (const block of blocks) sites.push(block);
  }
}

/** Tidies a graph up; the order of blocks is kept. */
export function cleanGraph(graph: Graph): void {
  for (const block of graph.blocks) block.end = retarget(block.end);
  graph.blocks = reachedBlocks(graph);
  const reached = new Set(graph.blocks);
  findSites(graph);
  for (const block of graph.blocks) {
    const { end } = block;
    if (end.type === "call" && end.callee.sites.length === 1) {
      block.end = { type: "jump", to: end.callee.entry, line: end.line };
    } else if (end.type === "return" && end.routine.sites.length === 1) {
      block.end = { type: "jump", to: end.routine.sites[0]!, line: end.line };
    }
  }
  const entries = new Map<Block, number>();
  const enter = (block: Block): void => void entries.set(block, (entries.get(block) ?? 0) + 1);
  for (
    const block of [
      graph.start,
      graph.enter,
      ...graph.routines.flatMap(({ entry, exit, sites }) =>
        sites.length === 0 ? [] : [entry, exit, ...sites]
      ),
    ]
  ) {
    enter(block);
    enter(block);
  }
  for (const block of graph.blocks) {
    for (const next of successorsOf(block, graph.enter)) enter(next);
    if (block.end.type === "read") enter(block.end.next);
  }
  const merged = new Set<Block>();
  for (const block of graph.blocks) {
    if (merged.has(block)) continue;
    while (
      block.end.type === "jump" && block.end.to !== block && entries.get(block.end.to) === 1 &&
      reached.has(block.end.to)
    ) {
      const next = block.end.to;
      merged.add(next);
      // An argument for each operation would be more than the host's stack holds.
      for (const operation of next.operations) block.operations.push(operation);
      block.end = next.end;
      block.depth = Math.min(block.depth, next.depth);
    }
  }
  graph.blocks = graph.blocks.filter((block) => !merged.has(block));
}

/** Lets the first call begin as all others do where it has nothing to prepare. */
export function joinStart(graph: Graph): void {
  const { start, enter, resume } = graph;
  const prepares = start.operations.some(({ type, ...operation }) =>
    type !== "input" && !(type === "set" && "to" in operation && operation.to === resume)
  );
  if (prepares || start.end.type !== "jump" || enter.end.type !== "jump" || start.end.to !== enter.end.to) {
    return;
  }
  graph.start = enter;
  cleanGraph(graph);
}
