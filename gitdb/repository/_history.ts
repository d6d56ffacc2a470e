/**
 * Commits and those before them, in the orders of `git log`. Deno only.
 */
import type { GitCommit } from "../object/_commit.ts";
import type { GitObjectId } from "../object/_object_id.ts";
import type { Objects } from "./_objects.ts";
import type { PathFilter } from "./_path_filter.ts";

/** A commit with its id. */
export interface IdentifiedCommit extends GitCommit {
  readonly id: GitObjectId;
}

/** What is walked. */
export interface HistoryWalk {
  readonly from: readonly GitObjectId[];
  readonly without: readonly GitObjectId[];
  readonly order: "age" | "date" | "topological";
  /** Whether of the parents of a merge the first alone is followed. */
  readonly firstParent: boolean;
  /** What has to have changed; undefined for anything, or nothing. */
  readonly paths: PathFilter | undefined;
  /** Seconds since 1970 that bound the dates of commits. */
  readonly since: number | undefined;
  readonly until: number | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Marks of commits: not wanted with all before it; named as such; met; gone on from; with nothing changed. */
const EXCLUDED = 1;
const NAMED = 2;
const MET = 4;
const EXPANDED = 8;
const UNCHANGED = 16;

/** A commit that is walked over. */
interface Step {
  readonly id: GitObjectId;
  marks: number;
  /** Undefined until it is read, as are the members below. */
  tree: GitObjectId | undefined;
  /** Where it had to be read and comes soon. */
  commit: GitCommit | undefined;
  time: number;
  /** Those that a walk over paths does not follow are gone. */
  parents: readonly Step[];
}

/** A step that was read. */
interface ReadStep extends Step {
  tree: GitObjectId;
}

/** Commits that wait, the youngest first; of the same age, that which came first. */
export class ByAge<T extends { readonly time: number }> {
  readonly #heap: { readonly item: T; readonly number: number }[] = [];
  #added = 0;

  #isBefore(left: number, right: number): boolean {
    const [a, b] = [this.#heap[left]!, this.#heap[right]!];
    return a.item.time > b.item.time || a.item.time === b.item.time && a.number < b.number;
  }

  #swap(left: number, right: number): void {
    const heap = this.#heap;
    [heap[left], heap[right]] = [heap[right]!, heap[left]!];
  }

  add(item: T): void {
    let at = this.#heap.push({ item, number: this.#added++ }) - 1;
    for (let above = (at - 1) >> 1; at > 0 && this.#isBefore(at, above); above = (at - 1) >> 1) {
      this.#swap(at, above);
      at = above;
    }
  }

  take(): T | undefined {
    const heap = this.#heap;
    if (heap.length === 0) return undefined;
    this.#swap(0, heap.length - 1);
    const { item } = heap.pop()!;
    for (let at = 0;;) {
      let first = at;
      for (const below of [2 * at + 1, 2 * at + 2]) {
        if (below < heap.length && this.#isBefore(below, first)) first = below;
      }
      if (first === at) return item;
      this.#swap(at, first);
      at = first;
    }
  }
  /** What comes next. */
  get first(): T | undefined {
    return this.#heap[0]?.item;
  }

  /** Any of those that wait and are so. */
  find(isWanted: (item: T) => boolean): T | undefined {
    return this.#heap.find(({ item }) => isWanted(item))?.item;
  }
}

/**
 * The commits that can be reached from some and not from others, each once, in the order of git's own walk, which decides
 * what is left of a history where paths are looked for.
 */
export async function* walkHistory(
  objects: Objects,
  walk: HistoryWalk,
): AsyncGenerator<IdentifiedCommit, void, undefined> {
  const walker = new Walker(objects, walk);
  const { order, without } = walk;
  for await (
    const { id, commit } of order === "age" && without.length === 0 ? walker.run() : walker.runLimited()
  ) {
    yield { id, ...commit ?? await objects.commit(id) };
  }
}

/** How many commits that are left out are looked at after nothing else seems to be left: dates may be wrong. */
const SLOP = 5;

/** Walks over commits from the youngest to the oldest. */
class Walker {
  readonly #objects: Objects;
  readonly #walk: HistoryWalk;
  readonly #steps = new Map<string, Step>();
  readonly #waiting = new ByAge<ReadStep>();
  /** One of those that wait, and is not left out. */
  #wanted: ReadStep | undefined;

  constructor(objects: Objects, walk: HistoryWalk) {
    this.#objects = objects;
    this.#walk = walk;
  }

  /** The commits as they are met. */
  async *run(): AsyncGenerator<Step, void, undefined> {
    await this.#start();
    const { since = -Infinity, signal } = this.#walk;
    for (let step = this.#waiting.take(); step !== undefined; step = this.#waiting.take()) {
      signal?.throwIfAborted();
      if (step.time < since) continue;
      await this.#expand(step);
      if (this.#isShown(step)) yield step;
      step.commit = undefined;
    }
  }

  /** The commits once it is known which there are. */
  async *runLimited(): AsyncGenerator<Step, void, undefined> {
    const { order } = this.#walk;
    const found = await this.#limit();
    for (const step of order === "age" ? found : sortSteps(found, order === "date")) {
      if (this.#isShown(step)) yield step;
    }
  }

  /** Whether a commit that was met is part of the answer. */
  #isShown({ marks, time }: ReadStep): boolean {
    const { until = Infinity } = this.#walk;
    return (marks & (EXCLUDED | UNCHANGED)) === 0 && time <= until;
  }

  #stepOf(id: GitObjectId): Step {
    const key = `${id}`;
    let step = this.#steps.get(key);
    if (step === undefined) {
      step = { id, marks: 0, tree: undefined, commit: undefined, time: 0, parents: [] };
      this.#steps.set(key, step);
    }
    return step;
  }

  async #read(step: Step): Promise<ReadStep> {
    if (step.tree === undefined) {
      const { tree, time, parents, commit } = await this.#objects.links(step.id);
      step.tree = tree;
      step.commit = commit;
      step.time = time;
      step.parents = parents.map((id) => this.#stepOf(id));
    }
    return step as ReadStep;
  }

  async #start(): Promise<void> {
    const { from, without } = this.#walk;
    const read = async (ids: readonly GitObjectId[]): Promise<ReadStep[]> => {
      const steps: ReadStep[] = [];
      for (const id of ids) steps.push(await this.#read(this.#stepOf(id)));
      return steps;
    };
    // All are read first, as what is left out goes as far as has been read.
    const [excluded, wanted] = [await read(without), await read(from)];
    for (const step of excluded) step.marks |= EXCLUDED | NAMED;
    for (const step of [...excluded, ...wanted]) {
      if ((step.marks & EXCLUDED) !== 0) excludeParents(step);
      this.#meet(step);
    }
  }

  #meet(step: ReadStep): void {
    if ((step.marks & MET) !== 0) return;
    step.marks |= MET;
    this.#waiting.add(step);
  }

  /** Meets the parents of a commit. */
  async #expand(step: ReadStep): Promise<void> {
    if ((step.marks & EXPANDED) !== 0) return;
    step.marks |= EXPANDED;
    const { paths, firstParent } = this.#walk;
    if ((step.marks & EXCLUDED) !== 0) {
      for (const parent of step.parents) {
        parent.marks |= EXCLUDED;
        const read = await this.#read(parent);
        excludeParents(read);
        this.#meet(read);
      }
      return;
    }
    if (paths !== undefined) await this.#simplify(step, paths);
    for (const parent of firstParent ? step.parents.slice(0, 1) : step.parents) {
      this.#meet(await this.#read(parent));
    }
  }

  /**
   * Finds out whether a commit changes something at the paths. Where one parent has the same there, that alone is followed;
   * what is left out counts as a parent only where there is no other.
   */
  async #simplify(step: ReadStep, paths: PathFilter): Promise<void> {
    const { firstParent, signal } = this.#walk;
    const differs = (before: GitObjectId | undefined): Promise<boolean> =>
      paths.differs(this.#objects, before, step.tree, signal);
    if (step.parents.length === 0) {
      if (!await differs(undefined)) step.marks |= UNCHANGED;
      return;
    }
    let relevant = 0;
    const isChanged = { relevant: false, other: false };
    for (const [i, parent] of step.parents.entries()) {
      const isRelevant = (parent.marks & (EXCLUDED | NAMED)) !== EXCLUDED;
      if (isRelevant) relevant++;
      if (i === 1 && firstParent) break;
      const { tree } = await this.#read(parent);
      if (await differs(tree)) isChanged[isRelevant ? "relevant" : "other"] = true;
      else if (isRelevant) {
        step.parents = [parent];
        step.marks |= UNCHANGED;
        return;
      }
    }
    if (!(relevant > 0 ? isChanged.relevant : isChanged.other)) step.marks |= UNCHANGED;
  }

  /** Whether one of those that wait is not left out; the one that was found last is looked at first. */
  #hasWanted(): boolean {
    const isWanted = ({ marks }: ReadStep): boolean => (marks & EXCLUDED) === 0;
    if (this.#wanted === undefined || !isWanted(this.#wanted)) this.#wanted = this.#waiting.find(isWanted);
    return this.#wanted !== undefined;
  }

  /** Everything that can be reached, from the youngest on, until what is left out has been met as well. */
  async #limit(): Promise<ReadStep[]> {
    await this.#start();
    const { since = -Infinity, until = Infinity, signal } = this.#walk;
    const found: ReadStep[] = [];
    let last = Infinity;
    let slop = SLOP;
    for (let step = this.#waiting.take(); step !== undefined; step = this.#waiting.take()) {
      signal?.throwIfAborted();
      if (step === this.#wanted) this.#wanted = undefined;
      const { time } = step;
      if (time < since) step.marks |= EXCLUDED;
      // All of a history may be found before its first commit comes.
      step.commit = undefined;
      await this.#expand(step);
      if ((step.marks & EXCLUDED) !== 0) {
        excludeParents(step);
        const next = this.#waiting.first;
        slop = next !== undefined && (last <= next.time || this.#hasWanted()) ? SLOP : slop - 1;
        if (slop === 0) break;
      } else if (time <= until) {
        last = time;
        found.push(step);
      }
    }
    return found;
  }
}

/** Leaves out all that is known to lie before a commit. */
function excludeParents(step: Step): void {
  const pending = [...step.parents];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    if ((at.marks & EXCLUDED) !== 0) continue;
    at.marks |= EXCLUDED;
    pending.push(...at.parents);
  }
}

/**
 * No commit before all that stand on it: of those that may come next the youngest, or, to keep the lines of a history
 * together, the last that became free.
 */
function* sortSteps(steps: readonly ReadStep[], byAge: boolean): Generator<ReadStep> {
  /** How many commits stand on each that have not come yet. */
  const above = new Map<Step, number>(steps.map((step) => [step, 0]));
  for (const { parents } of steps) {
    for (const parent of parents) if (above.has(parent)) above.set(parent, above.get(parent)! + 1);
  }
  const tips = steps.filter((step) => above.get(step) === 0);
  const free = byAge ? new ByAge<ReadStep>() : new Stack<ReadStep>();
  for (const tip of byAge ? tips : tips.reverse()) free.add(tip);
  for (let step = free.take(); step !== undefined; step = free.take()) {
    for (const parent of step.parents) {
      const left = above.get(parent);
      if (left === undefined) continue;
      above.set(parent, left - 1);
      if (left === 1) free.add(parent as ReadStep);
    }
    yield step;
  }
}

/** Items of which the last one comes next. */
class Stack<T> {
  readonly #items: T[] = [];

  add(item: T): void {
    this.#items.push(item);
  }

  take(): T | undefined {
    return this.#items.pop();
  }
}
