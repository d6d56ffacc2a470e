/**
 * The editable sections of a source: shared, hcomp, pcomp. Comments mark where they begin and end.
 */
import { Reporter } from "./_reporter.ts";
import type { SourceText, Span } from "./_source_text.ts";
import { Lexer } from "./_tokens.ts";
import type { Comment } from "./_tokens.ts";

const BEGIN = "### BEGIN OF EDITABLE SECTION";
const END = "### END OF EDITABLE SECTION";

/** Where the sections of a file are. Without any mark the whole file is all three. */
export interface Sections {
  readonly bare: boolean;
  readonly shared: Span;
  readonly hcomp: Span;
  readonly pcomp: Span;
}

/** The comments that mark where sections begin and end. */
function marksOf(source: SourceText): Comment[] {
  // Most sources have none: they need not be read twice.
  if (!source.text.includes(BEGIN) && !source.text.includes(END)) return [];
  // What stands outside sections is Python's alone: findings there are nobody's.
  const { comments } = new Lexer(new Reporter(source), 0, source.text.length).read();
  return comments.filter(({ text }) => text.startsWith(BEGIN) || text.startsWith(END));
}

/** Finds the sections; undefined when they can't be told. */
export function findSections(source: SourceText, reporter: Reporter): Sections | undefined {
  const marks = marksOf(source);
  const whole = { start: 0, end: source.text.length };
  if (marks.length === 0) return { bare: true, shared: whole, hcomp: whole, pcomp: whole };
  const found: Span[] = [];
  let open: { readonly mark: Span; readonly start: number } | undefined;
  for (const mark of marks) {
    const line = source.lineOf(mark.start);
    if (mark.text.startsWith(BEGIN)) {
      open ??= { mark, start: source.lineStart(line + 1) };
    } else if (open !== undefined) {
      found.push({ start: open.start, end: Math.max(open.start, source.lineStart(line)) });
      open = undefined;
    }
  }
  if (open !== undefined) {
    reporter.report("0002", open.mark, `this section is never closed by "${END}"`);
    found.push({ start: open.start, end: source.text.length });
  }
  const [shared, hcomp, pcomp] = found;
  if (shared !== undefined && hcomp !== undefined && pcomp !== undefined) {
    return { bare: false, shared, hcomp, pcomp };
  }
  reporter.report("0003", { start: 0, end: 0 }, `there are ${found.length} editable sections, expected 3`, {
    hint: `"${BEGIN}" and "${END}" stand around the shared, the hcomp and the pcomp section`,
  });
  return undefined;
}
