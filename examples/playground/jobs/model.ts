/**
 * Models in Python: what is wrong with a source, and what it makes of data.
 */
import { compressZpaq, compressZpaqConfig } from "@sluice/zpaq";
import {
  checkZpaqlPy,
  compileZpaqlPy,
  drawZpaqlPyReport,
  formatZpaqlPyReport,
  reportZpaqlPy,
} from "@sluice/zpaq/compiler";
import { compressZstd } from "@sluice/zstd";
import type { Job } from "./messages.ts";

/** A report codes the data once for each component. */
const REPORTED_MAX = 64 << 10;

/** What the compiler says of a source. */
export const check: Job<"check"> = async function* ({ source }) {
  const findings = checkZpaqlPy(source).map(({ severity, code, message, line, column }) => ({
    severity,
    code,
    message,
    line,
    column,
  }));
  yield await Promise.resolve({ findings });
};

/** The sizes of data under a model and its rivals, then what each component does. */
export const model: Job<"model"> = async function* ({ source, file, sampleSize }) {
  const body = new Uint8Array(await file.slice(0, sampleSize).arrayBuffer());
  const of = body.length;
  const { program, diagnostics } = compileZpaqlPy(source);
  if (program === undefined) {
    const first = diagnostics.find(({ severity }) => severity === "error")!;
    throw new Error(`line ${first.line}: ${first.message} (${first.code})`);
  }
  const sizes: readonly (readonly [string, () => number])[] = [
    ["this model", () => compressZpaqConfig(program, [{ body }]).length],
    ["zstd -19", () => compressZstd(body, { level: 19 }).length],
    ["zpaq -m5", () => compressZpaq(body, { method: "5" }).length],
  ];
  for (const [label, measure] of sizes) yield { size: { label, bytes: measure(), of } };
  const report = reportZpaqlPy(source, [body.subarray(0, REPORTED_MAX)]);
  yield { network: drawZpaqlPyReport(report), report: formatZpaqlPyReport(report, source) };
};
