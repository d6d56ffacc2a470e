/**
 * Which functions become part of their callers.
 */
import type { Expression, Statement } from "./_ast.ts";
import type { OptimizationLevel } from "./_level.ts";
import { blocksOf, calledFunction, callNames, expressionsOf, partsOf } from "./_scopes.ts";
import type { Program } from "./_scopes.ts";

/** Parts of the syntax tree that a copy of a function may have, and all its copies together. */
const LIMITS = { 2: { single: 14, all: 90 }, s: { single: 6, all: 0 } } as const;

function expressionSize(expression: Expression): number {
  return partsOf(expression).reduce((sum, part) => sum + expressionSize(part), 1);
}

function statementSize(statement: Statement): number {
  const own = expressionsOf(statement).reduce((sum, each) => sum + expressionSize(each), 1);
  return blocksOf(statement).flat().reduce((sum, each) => sum + statementSize(each), own);
}

/** Groups of functions that call each other, each with a number; functions that never come back to themselves have none. */
function recursionOf(calls: ReadonlyMap<string, readonly string[]>): Map<string, number> {
  const groups = new Map<string, number>();
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const open: string[] = [];
  const visit = (name: string): void => {
    index.set(name, index.size);
    low.set(name, index.get(name)!);
    open.push(name);
    for (const callee of calls.get(name)!) {
      if (!index.has(callee)) visit(callee);
      if (open.includes(callee)) low.set(name, Math.min(low.get(name)!, low.get(callee)!));
    }
    if (low.get(name) !== index.get(name)) return;
    const group = open.splice(open.indexOf(name));
    if (group.length === 1 && !calls.get(name)!.includes(name)) return;
    for (const each of group) groups.set(each, index.get(name)!);
  };
  for (const name of calls.keys()) if (!index.has(name)) visit(name);
  return groups;
}

/** The functions to be inlined, and the groups of those that call themselves. */
export function inlinedFunctions(
  program: Program,
  level: OptimizationLevel,
): { readonly inlined: ReadonlySet<string>; readonly components: ReadonlyMap<string, number> } {
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
  const components = recursionOf(calls);
  const inlined = new Set<string>();
  if (level === 0) return { inlined, components };
  const sizes = new Map<string, number>();
  const sizeOf = (name: string): number => {
    let size = sizes.get(name);
    if (size !== undefined) return size;
    size = program.functions.get(name)!.definition.body.reduce((sum, each) => sum + statementSize(each), 0);
    for (const callee of calls.get(name)!) {
      if (components.has(callee)) continue;
      const calleeSize = sizeOf(callee);
      if (inlined.has(callee)) size += calleeSize;
    }
    sizes.set(name, size);
    const times = counts.get(name) ?? 0;
    const limits = level === 1 ? undefined : LIMITS[level];
    const small = limits !== undefined && (size <= limits.single || size * (times - 1) <= limits.all);
    if (times === 1 || small) inlined.add(name);
    return size;
  };
  for (const name of calls.keys()) if (!components.has(name)) sizeOf(name);
  for (const name of components.keys()) {
    for (const callee of calls.get(name)!) if (!components.has(callee)) sizeOf(callee);
  }
  return { inlined, components };
}
