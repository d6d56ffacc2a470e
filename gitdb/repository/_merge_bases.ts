/**
 * The best common ancestors of two commits, as `git merge-base --all` finds them. Deno only.
 */
import type { GitObjectId } from "../object/_object_id.ts";
import { idsBefore } from "./_history.ts";
import type { Objects } from "./_objects.ts";

/** The common ancestors that stand before no other one, the youngest first. Dates may be wrong: all are walked. */
export async function findMergeBases(
  objects: Objects,
  left: GitObjectId,
  right: GitObjectId,
  signal: AbortSignal | undefined,
): Promise<GitObjectId[]> {
  const known = await idsBefore(objects, [left], signal);
  const common: { readonly id: GitObjectId; readonly time: number }[] = [];
  const notBest = new Set<string>();
  const seen = new Set<string>();
  const pending = [right];
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    if (seen.has(`${id}`)) continue;
    signal?.throwIfAborted();
    seen.add(`${id}`);
    const { parents, time } = await objects.links(id);
    if (known.has(`${id}`)) {
      common.push({ id, time });
      for (const parent of parents) notBest.add(`${parent}`);
    }
    pending.push(...parents);
  }
  return common.filter(({ id }) => !notBest.has(`${id}`)).sort((a, b) => b.time - a.time).map(({ id }) => id);
}
