/**
 * Finding objects that a repository needs and does not have. Deno only.
 *
 * @module
 */
import { checkArgument, NotFoundError, SluiceError } from "@sluice/internal";
import { promisedIds } from "../database/_promised.ts";
import { rootIds, shallowIds } from "../database/_root_ids.ts";
import { GitDatabase } from "../database/git_database.ts";
import { joinPath } from "../object/_fs.ts";
import { referencesOf } from "../object/_object_syntax.ts";
import type { Reference } from "../object/_object_syntax.ts";
import { WHOLE_OBJECT_MAX } from "../object/_stored_object.ts";
import type { GitObject, GitObjectType } from "../object/object.ts";
import type { GitObjectId } from "../object/object_id.ts";

/** An object that is missing. */
export interface GitMissingObject {
  /** Its id. */
  readonly id: GitObjectId;
  /** The type that it has to have; undefined where only a reference names it. */
  readonly type: GitObjectType | undefined;
  /** The object that refers to it; undefined where a reference does. */
  readonly from: { readonly id: GitObjectId; readonly type: GitObjectType } | undefined;
}

/**
 * The objects that are missing among those which HEAD, branches, tags and other references lead to. Parents that a shallow
 * clone left out, and what a partial clone can fetch, are not missing. Reflogs and the index of a work tree are not looked
 * at. Objects that are damaged lead nowhere: `verifyGitDatabase` reports them.
 *
 * @example Nothing is missing where nothing is referred to
 * ```ts
 * import { findMissingGitObjects, GitDatabase } from "@sluice/gitdb";
 * import { assertEquals } from "@std/assert";
 *
 * const folder = await Deno.makeTempDir();
 * await Deno.mkdir(`${folder}/objects`);
 * {
 *   await using database = await GitDatabase.open(folder);
 *   assertEquals(await Array.fromAsync(findMissingGitObjects(database)), []);
 *   await Deno.writeTextFile(`${folder}/HEAD`, `${"12".repeat(20)}\n`);
 *   const [missing] = await Array.fromAsync(findMissingGitObjects(database));
 *   assertEquals(`${missing?.id}`, "12".repeat(20));
 * }
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function* findMissingGitObjects(database: GitDatabase): AsyncGenerator<GitMissingObject> {
  checkArgument(database instanceof GitDatabase, "look for objects", database, "a GitDatabase");
  const gitFolder = joinPath(database.root, "..");
  const shallow = await shallowIds(gitFolder);
  const seen = new Set<string>();
  let promised: Set<string> | undefined;
  const pending: GitMissingObject[] = (await rootIds(gitFolder, database.hashAlgorithm))
    .map((id) => ({ id, type: undefined, from: undefined }));
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { id, type } = next;
    if (seen.has(`${id}`)) continue;
    seen.add(`${id}`);
    try {
      if (type === "blob") {
        if (await database.has(id)) continue;
      } else {
        const object = await database.read(id, { promised: false });
        const from = { id, type: object.type };
        for (const reference of await parsed(object, shallow)) pending.push({ ...reference, from });
        continue;
      }
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      if (!(error instanceof NotFoundError)) continue;
    }
    promised ??= await promisedIds(database, database.packs.packs, database.root);
    if (!promised.has(`${id}`)) yield next;
  }
}

async function parsed(object: GitObject, shallow: ReadonlySet<string>): Promise<readonly Reference[]> {
  if (object.type === "blob") return [];
  const bytes = await object.bytes({ maxObjectSize: WHOLE_OBJECT_MAX });
  const references = referencesOf(object.type, bytes, object.id.algorithm);
  return shallow.has(`${object.id}`) ? references.filter(({ type }) => type !== "commit") : references;
}
