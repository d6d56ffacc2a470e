/**
 * The rules of the language that the grammar can't tell.
 */
import { AssignmentFlow } from "./_assignment_flow.ts";
import type { Expression, FunctionDefinition, Name, Statement } from "./_ast.ts";
import { constantOf } from "./_constants.ts";
import { HEADER_NAMES } from "./_header.ts";
import { API, ARRAYS, EXTENSIONS, isReserved, nearest, reads } from "./_names.ts";
import type { Reporter } from "./_reporter.ts";
import {
  assignedIn,
  blocksOf,
  callsIn,
  expressionsOf,
  partsOf,
  programOf,
  tableValues,
  walk,
} from "./_scopes.ts";
import type { Program, Scope } from "./_scopes.ts";
import type { Span } from "./_source_text.ts";

/** How a program is checked. */
export interface CheckSettings {
  /** Take "/" for "//". */
  readonly allowSlash: boolean;
  /** Refuse functions that the original compiler does not have. */
  readonly strictSubset?: boolean;
}

const READ_ONLY: ReadonlySet<string> = new Set([...HEADER_NAMES, "NONE", ...Object.keys(ARRAYS)]);

/** Whether a function does nothing: its whole section is then left out. */
export function isEmpty(definition: FunctionDefinition): boolean {
  return definition.body.length === 1 && definition.body[0]!.type === "pass";
}

/** Checks one program and gives it back, taken apart. */
export function checkProgram(
  statements: readonly Statement[],
  part: "hcomp" | "pcomp",
  section: Span,
  reporter: Reporter,
  settings: CheckSettings,
): Program {
  const program = programOf(statements, part);
  const entry = program.functions.get(part)?.definition;
  const first = { start: section.start, end: section.start };
  // A definition that can't be read was reported already.
  if (entry === undefined && reporter.failed) return program;
  if (entry === undefined) {
    reporter.report("0020", first, `there is no function "${part}"`, { hint: `write "def ${part}(c):"` });
  } else if (entry.parameters.length !== 1) {
    reporter.report("0020", entry.name, `"${part}" takes ${entry.parameters.length} parameters, expected 1`);
  }
  new Checker(program, reporter, settings).check(statements);
  return program;
}

class Checker {
  readonly #program: Program;
  readonly #reporter: Reporter;
  readonly #settings: CheckSettings;
  /** The function at hand; undefined in the statements of the module. */
  #scope: Scope | undefined;
  #reachable = true;
  #loops = 0;

  constructor(program: Program, reporter: Reporter, settings: CheckSettings) {
    this.#program = program;
    this.#reporter = reporter;
    this.#settings = settings;
  }

  check(statements: readonly Statement[]): void {
    this.#checkDefinitions(statements);
    this.#checkModuleReads();
    this.#block(this.#program.main);
    for (const scope of this.#program.functions.values()) {
      this.#scope = scope;
      this.#reachable = this.#program.reachable.has(scope.definition.name.text);
      this.#checkGlobals(scope);
      this.#loops = 0;
      this.#block(scope.definition.body);
      new AssignmentFlow(scope, this.#reporter).check();
    }
  }

  #checkDefinitions(statements: readonly Statement[]): void {
    const seen = new Map<string, Name>();
    const top = new Set(statements);
    for (const statement of walk(statements)) {
      if (statement.type !== "def") continue;
      const { name, body, parameters } = statement;
      const earlier = seen.get(name.text);
      if (isReserved(name.text)) {
        this.#reporter.report(
          "0204",
          name,
          `"${name.text}" is a function of the language and can not be defined`,
        );
      } else if (earlier !== undefined) {
        const related = [{ message: "it was defined here", span: earlier }];
        this.#reporter.report("0208", name, `"${name.text}" is defined twice`, { related });
      } else if (!top.has(statement)) {
        this.#reporter.report("0208", name, `"${name.text}" is defined under a condition`);
      }
      seen.set(name.text, name);
      for (const inner of walk(body)) {
        if (inner.type === "def") {
          this.#reporter.report("0206", inner.name, "functions can not stand in functions");
        }
      }
      for (const { standard } of parameters) {
        if (standard !== undefined && constantOf(standard) === undefined) {
          this.#reporter.report("0012", standard, "a default value is a constant");
        }
      }
    }
  }

  /** Statements of the module run while the first byte waits: they can't wait for another. */
  #checkModuleReads(): void {
    const visit = (calls: ReadonlySet<string>): boolean => {
      const seen = new Set(calls);
      for (const name of seen) {
        if (reads(name)) return true;
        const scope = this.#program.functions.get(name);
        if (scope !== undefined) { for (const each of callsIn(scope.definition.body)) seen.add(each); }
      }
      return false;
    };
    for (const statement of this.#program.main) {
      if (!visit(callsIn([statement]))) continue;
      this.#reporter.report("0214", statement, "input can not be read before the first call", {
        hint: `read it in "${this.#program.part}"`,
      });
    }
  }

  #checkGlobals({ definition, globals }: Scope): void {
    if (globals.size === 0) return;
    const firsts = new Map<string, number>();
    for (const { text, end } of assignedIn(definition.body)) if (!firsts.has(text)) firsts.set(text, end);
    for (const [text, name] of globals) {
      if (HEADER_NAMES.has(text) || isReserved(text) || READ_ONLY.has(text)) {
        this.#reporter.report("0204", name, `"${text}" can not be assigned`);
      } else if (!this.#program.globals.has(text)) {
        this.#reporter.report("0205", name, `the module has no variable "${text}"`);
      }
      if ((firsts.get(text) ?? Infinity) <= name.start) {
        this.#reporter.report("0205", name, `"${text}" is used before it is declared global`);
      }
    }
  }

  #block(statements: readonly Statement[]): void {
    for (const statement of statements) this.#statement(statement);
  }

  #statement(statement: Statement): void {
    switch (statement.type) {
      case "def":
        return;
      case "assign":
        if (this.#isTable(statement)) return;
        if (
          statement.value.type === "tuple" && statement.targets.every((target) => target.type === "tuple")
        ) {
          for (const item of statement.value.items) this.#expression(item);
        } else this.#expression(statement.value);
        for (const target of statement.targets) this.#target(target);
        return;
      case "augmented":
        if (statement.operator === "/") this.#slash(statement.at, "/=");
        this.#expression(statement.value);
        this.#target(statement.target);
        return;
      case "expression":
        if (statement.value.type === "string") {
          if (!this.#isDocString(statement)) {
            this.#reporter.report("0301", statement.value, "the string is ignored", { severity: "warning" });
          }
          return;
        }
        break;
      case "break":
      case "continue":
        if (this.#loops === 0) {
          this.#reporter.report("0207", statement, `"${statement.type}" stands outside a loop`);
        }
        return;
      case "return":
        if (this.#scope === undefined) {
          this.#reporter.report("0207", statement, '"return" stands outside a function');
        }
        break;
      case "for":
        this.#assignable(statement.variable);
        break;
    }
    for (const expression of expressionsOf(statement)) this.#expression(expression);
    if (statement.type === "if") return this.#branches(statement);
    const [body = [], otherwise = []] = blocksOf(statement);
    const isLoop = statement.type === "while" || statement.type === "for";
    if (isLoop) this.#loops++;
    this.#block(body);
    if (isLoop) this.#loops--;
    this.#block(otherwise);
  }

  /** A chain of "elif" may be longer than the stack is deep. */
  #branches(statement: Statement & { readonly type: "if" }): void {
    let { then, otherwise } = statement;
    for (;;) {
      this.#block(then);
      const next: Statement | undefined = otherwise[0];
      if (otherwise.length !== 1 || next?.type !== "if") break;
      for (const expression of expressionsOf(next)) this.#expression(expression);
      ({ then, otherwise } = next);
    }
    this.#block(otherwise);
  }

  /** Whether a statement names a constant table; it is the only place that does. */
  #isTable({ targets, value }: Statement & { readonly type: "assign" }): boolean {
    const [target] = targets;
    if (this.#scope !== undefined || target?.type !== "name" || tableValues(value) === undefined) {
      return false;
    }
    const count = [...assignedIn(this.#program.main)].filter(({ text }) => text === target.text).length;
    if (count > 1 || isReserved(target.text) || READ_ONLY.has(target.text)) {
      this.#reporter.report(
        "0204",
        target,
        `"${target.text}" is a constant table and can not be assigned again`,
      );
    }
    return true;
  }

  #isDocString(statement: Statement): boolean {
    const body = this.#scope === undefined ? this.#program.main : this.#scope.definition.body;
    return body[0] === statement;
  }

  #target(target: Expression): void {
    if (target.type === "tuple") {
      for (const item of target.items) this.#target(item);
    } else if (target.type === "name") {
      this.#assignable(target);
    } else {
      this.#expression(target);
    }
  }

  #assignable(name: Name): void {
    const { text } = name;
    const local = this.#scope?.locals.has(text) === true;
    if (!local && this.#program.tables.has(text)) {
      this.#reporter.report("0204", name, `"${text}" is a constant table and can not be assigned`);
    } else if (isReserved(text) || (READ_ONLY.has(text) && !(local && HEADER_NAMES.has(text)))) {
      this.#reporter.report("0204", name, `"${text}" can not be assigned`);
    } else if (this.#program.functions.has(text)) {
      this.#reporter.report("0208", name, `"${text}" is a function and can not be assigned`);
    }
  }

  #slash(at: Span, text: "/" | "/="): void {
    if (this.#settings.allowSlash) return;
    const fixes = [{
      title: `Replace "${text}" by "/${text}"`,
      start: at.start,
      end: at.end,
      text: `/${text}`,
    }];
    this.#reporter.report("0203", at, `"${text}" divides to a fraction in Python; use "/${text}"`, { fixes });
  }

  #expression(expression: Expression): void {
    switch (expression.type) {
      case "name":
        return this.#name(expression);
      case "string":
        return this.#reporter.report("0122", expression, "a string is no value here");
      case "dict":
        return this.#reporter.report("0122", expression, "a dictionary is no value here");
      case "tuple":
        return this.#reporter.report("0122", expression, "a tuple is no value here");
      case "bytes":
        return this.#reporter.report("0122", expression, "bytes are no value here");
      case "call":
        return this.#call(expression);
      case "index":
        this.#index(expression.base);
        this.#element(expression);
        return this.#expression(expression.index);
      case "binary":
        if (expression.operator === "/") this.#slash(expression.at, "/");
        this.#binary(expression);
        break;
      case "compare":
        this.#compare(expression);
        break;
    }
    for (const part of partsOf(expression)) this.#expression(part);
  }

  #binary({ operator, right }: Expression & { readonly type: "binary" }): void {
    const value = constantOf(right);
    if (value === 0 && (operator === "//" || operator === "%" || operator === "/")) {
      this.#reporter.report("0307", right, "this divides by zero");
    } else if (value !== undefined && value >= 32 && (operator === "<<" || operator === ">>")) {
      this.#reporter.report("0307", right, `a shift by ${value} always gives 0`, { severity: "warning" });
    }
  }

  #compare({ first, links }: Expression & { readonly type: "compare" }): void {
    let left = first;
    for (const { operator, at, operand } of links) {
      const zero = constantOf(operand) === 0 && operand.type === "number";
      if (zero && (operator === ">=" || operator === "<")) {
        const outcome = operator === ">=" ? "true" : "false";
        this.#reporter.report("0302", at, `this is always ${outcome}: values are never negative`, {
          severity: "warning",
        });
      }
      const none = [left, operand].some((side) => side.type === "constant" && side.name === "None");
      if (operator === "is" || operator === "is not" || none) {
        const message = none ? "None is the number 0 here" : `"${operator}" compares values here`;
        this.#reporter.report("0303", at, message, { severity: "warning" });
      }
      left = operand;
    }
  }

  #name(expression: Name & { readonly type: "name" }): void {
    const { text } = expression;
    if (this.#scope?.locals.has(text) === true || !this.#reachable) return;
    if (text === "NONE" || (HEADER_NAMES.has(text) && text !== "pcomp_invocation")) return;
    if (ARRAYS[text] !== undefined) {
      return this.#reporter.report(
        "0122",
        expression,
        `"${text}" is an array: use an element, or len(${text})`,
      );
    }
    const isFunction = API.has(text) && !this.#program.globals.has(text);
    if (isFunction || this.#program.functions.has(text)) {
      return this.#reporter.report("0208", expression, `the function "${text}" is no value`);
    }
    if (this.#program.tables.has(text)) {
      return this.#reporter.report(
        "0122",
        expression,
        `"${text}" is a table: use an element, or len(${text})`,
      );
    }
    if (this.#program.globals.has(text) || this.#isUnread(text)) return;
    const near = nearest(text, [...this.#program.globals, ...(this.#scope?.locals ?? []), "NONE"]);
    const options = near === undefined ? {} : { hint: `did you mean "${near}"?` };
    this.#reporter.report("0200", expression, `there is no variable "${text}"`, options);
  }

  /** Whether a statement that would set a variable was not understood, which was reported. */
  #isUnread(name: string): boolean {
    const { source, diagnostics } = this.#reporter;
    return diagnostics.some(({ severity, line }) => {
      const text = source.line(line).trim();
      return severity === "error" && text.startsWith(name) && /^\s*=[^=]/.test(text.slice(name.length));
    });
  }

  /** A constant index lies inside of its array. */
  #element({ base, index }: Expression & { readonly type: "index" }): void {
    const at = constantOf(index);
    const table = this.#tableOf(base);
    if (at === undefined || table === undefined || at < table.length) return;
    this.#reporter.report("0307", index, `the table has ${table.length} elements`, { severity: "warning" });
  }

  #tableOf(expression: Expression): readonly number[] | undefined {
    if (expression.type !== "name" || this.#scope?.locals.has(expression.text) === true) return undefined;
    return this.#program.tables.get(expression.text);
  }

  /** What stands before an index: a memory array, a table, or a reference. */
  #index(base: Expression): void {
    if (this.#tableOf(base) !== undefined) return;
    if (base.type !== "name" || ARRAYS[base.text] === undefined) return this.#expression(base);
    if (!this.#reachable || ARRAYS[base.text] === this.#program.part) return;
    this.#reporter.report("0210", base, `"${base.text}" does not exist in ${this.#program.part}`, {
      hint: this.#program.part === "hcomp" ? "hcomp has hH and hM" : "pcomp has pH and pM",
    });
  }

  #call(expression: Expression & { readonly type: "call" }): void {
    const { callee, args } = expression;
    const { text } = callee;
    if (text === "len") return this.#len(expression);
    for (const { value } of args) this.#expression(value);
    const isVariable = this.#scope?.locals.has(text) === true ||
      EXTENSIONS.has(text) && this.#program.globals.has(text);
    if (isVariable) {
      return this.#reporter.report("0208", callee, `"${text}" is a variable and can not be called`);
    }
    const scope = this.#program.functions.get(text);
    if (scope !== undefined) return this.#checkArguments(expression, scope.definition);
    const wanted = API.get(text);
    if (wanted !== undefined) {
      const named = args.some(({ name }) => name !== undefined);
      const [least, most] = wanted;
      if (args.length < least || args.length > most || named) {
        const count = least === most ? countOf(most) : `${least} or ${countOf(most)}`;
        this.#reporter.report("0202", expression, `"${text}" takes ${count}, ${args.length} are given`);
      }
      if (this.#settings.strictSubset === true && EXTENSIONS.has(text)) {
        this.#reporter.report("0130", callee, `"${text}" is an extension of the original language`);
      }
      return this.#apiCall(callee);
    }
    if (!this.#reachable) return;
    const near = nearest(text, [...API.keys(), ...this.#program.functions.keys()]);
    const hint = text === "print"
      ? 'there is no output but "out"'
      : near === undefined
      ? undefined
      : `did you mean "${near}"?`;
    this.#reporter.report(
      "0201",
      callee,
      `there is no function "${text}"`,
      hint === undefined ? {} : { hint },
    );
  }

  #apiCall(callee: Name): void {
    const { text } = callee;
    if (!this.#reachable) return;
    if (text === "out" && this.#program.part === "hcomp") {
      this.#reporter.report("0306", callee, '"out" has no effect in hcomp', { severity: "warning" });
    }
    const [verb, array] = text.split("_");
    if (array === undefined || ARRAYS[array] === undefined) return;
    if (ARRAYS[array] !== this.#program.part) {
      this.#reporter.report("0210", callee, `"${array}" does not exist in ${this.#program.part}`);
    } else if ((verb === "alloc" || verb === "free") && !this.#program.functions.has(`addr_${text}`)) {
      this.#reporter.report("0212", callee, `"${text}" needs a function "addr_${text}"`, {
        hint: "the template has allocators",
      });
    }
  }

  #len(expression: Expression & { readonly type: "call" }): void {
    const [argument, ...rest] = expression.args;
    if (argument === undefined || rest.length > 0) {
      this.#reporter.report(
        "0202",
        expression,
        `"len" takes 1 argument, ${expression.args.length} are given`,
      );
    } else if (this.#tableOf(argument.value) !== undefined) {
      return;
    } else if (argument.value.type !== "name" || ARRAYS[argument.value.text] === undefined) {
      this.#reporter.report("0211", argument.value, '"len" takes hH, hM, pH or pM', {
        hint: "the length of an array that was allocated is len_hH(r) and so on",
      });
    } else {
      this.#index(argument.value);
    }
  }

  #checkArguments(call: Expression & { readonly type: "call" }, definition: FunctionDefinition): void {
    const { parameters, name } = definition;
    const related = [{ message: "it is defined here", span: name }];
    const given = new Set<string>();
    let places = 0;
    for (const { name: keyword } of call.args) {
      if (keyword === undefined) {
        const parameter = parameters[places++];
        if (parameter !== undefined) given.add(parameter.text);
      } else if (parameters.some(({ text }) => text === keyword.text) && !given.has(keyword.text)) {
        given.add(keyword.text);
      } else {
        const state = given.has(keyword.text) ? "is given twice" : "is no parameter";
        this.#reporter.report("0202", keyword, `"${keyword.text}" ${state} of "${name.text}"`, { related });
      }
    }
    const missing = parameters.filter(({ text, standard }) => standard === undefined && !given.has(text));
    if (places > parameters.length || missing.length > 0) {
      const wanted = countOf(parameters.length);
      this.#reporter.report("0202", call, `"${name.text}" takes ${wanted}, ${call.args.length} are given`, {
        related,
      });
    }
  }
}

function countOf(count: number): string {
  return `${count} argument${count === 1 ? "" : "s"}`;
}
