/**
 * Warnings where a program may do something else than in Python, whose numbers are not cut to 32 bits. A comment "# wraps"
 * on the line says that this is meant.
 */
import type { Expression, Statement } from "./_ast.ts";
import { integerOf } from "./_constants.ts";
import { endlessFunctions } from "./_always_calls.ts";
import type { HeaderData } from "./_header.ts";
import { fits } from "./_intervals.ts";
import type { Interval } from "./_intervals.ts";
import { ARRAYS } from "./_names.ts";
import type { Reporter } from "./_reporter.ts";
import { expressionsOf, partsOf, subexpressionsOf, walk } from "./_scopes.ts";
import type { Program, Scope } from "./_scopes.ts";
import type { Span } from "./_source_text.ts";
import { ValueRanges } from "./_value_ranges.ts";

const ORDER: ReadonlySet<string> = new Set(["<", ">", "<=", ">="]);
/** Operators whose result depends on the bits that 32-bit numbers lose. */
const HIGH_BITS: ReadonlySet<string> = new Set([">>", "//", "/", "%"]);

/** Looks through one program. */
export class PythonDifferences {
  readonly #program: Program;
  readonly #reporter: Reporter;
  readonly #silenced: ReadonlySet<number>;
  readonly #constants: ReadonlyMap<string, number>;
  readonly #sizes: Readonly<Record<string, number>>;
  readonly #ranges: ValueRanges;

  /** `silenced` are the lines with "# wraps". */
  constructor(program: Program, header: HeaderData, reporter: Reporter, silenced: ReadonlySet<number>) {
    this.#program = program;
    this.#reporter = reporter;
    this.#silenced = silenced;
    const { hh, hm, ph, pm, components } = header;
    this.#constants = new Map(
      Object.entries({ hh, hm, ph, pm, n: components.length, NONE: 2 ** 32 - 1 }).filter(([name]) =>
        !program.globals.has(name)
      ),
    );
    this.#sizes = { hH: 2 ** hh, hM: 2 ** hm, pH: 2 ** ph, pM: 2 ** pm };
    this.#ranges = new ValueRanges(program, this.#constants);
  }

  check(): void {
    this.#block(this.#program.main, undefined);
    for (const scope of this.#program.functions.values()) this.#block(scope.definition.body, scope);
    for (const name of endlessFunctions(this.#program)) {
      const { definition } = this.#program.functions.get(name)!;
      this.#warn("0311", definition.name, `every call of "${name}" calls it again: it never ends`, {
        hint: "return before the call in some case",
      });
    }
  }

  #warn(
    code: string,
    span: Span,
    message: string,
    options: { readonly hint: string; readonly fix?: string },
  ): void {
    if (this.#silenced.has(this.#reporter.source.lineOf(span.start))) return;
    const { hint, fix } = options;
    const fixes = fix === undefined
      ? []
      : [{ title: `Write ${fix}`, start: span.start, end: span.end, text: fix }];
    this.#reporter.report(code, span, message, { severity: "warning", hint, fixes });
  }

  #block(statements: readonly Statement[], scope: Scope | undefined): void {
    for (const statement of walk(statements)) {
      if (statement.type === "def") continue;
      if (statement.type === "assign") {
        for (const target of statement.targets) this.#store(target, statement.value, scope);
      }
      for (const expression of expressionsOf(statement)) {
        for (const part of subexpressionsOf(expression)) {
          this.#expression(part, scope);
          const isStatement = statement.type === "expression" && part === expression;
          if (part.type === "call" && !isStatement) this.#result(part);
        }
      }
    }
  }

  #expression(expression: Expression, scope: Scope | undefined): void {
    if (expression.type === "compare") {
      let left = expression.first;
      for (const { operator, operand } of expression.links) {
        if (ORDER.has(operator)) {
          for (const side of [left, operand]) {
            const range = this.#ranges.of(side, scope);
            if (range.known && isComputed(side)) this.#wraps(side, range, `compared with "${operator}"`);
          }
        }
        left = operand;
      }
    } else if (expression.type === "binary" && HIGH_BITS.has(expression.operator)) {
      const { left, right, operator } = expression;
      const range = this.#ranges.of(left, scope);
      if (isComputed(left)) this.#wraps(left, range, `used by "${operator}"`);
      if (operator !== ">>" && isComputed(right)) {
        this.#wraps(right, this.#ranges.of(right, scope), `used by "${operator}"`);
      }
    } else if (expression.type === "index") this.#index(expression, scope);
  }

  #wraps(expression: Expression, range: Interval, use: string): void {
    if (fits(range)) return;
    const state = range.low < 0 ? "may be negative in Python" : "may be more than 32 bits have in Python";
    const fix = `(${this.#text(expression)} & 0xFFFFFFFF)`;
    this.#warn("0308", expression, `this ${state} where it is ${use}, and wraps here`, {
      hint: `write ${fix}, or add the comment "# wraps"`,
      fix,
    });
  }

  #text({ start, end }: Span): string {
    return this.#reporter.source.text.slice(start, end);
  }

  #sizeOf(base: Expression): number | undefined {
    return base.type === "name" && ARRAYS[base.text] !== undefined ? this.#sizes[base.text] : undefined;
  }

  #index({ base, index }: Expression & { readonly type: "index" }, scope: Scope | undefined): void {
    const size = this.#sizeOf(base);
    if (size === undefined) return;
    const { low, high } = this.#ranges.of(index, scope);
    if (low !== high || low >= 0 && low < size) return;
    const inside = `${low - Math.floor(low / size) * size}`;
    const name = this.#text(base);
    this.#warn("0307", index, `the index ${low} is outside "${name}", which has ${size} elements`, {
      hint: `write ${inside}, the element that is meant here`,
      fix: inside,
    });
  }

  #store(target: Expression, value: Expression, scope: Scope | undefined): void {
    if (target.type !== "index" || this.#sizeOf(target.base) === undefined) return;
    const name = this.#text(target.base);
    const most = name.endsWith("M") ? 255 : 2 ** 32 - 1;
    const constant = integerOf(value, this.#constants);
    if (constant === undefined || scope === undefined && constant < 0n) return;
    if (constant >= 0n && constant <= BigInt(most)) return;
    const fix = `${BigInt.asUintN(most === 255 ? 8 : 32, constant)}`;
    this.#warn("0309", value, `${constant} does not fit an element of "${name}": Python refuses it`, {
      hint: `write ${fix}, which is stored here`,
      fix,
    });
  }

  #result(call: Expression & { readonly type: "call" }): void {
    const { text } = call.callee;
    const definition = this.#program.functions.get(text)?.definition;
    if (definition === undefined) return;
    for (const statement of walk(definition.body)) {
      if (statement.type === "return" && statement.value !== undefined) return;
    }
    this.#warn("0310", call, `"${text}" returns no value: this is None in Python and 0 here`, {
      hint: `add "return" with a value to "${text}"`,
    });
  }
}

/** Whether a value is more than what a variable or an element has. */
function isComputed(expression: Expression): boolean {
  return expression.type === "name" || expression.type === "binary" && partsOf(expression).length > 0 ||
    expression.type === "unary";
}
