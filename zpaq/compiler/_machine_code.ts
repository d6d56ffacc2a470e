/**
 * Instructions of the machine while their cells and places are not settled: what each reads and changes.
 */
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
    | { readonly type: "halt"; readonly next: Label; readonly variable: Variable; readonly home: string | undefined }
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
  if (operation === "==" || operation === "<" || operation === ">") return { reads: own | from, writes: FLAG, acts: false };
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
}

/** What is needed at each point of machine code: registers and variables. */
export class MachineLiveness {
  readonly #items: readonly Item[];
  readonly #runs: Run[] = [];
  readonly #indexes = new Map<Variable, number>();
  readonly variables: Variable[] = [];
  readonly #before: Uint32Array[] = [];
  readonly #registers: number[] = [];
  readonly #words: number;

  constructor(items: readonly Item[]) {
    this.#items = items;
    const places = new Map<Label, number>();
    let start = 0;
    const close = (end: number): void => {
      if (end > start) this.#runs.push({ start, end, successors: [] });
      start = end;
    };
    for (const [i, item] of items.entries()) {
      if (item.type === "label") close(i);
      if (item.type === "jump" || item.type === "halt") close(i + 1);
      if ((item.type === "cell" || item.type === "halt") && !this.#indexes.has(item.variable)) {
        this.#indexes.set(item.variable, this.variables.push(item.variable) - 1);
      }
    }
    close(items.length);
    for (const [i, run] of this.#runs.entries()) {
      for (let at = run.start; at < run.end; at++) {
        const item = items[at]!;
        if (item.type === "label") places.set(item.label, i);
      }
    }
    const predecessors: number[][] = this.#runs.map(() => []);
    for (const [i, run] of this.#runs.entries()) {
      const last = items[run.end - 1]!;
      if (last.type === "jump") run.successors.push(places.get(last.to)!);
      if (last.type === "halt") run.successors.push(places.get(last.next)!);
      const falls = !(last.type === "halt" || last.type === "jump" && last.kind === "jmp" || last.type === "plain" && last.word === "error");
      if (falls && i + 1 < this.#runs.length) run.successors.push(i + 1);
      for (const next of run.successors) predecessors[next]!.push(i);
    }
    this.#words = (this.variables.length + 31) >>> 5;
    for (const _ of this.#runs) {
      this.#before.push(new Uint32Array(this.#words));
      this.#registers.push(0);
    }
    const queue = this.#runs.map((_, i) => i);
    const open = new Set(queue);
    for (let i = queue.pop(); i !== undefined; i = queue.pop()) {
      open.delete(i);
      const live = this.#after(i);
      this.#backwards(i, live, () => {});
      const before = this.#before[i]!;
      let grown = live.registers !== this.#registers[i];
      for (let w = 0; w < this.#words && !grown; w++) grown = before[w] !== live.cells[w];
      if (!grown) continue;
      before.set(live.cells);
      this.#registers[i] = live.registers;
      for (const each of predecessors[i]!) {
        if (open.has(each)) continue;
        open.add(each);
        queue.push(each);
      }
    }
  }

  #after(i: number): Live {
    const cells = new Uint32Array(this.#words);
    let registers = 0;
    for (const next of this.#runs[i]!.successors) {
      const before = this.#before[next]!;
      for (let w = 0; w < this.#words; w++) cells[w]! |= before[w]!;
      registers |= this.#registers[next]!;
    }
    return { cells, registers };
  }

  #backwards(i: number, live: Live, visit: (at: number, live: Live) => void): void {
    const run = this.#runs[i]!;
    for (let at = run.end - 1; at >= run.start; at--) {
      const item = this.#items[at]!;
      visit(at, live);
      const { reads, writes } = effectOf(item);
      live.registers = live.registers & ~writes | reads;
      if (item.type !== "cell" && item.type !== "halt") continue;
      const index = this.#indexes.get(item.variable)!;
      if (item.type === "cell" && item.word === "r=a") live.cells[index >>> 5]! &= ~(1 << (index & 31));
      else live.cells[index >>> 5]! |= 1 << (index & 31);
    }
  }

  /** Calls `visit` for each item with what is needed behind it, backwards in each run. */
  visit(visit: (at: number, live: Live) => void): void {
    for (const [i] of this.#runs.entries()) this.#backwards(i, this.#after(i), visit);
  }

  /** Whether a variable is among what is needed. */
  has(live: Live, variable: Variable): boolean {
    const index = this.#indexes.get(variable)!;
    return (live.cells[index >>> 5]! >>> (index & 31) & 1) === 1;
  }

  /** The index of a variable in `variables`. */
  indexOf(variable: Variable): number {
    return this.#indexes.get(variable)!;
  }

  /** What is needed where the run that starts with a label begins. */
  beforeLabel(label: Label): Uint32Array {
    const i = this.#runs.findIndex(({ start, end }) =>
      this.#items.slice(start, end).some((item) => item.type === "label" && item.label === label)
    );
    return this.#before[i]!;
  }
}

/** Needed registers, and variables by their indexes. */
export interface Live {
  registers: number;
  readonly cells: Uint32Array;
}

/** Leaves out instructions whose results nobody needs. */
export function withoutUnused(items: readonly Item[]): Item[] {
  let kept = [...items];
  while (true) {
    const liveness = new MachineLiveness(kept);
    const unused = new Set<number>();
    liveness.visit((at, live) => {
      const item = kept[at]!;
      const { writes, acts } = effectOf(item);
      if (acts || item.type === "label") return;
      const needed = item.type === "cell" && item.word === "r=a" ? liveness.has(live, item.variable) : (writes & live.registers) !== 0;
      if (!needed) unused.add(at);
    });
    if (unused.size === 0) return kept;
    kept = kept.filter((_, i) => !unused.has(i));
  }
}
