/**
 * What the machine's registers hold at each point of code that is being made. Nothing else records it: every instruction
 * passes through here, and takes away what is no longer true.
 */
import { Variable } from "./_ir.ts";

/** The registers beside A. */
export type Register = "b" | "c" | "d";
type Any = "a" | Register;

/** A variable and a number added to it, modulo 2^32. There is one object for each pair. */
export class Offset {
  readonly variable: Variable;
  readonly delta: number;

  private constructor(variable: Variable, delta: number) {
    this.variable = variable;
    this.delta = delta;
  }

  static readonly #all = new WeakMap<Variable, Map<number, Offset>>();

  /** The value of a variable with so much added. */
  static of(variable: Variable, delta: number): Variable | Offset {
    if (delta === 0) return variable;
    let own = Offset.#all.get(variable);
    if (own === undefined) Offset.#all.set(variable, own = new Map());
    let offset = own.get(delta);
    if (offset === undefined) own.set(delta, offset = new Offset(variable, delta));
    return offset;
  }
}

/** A variable, with or without something added, or a number that a register is equal to. */
export type Fact = Variable | Offset | number;

/** What registers hold at one point. */
export type Contents = Readonly<Record<Any, readonly Fact[]>>;

export const REGISTERS: readonly Register[] = ["b", "c", "d"];
export const NOTHING_HELD: Contents = { a: [], b: [], c: [], d: [] };
const ALL: readonly Any[] = ["a", ...REGISTERS];
/** More facts about one register are of no use. */
const FACTS_MAX = 8;
/** Registers are not stepped further than this. */
const DELTA_MAX = 255;

/** What holds on every one of several ways to a point. */
export function joinContents(first: Contents, others: readonly Contents[]): Contents {
  const common = (register: Any): Fact[] =>
    first[register].filter((each) => others.every((other) => other[register].includes(each)));
  return { a: common("a"), b: common("b"), c: common("c"), d: common("d") };
}

function variableOf(fact: Fact): Variable | undefined {
  return typeof fact === "number" ? undefined : fact instanceof Offset ? fact.variable : fact;
}

/** A fact after a number was added to the register; undefined where that leads too far. */
function shifted(fact: Fact, by: number): Fact | undefined {
  if (typeof fact === "number") return (fact + by) >>> 0;
  const [variable, delta] = fact instanceof Offset ? [fact.variable, fact.delta + by] : [fact, by];
  return Math.abs(delta) > DELTA_MAX ? undefined : Offset.of(variable, delta);
}

/** By how much one value is more than another; undefined where that is not known. */
export function differenceOf(value: Fact, from: Fact): number | undefined {
  if (typeof value === "number" || typeof from === "number") {
    return typeof value === "number" && typeof from === "number" ? value - from : undefined;
  }
  if (variableOf(value) !== variableOf(from)) return undefined;
  const delta = (fact: Variable | Offset): number => fact instanceof Offset ? fact.delta : 0;
  return delta(value) - delta(from);
}

/** What an instruction changes, how, and by what; all empty where it changes no register. */
interface WordParts {
  readonly target: string;
  readonly operation: string;
  readonly source: string;
}

/** Words that were taken apart: there are few. */
const known = new Map<string, WordParts>();

function partsOf(word: string): WordParts {
  let parts = known.get(word);
  if (parts === undefined) {
    const [, target = "", operation = "", source = ""] =
      /^(\*?[abcd])(<>|\+\+|--|!|=0|==|<<=|>>=|&~|[-+*\/%&|^]=|=|<|>)(\*?[abcd])?$/.exec(word) ?? [];
    known.set(word, parts = { target, operation, source });
  }
  return parts;
}

/** Follows instructions one after the other. */
export class RegisterContents {
  readonly #homes: ReadonlyMap<Variable, Register>;
  #now: Contents = NOTHING_HELD;

  /** `homes` are the variables that live in registers, some of them in the same one at different times. */
  constructor(homes: ReadonlyMap<Variable, Register>) {
    this.#homes = homes;
  }

  get now(): Contents {
    return this.#now;
  }

  set now(contents: Contents) {
    this.#now = contents;
  }

  /** Whether a register is equal to a value: by a fact, or because the variable lives there. */
  holds(register: Any, value: Fact): boolean {
    if (register !== "a" && value instanceof Variable && this.#homes.get(value) === register) return true;
    return this.#now[register].includes(value);
  }

  /** What has to be added to a register for a value, the least such number; undefined where that is not known. */
  difference(register: Register, value: Fact): number | undefined {
    const own = variableOf(value);
    const facts = own !== undefined && this.#homes.get(own) === register
      ? [own, ...this.#now[register]]
      : this.#now[register];
    let least: number | undefined;
    for (const fact of facts) {
      const difference = differenceOf(value, fact);
      if (difference !== undefined && Math.abs(difference) < Math.abs(least ?? Infinity)) least = difference;
    }
    return least;
  }

  /** A register has a new value, which nothing is known of but `facts`. */
  #write(register: Any, facts: readonly Fact[]): void {
    const now = { ...this.#now, [register]: facts };
    if (register !== "a") {
      // Variables that live in it have changed: what other registers held of them is old.
      for (const each of ALL) {
        if (now[each].some((fact) => this.#livesIn(fact, register))) {
          now[each] = now[each].filter((fact) => !this.#livesIn(fact, register));
        }
      }
    }
    this.#now = now;
  }

  #livesIn(fact: Fact, register: Register): boolean {
    const variable = variableOf(fact);
    return variable !== undefined && this.#homes.get(variable) === register;
  }

  /** An instruction that names no cell was made. */
  executed(word: string, operand: number | undefined): void {
    const { target, operation, source } = partsOf(word);
    if (operation === "==" || operation === "<" || operation === ">") return;
    if (operation === "<>") {
      if (!source.startsWith("*")) this.#write(source as Any, []);
    } else if (word === "hash") return this.#write("a", []);
    if (target === "" || target.startsWith("*")) return;
    if (operation === "=0") this.#write(target as Any, [0]);
    else if (operation === "++" || operation === "--") {
      const by = operation === "++" ? 1 : -1;
      this.#write(target as Any, this.#now[target as Any].flatMap((fact) => shifted(fact, by) ?? []));
    } else if (operation !== "=") this.#write(target as Any, []);
    else if (source === "") this.#write(target as Any, [operand!]);
    else this.#write(target as Any, source.startsWith("*") ? [] : this.#now[source as Any]);
  }

  /** An instruction that loads or stores the cell of a variable was made. */
  executedCell(word: string, variable: Variable): void {
    if (word === "r=a") this.assigned(variable, "a");
    else this.#write(word[0] as Any, [variable]);
  }

  /** A variable has a new value, which these registers are equal to. */
  assigned(variable: Variable, ...equal: readonly Any[]): void {
    const now = { ...this.#now };
    for (const each of ALL) {
      if (now[each].some((fact) => variableOf(fact) === variable)) {
        now[each] = now[each].filter((fact) => variableOf(fact) !== variable);
      }
    }
    this.#now = now;
    for (const register of equal) this.learn(register, variable);
  }

  /** The instructions just made put a value into a register. */
  learn(register: Any, fact: Fact): void {
    const facts = this.#now[register];
    if (facts.includes(fact)) return;
    this.#now = { ...this.#now, [register]: [fact, ...facts.slice(0, FACTS_MAX - 1)] };
  }
}
