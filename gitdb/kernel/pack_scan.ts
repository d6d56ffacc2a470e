/**
 * The kernel that walks packs without an index.
 *
 * @module
 */
import { Kernel, reportedValue, resultError, STEP } from "@sluice/ffi";
import type { BackendChoice } from "@sluice/ffi";
import type { GitDecodeFunctions } from "./_abi/git_decode.gen.ts";
import { halves } from "./codec.ts";
import { GIT_DECODE } from "./decode_module.ts";

export { GIT_SCAN_FAULT, GIT_SCAN_ROW } from "./_abi/git_decode.gen.ts";

/** What a walk is made with. */
export interface GitScanKernelOptions {
  /** Bytes of an id: 20 or 32. */
  readonly hashSize: number;
  /** Bytes of the pack. */
  readonly size: number;
  /** Entries that its header promises. */
  readonly count: number;
  /** The largest entry, in bytes. */
  readonly maxObjectSize: number;
  /** The backend; undefined for the configured one. */
  readonly backend?: BackendChoice | undefined;
}

/** Finds the entries of a pack in windows of its bytes. */
export class GitScanKernel extends Kernel<GitDecodeFunctions> {
  /** Starts a walk. */
  constructor(options: GitScanKernelOptions) {
    const { hashSize, size, count, maxObjectSize } = options;
    super(() =>
      GIT_DECODE.create(options.backend, {
        format: "git",
        action: "walk a pack",
        make: (functions) =>
          functions.sluice_git_scan_new(
            hashSize,
            size,
            count,
            Math.min(maxObjectSize, Number.MAX_SAFE_INTEGER),
          ),
        free: "sluice_git_scan_free",
      })
    );
  }

  /**
   * Takes the window that starts where the last one was used up to, off the event loop where the backend can; returns a
   * result: FRAME_END when the checksum was compared, CORRUPT where `fault` tells more.
   */
  pushAsync(window: Uint8Array, rows: Uint32Array): Promise<number> {
    const { length } = window;
    return this.callAside("sluice_git_scan_push_async", window, 0, length, rows, rows.length, this.report);
  }

  /** Rows that the last call wrote. */
  get rowCount(): number {
    return this.produced;
  }

  /** Why the walk stopped, where, and a number that goes with it. */
  get fault(): { kind: number; offset: number; number: number } {
    const step = this.report;
    return {
      kind: step[STEP.DETAIL]!,
      offset: reportedValue(step),
      number: halves(step[STEP.OTHER_LOW]!, step[STEP.OTHER_HIGH]!),
    };
  }

  /** The error for a failed result that is no fault of the pack. */
  failure(result: number): Error {
    return resultError({ format: "git", action: "walk a pack", result });
  }
}
