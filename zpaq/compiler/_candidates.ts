/**
 * Choosing among the code of several levels by what it measures: which is shortest, or which executes least.
 */
import { SluiceError } from "@sluice/internal";
import type { ZpaqMachine } from "../zpaql/machine.ts";
import type { CodePlan, SectionCode } from "./_code_generation.ts";
import { NoPointerError } from "./_selection.ts";
import type { Register } from "./_register_contents.ts";

/** Makes the machine that runs code. */
export type MachineMaker = (code: SectionCode, budget: number) => ZpaqMachine;

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
export function fastest(candidates: readonly SectionCode[], counts: StepCounts): SectionCode {
  const measured = candidates.map((code) => counts.of(code));
  const calls = Math.min(...measured.map(({ length }) => length));
  let best = 0;
  for (const [i, steps] of measured.entries()) {
    if (calls === 0) break;
    const more = steps[calls - 1]! - measured[best]![calls - 1]!;
    if (more < 0 || more === 0 && sizeOf(candidates[i]!) < sizeOf(candidates[best]!)) best = i;
  }
  return candidates[best]!;
}

/** What code executes, measured once for each. */
export class StepCounts {
  readonly #make: MachineMaker;
  readonly #known = new Map<string, readonly number[]>();

  constructor(make: MachineMaker) {
    this.#make = make;
  }

  /** How many times the instructions of one code another one executes for the same calls. */
  ratio(code: SectionCode, other: SectionCode): number {
    const [own, others] = [this.of(code), this.of(other)];
    const calls = Math.min(own.length, others.length);
    return calls === 0 ? 1 : own[calls - 1]! / others[calls - 1]!;
  }

  /** Executed instructions after each call. */
  of(code: SectionCode): readonly number[] {
    const text = code.instructions.map((each) => each.text).join(" ");
    let steps = this.#known.get(text);
    if (steps === undefined) this.#known.set(text, steps = stepsByCall(code, this.#make));
    return steps;
  }
}

/** Larger code is not made again in other ways. */
export const REFINED_SIZE_MAX = 2048;
const ROUNDS_MAX = 4;
/** Variables of each register that are tried without it. */
const HOMES_MAX = 3;
/** Variables without a register that are tried with one. */
const PREFERRED_MAX = 3;

/** Picks the best of some code. */
export type Choice = (candidates: readonly SectionCode[]) => SectionCode;

/**
 * The best of some code, and of what is made in other ways of it: one change at a time, as long as that is better for one
 * of `choices`. The first of them has the last word.
 */
export function refined(
  codes: readonly SectionCode[],
  make: (code: SectionCode, plan: CodePlan) => SectionCode,
  choices: readonly [Choice, ...Choice[]],
): SectionCode {
  const found = [...codes];
  /** What was made of code already: both searches mostly begin with the same. */
  const known = new Map<SectionCode, readonly SectionCode[]>();
  for (const choose of choices) {
    let best = choose(codes);
    for (let round = 0; round < ROUNDS_MAX && sizeOf(best) <= REFINED_SIZE_MAX; round++) {
      let made = known.get(best);
      if (made === undefined) {
        known.set(best, made = plansOf(best).flatMap((plan) => madeOf(best, plan, make) ?? []));
        found.push(...made);
      }
      const next = choose([best, ...made]);
      if (next === best) break;
      best = next;
    }
  }
  return choices[0](found);
}

/** Other ways to make code: each differs by one thing. */
function plansOf({ plan, homes, free, graph, prepared }: SectionCode): CodePlan[] {
  const plans: CodePlan[] = free.flatMap((register) =>
    [...homes].filter(([, home]) => home === register).slice(0, HOMES_MAX)
  ).map(([variable]) => ({ ...plan, homeless: new Set([...plan.homeless, variable]) }));
  const others = [...prepared.homes.weights].filter(([variable]) =>
    !variable.temporary && !homes.has(variable) && !plan.homeless.has(variable)
  ).sort((a, b) => b[1] - a[1]).slice(0, PREFERRED_MAX);
  for (const [variable] of others) {
    plans.push({ ...plan, preferred: new Set([...plan.preferred, variable]) });
  }
  if (graph.start !== graph.enter) plans.push({ ...plan, enterFirst: !plan.enterFirst });
  if (plan.tails !== "none") plans.push({ ...plan, tails: plan.tails === "all" ? "free" : "all" });
  for (const registers of otherRegisters(free)) plans.push({ ...plan, registers });
  return plans;
}

function madeOf(
  code: SectionCode,
  plan: CodePlan,
  make: (code: SectionCode, plan: CodePlan) => SectionCode,
): SectionCode | undefined {
  try {
    return make(code, plan);
  } catch (error) {
    // There are variables in too many registers.
    if (!(error instanceof NoPointerError)) throw error;
    return undefined;
  }
}

/** B and C, which point at bytes, can take each other's place, and D that of either. */
function otherRegisters(free: readonly Register[]): readonly (readonly Register[])[] {
  const others: readonly (readonly Register[])[] = [["b"], ["c"], ["b", "c"], ["b", "d"], ["c", "d"]];
  const hasD = free.includes("d");
  return others.filter((each) =>
    each.length === free.length && each.join() !== free.join() && (hasD || !each.includes("d"))
  );
}

/** Executed instructions after each call. */
function stepsByCall(code: SectionCode, make: MachineMaker): number[] {
  const machine = make(code, BUDGET);
  const steps: number[] = [];
  const { part, preamble } = code.graph;
  try {
    for (const value of preamble) machine.call(value);
    const before = machine.steps;
    for (const value of part === "hcomp" ? input() : [...input(), END_OF_SEGMENT]) {
      machine.call(value);
      steps.push(machine.steps - before);
      if (machine.steps - before > BUDGET) break;
    }
  } catch (error) {
    // A program may refuse input that was not made for it.
    if (!(error instanceof SluiceError)) throw error;
  }
  return steps;
}
