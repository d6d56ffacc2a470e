/**
 * Packing everything that a database has into one pack. Deno only.
 *
 * @module
 */
import { writeFault } from "@sluice/internal/file-source";
import { checkArgument, SluiceError } from "@sluice/internal";
import { GitDatabase } from "../database/git_database.ts";
import { repositoryFormat } from "../database/_repository_format.ts";
import { unsupported } from "../object/_errors.ts";
import { isMissing, joinPath, listFolder, readText, statPath } from "../object/_fs.ts";
import type { GitObjectId } from "../object/object_id.ts";
import type { GitPack } from "../pack/pack.ts";
import { createGitPack } from "./create_pack.ts";
import type { GitCreatedPack, GitCreatePackOptions } from "./create_pack.ts";
import { pathsInTrees } from "./_tree_paths.ts";

/** How {@linkcode repackGitDatabase} works. */
export interface GitRepackOptions extends GitCreatePackOptions {
  /** Remove packs and loose objects that the new pack has. @default {false} */
  readonly delete?: boolean | undefined;
}

/** How often packing begins anew because another process removed packs. */
const TRIES_MAX = 8;
/** Files of a pack that a new pack has anew, or that are worth nothing without it. */
const PLAIN_ENDINGS: readonly string[] = [".pack", ".idx", ".rev", ".bitmap"];

/**
 * Packs all objects of a database, without its alternates, into one new pack. Nothing is removed before that is on the
 * disk. Undefined where there is nothing to pack.
 *
 * A pack with other files than its index, reverse index and bitmap stays as it is: `.keep` says that someone holds on to
 * it, `.promisor` that what it lacks can be fetched, `.mtimes` how old its objects are. What only such a pack has is not
 * packed again.
 *
 * Packs that another process removes meanwhile, as `git gc` does, were packed by it: packing begins anew with those that
 * are there.
 *
 * @throws {SluiceError} If packs disappear each time (code "TARGET_CHANGED"), or disappear before what was packed is
 *   removed (code "NO_FILE"). Nothing is removed then.
 * @throws {UnsupportedFeatureError} If packs are to be removed that `extensions.preciousObjects` protects. Nothing is packed
 *   then.
 *
 * @example Loose objects into a pack
 * ```ts
 * import { GitDatabase, repackGitDatabase } from "@sluice/gitdb";
 * import { assertEquals } from "@std/assert";
 *
 * const folder = await Deno.makeTempDir();
 * await Deno.mkdir(`${folder}/objects`);
 * {
 *   await using database = await GitDatabase.open(folder);
 *   const id = await database.write({ type: "blob", body: "loose no more" });
 *   assertEquals((await repackGitDatabase(database, { delete: true }))?.count, 1);
 *   assertEquals((await database.info(id)).storage, "packed");
 * }
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function repackGitDatabase(
  database: GitDatabase,
  options: GitRepackOptions = {},
): Promise<GitCreatedPack | undefined> {
  checkArgument(database instanceof GitDatabase, "repack a database", database, "a GitDatabase");
  if (options.delete === true) await refusePrecious(database);
  const folder = joinPath(database.root, "pack");
  const { created, lasting, merged, has } = await packAll(database, folder, options);
  if (options.delete === true) {
    requireFiles(folder, [
      ...lasting.map(({ name }) => name),
      ...created === undefined ? [] : [created.name],
    ]);
    await removePacks(folder, merged.map(({ name }) => name).filter((name) => name !== created?.name));
    for await (const id of database.loose.ids()) {
      const path = database.loose.findPath(id);
      if (has(id) && path !== undefined) removeFile(path);
    }
  }
  await database.refresh({ force: true });
  return created;
}

/** Others may need the objects of a repository that says so. */
async function refusePrecious({ root }: GitDatabase): Promise<void> {
  const config = await readText(joinPath(root, "../config")) ?? "";
  if (!repositoryFormat(config).isPrecious) return;
  throw unsupported("delete packs", "extensions.preciousObjects of the repository forbids it");
}

/** What was packed, and which packs are worth nothing any more or stay. */
interface Packed {
  /** The new pack; undefined where there was nothing to pack. */
  readonly created: GitCreatedPack | undefined;
  readonly merged: readonly GitPack[];
  readonly lasting: readonly GitPack[];
  /** Whether an object is in the new pack or in one that lasts. */
  readonly has: (id: GitObjectId) => boolean;
}

/**
 * Packs what is there. Packs that disappear meanwhile have been packed by another process: what is there is listed again.
 *
 * @throws {SluiceError} If packs go on disappearing (code "TARGET_CHANGED").
 */
async function packAll(database: GitDatabase, folder: string, options: GitRepackOptions): Promise<Packed> {
  for (let tries = 1;; tries++) {
    await database.refresh({ force: true });
    const { packs } = database.packs;
    try {
      return await packListed(database, folder, packs, options);
    } catch (error) {
      const isGone = ({ name }: GitPack): boolean => statPath(joinPath(folder, `${name}.pack`)) === undefined;
      if (!(error instanceof SluiceError) || !packs.some(isGone)) throw error;
      if (tries < TRIES_MAX) continue;
      throw new SluiceError(
        `Cannot repack "${database.root}": packs disappeared in each of ${tries} tries (another process packs)`,
        { format: "git", code: "TARGET_CHANGED", cause: error },
      );
    }
  }
}

async function packListed(
  database: GitDatabase,
  folder: string,
  packs: readonly GitPack[],
  options: GitRepackOptions,
): Promise<Packed> {
  const extras = await extraEndings(folder, packs.map(({ name }) => name));
  const merged = packs.filter(({ name }) => !extras.has(name));
  const staying = packs.filter(({ name }) => extras.has(name));
  // A cruft pack keeps its objects only until they are old.
  const lasting = staying.filter(({ name }) => !extras.get(name)!.has(".mtimes"));
  const kept = await idsOf(lasting);
  const ids = new Map<string, GitObjectId>();
  for (const [hex, id] of await idsOf(merged)) if (!kept.has(hex)) ids.set(hex, id);
  for await (const id of database.loose.ids()) if (!kept.has(`${id}`)) ids.set(`${id}`, id);
  const has = (id: GitObjectId): boolean => ids.has(`${id}`) || kept.has(`${id}`);
  if (ids.size === 0) return { created: undefined, merged, lasting, has };
  const paths = await pathsInTrees(database, [...ids.values()]);
  const requests = [...ids.values()].map((id) => ({ id, path: paths.get(`${id}`) }));
  return { created: await createGitPack(folder, database, requests, options), merged, lasting, has };
}

/** By the name of a pack, the endings of files beside it that say how it may be treated. */
async function extraEndings(folder: string, packs: readonly string[]): Promise<Map<string, Set<string>>> {
  const known = new Set(packs);
  const found = new Map<string, Set<string>>();
  for (const { name } of await listFolder(folder) ?? []) {
    for (let dot = name.indexOf("."); dot >= 0; dot = name.indexOf(".", dot + 1)) {
      const stem = name.slice(0, dot);
      const ending = name.slice(dot);
      if (!known.has(stem) || PLAIN_ENDINGS.includes(ending)) continue;
      found.set(stem, (found.get(stem) ?? new Set()).add(ending));
    }
  }
  return found;
}

async function idsOf(packs: readonly GitPack[]): Promise<Map<string, GitObjectId>> {
  const ids = new Map<string, GitObjectId>();
  for (const pack of packs) for await (const { id } of pack.entries()) ids.set(`${id}`, id);
  return ids;
}

/**
 * Makes sure that the packs which hold what is about to be removed are still there.
 *
 * @throws {SluiceError} If one is gone.
 */
function requireFiles(folder: string, names: readonly string[]): void {
  for (
    const path of names.flatMap((name) => [".pack", ".idx"].map((ending) => joinPath(folder, name + ending)))
  ) {
    if (statPath(path)?.isFile === true) continue;
    throw new SluiceError(`Cannot remove what was packed: "${path}" disappeared meanwhile`, {
      format: "git",
      code: "NO_FILE",
    });
  }
}

/** Removes packs; one that has got another file since, as `.keep`, stays. */
async function removePacks(folder: string, names: readonly string[]): Promise<void> {
  const extras = await extraEndings(folder, names);
  const gone = names.filter((name) => !extras.has(name));
  // An index of several packs would go on to name those that are gone.
  if (gone.length > 0) await removeMultiPackIndexes(folder);
  // The index first, so that readers stop to find the pack.
  for (const name of gone) {
    for (const ending of PLAIN_ENDINGS.toReversed()) {
      if (ending !== ".pack") removeFile(joinPath(folder, name + ending));
    }
    removeFile(joinPath(folder, `${name}.pack`));
  }
}

/** Removes the single multi-pack index and the layers of an incremental one, with their bitmaps and reverse indexes. */
async function removeMultiPackIndexes(folder: string): Promise<void> {
  const layers = joinPath(folder, "multi-pack-index.d");
  removeFile(joinPath(folder, "multi-pack-index"));
  removeFile(joinPath(layers, "multi-pack-index-chain"));
  for (const place of [folder, layers]) {
    for (const { name } of await listFolder(place) ?? []) {
      if (/^multi-pack-index-[0-9a-f]+\.(?:bitmap|rev|midx)$/.test(name)) removeFile(joinPath(place, name));
    }
  }
}

function removeFile(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!isMissing(error)) throw writeFault(path, error);
  }
}
