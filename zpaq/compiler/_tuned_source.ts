/**
 * Sources of models that were tuned: the model that was given, with other arguments, and with contexts and mixers after it.
 */
import { SluiceError } from "@sluice/internal";
import type { Statement } from "./_ast.ts";
import { CONTEXT_IDEAS, knowledgeCode, SELECTORS } from "./_context_ideas.ts";
import { HEADER_NAMES } from "./_header.ts";
import type { HeaderData } from "./_header.ts";
import { readModule } from "./_module.ts";
import { callNames } from "./_scopes.ts";
import { Lexer } from "./_tokens.ts";
import { Parser } from "./_parser.ts";
import { Reporter } from "./_reporter.ts";
import { findSections } from "./_sections.ts";
import { SourceText } from "./_source_text.ts";
import type { Span } from "./_source_text.ts";

/** What is added to a model, and changed of it. */
export interface ModelChanges {
  /** The components that the model has by itself. */
  readonly components: readonly string[];
  readonly contexts: readonly { readonly idea: string; readonly bits: number; readonly alone: boolean }[];
  /** Mixers of all components before them, by what selects their weights. */
  readonly mixers: readonly { readonly selector: string; readonly rate: number }[];
  /** Whether an sse by the last byte has a say in the end. */
  readonly corrected: boolean;
}

/** A piece of a source with something else in its place. */
interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A model that is to be tuned. */
export interface TunedModel {
  readonly header: HeaderData;
  readonly source: string;
  /** What takes the header data out, and gives hcomp another name. */
  readonly edits: readonly Edit[];
  /** Where new header data go, and what is added to hcomp. */
  readonly headerAt: number;
  readonly hcompAt: number;
  readonly hasContexts: boolean;
  /** Whether the model has a use for M, which what is added could disturb. */
  readonly usesBytes: boolean;
}

const GIVEN = "given_contexts";
const MARK = "# tuned: ";
/** log2 of where what contexts keep starts in H at least, and of all of H then. */
const KEPT_BITS = 8;
const BYTES_BITS = 16;

/** Takes a source apart. */
export function openTunedModel(source: string, name: string): TunedModel {
  const { header, hcomp, reporter } = readModule(source, name, { strictSubset: false, allowSlash: false });
  const fault = reporter.diagnostics.find(({ severity }) => severity === "error");
  const refuse = (state: string): never => {
    throw new SluiceError(`Cannot tune ${name}: ${state}`, { format: "zpaqlpy", code: "INVALID_SOURCE" });
  };
  if (header === undefined || fault !== undefined) {
    return refuse(fault === undefined ? "it has no header data" : `line ${fault.line}: ${fault.message}`);
  }
  if (header.components.length === 0) return refuse("it has no components");
  const silent = new Reporter(new SourceText(source, name));
  const { shared, hcomp: own, bare } = findSections(silent.source, silent)!;
  const parsed = ({ start, end }: Span): Statement[] =>
    new Parser(new Lexer(silent, start, end).read().tokens, silent, {
      strictSubset: false,
    }).parse();
  const statements = bare ? parsed(shared) : [...parsed(shared), ...parsed(own)];
  const isNamed = (statement: Statement, wanted: string): boolean =>
    statement.type === "def" && statement.name.text === wanted;
  if (statements.some((each) => isNamed(each, GIVEN))) {
    return refuse(`it was tuned before: tune the model that it was made of, with -o ${name} --resume`);
  }
  const isHeader = (statement: Statement): boolean =>
    statement.type === "assign" &&
    statement.targets.some((target) => target.type === "name" && HEADER_NAMES.has(target.text));
  const edits = statements.filter(isHeader).map(({ start, end }): Edit => ({ start, end, text: "" }));
  const entry = statements.find((each) => isNamed(each, "hcomp"));
  if (entry?.type === "def") {
    const { start, end } = hcomp === undefined ? entry : entry.name;
    edits.push({ start, end, text: hcomp === undefined ? "" : GIVEN });
  }
  const called = [...hcomp?.functions.values() ?? []].flatMap((
    { definition },
  ) => [...callNames(definition.body)]);
  return {
    header,
    source,
    edits,
    headerAt: edits[0]!.start,
    hcompAt: (bare ? shared : own).end,
    hasContexts: hcomp !== undefined,
    usesBytes: /\bhM\b/.test(source.slice(own.start, own.end)) && hcomp !== undefined ||
      called.some((each) => /_h[HM]$/.test(each)),
  };
}

function edited(source: string, edits: readonly Edit[]): string {
  const pieces: string[] = [];
  let at = 0;
  for (const { start, end, text } of edits.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    pieces.push(source.slice(at, start), text);
    at = end;
  }
  return [...pieces, source.slice(at)].join("").replaceAll(/\n{3,}/g, "\n\n");
}

/** The changes that leave a model as it is. */
export function noChanges({ header }: TunedModel): ModelChanges {
  return { components: header.components, contexts: [], mixers: [], corrected: false };
}

/** The components of a changed model. */
export function componentsOf({ components, contexts, mixers, corrected }: ModelChanges): readonly string[] {
  const all = [...components];
  for (const { idea, bits, alone } of contexts) {
    const { kind } = CONTEXT_IDEAS.find(({ name }) => name === idea)!;
    if (kind === "match") all.push(`match ${Math.min(bits, 20)} ${bits}`);
    else all.push(kind === "isse" && !alone ? `isse ${bits} ${all.length - 1}` : `icm ${bits}`);
  }
  const inputs = all.length;
  for (const { rate } of mixers) all.push(`mix 16 0 ${inputs} ${rate} 255`);
  if (mixers.length === 2) all.push(`mix2 8 ${inputs} ${inputs + 1} 24 255`);
  if (mixers.length > 2) all.push(`mix 8 ${inputs} ${mixers.length} 16 255`);
  if (corrected) all.push(`sse 16 ${all.length - 1} 32 255`, `avg ${all.length - 1} ${all.length} 96`);
  return all;
}

/** The source of a changed model; `comments` are lines for its start. */
export function tunedSource(model: TunedModel, changes: ModelChanges, comments: readonly string[]): string {
  const components = componentsOf(changes);
  const { header } = model;
  const ideas = changes.contexts.map(({ idea }) => CONTEXT_IDEAS.find(({ name }) => name === idea)!);
  const selectors = changes.mixers.map(({ selector }) => SELECTORS[selector]!);
  const code = knowledgeCode([...ideas, ...selectors].flatMap(({ needs }) => needs));
  const first = changes.components.length;
  const body = [
    ...(code.names.length === 0 ? [] : [`global ${code.names.join(", ")}`]),
    ...(model.hasContexts ? [`${GIVEN}(c)`] : []),
    ...code.update,
    ...ideas.map(({ context, name }, i) => `hH[${first + i}] = ${context}  # ${name}`),
    ...selectors.map(({ value }, i) => `hH[${first + ideas.length + i}] = (${value}) << 8`),
    ...(changes.corrected ? [`hH[${components.length - 2}] = c << 8`] : []),
  ];
  const adds = body.length > (model.hasContexts ? 1 : 0);
  const kept = Math.max(header.hh, KEPT_BITS);
  const own = ownNames([...code.names, "FIELDS", "spread", "kind", "start"], model.source);
  const head = [
    ...comments.map((comment) => `# ${comment}`),
    `${MARK}${JSON.stringify(changes)}`,
    `hh = ${adds ? kept + 1 : header.hh}`,
    `hm = ${code.names.includes("line") ? Math.max(header.hm, BYTES_BITS) : header.hm}`,
    `ph = ${header.ph}`,
    `pm = ${header.pm}`,
    "n = len({",
    ...components.map((component, i) => `  ${i}: ${JSON.stringify(component)},`),
    "})",
    `pcomp_invocation = ${JSON.stringify(header.invocation)}`,
    "",
  ];
  const added = [
    "",
    ...(code.names.includes("turn") ? [own(`FIELDS = ${2 ** kept}`)] : []),
    ...code.variables.map(own),
    ...(ideas.length === 0 ? [] : [
      "",
      own("def spread(x):"),
      "  x = x * 2654435761 & 0xFFFFFFFF",
      "  return x >> 14 ^ x",
    ]),
    "",
    "def hcomp(c):",
    ...(body.length === 0 ? ["pass"] : body).map((line) => `  ${own(line)}`),
    "",
  ];
  return edited(model.source, [
    ...model.edits,
    { start: model.headerAt, end: model.headerAt, text: head.join("\n") },
    { start: model.hcompAt, end: model.hcompAt, text: added.join("\n") },
  ]);
}

/** Gives names other ones in lines where the model has names like these. */
function ownNames(names: readonly string[], body: string): (line: string) => string {
  const pattern = new RegExp(`\\b(${names.join("|")})\\b`, "g");
  let prefix = "";
  for (let i = 0; names.some((name) => new RegExp(`\\b${prefix}${name}\\b`).test(body)); i++) {
    prefix = `tuned${i}_`;
  }
  return (line) => {
    const [code, comment] = line.split("  # ");
    const renamed = code!.replaceAll(pattern, `${prefix}$1`);
    return comment === undefined ? renamed : `${renamed}  # ${comment}`;
  };
}

/** Whether what a file says is something that this has written. */
function isChanges(value: unknown): value is ModelChanges {
  if (typeof value !== "object" || value === null) return false;
  const { components, contexts, mixers, corrected } = value as Record<string, unknown>;
  const each = (list: unknown, is: (item: Record<string, unknown>) => boolean): boolean =>
    Array.isArray(list) && list.length <= 64 &&
    list.every((item) => typeof item === "object" && item !== null && is(item));
  const isSmall = (number: unknown, most: number): boolean =>
    Number.isInteger(number) && (number as number) >= 1 && (number as number) <= most;
  return Array.isArray(components) && components.every((text) => typeof text === "string") &&
    each(
      contexts,
      ({ idea, bits, alone }) =>
        CONTEXT_IDEAS.some(({ name }) => name === idea) && isSmall(bits, 24) && typeof alone === "boolean",
    ) &&
    each(
      mixers,
      ({ selector, rate }) =>
        typeof selector === "string" && Object.hasOwn(SELECTORS, selector) && isSmall(rate, 255),
    ) &&
    typeof corrected === "boolean";
}

/** The changes that a tuned source says it was made with; undefined where it says nothing. */
export function changesOf(source: string): ModelChanges | undefined {
  const line = source.split("\n").find((each) => each.startsWith(MARK));
  if (line === undefined) return undefined;
  try {
    const changes: unknown = JSON.parse(line.slice(MARK.length));
    return isChanges(changes) ? changes : undefined;
  } catch {
    return undefined;
  }
}
