/**
 * Loops whose numbers of rounds are known: short ones are written out, round after round, and what depends on the counter
 * is then known as well.
 */
import type { Expression, Statement } from "./_ast.ts";
import { integerOf } from "./_constants.ts";
import type { NamedValues } from "./_constants.ts";
import { assignedIn, callNames, partsOf, walk } from "./_scopes.ts";
import type { Program } from "./_scopes.ts";
import { statementSize } from "./_sizes.ts";

type Loop = Statement & { readonly type: "for" | "while" };
type While = Statement & { readonly type: "while" };

const ROUNDS_MAX = 64;
/** Parts of the syntax tree that all rounds of a loop may have, and all loops of a section together. */
const LOOP_SIZE_MAX = 600;
const TOTAL_SIZE_MAX = 4000;
const U32 = 2n ** 32n;
/** What waits for input has a state of its own each time that it is written. */
const READS: ReadonlySet<string> = new Set(["read_b", "peek_b"]);

/** Says which loops of a section are written out. */
export class Unrolling {
  readonly #program: Program;
  readonly #inlined: ReadonlySet<string>;
  readonly #sizes = new Map<string, number>();
  readonly #writes: boolean;
  #left = TOTAL_SIZE_MAX;
  /** Whether there is a loop that could be written out. */
  found = false;

  /** `inlined` are the functions that every call has a copy of; with `writes` loops are written out. */
  constructor(program: Program, inlined: ReadonlySet<string>, writes: boolean) {
    this.#program = program;
    this.#inlined = inlined;
    this.#writes = writes;
  }

  /** Whether so many rounds are written out, which then count. */
  takes({ body }: Loop, rounds: number): boolean {
    if (rounds > ROUNDS_MAX) return false;
    const size = rounds * this.#sizeOf(body);
    if (size > LOOP_SIZE_MAX || size > this.#left) return false;
    this.found = true;
    if (this.#writes) this.#left -= size;
    return this.#writes;
  }

  /** Parts of statements with the functions that become part of them; infinite where copies cost more than a loop does. */
  #sizeOf(body: readonly Statement[]): number {
    let size = body.reduce((sum, each) => sum + statementSize(each), 0);
    for (const name of callNames(body)) {
      if (READS.has(name)) return Infinity;
      if (this.#program.functions.has(name)) size += this.#sizeOfFunction(name);
    }
    return size;
  }

  #sizeOfFunction(name: string): number {
    if (!this.#inlined.has(name)) return Infinity;
    let size = this.#sizes.get(name);
    if (size === undefined) {
      size = this.#sizeOf(this.#program.functions.get(name)!.definition.body);
      this.#sizes.set(name, size);
    }
    return size;
  }
}

/** The numbers that a range has; undefined for so many that nobody writes them out. */
export function numbersOf(start: bigint, stop: bigint, step: bigint): readonly number[] | undefined {
  const numbers: number[] = [];
  for (let each = start; step > 0n ? each < stop : each > stop; each += step) {
    if (numbers.length === ROUNDS_MAX) return undefined;
    numbers.push(Number(BigInt.asUintN(32, each)));
  }
  return numbers;
}

/**
 * How many rounds a loop has that counts a variable of its function from one constant to another; undefined where that
 * cannot be seen. `before` are the statements before it in its block.
 */
export function roundsOf(
  { test, body }: While,
  before: readonly Statement[],
  locals: { has(name: string): boolean },
  names: NamedValues,
): number | undefined {
  if (test.type !== "compare" || test.links.length !== 1 || test.first.type !== "name") return undefined;
  const { text } = test.first;
  const { operator, operand } = test.links[0]!;
  const limit = integerOf(operand, names);
  const first = locals.has(text) ? lastValue(text, before, names) : undefined;
  const step = stepOf(text, body, names);
  if (limit === undefined || first === undefined || step === undefined) return undefined;
  const goesOn = COMPARISONS[operator];
  if (goesOn === undefined) return undefined;
  let rounds = 0;
  for (let value = first; goesOn(value, limit); value += step) {
    // What leaves the range of numbers differs from Python, and is left alone.
    if (!isNumber(value) || rounds === ROUNDS_MAX) return undefined;
    rounds++;
  }
  return isNumber(first + BigInt(rounds) * step) ? rounds : undefined;
}

const COMPARISONS: Readonly<Record<string, (a: bigint, b: bigint) => boolean>> = {
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
  "!=": (a, b) => a !== b,
};

function isNumber(value: bigint | undefined): value is bigint {
  return value !== undefined && value >= 0n && value < U32;
}

/** The value of an expression where no part of it leaves the range of numbers, in which the machine is like Python. */
export function plainValue(expression: Expression, names: NamedValues): bigint | undefined {
  const value = integerOf(expression, names);
  const isPlain = isNumber(value) &&
    partsOf(expression).every((each) => plainValue(each, names) !== undefined);
  return isPlain ? value : undefined;
}

function isName(expression: Expression | undefined, text: string): boolean {
  return expression?.type === "name" && expression.text === text;
}

/** The constant that a variable has after statements. */
function lastValue(text: string, before: readonly Statement[], names: NamedValues): bigint | undefined {
  const last = before.findLast((each) => [...assignedIn([each])].some((name) => name.text === text));
  if (last?.type !== "assign" || !last.targets.every((target) => target.type === "name")) return undefined;
  return integerOf(last.value, names);
}

/** What each round adds to a variable: one statement of the body does, and no round leaves it out. */
function stepOf(text: string, body: readonly Statement[], names: NamedValues): bigint | undefined {
  const sets = [...assignedIn(body)].filter((name) => name.text === text);
  if (sets.length !== 1 || walk(body).some(({ type }) => type === "continue")) return undefined;
  for (const each of body) {
    if (each.type === "augmented" && isName(each.target, text)) {
      const value = integerOf(each.value, names);
      return value === undefined || !"+-".includes(each.operator)
        ? undefined
        : each.operator === "+"
        ? value
        : -value;
    }
    if (each.type === "assign" && each.targets.length === 1 && isName(each.targets[0], text)) {
      const { value } = each;
      if (value.type !== "binary" || !isName(value.left, text) || !"+-".includes(value.operator)) {
        return undefined;
      }
      const by = integerOf(value.right, names);
      return by === undefined || value.operator === "+" ? by : -by;
    }
  }
  return undefined;
}
