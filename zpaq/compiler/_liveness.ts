/**
 * Which variables are still needed, block by block; what nobody needs is left out.
 */
import { settleBackwards } from "./_backward_flow.ts";
import { BitsPool } from "./_bits.ts";
import type { Bits } from "./_bits.ts";
import { readsOf, readsOfEnd, successorsOf, Variable, writesOf, writesOfEnd } from "./_ir.ts";
import type { Block, Graph, Operation, SavedFrame } from "./_ir.ts";

/** What a block sets, and what is needed around it: what it reads itself, to begin with. */
interface Facts {
  readonly set: Bits;
  readonly before: Bits;
  readonly after: Bits;
}

/** Variables that are needed at one point. */
export interface LiveSet extends Iterable<Variable> {
  has(variable: Variable): boolean;
  add(variable: Variable): void;
  delete(variable: Variable): void;
}

/** Those that blocks need from one another as bits, of which a block has many, and those that come and go within one. */
class LiveVariables implements LiveSet {
  readonly #bits: Bits;
  readonly #indexes: ReadonlyMap<Variable, number>;
  readonly #variables: readonly Variable[];
  readonly #own = new Set<Variable>();

  constructor(bits: Bits, indexes: ReadonlyMap<Variable, number>, variables: readonly Variable[]) {
    this.#bits = bits;
    this.#indexes = indexes;
    this.#variables = variables;
  }

  has(variable: Variable): boolean {
    const index = this.#indexes.get(variable);
    return index === undefined ? this.#own.has(variable) : this.#bits.has(index);
  }

  add(variable: Variable): void {
    const index = this.#indexes.get(variable);
    if (index === undefined) this.#own.add(variable);
    else this.#bits.add(index);
  }

  delete(variable: Variable): void {
    const index = this.#indexes.get(variable);
    if (index === undefined) this.#own.delete(variable);
    else this.#bits.delete(index);
  }

  *[Symbol.iterator](): Iterator<Variable, void, undefined> {
    for (const index of this.#bits) yield this.#variables[index]!;
    yield* this.#own;
  }
}

/** Variables that are needed at the end of each block. */
export class Liveness {
  /** Those that some block needs from before it; all others come and go within one. */
  readonly #variables: Variable[] = [];
  readonly #indexes = new Map<Variable, number>();
  readonly #facts = new Map<Block, Facts>();

  constructor(graph: Graph) {
    const frames = new Set<SavedFrame>();
    for (const block of graph.blocks) {
      for (const operation of block.operations) if (operation.type === "save") frames.add(operation.frame);
    }
    for (const frame of frames) frame.variables = [];
    const saved = (): number => [...frames].reduce((sum, { variables }) => sum + variables.length, 0);
    // What calls save depends on what is needed after them.
    for (let before = -1; before !== saved();) {
      before = saved();
      this.#solve(graph);
    }
  }

  #solve(graph: Graph): void {
    const { blocks, enter, resume } = graph;
    const exposed = new Map<Block, readonly [needed: Set<Variable>, set: Set<Variable>]>();
    const predecessors = new Map<Block, Block[]>(blocks.map((block) => [block, []]));
    const add = (variable: Variable): void => {
      if (!this.#indexes.has(variable)) this.#indexes.set(variable, this.#variables.push(variable) - 1);
    };
    add(resume);
    for (const block of blocks) {
      for (const next of successorsOf(block, enter)) predecessors.get(next)!.push(block);
      const needed = new Set<Variable>();
      backwards(block, needed);
      const written = block.operations.flatMap((operation) => [...writesOf(operation)]);
      const last = writesOfEnd(block.end);
      exposed.set(block, [needed, new Set(last === undefined ? written : [...written, last])]);
      needed.forEach(add);
    }
    const pool = new BitsPool(this.#variables.length);
    const bitsOf = (variables: Iterable<Variable>): Bits => {
      const bits = pool.make();
      for (const variable of variables) {
        const index = this.#indexes.get(variable);
        if (index !== undefined) bits.add(index);
      }
      return bits;
    };
    for (const block of blocks) {
      const [needed, set] = exposed.get(block)!;
      const halts = block.end.type === "read" || block.end.type === "halt";
      const facts = {
        set: bitsOf(set),
        before: bitsOf(needed),
        after: bitsOf(halts ? [resume] : []),
      };
      this.#facts.set(block, facts);
    }
    const places = new Map(blocks.map((block, i) => [block, i]));
    const before = blocks.map((block) => predecessors.get(block)!.map((each) => places.get(each)!));
    settleBackwards(before, (i) => {
      const block = blocks[i]!;
      const { set, before, after } = this.#facts.get(block)!;
      for (const next of successorsOf(block, enter)) after.addAll(this.#facts.get(next)!.before);
      return before.addWithout(after, set);
    });
    // Calls that may come back to their caller keep what is needed after them.
    for (const block of blocks) {
      if (block.operations.some(({ type }) => type === "restore")) backwards(block, this.after(block));
    }
  }

  /** The variables that are needed after a block. */
  after(block: Block): LiveVariables {
    return new LiveVariables(this.#facts.get(block)!.after.copy(), this.#indexes, this.#variables);
  }

  /** The variables that are needed before a block. */
  before(block: Block): Iterable<Variable> {
    return Array.from(this.#facts.get(block)!.before, (index) => this.#variables[index]!);
  }
}

/** Goes from what is needed after an operation to what is needed before it. */
export function backwardsOver(operation: Operation, live: LiveSet): void {
  if (operation.type === "restore") {
    const { frame } = operation;
    frame.variables = [
      ...new Set([...frame.variables, ...[...live].filter(({ owner }) => owner === frame.owner)]),
    ];
  }
  for (const variable of writesOf(operation)) live.delete(variable);
  for (const value of readsOf(operation)) if (value instanceof Variable) live.add(value);
}

function backwardsOverEnd({ end }: Block, live: LiveSet): void {
  const written = writesOfEnd(end);
  if (written !== undefined) live.delete(written);
  for (const value of readsOfEnd(end)) if (value instanceof Variable) live.add(value);
}

function backwards(block: Block, live: LiveSet): void {
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
    const live = liveness.after(block);
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
