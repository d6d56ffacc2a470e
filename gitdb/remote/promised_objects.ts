/**
 * Objects that a partial clone left out, fetched when they are read.
 *
 * @module
 */
import { checkArgument, checkInteger, checkKeys, LimitExceededError } from "@sluice/internal";
import type { GitAbsentHook } from "../database/compound_database.ts";
import { GitDatabase } from "../database/git_database.ts";
import { findRepository } from "../database/_repository.ts";
import { toPath } from "../object/_fs.ts";
import type { GitObjectId } from "../object/_object_id.ts";
import { fetchGitObjects } from "./fetch_objects.ts";
import { readConfig } from "./_remote_config.ts";
import { isOn } from "../object/_config.ts";
import { GitRemote } from "./remote.ts";
import type { GitRemoteOptions } from "./remote.ts";

/** How absent objects are fetched. */
export interface GitPromisedOptions {
  /** How the server is reached. */
  readonly connection?: GitRemoteOptions | undefined;
  /** The most objects that are fetched in all. @default {Infinity} */
  readonly maxObjects?: number | undefined;
  /** Called before each request with the objects that are asked for; returns false to leave them absent. */
  readonly onFetch?: ((ids: readonly GitObjectId[]) => boolean | void) | undefined;
  /** Gives fetches up. */
  readonly signal?: AbortSignal | undefined;
}

const PROMISED_OPTIONS: ReadonlySet<string> = new Set<keyof GitPromisedOptions>([
  "maxObjects",
  "onFetch",
  "signal",
]);
/** Ids of one request. */
const REQUEST_MAX = 10_000;

/**
 * What a database of a partial clone is opened with, so that reads bring what was left out: one request for what a read or
 * a batch lacks, of the first remote of the configuration that has promised its objects. Undefined where none has. Deno
 * only.
 *
 * @throws {NotFoundError} If there is no repository.
 *
 * @example A repository that lacks nothing
 * ```ts
 * import { GitRepository, promisedGitObjects } from "@sluice/gitdb";
 * import { assertEquals } from "@std/assert";
 *
 * const folder = await Deno.makeTempDir();
 * for (const name of ["objects", "refs"]) await Deno.mkdir(`${folder}/${name}`);
 * await Deno.writeTextFile(`${folder}/HEAD`, "ref: refs/heads/main\n");
 * {
 *   const onAbsent = await promisedGitObjects(folder, { maxObjects: 1000 });
 *   await using repository = await GitRepository.open(folder, { onAbsent });
 *   assertEquals([onAbsent, await repository.head()], [undefined, "refs/heads/main"]);
 * }
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function promisedGitObjects(
  path: string | URL,
  options: GitPromisedOptions = {},
): Promise<GitAbsentHook | undefined> {
  checkArgument(typeof options === "object" && options !== null, "fetch objects", options, "options");
  const { connection = {}, ...own } = options;
  checkKeys(own, PROMISED_OPTIONS);
  const { maxObjects = Infinity, onFetch, signal } = own;
  if (maxObjects !== Infinity) checkInteger("maxObjects", maxObjects, 0, Number.MAX_SAFE_INTEGER);
  const { commonFolder, objects } = await findRepository(toPath(path));
  const url = commonFolder === undefined ? undefined : await promisorOf(commonFolder);
  if (url === undefined) return undefined;
  const remote = new GitRemote(url, connection);
  let fetched = 0;
  return async (ids) => {
    if (onFetch?.(ids) === false) return false;
    fetched += ids.length;
    if (fetched > maxObjects) {
      throw new LimitExceededError(
        `Cannot fetch ${ids.length} promised objects: the limit is ${maxObjects} in all`,
        {
          format: "git",
          code: "BUDGET_EXCEEDED",
          limit: maxObjects,
          actual: fetched,
          unit: "objects",
        },
      );
    }
    const database = await GitDatabase.open(objects);
    try {
      for (let at = 0; at < ids.length; at += REQUEST_MAX) {
        await fetchLeft(remote, database, ids.slice(at, at + REQUEST_MAX), signal);
      }
    } finally {
      await database[Symbol.asyncDispose]();
    }
    return true;
  };
}

/** Fetches objects by their ids, and of trees no blobs. */
async function fetchLeft(
  remote: GitRemote,
  database: GitDatabase,
  wants: readonly GitObjectId[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const { version, features } = await remote.capabilities({ signal });
  const offers = version === 2 ? (features.get("fetch") ?? "").split(" ") : [...features.keys()];
  const filter = offers.includes("filter") ? "blob:none" : undefined;
  await fetchGitObjects(remote, database, { wants, filter, promisor: true, signal });
}

/** The URL of the first remote that has promised its objects. */
async function promisorOf(commonFolder: string): Promise<string | undefined> {
  const config = await readConfig(commonFolder);
  const urlOf = (name: string): string | undefined => config.get(`remote.${name}.url`)?.[0];
  for (const [key, values] of config) {
    const name = /^remote\.(.+)\.promisor$/.exec(key)?.[1];
    // What was fetched of a URL alone is promised by that.
    if (name !== undefined && isOn(values.at(-1))) return urlOf(name) ?? name;
  }
  const old = config.get("extensions.partialclone")?.at(-1);
  return old === undefined ? undefined : urlOf(old);
}
