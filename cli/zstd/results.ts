/**
 * What `sluice zstd` says about each input and about all of them.
 */
import { describeSystemError, EXIT, Failure } from "../shared/exit.ts";
import { LEVEL } from "../shared/messages.ts";
import type { Messages } from "../shared/messages.ts";
import { formatSizePadded } from "../shared/sizes.ts";
import type { ZstdSettings } from "./settings.ts";

/** What a run has done so far. */
export interface Totals {
  files: number;
  bytesIn: number;
  bytesOut: number;
  exitCode: number;
}

/** Says why one input failed; what concerns the whole run goes on up. */
export function report(error: unknown, name: string, messages: Messages, totals: Totals): void {
  if (error instanceof Deno.errors.BrokenPipe) throw error;
  if (error instanceof Failure && error.exitCode !== EXIT.failure) throw error;
  messages.say(
    LEVEL.errors,
    error instanceof Failure ? error.message : `zstd: ${name}: ${describeSystemError(error)}`,
  );
  totals.exitCode = EXIT.failure;
}

function sizes(bytesIn: number, bytesOut: number, messages: Messages): string {
  const column = (bytes: number): string =>
    messages.level >= LEVEL.details || bytesIn === 0 ? `${bytes} B`.padStart(8) : formatSizePadded(bytes, 6);
  return `${column(bytesIn)} => ${column(bytesOut)}`;
}

function percent(bytesIn: number, bytesOut: number): string {
  return bytesIn === 0 ? "" : `${(100 * bytesOut / bytesIn).toFixed(2).padStart(6)}% `;
}

/** Says what became of one input. */
export function sayResult(
  name: string,
  target: string,
  bytesIn: number,
  bytesOut: number,
  settings: ZstdSettings,
  messages: Messages,
  several: boolean,
): void {
  const text = settings.mode === "compress"
    ? `${name.padEnd(20)} :${percent(bytesIn, bytesOut)}  (${sizes(bytesIn, bytesOut, messages)}, ${target}) `
    : `${name.padEnd(20)}: ${bytesOut} bytes `;
  messages.say(several ? LEVEL.notes : LEVEL.results, text);
}

/** Says what became of all inputs together. */
export function sayTotals(settings: ZstdSettings, totals: Totals, messages: Messages): void {
  const { files, bytesIn, bytesOut } = totals;
  const text = settings.mode === "compress"
    ? `${`${files}`.padStart(3)} files compressed :${percent(bytesIn, bytesOut)}(${
      sizes(bytesIn, bytesOut, messages)
    })`
    : `${files} files decompressed : ${bytesOut} bytes total `;
  messages.say(LEVEL.results, text);
}
