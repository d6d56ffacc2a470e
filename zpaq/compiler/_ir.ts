/**
 * The program between syntax and machine: one graph of blocks for the whole section, whose operations work on variables of
 * 32 bits. Functions are parts of the same graph, waiting for input is an edge of it.
 */

/** A place for a number: a variable of the program, or an intermediate value. */
export class Variable {
  readonly name: string;
  /** The function that it belongs to; undefined for the module's. */
  readonly owner: string | undefined;
  /** Whether it only holds an intermediate value. */
  readonly temporary: boolean;

  constructor(name: string, owner: string | undefined, temporary: boolean) {
    this.name = name;
    this.owner = owner;
    this.temporary = temporary;
  }
}

/** A variable, or a number that is known. */
export type Value = Variable | number;

/** The two arrays of the machine. */
export type Memory = "H" | "M";

/** Comparisons that branches make. */
export type Comparison = "==" | "!=" | "<" | ">" | "<=" | ">=";

/**
 * Operators modulo 2^32; shifts by 32 and more give 0, quotients by 0 give 0, comparisons give 0 or 1. "hash" is the
 * machine's: (a + b + 512) * 773.
 */
export type Operator = "+" | "-" | "*" | "/" | "%" | "&" | "|" | "^" | "<<" | ">>" | "hash" | Comparison;

/** What "hash" adds and multiplies by. */
export const HASH = { plus: 512, times: 773 } as const;

/** What a call that may come back to its caller keeps on the stack. */
export interface SavedFrame {
  readonly owner: string;
  variables: readonly Variable[];
}

/** One step. */
export type Operation =
  & { readonly line: number }
  & (
    | { readonly type: "set"; readonly to: Variable; readonly from: Value }
    | {
      readonly type: "binary";
      readonly to: Variable;
      readonly operator: Operator;
      readonly a: Value;
      readonly b: Value;
    }
    | { readonly type: "load"; readonly to: Variable; readonly memory: Memory; readonly at: Value }
    | { readonly type: "store"; readonly memory: Memory; readonly at: Value; readonly value: Value }
    | { readonly type: "out"; readonly value: Value }
    /** The value that the machine was called with. */
    | { readonly type: "input"; readonly to: Variable }
    | { readonly type: "save" | "restore"; readonly frame: SavedFrame }
    | { readonly type: "table"; readonly table: Table }
  );

/** A row of constants in memory. */
export interface Table {
  readonly name: string;
  readonly memory: Memory;
  readonly values: readonly number[];
  /** Where it starts: after what the program has of the array. */
  base: number;
}

/** How a block ends. */
export type Ending =
  & { readonly line: number }
  & (
    | { readonly type: "jump"; readonly to: Block }
    | {
      readonly type: "branch";
      readonly operator: Comparison;
      readonly a: Value;
      readonly b: Value;
      readonly yes: Block;
      readonly no: Block;
    }
    | { readonly type: "call"; readonly callee: Routine; readonly next: Block }
    | { readonly type: "return"; readonly routine: Routine }
    /** Halts until the next value comes; `resume` then says which of these it was. */
    | { readonly type: "read"; readonly next: Block; readonly state: number }
    | { readonly type: "halt" }
    | { readonly type: "error" }
  );

/** Operations that are done one after the other. */
export interface Block {
  readonly id: number;
  /** How many loops are around it. */
  depth: number;
  readonly owner: string | undefined;
  operations: Operation[];
  end: Ending;
}

/** A function that has code of its own. */
export interface Routine {
  readonly name: string;
  readonly entry: Block;
  readonly exit: Block;
  /** Which call is to be gone back to. */
  readonly origin: Variable;
  /** The blocks after its calls. */
  readonly sites: Block[];
}

/** A whole section. */
export interface Graph {
  readonly part: "hcomp" | "pcomp";
  /** In the order in which they are laid out. */
  blocks: Block[];
  /** Where the first call begins. */
  start: Block;
  /** Where every other call begins. */
  readonly enter: Block;
  readonly routines: readonly Routine[];
  /** What the next call has to do. */
  readonly resume: Variable;
  readonly tables: readonly Table[];
  /** The tables that are taken from the first values that the section is called with, as these values. */
  readonly preamble: readonly number[];
  /** Whether functions call themselves. */
  readonly recursive: boolean;
  /** Whether there are loops that can be written out, round after round. */
  readonly unrolls: boolean;
  /** The stack's pointer, for functions that call themselves. */
  readonly stack: Variable;
}

/** The blocks that may follow a block. */
export function successorsOf({ end }: Block, enter: Block): readonly Block[] {
  switch (end.type) {
    case "jump":
      return [end.to];
    case "branch":
      return [end.yes, end.no];
    case "call":
      return [end.callee.entry];
    case "return":
      return end.routine.sites;
    case "read":
      return [end.next];
    case "halt":
      return [enter];
    case "error":
      return [];
  }
}

/** The values that an operation reads. */
export function readsOf(operation: Operation): readonly Value[] {
  switch (operation.type) {
    case "set":
      return [operation.from];
    case "binary":
      return [operation.a, operation.b];
    case "load":
      return [operation.at];
    case "store":
      return [operation.at, operation.value];
    case "out":
      return [operation.value];
    case "save":
      return operation.frame.variables;
    default:
      return [];
  }
}

/** The values that the end of a block reads. */
export function readsOfEnd(end: Ending): readonly Value[] {
  if (end.type === "branch") return [end.a, end.b];
  return end.type === "return" && end.routine.sites.length > 1 ? [end.routine.origin] : [];
}

/** The variables that an operation changes. */
export function writesOf(operation: Operation): readonly Variable[] {
  switch (operation.type) {
    case "set":
    case "binary":
    case "load":
    case "input":
      return [operation.to];
    case "restore":
      return operation.frame.variables;
    default:
      return [];
  }
}

/** The variable that the end of a block changes. */
export function writesOfEnd(end: Ending): Variable | undefined {
  return end.type === "call" && end.callee.sites.length > 1 ? end.callee.origin : undefined;
}

/** The result of an operator on numbers below 2^32. */
export function compute(operator: Operator, a: number, b: number): number {
  switch (operator) {
    case "+":
      return (a + b) >>> 0;
    case "-":
      return (a - b) >>> 0;
    case "*":
      return Math.imul(a, b) >>> 0;
    case "/":
      return b === 0 ? 0 : Math.floor(a / b);
    case "%":
      return b === 0 ? 0 : a % b;
    case "&":
      return (a & b) >>> 0;
    case "|":
      return (a | b) >>> 0;
    case "^":
      return (a ^ b) >>> 0;
    case "<<":
      return b > 31 ? 0 : (a << b) >>> 0;
    case ">>":
      return b > 31 ? 0 : a >>> b;
    case "hash":
      return Math.imul(a + b + HASH.plus, HASH.times) >>> 0;
    default:
      return holds(operator, a, b) ? 1 : 0;
  }
}

/** Whether a comparison is true. */
export function holds(operator: Comparison, a: number, b: number): boolean {
  switch (operator) {
    case "==":
      return a === b;
    case "!=":
      return a !== b;
    case "<":
      return a < b;
    case ">":
      return a > b;
    case "<=":
      return a <= b;
    case ">=":
      return a >= b;
  }
}

/** The comparison that holds when this one does not. */
export const OPPOSITE: Readonly<Record<Comparison, Comparison>> = {
  "==": "!=",
  "!=": "==",
  "<": ">=",
  ">=": "<",
  ">": "<=",
  "<=": ">",
};

/** The comparison with its sides exchanged. */
export const MIRRORED: Readonly<Record<Comparison, Comparison>> = {
  "==": "==",
  "!=": "!=",
  "<": ">",
  ">": "<",
  "<=": ">=",
  ">=": "<=",
};

/** Whether an operator compares. */
export function isComparison(operator: Operator): operator is Comparison {
  return operator in OPPOSITE;
}
