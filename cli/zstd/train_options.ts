/**
 * How `sluice zstd --train*` trains: the lists after the options.
 */
import type { ZstdTrainOptions } from "@sluice/zstd";
import { UsageFailure } from "../shared/exit.ts";

type Algorithm = "cover" | "fastcover";

/** Names in the lists of `--train-cover=` and `--train-fastcover=`; `split` is in percent. */
const NAMES: Readonly<Record<Algorithm, readonly string[]>> = {
  cover: ["k", "d", "steps", "split", "shrink"],
  fastcover: ["k", "d", "f", "steps", "split", "accel", "shrink"],
};

function unknownItem(name: string, item: string, expected: string): never {
  throw new UsageFailure(`Option ${name} has the item "${item}", expected ${expected}`);
}

/**
 * Reads the list of `--train-cover` or `--train-fastcover`; numbers of 0 stand for what the search finds.
 *
 * @throws {UsageFailure} If a name is not known or a value is no number.
 */
export function parseTraining(algorithm: Algorithm, list: string, name: string): ZstdTrainOptions {
  const values: Record<string, number> = {};
  let shrink: boolean | number = false;
  for (const item of list === "" ? [] : list.split(",")) {
    const [, key = "", value] = /^([a-z]+)(?:=(\d+))?$/.exec(item) ?? [];
    const known = NAMES[algorithm].includes(key) && (value !== undefined || key === "shrink");
    if (!known) unknownItem(name, item, `one of ${NAMES[algorithm].join("=, ")}[=]`);
    if (key === "shrink") shrink = value === undefined ? true : Number(value);
    else if (Number(value) > 0) values[key] = Number(value);
  }
  const { split, ...numbers } = values;
  return {
    algorithm,
    ...numbers,
    optimize: numbers.k === undefined || numbers.d === undefined,
    ...(split === undefined ? {} : { splitPoint: split / 100 }),
    shrink,
  };
}

/**
 * Reads what stands after `--train-legacy=`: `selectivity=#`, `s=#`, or nothing.
 *
 * @throws {UsageFailure} If it is something else.
 */
export function parseLegacyTraining(list: string, name: string): ZstdTrainOptions {
  const [, value] = /^(?:(?:selectivity|s)=(\d+))?$/.exec(list) ?? unknownItem(name, list, "selectivity=");
  return { algorithm: "legacy", ...(value === undefined ? {} : { selectivity: Number(value) }) };
}
