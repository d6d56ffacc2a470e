/**
 * Parameters that fit into a given amount of memory.
 */
import type { BackendChoice } from "@sluice/ffi";
import { estimateZstdEncoder, zstdLevelParameters } from "../kernel/encoder_facts.ts";

/** The seven numbers of a level, in the order of `zstdLevelParameters`. */
export const LEVEL_NUMBERS = [
  "windowLog",
  "chainLog",
  "hashLog",
  "searchLog",
  "minMatch",
  "targetLength",
  "strategy",
] as const;

type Values = { level: number; longDistance: number } & Record<typeof LEVEL_NUMBERS[number], number>;

/** What is known of the compression. */
export interface CeilingContext {
  /** The most bytes that may be used. */
  readonly maxMemory: number;
  /** Bytes of the content; undefined when it is not known. */
  readonly size: number | undefined;
  readonly backend: BackendChoice | undefined;
}

const WINDOW_LOG_MIN = 10;
/** A lower level is taken before windows get smaller than a block. */
const WINDOW_LOG_GOOD = 17;
const LONG_DISTANCE_WINDOW_LOG = 27;
const LONG_DISTANCE_ON = 1;
/** What contexts take beside the library's estimate. */
const RESERVE_BYTES = 1024;

/**
 * The values with the highest level, and for it the largest window, whose estimate fits. Numbers that the caller gave
 * stay, but for the window. The values come back as they are when they fit, or when nothing does.
 *
 * @param parametersOf Turns values into pairs of parameter numbers and values.
 */
export function fitMemory<T extends Values>(
  values: T,
  parametersOf: (values: T) => Int32Array,
  context: CeilingContext,
): T {
  const { maxMemory, size, backend } = context;
  function fits(candidate: T): boolean {
    return estimateZstdEncoder(parametersOf(candidate), true, backend) + RESERVE_BYTES <= maxMemory;
  }
  if (fits(values)) return values;
  const levelMin = Math.min(values.level, 1);
  for (let level = values.level; level >= levelMin; level--) {
    const [levelWindow] = zstdLevelParameters(level, size, 0, backend);
    const usual = values.longDistance === LONG_DISTANCE_ON ? LONG_DISTANCE_WINDOW_LOG : levelWindow!;
    const windowMin = level === levelMin ? WINDOW_LOG_MIN : WINDOW_LOG_GOOD;
    for (let windowLog = values.windowLog || usual; windowLog >= windowMin; windowLog--) {
      const candidate = withLevel(values, level, windowLog, context);
      if (fits(candidate)) return candidate;
    }
  }
  return values;
}

/** Values of a level with a window: its other numbers are those for content of that size. */
function withLevel<T extends Values>(
  values: T,
  level: number,
  windowLog: number,
  context: CeilingContext,
): T {
  const contentSize = Math.min(2 ** windowLog, context.size ?? Infinity);
  const numbers = zstdLevelParameters(level, contentSize, 0, context.backend);
  const candidate = { ...values, level };
  for (const [index, name] of LEVEL_NUMBERS.entries()) {
    if (values[name] === 0) Object.assign(candidate, { [name]: numbers[index] });
  }
  return { ...candidate, windowLog };
}
