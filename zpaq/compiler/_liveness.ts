/**
 * Which variables are still needed, block by block; what nobody needs is left out.
 */
import { readsOf, readsOfEnd, successorsOf, Variable, writesOf, writesOfEnd } from "./_ir.ts";
import type { Block, Graph, Operation, SavedFrame } from "./_ir.ts";

/** Variables that are needed at the end of each block. */
export class Liveness {
  readonly #after = new Map<Block, Set<Variable>>();
  readonly #before = new Map<Block, Set<Variable>>();

  constructor(graph: Graph) {
    const predecessors = new Map<Block, Block[]>(graph.blocks.map((block) => [block, []]));
    const frames = new Set<SavedFrame>();
    for (const block of graph.blocks) {
      this.#after.set(block, new Set());
      this.#before.set(block, new Set());
      for (const next of successorsOf(block, graph.enter)) predecessors.get(next)!.push(block);
      for (const operation of block.operations) if (operation.type === "save") frames.add(operation.frame);
    }
    for (const frame of frames) frame.variables = [];
    const saved = (): number => [...frames].reduce((sum, { variables }) => sum + variables.length, 0);
    let before = -1;
    // What calls save depends on what is needed behind them.
    while (before !== saved()) {
      before = saved();
      this.#solve(graph, predecessors);
    }
  }

  #solve(graph: Graph, predecessors: ReadonlyMap<Block, readonly Block[]>): void {
    const queue = [...graph.blocks];
    const open = new Set(queue);
    for (let block = queue.pop(); block !== undefined; block = queue.pop()) {
      open.delete(block);
      const live = this.#after.get(block)!;
      for (const next of successorsOf(block, graph.enter)) {
        for (const each of this.#before.get(next)!) live.add(each);
      }
      if (block.end.type === "read" || block.end.type === "halt") live.add(graph.resume);
      const before = new Set(live);
      backwards(block, before);
      const known = this.#before.get(block)!;
      if (before.size === known.size) continue;
      this.#before.set(block, before);
      for (const each of predecessors.get(block)!) {
        if (open.has(each)) continue;
        open.add(each);
        queue.push(each);
      }
    }
  }

  /** The variables that are needed behind a block. */
  after(block: Block): ReadonlySet<Variable> {
    return this.#after.get(block)!;
  }

  before(block: Block): ReadonlySet<Variable> {
    return this.#before.get(block)!;
  }
}

/** Goes from what is needed behind an operation to what is needed in front of it. */
export function backwardsOver(operation: Operation, live: Set<Variable>): void {
  if (operation.type === "restore") {
    const { frame } = operation;
    frame.variables = [...new Set([...frame.variables, ...[...live].filter(({ owner }) => owner === frame.owner)])];
  }
  for (const variable of writesOf(operation)) live.delete(variable);
  for (const value of readsOf(operation)) if (value instanceof Variable) live.add(value);
}

function backwardsOverEnd({ end }: Block, live: Set<Variable>): void {
  const written = writesOfEnd(end);
  if (written !== undefined) live.delete(written);
  for (const value of readsOfEnd(end)) if (value instanceof Variable) live.add(value);
}

function backwards(block: Block, live: Set<Variable>): void {
  backwardsOverEnd(block, live);
  for (let i = block.operations.length - 1; i >= 0; i--) backwardsOver(block.operations[i]!, live);
}

/** Finds out what calls have to keep that may come back to their caller. */
export function settleFrames(graph: Graph): void {
  if (graph.recursive) new Liveness(graph);
}

/** Leaves out operations whose results nobody needs; true if there were some. */
export function removeUnused(graph: Graph): boolean {
  const liveness = new Liveness(graph);
  let removed = false;
  for (const block of graph.blocks) {
    const live = new Set(liveness.after(block));
    backwardsOverEnd(block, live);
    const kept: Operation[] = [];
    for (let i = block.operations.length - 1; i >= 0; i--) {
      const operation = block.operations[i]!;
      const pure = ["set", "binary", "load", "input"].includes(operation.type);
      if (pure && !writesOf(operation).some((each) => live.has(each))) {
        removed = true;
        continue;
      }
      backwardsOver(operation, live);
      kept.push(operation);
    }
    block.operations = kept.reverse();
  }
  return removed;
}
