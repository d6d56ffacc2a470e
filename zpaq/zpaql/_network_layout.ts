/**
 * Where a network of components has its state and its tables in memory, and what stands there when a block starts.
 */
import { TABLE, TABLES_SIZE } from "./_predictor_tables.ts";
import type { ZpaqComponent, ZpaqHeader } from "./header.ts";

/** Where the state stands while the module does not run. */
export const STATE = {
  LOW: 0,
  HIGH: 4,
  /** The four bytes under the coder's interval. */
  CURRENT: 8,
  INPUT: 12,
  INPUT_END: 16,
  OUTPUT: 20,
  OUTPUT_END: 24,
  B: 28,
  C: 32,
  D: 36,
  F: 40,
  /** The instruction that failed. */
  FAILED: 44,
  /** What each call of HCOMP may run. */
  BUDGET: 48,
  R: 1024,
} as const;

const TABLES_BASE = 2048;
export const INPUT_SIZE = 64 << 10;
/** A segment is given in pieces of this size, so that each call is short. */
export const OUTPUT_SIZE = 16 << 10;
const INPUT_BASE = TABLES_BASE + TABLES_SIZE;
const OUTPUT_BASE = INPUT_BASE + INPUT_SIZE;
const ALIGNMENT = 64;
const STATES = 256;
const SSE_ROW = 32;
const ROW_LANES = 4;

/** The places of the fixed tables. */
export const FIXED = {
  SQUASH: TABLES_BASE + TABLE.SQUASH,
  STRETCH: TABLES_BASE + TABLE.STRETCH,
  RATES: TABLES_BASE + TABLE.RATES,
  MATCH: TABLES_BASE + TABLE.MATCH,
  NEXT: TABLES_BASE + TABLE.NEXT,
} as const;

/** One component with its places. */
export interface PlacedComponent extends ZpaqComponent {
  /** Its cells, its weights, or the index of a match. */
  readonly cells: number;
  /** Rows of bit histories, or the buffer of a match. */
  readonly bytes: number;
  /** Logits of an ICM, or the state of a match. */
  readonly extra: number;
  /** Numbers from one row of weights to the next. */
  readonly stride: number;
}

/** A network with its places. */
export interface NetworkLayout {
  readonly input: number;
  readonly output: number;
  readonly h: number;
  readonly m: number;
  readonly components: readonly PlacedComponent[];
  readonly size: number;
}

/** Bytes of a component's parts. */
function sizesOf({ name, arguments: args }: ZpaqComponent, stride: number): [number, number, number] {
  const size = 2 ** args[0]!;
  switch (name) {
    case "const":
    case "avg":
      return [0, 0, 0];
    case "cm":
      return [4 * size, 0, 0];
    case "icm":
      return [4 * STATES, 64 * size, 2 * STATES];
    case "match":
      return [4 * size, 2 ** args[1]!, 12];
    case "mix2":
      return [2 * size, 0, 0];
    case "mix":
      return [4 * stride * size, 0, 0];
    case "isse":
      return [8 * STATES, 64 * size, 0];
    case "sse":
      return [4 * SSE_ROW * size, 0, 0];
  }
}

/** Lays a network out. */
export function layoutNetwork(header: ZpaqHeader): NetworkLayout {
  let size = OUTPUT_BASE + OUTPUT_SIZE;
  function place(bytes: number): number {
    const at = Math.ceil(size / ALIGNMENT) * ALIGNMENT;
    size = at + bytes;
    return at;
  }
  const h = place(4 * 2 ** header.hh);
  const m = place(2 ** header.hm);
  const components = header.components.map((component) => {
    const stride = component.name === "mix" ? Math.ceil(component.arguments[2]! / ROW_LANES) * ROW_LANES : 0;
    const [cells, bytes, extra] = sizesOf(component, stride);
    return { ...component, stride, cells: place(cells), bytes: place(bytes), extra: place(extra) };
  });
  return { input: INPUT_BASE, output: OUTPUT_BASE, h, m, components, size };
}

/** Fills `numbers` with copies of what stands in its first `count`. */
function repeat(numbers: Int32Array | Uint32Array, count: number): void {
  for (let filled = count; filled < numbers.length; filled *= 2) {
    numbers.copyWithin(filled, 0, Math.min(filled, numbers.length - filled));
  }
}

/** Gives a component's tables what they start with; everything is zero before. */
function initialise(buffer: ArrayBuffer, component: PlacedComponent, tables: Uint8Array<ArrayBuffer>): void {
  const { name, arguments: args, cells, extra, stride } = component;
  const size = 2 ** args[0]!;
  const squash = new Int16Array(tables.buffer, TABLE.SQUASH);
  const stretch = new Int16Array(tables.buffer, TABLE.STRETCH);
  const start = new Uint32Array(tables.buffer, TABLE.START, STATES);
  switch (name) {
    case "const":
    case "avg":
    case "match":
      return;
    case "cm":
      new Uint32Array(buffer, cells, size).fill(0x80000000);
      return;
    case "icm":
      new Uint32Array(buffer, cells, STATES).set(start);
      new Int16Array(buffer, extra, STATES).forEach((_, i, logits) => logits[i] = stretch[start[i]! >> 8]!);
      return;
    case "mix2":
      new Uint16Array(buffer, cells, size).fill(32768);
      return;
    case "mix": {
      const weights = new Int32Array(buffer, cells, stride * size);
      weights.fill(Math.trunc(65536 / args[2]!), 0, args[2]!);
      repeat(weights, stride);
      return;
    }
    case "isse": {
      const weights = new Int32Array(buffer, cells, 2 * STATES);
      start.forEach((p, state) => {
        weights[2 * state] = 1 << 15;
        weights[2 * state + 1] = Math.min(stretch[p >> 8]! * 1024, 524287);
      });
      return;
    }
    case "sse": {
      const row = new Uint32Array(buffer, cells, SSE_ROW * size);
      for (let i = 0; i < SSE_ROW; i++) row[i] = squash[i * 64 - 992 + 2048]! << 17 | args[2]!;
      repeat(row, SSE_ROW);
      return;
    }
  }
}

/** Makes memory, which may have been used before, what it is when a block starts. */
export function initialiseNetwork(
  buffer: ArrayBuffer,
  layout: NetworkLayout,
  tables: Uint8Array<ArrayBuffer>,
  fresh: boolean,
): void {
  if (!fresh) new Uint8Array(buffer, 0, layout.size).fill(0);
  new Uint8Array(buffer).set(tables, TABLES_BASE);
  const state = new DataView(buffer);
  state.setUint32(STATE.LOW, 1, true);
  state.setUint32(STATE.HIGH, 0xffffffff, true);
  for (const component of layout.components) initialise(buffer, component, tables);
}
