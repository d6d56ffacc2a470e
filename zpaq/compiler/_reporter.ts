/**
 * Collecting diagnostics, at most a hundred.
 */
import type { SourceText, Span } from "./_source_text.ts";
import type { ReportOptions, ZpaqlPyDiagnostic } from "./diagnostics.ts";

const COUNT_MAX = 100;

/** Takes findings while a source is read. */
export class Reporter {
  readonly source: SourceText;
  readonly #found: ZpaqlPyDiagnostic[] = [];

  constructor(source: SourceText) {
    this.source = source;
  }

  /** Whether there is an error. */
  get failed(): boolean {
    return this.#found.some(({ severity }) => severity === "error");
  }

  /** What was found, in the order of the source. */
  get diagnostics(): readonly ZpaqlPyDiagnostic[] {
    return [...this.#found].sort((a, b) => a.start - b.start || a.end - b.end);
  }

  /** Adds a finding; the number of its code is four digits. */
  report(number: string, span: Span, message: string, options: ReportOptions = {}): void {
    if (this.#found.length >= COUNT_MAX) return;
    const code = `ZPY${number}`;
    if (this.#found.some((each) => each.code === code && each.start === span.start)) return;
    const { severity = "error", hint, fixes = [], related = [] } = options;
    this.#found.push({
      code,
      severity,
      message,
      start: span.start,
      end: Math.max(span.end, span.start),
      ...this.source.positionOf(span.start),
      hint,
      fixes,
      related: related.map((each) => ({ message: each.message, ...this.source.positionOf(each.span.start) })),
    });
  }
}
