/**
 * Equal endings of ways that lead to the same place, made one: the others jump into it.
 */
import type { Variable } from "./_ir.ts";
import { itemSize } from "./_layout.ts";
import { endsPath } from "./_machine_code.ts";
import type { Item, Label } from "./_machine_code.ts";

/** Which endings are made one: those where nothing more is executed, or all where code gets shorter. */
export type TailMerging = "none" | "free" | "all";

const ROUNDS_MAX = 4;
/** So many endings of one kind are compared with each other. */
const COMPARED_MAX = 24;
const SAVED_MIN = 2;
const JUMP_SIZE = 2;

/** An ending: the items before `end`. A jump follows it, or the place that it leads to, or it is a halt. */
interface Ending {
  readonly end: number;
  readonly kind: "jumps" | "falls" | "halts";
}

/** An ending that is left out, since another one has the same items from `to` on. */
interface Merge {
  readonly start: number;
  readonly end: number;
  readonly to: number;
  readonly toEnd: number;
  readonly saved: number;
}

/** Makes equal endings one. Cells are settled. */
export function mergeTails(
  items: readonly Item[],
  cells: ReadonlyMap<Variable, number>,
  merging: TailMerging,
): readonly Item[] {
  let now = items;
  for (let round = 0; merging !== "none" && round < ROUNDS_MAX; round++) {
    const merges = withoutConflicts(new Tails(now, cells).find(merging === "all"));
    if (merges.length === 0) break;
    now = withDirectJumps(apply(now, merges));
  }
  return now;
}

/** Finds endings in code. */
class Tails {
  readonly #items: readonly Item[];
  /** What is the same in equal items; empty for labels. */
  readonly #keys: readonly string[];

  constructor(items: readonly Item[], cells: ReadonlyMap<Variable, number>) {
    this.#items = items;
    const places = placesOf(items);
    this.#keys = items.map((item) => {
      switch (item.type) {
        case "plain":
          return `${item.word} ${item.operand ?? ""}`;
        case "cell":
          return `${item.word} ${cells.get(item.variable)!}`;
        case "jump":
          return `${item.kind} ${places.get(item.to)!}`;
        case "halt":
          return "halt";
        case "label":
          return "";
      }
    });
  }

  /** The endings that may be left out; with `all`, those too that take a further jump then. */
  find(all: boolean): Merge[] {
    const merges: Merge[] = [];
    for (const endings of this.#groups().values()) {
      const kept = endings.filter(({ kind }) => all || kind === "falls").slice(0, COMPARED_MAX);
      for (const ending of endings) {
        if (ending.kind === "falls" || ending.kind === "halts" && !all) continue;
        let best: Merge | undefined;
        for (const other of kept) {
          const merge = other === ending ? undefined : this.#merge(ending, other);
          if (merge !== undefined && merge.saved > (best?.saved ?? SAVED_MIN - 1)) best = merge;
        }
        if (best !== undefined) merges.push(best);
      }
    }
    return merges;
  }

  /** Endings by where they lead and what their last item is. */
  #groups(): ReadonlyMap<string, readonly Ending[]> {
    const groups = new Map<string, Ending[]>();
    const add = (target: string, ending: Ending): void => {
      const last = this.#keys[ending.end - 1];
      if (last === undefined || last === "") return;
      const key = `${target}, ${last}`;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [ending]);
      else group.push(ending);
    };
    for (const [i, item] of this.#items.entries()) {
      if (item.type === "halt") add("halt", { end: i + 1, kind: "halts" });
      else if (item.type === "jump" && item.kind === "jmp") add(this.#keys[i]!, { end: i, kind: "jumps" });
      else if (item.type === "label" && i > 0 && !endsPath(this.#items[i - 1]!)) {
        add(`jmp ${i}`, { end: i, kind: "falls" });
      }
    }
    return groups;
  }

  #merge(ending: Ending, other: Ending): Merge | undefined {
    let [start, to, saved] = [ending.end, other.end, ending.kind === "halts" ? -JUMP_SIZE : 0];
    while (true) {
      let before = to - 1;
      while (before >= 0 && this.#keys[before] === "") before--;
      const item = this.#items[start - 1];
      if (item === undefined || before < 0 || item.type === "label") break;
      if (this.#keys[start - 1] !== this.#keys[before] || start - 1 === before) break;
      // What leads elsewhere ends the way to here.
      if (endsPath(item) && start < ending.end) break;
      saved += itemSize(item);
      start--;
      to = before;
    }
    return { start, end: ending.end, to, toEnd: other.end, saved };
  }
}

/** The first of all labels that a label is at one place with, by its index. */
function placesOf(items: readonly Item[]): ReadonlyMap<Label, number> {
  const places = new Map<Label, number>();
  let first = 0;
  for (const [i, item] of items.entries()) {
    if (item.type !== "label") continue;
    if (i === 0 || items[i - 1]!.type !== "label") first = i;
    places.set(item.label, first);
  }
  return places;
}

/** Those that save most, as far as none of them leaves out what another one needs. */
function withoutConflicts(merges: readonly Merge[]): readonly Merge[] {
  const chosen: Merge[] = [];
  const [removed, needed] = [new Set<number>(), new Set<number>()];
  for (const merge of merges.toSorted((a, b) => b.saved - a.saved)) {
    const { start, end, to, toEnd } = merge;
    let good = true;
    for (let i = start; i < end; i++) good &&= !needed.has(i) && !removed.has(i);
    for (let i = to; i < toEnd; i++) good &&= !removed.has(i);
    if (!good) continue;
    for (let i = start; i < end; i++) removed.add(i);
    for (let i = to; i < toEnd; i++) needed.add(i);
    chosen.push(merge);
  }
  return chosen;
}

function apply(items: readonly Item[], merges: readonly Merge[]): Item[] {
  const labels = new Map<number, Label>();
  const starts = new Map<number, Merge>();
  for (const merge of merges) {
    if (!labels.has(merge.to)) labels.set(merge.to, { name: `tail${merge.to}.` });
    starts.set(merge.start, merge);
  }
  const result: Item[] = [];
  for (let i = 0; i < items.length; i++) {
    const item = items[i]!;
    const { line, depth } = item;
    const label = labels.get(i);
    if (label !== undefined) result.push({ type: "label", label, line, depth });
    const merge = starts.get(i);
    if (merge === undefined) {
      result.push(item);
      continue;
    }
    result.push({ type: "jump", kind: "jmp", to: labels.get(merge.to)!, line, depth });
    // The jump that followed is not reached any more.
    const next = items[merge.end];
    i = next?.type === "jump" && next.kind === "jmp" ? merge.end : merge.end - 1;
  }
  return result;
}

/** Lets jumps to a jump lead where that leads. */
function withDirectJumps(items: readonly Item[]): readonly Item[] {
  const leads = new Map<Label, Label>();
  for (const [i, item] of items.entries()) {
    if (item.type !== "jump" || item.kind !== "jmp") continue;
    for (let at = i - 1; at >= 0; at--) {
      const before = items[at]!;
      if (before.type !== "label") break;
      leads.set(before.label, item.to);
    }
  }
  return items.map((item) => {
    if (item.type !== "jump") return item;
    let { to } = item;
    for (let steps = 0; steps < ROUNDS_MAX; steps++) to = leads.get(to) ?? to;
    return to === item.to ? item : { ...item, to };
  });
}
