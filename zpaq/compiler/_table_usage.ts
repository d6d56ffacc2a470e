/**
 * How full the tables of a model are after it has coded data.
 */
import { parseHeader } from "../zpaql/_header_parser.ts";
import type { ZpaqHeader } from "../zpaql/header.ts";
import type { NetworkRunner } from "../block/_network_runner.ts";
import { SegmentEncoder } from "../block/_segment_encoder.ts";
import type { PlacedComponent } from "../zpaql/_network_layout.ts";

const ROW_SIZE = 16;
const CM_START = 0x80000000;
const WEIGHT_SCALE = 65536;
/** So many sets of weights are listed. */
const SETS_MAX = 64;
const NO_TRANSFORM = new Uint32Array(7);
const HASHED: ReadonlySet<string> = new Set(["icm", "isse"]);

/** The table of one component. */
export interface TableUsage {
  /** What the table is made of. */
  readonly unit: "counters" | "rows" | "sets" | "entries";
  readonly size: number;
  readonly used: number;
}

/** Weights that a mixer has learned. */
export interface LearnedWeights {
  /** The mean of each input's weight over all sets that were used. */
  readonly mean: readonly number[];
  /** The first sets that were used. */
  readonly sets: readonly { readonly set: number; readonly weights: readonly number[] }[];
}

/** What a model has learned; undefined where the host forbids what finds it out. */
export interface LearnedTables {
  readonly usage: readonly (TableUsage | undefined)[];
  readonly weights: readonly (LearnedWeights | undefined)[];
}

/** Codes data and looks at the tables. */
export function learnedTables(header: Uint8Array, data: Uint8Array): LearnedTables | undefined {
  const parsed = parseHeader(header, 0);
  let found: LearnedTables | undefined;
  const encoder = new SegmentEncoder(header, data.length, {
    maxMemory: 0,
    backend: undefined,
    compilePrograms: "always",
  });
  try {
    encoder.encode(new Uint8Array([0]), data, NO_TRANSFORM);
    const { network } = encoder;
    if (network !== undefined) found = readTables(parsed, network);
  } finally {
    encoder.close();
  }
  return found;
}

function readTables({ components }: ZpaqHeader, network: NetworkRunner): LearnedTables {
  const { buffer, placed } = network.tables;
  return {
    usage: placed.map((component) => usageOf(component, buffer)),
    weights: placed.map((component, i) => {
      if (components[i]!.name !== "mix" && components[i]!.name !== "mix2") return undefined;
      return weightsOf(component, buffer);
    }),
  };
}

function count<T>(values: Iterable<T>, is: (value: T, at: number) => boolean): number {
  let sum = 0;
  let at = 0;
  for (const value of values) if (is(value, at++)) sum++;
  return sum;
}

function usageOf(component: PlacedComponent, buffer: ArrayBuffer): TableUsage | undefined {
  const { name, arguments: args, cells, bytes } = component;
  const size = 2 ** args[0]!;
  if (HASHED.has(name)) {
    const words = new Uint32Array(buffer, bytes, 16 * size);
    let used = 0;
    for (let row = 0; row < words.length; row += ROW_SIZE / 4) {
      if ((words[row]! | words[row + 1]! | words[row + 2]! | words[row + 3]!) !== 0) used++;
    }
    return { unit: "rows", size: words.length * 4 / ROW_SIZE, used };
  }
  switch (name) {
    case "cm":
      return {
        unit: "counters",
        size,
        used: count(new Uint32Array(buffer, cells, size), (p) => p !== CM_START),
      };
    case "match":
      return { unit: "entries", size, used: count(new Uint32Array(buffer, cells, size), (at) => at !== 0) };
    case "mix":
    case "mix2":
      return { unit: "sets", size, used: usedSets(component, buffer).length };
    default:
      return undefined;
  }
}

/** The sets of a mixer whose weights are not those that it started with. */
function usedSets(component: PlacedComponent, buffer: ArrayBuffer): { set: number; weights: number[] }[] {
  const { name, arguments: args, cells, stride } = component;
  const size = 2 ** args[0]!;
  const found: { set: number; weights: number[] }[] = [];
  if (name === "mix2") {
    for (const [set, weight] of new Uint16Array(buffer, cells, size).entries()) {
      if (weight === WEIGHT_SCALE / 2) continue;
      found.push({ set, weights: [weight / WEIGHT_SCALE, 1 - weight / WEIGHT_SCALE] });
    }
    return found;
  }
  const inputs = args[2]!;
  const start = Math.trunc(WEIGHT_SCALE / inputs);
  const all = new Int32Array(buffer, cells, stride * size);
  for (let set = 0; set < size; set++) {
    const row = all.subarray(set * stride, set * stride + inputs);
    if (row.every((weight) => weight === start)) continue;
    found.push({ set, weights: Array.from(row, (weight) => weight / WEIGHT_SCALE) });
  }
  return found;
}

function weightsOf(component: PlacedComponent, buffer: ArrayBuffer): LearnedWeights {
  const sets = usedSets(component, buffer);
  const inputs = component.name === "mix2" ? 2 : component.arguments[2]!;
  const mean = Array.from(
    { length: inputs },
    (_, i) => sets.length === 0 ? 0 : sets.reduce((sum, { weights }) => sum + weights[i]!, 0) / sets.length,
  );
  return { mean, sets: sets.slice(0, SETS_MAX) };
}

/**
 * Contexts of each component that share their place with others. A counter or set is shared by contexts that are equal in
 * the bits that choose it; of rows, which are checked, those are counted that others replaced.
 */
export function collisionsOf(
  { components }: ZpaqHeader,
  data: Uint8Array,
  contexts: Iterable<Uint32Array>,
  usage: readonly (TableUsage | undefined)[],
): (number | undefined)[] {
  const whole = components.map(() => new Set<number>([0]));
  const chosen = components.map(() => new Set<number>([0]));
  const nibbles = components.map(() => new Set<number>());
  const masks = components.map(({ name, arguments: args }) =>
    name === "cm" || name === "mix" || name === "mix2" || name === "sse" ? 2 ** args[0]! - 1 : 0xffffffff
  );
  const before = new Uint32Array(components.length);
  let at = 0;
  for (const row of contexts) {
    const byte = data[at++]!;
    for (const [i, { name }] of components.entries()) {
      // A byte was coded in the context that was there before it.
      if (HASHED.has(name)) nibbles[i]!.add(before[i]! * 16 + (byte >> 4));
      whole[i]!.add(row[i]!);
      chosen[i]!.add((row[i]! & masks[i]!) >>> 0);
      before[i] = row[i]!;
    }
  }
  return components.map(({ name }, i) => {
    if (HASHED.has(name)) {
      const used = usage[i]?.used;
      const needed = whole[i]!.size + nibbles[i]!.size;
      return used === undefined ? undefined : Math.max(0, needed - used);
    }
    return name === "cm" || name === "mix" || name === "mix2" || name === "sse"
      ? whole[i]!.size - chosen[i]!.size
      : undefined;
  });
}
