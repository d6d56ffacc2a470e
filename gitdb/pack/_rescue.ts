/**
 * Making an object of whatever copies of it and of its delta bases are left when the nearest one can't be read: a base
 * may be damaged in one pack and whole elsewhere, or lie in no pack at all.
 */
import { SluiceError } from "@sluice/internal";
import { applyDeltaBytes, deltaSizes, hashOutsideObject } from "../object/_codec.ts";
import { tooLarge } from "../object/_errors.ts";
import { GitObjectId } from "../object/_object_id.ts";
import { KIND_OF_TYPE } from "../object/_object_kind.ts";
import { MemoryObject, WHOLE_OBJECT_MAX } from "../object/_stored_object.ts";
import type { GitObject, GitObjectType } from "../object/object.ts";
import type { GitPack, PackEntry } from "./pack.ts";

/** Where copies are looked for. */
export interface RescueSources {
  /** Packs that may have entries for an object. */
  readonly packs: readonly GitPack[];
  /** Ids that no copy makes; they are not tried again. */
  readonly hopeless: Set<string>;
  /** Reads an object as usual, without rescue. */
  read(id: GitObjectId): Promise<GitObject>;
}

/** So many ids are kept of those that can't be rescued. */
const HOPELESS_MAX = 1 << 20;
/** Longer chains are not followed. */
const DEPTH_MAX = 4096;

/** Whether another copy can help: not where nothing is there, nor where a limit was met. */
export function isRescuable(error: unknown): error is SluiceError {
  return error instanceof SluiceError && RESCUABLE.has(error.name);
}

const RESCUABLE: ReadonlySet<string> = new Set([
  "CorruptDataError",
  "TruncatedDataError",
  "ChecksumMismatchError",
  "SluiceError",
]);

/**
 * The object, whose hash is its id, or `failure` where no copy makes it.
 */
export async function rescueObject(
  id: GitObjectId,
  sources: RescueSources,
  failure: unknown,
  visited: Set<string> = new Set(),
): Promise<MemoryObject> {
  if (sources.hopeless.has(`${id}`) || visited.has(`${id}`) || visited.size >= DEPTH_MAX) throw failure;
  visited.add(`${id}`);
  for (const pack of sources.packs) {
    try {
      const found = await fromPack(id, pack, sources, visited);
      if (found !== undefined) return found;
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
    }
  }
  if (sources.hopeless.size < HOPELESS_MAX) sources.hopeless.add(`${id}`);
  throw failure;
}

async function fromPack(
  id: GitObjectId,
  pack: GitPack,
  sources: RescueSources,
  visited: Set<string>,
): Promise<MemoryObject | undefined> {
  const row = await pack.index.indexOf(id);
  if (row === undefined) return undefined;
  const offset = await pack.index.offsetAt(row);
  const made = await resolve(await pack.entryAt(offset), pack, sources, visited);
  if (made === undefined || !hashOutsideObject(made.type, made.bytes, id.algorithm).equals(id)) {
    return undefined;
  }
  const facts = {
    id,
    kind: KIND_OF_TYPE[made.type],
    size: made.bytes.length,
    storage: "packed" as const,
  };
  return new MemoryObject(facts, made.bytes);
}

async function resolve(
  entry: PackEntry,
  pack: GitPack,
  sources: RescueSources,
  visited: Set<string>,
): Promise<{ type: GitObjectType; bytes: Uint8Array<ArrayBuffer> } | undefined> {
  if (entry.type !== undefined) return { type: entry.type, bytes: entry.raw };
  const baseId = entry.base instanceof GitObjectId ? entry.base : await idAt(pack, entry.base!);
  if (baseId === undefined) return undefined;
  const base = await readBase(baseId, sources, visited);
  const { target } = deltaSizes(entry.raw);
  if (target > WHOLE_OBJECT_MAX) throw tooLarge("an object", target, WHOLE_OBJECT_MAX);
  return {
    type: base.type,
    bytes: applyDeltaBytes(
      await base.bytes({ maxObjectSize: WHOLE_OBJECT_MAX }),
      entry.raw,
      new Uint8Array(target),
    ),
  };
}

/** A base as usual where its bytes are good, else rescued itself. */
async function readBase(id: GitObjectId, sources: RescueSources, visited: Set<string>): Promise<GitObject> {
  try {
    const base = await sources.read(id);
    await base.bytes({ verifyChecksums: true, maxObjectSize: WHOLE_OBJECT_MAX });
    return base;
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    return await rescueObject(id, sources, error, visited);
  }
}

async function idAt(pack: GitPack, offset: number): Promise<GitObjectId | undefined> {
  const row = (await pack.index.offsets()).indexOf(offset);
  return row < 0 ? undefined : await pack.index.idAt(row);
}
