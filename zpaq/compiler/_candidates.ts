/**
 * Choosing among the code of several levels by what it measures: which is shortest, or which executes least.
 */
import { SluiceError } from "@sluice/internal";
import type { ZpaqMachine } from "../zpaql/machine.ts";
import type { SectionCode } from "./_code_generation.ts";

/** Makes the machine that runs code. */
export type MachineMaker = (code: SectionCode, budget: number) => ZpaqMachine;

/** Arrays with more elements take longer to make than the code to run. */
const ARRAY_BITS_MAX = 20;
/** Instructions that one candidate may execute. */
const BUDGET = 200_000;
const END_OF_SEGMENT = 2 ** 32 - 1;
const INPUT_SIZE = 600;

/** Bytes as text has them, then runs, then noise. */
function input(): number[] {
  const words = ["the ", "quick ", "brown ", "fox ", "of ", "and ", "in ", "12, ", "\n"];
  const bytes: number[] = [];
  let state = 7;
  const next = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 16;
  while (bytes.length < INPUT_SIZE / 2) {
    for (const character of words[next() % words.length]!) bytes.push(character.charCodeAt(0));
  }
  while (bytes.length < INPUT_SIZE * 3 / 4) bytes.push(...Array(1 + next() % 9).fill(next() & 255));
  while (bytes.length < INPUT_SIZE) bytes.push(next() & 255);
  return bytes;
}

export function sizeOf({ instructions }: SectionCode): number {
  return instructions.reduce((sum, { size }) => sum + size, 0);
}

/** The shortest code; of those that are as short, the one that needs less of H. */
export function shortest(candidates: readonly SectionCode[]): SectionCode {
  return candidates.reduce((best, each) => {
    const more = sizeOf(each) - sizeOf(best);
    return more < 0 || more === 0 && each.h < best.h ? each : best;
  });
}

/** The code that executes fewest instructions for the same calls, or is shorter; the first where nothing can be measured. */
export function fastest(candidates: readonly SectionCode[], make: MachineMaker): SectionCode {
  if (candidates.some(({ h, m }) => Math.max(h, m) > ARRAY_BITS_MAX)) return candidates[0]!;
  const measured = candidates.map((code) => stepsByCall(code, make));
  const calls = Math.min(...measured.map(({ length }) => length));
  let best = 0;
  for (const [i, steps] of measured.entries()) {
    if (calls === 0) break;
    const more = steps[calls - 1]! - measured[best]![calls - 1]!;
    if (more < 0 || more === 0 && sizeOf(candidates[i]!) < sizeOf(candidates[best]!)) best = i;
  }
  return candidates[best]!;
}

/** Executed instructions after each call. */
function stepsByCall(code: SectionCode, make: MachineMaker): number[] {
  const machine = make(code, BUDGET);
  const steps: number[] = [];
  const { part } = code.graph;
  try {
    for (const value of part === "hcomp" ? input() : [...input(), END_OF_SEGMENT]) {
      machine.call(value);
      steps.push(machine.steps);
      if (machine.steps > BUDGET) break;
    }
  } catch (error) {
    // A program may refuse input that was not made for it.
    if (!(error instanceof SluiceError)) throw error;
  }
  return steps;
}
