/**
 * Short ways to a number in A.
 */

/** One instruction of the way. */
export interface ConstantStep {
  readonly word: string;
  readonly operand?: number;
}

const NONE = 2 ** 32 - 1;
const known = new Map<number, readonly ConstantStep[]>();

function sizeOf(steps: readonly ConstantStep[]): number {
  return steps.reduce((sum, { operand }) => sum + (operand === undefined ? 1 : 2), 0);
}

/** Instructions that put a number into A, whatever it held: the fewest, then the shortest. */
export function constantSteps(value: number): readonly ConstantStep[] {
  let steps = known.get(value);
  if (steps === undefined) known.set(value, steps = search(value, 4)!);
  return steps;
}

/** The best way by at most `depth` further steps. */
function search(value: number, depth: number): readonly ConstantStep[] | undefined {
  if (value === 0) return [{ word: "a=0" }];
  if (value <= 255) return [{ word: "a=", operand: value }];
  if (depth === 0) return undefined;
  let best: readonly ConstantStep[] | undefined;
  const offer = (from: number, ...last: ConstantStep[]): void => {
    if (best !== undefined && best.length <= last.length + 1) return;
    const way = search(from, depth - last.length);
    if (way === undefined) return;
    const steps = [...way, ...last];
    if (
      best === undefined || steps.length < best.length ||
      steps.length === best.length && sizeOf(steps) < sizeOf(best)
    ) best = steps;
  };
  const zeros = 31 - Math.clz32(value & -value);
  if (zeros > 0) offer(value >>> zeros, { word: "a<<=", operand: zeros });
  if (NONE - value <= 255) offer(NONE - value, { word: "a!" });
  const low = value & 255;
  if (low === 1) offer(value - 1, { word: "a++" });
  if (low === 255 && value < NONE) offer(value + 1, { word: "a--" });
  if (low > 1 && low !== 128) offer(value - low, { word: "a+=", operand: low });
  if (low === 128) offer(value - low, { word: "a|=", operand: low });
  if (low > 0 && value + 256 - low <= NONE) offer(value + 256 - low, { word: "a-=", operand: 256 - low });
  const root = Math.sqrt(value);
  if (Number.isInteger(root)) offer(root, { word: "a*=a" });
  for (let factor = 255; factor >= 3; factor--) {
    if (value % factor === 0 && value / factor <= 255) {
      offer(value / factor, { word: "a*=", operand: factor });
      break;
    }
  }
  if (depth === 4) {
    // Byte by byte, which always leads to the end.
    const bytes: ConstantStep[] = [];
    let rest = value;
    while (rest > 255) {
      if (rest & 255) {
        bytes.unshift(
          (rest & 255) === 128 ? { word: "a|=", operand: 128 } : { word: "a+=", operand: rest & 255 },
        );
      }
      let shift = 8;
      rest >>>= 8;
      while ((rest & 1) === 0) [rest, shift] = [rest >>> 1, shift + 1];
      bytes.unshift({ word: "a<<=", operand: shift });
    }
    const plain = [{ word: "a=", operand: rest }, ...bytes];
    if (best === undefined || plain.length < best.length) best = plain;
    if (value > 2 ** 31) {
      const inverse = [...constantStepsOfInverse(value), { word: "a!" }];
      if (inverse.length < best.length) best = inverse;
    }
  }
  return best;
}

function constantStepsOfInverse(value: number): readonly ConstantStep[] {
  return constantSteps((NONE - value) >>> 0);
}
