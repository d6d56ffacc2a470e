/**
 * `sluice gitdb rev-parse`: revisions and places of a repository, in git's own format.
 */
import type { GitRepository } from "@sluice/gitdb/repository";
import { EXIT, UsageFailure } from "../shared/exit.ts";
import { openRepository, shortId, usualDigits } from "./names.ts";
import { BufferedStdout, byteText } from "./output.ts";
import { referenceName } from "./reference_names.ts";
import type { ReferenceNameForm } from "./reference_names.ts";
import { ambiguousArgument, partsOfOperand, revisionOrFail } from "./revisions.ts";
import type { OperandPart } from "./revisions.ts";
import { fatal } from "./settings.ts";
import type { GitdbSettings, RevParsePlace, RevParseWish } from "./settings.ts";

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
  /** How references are named; undefined where ids are printed. */
  #names: ReferenceNameForm | undefined;
  #isShort = false;

  constructor(repository: GitRepository, settings: GitdbSettings) {
    this.#repository = repository;
    this.#settings = settings;
  }

  async #line(text: string): Promise<void> {
    await this.#out.print(byteText(`${text}\n`));
    await this.#out.flush();
  }

  /** Prints a place of the repository, or changes how what follows is printed. */
  async grant(what: RevParseWish["what"]): Promise<void> {
    const [repository, settings] = [this.#repository, this.#settings];
    switch (what) {
      case "abbrev-ref":
        this.#names = "short";
        break;
      case "symbolic-full-name":
        this.#names = "full";
        break;
      case "short":
        this.#isShort = true;
        break;
      case "verify":
        break;
      default:
        await this.#line(`${await PLACES[what](repository, settings)}`);
    }
  }

  /** What an operand stands for. */
  async print(operand: string): Promise<void> {
    const unknown = ambiguousArgument(operand);
    let parts: OperandPart[];
    try {
      parts = await partsOfOperand(this.#repository, operand, unknown);
    } catch (error) {
      // As git has it, what can't be resolved is repeated before the failure.
      if (error === unknown) await this.#line(operand);
      throw error;
    }
    for (const part of parts) await this.#show(part);
  }

  async #show({ id, isExcluded, written }: OperandPart): Promise<void> {
    const mark = isExcluded ? "^" : "";
    if (this.#names === undefined || written === undefined) {
      return await this.#line(`${mark}${await this.#shortened(id)}`);
    }
    // What is no reference has no name.
    const name = await referenceName(this.#repository, written, this.#names);
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
      const id = await revisionOrFail(this.#repository, revision, unknown);
      await this.#show({ id, isExcluded: false, written: revision });
      return EXIT.ok;
    } catch (error) {
      if (this.#settings.quiet && error === unknown) return 1;
      throw error;
    }
  }
}

/** What is printed about the place of a repository. */
const PLACES: Readonly<
  Record<RevParsePlace, (repository: GitRepository, settings: GitdbSettings) => unknown>
> = {
  "git-dir": shownGitFolder,
  "absolute-git-dir": ({ gitFolder }) => Deno.realPath(gitFolder),
  "common-dir": shownCommonFolder,
  toplevel: topLevel,
  prefix: shownPrefix,
  bare: ({ isBare }) => isBare,
  "inside-git-dir": async ({ gitFolder }) => await pathBelow(gitFolder) !== undefined,
  "inside-work-tree": isInWorkTree,
};

/** The folder of the repository that the user named. */
function namedFolder({ gitDir }: GitdbSettings): string | undefined {
  return gitDir ?? Deno.env.get("GIT_DIR");
}

/** The path of the folder of the command below another one, which ends with a slash; undefined where it is not there. */
async function pathBelow(folder: string): Promise<string | undefined> {
  const here = `${await Deno.realPath(".")}/`;
  const above = `${await Deno.realPath(folder)}/`;
  return here.startsWith(above) ? here.slice(above.length) : undefined;
}

async function isInWorkTree(repository: GitRepository, settings: GitdbSettings): Promise<boolean> {
  const { isBare, workTree, gitFolder } = repository;
  const isNamed = namedFolder(settings) !== undefined;
  // Where only the repository was named, the folder of the command is the work tree.
  if (workTree === undefined) return isNamed && !isBare;
  if (!isNamed && await pathBelow(gitFolder) !== undefined) return false;
  return await pathBelow(workTree) !== undefined;
}

/** The folder of the command as seen from the root of the work tree. */
async function shownPrefix({ workTree }: GitRepository): Promise<string> {
  return workTree === undefined ? "" : await pathBelow(workTree) ?? "";
}

/** The folder that all work trees share, as it is seen from here where it lies in the work tree. */
async function shownCommonFolder(repository: GitRepository, settings: GitdbSettings): Promise<string> {
  const { gitFolder, commonFolder, workTree } = repository;
  const common = await Deno.realPath(commonFolder);
  if (common !== await Deno.realPath(gitFolder)) return common;
  const prefix = workTree === undefined ? undefined : await pathBelow(workTree);
  if (prefix === undefined || namedFolder(settings) !== undefined || common !== `${workTree}/.git`) {
    return await shownGitFolder(repository, settings);
  }
  return `${prefix.replace(/[^/]+/g, "..")}.git`;
}

/** Where the repository was said to be, or its folder as it is seen from here. */
async function shownGitFolder(
  { gitFolder }: GitRepository,
  settings: GitdbSettings,
): Promise<string> {
  const given = namedFolder(settings);
  if (given !== undefined) return given;
  const here = await Deno.realPath(".");
  const folder = await Deno.realPath(gitFolder);
  if (here === folder) return ".";
  return folder === `${here}/.git` ? ".git" : folder;
}

/** The root of the work tree: the one that was found, or the folder of the command where only the repository was named. */
async function topLevel({ workTree, isBare }: GitRepository, settings: GitdbSettings): Promise<string> {
  const isNamed = namedFolder(settings) !== undefined;
  if (isBare || workTree === undefined && !isNamed) {
    throw fatal("this operation must be run in a work tree");
  }
  return await Deno.realPath(workTree ?? ".");
}
