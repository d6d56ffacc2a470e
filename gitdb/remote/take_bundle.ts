/**
 * Bundles taken into a database.
 *
 * @module
 */
import { checkArgument, checkKeys, isAnyIterable, readChunks, SluiceError } from "@sluice/internal";
import { GitDatabase } from "../database/git_database.ts";
import type { GitObjectId } from "../object/_object_id.ts";
import { PackStore } from "../pack/pack_store.ts";
import { takePack } from "../write/_take_pack.ts";
import type { GitIntakeOptions } from "../write/_take_pack.ts";
import type { PackOpener } from "../write/_pack_indexes.ts";
import { readBundle } from "./_bundle.ts";
import { checkConnected } from "./_connected.ts";
import { OBJECT_OPTIONS } from "./_who.ts";

/** How a bundle is taken in. */
export interface GitBundleOptions extends GitIntakeOptions {
  /** How messages name it. @default {"the bundle"} */
  readonly name?: string | undefined;
  /** Gives the work up. */
  readonly signal?: AbortSignal | undefined;
}

/** What a bundle had. */
export interface GitTakenBundle {
  /** Its references. None is set. */
  readonly refs: readonly { readonly name: string; readonly id: GitObjectId }[];
  /** How many objects its pack has, with the bases that were added to it. */
  readonly count: number;
}

const BUNDLE_OPTIONS: ReadonlySet<string> = new Set<keyof GitBundleOptions>([
  "name",
  ...OBJECT_OPTIONS,
  "signal",
]);

const openIncoming: PackOpener = (pack, index, hashAlgorithm) =>
  PackStore.fromSources([{ name: "incoming", pack, index }], { hashAlgorithm });

/**
 * Takes the objects of a bundle (`git bundle`) into a database, as a pack: a file of any server or disk from which a clone
 * can start. Every object is made and hashed, and all that its references lead to has to be there. Deno only.
 *
 * @throws {SluiceError} If it breaks the rules of its format, or needs commits that are not in the database (code
 *   "BASE_MISSING").
 *
 * @example Something that is no bundle
 * ```ts
 * import { GitDatabase, takeGitBundle } from "@sluice/gitdb";
 * import { assertRejects } from "@std/assert";
 *
 * const folder = await Deno.makeTempDir();
 * await Deno.mkdir(`${folder}/objects`);
 * {
 *   await using database = await GitDatabase.open(folder);
 *   const text = new Blob(["nothing\n\n"]).stream();
 *   await assertRejects(() => takeGitBundle(database, text), Error, "does not start a bundle");
 * }
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function takeGitBundle(
  database: GitDatabase,
  bundle: AsyncIterable<Uint8Array>,
  options: GitBundleOptions = {},
): Promise<GitTakenBundle> {
  checkArgument(database instanceof GitDatabase, "take a bundle in", database, "a GitDatabase");
  checkArgument(isAnyIterable(bundle), "take a bundle in", bundle, "a stream of bytes");
  checkKeys(options, BUNDLE_OPTIONS);
  const { name = "the bundle", signal, ...limits } = options;
  const chunks = readChunks(bundle, signal);
  try {
    const { hashAlgorithm, refs, prerequisites, pack } = await readBundle(chunks, name);
    if (hashAlgorithm !== database.hashAlgorithm) {
      throw new SluiceError(`Cannot take ${name} in: its objects are named by another hash`, {
        format: "git",
        code: "BAD_ID",
      });
    }
    const wanted = {
      wants: [...prerequisites, ...refs.map(({ id }) => id)],
      shallow: new Set<string>(),
      isPartial: false,
      existing: database,
    };
    const { count } = await takePack(database.resolvePath("pack"), pack, {
      ...limits,
      hashAlgorithm,
      bases: database,
      existing: database,
      keepEmpty: false,
      check: (each, table) => checkConnected(each, table, wanted),
    }, openIncoming);
    await database.refresh({ force: true });
    return { refs, count };
  } finally {
    await chunks.return();
  }
}
