/**
 * `def encode(reader, writer)`: what prepares files for pcomp, in the same source. It becomes a program of its own that
 * reads and writes as a post-processor does.
 */
import type { FunctionDefinition, Statement } from "./_ast.ts";
import { callNames, expressionsOf, subexpressionsOf, walk } from "./_scopes.ts";
import type { ZpaqlPyDiagnostic } from "./diagnostics.ts";
import { Lexer } from "./_tokens.ts";
import { Parser } from "./_parser.ts";
import { Reporter } from "./_reporter.ts";
import { findSections } from "./_sections.ts";
import { SourceText } from "./_source_text.ts";
import type { Span } from "./_source_text.ts";

const NAME = "encode";
const BODY = "encode_file";

/** The function that prepares files, unless the name is that of a function that the program calls. */
export function encoderOf(statements: readonly Statement[]): FunctionDefinition | undefined {
  const found = statements.find((each): each is FunctionDefinition =>
    each.type === "def" && each.name.text === NAME && each.parameters.length === 2
  );
  if (found === undefined) return undefined;
  for (const statement of statements) {
    const names = callNames(statement.type === "def" ? statement.body : [statement]);
    if (statement !== found && [...names].includes(NAME)) return undefined;
  }
  return found;
}

/**
 * The source of the program that prepares files, with every place on its line; undefined where there is none. Its pcomp
 * calls what encode was, again if that returns before the end.
 */
export function encoderSource(source: string, name: string): string | undefined {
  if (!source.includes(NAME)) return undefined;
  const silent = new Reporter(new SourceText(source, name));
  const sections = findSections(silent.source, silent);
  if (sections === undefined) return undefined;
  const { bare, shared, pcomp } = sections;
  const parsed = ({ start, end }: Span): Statement[] =>
    new Parser(new Lexer(silent, start, end).read().tokens, silent, { strictSubset: false }).parse();
  const statements = bare ? parsed(shared) : [...parsed(shared), ...parsed(pcomp)];
  const encoder = encoderOf(statements);
  if (encoder === undefined) return undefined;
  const [reader, writer] = encoder.parameters.map(({ text }) => text) as [string, string];
  const edits: { readonly start: number; readonly end: number; readonly text: string }[] = [];
  for (const statement of statements) {
    if (statement.type === "def" && statement.name.text === "pcomp") {
      edits.push({ start: statement.name.start, end: statement.name.end, text: "given_pcomp" });
    }
  }
  edits.push({ start: encoder.name.start, end: encoder.parameters[1]!.end, text: `${BODY}(` });
  for (const statement of walk(encoder.body)) {
    for (const expression of expressionsOf(statement)) {
      for (const part of subexpressionsOf(expression)) {
        if (part.type !== "call") continue;
        const { text, start, end } = part.callee;
        const own = text === reader ? "read_b" : text === writer ? "out" : undefined;
        if (own !== undefined) edits.push({ start, end, text: own.padEnd(text.length) });
      }
    }
  }
  const end = bare ? source.length : pcomp.end;
  edits.push({ start: end, end, text: `\ndef pcomp(c):\n  push_b(c)\n  ${BODY}()\n` });
  const pieces: string[] = [];
  let at = 0;
  for (const edit of edits.sort((a, b) => a.start - b.start)) {
    pieces.push(source.slice(at, edit.start), edit.text);
    at = edit.end;
  }
  return [...pieces, source.slice(at)].join("");
}

/** Findings with those of the program that prepares files; what both have in common comes once. */
export function withFurther(
  found: readonly ZpaqlPyDiagnostic[],
  further: readonly ZpaqlPyDiagnostic[],
): readonly ZpaqlPyDiagnostic[] {
  const keyOf = ({ code, line, message }: ZpaqlPyDiagnostic): string => `${code} ${line} ${message}`;
  const known = new Set(found.map(keyOf));
  return [...found, ...further.filter((each) => !known.has(keyOf(each)))].sort((a, b) => a.line - b.line);
}
