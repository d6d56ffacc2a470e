/**
 * Short names of references (gitrevisions, "refname").
 */
import type { GitRepository } from "@sluice/gitdb/repository";

/** Where a short name may stand, the first that is there counts. */
const RULES: readonly ((name: string) => string)[] = [
  (name) => name,
  (name) => `refs/${name}`,
  (name) => `refs/tags/${name}`,
  (name) => `refs/heads/${name}`,
  (name) => `refs/remotes/${name}`,
  (name) => `refs/remotes/${name}/HEAD`,
];

/** What each rule but the first puts around a name. */
const SHORT_FORMS: readonly RegExp[] = [
  /^refs\/remotes\/(.+)\/HEAD$/,
  /^refs\/remotes\/(.+)$/,
  /^refs\/heads\/(.+)$/,
  /^refs\/tags\/(.+)$/,
  /^refs\/(.+)$/,
];

/** How a reference is named: by the shortest name that leads to no other, or from `refs/` on. */
export type ReferenceNameForm = "short" | "full";

/** The name of a reference that a user named; undefined where it is none, or several. */
export async function referenceName(
  repository: GitRepository,
  written: string,
  form: ReferenceNameForm,
): Promise<string | undefined> {
  const names = new Map<string, string>();
  for await (const { name, target = name } of repository.references("refs/", { onDamage: () => {} })) {
    names.set(name, target);
  }
  const shown = (full: string): string => form === "full" ? full : shortest(full, names);
  const back = /^@\{-([1-9]\d*)\}$/.exec(written)?.[1];
  const name = back === undefined ? written : await nameLeft(repository, Number(back));
  if (name === undefined) return undefined;
  // As git has it, `@` alone is HEAD.
  if (name === "HEAD" || name === "@") {
    const head = await repository.head();
    return head === undefined ? "HEAD" : shown(head);
  }
  const [full, ...others] = RULES.map((rule) => rule(name)).filter((candidate) => names.has(candidate));
  if (others.length > 0) console.error(`error: refname '${name}' is ambiguous`);
  return full === undefined || others.length > 0 ? undefined : shown(names.get(full)!);
}

/** The branch that was checked out so many times ago, by the log of HEAD. */
async function nameLeft({ gitFolder }: GitRepository, back: number): Promise<string | undefined> {
  const log = await Deno.readTextFile(`${gitFolder}/logs/HEAD`).catch(() => "");
  const left = [...log.matchAll(/\tcheckout: moving from (\S+) to \S/g)];
  return left.at(-back)?.[1];
}

function shortest(full: string, names: ReadonlyMap<string, string>): string {
  for (const form of SHORT_FORMS) {
    const short = form.exec(full)?.[1];
    if (short === undefined) continue;
    const others = RULES.map((rule) => rule(short)).filter((other) => other !== full);
    if (!others.some((other) => names.has(other))) return short;
  }
  return full;
}
