/**
 * What the compiler says about a source.
 *
 * @module
 */
import { SourceText } from "./_source_text.ts";
import type { Span } from "./_source_text.ts";

/** How much a finding matters: an error is no program, a warning is a program that may not do what was meant. */
export type ZpaqlPySeverity = "error" | "warning" | "hint";

/** A change that would settle a finding. */
export interface ZpaqlPyFix {
  /** What it does. */
  readonly title: string;
  /** Where the new text goes: offsets in UTF-16 code units, the end exclusive. */
  readonly start: number;
  /** The end of what is replaced. */
  readonly end: number;
  /** The new text. */
  readonly text: string;
}

/** One finding. */
export interface ZpaqlPyDiagnostic {
  /** A stable name such as "ZPY0203". */
  readonly code: string;
  /** How much it matters. */
  readonly severity: ZpaqlPySeverity;
  /** What is wrong. */
  readonly message: string;
  /** Where it starts: an offset in UTF-16 code units. */
  readonly start: number;
  /** Where it ends, exclusive. */
  readonly end: number;
  /** Line from 1. */
  readonly line: number;
  /** Column from 1, in code points. */
  readonly column: number;
  /** What helps. */
  readonly hint: string | undefined;
  /** Changes that settle it. */
  readonly fixes: readonly ZpaqlPyFix[];
  /** Other places that it is about. */
  readonly related: readonly { readonly message: string; readonly line: number; readonly column: number }[];
}

/** A diagnostic as editors take it: the language server protocol's shape, lines and UTF-16 columns from 0. */
export interface ZpaqlPyLspDiagnostic {
  /** Where it is. */
  readonly range: {
    /** The first character. */
    readonly start: { readonly line: number; readonly character: number };
    /** The first character after it. */
    readonly end: { readonly line: number; readonly character: number };
  };
  /** 1 for errors, 2 for warnings, 4 for hints. */
  readonly severity: 1 | 2 | 4;
  /** The stable name. */
  readonly code: string;
  /** Who says it. */
  readonly source: "zpaqlpy";
  /** What is wrong. */
  readonly message: string;
}

/**
 * A diagnostic as text: place, code and message, the line with a caret under the place, and the hint.
 *
 * @example With a caret
 * ```ts
 * import { checkZpaqlPy, formatZpaqlPyDiagnostic } from "@sluice/zpaq/compiler";
 * import { assertStringIncludes } from "@std/assert";
 *
 * const source = "hh = hm = 0\nx = 5 ? 3\n";
 * const [first] = checkZpaqlPy(source).filter(({ code }) => code === "ZPY0100");
 * assertStringIncludes(formatZpaqlPyDiagnostic(first!, source, "a.py"), "a.py:2:7: error[ZPY0100]");
 * ```
 */
export function formatZpaqlPyDiagnostic(
  diagnostic: ZpaqlPyDiagnostic,
  source: string,
  name = "source",
): string {
  const { code, severity, message, line, column, start, end, hint, related } = diagnostic;
  const text = new SourceText(source, name);
  const code_line = text.line(line);
  const width = Math.max(
    1,
    Math.min([...source.slice(start, end)].length, [...code_line].length - column + 1),
  );
  const label = `${line}`.padStart(5);
  const indent = [...code_line].slice(0, column - 1).map((each) => each === "\t" ? "\t" : " ").join("");
  return [
    `${name}:${line}:${column}: ${severity}[${code}]: ${message}`,
    `${label} | ${code_line}`,
    `${" ".repeat(label.length)} | ${indent}${"^".repeat(width)}`,
    ...related.map((each) => `${name}:${each.line}:${each.column}: note: ${each.message}`),
    ...(hint === undefined ? [] : [`hint: ${hint}`]),
  ].join("\n");
}

/**
 * A diagnostic in the shape of the language server protocol.
 *
 * @example For an editor
 * ```ts
 * import { checkZpaqlPy, toZpaqlPyLspDiagnostic } from "@sluice/zpaq/compiler";
 * import { assertEquals } from "@std/assert";
 *
 * const source = "x = 5 ? 3\n";
 * const [first] = checkZpaqlPy(source).filter(({ code }) => code === "ZPY0100");
 * assertEquals(toZpaqlPyLspDiagnostic(first!, source).range.start, { line: 0, character: 6 });
 * ```
 */
export function toZpaqlPyLspDiagnostic(diagnostic: ZpaqlPyDiagnostic, source: string): ZpaqlPyLspDiagnostic {
  const text = new SourceText(source, "");
  const place = (offset: number) => {
    const line = text.lineOf(offset);
    return { line: line - 1, character: offset - text.lineStart(line) };
  };
  const severity = { error: 1, warning: 2, hint: 4 } as const;
  return {
    range: { start: place(diagnostic.start), end: place(diagnostic.end) },
    severity: severity[diagnostic.severity],
    code: diagnostic.code,
    source: "zpaqlpy",
    message: diagnostic.message,
  };
}

/** What a finding has beside its place and message. */
export interface ReportOptions {
  readonly severity?: ZpaqlPySeverity;
  readonly hint?: string;
  readonly fixes?: readonly ZpaqlPyFix[];
  readonly related?: readonly { readonly message: string; readonly span: Span }[];
}
