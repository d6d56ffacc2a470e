/**
 * `sluice gitdb show-ref`: the references of a repository, in git's own format.
 */
import { GitObjectId } from "@sluice/gitdb/repository";
import type { GitRepository } from "@sluice/gitdb/repository";
import { CorruptDataError, NotFoundError } from "@sluice/internal";
import { EXIT, UsageFailure } from "../shared/exit.ts";
import type { Failure } from "../shared/exit.ts";
import { openRepository, shortId, usualDigits } from "./names.ts";
import { BufferedStdout, byteText } from "./output.ts";
import { fatal } from "./settings.ts";
import type { GitdbSettings } from "./settings.ts";

/** Runs the subcommand. */
export async function showRef(operands: readonly string[], settings: GitdbSettings): Promise<number> {
  checkEffects(settings);
  await using repository = await openRepository(settings);
  const printer = new ReferencePrinter(repository, settings);
  return settings.verify
    ? await verify(operands, repository, printer)
    : await list(operands, settings, repository, printer);
}

function checkEffects({ verify, quiet, abbrev, showRef }: GitdbSettings): void {
  const { head, heads, tags, dereference, hashOnly } = showRef;
  if (verify && (head || heads || tags)) {
    throw new UsageFailure("Options --head, --heads and --tags have no effect with --verify");
  }
  if (quiet && (dereference || hashOnly || abbrev !== undefined)) {
    throw new UsageFailure("Options -d, -s and --abbrev have no effect with -q");
  }
}

/** Prints references whose full names are given; the first that is none ends it. */
async function verify(
  names: readonly string[],
  repository: GitRepository,
  printer: ReferencePrinter,
): Promise<number> {
  if (names.length === 0) throw fatal("--verify requires a reference");
  for (const name of names) {
    const id = await idOf(repository, name);
    if (id !== undefined) await printer.print(name, id);
    else if (printer.isQuiet) return EXIT.failure;
    else throw fatal(`'${name}' - not a valid ref`);
  }
  return EXIT.ok;
}

async function list(
  patterns: readonly string[],
  { showRef: { head, heads, tags } }: GitdbSettings,
  repository: GitRepository,
  printer: ReferencePrinter,
): Promise<number> {
  // Nothing is filtered out of HEAD.
  const current = head ? await idOfHead(repository) : undefined;
  if (current !== undefined) await printer.print("HEAD", current);
  const isAny = !heads && !tags;
  const isWanted = (name: string): boolean => {
    const isShown = isAny || heads && name.startsWith("refs/heads/") || tags && name.startsWith("refs/tags/");
    return isShown &&
      (patterns.length === 0 || patterns.some((pattern) => `/${name}`.endsWith(`/${pattern}`)));
  };
  const onDamage = (name: string): void => {
    if (isWanted(name)) throw badReference(name, `${GitObjectId.zero(repository.database.hashAlgorithm)}`);
  };
  for await (const { name, id } of repository.references("refs/", { onDamage })) {
    if (isWanted(name)) await printer.print(name, `${id}`);
  }
  return printer.count === 0 ? EXIT.failure : EXIT.ok;
}

/** Git's words for a reference that leads to nothing. */
function badReference(name: string, id: string): Failure {
  return fatal(`git show-ref: bad ref ${name} (${id})`);
}

/** What HEAD leads to; undefined where it leads to nothing. */
async function idOfHead(repository: GitRepository): Promise<string | undefined> {
  try {
    return `${await repository.find("HEAD")}`;
  } catch (error) {
    if (error instanceof NotFoundError || error instanceof CorruptDataError) return undefined;
    throw error;
  }
}

/** What a reference of this full name leads to; undefined where there is none. */
async function idOf(repository: GitRepository, name: string): Promise<string | undefined> {
  if (name === "HEAD") return await idOfHead(repository);
  if (!name.startsWith("refs/")) return undefined;
  for await (const reference of repository.references(name, { onDamage: () => {} })) {
    if (reference.name === name) return `${reference.id}`;
  }
  return undefined;
}

/** Prints lines as the options want them. */
class ReferencePrinter {
  readonly #repository: GitRepository;
  readonly #settings: GitdbSettings;
  readonly #out = new BufferedStdout();
  #digits: Promise<number> | undefined;
  /** How many references there were. */
  count = 0;

  constructor(repository: GitRepository, settings: GitdbSettings) {
    this.#repository = repository;
    this.#settings = settings;
  }

  get isQuiet(): boolean {
    return this.#settings.quiet;
  }

  /** Prints a reference, and what a tag leads to. */
  async print(name: string, id: string): Promise<void> {
    if (!await this.#repository.database.has(id)) throw badReference(name, id);
    this.count++;
    if (this.isQuiet) return;
    await this.#line(name, id);
    if (this.#settings.showRef.dereference) {
      const { id: object } = await this.#repository.resolve(`${id}^{}`);
      // As git has it, what a tag leads to is named where the others are ids alone.
      if (`${object}` !== id) {
        await this.#out.print(byteText(`${await this.#shown(`${object}`)} ${name}^{}\n`));
      }
    }
    await this.#out.flush();
  }

  async #line(name: string, id: string): Promise<void> {
    const shown = await this.#shown(id);
    await this.#out.print(byteText(this.#settings.showRef.hashOnly ? `${shown}\n` : `${shown} ${name}\n`));
  }

  async #shown(id: string): Promise<string> {
    const { abbrev } = this.#settings;
    if (abbrev === undefined) return id;
    const { database } = this.#repository;
    this.#digits ??= abbrev === 0 ? usualDigits(database) : Promise.resolve(abbrev);
    return await shortId(database, id, await this.#digits);
  }
}
