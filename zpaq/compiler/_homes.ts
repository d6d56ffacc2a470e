/**
 * Variables that live in registers: those that are used most, as long as they are never needed at the same time.
 */
import { readsOf, readsOfEnd, Variable, writesOf, writesOfEnd } from "./_ir.ts";
import type { Block, Graph } from "./_ir.ts";
import { backwardsOver, Liveness } from "./_liveness.ts";
import type { LiveSet } from "./_liveness.ts";
import type { Register } from "./_register_contents.ts";
import { leavesOf } from "./_trees.ts";
import type { Step } from "./_trees.ts";

/** So many variables are looked at. */
const CANDIDATES_MAX = 64;
const DEPTH_MAX = 6;

/** Uses of each variable as an index of M, those in loops counted more often. */
function pointingWeightsOf(graph: Graph): Map<Variable, number> {
  const weights = new Map<Variable, number>();
  const sources = new Map<Variable, Variable>();
  for (const { operations } of graph.blocks) {
    for (const operation of operations) {
      if (operation.type !== "binary" || !(operation.a instanceof Variable)) continue;
      if (typeof operation.b === "number") sources.set(operation.to, operation.a);
    }
  }
  for (const { operations, depth } of graph.blocks) {
    for (const operation of operations) {
      if (operation.type !== "load" && operation.type !== "store" || operation.memory !== "M") continue;
      if (!(operation.at instanceof Variable)) continue;
      const own = operation.at.temporary ? sources.get(operation.at) ?? operation.at : operation.at;
      weights.set(own, (weights.get(own) ?? 0) + 8 ** Math.min(depth, DEPTH_MAX));
    }
  }
  return weights;
}

/** Uses of each variable, those in loops counted more often. */
function weightsOf(graph: Graph): Map<Variable, number> {
  const weights = new Map<Variable, number>();
  for (const { operations, end, depth } of graph.blocks) {
    const weight = 8 ** Math.min(depth, DEPTH_MAX);
    const add = (value: unknown): void => {
      if (value instanceof Variable) weights.set(value, (weights.get(value) ?? 0) + weight);
    };
    for (const operation of operations) {
      if (operation.type === "save" || operation.type === "restore") continue;
      readsOf(operation).forEach(add);
      writesOf(operation).forEach(add);
    }
    readsOfEnd(end).forEach(add);
    add(writesOfEnd(end));
  }
  return weights;
}

/** Variables that get no register, and those that get one before all others. */
export interface HomeWishes {
  readonly homeless: ReadonlySet<Variable>;
  readonly preferred: ReadonlySet<Variable>;
}

/** What registers are chosen by, the same for all wishes. */
interface HomeFacts {
  /** Uses of each variable, and those as an index of M. */
  readonly weights: ReadonlyMap<Variable, number>;
  readonly pointing: ReadonlyMap<Variable, number>;
  /** Those that are used most come first. */
  readonly candidates: readonly Variable[];
  readonly conflicts: ReadonlyMap<Variable, ReadonlySet<Variable>>;
}

/** Chooses registers for the variables of one graph. */
export class HomeChoice {
  readonly #graph: Graph;
  readonly #steps: ReadonlyMap<Block, readonly Step[]>;
  #known: HomeFacts | undefined;

  constructor(graph: Graph, steps: ReadonlyMap<Block, readonly Step[]>) {
    this.#graph = graph;
    this.#steps = steps;
  }

  get #facts(): HomeFacts {
    return this.#known ??= this.#find();
  }

  #find(): HomeFacts {
    const [graph, steps] = [this.#graph, this.#steps];
    const weights = weightsOf(graph);
    // Values that are computed where they are used are never set.
    const set = new Set([...steps.values()].flat().flatMap((step) => [...writesOfStep(step)]));
    for (const { end } of graph.blocks) {
      const written = writesOfEnd(end);
      if (written !== undefined) set.add(written);
    }
    const candidates = [...weights].filter(([variable, weight]) => set.has(variable) && weight > 1)
      .sort((a, b) => b[1] - a[1]).slice(0, CANDIDATES_MAX).map(([variable]) => variable);
    const conflicts = conflictsOf(graph, steps, new Set(candidates));
    return { weights, pointing: pointingWeightsOf(graph), candidates, conflicts };
  }

  /** Uses of each variable, those in loops counted more often. */
  get weights(): ReadonlyMap<Variable, number> {
    return this.#facts.weights;
  }

  /** Registers for variables. */
  choose(registers: readonly Register[], { homeless, preferred }: HomeWishes): Map<Variable, Register> {
    const homes = new Map<Variable, Register>();
    if (registers.length === 0) return homes;
    const { weights, pointing, conflicts } = this.#facts;
    const candidates = this.#facts.candidates.filter((variable) => !homeless.has(variable));
    const weightIn = (variable: Variable, register: Register): number =>
      weights.get(variable)! + (register === "d" ? 0 : pointing.get(variable) ?? 0);
    for (const register of registers) {
      const inside: Variable[] = [];
      const order = candidates.toSorted((a, b) =>
        Number(preferred.has(b)) - Number(preferred.has(a)) ||
        weightIn(b, register) - weightIn(a, register)
      );
      for (const variable of order) {
        if (homes.has(variable) || inside.some((other) => conflicts.get(variable)!.has(other))) continue;
        inside.push(variable);
        homes.set(variable, register);
      }
    }
    return homes;
  }
}

/** Which candidates are needed at the same time. */
function conflictsOf(
  graph: Graph,
  steps: ReadonlyMap<Block, readonly Step[]>,
  candidates: ReadonlySet<Variable>,
): Map<Variable, Set<Variable>> {
  const conflicts = new Map([...candidates].map((variable) => [variable, new Set<Variable>()]));
  const conflict = (a: Variable, b: Variable): void => {
    if (a === b || !candidates.has(b)) return;
    conflicts.get(a)!.add(b);
    conflicts.get(b)!.add(a);
  };
  const liveness = new Liveness(graph);
  for (const block of graph.blocks) {
    const written = writesOfEnd(block.end);
    const live = liveness.after(block);
    if (written !== undefined && candidates.has(written)) {
      for (const other of live) conflict(written, other);
    }
    if (written !== undefined) live.delete(written);
    for (const value of readsOfEnd(block.end)) if (value instanceof Variable) live.add(value);
    for (const step of steps.get(block)!.toReversed()) {
      for (const variable of writesOfStep(step)) {
        if (candidates.has(variable)) { for (const other of live) conflict(variable, other); }
      }
      backwardsOverStep(step, live);
    }
  }
  // What is needed from the very start keeps the zero that every register has then.
  const initial = [...liveness.before(graph.start), ...liveness.before(graph.enter)].filter((each) =>
    candidates.has(each)
  );
  for (const a of initial) for (const b of initial) conflict(a, b);
  return conflicts;
}

function writesOfStep(step: Step): readonly Variable[] {
  return step.type === "set" ? [step.to] : step.type === "other" ? writesOf(step.operation) : [];
}

function backwardsOverStep(step: Step, live: LiveSet): void {
  if (step.type === "other") return backwardsOver(step.operation, live);
  if (step.type === "set") live.delete(step.to);
  const nodes = step.type === "store"
    ? [step.at, step.value]
    : step.type === "branch"
    ? [step.a, step.b]
    : [step.value];
  for (const node of nodes) for (const leaf of leavesOf(node)) live.add(leaf);
}
