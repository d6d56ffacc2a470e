/**
 * Variables that are set anew for another purpose: each purpose gets a variable of its own, which may then live elsewhere.
 */
import { readsOf, readsOfEnd, successorsOf, Variable, writesOf, writesOfEnd } from "./_ir.ts";
import type { Block, Ending, Graph, Operation, Value } from "./_ir.ts";

/** Variables that are set at more places are left as they are: their places are bits of one number. */
const PLACES_MAX = 30;
/** Blocks times variables; larger programs are left as they are. */
const WORK_MAX = 200_000;
/** The place where a variable has the value that it had before. */
const BEFORE = 1;

/** Takes the variables of functions apart; true if there was one. */
export function splitVariables(graph: Graph): boolean {
  const places = new Map<Variable, number>();
  const fixed = new Set<Variable>([graph.resume, graph.stack, ...graph.routines.map(({ origin }) => origin)]);
  for (const { operations, end } of graph.blocks) {
    for (const operation of operations) {
      for (const variable of writesOf(operation)) {
        places.set(variable, (places.get(variable) ?? 0) + 1);
        if (operation.type === "restore") fixed.add(variable);
      }
      if (operation.type === "save") {
        for (const variable of operation.frame.variables) fixed.add(variable);
      }
    }
    const written = writesOfEnd(end);
    if (written !== undefined) fixed.add(written);
  }
  const variables = [...places].filter(([variable, count]) =>
    variable.owner !== undefined && !fixed.has(variable) && count > 1 && count < PLACES_MAX
  ).map(([variable]) => variable);
  if (variables.length * graph.blocks.length > WORK_MAX) return false;
  let split = false;
  for (const variable of variables) split = splitVariable(graph, variable) || split;
  return split;
}

function splitVariable(graph: Graph, variable: Variable): boolean {
  const webs = new Webs();
  const places = new Map<Operation, number>();
  const before = reachingPlaces(graph, variable, places);
  for (const block of graph.blocks) {
    let now = before.get(block)!;
    for (const operation of block.operations) {
      if (readsOf(operation).includes(variable)) webs.join(now);
      now = places.get(operation) ?? now;
    }
    if (readsOfEnd(block.end).includes(variable)) webs.join(now);
  }
  const names = new Map<number, Variable>([[webs.of(BEFORE), variable]]);
  const nameOf = (place: number): Variable => {
    const web = webs.of(place);
    let name = names.get(web);
    if (name === undefined) {
      names.set(web, name = new Variable(variable.name, variable.owner, variable.temporary));
    }
    return name;
  };
  if (new Set([...places.values()].map((place) => webs.of(place))).size < 2) return false;
  for (const block of graph.blocks) {
    let now = before.get(block)!;
    block.operations = block.operations.map((operation) => {
      const place = places.get(operation);
      const reads = now === 0 ? variable : nameOf(lowest(now));
      const replaced = withReads(operation, variable, reads);
      if (place === undefined) return replaced;
      now = place;
      return { ...replaced, to: nameOf(place) } as Operation;
    });
    block.end = endWithReads(block.end, variable, now === 0 ? variable : nameOf(lowest(now)));
  }
  return true;
}

function lowest(bits: number): number {
  return (bits & -bits) >>> 0;
}

/** The places whose values a variable may have where each block begins; fills `places` with a bit for each. */
function reachingPlaces(
  graph: Graph,
  variable: Variable,
  places: Map<Operation, number>,
): ReadonlyMap<Block, number> {
  const last = new Map<Block, number>();
  let bit = BEFORE;
  for (const block of graph.blocks) {
    for (const operation of block.operations) {
      if (!writesOf(operation).includes(variable)) continue;
      bit = (bit << 1) >>> 0;
      places.set(operation, bit);
      last.set(block, bit);
    }
  }
  const before = new Map<Block, number>(graph.blocks.map((block) => [block, 0]));
  before.set(graph.start, BEFORE);
  const open = [...graph.blocks];
  for (let block = open.pop(); block !== undefined; block = open.pop()) {
    const after = last.get(block) ?? before.get(block)!;
    for (const next of successorsOf(block, graph.enter)) {
      const now = before.get(next)!;
      if ((now | after) >>> 0 === now) continue;
      before.set(next, (now | after) >>> 0);
      open.push(next);
    }
  }
  return before;
}

/** Places that belong together because one read may get the value of either. */
class Webs {
  readonly #parents = new Map<number, number>();

  of(place: number): number {
    const parent = this.#parents.get(place);
    return parent === undefined ? place : this.of(parent);
  }

  join(places: number): void {
    const first = lowest(places);
    for (let rest = (places & ~first) >>> 0; rest !== 0; rest = (rest & (rest - 1)) >>> 0) {
      const [a, b] = [this.of(first), this.of(lowest(rest))];
      if (a !== b) this.#parents.set(Math.max(a, b), Math.min(a, b));
    }
  }
}

/** An operation that reads another variable instead of one. */
function withReads(operation: Operation, from: Variable, to: Variable): Operation {
  if (from === to || !readsOf(operation).includes(from)) return operation;
  const change = (value: Value): Value => value === from ? to : value;
  switch (operation.type) {
    case "set":
      return { ...operation, from: change(operation.from) };
    case "binary":
      return { ...operation, a: change(operation.a), b: change(operation.b) };
    case "load":
      return { ...operation, at: change(operation.at) };
    case "store":
      return { ...operation, at: change(operation.at), value: change(operation.value) };
    case "out":
      return { ...operation, value: change(operation.value) };
    default:
      return operation;
  }
}

function endWithReads(end: Ending, from: Variable, to: Variable): Ending {
  if (end.type !== "branch" || from === to) return end;
  return { ...end, a: end.a === from ? to : end.a, b: end.b === from ? to : end.b };
}
