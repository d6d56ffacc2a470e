/**
 * Values that are found before branches and needed once after them: they are found where they are needed.
 */
import { readsOf, readsOfEnd, successorsOf, Variable, writesOf } from "./_ir.ts";
import type { Block, Graph, Memory, Operation, Value } from "./_ir.ts";
import { singleUses } from "./_trees.ts";

/** Blocks between a value and its use; where there are more, values stay where they are. */
const BLOCKS_MAX = 8;

/** Moves values down to their uses. */
export function sinkValues(graph: Graph): void {
  const single = singleUses(graph);
  const uses = new Map<Variable, Block>();
  const note = (values: readonly Value[], block: Block): void => {
    for (const value of values) if (value instanceof Variable && single.has(value)) uses.set(value, block);
  };
  const predecessors = new Map<Block, Block[]>(graph.blocks.map((block) => [block, []]));
  for (const block of graph.blocks) {
    for (const next of successorsOf(block, graph.enter)) predecessors.get(next)!.push(block);
    const reads = [
      ...block.operations.flatMap((operation) => [...readsOf(operation)]),
      ...readsOfEnd(block.end),
    ];
    note(reads, block);
  }
  for (const block of graph.blocks) {
    for (let i = block.operations.length - 1; i >= 0; i--) {
      const operation = block.operations[i]!;
      const to = movable(operation);
      const use = to !== undefined && to.temporary ? uses.get(to) : undefined;
      if (use === undefined || use === block || use.depth > block.depth) continue;
      const between = blocksBetween(block, use, graph, predecessors);
      if (between === undefined) continue;
      const others = [...block.operations.slice(i + 1), ...between.flatMap(({ operations }) => operations)];
      if (others.some((other) => changes(other, operation))) continue;
      block.operations.splice(i, 1);
      use.operations.unshift(operation);
      note(readsOf(operation), use);
    }
  }
}

/** What an operation sets, if it may be done later: it does nothing else, and needs no more than one variable. */
function movable(operation: Operation): Variable | undefined {
  if (operation.type !== "set" && operation.type !== "load" && operation.type !== "binary") return undefined;
  return readsOf(operation).filter((value) => value instanceof Variable).length <= 1
    ? operation.to
    : undefined;
}

/** Whether an operation changes what another one finds. */
function changes(operation: Operation, found: Operation): boolean {
  if (found.type === "load" && changedBy(operation) === found.memory) return true;
  const reads = readsOf(found);
  return writesOf(operation).some((variable) => reads.includes(variable));
}

function changedBy(operation: Operation): Memory | undefined {
  if (operation.type === "store") return operation.memory;
  return operation.type === "table" ? operation.table.memory : undefined;
}

/**
 * The blocks on all ways from one block to another; undefined where there are many, where other ways lead to them, or
 * where they do more than branch.
 */
function blocksBetween(
  from: Block,
  to: Block,
  graph: Graph,
  predecessors: ReadonlyMap<Block, readonly Block[]>,
): readonly Block[] | undefined {
  const found = new Set<Block>([from]);
  for (const block of found) {
    if (found.size > BLOCKS_MAX) return undefined;
    const { type } = block.end;
    if (type === "halt" || type === "error") continue;
    if (type !== "jump" && type !== "branch") return undefined;
    for (const next of successorsOf(block, graph.enter)) {
      if (next === from) return undefined;
      if (next !== to) found.add(next);
    }
  }
  const entered = [...found, to].filter((block) => block !== from);
  const isEntry = (block: Block): boolean => block === graph.start || block === graph.enter;
  const closed = entered.every((block) =>
    !isEntry(block) && predecessors.get(block)!.every((each) => found.has(each))
  );
  return closed ? entered.slice(0, -1) : undefined;
}
