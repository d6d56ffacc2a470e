/**
 * Which functions become part of their callers.
 */
import type { Statement } from "./_ast.ts";
import { callOrderOf } from "./_call_order.ts";
import type { CallOrder } from "./_call_order.ts";
import type { OptimizationLevel } from "./_level.ts";
import { callNames } from "./_scopes.ts";
import type { Program } from "./_scopes.ts";
import { statementSize } from "./_sizes.ts";

/** A function with copies in it that are nested deeper is called. */
const DEPTH_MAX = 40;
/** Parts of the syntax tree that a copy of a function may have, and all its copies together. */
const LIMITS = { 2: { single: 14, all: 90 }, s: { single: 6, all: 0 } } as const;

/** What becomes part of its callers. */
interface InlinedFunctions {
  readonly inlined: ReadonlySet<string>;
  /** The groups of functions that call themselves. */
  readonly components: ReadonlyMap<string, number>;
  /** Whether one of them is called from several places, each of which gets a copy. */
  readonly copies: boolean;
}

/** What a program says of its calls, whatever the level. */
interface CallFacts extends CallOrder {
  /** The functions that each function calls, once for each place. */
  readonly calls: ReadonlyMap<string, readonly string[]>;
  /** How many places each function is called from. */
  readonly counts: ReadonlyMap<string, number>;
  /** Parts of the syntax tree that each function has by itself. */
  readonly sizes: ReadonlyMap<string, number>;
}

const known = new WeakMap<Program, CallFacts>();

function callFactsOf(program: Program): CallFacts {
  let facts = known.get(program);
  if (facts !== undefined) return facts;
  const calls = new Map<string, readonly string[]>();
  const counts = new Map<string, number>();
  const sizes = new Map<string, number>();
  const calledBy = (body: readonly Statement[]): string[] => {
    const names = [...callNames(body)].filter((name) => program.functions.has(name));
    for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
    return names;
  };
  for (const name of program.reachable) {
    const { body } = program.functions.get(name)!.definition;
    calls.set(name, calledBy(body));
    sizes.set(name, body.reduce((sum, each) => sum + statementSize(each), 0));
  }
  calledBy(program.main);
  known.set(program, facts = { ...callOrderOf(calls), calls, counts, sizes });
  return facts;
}

/** The functions to be inlined, and the groups of those that call themselves. */
export function inlinedFunctions(
  program: Program,
  level: OptimizationLevel,
): InlinedFunctions {
  const { calls, counts, sizes: own, groups: components, order } = callFactsOf(program);
  const inlined = new Set<string>();
  if (level === 0) return { inlined, components, copies: false };
  const limits = level === 1 ? undefined : LIMITS[level];
  const sizes = new Map<string, number>();
  const depths = new Map<string, number>();
  for (const name of order) {
    if (components.has(name)) continue;
    const copied = calls.get(name)!.filter((callee) => inlined.has(callee));
    const size = copied.reduce((sum, callee) => sum + sizes.get(callee)!, own.get(name)!);
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
