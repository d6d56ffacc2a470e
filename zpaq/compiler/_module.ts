/**
 * A whole source: read, checked, taken apart into its two programs.
 */
import { checkProgram, isEmpty } from "./_check.ts";
import type { CheckSettings } from "./_check.ts";
import type { Statement } from "./_ast.ts";
import { readHeader } from "./_header.ts";
import type { HeaderData } from "./_header.ts";
import { PythonDifferences } from "./_python_differences.ts";
import { Parser } from "./_parser.ts";
import type { ParseSettings } from "./_parser.ts";
import { Reporter } from "./_reporter.ts";
import type { Program } from "./_scopes.ts";
import { checkReferences } from "./_reference_checks.ts";
import { findUnused } from "./_unused.ts";
import { encoderOf } from "./_encoder_source.ts";
import { findSections } from "./_sections.ts";
import { SourceText } from "./_source_text.ts";
import type { Span } from "./_source_text.ts";
import { Lexer } from "./_tokens.ts";

/** What a source holds. Its parts mean something when nothing was found wrong with it. */
export interface Module {
  readonly reporter: Reporter;
  readonly header: HeaderData | undefined;
  /** Undefined where the section does nothing. */
  readonly hcomp: Program | undefined;
  /** Undefined where the section does nothing. */
  readonly pcomp: Program | undefined;
}

/** How a source is read. */
export interface ModuleSettings extends ParseSettings, CheckSettings {
  readonly strictSubset: boolean;
  /** Whether what the program does not need is told. @default {false} */
  readonly hints?: boolean;
}

/** Reads and checks a source. */
export function readModule(source: string, name: string, settings: ModuleSettings): Module {
  const reporter = new Reporter(new SourceText(source, name));
  const sections = findSections(reporter.source, reporter);
  if (sections === undefined) return { reporter, header: undefined, hcomp: undefined, pcomp: undefined };
  const silenced = new Set<number>();
  const parse = ({ start, end }: Span): Statement[] => {
    const { tokens, comments } = new Lexer(reporter, start, end).read();
    for (const { text, start } of comments) {
      if (/^#\s*wraps\b/.test(text)) silenced.add(reporter.source.lineOf(start));
    }
    return new Parser(tokens, reporter, settings).parse();
  };
  const shared = parse(sections.shared);
  const header = readHeader(shared, sections.shared, reporter);
  const programOf = (part: "hcomp" | "pcomp"): Program | undefined => {
    const all = sections.bare ? forPart(shared, part) : [...shared, ...parse(sections[part])];
    const encoder = encoderOf(all);
    const statements = all.filter((each) => each !== encoder);
    const entry = statements.find((each) => each.type === "def" && each.name.text === part);
    if (entry?.type === "def" && isEmpty(entry)) return undefined;
    const program = checkProgram(statements, part, sections[part], reporter, settings);
    if (header !== undefined && !reporter.failed) {
      new PythonDifferences(program, header, reporter, silenced).check();
      checkReferences(program, reporter);
    }
    return program;
  };
  const [hcomp, pcomp] = [programOf("hcomp"), programOf("pcomp")];
  if (settings.hints === true && !reporter.failed) {
    // Templates carry functions for later; what is called in a file without sections is known.
    findUnused([hcomp, pcomp].filter((each) => each !== undefined), reporter, sections.bare);
  }
  return { reporter, header, hcomp, pcomp };
}

/** Without sections both programs are in one module: each leaves the other's entry point out. */
function forPart(statements: readonly Statement[], part: "hcomp" | "pcomp"): Statement[] {
  const other = part === "hcomp" ? "pcomp" : "hcomp";
  return statements.filter((statement) => statement.type !== "def" || statement.name.text !== other);
}
