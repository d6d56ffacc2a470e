/**
 * Merging sorted sequences of ids.
 */
import { GitObjectId } from "./_object_id.ts";

/** All ids in order; where `unique`, each once. */
export async function* mergeSorted(
  sources: readonly AsyncIterator<{ readonly id: GitObjectId }>[],
  unique: boolean,
): AsyncGenerator<GitObjectId> {
  const heads = await Promise.all(sources.map((source) => source.next()));
  let last: GitObjectId | undefined;
  while (true) {
    let least = -1;
    for (let i = 0; i < heads.length; i++) {
      if (heads[i]!.done) continue;
      if (least < 0 || GitObjectId.compare(heads[i]!.value.id, heads[least]!.value.id) < 0) least = i;
    }
    if (least < 0) return;
    const { id } = heads[least]!.value as { readonly id: GitObjectId };
    if (!unique || last === undefined || !id.equals(last)) yield id;
    last = id;
    heads[least] = await sources[least]!.next();
  }
}
