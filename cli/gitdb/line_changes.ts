/**
 * Which lines two texts do not share: the search of E. Myers, "An O(ND) Difference Algorithm and Its Variations", cut short
 * where git cuts it short, so that the answer is git's.
 */

/** Lines that come so often in the other text may be passed over: the square root of its lines, up to this. */
const OFTEN_MAX = 1024;
/** How far around a frequent line its neighbours are looked at. */
const NEIGHBOURS = 100;
/** A frequent line is passed over where three of four of those around it have no match at all. */
const MATCHLESS_SHARE = 4;
/** A run of equal lines that is long enough to be followed. */
const LONG_RUN = 20;
/** Steps after which long runs are followed, and after which a search ends at least. */
const PATIENCE = 256;
/** How far a run has to have come for each step. */
const WORTH = 4;
const FAR = 0x7fffffff;

/** How often a line comes in the other text. */
const NEVER = 0;
const SELDOM = 1;
const OFTEN = 2;

/** For each line of a text, whether the other one lacks it. Flags have a zero after the last line. */
export interface LineChanges {
  readonly removed: Uint8Array;
  readonly added: Uint8Array;
}

/** A power of two near the square root. */
function roughRoot(count: number): number {
  let root = 1;
  for (let left = count; left > 0; left >>>= 2) root <<= 1;
  return root;
}

/** Compares texts whose lines are numbers: lines that are the same have the same number, all below `kinds`. */
export function compareLines(before: Int32Array, after: Int32Array, kinds: number): LineChanges {
  const removed = new Uint8Array(before.length + 1);
  const added = new Uint8Array(after.length + 1);
  const shortest = Math.min(before.length, after.length);
  let start = 0;
  while (start < shortest && before[start] === after[start]) start++;
  let tail = 0;
  while (tail < shortest - start && before[before.length - 1 - tail] === after[after.length - 1 - tail]) {
    tail++;
  }
  const search = new Search(
    comparable(before, { start, end: before.length - tail }, countsOf(after, kinds), removed),
    comparable(after, { start, end: after.length - tail }, countsOf(before, kinds), added),
  );
  search.run();
  return { removed, added };
}

function countsOf(lines: Int32Array, kinds: number): Uint32Array {
  const counts = new Uint32Array(kinds);
  for (const line of lines) counts[line]!++;
  return counts;
}

/** The lines of one text that take part in a search. */
interface Side {
  readonly lines: Int32Array;
  /** Where each stands in the text. */
  readonly places: Int32Array;
  readonly changed: Uint8Array;
}

/** Leaves out lines that have no match, and frequent ones among those: they count as changed. */
function comparable(
  lines: Int32Array,
  { start, end }: { readonly start: number; readonly end: number },
  counts: Uint32Array,
  changed: Uint8Array,
): Side {
  const often = Math.min(roughRoot(lines.length), OFTEN_MAX);
  const matches = new Uint8Array(lines.length);
  for (let i = start; i < end; i++) {
    const count = counts[lines[i]!]!;
    matches[i] = count === 0 ? NEVER : count >= often ? OFTEN : SELDOM;
  }
  const kept = new Int32Array(end - start);
  const places = new Int32Array(end - start);
  let size = 0;
  for (let i = start; i < end; i++) {
    if (matches[i] === NEVER || matches[i] === OFTEN && isAmongMatchless(matches, i, start, end)) {
      changed[i] = 1;
      continue;
    }
    kept[size] = lines[i]!;
    places[size++] = i;
  }
  return { lines: kept.subarray(0, size), places, changed };
}

/** Whether a frequent line stands among lines without a match, on both sides and in great numbers. */
function isAmongMatchless(matches: Uint8Array, at: number, start: number, end: number): boolean {
  let matchless = 0;
  let frequent = 2;
  for (const step of [-1, 1]) {
    let found = 0;
    for (let i = at + step; i >= start && i < end && Math.abs(i - at) <= NEIGHBOURS; i += step) {
      if (matches[i] === SELDOM) break;
      if (matches[i] === NEVER) found++;
      else frequent++;
    }
    if (found === 0) return false;
    matchless += found;
  }
  return frequent * MATCHLESS_SHARE < frequent + matchless;
}

/** A part of both texts. */
interface Box {
  readonly left: number;
  readonly leftEnd: number;
  readonly right: number;
  readonly rightEnd: number;
  /** Whether nothing is to be cut short. */
  readonly isExact: boolean;
}

/** Where a box is cut in two, and which of the halves is to be searched exactly. */
interface Cut {
  readonly left: number;
  readonly right: number;
  readonly isFirstExact: boolean;
  readonly isSecondExact: boolean;
}

/** Paths from both corners of a box, on its diagonals: numbers of a line on the left minus that on the right. */
class Search {
  readonly #left: Side;
  readonly #right: Side;
  readonly #forward: Int32Array;
  readonly #backward: Int32Array;
  /** The place of diagonal 0. */
  readonly #middle: number;
  readonly #stepsMax: number;

  constructor(left: Side, right: Side) {
    this.#left = left;
    this.#right = right;
    const diagonals = left.lines.length + right.lines.length + 3;
    this.#forward = new Int32Array(diagonals);
    this.#backward = new Int32Array(diagonals);
    this.#middle = right.lines.length + 1;
    this.#stepsMax = Math.max(roughRoot(diagonals), PATIENCE);
  }

  /** Marks what differs. */
  run(): void {
    const [a, b] = [this.#left.lines, this.#right.lines];
    const boxes: Box[] = [{ left: 0, leftEnd: a.length, right: 0, rightEnd: b.length, isExact: false }];
    for (let box = boxes.pop(); box !== undefined; box = boxes.pop()) {
      let { left, leftEnd, right, rightEnd } = box;
      while (left < leftEnd && right < rightEnd && a[left] === b[right]) left++, right++;
      while (left < leftEnd && right < rightEnd && a[leftEnd - 1] === b[rightEnd - 1]) leftEnd--, rightEnd--;
      if (left === leftEnd) mark(this.#right, right, rightEnd);
      else if (right === rightEnd) mark(this.#left, left, leftEnd);
      else {
        const cut = this.#cut({ left, leftEnd, right, rightEnd, isExact: box.isExact });
        boxes.push(
          { left, leftEnd: cut.left, right, rightEnd: cut.right, isExact: cut.isFirstExact },
          { left: cut.left, leftEnd, right: cut.right, rightEnd, isExact: cut.isSecondExact },
        );
      }
    }
  }

  /** Goes on from both corners, a step at a time, until the paths meet or it gets too long. */
  #cut(box: Box): Cut {
    const { left, leftEnd, right, rightEnd, isExact } = box;
    const [forward, backward, middle] = [this.#forward, this.#backward, this.#middle];
    const [lowest, highest] = [left - rightEnd, leftEnd - right];
    const ahead = new Reach(left - right, lowest, highest);
    const back = new Reach(leftEnd - rightEnd, lowest, highest);
    const isOdd = ((ahead.start - back.start) & 1) !== 0;
    forward[middle + ahead.start] = left;
    backward[middle + back.start] = leftEnd;
    for (let steps = 1;; steps++) {
      let hasRun = false;
      ahead.widen(forward, middle, -1);
      for (let diagonal = ahead.high; diagonal >= ahead.low; diagonal -= 2) {
        const from = this.#stepForward(diagonal);
        const to = this.#followForward(from, diagonal, box);
        if (to - from > LONG_RUN) hasRun = true;
        forward[middle + diagonal] = to;
        if (isOdd && back.has(diagonal) && backward[middle + diagonal]! <= to) return exactCut(to, diagonal);
      }
      back.widen(backward, middle, FAR);
      for (let diagonal = back.high; diagonal >= back.low; diagonal -= 2) {
        const from = this.#stepBackward(diagonal);
        const to = this.#followBackward(from, diagonal, box);
        if (from - to > LONG_RUN) hasRun = true;
        backward[middle + diagonal] = to;
        if (!isOdd && ahead.has(diagonal) && to <= forward[middle + diagonal]!) return exactCut(to, diagonal);
      }
      if (isExact) continue;
      const cut = hasRun && steps > PATIENCE ? this.#cutAtRun(box, ahead, back, steps) : undefined;
      if (cut !== undefined) return cut;
      if (steps >= this.#stepsMax) return this.#cutAtFarthest(box, ahead, back);
    }
  }

  #stepForward(diagonal: number): number {
    const at = this.#middle + diagonal;
    const [below, above] = [this.#forward[at - 1]!, this.#forward[at + 1]!];
    return below >= above ? below + 1 : above;
  }

  #stepBackward(diagonal: number): number {
    const at = this.#middle + diagonal;
    const [below, above] = [this.#backward[at - 1]!, this.#backward[at + 1]!];
    return below < above ? below : above - 1;
  }

  #followForward(from: number, diagonal: number, { leftEnd, rightEnd }: Box): number {
    const [a, b] = [this.#left.lines, this.#right.lines];
    let to = from;
    while (to < leftEnd && to - diagonal < rightEnd && a[to] === b[to - diagonal]) to++;
    return to;
  }

  #followBackward(from: number, diagonal: number, { left, right }: Box): number {
    const [a, b] = [this.#left.lines, this.#right.lines];
    let to = from;
    while (to > left && to - diagonal > right && a[to - 1] === b[to - diagonal - 1]) to--;
    return to;
  }

  /** Whether so many lines are the same from a place on; backwards those before it. */
  #hasRun(left: number, right: number): boolean {
    const [a, b] = [this.#left.lines, this.#right.lines];
    for (let i = 0; i < LONG_RUN; i++) if (a[left + i] !== b[right + i]) return false;
    return true;
  }

  /** Cuts where a path has come far and ends in a long run; undefined where none has. */
  #cutAtRun(box: Box, ahead: Reach, back: Reach, steps: number): Cut | undefined {
    const { left, leftEnd, right, rightEnd } = box;
    let best = 0;
    let place = [0, 0];
    for (let diagonal = ahead.high; diagonal >= ahead.low; diagonal -= 2) {
      const at = this.#forward[this.#middle + diagonal]!;
      const other = at - diagonal;
      const worth = at - left + (other - right) - Math.abs(diagonal - ahead.start);
      const isInside = left + LONG_RUN <= at && at < leftEnd && right + LONG_RUN <= other && other < rightEnd;
      if (worth <= WORTH * steps || worth <= best || !isInside) continue;
      if (!this.#hasRun(at - LONG_RUN, other - LONG_RUN)) continue;
      best = worth;
      place = [at, other];
    }
    if (best > 0) return { left: place[0]!, right: place[1]!, isFirstExact: true, isSecondExact: false };
    for (let diagonal = back.high; diagonal >= back.low; diagonal -= 2) {
      const at = this.#backward[this.#middle + diagonal]!;
      const other = at - diagonal;
      const worth = leftEnd - at + (rightEnd - other) - Math.abs(diagonal - back.start);
      const isInside = left < at && at <= leftEnd - LONG_RUN && right < other && other <= rightEnd - LONG_RUN;
      if (worth <= WORTH * steps || worth <= best || !isInside) continue;
      if (!this.#hasRun(at, other)) continue;
      best = worth;
      place = [at, other];
    }
    if (best > 0) return { left: place[0]!, right: place[1]!, isFirstExact: false, isSecondExact: true };
    return undefined;
  }

  /** Cuts where a path has come farthest. */
  #cutAtFarthest({ left, leftEnd, right, rightEnd }: Box, ahead: Reach, back: Reach): Cut {
    let first = { sum: -1, left: -1 };
    for (let diagonal = ahead.high; diagonal >= ahead.low; diagonal -= 2) {
      let at = Math.min(this.#forward[this.#middle + diagonal]!, leftEnd);
      if (rightEnd < at - diagonal) at = rightEnd + diagonal;
      if (first.sum < 2 * at - diagonal) first = { sum: 2 * at - diagonal, left: at };
    }
    let last = { sum: Infinity, left: FAR };
    for (let diagonal = back.high; diagonal >= back.low; diagonal -= 2) {
      let at = Math.max(left, this.#backward[this.#middle + diagonal]!);
      if (at - diagonal < right) at = right + diagonal;
      if (2 * at - diagonal < last.sum) last = { sum: 2 * at - diagonal, left: at };
    }
    const isFirst = leftEnd + rightEnd - last.sum < first.sum - (left + right);
    const { sum, left: at } = isFirst ? first : last;
    return { left: at, right: sum - at, isFirstExact: isFirst, isSecondExact: !isFirst };
  }
}

function mark({ places, changed }: Side, start: number, end: number): void {
  for (let i = start; i < end; i++) changed[places[i]!] = 1;
}

function exactCut(left: number, diagonal: number): Cut {
  return { left, right: left - diagonal, isFirstExact: true, isSecondExact: true };
}

/** The diagonals that paths from one corner have reached. */
class Reach {
  readonly start: number;
  readonly #lowest: number;
  readonly #highest: number;
  low: number;
  high: number;

  constructor(start: number, lowest: number, highest: number) {
    this.start = start;
    this.#lowest = lowest;
    this.#highest = highest;
    this.low = start;
    this.high = start;
  }

  has(diagonal: number): boolean {
    return this.low <= diagonal && diagonal <= this.high;
  }

  /** One more on each side, which has a limit beyond it; one less where the box ends. */
  widen(paths: Int32Array, middle: number, limit: number): void {
    if (this.low > this.#lowest) paths[middle + --this.low - 1] = limit;
    else this.low++;
    if (this.high < this.#highest) paths[middle + ++this.high + 1] = limit;
    else this.high--;
  }
}
