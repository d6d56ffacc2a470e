/**
 * How much a copy saves: the target is changed by more and more, and copied to again. Deno only.
 *
 * @module
 */
import { checkArgument, checkChoice, checkInteger, checkKeys } from "@sluice/internal";
import { openFile } from "../file/_files.ts";
import { formatPdiffDuration, formatPdiffSize } from "../file/sizes.ts";

const MUTATE_OPTIONS: ReadonlySet<string> = new Set(["percent", "pattern"]);
const CHUNK_SIZE = 256 << 10;
const LARGE_CHUNK_SIZE = 1 << 20;
const LARGE_FILE = 2 ** 30;

/** Which chunks are changed: those at the start, or as many all over the file. */
export type PdiffMutationPattern = "prefix" | "scatter";

/** How a file is changed. */
export interface PdiffMutateOptions {
  /** How much, in percent. */
  readonly percent: number;
  /** Where. @default {"prefix"} */
  readonly pattern?: PdiffMutationPattern | undefined;
}

/**
 * Flips every bit of some chunks of a file, which changes them whatever they hold; doing it again brings them back.
 * Chunks have 256 KiB, or 1 MiB in files above 1 GiB. Returns how many bytes were changed.
 *
 * @throws {NotFoundError} If there is no such file.
 *
 * @example There and back
 * ```ts
 * import { mutatePdiffFile } from "@sluice/pdiffcopy";
 * import { assertEquals } from "@std/assert";
 *
 * const path = await Deno.makeTempFile();
 * await Deno.writeFile(path, new Uint8Array(1 << 20));
 * assertEquals(await mutatePdiffFile(path, { percent: 50 }), 1 << 19);
 * assertEquals((await Deno.readFile(path))[0], 255);
 * await mutatePdiffFile(path, { percent: 50 });
 * assertEquals((await Deno.readFile(path))[0], 0);
 * await Deno.remove(path);
 * ```
 */
export async function mutatePdiffFile(path: string, options: PdiffMutateOptions): Promise<number> {
  checkArgument(typeof path === "string", "open a file", path, "a path");
  checkKeys(options, MUTATE_OPTIONS);
  const percent = checkInteger("percent", options.percent, 0, 100);
  const pattern = checkChoice("pattern", options.pattern ?? "prefix", ["prefix", "scatter"]);
  using file = openFile(path, { write: true });
  const { size } = file.status();
  const chunkSize = size > LARGE_FILE ? LARGE_CHUNK_SIZE : CHUNK_SIZE;
  const chunks = Math.floor(size / chunkSize);
  const count = Math.floor(size * percent / 100 / chunkSize);
  const chunk = new Uint8Array(chunkSize);
  for (let i = 0; i < count; i++) {
    const offset = (pattern === "prefix" ? i : Math.floor(i * chunks / count)) * chunkSize;
    await file.read(offset, chunk);
    const words = new Uint32Array(chunk.buffer);
    for (let at = 0; at < words.length; at++) words[at]! ^= 0xffff_ffff;
    await file.write(offset, chunk);
  }
  return count * chunkSize;
}

/** One row of a benchmark. */
export interface PdiffBenchmarkRow {
  /** How much was changed, in percent. */
  readonly percent: number;
  /** Bytes of blocks that were copied. */
  readonly bytesTransferred: number;
  /** Bytes on the network, both ways. */
  readonly wireBytes: number;
  /** Seconds that the copy took. */
  readonly seconds: number;
  /** Seconds of the processor that the client took, where the system tells. */
  readonly cpuSeconds: number | undefined;
  /** Seconds that rsync took for the same, where it was asked for. */
  readonly rsyncSeconds?: number | undefined;
}

/**
 * A table of results with borders.
 *
 * @example One row
 * ```ts
 * import { formatPdiffBenchmark } from "@sluice/pdiffcopy";
 * import { assertStringIncludes } from "@std/assert";
 *
 * const row = { percent: 25, bytesTransferred: 13 << 20, wireBytes: 0, seconds: 0.42, cpuSeconds: 0.3 };
 * assertStringIncludes(formatPdiffBenchmark([row]), "| 25%        | 13 MiB           |");
 * ```
 */
export function formatPdiffBenchmark(rows: readonly PdiffBenchmarkRow[]): string {
  const withRsync = rows.some((row) => row.rsyncSeconds !== undefined);
  const head = [
    "Delta size",
    "Data transferred",
    "On the wire",
    "CPU of client",
    "Rate",
    "Runtime of pdiffcopy",
  ];
  if (withRsync) head.push("Runtime of rsync");
  const lines = rows.map((row) => {
    const cells = [
      `${row.percent}%`,
      formatPdiffSize(row.bytesTransferred),
      formatPdiffSize(row.wireBytes),
      row.cpuSeconds === undefined ? "" : formatPdiffDuration(row.cpuSeconds),
      `${formatPdiffSize(Math.round(row.bytesTransferred / Math.max(row.seconds, 0.001)))}/s`,
      formatPdiffDuration(row.seconds),
    ];
    if (withRsync) cells.push(row.rsyncSeconds === undefined ? "" : formatPdiffDuration(row.rsyncSeconds));
    return cells;
  });
  const widths = head.map((title, column) =>
    Math.max(title.length, ...lines.map((cells) => cells[column]!.length))
  );
  const border = "-".repeat(widths.reduce((sum, width) => sum + width + 3, 1));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`;
  return [border, line(head), border, ...lines.map(line), border].join("\n");
}
