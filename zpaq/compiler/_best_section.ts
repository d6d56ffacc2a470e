/**
 * The code of a section that does best what its level wants, among what several levels make of it.
 */
import { fastest, refined, REFINED_SIZE_MAX, shortest, sizeOf, StepCounts } from "./_candidates.ts";
import type { Choice, MachineMaker } from "./_candidates.ts";
import { generateCode } from "./_code_generation.ts";
import type { CodePlan, SectionCode } from "./_code_generation.ts";
import type { OptimizationLevel } from "./_level.ts";
import { hasPoolable } from "./_pooled_constants.ts";
import { Reporter } from "./_reporter.ts";
import { compileSection } from "./_section_compilation.ts";
import type { SectionSource } from "./_section_compilation.ts";

/** Larger code is not compiled several times for speed, and its loops stay loops. */
const COMPARED_SIZE_MAX = 16_384;

/** Loops are written out where code does not grow by that, or where at most so much of the instructions is left. */
const UNROLLED_MAX = 0.98;

const TAILS = { 0: "none", 1: "none", 2: "free", s: "all" } as const;

/** The code of one section at the level that does best what is wanted: little code, or few instructions executed. */
export function bestSection(asked: SectionSource, measure: MachineMaker): SectionCode | undefined {
  const { header, settings, stackSize, reporter } = asked;
  const { level } = settings;
  const source = { ...asked, tails: TAILS[level] };
  const first = compileSection(source);
  if (first === undefined || level === 0 || level === 1) return first;
  const isLarge = sizeOf(first) > COMPARED_SIZE_MAX;
  if (level === 2 && isLarge) return first;
  // What is found in the source was reported already.
  const other = (
    level: OptimizationLevel,
    ways: { readonly unrolls?: boolean; readonly pools?: boolean } = {},
  ): SectionCode[] => {
    const { unrolls = false, pools = false } = ways;
    const code = compileSection({
      ...source,
      reporter: new Reporter(reporter.source),
      settings: { ...settings, level, unrolls },
      pools,
    });
    return code === undefined ? [] : [code];
  };
  const steps = new StepCounts(measure);
  const bySteps: Choice = (candidates) => fastest(candidates, steps);
  const [choose, next] = level === "s" ? [shortest, bySteps] as const : [bySteps, shortest] as const;
  const plain = [first, ...other(1), ...other(level === 2 ? "s" : 2)];
  const fast = level === 2 ? first : plain.at(-1)!;
  const unrolled = fast.graph.unrolls && !isLarge ? other(2, { unrolls: true }) : [];
  const best = choose(plain);
  const isWorth = (code: SectionCode): boolean =>
    level === "s" || sizeOf(code) <= sizeOf(best) || steps.ratio(code, best) < UNROLLED_MAX;
  const good = unrolled.filter(isWorth);
  const pooled = hasPoolable(fast.graph)
    ? [...other(2, { pools: true }), ...good.flatMap(() => other(2, { unrolls: true, pools: true }))]
    : [];
  const make = ({ prepared }: SectionCode, plan: CodePlan): SectionCode =>
    generateCode(prepared, header, level, stackSize, plan);
  const codes = [...plain, ...good, ...pooled];
  // The shortest code is looked for where the fastest is, too.
  const others = level === "s" ? codes.filter((code) => sizeOf(code) <= REFINED_SIZE_MAX) : [];
  const free = others.map((code) => make(code, { ...code.plan, tails: TAILS[2] }));
  return refined([...codes, ...free], make, [choose, next]);
}
