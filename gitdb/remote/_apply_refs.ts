/**
 * Setting the references of a fetch, each under its lock, and what became of it. Deno only.
 */
import { NotFoundError, SluiceError } from "@sluice/internal";
import type { GitDatabase } from "../database/git_database.ts";
import { GitObjectId } from "../object/_object_id.ts";
import type { GitHashAlgorithm } from "../object/_object_id.ts";
import type { GitSignature } from "../object/_signature.ts";
import { ByAge } from "../repository/_history.ts";
import type { Objects } from "../repository/_objects.ts";
import { removeReference } from "../repository/_reference_removal.ts";
import { isReferenceName } from "../repository/_reference_names.ts";
import { updateReference } from "../repository/_reference_update.ts";
import type { References } from "../repository/_references.ts";
import type { GitRemoteRef } from "./_advertisement.ts";
import type { TakenRef } from "./_fetch_plan.ts";
import { targetOf } from "./_refspec.ts";
import type { Refspec } from "./_refspec.ts";

/** What became of a reference. */
export interface GitFetchUpdate {
  /** Its name on the server; undefined where it is gone there. */
  readonly source: string | undefined;
  /** Its name here; undefined where only FETCH_HEAD has it. */
  readonly target: string | undefined;
  /** What it held; undefined where it is new. */
  readonly before: GitObjectId | undefined;
  /** What it holds, or would hold if it was not rejected; undefined where it was removed. */
  readonly after: GitObjectId | undefined;
  /**
   * "head" for FETCH_HEAD alone, "new", "forward", "forced" where commits were lost, "tag" where a tag is another one now,
   * "unchanged", "removed", or "rejected".
   */
  readonly kind: "head" | "new" | "forward" | "forced" | "tag" | "unchanged" | "removed" | "rejected";
  /** Why it was rejected. */
  readonly reason: string | undefined;
  /** What kept it from being set, where it may be set. */
  readonly cause?: SluiceError | undefined;
}

/** How references are set. */
export interface RefSetting {
  readonly references: References;
  readonly dryRun: boolean;
  readonly committer: GitSignature | undefined;
  readonly action: string;
}

/** What is needed to tell whether a reference may be set. */
export interface RefContext extends RefSetting {
  readonly database: GitDatabase;
  readonly objects: Objects;
  readonly hashAlgorithm: GitHashAlgorithm;
}

/** Removes what rules put here and the server does not have. */
export async function pruneRefs(
  rules: readonly Refspec[],
  refs: readonly GitRemoteRef[],
  { references, dryRun }: RefSetting,
): Promise<GitFetchUpdate[]> {
  const updates: GitFetchUpdate[] = [];
  const expected = new Set(refs.flatMap(({ name }) => rules.map((rule) => targetOf(rule, name))));
  for (const { source, target } of rules) {
    if (target === undefined) continue;
    const reverse: Refspec = { isForced: false, source: target, target: source, isNegative: false };
    for (const name of await references.names("refs/")) {
      if (targetOf(reverse, name) === undefined || expected.has(name)) continue;
      const value = await references.read(name);
      if (value === undefined || !("id" in value)) continue; // it names another one
      if (!dryRun && !await removeReference(references, name, value.id)) continue;
      updates.push({
        source: undefined,
        target: name,
        before: value.id,
        after: undefined,
        kind: "removed",
        reason: undefined,
      });
    }
  }
  return updates;
}

/** Sets references; one that can't be set does not keep the others from it. */
export async function applyRefs(taken: readonly TakenRef[], context: RefContext): Promise<GitFetchUpdate[]> {
  const updates: GitFetchUpdate[] = [];
  for (const ref of taken) updates.push(await applyRef(ref, context));
  return updates;
}

type Judged = Pick<GitFetchUpdate, "kind" | "reason"> & { readonly words: string };

async function applyRef(ref: TakenRef, context: RefContext): Promise<GitFetchUpdate> {
  const { source, target, id } = ref;
  const plain = { source, target, after: id };
  if (target === undefined) return { ...plain, before: undefined, kind: "head", reason: undefined };
  if (!isReferenceName(target)) {
    return { ...plain, before: undefined, kind: "rejected", reason: "it is no name of a reference" };
  }
  const { references, dryRun, committer, action, database, hashAlgorithm } = context;
  const { id: before } = await references.resolve(target);
  const { words, kind, reason } = await judge(ref, target, before, context);
  const update = { ...plain, before, kind, reason };
  if (dryRun || kind === "rejected" || kind === "unchanged") return update;
  try {
    await updateReference(references, database, target, id, {
      expected: before ?? GitObjectId.zero(hashAlgorithm),
      message: `${action}: ${words}`,
      committer,
    });
    return update;
  } catch (error) {
    const isTaken = error instanceof NotFoundError ||
      error instanceof SluiceError && ["REFERENCE_CHANGED", "LOCKED"].includes(error.code);
    if (!isTaken) throw error;
    return { ...update, kind: "rejected", reason: "unable to update local ref", cause: error };
  }
}

async function judge(
  { source, id, isForced }: TakenRef,
  target: string,
  before: GitObjectId | undefined,
  { objects }: RefContext,
): Promise<Judged> {
  if (before === undefined) {
    const word = source.startsWith("refs/tags/") ? "tag" : source.startsWith("refs/heads/") ? "head" : "ref";
    return { kind: "new", reason: undefined, words: `storing ${word}` };
  }
  if (before.equals(id)) return { kind: "unchanged", reason: undefined, words: "" };
  if (target.startsWith("refs/tags/")) {
    if (isForced) return { kind: "tag", reason: undefined, words: "updating tag" };
    return { kind: "rejected", reason: "would clobber existing tag", words: "" };
  }
  if (await isBefore(objects, before, id)) {
    return { kind: "forward", reason: undefined, words: "fast-forward" };
  }
  if (isForced) return { kind: "forced", reason: undefined, words: "forced-update" };
  return { kind: "rejected", reason: "non-fast-forward", words: "" };
}

/** Whether a commit is among those that another one stands on. */
async function isBefore(objects: Objects, old: GitObjectId, young: GitObjectId): Promise<boolean> {
  const seen = new Set<string>();
  const waiting = new ByAge<{ readonly time: number; readonly parents: readonly GitObjectId[] }>();
  const pending: GitObjectId[] = [young];
  try {
    if (
      (await objects.withoutTags(old)).type !== "commit" ||
      (await objects.withoutTags(young)).type !== "commit"
    ) {
      return false;
    }
    while (true) {
      for (const id of pending) {
        if (id.equals(old)) return true;
        if (seen.has(`${id}`)) continue;
        seen.add(`${id}`);
        waiting.add(await objects.links(id));
      }
      const next = waiting.take();
      if (next === undefined) return false;
      pending.length = 0;
      pending.push(...next.parents);
    }
  } catch (error) {
    if (error instanceof NotFoundError) return false; // a history that ends here
    throw error;
  }
}
