/**
 * Instructions at their places, with jumps as short as they can be.
 */
import type { Variable } from "./_ir.ts";
import { endsPath } from "./_machine_code.ts";
import type { Item, Label } from "./_machine_code.ts";

/** One instruction of a program, placed. */
export interface PlacedInstruction {
  readonly pc: number;
  readonly size: number;
  /** As a config has it. */
  readonly text: string;
  /** The offset in the source that it comes from. */
  readonly offset: number;
  /** What it was made of. */
  readonly item: Item;
}

const SHORT_SIZE = 2;
const LONG_SIZE = { jt: 5, jf: 5, jmp: 3 } as const;
const NONE_LONG: ReadonlySet<Item> = new Set();
const OPPOSITE = { jt: "jf", jf: "jt" } as const;

/** The size of an instruction whose jump is short. */
export function itemSize(item: Item): number {
  return sizeOf(item, NONE_LONG);
}

function sizeOf(item: Item, long: ReadonlySet<Item>): number {
  switch (item.type) {
    case "label":
      return 0;
    case "halt":
      return 1;
    case "cell":
      return 2;
    case "plain":
      return item.operand === undefined ? 1 : 2;
    case "jump":
      return long.has(item) ? LONG_SIZE[item.kind] : SHORT_SIZE;
  }
}

/** Leaves out what cannot be reached, and jumps to the very next instruction. */
export function withoutDead(items: readonly Item[]): Item[] {
  const targets = new Set(items.flatMap((item) => item.type === "jump" ? [item.to] : []));
  const kept: Item[] = [];
  let dead = false;
  for (const [i, item] of items.entries()) {
    if (item.type === "label") {
      // Code that waits for input refers to labels without a jump.
      kept.push(item);
      dead &&= !targets.has(item.label);
      continue;
    }
    if (dead || item.type === "jump" && leadsOn(items, i, item.to)) continue;
    kept.push(item);
    dead = endsPath(item);
  }
  return kept;
}

function leadsOn(items: readonly Item[], at: number, to: Label): boolean {
  for (let i = at + 1;; i++) {
    const item = items[i];
    if (item?.type !== "label") return false;
    if (item.label === to) return true;
  }
}

/** Places a program. */
export function layOut(code: readonly Item[], cells: ReadonlyMap<Variable, number>): PlacedInstruction[] {
  const items = withoutDead(code);
  const long = new Set<Item>();
  while (true) {
    const labels = new Map<Label, number>();
    const places: number[] = [];
    let pc = 0;
    for (const item of items) {
      places.push(pc);
      if (item.type === "label") labels.set(item.label, pc);
      pc += sizeOf(item, long);
    }
    const far = items.filter((item, i) => {
      if (item.type !== "jump" || long.has(item)) return false;
      const distance = labels.get(item.to)! - (places[i]! + SHORT_SIZE);
      return distance < -128 || distance > 127;
    });
    if (far.length === 0) return items.flatMap((item, i) => placed(item, places[i]!, labels, long, cells));
    for (const item of far) long.add(item);
  }
}

function placed(
  item: Item,
  pc: number,
  labels: ReadonlyMap<Label, number>,
  long: ReadonlySet<Item>,
  cells: ReadonlyMap<Variable, number>,
): PlacedInstruction[] {
  const offset = item.line;
  switch (item.type) {
    case "label":
      return [];
    case "halt":
      return [{ pc, size: 1, text: "halt", offset, item }];
    case "cell":
      return [{ pc, size: 2, text: `${item.word} ${cells.get(item.variable)!}`, offset, item }];
    case "plain": {
      const { word, operand } = item;
      return [{
        pc,
        size: sizeOf(item, long),
        text: operand === undefined ? word : `${word} ${operand}`,
        offset,
        item,
      }];
    }
  }
  const to = labels.get(item.to)!;
  if (!long.has(item)) {
    return [{ pc, size: SHORT_SIZE, text: `${item.kind} ${to - (pc + SHORT_SIZE)}`, offset, item }];
  }
  if (item.kind === "jmp") return [{ pc, size: 3, text: `lj ${to}`, offset, item }];
  return [
    { pc, size: 2, text: `${OPPOSITE[item.kind]} 3`, offset, item },
    { pc: pc + 2, size: 3, text: `lj ${to}`, offset, item },
  ];
}
