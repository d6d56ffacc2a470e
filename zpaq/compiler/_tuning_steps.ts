/**
 * Models that differ from a model by one step.
 */
import { CONTEXT_IDEAS, SELECTORS } from "./_context_ideas.ts";
import type { ModelChanges, TunedModel } from "./_tuned_source.ts";

const BITS_START = 16;
const BITS_MIN = 12;
const BITS_MAX = 20;
const RATES = [8, 12, 16, 24, 32, 48] as const;
const RATE_START = 24;
const MIXERS_MAX = 4;
/** What M is needed for. */
const BYTE_NEEDS: ReadonlySet<string> = new Set(["line", "field_above"]);

/** One step from a model to another. */
export interface TuningStep {
  /** What it does, whatever the model is. */
  readonly key: string;
  readonly changes: ModelChanges;
}

/** All of them, those that most data gains by first. */
export function neighboursOf(changes: ModelChanges, model: TunedModel): TuningStep[] {
  const allowed = ({ needs }: { readonly needs: readonly string[] }): boolean =>
    !model.usesBytes || !needs.some((need) => BYTE_NEEDS.has(need));
  const { contexts, mixers } = changes;
  const steps: TuningStep[] = [];
  const add = (key: string, next: ModelChanges): void => void steps.push({ key, changes: next });
  if (mixers.length === 0) add("mixer", { ...changes, mixers: [{ selector: "nothing", rate: RATE_START }] });
  const used = new Set(contexts.map(({ idea }) => idea));
  for (const each of CONTEXT_IDEAS) {
    if (used.has(each.name) || !allowed(each)) continue;
    const context = { idea: each.name, bits: BITS_START, alone: false };
    const mixed = mixers.length === 0 ? [{ selector: "nothing", rate: RATE_START }] : mixers;
    add(each.name, { ...changes, contexts: [...contexts, context], mixers: mixed });
  }
  const selected = new Set(mixers.map(({ selector }) => selector));
  if (mixers.length > 0 && mixers.length < MIXERS_MAX) {
    for (const [selector, each] of Object.entries(SELECTORS)) {
      if (selected.has(selector) || !allowed(each)) continue;
      add(`mixer by ${selector}`, { ...changes, mixers: [...mixers, { selector, rate: RATE_START }] });
    }
  }
  if (mixers.length > 0) add("sse", { ...changes, corrected: !changes.corrected });
  for (
    const [i, next] of [...otherMixers(changes), ...otherContexts(changes), ...otherComponents(changes)]
      .entries()
  ) {
    add(`other ${i}`, next);
  }
  return steps;
}

function otherMixers(changes: ModelChanges): ModelChanges[] {
  const { mixers } = changes;
  return mixers.flatMap((mixer, i) => {
    const at = RATES.indexOf(mixer.rate as typeof RATES[number]);
    const rates = [RATES[at - 1], RATES[at + 1]].filter((rate) => rate !== undefined);
    const others = rates.map((rate) => ({ ...changes, mixers: mixers.with(i, { ...mixer, rate }) }));
    return mixers.length > 1 ? [...others, { ...changes, mixers: mixers.toSpliced(i, 1) }] : others;
  });
}

function otherContexts(changes: ModelChanges): ModelChanges[] {
  const { contexts } = changes;
  return contexts.flatMap((context, i) => {
    const sizes = [context.bits + 2, context.bits - 2].filter((bits) => bits >= BITS_MIN && bits <= BITS_MAX);
    return [
      { ...changes, contexts: contexts.toSpliced(i, 1) },
      ...sizes.map((bits) => ({ ...changes, contexts: contexts.with(i, { ...context, bits }) })),
      { ...changes, contexts: contexts.with(i, { ...context, alone: !context.alone }) },
    ];
  });
}

/** The model's own components with other sizes, limits and rates. */
function otherComponents(changes: ModelChanges): ModelChanges[] {
  const { components } = changes;
  return components.flatMap((text, i) => {
    const words = text.replaceAll(/\([^)]*\)/g, "").trim().split(/\s+/);
    const [name] = words;
    const change = (at: number, value: number): ModelChanges => ({
      ...changes,
      components: components.with(i, words.with(at, `${value}`).join(" ")),
    });
    const size = Number(words[1]);
    const found: ModelChanges[] = [];
    if (name === "cm" || name === "icm" || name === "isse") {
      for (const bits of [size + 2, size - 2]) if (bits >= 5 && bits <= 22) found.push(change(1, bits));
    }
    if (name === "cm") {
      for (const limit of [Number(words[2]) * 2, Math.floor(Number(words[2]) / 2)]) {
        if (limit >= 4 && limit <= 255) found.push(change(2, limit));
      }
    }
    if (name === "mix" || name === "mix2") {
      for (const rate of [Number(words[4]) * 2, Math.floor(Number(words[4]) / 2)]) {
        if (rate >= 1 && rate <= 255) found.push(change(4, rate));
      }
    }
    return found;
  });
}
