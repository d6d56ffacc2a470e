/**
 * From revisions to objects. Deno only.
 */
import { unsupported } from "../object/_errors.ts";
import { AmbiguousIdError, byteString, CorruptDataError, NotFoundError } from "@sluice/internal";
import { HASH_SIZE } from "../object/_object_id.ts";
import { GitObjectId } from "../object/_object_id.ts";
import type { GitObjectType } from "../object/object.ts";
import { walkHistory } from "./_history.ts";
import { wrongType } from "./_objects.ts";
import type { Objects } from "./_objects.ts";
import { referenceCandidates } from "./_reference_names.ts";
import type { References } from "./_references.ts";
import { parseRevision } from "./_revision_syntax.ts";
import type { MessagePattern, RevisionBase, RevisionStep } from "./_revision_syntax.ts";

/** A walk over everything before some commits, by age. */
const WHOLE_HISTORY = {
  without: [],
  order: "age",
  firstParent: false,
  paths: undefined,
  since: undefined,
  until: undefined,
  signal: undefined,
} as const;

const PREFIX_LENGTH_MIN = 4;
/** Candidates of an abbreviated id whose types are looked at. */
const CANDIDATES_MAX = 1000;
/** What `git describe` writes: a tag, a number of commits, and an id after a "g"; of the first two git takes anything. */
const DESCRIBED = /-g([0-9a-fA-F]{4,})$/;

function notFound(revision: string, why: string): NotFoundError {
  return new NotFoundError(`Cannot resolve "${revision}": ${why}`, { format: "git", code: "NOT_FOUND" });
}

/** The full name of the reference that a short name means; undefined where there is none. */
export async function expandName(references: References, name: string): Promise<string | undefined> {
  for (const full of referenceCandidates(name)) {
    if ((await references.resolve(full)).id !== undefined) return full;
  }
  return undefined;
}

/**
 * The object that a revision names.
 *
 * @throws {NotFoundError} If there is none, with code "NOT_FOUND", or "OBJECT_NOT_FOUND" for an abbreviated id.
 * @throws {AmbiguousIdError} If an abbreviated id fits several objects.
 */
export async function resolveRevision(
  objects: Objects,
  references: References,
  revision: string,
): Promise<GitObjectId> {
  const { base, steps } = parseRevision(revision);
  let id = await resolveBase(objects, references, base, { first: steps[0], revision });
  for (const step of steps) id = await takeStep(objects, id, step, revision);
  return id;
}

/** What a base is part of. */
interface Whole {
  readonly first: RevisionStep | undefined;
  readonly revision: string;
}

async function resolveBase(
  objects: Objects,
  references: References,
  base: RevisionBase,
  whole: Whole,
): Promise<GitObjectId> {
  switch (base.kind) {
    case "logged":
      return await loggedId(references, base.name, base.back, whole.revision);
    case "message": {
      const from = await commitsOfReferences(objects, references);
      return await withMessage(objects, from, base.pattern, whole.revision);
    }
    case "checkout": {
      const left = await references.leftName(base.back);
      if (left === undefined) throw notFound(whole.revision, "the log of HEAD does not reach so far");
      return await resolveName(objects, references, left, whole);
    }
    case "name":
      return await resolveName(objects, references, base.name, whole);
  }
}

async function resolveName(
  objects: Objects,
  references: References,
  base: string,
  { first, revision }: Whole,
): Promise<GitObjectId> {
  const fullLength = 2 * HASH_SIZE[objects.database.hashAlgorithm];
  const isHex = /^[0-9a-fA-F]+$/.test(base);
  if (isHex && base.length === fullLength) return GitObjectId.from(base);
  const name = await expandName(references, base);
  if (name !== undefined) return (await references.resolve(name)).id!;
  const prefix = isHex ? base : DESCRIBED.exec(base)?.[1];
  if (prefix === undefined || prefix.length < PREFIX_LENGTH_MIN || prefix.length > fullLength) {
    throw notFound(revision, "there is no such reference or object");
  }
  return await resolvePrefix(objects, prefix, isHex ? wantedType(first) : "commit");
}

/** The commits that references lead to, HEAD too; what leads to none, or to nothing that is there, is left out. */
async function commitsOfReferences(objects: Objects, references: References): Promise<GitObjectId[]> {
  const commits: GitObjectId[] = [];
  for (const { name, packed } of [{ name: "HEAD", packed: undefined }, ...await references.list("refs/")]) {
    try {
      const id = packed ?? (await references.resolve(name)).id;
      if (id === undefined) continue;
      const found = await objects.withoutTags(id);
      if (found.type === "commit") commits.push(found.id);
    } catch (error) {
      if (!(error instanceof NotFoundError || error instanceof CorruptDataError)) throw error;
    }
  }
  return commits;
}

/** The youngest commit whose message a pattern fits, of some and of those before them. */
async function withMessage(
  objects: Objects,
  from: readonly GitObjectId[],
  { expression, isWanted }: MessagePattern,
  revision: string,
): Promise<GitObjectId> {
  for await (const { id, message } of walkHistory(objects, { ...WHOLE_HISTORY, from })) {
    if (expression.test(message) === isWanted) return id;
  }
  throw notFound(revision, `no message ${isWanted ? "fits" : "is without"} the pattern`);
}

/**
 * The id in a log: of the reference itself, or else of that which it names. Of several references with the same short name
 * the first one counts that has a log.
 */
async function loggedId(
  references: References,
  base: string,
  back: number,
  revision: string,
): Promise<GitObjectId> {
  const names = base === "" ? [(await references.resolve("HEAD")).name] : referenceCandidates(base);
  for (const name of names) {
    const found = await references.resolve(name);
    if (found.id === undefined) continue;
    const log = [name, found.name].find((each) => references.hasLog(each));
    if (log === undefined) continue;
    const logged = await references.loggedId(log, back);
    if (logged === undefined) throw notFound(revision, `the log of ${log} does not reach so far`);
    return logged;
  }
  throw notFound(revision, "there is no log of such a reference");
}

/** What an abbreviated id has to lead to for the step after it. */
function wantedType(step: RevisionStep | undefined): GitObjectType | undefined {
  switch (step?.kind) {
    case undefined:
      return undefined;
    case "path":
      return "tree";
    case "peel":
      return step.type === "object" || step.type === "target" ? undefined : step.type;
    default:
      return "commit";
  }
}

/** Of several objects those count that lead to what is wanted. */
async function resolvePrefix(
  objects: Objects,
  prefix: string,
  wanted: GitObjectType | undefined,
): Promise<GitObjectId> {
  const { database } = objects;
  if (wanted === undefined) return await database.resolvePrefix(prefix);
  try {
    return await database.resolvePrefix(prefix);
  } catch (error) {
    if (!(error instanceof AmbiguousIdError)) throw error;
    const fitting: GitObjectId[] = [];
    for (const id of await database.candidates(prefix, CANDIDATES_MAX)) {
      const { type } = await objects.withoutTags(id);
      if (type === wanted || wanted === "tree" && type === "commit") fitting.push(id);
    }
    if (fitting.length !== 1) throw error;
    return fitting[0]!;
  }
}

async function takeStep(
  objects: Objects,
  id: GitObjectId,
  step: RevisionStep,
  revision: string,
): Promise<GitObjectId> {
  switch (step.kind) {
    case "peel":
      return await peel(objects, id, step.type);
    case "path": {
      const entry = await entryAt(objects, await objects.peelToTree(id), step.path);
      if (entry === undefined) throw notFound(revision, `there is no "${step.path}"`);
      return entry.id;
    }
    case "parent": {
      const commit = await objects.peelToCommit(id);
      if (step.number === 0) return commit;
      const parent = (await objects.commit(commit)).parents[step.number - 1];
      if (parent === undefined) throw notFound(revision, `commit ${commit} has no parent ${step.number}`);
      return parent;
    }
    case "message":
      return await withMessage(objects, [id], step.pattern, revision);
    case "ancestor": {
      let at = await objects.peelToCommit(id);
      for (let left = step.generations; left > 0; left--) {
        const [parent] = (await objects.commit(at)).parents;
        if (parent === undefined) throw notFound(revision, `commit ${at} has no parent`);
        at = parent;
      }
      return at;
    }
  }
}

async function peel(
  objects: Objects,
  id: GitObjectId,
  type: GitObjectType | "object" | "target",
): Promise<GitObjectId> {
  switch (type) {
    case "commit":
      return await objects.peelToCommit(id);
    case "tree":
      return await objects.peelToTree(id);
    case "target":
      return (await objects.withoutTags(id)).id;
    case "blob": {
      const found = await objects.withoutTags(id);
      if (found.type !== "blob") throw wrongType(`${id}`, found.type, "blob");
      return found.id;
    }
    default: {
      const found = await objects.typeOf(id);
      if (type !== "object" && found !== type) throw wrongType(`${id}`, found, type);
      return id;
    }
  }
}

/** A path from the root of a tree: text, or the bytes that the tree has, which need not be UTF-8. */
export type TreePath = string | Uint8Array;

/** A path as text, for messages. */
export function shownPath(path: TreePath): string {
  return typeof path === "string" ? path : new TextDecoder().decode(path);
}

/** What stands at a path of a tree: the tree itself for no path; undefined where nothing does. */
export async function entryAt(
  objects: Objects,
  tree: GitObjectId,
  path: TreePath,
): Promise<{ readonly mode: number; readonly id: GitObjectId } | undefined> {
  let found = { mode: 0o40000, id: tree };
  // Encoded, half of a surrogate pair would be the name of another file.
  if (typeof path === "string" && !path.isWellFormed()) return undefined;
  const text = byteString(typeof path === "string" ? new TextEncoder().encode(path) : path);
  if (text === "") return found;
  const parts = (text.endsWith("/") ? text.slice(0, -1) : text).split("/");
  if (/^\.{1,2}\//.test(text)) {
    throw unsupported(`look up "${shownPath(path)}"`, "paths start at the root of the tree");
  }
  for (const name of parts) {
    if (found.mode !== 0o40000) return undefined;
    const entry = (await objects.tree(found.id)).find(({ nameBytes }) =>
      nameBytes.length === name.length && byteString(nameBytes) === name
    );
    if (entry === undefined) return undefined;
    found = entry;
  }
  return text.endsWith("/") && found.mode !== 0o40000 ? undefined : found;
}
