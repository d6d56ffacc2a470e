/**
 * Measures ours and the peers side by side and prints tables of ratios.
 *
 *   deno run -A bench/compare.ts [all|lz4|pdiffcopy|zpaq|zstd] [--quick|--smoke] [--report=FOLDER]
 *
 * `all`, and every run with `--report`, also writes report.md with plots into the folder, bench/report unless told.
 */
import { machineLine } from "./_measure.ts";
import { captureLog, writeReport } from "./_report.ts";
import { compareLz4 } from "./lz4_compare.ts";
import { comparePdiffcopy } from "./pdiffcopy_compare.ts";
import { compareZpaq } from "./zpaq_compare.ts";
import { compareZstd } from "./zstd_compare.ts";
import type { CompareOptions } from "./zstd_compare.ts";

const COMPARISONS: Readonly<Record<string, (options: CompareOptions) => Promise<void>>> = {
  lz4: compareLz4,
  pdiffcopy: comparePdiffcopy,
  zpaq: compareZpaq,
  zstd: compareZstd,
};

const names = Deno.args.filter((argument) => !argument.startsWith("--"));
const size = Deno.args.includes("--smoke") ? "smoke" : Deno.args.includes("--quick") ? "quick" : "full";
const wanted = names.length === 0 || names.includes("all") ? Object.keys(COMPARISONS) : names;

const machine = machineLine();
const report = Deno.args.find((argument) => argument.startsWith("--report="))?.slice("--report=".length) ??
  (names.includes("all") ? new URL("report", import.meta.url).pathname : undefined);
const sections = new Map<string, readonly string[]>();

console.log(machine);
for (const name of wanted) {
  const compare = COMPARISONS[name];
  if (compare === undefined) {
    console.error(
      `compare: "${name}" is not known, expected all or one of ${Object.keys(COMPARISONS).join(", ")}`,
    );
    Deno.exit(1);
  }
  sections.set(name, await captureLog(() => compare({ size })));
}
if (report !== undefined) {
  await writeReport(report, `deno run -A bench/compare.ts ${Deno.args.join(" ")}`, machine, sections);
  console.log(`\nreport: ${report}/report.md`);
}
