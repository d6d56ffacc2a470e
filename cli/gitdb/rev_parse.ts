/**
 * `sluice gitdb rev-parse`: revisions and places of a repository, in git's own format.
 */
import type { GitRepository } from "@sluice/gitdb";
import { EXIT, UsageFailure } from "../shared/exit.ts";
import { openRepository, shortId, usualDigits } from "./names.ts";
import { BufferedStdout } from "./output.ts";
import { shortReferenceName } from "./reference_names.ts";
import { ambiguousArgument, mergeBaseIds, rangeOf, revisionOrFail } from "./revisions.ts";
import { fatal } from "./settings.ts";
import type { GitdbSettings, RevParseWish } from "./settings.ts";

/** Runs the subcommand. */
export async function revParse(operands: readonly string[], settings: GitdbSettings): Promise<number> {
  if (settings.quiet && !settings.verify) throw new UsageFailure("Option -q has no effect without --verify");
  await using repository = await openRepository(settings);
  const printer = new RevisionPrinter(repository, settings);
  // Short ids are those of one revision, as git has it.
  const verification = settings.wishes.find(({ what }) => what === "verify" || what === "short");
  const verifyFrom = verification?.after ?? operands.length;
  for (let at = 0; at <= operands.length; at++) {
    for (const { what, after } of settings.wishes) if (after === at) await printer.grant(what);
    if (at < verifyFrom && at < operands.length) await printer.print(operands[at]!);
  }
  return verification === undefined ? EXIT.ok : await printer.verify(operands.slice(verifyFrom));
}

/** Prints what is asked for, in its order. */
class RevisionPrinter {
  readonly #repository: GitRepository;
  readonly #settings: GitdbSettings;
  readonly #out = new BufferedStdout();
  #names = false;
  #isShort = false;

  constructor(repository: GitRepository, settings: GitdbSettings) {
    this.#repository = repository;
    this.#settings = settings;
  }

  async #line(text: string): Promise<void> {
    await this.#out.print(`${text}\n`);
    await this.#out.flush();
  }

  /** Prints a place of the repository, or changes how what follows is printed. */
  async grant(what: RevParseWish["what"]): Promise<void> {
    if (what === "abbrev-ref") this.#names = true;
    else if (what === "short") this.#isShort = true;
    else if (what === "git-dir") await this.#line(await shownGitFolder(this.#repository, this.#settings));
    else if (what === "bare") await this.#line(`${this.#repository.isBare}`);
    else if (what === "toplevel") await this.#line(await topLevel(this.#repository, this.#settings));
  }

  /** A revision, one with a circumflex, or what a range starts from and leaves out. */
  async print(operand: string): Promise<void> {
    const range = rangeOf(operand);
    const isExcluded = operand.startsWith("^");
    const parts: [mark: string, revision: string][] = range === undefined
      ? [[isExcluded ? "^" : "", isExcluded ? operand.slice(1) : operand]]
      : [["", range.right], [range.isSymmetric ? "" : "^", range.left]];
    const ids: string[] = [];
    for (const [mark, revision] of parts) {
      try {
        const id = await revisionOrFail(this.#repository, revision, ambiguousArgument(operand));
        await this.#show(mark, revision, id);
        ids.push(id);
      } catch (error) {
        // As git has it, what can't be resolved is repeated before the failure.
        await this.#line(operand);
        throw error;
      }
    }
    if (range?.isSymmetric !== true) return;
    for (const base of await mergeBaseIds(this.#repository, ids[1]!, ids[0]!)) {
      await this.#line(`^${await this.#shortened(base)}`);
    }
  }

  async #show(mark: string, revision: string, id: string): Promise<void> {
    if (!this.#names) return await this.#line(`${mark}${await this.#shortened(id)}`);
    // What is no reference has no name.
    const name = await shortReferenceName(this.#repository, revision);
    if (name !== undefined) await this.#line(`${mark}${name}`);
  }

  async #shortened(id: string): Promise<string> {
    if (!this.#isShort) return id;
    const { database } = this.#repository;
    return await shortId(database, id, this.#settings.short || await usualDigits(database));
  }

  /** Prints the only revision, or fails. */
  async verify(operands: readonly string[]): Promise<number> {
    const unknown = fatal("Needed a single revision");
    const [revision, ...more] = operands;
    try {
      if (revision === undefined || more.length > 0) throw unknown;
      await this.#show("", revision, await revisionOrFail(this.#repository, revision, unknown));
      return EXIT.ok;
    } catch (error) {
      if (this.#settings.quiet && error === unknown) return 1;
      throw error;
    }
  }
}

/** Where the repository was said to be, or its folder as it is seen from here. */
async function shownGitFolder(
  { gitFolder, workTree }: GitRepository,
  { gitDir }: GitdbSettings,
): Promise<string> {
  const given = gitDir ?? Deno.env.get("GIT_DIR");
  if (given !== undefined) return given;
  const here = await Deno.realPath(".");
  const folder = await Deno.realPath(gitFolder);
  if (here === folder) return ".";
  return workTree === here && folder === `${here}/.git` ? ".git" : folder;
}

/** The root of the work tree: the one that was found, or the folder of the command where only the repository was named. */
async function topLevel({ workTree, isBare }: GitRepository, { gitDir }: GitdbSettings): Promise<string> {
  const isNamed = (gitDir ?? Deno.env.get("GIT_DIR")) !== undefined;
  if (isBare || workTree === undefined && !isNamed) {
    throw fatal("this operation must be run in a work tree");
  }
  return await Deno.realPath(isNamed ? "." : workTree!);
}
