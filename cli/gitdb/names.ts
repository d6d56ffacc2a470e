/**
 * From what a user writes to objects of a database.
 */
import { GitDatabase } from "@sluice/gitdb";
import type { GitObjectId } from "@sluice/gitdb";
import { AmbiguousIdError, NotFoundError } from "@sluice/internal";
import { UsageFailure } from "../shared/exit.ts";
import { defaultGitdbSettings, fatal } from "./settings.ts";
import type { GitdbSettings } from "./settings.ts";

/** Opens the database that the options name. */
export async function openDatabase(settings: GitdbSettings): Promise<GitDatabase> {
  if (settings.objects !== undefined && settings.gitDir !== defaultGitdbSettings().gitDir) {
    throw new UsageFailure("Options --git-dir and --objects exclude each other");
  }
  try {
    return await GitDatabase.open(settings.objects ?? settings.gitDir);
  } catch (error) {
    if (error instanceof NotFoundError) {
      throw fatal(`not a git repository: ${settings.objects ?? settings.gitDir}`);
    }
    throw error;
  }
}

/** What a name stands for. */
export async function resolveName(
  database: GitDatabase,
  name: string,
): Promise<GitObjectId | "missing" | "ambiguous"> {
  const fullLength = database.hashAlgorithm === "sha1" ? 40 : 64;
  if (name.length < 4 || name.length > fullLength || !/^[0-9a-fA-F]+$/.test(name)) return "missing";
  try {
    return await database.resolvePrefix(name);
  } catch (error) {
    if (error instanceof AmbiguousIdError) return "ambiguous";
    if (error instanceof NotFoundError) return "missing";
    throw error;
  }
}

/** The object that a command names, or its end. */
export async function requireObject(database: GitDatabase, name: string): Promise<GitObjectId> {
  const id = await resolveName(database, name);
  if (typeof id === "string") throw fatal(`Not a valid object name ${name}`);
  return id;
}

/** How often a replacement may be replaced itself, as in git. */
const REPLACE_DEPTH = 5;

/** From objects to those that are read instead, unless GIT_NO_REPLACE_OBJECTS is set. */
export async function openReplacements(database: GitDatabase): Promise<(id: GitObjectId) => GitObjectId> {
  if (Deno.env.get("GIT_NO_REPLACE_OBJECTS") !== undefined) return (id) => id;
  const replaced = await database.replacements();
  return (id) => {
    let found = id;
    for (let depth = 0; depth < REPLACE_DEPTH; depth++) {
      const next = replaced.get(`${found}`);
      if (next === undefined) return found;
      found = next;
    }
    throw fatal(`replace depth too high for object ${id}`);
  };
}
