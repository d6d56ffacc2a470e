/**
 * `sluice gitdb show`: objects as a reader wants them, in git's own format; commits without their patches.
 */
import { parseGitTag } from "@sluice/gitdb";
import type { GitHistoryCommit, GitObject, GitObjectId, GitRepository, GitSignature } from "@sluice/gitdb";
import { byteString } from "@sluice/internal";
import { EXIT, UsageFailure } from "../shared/exit.ts";
import { ChangeFormatter, changesBetween, checkListOptions } from "./changes.ts";
import { CommitFormatter } from "./commit_formats.ts";
import { DATE_MODES } from "./dates.ts";
import { openRepository } from "./names.ts";
import { BufferedStdout, byteText } from "./output.ts";
import { revisionOrFail } from "./revisions.ts";
import { fatal } from "./settings.ts";
import type { GitdbSettings } from "./settings.ts";

/** Runs the subcommand. */
export async function show(operands: readonly string[], settings: GitdbSettings): Promise<number> {
  checkListOptions(settings);
  await using repository = await openRepository(settings);
  const names = operands.length === 0 ? ["HEAD"] : operands;
  const ids: string[] = [];
  for (const name of names) {
    if (name.startsWith("^") || name.includes("..")) {
      throw new UsageFailure(`show takes objects, not ranges as "${name}"`);
    }
    ids.push(
      await revisionOrFail(
        repository,
        name,
        fatal(
          `ambiguous argument '${name}': unknown revision or path not in the working tree.\n` +
            "Use '--' to separate paths from revisions, like this:\n'git <command> [<revision>...] -- [<file>...]'",
        ),
      ),
    );
  }
  const out = new BufferedStdout();
  const printer = new ObjectPrinter(repository, settings, {
    out,
    commits: await CommitFormatter.open(repository, settings),
    changes: await ChangeFormatter.open(repository, settings),
  });
  for (const [i, id] of ids.entries()) await printer.print(id, names[i]!);
  await out.flush();
  return EXIT.ok;
}

/** What objects are printed with. */
interface Printing {
  readonly out: BufferedStdout;
  readonly commits: CommitFormatter;
  readonly changes: ChangeFormatter;
}

/** Prints objects one after the other. */
class ObjectPrinter {
  readonly #repository: GitRepository;
  readonly #settings: GitdbSettings;
  readonly #printing: Printing;
  /** Commits are printed once. */
  readonly #shown = new Set<string>();
  /** Whether a line stands between what was printed and what follows. */
  #isSeparate = false;

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
      const object = await this.#repository.database.read(at);
      if (type === "blob") {
        for await (const chunk of object.body) await out.write(chunk);
        return;
      }
      at = `${await this.#printTag(object)}`;
    }
  }

  async #separate(): Promise<void> {
    if (this.#isSeparate) await this.#printing.out.print("\n");
    this.#isSeparate = true;
  }

  async #printTree(id: string, name: string): Promise<void> {
    const { out } = this.#printing;
    await this.#separate();
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
    await this.#separate();
    await out.print(byteText(`tag ${tag.name}\n`));
    if (tag.tagger !== undefined) await out.print(byteText(taggerLines(tag.tagger, commits.name)));
    // The empty line and the message as they are stored.
    const text = byteString(bytes);
    const end = text.indexOf("\n\n");
    await out.print(end < 0 ? "" : text.slice(end + 1));
    return tag.object;
  }

  async #printCommit(commit: GitHistoryCommit): Promise<void> {
    if (this.#shown.has(`${commit.id}`)) return;
    this.#shown.add(`${commit.id}`);
    const { changes } = this.#settings;
    if (changes === undefined) {
      throw new UsageFailure(
        "show prints no patches of commits, expected -s, --name-status, --name-only or --raw",
      );
    }
    const { out, commits } = this.#printing;
    const lines = changes === "nothing" ? "" : await this.#changeLines(commit);
    if (commits.isSeparated) await this.#separate();
    this.#isSeparate = true;
    await out.print(await commits.print(commit));
    if (commits.isTerminated) await out.print("\n");
    // A line stands before the list, or the one that a format left open is ended.
    if (lines !== "" && (commits.isSeparated || commits.isTerminated) && commits.name !== "oneline") {
      await out.print("\n");
    }
    await out.print(lines);
  }

  async #changeLines({ id, parents }: GitHistoryCommit): Promise<string> {
    const { changes } = this.#printing;
    const lists = [];
    for (const parent of parents.length === 0 ? [undefined] : parents) {
      const from = parent === undefined ? undefined : `${parent}`;
      lists.push(await changesBetween(this.#repository, from, `${id}`, this.#settings));
    }
    let lines = "";
    for (const change of lists[0]!) {
      if (lists.length === 1) lines += await changes.line(change);
      else {
        const all = lists.map((list) => list.find(({ path }) => path === change.path));
        if (all.every((each) => each !== undefined)) lines += await changes.mergedLine(all);
      }
    }
    return lines;
  }
}

/** Who made a tag, as the format of commits has people. */
function taggerLines(tagger: GitSignature, format: string | undefined): string {
  const who = `${tagger.name} <${tagger.email}>`;
  if (format === "oneline") return "";
  if (format === "medium") return `Tagger: ${who}\nDate:   ${DATE_MODES.default(tagger)}\n`;
  if (format === "fuller") return `Tagger:     ${who}\nTaggerDate: ${DATE_MODES.default(tagger)}\n`;
  return `Tagger: ${who}\n`;
}
