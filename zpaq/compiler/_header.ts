/**
 * The header data of a source: sizes of the arrays, the components, the command of the preprocessor.
 */
import type { Expression, Statement } from "./_ast.ts";
import { constantOf } from "./_constants.ts";
import type { Reporter } from "./_reporter.ts";
import type { Span } from "./_source_text.ts";

/** What the header data say. */
export interface HeaderData {
  /** log2 of the cells of H in hcomp. */
  readonly hh: number;
  /** log2 of the bytes of M in hcomp. */
  readonly hm: number;
  /** log2 of the cells of H in pcomp. */
  readonly ph: number;
  /** log2 of the bytes of M in pcomp. */
  readonly pm: number;
  /** The lines of the components, as they stand in the source. */
  readonly components: readonly string[];
  /** The command that prepares files. */
  readonly invocation: string;
}

/** The names that the header data define. */
export const HEADER_NAMES: ReadonlySet<string> = new Set(["hh", "hm", "ph", "pm", "n", "pcomp_invocation"]);

const SIZE_NAMES = ["hh", "hm", "ph", "pm"] as const;
const SIZE_MAX = 32;
const COMPONENTS_MAX = 255;

/** Arguments of each component: a number, a size (at most 32), or the number of an earlier component. */
const COMPONENTS: Readonly<Record<string, readonly ("number" | "size" | "input" | "inputs")[]>> = {
  const: ["number"],
  cm: ["size", "number"],
  icm: ["size"],
  match: ["size", "size"],
  avg: ["input", "input", "number"],
  mix2: ["size", "input", "input", "number", "number"],
  mix: ["size", "input", "inputs", "number", "number"],
  isse: ["size", "input"],
  sse: ["size", "input", "number", "number"],
};

interface Assignment {
  readonly span: Span;
  readonly value: Expression;
}

/** Reads the header data out of the statements of the shared section. */
export function readHeader(statements: readonly Statement[], section: Span, reporter: Reporter): HeaderData {
  const found = new Map<string, Assignment>();
  for (const statement of statements) {
    if (statement.type !== "assign") continue;
    for (const target of statement.targets) {
      if (target.type !== "name" || !HEADER_NAMES.has(target.text)) continue;
      const earlier = found.get(target.text);
      if (earlier === undefined) found.set(target.text, { span: target, value: statement.value });
      else {
        const related = [{ message: "it was set here", span: earlier.span }];
        reporter.report("0011", target, `"${target.text}" is set twice`, { related });
      }
    }
  }
  const missing = [...HEADER_NAMES].filter((name) => !found.has(name));
  if (missing.length > 0) {
    const start = { start: section.start, end: section.start };
    reporter.report("0010", start, `the header data lack ${missing.map((name) => `"${name}"`).join(", ")}`);
  }
  const size = (name: (typeof SIZE_NAMES)[number]): number => {
    const assignment = found.get(name);
    if (assignment === undefined) return 0;
    const value = constantOf(assignment.value);
    if (value === undefined) reporter.report("0012", assignment.value, `"${name}" is no constant number`);
    else if (value > SIZE_MAX) {
      reporter.report("0013", assignment.value, `"${name}" is ${value}, expected 0 to ${SIZE_MAX}`);
    } else return value;
    return 0;
  };
  const [hh, hm, ph, pm] = SIZE_NAMES.map(size) as [number, number, number, number];
  const components = readComponents(found.get("n"), reporter);
  if (components.length > 2 ** hh) {
    reporter.report(
      "0013",
      found.get("hh")?.span ?? section,
      `${components.length} contexts do not fit 2^${hh} cells of H`,
      {
        severity: "warning",
      },
    );
  }
  return { hh, hm, ph, pm, components, invocation: readInvocation(found.get("pcomp_invocation"), reporter) };
}

/** `len({ 0: "…", 1: "…" })`. */
function readComponents(assignment: Assignment | undefined, reporter: Reporter): string[] {
  if (assignment === undefined) return [];
  const { value } = assignment;
  const dict = value.type === "call" && value.callee.text === "len" && value.args.length === 1
    ? value.args[0]!.value
    : undefined;
  if (dict?.type !== "dict") {
    reporter.report("0014", value, '"n" is not len({…}) of a dictionary of components');
    return [];
  }
  const lines: string[] = [];
  for (const [i, { key, value: line }] of dict.entries.entries()) {
    if (constantOf(key) !== i) {
      reporter.report("0014", key, `the components are not numbered in order: ${i} is expected here`);
    }
    if (line.type !== "string") {
      reporter.report("0014", line, "a component is described by a string");
      lines.push("const 0");
      continue;
    }
    checkComponent(line.text, i, line, reporter);
    lines.push(line.text);
  }
  if (lines.length > COMPONENTS_MAX) {
    reporter.report("0014", dict, `there are ${lines.length} components, at most ${COMPONENTS_MAX} can be`);
  }
  return lines;
}

function checkComponent(line: string, index: number, span: Span, reporter: Reporter): void {
  const [name = "", ...args] = line.replace(/\([^()]*\)/g, " ").trim().split(/\s+/);
  const kinds = COMPONENTS[name.toLowerCase()];
  if (kinds === undefined) {
    reporter.report("0015", span, `"${name}" is no component`, {
      hint: `components: ${Object.keys(COMPONENTS).join(", ")}`,
    });
    return;
  }
  if (args.length !== kinds.length) {
    reporter.report("0016", span, `"${name}" takes ${kinds.length} arguments, ${args.length} are there`);
    return;
  }
  const values = args.map((arg) => /^\d+$/.test(arg) ? Number(arg) : NaN);
  for (const [i, kind] of kinds.entries()) {
    const value = values[i]!;
    const most = kind === "size" ? SIZE_MAX : 255;
    if (!(value <= most)) {
      // Arguments of configs such as $1+2 get their value when the config is used.
      if (!/^\$\d/.test(args[i]!)) {
        reporter.report("0017", span, `argument ${i + 1} of "${name}" is ${args[i]}, expected 0 to ${most}`);
      }
    } else if (kind === "input" && value >= index || kind === "inputs" && value + values[i - 1]! > index) {
      reporter.report(
        "0018",
        span,
        `"${name}" takes component ${
          kind === "input" ? value : value + values[i - 1]! - 1
        }, which does not stand before it`,
      );
    }
  }
}

function readInvocation(assignment: Assignment | undefined, reporter: Reporter): string {
  if (assignment === undefined) return "";
  const { value } = assignment;
  if (value.type !== "string") {
    reporter.report("0019", value, '"pcomp_invocation" is no string');
    return "";
  }
  const fault = value.text.includes(";")
    ? 'has a ";", which ends the command'
    : value.text.trimStart().startsWith("(")
    ? 'starts with "(", which starts a comment'
    : undefined;
  if (fault !== undefined) reporter.report("0019", value, `"pcomp_invocation" ${fault}`);
  return value.text;
}
