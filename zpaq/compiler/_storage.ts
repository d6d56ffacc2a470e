/**
 * Which of the machine's 256 cells R each variable lives in. Functions that are never open together share cells.
 */
import type { Reporter } from "./_reporter.ts";
import { calledFunction, callsIn } from "./_scopes.ts";
import type { Program, Scope } from "./_scopes.ts";

/** The cell that says where the program goes on. */
export const RESUME_CELL = 0;
/** Whether something was pushed back, and what. */
export const PUSHED_FLAG = 1;
/** The value that was pushed back. */
export const PUSHED_CELL = 2;
const FIRST_CELL = 3;
const CELLS = 256;

/** The cells of one function. */
export interface Frame {
  readonly variables: ReadonlyMap<string, number>;
  /** Where the call goes back to, by the number of its place; undefined for a function with one caller. */
  readonly returnCell: number;
  /** The first cell for intermediate values. */
  readonly temporaries: number;
}

/** Cells for intermediate values of a function, so many that a program of people needs no more. */
const TEMPORARIES = 12;

/** Cells of everything. */
export interface Storage {
  readonly globals: ReadonlyMap<string, number>;
  readonly frames: ReadonlyMap<string, Frame>;
  /** The statements of the module. */
  readonly main: Frame;
}

/** A function that calls itself, if there is one; the path that shows it. */
export function recursionOf(program: Program): readonly string[] | undefined {
  const done = new Set<string>();
  const visit = (name: string, path: readonly string[]): readonly string[] | undefined => {
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name];
    const scope = program.functions.get(name);
    if (scope === undefined || done.has(name)) return undefined;
    for (const callee of calleesOf(scope)) {
      const found = visit(callee, [...path, name]);
      if (found !== undefined) return found;
    }
    done.add(name);
    return undefined;
  };
  for (const name of program.reachable) {
    const found = visit(name, []);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The functions that a function calls, allocators that the language calls for it among them. */
export function calleesOf({ definition }: Pick<Scope, "definition">): Set<string> {
  return withAllocators(callsIn(definition.body));
}

/** Calls of `alloc_hH` and its like are calls of the program's own `addr_alloc_hH`. */
export function withAllocators(calls: ReadonlySet<string>): Set<string> {
  return new Set([...calls].map(calledFunction));
}

/** Gives every variable of a program without recursion a cell; undefined, and a finding, when they are too many. */
export function allocate(program: Program, reporter: Reporter): Storage | undefined {
  const globals = new Map([...program.globals].map((name, i) => [name, FIRST_CELL + i]));
  const base = FIRST_CELL + globals.size;
  const starts = new Map<string, number>();
  const sizeOf = (scope: Scope): number => scope.locals.size + 1 + TEMPORARIES;
  const enter = (name: string, start: number): void => {
    const scope = program.functions.get(name);
    if (scope === undefined || (starts.get(name) ?? -1) >= start) return;
    starts.set(name, start);
    for (const callee of calleesOf(scope)) enter(callee, start + sizeOf(scope));
  };
  enter(program.part, base);
  // The statements of the module run while the first call of the entry point is open.
  const main = base + sizeOf(program.functions.get(program.part)!);
  for (const name of withAllocators(callsIn(program.main))) enter(name, main + TEMPORARIES + 1);
  const frames = new Map<string, Frame>();
  let most = main + TEMPORARIES + 1;
  for (const [name, start] of starts) {
    const scope = program.functions.get(name)!;
    const variables = new Map([...scope.locals].map((local, i) => [local, start + i]));
    const returnCell = start + variables.size;
    frames.set(name, { variables, returnCell, temporaries: returnCell + 1 });
    most = Math.max(most, start + sizeOf(scope));
  }
  if (most > CELLS) {
    const { name } = program.functions.get(program.part)!.definition;
    reporter.report(
      "0401",
      name,
      `the variables of "${program.part}" take ${most} cells, the machine has ${CELLS}`,
    );
    return undefined;
  }
  return { globals, frames, main: { variables: new Map(), returnCell: main, temporaries: main + 1 } };
}

/** Intermediate values that one function can hold at a time. */
export const TEMPORARIES_MAX: number = TEMPORARIES;
