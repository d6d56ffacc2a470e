/**
 * Instructions in a row, with jumps to labels that become as short as they can.
 */

/** A place that jumps lead to. */
export interface Label {
  readonly id: number;
}

/** A condition of a jump: the flag is set, is not set, or none. */
export type JumpKind = "jt" | "jf" | "jmp";

type Item =
  | { readonly type: "instruction"; readonly text: string; readonly size: number; readonly line: number }
  | { readonly type: "label"; readonly id: number }
  | { readonly type: "jump"; readonly kind: JumpKind; readonly to: number; readonly line: number };

/** One instruction of a program, placed. */
export interface PlacedInstruction {
  readonly pc: number;
  readonly size: number;
  /** As a config has it. */
  readonly text: string;
  /** The line of the source that it comes from. */
  readonly line: number;
}

const SHORT_SIZE = 2;
const LONG_SIZE = { jt: 5, jf: 5, jmp: 3 } as const;
const OPPOSITE = { jt: "jf", jf: "jt" } as const;

/** Collects a program. */
export class Emitter {
  readonly #items: Item[] = [];
  #labels = 0;
  /** The line of the source that instructions come from now. */
  line = 0;

  /** Adds an instruction, with the number behind it if it takes one. */
  emit(word: string, operand?: number): void {
    const text = operand === undefined ? word : `${word} ${operand}`;
    this.#items.push({ type: "instruction", text, size: operand === undefined ? 1 : 2, line: this.line });
  }

  /** A label that is placed later. */
  label(): Label {
    return { id: this.#labels++ };
  }

  /** Puts a label here. */
  place({ id }: Label): void {
    this.#items.push({ type: "label", id });
  }

  /** Adds a jump. */
  jump(kind: JumpKind, { id }: Label): void {
    this.#items.push({ type: "jump", kind, to: id, line: this.line });
  }

  /** The program with all jumps settled, unreachable instructions left out. */
  finish(): PlacedInstruction[] {
    const items = withoutLoads(withoutDead(this.#items));
    const long = new Set<Item>();
    while (true) {
      const labels = new Map<number, number>();
      const places: number[] = [];
      let pc = 0;
      for (const item of items) {
        places.push(pc);
        if (item.type === "label") labels.set(item.id, pc);
        else {pc += item.type === "instruction"
            ? item.size
            : long.has(item)
            ? LONG_SIZE[item.kind]
            : SHORT_SIZE;}
      }
      const far = items.filter((item, i) => {
        if (item.type !== "jump" || long.has(item)) return false;
        const distance = labels.get(item.to)! - (places[i]! + SHORT_SIZE);
        return distance < -128 || distance > 127;
      });
      if (far.length === 0) return placed(items, places, labels, long);
      for (const item of far) long.add(item);
    }
  }
}

/** Leaves out what follows a jump or a halt up to the next label, and jumps to the very next instruction. */
function withoutDead(items: readonly Item[]): Item[] {
  const kept: Item[] = [];
  let dead = false;
  for (const [i, item] of items.entries()) {
    if (item.type === "label") dead = false;
    if (dead) continue;
    if (item.type === "jump" && leadsOn(items, i, item.to)) continue;
    kept.push(item);
    dead = item.type === "jump" ? item.kind === "jmp" : item.type === "instruction" && item.text === "halt";
  }
  return kept;
}

/** Whether an instruction changes A: comparisons and stores do not. */
function changesA(text: string): boolean {
  return /^(?:a(?!==|<(?!<)|>(?!>))|\S+<>a|halt|error|hash)/.test(text);
}

/** Leaves out loads of cells whose value A has already, and labels that nobody jumps to. */
function withoutLoads(items: readonly Item[]): Item[] {
  const targets = new Set(items.flatMap((item) => item.type === "jump" ? [item.to] : []));
  const known = new Set<string>();
  return items.filter((item) => {
    if (item.type === "jump") return true;
    if (item.type === "label") {
      if (!targets.has(item.id)) return false;
      known.clear();
      return true;
    }
    const [word, cell] = item.text.split(" ");
    if (word === "r=a") known.add(cell!);
    else if (word === "a=r") {
      if (known.has(cell!)) return false;
      known.clear();
      known.add(cell!);
    } else if (changesA(item.text)) known.clear();
    return true;
  });
}

function leadsOn(items: readonly Item[], at: number, to: number): boolean {
  for (let i = at + 1; items[i]?.type === "label"; i++) {
    if ((items[i] as Item & { readonly type: "label" }).id === to) return true;
  }
  return false;
}

function placed(
  items: readonly Item[],
  places: readonly number[],
  labels: ReadonlyMap<number, number>,
  long: ReadonlySet<Item>,
): PlacedInstruction[] {
  const program: PlacedInstruction[] = [];
  for (const [i, item] of items.entries()) {
    const pc = places[i]!;
    if (item.type === "label") continue;
    const { line } = item;
    if (item.type === "instruction") {
      program.push({ pc, size: item.size, text: item.text, line });
      continue;
    }
    const to = labels.get(item.to)!;
    if (!long.has(item)) {
      program.push({ pc, size: SHORT_SIZE, text: `${item.kind} ${to - (pc + SHORT_SIZE)}`, line });
    } else if (item.kind === "jmp") {
      program.push({ pc, size: 3, text: `lj ${to}`, line });
    } else {
      program.push({ pc, size: 2, text: `${OPPOSITE[item.kind]} 3`, line });
      program.push({ pc: pc + 2, size: 3, text: `lj ${to}`, line });
    }
  }
  return program;
}
