/**
 * Which references a fetch takes, and where each goes.
 */
import { NotFoundError } from "@sluice/internal";
import { GitObjectId } from "../object/_object_id.ts";
import { referenceCandidates } from "../repository/_reference_names.ts";
import type { GitRemoteRef } from "./_advertisement.ts";
import { takesFrom, targetOf } from "./_refspec.ts";
import type { Refspec } from "./_refspec.ts";
import type { RemoteConfig } from "./_remote_config.ts";

/** A reference that is taken. */
export interface TakenRef {
  readonly source: string;
  readonly id: GitObjectId;
  readonly peeled: GitObjectId | undefined;
  /** The reference here; undefined where FETCH_HEAD alone has it. */
  readonly target: string | undefined;
  readonly isForced: boolean;
  /** How FETCH_HEAD names it; undefined where it does not. */
  readonly head: "merge" | "other" | undefined;
}

/** What was asked for. */
export interface FetchWish {
  /** Rules of the caller; none for those of the configuration. */
  readonly refspecs: readonly Refspec[];
  /** What none of them takes. */
  readonly excluded: readonly Refspec[];
  readonly remote: RemoteConfig;
  /** The branch of the remote that the current one follows. */
  readonly merges: string | undefined;
  readonly tags: "follow" | "all" | "none";
  readonly isForced: boolean;
}

const ALL_TAGS: Refspec = {
  isForced: false,
  source: "refs/tags/*",
  target: "refs/tags/*",
  isNegative: false,
};
const HEAD: Refspec = { isForced: false, source: "HEAD", target: undefined, isNegative: false };

/**
 * The references of a fetch, those that may be merged first.
 *
 * @throws {NotFoundError} If one that was named is not there.
 */
export function takeRefs(refs: readonly GitRemoteRef[], wish: FetchWish): TakenRef[] {
  const taken: TakenRef[] = [];
  const add = (spec: Refspec, head: (name: string) => TakenRef["head"]): void => {
    for (const { source, target, ref } of matches(refs, spec)) {
      if (wish.excluded.some((rule) => takesFrom(rule, source))) continue;
      const isForced = spec.isForced || wish.isForced;
      taken.push({ source, id: ref.id!, peeled: ref.peeled, target, isForced, head: head(source) });
    }
  };
  const { remote, merges } = wish;
  if (wish.refspecs.length > 0) {
    for (const spec of wish.refspecs) add(spec, () => "merge");
    // What is fetched by its name also goes where the configuration puts it.
    const named = [...taken];
    for (const { source, id, peeled } of named) {
      for (const spec of remote.refspecs) {
        const target = targetOf(spec, source);
        if (target === undefined || named.some((each) => each.target === target)) continue;
        taken.push({ source, id, peeled, target, isForced: spec.isForced || wish.isForced, head: undefined });
      }
    }
  } else if (remote.refspecs.length > 0) {
    const firstName = remote.refspecs[0]!.source;
    const merged = merges ?? (firstName.includes("*") ? undefined : full(refs, firstName)?.name);
    for (const spec of remote.refspecs) add(spec, (name) => name === merged ? "merge" : "other");
  } else add(HEAD, () => "merge");
  if (wish.tags === "all") add(ALL_TAGS, () => "other");
  const once = new Map(taken.map((ref) => [`${ref.source} ${ref.target}`, ref]));
  return inOrder([...once.values()]);
}

const ORDER = ["merge", "other", undefined];

/** As git reports them: what may be merged, what else FETCH_HEAD has, and what the configuration adds. */
export function inOrder(refs: readonly TakenRef[]): TakenRef[] {
  return refs.toSorted((a, b) => ORDER.indexOf(a.head) - ORDER.indexOf(b.head));
}

function full(refs: readonly GitRemoteRef[], name: string): GitRemoteRef | undefined {
  const names = name === "HEAD" ? ["HEAD"] : referenceCandidates(name);
  for (const candidate of names) {
    const found = refs.find((ref) => ref.name === candidate && ref.id !== undefined);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** An object that is asked for by its id: whether the server gives it away is its own affair. */
function exactId(source: string): GitRemoteRef | undefined {
  if (!/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(source)) return undefined;
  return { name: source, id: GitObjectId.from(source), peeled: undefined, target: undefined };
}

interface Match {
  readonly source: string;
  readonly target: string | undefined;
  readonly ref: GitRemoteRef;
}

function matches(refs: readonly GitRemoteRef[], spec: Refspec): Match[] {
  if (spec.source.includes("*")) {
    return refs.filter((ref) => ref.id !== undefined && takesFrom(spec, ref.name))
      .map((ref) => ({ source: ref.name, target: targetOf(spec, ref.name), ref }));
  }
  const ref = full(refs, spec.source) ?? exactId(spec.source);
  if (ref === undefined) {
    throw new NotFoundError(`Cannot fetch "${spec.source}": the server has no such reference`, {
      format: "git",
      code: "NOT_FOUND",
    });
  }
  const { target } = spec;
  // A short name is one of the kind that it comes from.
  const kind = ref.name.startsWith("refs/tags/") ? "refs/tags/" : "refs/heads/";
  const isFull = target === undefined || target.startsWith("refs/");
  return [{ source: ref.name, target: isFull ? target : kind + target, ref }];
}

/** Tags of the server that are not here and may come along. */
export function newTags(refs: readonly GitRemoteRef[], here: ReadonlySet<string>): TakenRef[] {
  return refs.filter(({ name, id }) => name.startsWith("refs/tags/") && id !== undefined && !here.has(name))
    .map(({ name, id, peeled }) => ({
      source: name,
      id: id!,
      peeled,
      target: name,
      isForced: false,
      head: "other",
    }));
}
