/**
 * Copies a file part by part, and completes the target.
 */
import type { Table } from "../file/_block_file.ts";
import { RateLimiter } from "../file/_rate_limit.ts";
import type { RetryPolicy } from "../file/_retry.ts";
import { runParts } from "../file/_run_parts.ts";
import { copyPart, partsOf } from "../copy/_engine.ts";
import type { EngineOptions, Part } from "../copy/_engine.ts";
import type { CopySource, SideStatus } from "../copy/_sides.ts";
import type { PdiffClientOptions } from "./client_options.ts";
import type { CopySides } from "./_copy_sides.ts";
import type { ProgressReport } from "./_progress.ts";

/** One copy. */
export interface Transfer {
  readonly sides: CopySides;
  readonly source: CopySource;
  readonly status: SideStatus;
  readonly table: Table;
  readonly protocol: number;
  /** Whether blocks are compared first. */
  readonly delta: boolean;
  /** What is copied; the whole file unless given. */
  readonly parts: readonly Part[] | undefined;
  readonly options: PdiffClientOptions;
  readonly policy: RetryPolicy;
  readonly report: ProgressReport;
}

/** Does the copy; returns whether something was left of an earlier one, and whether nothing had to be done. */
export async function transferParts(
  transfer: Transfer,
): Promise<{ readonly resumed: boolean; readonly equal: boolean }> {
  const { sides, source, status, table, report, policy } = transfer;
  const { signal, log, maxBytesPerSecond = Infinity } = transfer.options;
  const target = await sides.openTarget(status, table);
  policy.progress.isConnected = true;
  try {
    if (target.resumed) log?.("resuming an earlier copy that was interrupted");
    const options: EngineOptions = {
      concurrency: sides.connections(transfer.protocol),
      delta: transfer.delta,
      retry: policy,
      limiter: new RateLimiter(maxBytesPerSecond),
      signal,
      onStep: report.step,
    };
    await runParts({
      concurrency: options.concurrency,
      parts: transfer.parts ?? partsOf(status.size, table.blockSize, options.concurrency),
      signal,
      async work(part: Part, stop: AbortSignal): Promise<void> {
        if (await sides.copyDirectly(source, target, part, table, report.step)) return;
        await copyPart(source, target, part, table, options, stop);
      },
    });
    await source.finish(table);
    report.finish();
    const equal = report.written === 0 && target.hasLength;
    await target.commit(table);
    return { resumed: target.resumed, equal };
  } catch (error) {
    const mixed = target.isMixed;
    await target.abort(error);
    if (mixed && error instanceof Error) Object.assign(error, { targetIsMixed: true });
    throw error;
  }
}
