/**
 * `sluice gitdb show`: objects as a reader wants them, in git's own format.
 */
import { parseGitTag } from "@sluice/gitdb/repository";
import type {
  GitHistoryCommit,
  GitObject,
  GitObjectId,
  GitRepository,
  GitSignature,
} from "@sluice/gitdb/repository";
import { byteString } from "@sluice/internal";
import { EXIT, UsageFailure } from "../shared/exit.ts";
import { checkListOptions } from "./changes.ts";
import { isNobody } from "./commit_formats.ts";
import { CommitPrinter } from "./commit_printer.ts";
import { DATE_MODES } from "./dates.ts";
import { openRepository } from "./names.ts";
import { BufferedStdout, byteText } from "./output.ts";
import { partsOfOperand, rangeOf, splitOperands } from "./revisions.ts";
import type { GitdbSettings } from "./settings.ts";

/** Runs the subcommand. */
export async function show(operands: readonly string[], settings: GitdbSettings): Promise<number> {
  settings.changes ??= "patch";
  checkListOptions(settings, true);
  await using repository = await openRepository(settings);
  const { revisions, paths, failureOf } = await splitOperands(repository, operands, settings);
  const names = revisions.length === 0 ? ["HEAD"] : revisions;
  const shown: { readonly id: string; readonly name: string }[] = [];
  for (const name of names) {
    const parts = await partsOfOperand(repository, name, failureOf(name));
    // A commit without its parents is that commit.
    const isAlone = name.endsWith("^!") && names.length === 1;
    if (!isAlone && parts.some(({ isExcluded }) => isExcluded) || rangeOf(name) !== undefined) {
      throw new UsageFailure(`show takes objects, not ranges as "${name}"`);
    }
    for (const { id, isExcluded, written = id } of parts) {
      if (!isExcluded) shown.push({ id, name: written });
    }
  }
  const out = new BufferedStdout();
  const commits = await CommitPrinter.open(repository, settings, { out, merges: "all parents", paths });
  const printer = new ObjectPrinter(repository, settings, { out, commits, isLimited: paths !== undefined });
  for (const { id, name } of shown) await printer.print(id, name);
  await out.flush();
  return EXIT.ok;
}

/** What objects are printed with. */
interface Printing {
  readonly out: BufferedStdout;
  readonly commits: CommitPrinter;
  /** Whether commits count only that change something at some paths. */
  readonly isLimited: boolean;
}

/** Prints objects one after the other. */
class ObjectPrinter {
  readonly #repository: GitRepository;
  readonly #settings: GitdbSettings;
  readonly #printing: Printing;
  /** Commits are printed once. */
  readonly #shown = new Set<string>();

  constructor(repository: GitRepository, settings: GitdbSettings, printing: Printing) {
    this.#repository = repository;
    this.#settings = settings;
    this.#printing = printing;
  }

  /** Prints an object, and what a tag names. */
  async print(id: string, name: string): Promise<void> {
    const { out } = this.#printing;
    for (let at: string | undefined = id; at !== undefined;) {
      const { type } = await this.#repository.resolve(at);
      if (type === "commit") return await this.#printCommit(await this.#repository.readCommit(at));
      if (type === "tree") return await this.#printTree(at, name);
      const object = await this.#repository.database.read(this.#repository.replacement(at));
      if (type === "blob") {
        for await (const chunk of object.body) await out.write(chunk);
        return;
      }
      at = `${await this.#printTag(object)}`;
    }
  }

  async #printTree(id: string, name: string): Promise<void> {
    const { out, commits } = this.#printing;
    await commits.separate();
    await out.print(byteText(`tree ${name}\n\n`));
    for (const { nameBytes, type } of await this.#repository.readTree(id)) {
      await out.print(`${byteString(nameBytes)}${type === "tree" ? "/" : ""}\n`);
    }
  }

  /** Prints a tag; returns the id of what it names. */
  async #printTag(object: GitObject): Promise<GitObjectId> {
    const { out, commits } = this.#printing;
    const bytes = await object.bytes();
    const tag = parseGitTag(bytes, object.id.algorithm);
    await commits.separate();
    await out.print(byteText(`tag ${tag.name}\n`));
    if (tag.tagger !== undefined) await out.print(byteText(taggerLines(tag.tagger, commits.commits.name)));
    // The empty line and the message as they are stored.
    const text = byteString(bytes);
    const end = text.indexOf("\n\n");
    await out.print(end < 0 ? "" : text.slice(end + 1));
    return tag.object;
  }

  async #printCommit(commit: GitHistoryCommit): Promise<void> {
    if (this.#shown.has(`${commit.id}`)) return;
    this.#shown.add(`${commit.id}`);
    const { commits, isLimited } = this.#printing;
    if (!isLimited) return await commits.print(commit);
    // As in git, a merge that has the same as one of its parents is no change.
    const lists = await commits.changesOf(commit);
    if (lists.every(({ length }) => length > 0)) await commits.print(commit, lists);
  }
}

/** Who made a tag, as the format of commits has people. */
function taggerLines(tagger: GitSignature, format: string | undefined): string {
  const who = `${tagger.name} <${tagger.email}>`;
  if (format === "oneline" || isNobody(tagger)) return "";
  if (format === "medium") return `Tagger: ${who}\nDate:   ${DATE_MODES.default(tagger)}\n`;
  if (format === "fuller") return `Tagger:     ${who}\nTaggerDate: ${DATE_MODES.default(tagger)}\n`;
  return `Tagger: ${who}\n`;
}
