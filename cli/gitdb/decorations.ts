/**
 * The references that name commits, as `git log --decorate` prints them.
 */
import { parseGitTag } from "@sluice/gitdb/repository";
import type { GitRepository } from "@sluice/gitdb/repository";
import { NotFoundError } from "@sluice/internal";

/** How names are written. */
export type DecorationStyle = "short" | "full";

/** A name of a commit. */
interface Decoration {
  readonly name: string;
  readonly kind: "head" | "branch" | "tag" | "other";
}

/** Where references have to be so that git prints them: HEAD, branches, tags, and what the last stash is. */
const SHOWN = /^refs\/(?:heads\/|tags\/|remotes\/|stash$)/;
const REPLACED = "refs/replace/";
/** Tags of tags that are followed. */
const TAG_DEPTH = 100;

/** The names of all commits of a repository. */
export class Decorations {
  readonly #names: ReadonlyMap<string, readonly Decoration[]>;
  readonly #branch: string | undefined;
  readonly #style: DecorationStyle;

  private constructor(
    names: ReadonlyMap<string, readonly Decoration[]>,
    branch: string | undefined,
    style: DecorationStyle,
  ) {
    this.#names = names;
    this.#branch = branch;
    this.#style = style;
  }

  /** Reads all references. */
  static async open(repository: GitRepository, style: DecorationStyle): Promise<Decorations> {
    const names = new Map<string, Decoration[]>();
    const add = (id: string, decoration: Decoration): void => {
      const known = names.get(id);
      // As in git, what comes last is printed first.
      if (known === undefined) names.set(id, [decoration]);
      else known.unshift(decoration);
    };
    for await (const { name, id } of repository.references("refs/", { onDamage: () => {} })) {
      const replaced = name.startsWith(REPLACED) ? name.slice(REPLACED.length) : undefined;
      if (replaced !== undefined && isReplaced(repository, replaced)) {
        add(replaced, { name: "replaced", kind: "other" });
      }
      if (!SHOWN.test(name)) continue;
      const kind = name.startsWith("refs/heads/")
        ? "branch"
        : name.startsWith("refs/tags/")
        ? "tag"
        : "other";
      // As in git, a reference that leads to nothing is left out.
      const targets = await targetsOf(repository, `${id}`);
      if (targets === undefined) continue;
      add(`${id}`, { name, kind });
      for (const target of targets) add(target, { name, kind: "tag" });
    }
    const head = await repository.find("HEAD").then(String, () => undefined);
    if (head !== undefined) add(head, { name: "HEAD", kind: "head" });
    for (const id of await shallowIds(repository)) add(id, { name: "grafted", kind: "other" });
    return new Decorations(names, await repository.head(), style);
  }

  /** The names of a commit, with commas between them; empty where it has none. */
  of(id: string): string {
    const list = this.#names.get(id) ?? [];
    // The branch of HEAD is printed with it.
    const isCurrent = ({ name, kind }: Decoration): boolean => kind === "branch" && name === this.#branch;
    const current = list.some(({ kind }) => kind === "head") ? list.find(isCurrent) : undefined;
    return list.filter((each) => each !== current).map(({ name, kind }) => {
      const shown = `${kind === "tag" ? "tag: " : ""}${this.#shown(name)}`;
      return kind === "head" && current !== undefined ? `${shown} -> ${this.#shown(current.name)}` : shown;
    }).join(", ");
  }

  #shown(name: string): string {
    return this.#style === "full" ? name : name.replace(/^refs\/(?:heads|tags|remotes)\//, "");
  }
}

/** Whether another object is read instead of one. */
function isReplaced(repository: GitRepository, id: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(id) && `${repository.replacement(id)}` !== id;
}

/** What a tag object names, and what that names, where it is one; undefined where an object is not there. */
async function targetsOf(repository: GitRepository, id: string): Promise<string[] | undefined> {
  const { database } = repository;
  const targets: string[] = [];
  try {
    for (let at = id; targets.length < TAG_DEPTH;) {
      const read = repository.replacement(at);
      if ((await database.info(read)).type !== "tag") break;
      const { object } = parseGitTag(await (await database.read(read)).bytes(), repository.hashAlgorithm);
      targets.push(at = `${object}`);
    }
  } catch (error) {
    if (error instanceof NotFoundError) return targets.length === 0 ? undefined : targets;
    throw error;
  }
  return targets;
}

/** The commits where a shallow history ends. */
async function shallowIds({ commonFolder }: GitRepository): Promise<string[]> {
  try {
    return (await Deno.readTextFile(`${commonFolder}/shallow`)).split("\n").filter((line) => line !== "");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
