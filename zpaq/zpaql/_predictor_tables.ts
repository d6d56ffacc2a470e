/**
 * The fixed tables of the predictor, as generated networks have them in memory.
 */

/** Where each table stands in the image. */
export const TABLE = {
  /** Probabilities of 15 bits by their logits from -2048 on; 16 bits each. */
  SQUASH: 0,
  /** The inverse, 16 bits each. */
  STRETCH: 8192,
  /** Rates of adaptation by count, 32 bits each. */
  RATES: 73728,
  /** Logits of a match by its length and the bit that it expects, 16 bits each. */
  MATCH: 77824,
  /** States that a 0 and a 1 lead to, a byte each. */
  NEXT: 78848,
  /** Probabilities of 23 bits that states start with, 32 bits each. */
  START: 79360,
} as const;
export const TABLES_SIZE = 80384;

const SQUASH_CHECK = 2278286169;
const STRETCH_CHECK = 3887533746;

function squashValue(logit: number): number {
  return Math.trunc(32768 / (1 + Math.exp(-logit / 64)));
}

function stretchValue(p: number): number {
  return Math.trunc(Math.log((p + 0.5) / (32767.5 - p)) * 64 + 0.5 + 100000) - 100000;
}

/** How the format checks a table: from its last number to its first. */
function foldOf(table: Int16Array): number {
  return table.reduceRight((sum, value) => Math.imul(sum, 3) + value >>> 0, 0);
}

/** How many states stand for this pair of counts: none, one, or two that differ in the last bit. */
function stateCount(a: number, b: number): number {
  const bounds = [20, 48, 15, 8, 6, 5];
  const n0 = Math.max(a, b);
  const n1 = Math.min(a, b);
  if (n1 >= bounds.length || n0 > bounds[n1]!) return 0;
  return n1 > 0 && n0 + n1 <= 17 ? 2 : 1;
}

function discount(n: number): number {
  return [1, 2, 3, 4, 5, 7, 8].filter((threshold) => n >= threshold).length;
}

/** The counts after one more bit: the other count is discounted, and both shrink until they have a state. */
function nextCounts(a: number, b: number, bit: number): [number, number] {
  if (a < b) {
    const [n0, n1] = nextCounts(b, a, 1 - bit);
    return [n1, n0];
  }
  let n0 = bit === 1 ? discount(a) : a + 1;
  let n1 = bit === 1 ? b + 1 : discount(b);
  while (stateCount(n0, n1) === 0) {
    if (n1 < 2) n0--;
    else {
      n0 = Math.trunc((n0 * (n1 - 1) + (n1 >> 1)) / n1);
      n1--;
    }
  }
  return [n0, n1];
}

const COUNT_SUM_MAX = 49;

/** Bit histories: for each state the counts of zeros and ones, and the last bit. */
function stateCounts(): { readonly counts: number[][]; readonly ids: Map<string, number> } {
  const counts: number[][] = [];
  const ids = new Map<string, number>();
  for (let sum = 0; sum <= COUNT_SUM_MAX; sum++) {
    for (let n1 = 0; n1 <= sum; n1++) {
      const n0 = sum - n1;
      const count = stateCount(n0, n1);
      if (count === 0) continue;
      ids.set(`${n0} ${n1} 0`, counts.length).set(`${n0} ${n1} 1`, counts.length + count - 1);
      for (let last = 0; last < count; last++) counts.push([n0, n1]);
    }
  }
  return { counts, ids };
}

function makeTables(): Uint8Array<ArrayBuffer> | undefined {
  const image = new Uint8Array(TABLES_SIZE);
  const { buffer } = image;
  const squash = new Int16Array(buffer, TABLE.SQUASH, 4096).map((_, i) => squashValue(i - 2048));
  const stretch = new Int16Array(buffer, TABLE.STRETCH, 32768).map((_, p) => stretchValue(p));
  // Engines may round logarithms in their own way; a wrong table would decode to wrong bytes.
  if (foldOf(squash) !== SQUASH_CHECK || foldOf(stretch) !== STRETCH_CHECK) return undefined;
  new Int16Array(buffer, TABLE.SQUASH).set(squash);
  new Int16Array(buffer, TABLE.STRETCH).set(stretch);
  const rates = new Uint32Array(buffer, TABLE.RATES, 1024);
  rates.forEach((_, i) => rates[i] = Math.trunc(131072 / (2 * i + 3)) * 2);
  const match = new Int16Array(buffer, TABLE.MATCH, 512);
  for (let length = 1; length < 256; length++) {
    const confidence = Math.trunc(2048 / length);
    match[2 * length] = stretch[confidence & 32767]!;
    match[2 * length + 1] = stretch[-confidence & 32767]!;
  }
  const next = new Uint8Array(buffer, TABLE.NEXT, 512);
  const start = new Uint32Array(buffer, TABLE.START, 256);
  const { counts, ids } = stateCounts();
  start.fill(1 << 22);
  counts.forEach(([n0, n1], state) => {
    for (const bit of [0, 1]) {
      const [m0, m1] = nextCounts(n0!, n1!, bit);
      next[2 * state + bit] = ids.get(`${m0} ${m1} ${bit}`)!;
    }
    start[state] = Math.trunc(((2 * n1! + 1) * 2 ** 22) / (n0! + n1! + 1));
  });
  return image;
}

let tables: { readonly image: Uint8Array<ArrayBuffer> | undefined } | undefined;

/** The image of all tables; undefined where this engine's arithmetic does not give them. */
export function predictorTables(): Uint8Array<ArrayBuffer> | undefined {
  tables ??= { image: makeTables() };
  return tables.image;
}
