/**
 * Instructions of the machine while their cells and places are not settled: what each reads and changes.
 */
import { settleBackwards } from "./_backward_flow.ts";
import { BitsPool } from "./_bits.ts";
import type { Bits } from "./_bits.ts";
import type { Variable } from "./_ir.ts";

/** A place that jumps lead to. */
export interface Label {
  readonly name: string;
}

/** A condition of a jump: the flag is set, is not set, or none. */
export type JumpKind = "jt" | "jf" | "jmp";

/** An instruction, or a label. `line` is an offset in the source, `depth` the number of loops around it. */
export type Item =
  & { readonly line: number; readonly depth: number }
  & (
    | { readonly type: "plain"; readonly word: string; readonly operand: number | undefined }
    | { readonly type: "cell"; readonly word: string; readonly variable: Variable }
    | { readonly type: "label"; readonly label: Label }
    | { readonly type: "jump"; readonly kind: JumpKind; readonly to: Label }
    /** `next` is where the program goes on afterwards, which code finds out by a variable. */
    | {
      readonly type: "halt";
      readonly next: Label;
      readonly variable: Variable | undefined;
      readonly home: string | undefined;
    }
  );

const REGISTERS: Readonly<Record<string, number>> = { a: 1, b: 2, c: 4, d: 8 };
const FLAG = 16;

/** Registers, as bits, that an instruction reads and changes, and whether it does something else. */
export interface Effect {
  readonly reads: number;
  readonly writes: number;
  readonly acts: boolean;
}

const known = new Map<string, Effect>();

function registerOf(text: string): number {
  return REGISTERS[text.replace("*", "")] ?? 0;
}

function effectOfWord(word: string): Effect {
  if (word === "out") return { reads: 1, writes: 0, acts: true };
  if (word === "error") return { reads: 0, writes: 0, acts: true };
  if (word === "hash") return { reads: 3, writes: 1, acts: false };
  if (word === "hashd") return { reads: 9, writes: 0, acts: true };
  const [, target = "", operation = "", source = ""] =
    /^(\*?[abcd])(<>|\+\+|--|!|=0|==|<<=|>>=|&~|[-+*\/%&|^]=|=|<|>)(\*?[abcd])?$/.exec(word) ?? [];
  const memory = target.startsWith("*");
  const own = registerOf(target);
  const from = registerOf(source);
  if (operation === "<>") return { reads: own | from, writes: memory ? from : own | from, acts: memory };
  if (operation === "==" || operation === "<" || operation === ">") {
    return { reads: own | from, writes: FLAG, acts: false };
  }
  if (operation === "=" || operation === "=0") {
    return memory ? { reads: own | from, writes: 0, acts: true } : { reads: from, writes: own, acts: false };
  }
  return memory ? { reads: own, writes: 0, acts: true } : { reads: own | from, writes: own, acts: false };
}

/** What an item does to registers. */
export function effectOf(item: Item): Effect {
  switch (item.type) {
    case "plain": {
      let effect = known.get(item.word);
      if (effect === undefined) known.set(item.word, effect = effectOfWord(item.word));
      return effect;
    }
    case "cell":
      return item.word === "r=a"
        ? { reads: 1, writes: 0, acts: false }
        : { reads: 0, writes: registerOf(item.word[0]!), acts: false };
    case "jump":
      return { reads: item.kind === "jmp" ? 0 : FLAG, writes: 0, acts: true };
    case "halt":
      return { reads: registerOf(item.home ?? ""), writes: 0, acts: true };
    default:
      return { reads: 0, writes: 0, acts: true };
  }
}

/** Items that are executed from the first to the last. */
interface Run {
  readonly start: number;
  readonly end: number;
  readonly successors: number[];
  /** Cells that it sets, and that are needed before it: what it reads itself, to begin with. */
  readonly set: Bits;
  readonly before: Bits;
  readonly after: Bits;
  /** The same of registers. */
  neededRegisters: number;
  setRegisters: number;
  registers: number;
}

/** What is needed at each point of machine code: registers and variables. */
export class MachineLiveness {
  readonly #items: readonly Item[];
  readonly #runs: Run[] = [];
  readonly #indexes = new Map<Variable, number>();
  readonly variables: Variable[] = [];

  constructor(items: readonly Item[]) {
    this.#items = items;
    for (const item of items) {
      const variable = item.type === "cell" || item.type === "halt" ? item.variable : undefined;
      if (variable !== undefined && !this.#indexes.has(variable)) {
        this.#indexes.set(variable, this.variables.push(variable) - 1);
      }
    }
    const pool = new BitsPool(this.variables.length);
    let start = 0;
    const close = (end: number): void => {
      if (end > start) this.#runs.push(this.#run(start, end, pool));
      start = end;
    };
    for (const [i, item] of items.entries()) {
      if (item.type === "label") close(i);
      if (item.type === "jump" || item.type === "halt") close(i + 1);
    }
    close(items.length);
    this.#connect();
  }

  #run(start: number, end: number, pool: BitsPool): Run {
    const [set, before, after] = [pool.make(), pool.make(), pool.make()];
    const run = { start, end, successors: [], set, before, after };
    const live: Live = { cells: before, registers: 0 };
    let setRegisters = 0;
    for (let at = end - 1; at >= start; at--) {
      const item = this.#items[at]!;
      setRegisters |= effectOf(item).writes;
      if (item.type === "cell" && item.word === "r=a") run.set.add(this.#indexes.get(item.variable)!);
      this.#backwardsOver(item, live);
    }
    return { ...run, neededRegisters: live.registers, setRegisters, registers: 0 };
  }

  #connect(): void {
    const places = new Map<Label, number>();
    for (const [i, run] of this.#runs.entries()) {
      const first = this.#items[run.start]!;
      if (first.type === "label") places.set(first.label, i);
    }
    const predecessors: number[][] = this.#runs.map(() => []);
    for (const [i, run] of this.#runs.entries()) {
      const last = this.#items[run.end - 1]!;
      if (last.type === "jump") run.successors.push(places.get(last.to)!);
      if (last.type === "halt") run.successors.push(places.get(last.next)!);
      if (!endsPath(last) && i + 1 < this.#runs.length) run.successors.push(i + 1);
      for (const next of run.successors) predecessors[next]!.push(i);
    }
    settleBackwards(predecessors, (i) => {
      const run = this.#runs[i]!;
      const { cells, registers } = this.#after(run);
      const needed = run.neededRegisters | registers & ~run.setRegisters;
      const grown = run.before.addWithout(cells, run.set);
      if (!grown && needed === run.registers) return false;
      run.registers = needed;
      return true;
    });
  }

  #after(run: Run): Live {
    let registers = 0;
    for (const next of run.successors) {
      run.after.addAll(this.#runs[next]!.before);
      registers |= this.#runs[next]!.registers;
    }
    return { cells: run.after, registers };
  }

  #backwardsOver(item: Item, live: Live): void {
    const { reads, writes } = effectOf(item);
    live.registers = live.registers & ~writes | reads;
    if (item.type !== "cell" && item.type !== "halt" || item.variable === undefined) return;
    const index = this.#indexes.get(item.variable)!;
    if (item.type === "cell" && item.word === "r=a") live.cells.delete(index);
    else live.cells.add(index);
  }

  /**
   * Calls `visit` for each item with what is needed after it, backwards in each run. An item for which that says false
   * is as good as not there.
   */
  visit(visit: (at: number, live: Live) => boolean | void): void {
    for (const run of this.#runs) {
      const live = this.#after(run);
      for (let at = run.end - 1; at >= run.start; at--) {
        if (visit(at, live) !== false) this.#backwardsOver(this.#items[at]!, live);
      }
    }
  }

  /** The index of a variable in `variables`. */
  indexOf(variable: Variable): number {
    return this.#indexes.get(variable)!;
  }

  /** What is needed where the run that starts with a label begins. */
  beforeLabel(label: Label): Bits {
    return this.#runs.find(({ start }) => {
      const first = this.#items[start]!;
      return first.type === "label" && first.label === label;
    })!.before;
  }
}

/** Whether what follows an item is not reached from it. */
export function endsPath(item: Item): boolean {
  return item.type === "halt" || item.type === "jump" && item.kind === "jmp" ||
    item.type === "plain" && item.word === "error";
}

/** Needed registers, and variables by their indexes. */
export interface Live {
  registers: number;
  readonly cells: Bits;
}

const ROUNDS_MAX = 4;

/** Leaves out instructions whose results nobody needs. */
export function withoutUnused(items: readonly Item[]): readonly Item[] {
  let kept = items;
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const liveness = new MachineLiveness(kept);
    const unused = new Set<number>();
    liveness.visit((at, live) => {
      const item = kept[at]!;
      const { writes, acts } = effectOf(item);
      if (acts || item.type === "label") return;
      const isStore = item.type === "cell" && item.word === "r=a";
      if (isStore ? live.cells.has(liveness.indexOf(item.variable)) : (writes & live.registers) !== 0) return;
      unused.add(at);
      return false;
    });
    if (unused.size === 0) return kept;
    kept = kept.filter((_, i) => !unused.has(i));
  }
  return kept;
}
