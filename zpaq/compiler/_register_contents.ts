/**
 * What the machine's registers hold at each point of code that is being made. Nothing else records it: every instruction
 * passes through here, and takes away what is no longer true.
 */
import type { Variable } from "./_ir.ts";

/** The registers beside A. */
export type Register = "b" | "c" | "d";
type Any = "a" | Register;

/** A variable or a number that a register is equal to. */
export type Fact = Variable | number;

/** What registers hold at one point. */
export type Contents = Readonly<Record<Any, readonly Fact[]>>;

export const REGISTERS: readonly Register[] = ["b", "c", "d"];
export const NOTHING_HELD: Contents = { a: [], b: [], c: [], d: [] };
const ALL: readonly Any[] = ["a", ...REGISTERS];
/** More facts about one register are of no use. */
const FACTS_MAX = 8;

/** What holds on every one of several ways to a point. */
export function joinContents(first: Contents, others: readonly Contents[]): Contents {
  const common = (register: Any): Fact[] =>
    first[register].filter((each) => others.every((other) => other[register].includes(each)));
  return { a: common("a"), b: common("b"), c: common("c"), d: common("d") };
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
    if (register !== "a" && typeof value !== "number" && this.#homes.get(value) === register) return true;
    return this.#now[register].includes(value);
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
    return typeof fact !== "number" && this.#homes.get(fact) === register;
  }

  /** An instruction that names no cell was made. */
  executed(word: string, operand: number | undefined): void {
    const [, target = "", operation = "", source = ""] =
      /^(\*?[abcd])(<>|\+\+|--|!|=0|==|<<=|>>=|&~|[-+*\/%&|^]=|=|<|>)(\*?[abcd])?$/.exec(word) ?? [];
    if (operation === "==" || operation === "<" || operation === ">") return;
    if (operation === "<>") {
      if (!source.startsWith("*")) this.#write(source as Any, []);
    } else if (word === "hash") return this.#write("a", []);
    if (target === "" || target.startsWith("*")) return;
    if (operation === "=0") this.#write(target as Any, [0]);
    else if (operation !== "=") this.#write(target as Any, []);
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
      if (now[each].includes(variable)) now[each] = now[each].filter((fact) => fact !== variable);
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
