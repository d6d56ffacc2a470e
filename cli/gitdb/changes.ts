/**
 * `sluice gitdb diff`, and the lists of changed files that `show` prints, in git's own format.
 */
import { GitObjectId } from "@sluice/gitdb/repository";
import type { GitChangeSide, GitRepository } from "@sluice/gitdb/repository";
import { EXIT, UsageFailure } from "../shared/exit.ts";
import { warnOfAttributes } from "./attributes.ts";
import { graphLines, numberLines, summaryLine } from "./diff_stat.ts";
import type { FileCount } from "./diff_stat.ts";
import { openRepository, shortId, usualDigits } from "./names.ts";
import { BufferedStdout, byteText, quoted } from "./output.ts";
import { namedFile } from "./paths.ts";
import { PatchWriter } from "./patches.ts";
import { findRenames, withStatus } from "./renames.ts";
import type { StatusChange } from "./renames.ts";
import { partsOfOperand, rangeOf, splitOperands } from "./revisions.ts";
import type { OperandPart } from "./revisions.ts";
import { fatal } from "./settings.ts";
import type { GitdbSettings } from "./settings.ts";

/** The mode of a file of which no tree says one. */
const REGULAR = 0o100644;
/** What counts lines. */
const COUNTED: ReadonlySet<unknown> = new Set<GitdbSettings["changes"]>(["numbers", "summary", "graph"]);

/** What changed between two trees, at some paths or anywhere; everything where the first tree is undefined. */
export async function changesBetween(
  repository: GitRepository,
  { from, to, paths }: {
    readonly from: string | undefined;
    readonly to: string;
    readonly paths: readonly string[] | undefined;
  },
  { renames }: GitdbSettings,
): Promise<StatusChange[]> {
  const changes: StatusChange[] = [];
  for await (const change of repository.changes(from, to, { paths })) changes.push(withStatus(change));
  return renames ? await findRenames(repository, changes) : changes;
}

/** Refuses options that have no effect on such a list; ids of commits are shortened as they say, too. */
export function checkListOptions(
  { changes, abbrev, fullIds, fullIndex, renames }: GitdbSettings,
  hasCommits: boolean,
): void {
  const idle = changes !== "raw" && changes !== "patch" && abbrev !== undefined && !hasCommits
    ? "--abbrev"
    : changes !== "raw" && fullIds && !hasCommits
    ? "--no-abbrev"
    : changes !== "patch" && fullIndex
    ? "--full-index"
    : changes === "nothing" && !renames
    ? "--no-renames"
    : undefined;
  if (idle === undefined) return;
  const needed = idle === "--no-renames"
    ? "a list of changes"
    : idle === "--full-index"
    ? "a patch"
    : "--raw";
  throw new UsageFailure(`Option ${idle} has no effect without ${needed}`);
}

/** Prints changed files: as lists, counts or patches. */
export class ChangeFormatter {
  readonly #repository: GitRepository;
  readonly #settings: GitdbSettings;
  readonly #digits: number;
  readonly #patches: PatchWriter;

  private constructor(repository: GitRepository, settings: GitdbSettings, digits: number) {
    this.#repository = repository;
    this.#settings = settings;
    this.#digits = digits;
    this.#patches = new PatchWriter(
      repository,
      settings.fullIndex ? Infinity : digits,
      settings.context,
    );
  }

  /** With as many digits of ids as the options want. */
  static async open(repository: GitRepository, settings: GitdbSettings): Promise<ChangeFormatter> {
    const { abbrev } = settings;
    return new ChangeFormatter(repository, settings, abbrev || await usualDigits(repository.database));
  }

  /** The text of what differs between two trees, in parts. */
  async *text(list: readonly StatusChange[]): AsyncGenerator<string, void, undefined> {
    const { changes, zero } = this.#settings;
    if (changes === "patch") {
      await warnOfAttributes(this.#repository, list);
      for (const change of list) yield await this.#patches.patch(change);
    } else if (COUNTED.has(changes)) {
      const files: FileCount[] = [];
      for (const change of list) {
        const { path, source } = change;
        const count = await this.#patches.count(change);
        files.push({ path, source, ...count });
      }
      yield changes === "numbers"
        ? numberLines(files, zero)
        : changes === "summary"
        ? summaryLine(files)
        : graphLines(files);
    } else for (const change of list) yield await this.#line(change);
  }

  /** The text of a merge that differs from its parents so; empty where it has the same as one of them everywhere. */
  async *mergedText(lists: readonly (readonly StatusChange[])[]): AsyncGenerator<string, void, undefined> {
    const { changes } = this.#settings;
    if (COUNTED.has(changes)) return yield* this.text(lists[0]!);
    for (const { path } of lists[0]!) {
      const all = lists.map((list) => list.find((change) => change.path === path));
      if (!all.every((each) => each !== undefined)) continue;
      if (changes === "patch") {
        throw new UsageFailure(
          `"${
            quoted(path)
          }" of a merge differs from all its parents; patches of merges are not known here, ` +
            "expected -s, --name-status, --name-only, --raw or --stat",
        );
      }
      yield await this.#mergedLine(all);
    }
  }

  /** The line of a change. */
  async #line(change: StatusChange): Promise<string> {
    const { changes, zero } = this.#settings;
    const { status, path, source, score } = change;
    const name = zero ? path : quoted(path);
    if (changes === "names") return this.#row([name]);
    const state = score === undefined ? status : `${status}${`${score}`.padStart(3, "0")}`;
    // Of two blobs with other names, git prints the first name here.
    const first = source === undefined ? name : zero ? source : quoted(source);
    const names = score === undefined ? [first] : [first, name];
    if (changes === "status") return this.#row([state, ...names]);
    const { before, after } = change;
    const facts = [`:${modeOf(before)}`, modeOf(after), await this.#id(before), await this.#id(after), state];
    return this.#row([facts.join(" "), ...names]);
  }

  /** The line of a file that a merge has otherwise than each of its parents. */
  async #mergedLine(all: readonly StatusChange[]): Promise<string> {
    const { changes } = this.#settings;
    const name = quoted(all[0]!.path);
    if (changes === "names") return this.#row([name]);
    const states = all.map(({ status }) => status).join("");
    if (changes === "status") return this.#row([states, name]);
    const { after } = all[0]!;
    const sides = [...all.map(({ before }) => before), after];
    const ids = await Promise.all(sides.map((side) => this.#id(side)));
    const facts = [":".repeat(all.length) + sides.map(modeOf).join(" "), ...ids, states];
    return this.#row([facts.join(" "), name]);
  }

  #row(fields: readonly string[]): string {
    return this.#settings.zero ? fields.map((field) => `${field}\0`).join("") : `${fields.join("\t")}\n`;
  }

  async #id(side: GitChangeSide | undefined): Promise<string> {
    const { database } = this.#repository;
    const full = database.hashAlgorithm === "sha1" ? 40 : 64;
    const digits = this.#settings.fullIds ? full : this.#digits;
    return side === undefined ? "0".repeat(digits) : await shortId(database, `${side.id}`, digits);
  }
}

function modeOf(side: GitChangeSide | undefined): string {
  return (side?.mode ?? 0).toString(8).padStart(6, "0");
}

/** Runs `diff`. */
export async function diff(operands: readonly string[], settings: GitdbSettings): Promise<number> {
  settings.changes ??= "patch";
  checkListOptions(settings, false);
  await using repository = await openRepository(settings);
  const { revisions, paths, failureOf } = await splitOperands(repository, operands, settings);
  const parts: OperandPart[] = [];
  for (const operand of revisions) {
    parts.push(...await partsOfOperand(repository, operand, failureOf(operand)));
  }
  const { from, to } = sidesOf(revisions, parts);
  const formatter = await ChangeFormatter.open(repository, settings);
  const out = new BufferedStdout();
  const list = await blobChange(repository, { from, to, paths }) ??
    await changesBetween(repository, { from: from.id, to: to.id, paths }, settings);
  if (!settings.quiet) { for await (const part of formatter.text(list)) await out.print(part); }
  await out.flush();
  return settings.exitCode && list.length > 0 ? EXIT.failure : EXIT.ok;
}

/** What `diff` compares. */
interface DiffSides {
  readonly from: OperandPart;
  readonly to: OperandPart;
}

/** What differs between two blobs, where the operands name those; undefined where they name trees. */
async function blobChange(
  repository: GitRepository,
  { from, to, paths }: DiffSides & { readonly paths: readonly string[] | undefined },
): Promise<StatusChange[] | undefined> {
  const types = [(await repository.resolve(from.id)).type, (await repository.resolve(to.id)).type];
  if (!types.includes("blob")) return undefined;
  if (types[0] !== types[1] || paths !== undefined) {
    throw new UsageFailure("diff takes two files without paths, or two revisions");
  }
  if (from.id === to.id) return [];
  const [before, after] = [await sideOf(repository, from), await sideOf(repository, to)];
  const source = before.path === after.path ? {} : { source: before.path };
  return [{ status: "M", path: after.path, before: before.side, after: after.side, ...source }];
}

/** A blob as one side of a change, with its path, a character for each byte. */
async function sideOf(
  repository: GitRepository,
  { id, written = id }: OperandPart,
): Promise<{ readonly path: string; readonly side: GitChangeSide }> {
  const { path, mode = REGULAR } = await namedFile(repository, written);
  return { path: byteText(path), side: { mode, id: GitObjectId.from(id) } };
}

/** The two sides: what is left out comes first, of `A...B` the best common ancestor. */
function sidesOf(
  revisions: readonly string[],
  parts: readonly OperandPart[],
): DiffSides {
  const excluded = parts.filter(({ isExcluded }) => isExcluded);
  const isSymmetric = revisions.length === 1 && rangeOf(revisions[0]!)?.isSymmetric === true;
  if (isSymmetric) {
    const [base] = excluded;
    if (base === undefined) throw fatal(`${revisions[0]}: no merge base`);
    if (excluded.length > 1) {
      console.error(`warning: ${revisions[0]}: multiple merge bases, using ${base.id}`);
    }
    return { from: base, to: parts[0]! };
  }
  const from = excluded[0] ?? parts[0];
  const to = parts.find((part) => part !== from);
  if (from === undefined || to === undefined || parts.length > 2 || to.isExcluded) {
    throw new UsageFailure("diff takes two revisions, or one range of the form A..B or A...B");
  }
  return { from, to };
}
