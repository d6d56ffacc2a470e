/**
 * From what a user writes to objects of a database.
 */
import { GitDatabase, GitRepository } from "@sluice/gitdb/repository";
import type { GitAbsentHook, GitObjectId } from "@sluice/gitdb/repository";
import { AmbiguousIdError, byteString, NotFoundError, UnsupportedFeatureError } from "@sluice/internal";
import { UsageFailure } from "../shared/exit.ts";
import type { Failure } from "../shared/exit.ts";
import { loaderBeside } from "../shared/load.ts";
import { byteText, utf8OfByteText } from "./output.ts";
import { findRevision } from "./paths.ts";
import { fatal } from "./settings.ts";
import type { GitdbSettings } from "./settings.ts";

const load = loaderBeside(import.meta.url);

/** A database, and the repository around it where there is one. */
export interface OpenObjects extends AsyncDisposable {
  readonly database: GitDatabase;
  readonly repository: GitRepository | undefined;
  /** The object that is read instead of another one; a folder of objects alone replaces none. */
  replacement(id: GitObjectId): GitObjectId;
}

/** What names the folder of objects for git, and folders beside it. */
const OBJECT_FOLDER = "GIT_OBJECT_DIRECTORY";
const OTHER_FOLDERS = "GIT_ALTERNATE_OBJECT_DIRECTORIES";

/** Where a repository is looked for, and whether in the folders above, too. */
function placeOf(settings: GitdbSettings): { readonly path: string; readonly discover: boolean } {
  const given = settings.gitDir ?? Deno.env.get("GIT_DIR");
  return { path: given ?? ".", discover: given === undefined };
}

/**
 * Opens the repository that the options or the environment name.
 *
 * @throws {Failure} If there is none.
 */
export async function openRepository(settings: GitdbSettings): Promise<GitRepository> {
  if (settings.objects !== undefined) throw new UsageFailure("Option --objects has no effect here");
  const { path, discover } = placeOf(settings);
  try {
    const repository = await openFetching(path, discover);
    await checkObjectFolders(repository);
    return repository;
  } catch (error) {
    if (error instanceof NotFoundError) throw noRepository(path, discover);
    throw error;
  }
}

/** Refuses folders of objects that git would read instead of the repository's, or beside it. */
async function checkObjectFolders({ database }: GitRepository): Promise<void> {
  const others = Deno.env.get(OTHER_FOLDERS) || undefined;
  const folder = Deno.env.get(OBJECT_FOLDER) || undefined;
  const isOther = folder !== undefined &&
    await Deno.realPath(folder).catch(() => folder) !== await Deno.realPath(database.root);
  if (others === undefined && !isOther) return;
  await database[Symbol.asyncDispose]();
  throw others === undefined
    ? fatal(`${OBJECT_FOLDER} is another folder than that of the repository, which is not known here`)
    : refusedFolders();
}

function refusedFolders(): Failure {
  return fatal(`${OTHER_FOLDERS} is not known here; write the folders into objects/info/alternates`);
}

/** Opens a repository that fetches what a partial clone left out when it is read, as git does. */
async function openFetching(path: string, discover: boolean): Promise<GitRepository> {
  let hook: Promise<GitAbsentHook> | undefined;
  const isOff = Deno.env.get("GIT_NO_LAZY_FETCH") !== undefined;
  const onAbsent: GitAbsentHook = async (ids) => {
    hook ??= load<typeof import("./promised.ts")>("./promised.ts")
      .then(({ promisedObjects }) => promisedObjects(repository.commonFolder));
    return await (await hook)(ids);
  };
  const repository = await openAt(path, discover, isOff ? {} : { onAbsent });
  return repository;
}

/** Opens a repository as the environment says. */
async function openAt(
  path: string,
  discover: boolean,
  own: { readonly onAbsent?: GitAbsentHook },
): Promise<GitRepository> {
  const workTree = Deno.env.get("GIT_WORK_TREE") || undefined;
  const options = { ...replacementOptions(), workTree, ...own };
  const ceilings = await ceilingFolders();
  if (!discover || ceilings.size === 0) return await GitRepository.open(path, { ...options, discover });
  for (let at = await Deno.realPath(path);;) {
    try {
      return await GitRepository.open(at, { ...options, discover: false });
    } catch (error) {
      const above = at.slice(0, at.lastIndexOf("/")) || "/";
      if (!(error instanceof NotFoundError) || above === at || ceilings.has(above)) throw error;
      at = above;
    }
  }
}

/** Folders that are not looked at from below. As in git, links are followed up to an empty entry. */
async function ceilingFolders(): Promise<ReadonlySet<string>> {
  const folders = new Set<string>();
  let resolves = true;
  for (const entry of (Deno.env.get("GIT_CEILING_DIRECTORIES") ?? "").split(":")) {
    if (entry === "") resolves = false;
    if (!entry.startsWith("/")) continue;
    const plain = entry.replace(/(?<=.)\/+$/, "");
    folders.add(resolves ? await Deno.realPath(plain).catch(() => plain) : plain);
  }
  return folders;
}

function noRepository(path: string, discover: boolean): Failure {
  return fatal(`not a git repository${discover ? " (or any of the parent directories): .git" : `: ${path}`}`);
}

/** Whether replaced objects count: the configuration says so, unless the environment does. */
function replacementOptions(): { readonly replacements?: false } {
  return Deno.env.get("GIT_NO_REPLACE_OBJECTS") === undefined ? {} : { replacements: false };
}

/**
 * Opens the database that the options or the environment name, with the repository where it has one. With `fetches`, what a
 * partial clone left out comes when it is read.
 */
export async function openObjects(settings: GitdbSettings, fetches = true): Promise<OpenObjects> {
  if (settings.objects !== undefined && settings.gitDir !== undefined) {
    throw new UsageFailure("Options --git-dir and --objects exclude each other");
  }
  const folder = settings.objects ??
    (settings.gitDir === undefined ? Deno.env.get(OBJECT_FOLDER) || undefined : undefined);
  if (Deno.env.get(OTHER_FOLDERS)) throw refusedFolders();
  const { path, discover } = folder === undefined ? placeOf(settings) : { path: folder, discover: false };
  try {
    const repository = folder === undefined ? await repositoryAt(path, discover, fetches) : undefined;
    if (repository !== undefined) await checkObjectFolders(repository);
    const database = repository?.database ?? await GitDatabase.open(path);
    return {
      database,
      repository,
      replacement: (id) => repository?.replacement(id) ?? id,
      [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
    };
  } catch (error) {
    if (error instanceof NotFoundError) throw noRepository(path, discover);
    throw error;
  }
}

/** A repository; undefined where there is none, which may still be a folder of objects. */
async function repositoryAt(
  path: string,
  discover: boolean,
  fetches: boolean,
): Promise<GitRepository | undefined> {
  try {
    if (fetches) return await openFetching(path, discover);
    return await openAt(path, discover, {});
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}

/** Opens the database that the options or the environment name, with what is there and nothing else. */
export async function openDatabase(settings: GitdbSettings): Promise<GitDatabase> {
  return (await openObjects(settings, false)).database;
}

/** What a name stands for: any revision of a repository, an id or the start of one elsewhere. */
export async function resolveName(
  { database, repository }: OpenObjects,
  name: string,
): Promise<GitObjectId | "missing" | "ambiguous"> {
  const fullLength = database.hashAlgorithm === "sha1" ? 40 : 64;
  const isPrefix = name.length >= 4 && name.length <= fullLength && /^[0-9a-fA-F]+$/.test(name);
  if (repository === undefined && !isPrefix) {
    if (Deno.env.get(OBJECT_FOLDER)) {
      throw fatal(`"${name}" is no id, and ${OBJECT_FOLDER} is read without references`);
    }
    return "missing";
  }
  try {
    return repository === undefined
      ? await database.resolvePrefix(name)
      : await findRevision(repository, name);
  } catch (error) {
    if (error instanceof AmbiguousIdError) return "ambiguous";
    if (error instanceof NotFoundError || error instanceof RangeError) return "missing";
    if (error instanceof UnsupportedFeatureError) throw fatal(error.message);
    throw error;
  }
}

/** As `resolveName` for a name as bytes, whose path (`REVISION:PATH`) need not be UTF-8. */
export async function resolveBytes(
  opened: OpenObjects,
  name: string,
): Promise<GitObjectId | "missing" | "ambiguous"> {
  const text = utf8OfByteText(name);
  const colon = name.indexOf(":");
  if (byteText(text) === name || colon < 0 || opened.repository === undefined) {
    return await resolveName(opened, text);
  }
  const root = await resolveName(opened, `${utf8OfByteText(name.slice(0, colon))}^{tree}`);
  if (typeof root === "string") return root;
  let at: { readonly type: string; readonly id: GitObjectId } = { type: "tree", id: root };
  for (const part of name.slice(colon + 1).split("/")) {
    if (at.type !== "tree") return "missing";
    const entries = await opened.repository.readTree(`${at.id}`);
    const found = entries.find(({ nameBytes }) => byteString(nameBytes) === part);
    if (found === undefined) return "missing";
    at = found;
  }
  return at.id;
}

/** Digits that git shows at least where it chooses their number. */
const SHORT_DIGITS_MIN = 7;

/** How many digits git shows of an id: more in databases with many packed objects. */
export async function usualDigits(database: GitDatabase): Promise<number> {
  const packed = await database.packs.count({ unique: false });
  return Math.max(SHORT_DIGITS_MIN, Math.ceil((Math.floor(Math.log2(Math.max(packed, 1))) + 1) / 2));
}

/** The start of an id that no other object has, of so many digits or more. */
export async function shortId(database: GitDatabase, id: string, digits: number): Promise<string> {
  let length = Math.max(4, digits);
  while (length < id.length && (await database.candidates(id.slice(0, length), 2)).length > 1) length++;
  return id.slice(0, length);
}

/** The object that a command names, or its end. */
export async function requireObject(opened: OpenObjects, name: string): Promise<GitObjectId> {
  const id = await resolveName(opened, name);
  if (typeof id === "string") throw fatal(`Not a valid object name ${name}`);
  return id;
}
