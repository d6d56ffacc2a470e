/**
 * Which functions become part of their callers.
 */
import type { Expression, Statement } from "./_ast.ts";
import type { OptimizationLevel } from "./_level.ts";
import { calledFunction, callNames, expressionsOf, partsOf, walk } from "./_scopes.ts";
import type { Program } from "./_scopes.ts";

/** A function with copies in it that are nested deeper is called. */
const DEPTH_MAX = 40;
/** Parts of the syntax tree that a copy of a function may have, and all its copies together. */
const LIMITS = { 2: { single: 14, all: 90 }, s: { single: 6, all: 0 } } as const;

function expressionSize(expression: Expression): number {
  return partsOf(expression).reduce((sum, part) => sum + expressionSize(part), 1);
}

function statementSize(statement: Statement): number {
  let size = 0;
  for (const each of walk([statement])) {
    size += expressionsOf(each).reduce((sum, expression) => sum + expressionSize(expression), 1);
  }
  return size;
}

/** What calls say about functions. */
interface CallOrder {
  /** Groups of functions that call each other, each with a number; those that never come back to themselves have none. */
  readonly groups: ReadonlyMap<string, number>;
  /** All functions, those that are called first as far as there is such an order. */
  readonly order: readonly string[];
}

/** Tarjan's strongly connected components, without recursion: chains of calls may be long. */
function callOrderOf(calls: ReadonlyMap<string, readonly string[]>): CallOrder {
  const groups = new Map<string, number>();
  const order: string[] = [];
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const open: string[] = [];
  const isOpen = new Set<string>();
  const lower = (name: string, value: number): void => void low.set(name, Math.min(low.get(name)!, value));
  const path: { readonly name: string; readonly callees: Iterator<string> }[] = [];
  const enter = (name: string): void => {
    index.set(name, index.size);
    low.set(name, index.get(name)!);
    open.push(name);
    isOpen.add(name);
    path.push({ name, callees: calls.get(name)![Symbol.iterator]() });
  };
  const close = (name: string): void => {
    if (low.get(name) !== index.get(name)) return;
    const group = open.splice(open.lastIndexOf(name));
    for (const each of group) isOpen.delete(each);
    order.push(...group.toReversed());
    if (group.length === 1 && !calls.get(name)!.includes(name)) return;
    for (const each of group) groups.set(each, index.get(name)!);
  };
  for (const root of calls.keys()) {
    if (!index.has(root)) enter(root);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const { value: callee, done } = top.callees.next();
      if (done === true) {
        path.pop();
        close(top.name);
        const caller = path.at(-1);
        if (caller !== undefined) lower(caller.name, low.get(top.name)!);
      } else if (!index.has(callee)) enter(callee);
      else if (isOpen.has(callee)) lower(top.name, index.get(callee)!);
    }
  }
  return { groups, order };
}

/** What becomes part of its callers. */
interface InlinedFunctions {
  readonly inlined: ReadonlySet<string>;
  /** The groups of functions that call themselves. */
  readonly components: ReadonlyMap<string, number>;
  /** Whether one of them is called from several places, each of which gets a copy. */
  readonly copies: boolean;
}

/** The functions to be inlined, and the groups of those that call themselves. */
export function inlinedFunctions(
  program: Program,
  level: OptimizationLevel,
): InlinedFunctions {
  const calls = new Map<string, readonly string[]>();
  const known = (names: Iterable<string>): string[] =>
    [...names].map(calledFunction).filter((name) => program.functions.has(name));
  const counts = new Map<string, number>();
  const count = (names: readonly string[]): void => {
    for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  };
  for (const name of program.reachable) {
    const found = known(callNames(program.functions.get(name)!.definition.body));
    calls.set(name, found);
    count(found);
  }
  count(known(callNames(program.main)));
  const { groups: components, order } = callOrderOf(calls);
  const inlined = new Set<string>();
  if (level === 0) return { inlined, components, copies: false };
  const limits = level === 1 ? undefined : LIMITS[level];
  const sizes = new Map<string, number>();
  const depths = new Map<string, number>();
  for (const name of order) {
    if (components.has(name)) continue;
    const copied = calls.get(name)!.filter((callee) => inlined.has(callee));
    const body = program.functions.get(name)!.definition.body;
    const size = copied.reduce(
      (sum, callee) => sum + sizes.get(callee)!,
      body.reduce((sum, each) => sum + statementSize(each), 0),
    );
    const depth = copied.reduce((most, callee) => Math.max(most, depths.get(callee)! + 1), 0);
    sizes.set(name, size);
    depths.set(name, depth);
    const times = counts.get(name) ?? 0;
    const small = limits !== undefined && (size <= limits.single || size * (times - 1) <= limits.all);
    if (depth < DEPTH_MAX && (times === 1 || small)) inlined.add(name);
  }
  const copies = [...inlined].some((name) => counts.get(name)! > 1);
  return { inlined, components, copies };
}
