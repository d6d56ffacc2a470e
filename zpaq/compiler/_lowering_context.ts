/**
 * What expressions and statements are lowered into: blocks with operations, the names that they see, and the function that
 * is at work.
 */
import type { Expression, Statement } from "./_ast.ts";
import { constantOf } from "./_constants.ts";
import type { NamedValues } from "./_constants.ts";
import type { HeaderData } from "./_header.ts";
import { compute, Variable } from "./_ir.ts";
import type { Block, Ending, Memory, Operation, Operator, Table, Value } from "./_ir.ts";
import type { OptimizationLevel } from "./_level.ts";
import { ReferenceKinds } from "./_references.ts";
import type { Reporter } from "./_reporter.ts";
import { assignedIn, callNames, callsIn, namesUsed } from "./_scopes.ts";
import type { Program, Scope } from "./_scopes.ts";
import type { Span } from "./_source_text.ts";
import type { Unrolling } from "./_unrolling.ts";

/** How code is made. */
export interface CodeSettings {
  readonly level: OptimizationLevel;
  /** Whether indexes are checked when the program runs. */
  readonly checked: boolean;
  /** Whether shifts by 32 and more may do what the machine does. */
  readonly machineShifts: boolean;
  /** Whether pcomp takes its tables of bytes from the beginning of what it is called with. */
  readonly streamTables: boolean;
  /** Whether short loops are written out, round after round. @default {false} */
  readonly unrolls?: boolean;
}

/** States of a program between calls; those that wait for input follow. */
export const FIRST_CALL = 0;
export const NEW_CALL = 1;

/** One function while its body is made into operations. */
export interface Activation {
  readonly scope: Scope | undefined;
  /** The function that the code is part of. */
  readonly owner: string | undefined;
  readonly locals: ReadonlyMap<string, Variable>;
  /** Those of them whose value is known here. */
  readonly known: Map<string, number>;
  /** Where `return` leads to. */
  readonly exit: Block;
  /** What it gives; undefined when nobody asks. */
  readonly result: Variable | undefined;
  readonly loops: { readonly next: Block; readonly end: Block }[];
}

/** The section at work. */
export abstract class LoweringContext {
  readonly program: Program;
  readonly header: HeaderData;
  readonly reporter: Reporter;
  readonly settings: CodeSettings;
  readonly kinds: ReferenceKinds;
  /** Names whose value is known. */
  readonly constants: Map<string, number>;
  /** The same, but for names that the function at work has for variables of its own. */
  readonly names: NamedValues = {
    get: (name) => this.activation.locals.has(name) ? undefined : this.constants.get(name),
  };
  /** Those of constants, and of variables that have a known value here. */
  readonly knownNames: NamedValues = {
    get: (name) => this.activation.known.get(name) ?? this.names.get(name),
  };
  readonly globals = new Map<string, Variable>();
  readonly tables = new Map<string, Table>();
  /** Those that this section reads: both sections are told of the module's. */
  readonly usedTables: Table[] = [];
  readonly resume = new Variable("(resume)", undefined, false);
  /** Whether something of the source is in the graph more than once, for speed. */
  copies = false;
  readonly result = new Variable("(result)", undefined, false);
  readonly pushed = new Variable("(pushed back)", undefined, false);
  readonly pushedValue = new Variable("(value pushed back)", undefined, false);
  /** Whether anything is ever pushed back. */
  readonly pushes: boolean;
  /** The function that is lowered now. */
  activation!: Activation;
  /** The place in the source. */
  line = 0;
  /** How many loops are open. */
  depth = 0;
  /** The blocks that were placed, in order. */
  protected readonly blocks: Block[] = [];
  #created = 0;
  #states = NEW_CALL;
  #current: Block | undefined;

  constructor(program: Program, header: HeaderData, reporter: Reporter, settings: CodeSettings) {
    this.program = program;
    this.header = header;
    this.reporter = reporter;
    this.settings = settings;
    const { hh, hm, ph, pm, components } = header;
    this.constants = new Map(Object.entries({ hh, hm, ph, pm, n: components.length, NONE: 2 ** 32 - 1 }));
    this.kinds = ReferenceKinds.of(program);
    const bodies = [
      program.main,
      ...[...program.reachable].map((name) => program.functions.get(name)!.definition.body),
    ];
    const called = new Set(bodies.flatMap((body) => [...callNames(body)]));
    this.pushes = called.has("push_b") || called.has("peek_b");
    this.#nameModule();
  }

  /** Which loops are written out. */
  abstract readonly unrolling: Unrolling;

  /** Calls a function of the program with one value for each parameter. */
  abstract call(name: string, args: readonly Value[]): Value;

  /** Constants, tables and variables of the module. */
  #nameModule(): void {
    const { main, functions, globals } = this.program;
    const used = namesUsed(this.program);
    const sizes = { H: 0, M: 0 };
    for (const [name, values] of this.program.tables) {
      const memory: Memory = values.every((value) => value < 256) ? "M" : "H";
      this.tables.set(name, { name, memory, values, base: sizes[memory] });
      if (!used.has(name)) continue;
      this.usedTables.push(this.tables.get(name)!);
      sizes[memory] += values.length;
    }
    const counts = new Map<string, number>();
    const count = (statements: readonly Statement[], scope?: Scope): void => {
      for (const { text } of assignedIn(statements)) {
        if (scope?.locals.has(text) !== true) counts.set(text, (counts.get(text) ?? 0) + 1);
      }
    };
    count(main);
    for (const scope of functions.values()) count(scope.definition.body, scope);
    let calls = false;
    for (const statement of main) {
      calls ||= [...callsIn([statement])].some((name) => functions.has(name));
      if (calls || statement.type !== "assign") continue;
      for (const target of statement.targets) {
        if (target.type !== "name" || counts.get(target.text) !== 1) continue;
        const value = constantOf(statement.value, this.constants);
        if (value !== undefined) this.constants.set(target.text, value);
      }
    }
    for (const name of globals) {
      if (!this.constants.has(name) && !this.tables.has(name)) {
        this.globals.set(name, new Variable(name, undefined, false));
      }
    }
  }

  /** A block that is placed later. */
  block(owner: string | undefined = this.activation?.owner): Block {
    return { id: this.#created++, depth: 0, owner, operations: [], end: { type: "halt", line: 0 } };
  }

  /** Goes on in a block. */
  place(block: Block): void {
    if (this.#current !== undefined) this.end({ type: "jump", to: block });
    block.depth = this.depth;
    this.blocks.push(block);
    this.#current = block;
  }

  /** Adds an operation; after the end of a block nothing can be reached. */
  emit(operation: OperationData): void {
    this.#current?.operations.push({ ...operation, line: this.line } as Operation);
  }

  /** Ends the block at hand. */
  end(ending: EndingData): void {
    if (this.#current === undefined) return;
    this.#current.end = { ...ending, line: this.line } as Ending;
    this.#current = undefined;
  }

  /** A new intermediate value. */
  temporary(): Variable {
    return new Variable("", this.activation.owner, true);
  }

  set(to: Variable, from: Value): void {
    if (to !== from) this.emit({ type: "set", to, from });
  }

  /** The value that a variable has now, whatever is done to it later. */
  copy(value: Value): Value {
    if (typeof value === "number") return value;
    const to = this.temporary();
    this.set(to, value);
    return to;
  }

  binary(operator: Operator, a: Value, b: Value): Value {
    if (typeof a === "number" && typeof b === "number") return compute(operator, a, b);
    const to = this.temporary();
    this.emit({ type: "binary", to, operator, a, b });
    return to;
  }

  load(memory: Memory, at: Value): Value {
    const to = this.temporary();
    this.emit({ type: "load", to, memory, at });
    return to;
  }

  branch(operator: "==" | "!=" | "<" | ">" | "<=" | ">=", a: Value, b: Value, yes: Block, no: Block): void {
    this.end({ type: "branch", operator, a, b, yes, no });
  }

  /** Waits for the next value. */
  wait(): Value {
    const state = ++this.#states;
    this.set(this.resume, state);
    const next = this.block();
    this.end({ type: "read", next, state });
    this.place(next);
    const to = this.temporary();
    this.emit({ type: "input", to });
    this.set(this.resume, NEW_CALL);
    return to;
  }

  /** The variable that a name means here; undefined for names whose value is known. */
  variable(name: string): Variable | undefined {
    return this.activation.locals.get(name) ?? this.globals.get(name);
  }

  /** The known value of an expression. */
  constant(expression: Expression): number | undefined {
    return constantOf(expression, this.names);
  }

  /** The log2 of an array's length. */
  sizeOf(array: string): number {
    const { hh, hm, ph, pm } = this.header;
    return { hH: hh, hM: hm, pH: ph, pM: pm }[array] ?? 0;
  }

  at(span: Span): void {
    this.line = span.start;
  }
}

type WithoutLine<T> = T extends unknown ? Omit<T, "line"> : never;
type OperationData = WithoutLine<Operation>;
type EndingData = WithoutLine<Ending>;
