/**
 * Instructions of a whole program: where it goes on when it is called, its functions, their statements.
 */
import type { Expression, Statement } from "./_ast.ts";
import { constantOf } from "./_constants.ts";
import { Emitter } from "./_emitter.ts";
import type { Label, PlacedInstruction } from "./_emitter.ts";
import { ExpressionCode, hasEffects } from "./_expression_code.ts";
import type { CodeContext } from "./_expression_code.ts";
import type { HeaderData } from "./_header.ts";
import type { Reporter } from "./_reporter.ts";
import { callNames, callsIn, walk } from "./_scopes.ts";
import type { Program } from "./_scopes.ts";
import { calleesOf, PUSHED_FLAG, RESUME_CELL, withAllocators } from "./_storage.ts";
import type { Frame, Storage } from "./_storage.ts";

/** The next call begins anew; with 0 it is the first of all. Larger numbers are places that wait. */
const NEW_CALL = 1;
const WAITING_MAX = 250;

/** A function's code. */
interface FunctionCode {
  readonly entry: Label;
  /** Where calls of it go back to. */
  readonly returns: Label[];
}

/** Where `break` and `continue` lead to. */
interface Loop {
  readonly end: Label;
  readonly next: Label;
}

/** Makes the program of one section. */
export class ProgramCode {
  readonly #program: Program;
  readonly #header: HeaderData;
  readonly #storage: Storage;
  readonly #reporter: Reporter;
  readonly #emitter = new Emitter();
  readonly #functions = new Map<string, FunctionCode>();
  /** Places that wait for input, in the order of their numbers, from 2 on. */
  readonly #waiting: Label[] = [];
  readonly #resume: Label;
  readonly #leave: Label;
  readonly #reads: boolean;
  readonly #pushes: boolean;
  /** How many places call each function. */
  readonly #callCounts = new Map<string, number>();
  readonly #loops: Loop[] = [];
  /** Where `return` leads to in the function at hand. */
  #return: Label;

  constructor(program: Program, header: HeaderData, storage: Storage, reporter: Reporter) {
    this.#program = program;
    this.#header = header;
    this.#storage = storage;
    this.#reporter = reporter;
    this.#resume = this.#emitter.label();
    this.#leave = this.#emitter.label();
    this.#return = this.#leave;
    this.#functions.set(program.part, { entry: this.#emitter.label(), returns: [] });
    const bodies = [program.main];
    for (const name of program.reachable) bodies.push(program.functions.get(name)!.definition.body);
    for (const body of bodies) for (const name of withAllocators(callsIn(body))) this.#need(name);
    const called = new Set<string>();
    for (
      const body of [
        program.main,
        ...[...this.#functions.keys()].map((name) => program.functions.get(name)!.definition.body),
      ]
    ) {
      for (const name of callNames(body)) {
        called.add(name);
        this.#callCounts.set(name, (this.#callCounts.get(name) ?? 0) + 1);
      }
    }
    this.#reads = called.has("read_b") || called.has("peek_b");
    this.#pushes = called.has("push_b") || called.has("peek_b");
  }

  /** Functions that only the language calls. */
  #need(name: string): void {
    const scope = this.#program.functions.get(name);
    if (scope === undefined || this.#functions.has(name)) return;
    this.#functions.set(name, { entry: this.#emitter.label(), returns: [] });
    for (const callee of calleesOf(scope)) this.#need(callee);
  }

  /** The instructions, in order. */
  make(): PlacedInstruction[] {
    const emitter = this.#emitter;
    const main = this.#program.main.filter((statement) => this.#doesSomething(statement));
    const start = emitter.label();
    if (this.#reads) {
      emitter.emit("b=a");
      emitter.emit("a=r", RESUME_CELL);
      emitter.emit("a==", NEW_CALL);
      emitter.jump("jf", this.#resume);
      emitter.emit("a=b");
    }
    emitter.place(start);
    this.#callEntry(this.#reads ? [] : main);
    emitter.place(this.#leave);
    if (this.#reads) {
      emitter.emit("a=", NEW_CALL);
      emitter.emit("r=a", RESUME_CELL);
    }
    emitter.emit("halt");
    for (const name of this.#functions.keys()) if (name !== this.#program.part) this.#function(name);
    if (this.#reads) this.#resumeCode(main, start);
    this.#returnCode();
    if (this.#waiting.length > WAITING_MAX) {
      const { name } = this.#program.functions.get(this.#program.part)!.definition;
      this.#reporter.report(
        "0404",
        name,
        `${this.#waiting.length} places wait for input, at most ${WAITING_MAX} can`,
      );
    }
    return emitter.finish();
  }

  /** Assignments of 0 to variables that are 0 anyway, and of header data, need no code. */
  #doesSomething(statement: Statement): boolean {
    if (statement.type === "expression" && statement.value.type === "string" || statement.type === "pass") {
      return false;
    }
    if (statement.type !== "assign" || statement.targets.some(({ type }) => type !== "name")) return true;
    const names = statement.targets.map((target) => (target as Expression & { readonly text: string }).text);
    if (!names.every((name) => this.#storage.globals.has(name))) return false;
    return constantOf(statement.value, this.#constants()) !== 0 || this.#isAssignedBefore(statement, names);
  }

  #isAssignedBefore(statement: Statement, names: readonly string[]): boolean {
    const earlier = this.#program.main.slice(0, this.#program.main.indexOf(statement));
    return callsIn(earlier).size > 0 ||
      [...walk(earlier)].some((each) =>
        each.type !== "assign" ||
        each.targets.some((target) => target.type !== "name" || names.includes(target.text))
      );
  }

  #constants(): Map<string, number> {
    const { hh, hm, ph, pm, components } = this.#header;
    return new Map(Object.entries({ hh, hm, ph, pm, n: components.length, NONE: 2 ** 32 - 1 }));
  }

  #context(frame: Frame): CodeContext {
    const { hh, hm, ph, pm } = this.#header;
    return {
      emitter: this.#emitter,
      reporter: this.#reporter,
      frame,
      constants: this.#constants(),
      globals: this.#storage.globals,
      sizes: { hH: hh, hM: hm, pH: ph, pM: pm },
      pushes: this.#pushes,
      call: (name, args, code) => this.#call(name, args, code),
      waitForInput: () => this.#wait(),
      parametersOf: (name) =>
        this.#program.functions.get(name)?.definition.parameters.map(({ text, standard }) => ({
          name: text,
          standard: standard === undefined ? undefined : constantOf(standard, this.#constants()),
        })),
    };
  }

  /** The entry point with the input in A; the first call runs the statements of the module. */
  #callEntry(main: readonly Statement[]): void {
    const { part } = this.#program;
    const emitter = this.#emitter;
    const { definition } = this.#program.functions.get(part)!;
    const frame = this.#storage.frames.get(part)!;
    emitter.line = this.#reporter.source.lineOf(definition.start);
    emitter.emit("r=a", frame.variables.get(definition.parameters[0]!.text)!);
    if (this.#pushes) {
      emitter.emit("a=0");
      emitter.emit("r=a", PUSHED_FLAG);
    }
    if (main.length > 0) {
      const body = emitter.label();
      emitter.emit("a=r", RESUME_CELL);
      emitter.emit("a==", 0);
      emitter.jump("jf", body);
      emitter.emit("a=", NEW_CALL);
      emitter.emit("r=a", RESUME_CELL);
      this.#block(main, new ExpressionCode(this.#context(this.#storage.main)));
      emitter.place(body);
    }
    this.#return = this.#leave;
    this.#block(definition.body, new ExpressionCode(this.#context(frame)));
  }

  #function(name: string): void {
    const scope = this.#program.functions.get(name)!;
    const frame = this.#storage.frames.get(name)!;
    const { entry, returns } = this.#functions.get(name)!;
    const emitter = this.#emitter;
    emitter.place(entry);
    this.#return = emitter.label();
    this.#block(scope.definition.body, new ExpressionCode(this.#context(frame)));
    emitter.emit("a=0");
    emitter.place(this.#return);
    if (this.#callCounts.get(name) !== 1) emitter.emit("b=a");
    // The callers that come after this function are not known yet.
    this.#returnsOf.push({ returns, cell: frame.returnCell, at: emitter.label() });
    emitter.jump("jmp", this.#returnsOf.at(-1)!.at);
  }

  readonly #returnsOf: { readonly returns: readonly Label[]; readonly cell: number; readonly at: Label }[] =
    [];

  /** Where a call goes on that is not a new one: a place that waits, or the first call of all. The input is in B. */
  #resumeCode(main: readonly Statement[], start: Label): void {
    const emitter = this.#emitter;
    emitter.place(this.#resume);
    for (const [i, label] of this.#waiting.entries()) {
      emitter.emit("a==", NEW_CALL + 1 + i);
      emitter.jump("jt", label);
    }
    emitter.emit("a=", NEW_CALL);
    emitter.emit("r=a", RESUME_CELL);
    emitter.emit("a=b");
    if (main.length > 0) {
      const { main: frame } = this.#storage;
      emitter.emit("r=a", frame.returnCell);
      this.#block(main, new ExpressionCode(this.#context(frame)));
      emitter.emit("a=r", frame.returnCell);
    }
    emitter.jump("jmp", start);
  }

  /** Goes back from functions to where they were called, with the result in A. */
  #returnCode(): void {
    const emitter = this.#emitter;
    for (const { returns, cell, at } of this.#returnsOf.splice(0)) {
      emitter.place(at);
      if (returns.length === 0) {
        emitter.emit("halt");
      } else if (returns.length === 1) {
        emitter.jump("jmp", returns[0]!);
      } else {
        emitter.emit("a=r", cell);
        for (const [i, label] of returns.entries()) {
          if (i === returns.length - 1) emitter.jump("jmp", label);
          else {
            emitter.emit("a==", i);
            emitter.jump("jt", label);
          }
        }
      }
    }
  }

  #call(
    name: string,
    args: readonly { readonly parameter: number; readonly value: Expression | "A" }[],
    code: ExpressionCode,
  ): void {
    const emitter = this.#emitter;
    const { definition } = this.#program.functions.get(name)!;
    const frame = this.#storage.frames.get(name)!;
    const { entry, returns } = this.#functions.get(name)!;
    const cellOf = (parameter: number): number =>
      frame.variables.get(definition.parameters[parameter]!.text)!;
    const place = (rest: typeof args): void => {
      const [first, ...others] = rest;
      if (first === undefined) return;
      if (first.value !== "A") code.value(first.value);
      // A call among the arguments that follow may use the cells of this very function.
      const later = others.some(({ value }) => value !== "A" && hasEffects(value));
      if (!later) {
        emitter.emit("r=a", cellOf(first.parameter));
        return place(others);
      }
      code.withCell(definition, (cell) => {
        emitter.emit("r=a", cell);
        place(others);
        emitter.emit("a=r", cell);
        emitter.emit("r=a", cellOf(first.parameter));
      });
    };
    place(args);
    const back = emitter.label();
    const number = returns.push(back) - 1;
    const single = this.#callCounts.get(name) === 1;
    if (!single) {
      code.number(number);
      emitter.emit("r=a", frame.returnCell);
    }
    emitter.jump("jmp", entry);
    emitter.place(back);
    if (!single) emitter.emit("a=b");
  }

  /** Halts until the next input value comes, which is then in A. */
  #wait(): void {
    const emitter = this.#emitter;
    const label = emitter.label();
    this.#waiting.push(label);
    emitter.emit("a=", NEW_CALL + this.#waiting.length);
    emitter.emit("r=a", RESUME_CELL);
    emitter.emit("halt");
    emitter.place(label);
    emitter.emit("a=b");
  }

  #block(statements: readonly Statement[], code: ExpressionCode): void {
    for (const statement of statements) {
      this.#emitter.line = this.#reporter.source.lineOf(statement.start);
      this.#statement(statement, code);
    }
  }

  #statement(statement: Statement, code: ExpressionCode): void {
    const emitter = this.#emitter;
    switch (statement.type) {
      case "assign":
        return this.#assign(statement, code);
      case "augmented":
        return this.#augment(statement, code);
      case "expression":
        return code.effects(statement.value);
      case "return":
        if (statement.value !== undefined) code.value(statement.value);
        else if (this.#return !== this.#leave) emitter.emit("a=0");
        return emitter.jump("jmp", this.#return);
      case "break":
        return emitter.jump("jmp", this.#loops.at(-1)!.end);
      case "continue":
        return emitter.jump("jmp", this.#loops.at(-1)!.next);
      case "assert": {
        const good = emitter.label();
        code.branch(statement.test, good, true);
        emitter.emit("error");
        return emitter.place(good);
      }
      case "if":
        return this.#if(statement, code);
      case "while":
        return this.#while(statement, code);
      case "for":
        return this.#for(statement, code);
    }
  }

  #if({ test, then, otherwise }: Statement & { readonly type: "if" }, code: ExpressionCode): void {
    const emitter = this.#emitter;
    const [no, end] = [emitter.label(), emitter.label()];
    code.branch(test, no, false);
    this.#block(then, code);
    if (otherwise.length > 0) emitter.jump("jmp", end);
    emitter.place(no);
    this.#block(otherwise, code);
    emitter.place(end);
  }

  /** The test stands behind the body, so that a round takes one jump; in front of it as well where that costs no effect. */
  #while(
    { test, body, otherwise, start }: Statement & { readonly type: "while" },
    code: ExpressionCode,
  ): void {
    const emitter = this.#emitter;
    const [again, next, end] = [emitter.label(), emitter.label(), emitter.label()];
    const done = emitter.label();
    if (hasEffects(test)) emitter.jump("jmp", next);
    else code.branch(test, done, false);
    emitter.place(again);
    this.#loops.push({ end, next });
    this.#block(body, code);
    this.#loops.pop();
    emitter.place(next);
    emitter.line = this.#reporter.source.lineOf(start);
    code.branch(test, again, true);
    emitter.place(done);
    this.#block(otherwise, code);
    emitter.place(end);
  }

  #for(statement: Statement & { readonly type: "for" }, code: ExpressionCode): void {
    const emitter = this.#emitter;
    const { range, variable, body, otherwise } = statement;
    const zero: Expression = { type: "number", value: 0, start: statement.start, end: statement.start };
    const [start, stop, step] = range.length === 1 ? [zero, range[0]!] : [range[0]!, range[1]!, range[2]];
    const by = step === undefined ? 1 : code.constant(step);
    if (by === undefined || by === 0 || by >= 2 ** 31) {
      this.#reporter.report("0403", step!, "the step of a range is a positive constant here");
      return;
    }
    const [again, next, test, end] = [emitter.label(), emitter.label(), emitter.label(), emitter.label()];
    code.withCell(statement, (counter) =>
      code.withCell(statement, (limit) => {
        code.value(start);
        emitter.emit("r=a", counter);
        code.value(stop);
        emitter.emit("r=a", limit);
        emitter.jump("jmp", test);
        emitter.place(again);
        emitter.emit("r=a", code.cellOf(variable));
        this.#loops.push({ end, next });
        this.#block(body, code);
        this.#loops.pop();
        emitter.place(next);
        emitter.emit("a=r", counter);
        const amount: Expression = { ...zero, value: by };
        if (by <= 255) code.apply("+", by, amount);
        else {
          code.value(amount);
          emitter.emit("b=r", counter);
          emitter.emit("a+=b");
        }
        emitter.emit("r=a", counter);
        emitter.place(test);
        emitter.emit("a=r", counter);
        emitter.emit("b=r", limit);
        emitter.emit("a<b");
        emitter.jump("jt", again);
        this.#block(otherwise, code);
        emitter.place(end);
      }));
  }

  #assign({ targets, value }: Statement & { readonly type: "assign" }, code: ExpressionCode): void {
    if (value.type === "tuple") {
      const [target] = targets;
      if (targets.length !== 1 || target?.type !== "tuple" || target.items.length !== value.items.length) {
        this.#reporter.report("0122", value, "so many values go to as many targets");
        return;
      }
      return this.#assignAll(target.items, value.items, code);
    }
    if (targets.length === 1) return this.#store(targets[0]!, value, code);
    code.value(value);
    code.withCell(value, (cell) => {
      this.#emitter.emit("r=a", cell);
      for (const target of targets) this.#storeCell(target, cell, code);
    });
  }

  /** All values are had before the first target is set. */
  #assignAll(targets: readonly Expression[], values: readonly Expression[], code: ExpressionCode): void {
    const [value, ...rest] = values;
    if (value === undefined) return;
    code.value(value);
    code.withCell(value, (cell) => {
      this.#emitter.emit("r=a", cell);
      this.#assignAll(targets.slice(1), rest, code);
      this.#storeCell(targets[0]!, cell, code);
    });
  }

  /** Value first, then the place, then the store. */
  #store(target: Expression, value: Expression, code: ExpressionCode): void {
    const emitter = this.#emitter;
    if (target.type === "name") {
      code.value(value);
      return emitter.emit("r=a", code.cellOf(target));
    }
    const { base, index } = target as Expression & { readonly type: "index" };
    const memory = code.memoryOf(base);
    const known = code.constant(value);
    const at = code.constant(index);
    const register = memory === "H" ? "d" : "c";
    if (memory !== undefined && at !== undefined && at <= 255) {
      code.value(value);
      if (at === 0) emitter.emit(`${register}=0`);
      else emitter.emit(`${register}=`, at);
      return emitter.emit(`*${register}=a`);
    }
    if (memory !== undefined && index.type === "name" && at === undefined) {
      code.value(value);
      emitter.emit(`${register}=r`, code.cellOf(index));
      return emitter.emit(`*${register}=a`);
    }
    if (memory !== undefined && known !== undefined && known <= 255) {
      code.value(index);
      emitter.emit(`${register}=a`);
      return known === 0 ? emitter.emit(`*${register}=0`) : emitter.emit(`*${register}=`, known);
    }
    code.value(value);
    code.withCell(value, (cell) => {
      emitter.emit("r=a", cell);
      this.#storeCell(target, cell, code);
    });
  }

  #storeCell(target: Expression, cell: number, code: ExpressionCode): void {
    const emitter = this.#emitter;
    if (target.type === "name") {
      emitter.emit("a=r", cell);
      return emitter.emit("r=a", code.cellOf(target));
    }
    const element = target as Expression & { readonly type: "index" };
    const memory = code.memoryOf(element.base);
    if (memory === undefined) {
      code.value(code.addressOf(element));
      return code.storeAt(cell);
    }
    code.value(element.index);
    emitter.emit(memory === "H" ? "d=a" : "c=a");
    emitter.emit("a=r", cell);
    emitter.emit(memory === "H" ? "*d=a" : "*c=a");
  }

  /** The place is found once; what was there is read before the value is computed. */
  #augment(statement: Statement & { readonly type: "augmented" }, code: ExpressionCode): void {
    const emitter = this.#emitter;
    const { target, operator, value } = statement;
    if (target.type === "name") {
      code.binary(operator, target, value, statement);
      return emitter.emit("r=a", code.cellOf(target));
    }
    const element = target as Expression & { readonly type: "index" };
    const memory = code.memoryOf(element.base);
    code.value(memory === undefined ? code.addressOf(element) : element.index);
    code.withCell(target, (address) => {
      emitter.emit("r=a", address);
      if (memory === undefined) code.loadAt();
      else {
        emitter.emit(memory === "H" ? "d=a" : "c=a");
        emitter.emit(memory === "H" ? "a=*d" : "a=*c");
      }
      code.withCell(target, (cell) => {
        emitter.emit("r=a", cell);
        code.binaryFromCell(operator, cell, value);
        if (memory === undefined) {
          emitter.emit("r=a", cell);
          emitter.emit("a=r", address);
          return code.storeAt(cell);
        }
        emitter.emit(memory === "H" ? "d=r" : "c=r", address);
        emitter.emit(memory === "H" ? "*d=a" : "*c=a");
      });
    });
  }
}
