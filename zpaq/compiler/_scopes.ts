/**
 * Which functions and variables a program has, and what each function calls.
 */
import type { Expression, FunctionDefinition, Name, Statement } from "./_ast.ts";
import { constantOf } from "./_constants.ts";
import { HEADER_NAMES } from "./_header.ts";
import type { Span } from "./_source_text.ts";

/** The parts of an expression, one level down. */
export function partsOf(expression: Expression): readonly Expression[] {
  switch (expression.type) {
    case "index":
      return [expression.base, expression.index];
    case "call":
      return expression.args.map(({ value }) => value);
    case "unary":
      return [expression.operand];
    case "binary":
      return [expression.left, expression.right];
    case "boolean":
      return expression.operands;
    case "compare":
      return [expression.first, ...expression.links.map(({ operand }) => operand)];
    case "conditional":
      return [expression.test, expression.then, expression.otherwise];
    case "dict":
      return expression.entries.flatMap(({ key, value }) => [key, value]);
    case "tuple":
      return expression.items;
    default:
      return [];
  }
}

/** The blocks of a statement; a function's own body is not one of them. */
export function blocksOf(statement: Statement): readonly (readonly Statement[])[] {
  switch (statement.type) {
    case "if":
      return [statement.then, statement.otherwise];
    case "while":
    case "for":
      return [statement.body, statement.otherwise];
    default:
      return [];
  }
}

/** The expressions of a statement itself. */
export function expressionsOf(statement: Statement): readonly Expression[] {
  switch (statement.type) {
    case "assign":
      return [...statement.targets, statement.value];
    case "augmented":
      return [statement.target, statement.value];
    case "expression":
      return [statement.value];
    case "return":
      return statement.value === undefined ? [] : [statement.value];
    case "assert":
    case "if":
    case "while":
      return [statement.test];
    case "for":
      return statement.range;
    case "def":
      return statement.parameters.flatMap(({ standard }) => standard === undefined ? [] : [standard]);
    default:
      return [];
  }
}

/** All statements in order, those in blocks too; functions are among them and not entered. */
export function walk(statements: readonly Statement[]): readonly Statement[] {
  // Chains of "elif" are as deep as they are long: what is open is kept here, not on the stack.
  const open = statements.toReversed();
  const found: Statement[] = [];
  for (let statement = open.pop(); statement !== undefined; statement = open.pop()) {
    found.push(statement);
    for (const block of blocksOf(statement).toReversed()) {
      for (let i = block.length - 1; i >= 0; i--) open.push(block[i]!);
    }
  }
  return found;
}

/** The variables that a target sets. */
function* targetsOf(target: Expression): Generator<Name, void, undefined> {
  if (target.type === "name") yield target;
  if (target.type === "tuple") { for (const item of target.items) yield* targetsOf(item); }
}

/** The variables that statements set, in order, functions left out. */
export function* assignedIn(statements: readonly Statement[]): Generator<Name, void, undefined> {
  for (const statement of walk(statements)) {
    if (statement.type === "assign") { for (const target of statement.targets) yield* targetsOf(target); }
    if (statement.type === "augmented") yield* targetsOf(statement.target);
    if (statement.type === "for") yield statement.variable;
  }
}

/** A function with its own variables. */
export interface Scope {
  readonly definition: FunctionDefinition;
  /** Variables of the function itself, parameters among them. */
  readonly locals: ReadonlySet<string>;
  /** Names that it takes from the module by "global". */
  readonly globals: ReadonlyMap<string, Name>;
}

/** The scope of a function. */
export function scopeOf(definition: FunctionDefinition): Scope {
  const globals = new Map<string, Name>();
  for (const statement of walk(definition.body)) {
    if (statement.type !== "global") continue;
    for (const name of statement.names) globals.set(name.text, globals.get(name.text) ?? name);
  }
  const locals = new Set(definition.parameters.map(({ text }) => text));
  for (const { text } of assignedIn(definition.body)) if (!globals.has(text)) locals.add(text);
  return { definition, locals, globals };
}

/** The functions that statements call, as they are written. */
export function callsIn(statements: readonly Statement[]): Set<string> {
  return new Set(calls(statements));
}

/** The function of the program that a call means: `alloc_hH` and its like call the program's own allocators. */
export function calledFunction(name: string): string {
  return /^(?:alloc|free)_/.test(name) ? `addr_${name}` : name;
}

/** The function after each call in statements, once for each place. */
export function* callNames(statements: readonly Statement[]): Generator<string, void, undefined> {
  for (const name of calls(statements)) yield calledFunction(name);
}

function* calls(statements: readonly Statement[]): Generator<string, void, undefined> {
  for (const statement of walk(statements)) {
    if (statement.type === "def") continue;
    for (const expression of expressionsOf(statement)) yield* callsOf(expression);
  }
}

function* callsOf(expression: Expression): Generator<string, void, undefined> {
  for (const part of subexpressionsOf(expression)) if (part.type === "call") yield part.callee.text;
}

/** An expression and all its parts, in order. */
export function subexpressionsOf(expression: Expression): readonly Expression[] {
  const open = [expression];
  const found: Expression[] = [];
  for (let part = open.pop(); part !== undefined; part = open.pop()) {
    found.push(part);
    const parts = partsOf(part);
    for (let i = parts.length - 1; i >= 0; i--) open.push(parts[i]!);
  }
  return found;
}

/** A program: shared statements followed by those of its section. */
export interface Program {
  readonly part: "hcomp" | "pcomp";
  /** What runs once, before the first byte. */
  readonly main: readonly Statement[];
  readonly functions: ReadonlyMap<string, Scope>;
  /** Variables of the module. */
  readonly globals: ReadonlySet<string>;
  /** Constant tables: rows of numbers that the module names. */
  readonly tables: ReadonlyMap<string, readonly number[]>;
  /** Functions that can be called, from the entry point and from `main`. */
  readonly reachable: ReadonlySet<string>;
}

/** Names that the module gives to rows of numbers. */
function tablesOf(main: readonly Statement[]): Map<string, readonly number[]> {
  const tables = new Map<string, readonly number[]>();
  for (const statement of main) {
    if (statement.type !== "assign" || statement.targets.length !== 1) continue;
    const [target] = statement.targets;
    const values = tableValues(statement.value);
    if (target?.type === "name" && values !== undefined) tables.set(target.text, values);
  }
  return tables;
}

/** The names that a section reads: in its statements, and in functions that are called. */
export function namesUsed({ main, functions, reachable }: Program): ReadonlySet<string> {
  const names = new Set<string>();
  const bodies = [main, ...[...reachable].map((name) => functions.get(name)?.definition.body ?? [])];
  for (const body of bodies) {
    for (const statement of walk(body)) {
      // What names a table does not read it.
      if (statement.type === "assign" && ["bytes", "tuple"].includes(statement.value.type)) {
        if (statement.targets.every((target) => target.type === "name")) continue;
      }
      for (const expression of expressionsOf(statement)) {
        for (const part of subexpressionsOf(expression)) if (part.type === "name") names.add(part.text);
      }
    }
  }
  return names;
}

/** The name of a table where the module gives it one. */
export function tablePlace({ main }: Program, name: string): Span | undefined {
  for (const statement of main) {
    const target = statement.type === "assign" ? statement.targets[0] : undefined;
    if (target?.type === "name" && target.text === name) return target;
  }
  return undefined;
}

/** The numbers of a constant table; undefined for everything else. */
export function tableValues(expression: Expression): readonly number[] | undefined {
  if (expression.type === "bytes") return expression.values;
  if (expression.type !== "tuple") return undefined;
  const values = expression.items.map((item) => constantOf(item));
  return values.every((value) => value !== undefined) ? values : undefined;
}

/** Whether a statement sets header data alone, which are no variables. */
function setsHeader(statement: Statement): boolean {
  return statement.type === "assign" &&
    statement.targets.every((target) => target.type === "name" && HEADER_NAMES.has(target.text));
}

/** Takes a program apart; of functions with one name the last counts. */
export function programOf(statements: readonly Statement[], part: "hcomp" | "pcomp"): Program {
  const functions = new Map<string, Scope>();
  for (const statement of walk(statements)) {
    if (statement.type === "def") functions.set(statement.name.text, scopeOf(statement));
  }
  const main = statements.filter((statement) => statement.type !== "def" && !setsHeader(statement));
  const globals = new Set([...assignedIn(main)].map(({ text }) => text));
  for (const { definition, globals: taken } of functions.values()) {
    for (const { text } of assignedIn(definition.body)) if (taken.has(text)) globals.add(text);
  }
  const reachable = new Set<string>();
  const open = [...new Set(callNames(main)), part];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const scope = functions.get(name);
    if (scope === undefined || reachable.has(name)) continue;
    reachable.add(name);
    open.push(...new Set(callNames(scope.definition.body)));
  }
  return { part, main, functions, globals, tables: tablesOf(main), reachable };
}
