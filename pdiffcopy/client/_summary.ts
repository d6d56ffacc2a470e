/**
 * What a copy did, in numbers.
 */
import type { Table } from "../file/_block_file.ts";
import type { PdiffSyncResult } from "./client_options.ts";

/** A part of a whole in whole percent, rounded down. */
export function percent(part: number, whole: number): number {
  return whole === 0 ? 100 : Math.floor(part / whole * 100);
}

/** The result of a copy of which `changed` bytes were, or would be, transferred. */
export function summarize(
  table: Table,
  size: number,
  changed: number,
  wire: { readonly wireBytesIn: number; readonly wireBytesOut: number },
  started: number,
  facts: Pick<PdiffSyncResult, "protocol" | "resumed" | "dryRun" | "equal" | "refusal">,
): PdiffSyncResult {
  return {
    size,
    blockSize: table.blockSize,
    hash: table.hash.name,
    blocksTotal: Math.ceil(size / table.blockSize),
    blocksDiffering: Math.ceil(changed / table.blockSize),
    bytesMatched: Math.max(0, size - changed),
    bytesTransferred: changed,
    wireBytesIn: wire.wireBytesIn,
    wireBytesOut: wire.wireBytesOut,
    similarity: percent(Math.max(0, size - changed), size),
    seconds: (performance.now() - started) / 1000,
    ...facts,
  };
}
