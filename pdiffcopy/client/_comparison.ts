/**
 * What differs between the two sides of a copy, without changing anything.
 */
import { SluiceError } from "@sluice/internal";
import { digestsOf, newTable } from "../file/_block_file.ts";
import type { Table } from "../file/_block_file.ts";
import { isSameDigest } from "../file/_digest.ts";
import { runParts } from "../file/_run_parts.ts";
import { partsOf } from "../copy/_engine.ts";
import type { Part } from "../copy/_engine.ts";
import type { CopySource } from "../copy/_sides.ts";
import type { PdiffChangedRange } from "./client_options.ts";

/** What a comparison found. */
export interface Comparison {
  /** Ranges of whole blocks of the source, in order. */
  readonly ranges: readonly PdiffChangedRange[];
  /** Bytes of the target; undefined where there is none. */
  readonly targetSize: number | undefined;
  /** Whether content and length are the same. A device may be longer. */
  readonly equal: boolean;
}

/** What is compared, and how. */
export interface ComparisonPlan {
  readonly source: CopySource;
  readonly size: number;
  readonly table: Table;
  readonly target:
    | { readonly side: CopySource; readonly size: number; readonly isDevice: boolean }
    | undefined;
  /** Whether blocks are compared; else all of them count as different. */
  readonly delta: boolean;
  readonly concurrency: number;
  readonly signal: AbortSignal | undefined;
  readonly onStep: (done: number, written: number) => void;
}

/** Compares blocks and lengths. Nothing of a target is the same that a server does not tell, because a copy to it was interrupted. */
export async function compareSides(plan: ComparisonPlan): Promise<Comparison> {
  const { size, target, table, delta } = plan;
  const targetSize = target?.size;
  if (target === undefined || !delta) {
    return { ranges: size === 0 ? [] : [{ offset: 0, length: size }], targetSize, equal: false };
  }
  const { blockSize } = table;
  const known = target.size >= size ? size : Math.floor(target.size / blockSize) * blockSize;
  const theirs = newTable(size, blockSize, table.hash);
  let isMixed = false;
  const noteMixed = (error: unknown): void => {
    if (!(error instanceof SluiceError) || error.code !== "DIRTY") throw error;
    isMixed = true;
  };
  await runParts({
    concurrency: plan.concurrency,
    parts: partsOf(size, blockSize, plan.concurrency),
    signal: plan.signal,
    async work({ start, end }: Part): Promise<void> {
      const stop = Math.max(start, Math.min(end, known));
      const both = [plan.source.digests(start, end, table)];
      if (stop > start && !isMixed) both.push(target.side.digests(start, stop, theirs).catch(noteMixed));
      await Promise.all(both);
      plan.onStep(end - start, 0);
    },
  });
  if (isMixed) return { ranges: [{ offset: 0, length: size }], targetSize, equal: false };
  const ranges = differences(table, theirs, size, known);
  return { ranges, targetSize, equal: ranges.length === 0 && (target.size === size || target.isDevice) };
}

/** Blocks whose digests differ, neighbours together; from `known` on all of them. */
function differences(ours: Table, theirs: Table, size: number, known: number): PdiffChangedRange[] {
  const ranges: { offset: number; length: number }[] = [];
  for (let at = 0; at < size; at += ours.blockSize) {
    const end = Math.min(size, at + ours.blockSize);
    if (end <= known && isSameDigest(digestsOf(ours, at, end), digestsOf(theirs, at, end))) continue;
    const last = ranges.at(-1);
    if (last !== undefined && last.offset + last.length === at) last.length += end - at;
    else ranges.push({ offset: at, length: end - at });
  }
  return ranges;
}
