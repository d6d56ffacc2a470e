/**
 * From the syntax tree to operations: the program as a whole, its functions and where they are called.
 */
import { ExpressionLowering } from "./_expression_lowering.ts";
import type { HeaderData } from "./_header.ts";
import { inlinedFunctions } from "./_inlining.ts";
import { Variable } from "./_ir.ts";
import type { Graph, Routine, SavedFrame, Table, Value } from "./_ir.ts";
import { LoweringContext, NEW_CALL } from "./_lowering_context.ts";
import type { CodeSettings } from "./_lowering_context.ts";
import type { Reporter } from "./_reporter.ts";
import { assignedIn, tablePlace } from "./_scopes.ts";
import type { Program, Scope } from "./_scopes.ts";
import { StatementLowering } from "./_statement_lowering.ts";
import { Unrolling } from "./_unrolling.ts";

const NONE = 2 ** 32 - 1;

/** Parameters that keep the number that a function is called with. */
function knownArguments({ definition }: Scope, args: readonly Value[]): Map<string, number> {
  const assigned = new Set([...assignedIn(definition.body)].map(({ text }) => text));
  const known = new Map<string, number>();
  for (const [i, { text }] of definition.parameters.entries()) {
    const value = args[i];
    if (typeof value === "number" && !assigned.has(text)) known.set(text, value);
  }
  return known;
}

/** Makes the graph of one section. */
export class Lowering extends LoweringContext {
  readonly #routines = new Map<string, Routine>();
  readonly #pending: string[] = [];
  readonly #inlined: ReadonlySet<string>;
  readonly #recursive: ReadonlyMap<string, number>;
  readonly #statements: StatementLowering;
  readonly #parameters = new Map<string, readonly Variable[]>();
  override readonly unrolling: Unrolling;

  constructor(program: Program, header: HeaderData, reporter: Reporter, settings: CodeSettings) {
    super(program, header, reporter, settings);
    const { inlined, components: recursive, copies } = inlinedFunctions(program, settings.level);
    this.copies = copies;
    this.#inlined = inlined;
    this.unrolling = new Unrolling(program, inlined, settings.unrolls === true);
    this.#recursive = recursive;
    this.#statements = new StatementLowering(this, new ExpressionLowering(this));
  }

  /** The whole section. */
  make(): Graph {
    const { part } = this.program;
    const scope = this.program.functions.get(part)!;
    const [start, enter, body, exit] = [
      this.block(part),
      this.block(part),
      this.block(part),
      this.block(part),
    ];
    const locals = this.#localsOf(scope, part);
    const known = new Map<string, number>();
    const activation = { scope, owner: part, locals, known, exit, result: undefined, loops: [] };
    const input = locals.get(scope.definition.parameters[0]!.text)!;
    this.activation = { ...activation, scope: undefined, locals: new Map() };
    this.line = scope.definition.name.start;
    this.place(enter);
    this.emit({ type: "input", to: input });
    if (this.pushes) this.set(this.pushed, 0);
    this.end({ type: "jump", to: body });
    this.place(body);
    this.activation = activation;
    this.#clear(scope, locals);
    this.#statements.block(scope.definition.body);
    this.end({ type: "jump", to: exit });
    this.place(exit);
    this.end({ type: "halt" });
    for (let name = this.#pending.shift(); name !== undefined; name = this.#pending.shift()) {
      this.#routine(name);
    }
    this.activation = { ...activation, scope: undefined, locals: new Map() };
    this.place(start);
    this.emit({ type: "input", to: input });
    this.set(this.resume, NEW_CALL);
    const streamed = this.#streamedTables();
    for (const table of this.usedTables) {
      if (streamed.includes(table)) continue;
      this.line = tablePlace(this.program, table.name)?.start ?? this.line;
      this.emit({ type: "table", table });
    }
    const preamble = streamed.flatMap(({ values }) => values);
    if (preamble.length > 0) this.#takeTables(input, preamble.length);
    this.#statements.block(this.program.main);
    this.end({ type: "jump", to: body });
    for (let name = this.#pending.shift(); name !== undefined; name = this.#pending.shift()) {
      this.#routine(name);
    }
    return {
      part,
      blocks: this.blocks,
      start,
      enter,
      routines: [...this.#routines.values()],
      resume: this.resume,
      tables: this.usedTables,
      preamble,
      recursive: this.#recursive.size > 0,
      unrolls: this.unrolling.found,
      stack: this.stack,
    };
  }

  /** Tables of bytes, which lie one after the other, where these are to come with the data. */
  #streamedTables(): readonly Table[] {
    if (!this.settings.streamTables || this.program.part === "hcomp") return [];
    return this.usedTables.filter(({ memory }) => memory === "M");
  }

  /** Fills the end of M, backwards, with the first value and those that come after it; then waits for the next. */
  #takeTables(input: Variable, size: number): void {
    const at = new Variable("(table)", undefined, false);
    const [head, store, more, failed, done] = [
      this.block(),
      this.block(),
      this.block(),
      this.block(),
      this.block(),
    ];
    this.set(at, NONE);
    this.end({ type: "jump", to: head });
    this.depth = 1;
    this.place(head);
    this.branch("==", input, NONE, failed, store);
    this.place(store);
    this.emit({ type: "store", memory: "M", at, value: input });
    this.set(at, this.binary("-", at, 1));
    this.branch("==", at, NONE - size, done, more);
    this.place(more);
    this.set(input, this.wait());
    this.end({ type: "jump", to: head });
    this.depth = 0;
    this.place(failed);
    this.end({ type: "error" });
    this.place(done);
    this.set(input, this.wait());
  }

  /** How many words of the stack are used. */
  readonly stack = new Variable("(stack)", undefined, false);

  #localsOf(scope: Scope, owner: string): Map<string, Variable> {
    return new Map([...scope.locals].map((name) => [name, new Variable(name, owner, false)]));
  }

  /** Variables without a value are 0. */
  #clear(scope: Scope, locals: ReadonlyMap<string, Variable>): void {
    const parameters = new Set(scope.definition.parameters.map(({ text }) => text));
    for (const [name, variable] of locals) if (!parameters.has(name)) this.set(variable, 0);
  }

  /** A function that has code of its own. */
  #routine(name: string): void {
    const scope = this.program.functions.get(name)!;
    const routine = this.#routines.get(name)!;
    const variables = this.#parameters.get(name)!;
    const parameters = scope.definition.parameters.map(({ text }, i) => [text, variables[i]!] as const);
    const locals = new Map([...this.#localsOf(scope, name), ...parameters]);
    const { exit } = routine;
    this.activation = { scope, owner: name, locals, known: new Map(), exit, result: this.result, loops: [] };
    this.depth = 0;
    this.line = scope.definition.start;
    this.place(routine.entry);
    this.#clear(scope, locals);
    this.#statements.block(scope.definition.body);
    this.line = scope.definition.end;
    this.set(this.result, 0);
    this.end({ type: "jump", to: routine.exit });
    this.place(routine.exit);
    this.end({ type: "return", routine });
  }

  #routineOf(name: string, scope: Scope): Routine {
    const known = this.#routines.get(name);
    if (known !== undefined) return known;
    const routine = {
      name,
      entry: this.block(name),
      exit: this.block(name),
      origin: new Variable(`(origin of ${name})`, name, false),
      sites: [],
    };
    this.#routines.set(name, routine);
    this.#parameters.set(
      name,
      scope.definition.parameters.map(({ text }) => new Variable(text, name, false)),
    );
    this.#pending.push(name);
    return routine;
  }

  override call(name: string, args: readonly Value[]): Value {
    const scope = this.program.functions.get(name)!;
    if (this.#inlined.has(name)) return this.#inline(scope, args);
    const routine = this.#routineOf(name, scope);
    const { owner } = this.activation;
    const again = owner !== undefined && this.#recursive.get(name) !== undefined &&
      this.#recursive.get(name) === this.#recursive.get(owner);
    const frame: SavedFrame = { owner: owner ?? "", variables: [] };
    if (again) this.emit({ type: "save", frame });
    const parameters = this.#parameters.get(name)!;
    // The function may pass its own parameters on, in another order.
    const values = args.map((value) => parameters.some((each) => each === value) ? this.copy(value) : value);
    for (const [i, variable] of parameters.entries()) this.set(variable, values[i]!);
    const next = this.block();
    routine.sites.push(next);
    this.end({ type: "call", callee: routine, next });
    this.place(next);
    if (again) this.emit({ type: "restore", frame });
    return this.copy(this.result);
  }

  #inline(scope: Scope, args: readonly Value[]): Value {
    const outer = this.activation;
    const { line } = this;
    const owner = outer.owner ?? this.program.part;
    const locals = this.#localsOf(scope, owner);
    const result = new Variable(`${scope.definition.name.text}()`, owner, true);
    for (const [i, { text }] of scope.definition.parameters.entries()) this.set(locals.get(text)!, args[i]!);
    const exit = this.block();
    const known = knownArguments(scope, args);
    this.activation = { scope, owner: outer.owner, locals, known, exit, result, loops: [] };
    this.#clear(scope, locals);
    this.#statements.block(scope.definition.body);
    this.set(result, 0);
    this.end({ type: "jump", to: exit });
    this.place(exit);
    this.activation = outer;
    this.line = line;
    return result;
  }
}
