/**
 * How commits are printed (git-log, "pretty formats").
 */
import type { GitHistoryCommit, GitRepository, GitSignature } from "@sluice/gitdb/repository";
import { UsageFailure } from "../shared/exit.ts";
import { DATE_MODES } from "./dates.ts";
import type { DateMode } from "./dates.ts";
import { Decorations } from "./decorations.ts";
import type { DecorationStyle } from "./decorations.ts";
import { shortId, usualDigits } from "./names.ts";
import { byteText } from "./output.ts";
import { fatal, SHORT_ONELINE } from "./settings.ts";
import type { GitdbSettings } from "./settings.ts";

/** Formats of git that are not known here. */
const UNKNOWN: ReadonlySet<string> = new Set(["email", "mboxrd"]);

/** How commits are referred to in messages of others. */
const REFERENCE = "reference";

/** The format of a user, of what the option says; lines have the names of a commit where they are wanted. */
function userFormat(value: string, isDecorated: boolean): string {
  const own = /^t?format:/.exec(value);
  if (own !== null) return value.slice(own[0].length);
  const names = isDecorated ? "%d" : "";
  if (value === "oneline") return `%H${names} %s`;
  if (value === SHORT_ONELINE) return `%h${names} %s`;
  if (value === REFERENCE) return "%h (%s, %ad)";
  if (UNKNOWN.has(value)) {
    throw new UsageFailure(`Option --format has the name "${value}", which is not known here`);
  }
  if (value !== "" && !value.includes("%")) throw fatal(`invalid --pretty format: ${value}`);
  return value;
}

/** Prints commits in one format. */
export class CommitFormatter {
  /** The format by its name; undefined for one of a user's. */
  readonly name: string | undefined;
  /** Whether something stands between two commits. */
  readonly isSeparated: boolean;
  /** Whether a line feed ends each commit. */
  readonly isTerminated: boolean;
  readonly #repository: GitRepository;
  readonly #digits: number;
  readonly #pieces: readonly (string | Placeholder)[];

  readonly #decorate: DecorationStyle | undefined;
  #decorations: Promise<Decorations> | undefined;

  /** How dates are written. */
  readonly date: DateMode;

  private constructor(repository: GitRepository, digits: number, settings: GitdbSettings) {
    const { format = "medium", decorate } = settings;
    this.#repository = repository;
    this.date = settings.date ?? (format === REFERENCE ? "short" : "default");
    this.#digits = digits;
    this.#decorate = decorate;
    const paragraphs = PARAGRAPHS[format];
    const isOneline = format === "oneline" || format === SHORT_ONELINE;
    this.name = paragraphs !== undefined ? format : isOneline ? "oneline" : undefined;
    this.#pieces = paragraphs === undefined
      ? parseFormat(userFormat(format, decorate !== undefined))
      : [{ print: paragraphs }];
    this.isSeparated = paragraphs !== undefined || format.startsWith("format:");
    this.isTerminated = !this.isSeparated && this.#pieces.length > 0;
  }

  /** The format that a user named. */
  static async open(repository: GitRepository, settings: GitdbSettings): Promise<CommitFormatter> {
    const { abbrev, fullIds } = settings;
    const digits = fullIds ? Infinity : abbrev || await usualDigits(repository.database);
    return new CommitFormatter(repository, digits, settings);
  }

  /** A commit, a character for each byte. */
  async print(commit: GitHistoryCommit): Promise<string> {
    let text = "";
    for (const piece of this.#pieces) {
      text += typeof piece === "string" ? piece : await piece.print(commit, this);
    }
    return byteText(text);
  }

  /** The names of a commit, with commas between them, for a placeholder. */
  async names({ id }: GitHistoryCommit): Promise<string> {
    this.#decorations ??= Decorations.open(this.#repository, this.#decorate ?? "short");
    return (await this.#decorations).of(`${id}`);
  }

  /** The names of a commit in parentheses after its id, where they are wanted. */
  async namesAfterId(commit: GitHistoryCommit): Promise<string> {
    return this.#decorate === undefined ? "" : inParentheses(await this.names(commit));
  }

  /** The header of a commit as it is stored, without its last line feed. */
  async storedHeader({ id }: GitHistoryCommit): Promise<string> {
    const { database } = this.#repository;
    const stored = await database.read(this.#repository.replacement(id));
    return new TextDecoder().decode(await stored.bytes()).split("\n\n", 1)[0]!.replace(/\n$/, "");
  }

  /** The shortest text that git shows for an id. */
  async short(id: unknown): Promise<string> {
    return await shortId(this.#repository.database, `${id}`, this.#digits);
  }
}

function inParentheses(names: string): string {
  return names === "" ? "" : ` (${names})`;
}

/** A placeholder. */
interface Placeholder {
  print(commit: GitHistoryCommit, formatter: CommitFormatter): string | Promise<string>;
}

/** Placeholders without their percent sign, the longer ones first where one starts with another. */
const PLACEHOLDERS: Readonly<Record<string, Placeholder["print"]>> = {
  "%": () => "%",
  n: () => "\n",
  H: ({ id }) => `${id}`,
  h: ({ id }, formatter) => formatter.short(id),
  T: ({ tree }) => `${tree}`,
  t: ({ tree }, formatter) => formatter.short(tree),
  P: ({ parents }) => parents.join(" "),
  p: async ({ parents }, formatter) =>
    (await Promise.all(parents.map((parent) => formatter.short(parent)))).join(" "),
  ...signaturePlaceholders("a", ({ author }) => author),
  ...signaturePlaceholders("c", ({ committer }) => committer),
  d: async (commit, formatter) => inParentheses(await formatter.names(commit)),
  D: (commit, formatter) => formatter.names(commit),
  e: ({ encoding }) => encoding ?? "",
  s: ({ message }) => splitMessage(message).subject,
  b: ({ message }) => splitMessage(message).body,
  B: ({ message }) => message,
};

/** Formats that are paragraphs, with a line between two commits. */
const PARAGRAPHS: Readonly<Record<string, Placeholder["print"]>> = {
  short: (commit, formatter) => paragraphs(commit, formatter, [["Author", "author"]], "subject"),
  medium: (commit, formatter) =>
    paragraphs(commit, formatter, [["Author", "author"], ["Date", "author"]], "all"),
  full: (commit, formatter) =>
    paragraphs(commit, formatter, [["Author", "author"], ["Commit", "committer"]], "all"),
  fuller: (commit, formatter) =>
    paragraphs(
      commit,
      formatter,
      [["Author", "author"], ["AuthorDate", "author"], ["Commit", "committer"], ["CommitDate", "committer"]],
      "all",
    ),
  raw: rawCommit,
};

const TAB_COLUMNS = 8;
/** Characters that take no column, or two. */
const NARROW = /^[\p{Mn}\p{Me}\p{Cf}]$/u;
const WIDE =
  /^(?:[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation})$/u;

/** A line with spaces for its tabs, up to a part that has control characters. */
function withoutTabs(line: string): string {
  const parts = line.split("\t");
  let text = "";
  for (const [i, part] of parts.slice(0, -1).entries()) {
    // deno-lint-ignore no-control-regex -- control characters are what is looked for
    if (/[\x00-\x1f\x7f-\x9f]/.test(part)) return text + parts.slice(i).join("\t");
    let columns = 0;
    for (const character of part) columns += NARROW.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
    text += part + " ".repeat(TAB_COLUMNS - columns % TAB_COLUMNS);
  }
  return text + parts.at(-1)!;
}

/** Lines of a commit: the id, the parents of a merge, people and dates, and the message four columns in. */
async function paragraphs(
  commit: GitHistoryCommit,
  formatter: CommitFormatter,
  rows: readonly (readonly [label: string, whose: "author" | "committer"])[],
  how: "subject" | "all",
): Promise<string> {
  const lines = [await firstLine(commit, formatter)];
  const { parents } = commit;
  if (parents.length > 1) {
    lines.push(`Merge: ${(await Promise.all(parents.map((parent) => formatter.short(parent)))).join(" ")}`);
  }
  // Values stand below one another.
  const width = Math.max(...rows.map(([label]) => label.length)) + 2;
  for (const [label, whose] of rows) {
    const signature = commit[whose];
    if (isNobody(signature)) continue;
    const value = label.endsWith("Date")
      ? DATE_MODES[formatter.date](signature)
      : `${signature.name} <${signature.email}>`;
    lines.push(`${label}:`.padEnd(width) + value);
  }
  const text = trimmedMessage(commit);
  const message = how === "all" ? text : text.replace(/\n[ \t]*\n[^]*$/, "");
  // As in git, tabs are for whole messages alone.
  lines.push(...indented(message, how === "all" ? withoutTabs : (line) => line));
  return lines.map((line) => `${line}\n`).join("");
}

async function firstLine(commit: GitHistoryCommit, formatter: CommitFormatter): Promise<string> {
  return `commit ${commit.id}${await formatter.namesAfterId(commit)}`;
}

function trimmedMessage({ message }: GitHistoryCommit): string {
  return message.replace(/^(?:[ \t]*\n)+/, "").trimEnd();
}

/** The lines of a message four columns in, after an empty line; none where there is no message. */
function indented(message: string, shown: (line: string) => string): string[] {
  return message === "" ? [] : ["", ...message.split("\n").map((line) => `    ${shown(line.trimEnd())}`)];
}

/** The header of a commit as it is stored, and its message four columns in. */
async function rawCommit(commit: GitHistoryCommit, formatter: CommitFormatter): Promise<string> {
  const header = (await formatter.storedHeader(commit)).split("\n");
  const lines = [await firstLine(commit, formatter), ...header];
  return [...lines, ...indented(trimmedMessage(commit), (line) => line)].map((line) => `${line}\n`).join("");
}

/** Whether a commit or tag does not say who made it, or nobody can read it: git prints neither name nor date then. */
export function isNobody({ name, email, date }: GitSignature): boolean {
  return name === "" && email === "" && date.getTime() === 0;
}

function signaturePlaceholders(
  letter: string,
  signatureOf: (commit: GitHistoryCommit) => GitSignature,
): Record<string, Placeholder["print"]> {
  const of =
    (print: (signature: GitSignature, formatter: CommitFormatter) => string): Placeholder["print"] =>
    (commit, formatter) => {
      const signature = signatureOf(commit);
      return isNobody(signature) ? "" : print(signature, formatter);
    };
  return {
    [`${letter}n`]: of(({ name }) => name),
    [`${letter}e`]: of(({ email }) => email),
    [`${letter}t`]: of(({ date }) => `${date.getTime() / 1000}`),
    [`${letter}d`]: of((signature, formatter) => DATE_MODES[formatter.date](signature)),
    [`${letter}D`]: of(DATE_MODES.rfc),
    [`${letter}i`]: of(DATE_MODES.iso),
    [`${letter}I`]: of(DATE_MODES["iso-strict"]),
    [`${letter}s`]: of(DATE_MODES.short),
  };
}

/** The first paragraph on one line, with the blanks that it starts with, and what follows it. */
function splitMessage(message: string): { readonly subject: string; readonly body: string } {
  const text = message.replace(/^(?:[ \t]*\n)+/, "");
  const end = /\n[ \t]*\n/.exec(text);
  const first = end === null ? text : text.slice(0, end.index);
  const body = end === null ? "" : text.slice(end.index + end[0].length).replace(/^(?:[ \t]*\n)+/, "");
  return { subject: first.split("\n").map((line) => line.trimEnd()).join(" ").trimEnd(), body };
}

/** A format as texts and placeholders. */
function parseFormat(format: string): (string | Placeholder)[] {
  const pieces: (string | Placeholder)[] = [];
  for (let rest = format; rest !== "";) {
    const percent = rest.indexOf("%");
    if (percent !== 0) {
      pieces.push(percent < 0 ? rest : rest.slice(0, percent));
      rest = percent < 0 ? "" : rest.slice(percent);
      continue;
    }
    const hex = /^%x([0-9a-fA-F]{2})/.exec(rest);
    const name = [rest.slice(1, 3), rest.slice(1, 2)].find((each) => Object.hasOwn(PLACEHOLDERS, each));
    if (hex !== null) pieces.push(String.fromCharCode(parseInt(hex[1]!, 16)));
    else if (name !== undefined) pieces.push({ print: PLACEHOLDERS[name]! });
    else {throw new UsageFailure(
        `Option --format has the placeholder "${rest.slice(0, 3)}", which is not known`,
      );}
    rest = rest.slice(hex === null ? 1 + name!.length : hex[0].length);
  }
  return pieces;
}
