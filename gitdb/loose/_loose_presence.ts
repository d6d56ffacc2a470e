/**
 * Which of many objects may be loose: folders are listed, where a look for each of the files would take longer. Deno only.
 */
import { openFault } from "@sluice/internal/file-source";
import { isMissing, joinPath } from "../object/_fs.ts";
import { GitObjectId } from "../object/_object_id.ts";
import type { GitHashAlgorithm, GitIdLike } from "../object/_object_id.ts";

/** For fewer objects each is looked for. */
const MANY = 64;
/** Objects of one folder for which it is listed. */
const MANY_OF_FOLDER = 8;

function namesIn(path: string): ReadonlySet<string> {
  try {
    return new Set(Array.from(Deno.readDirSync(path), ({ name }) => name));
  } catch (error) {
    if (isMissing(error)) return new Set();
    throw openFault(path, error);
  }
}

/** Tells by row whether a file may be there; where it is not said to be, it was not there when this was called. */
export function loosePresence(
  root: string,
  ids: readonly GitIdLike[],
  algorithm: GitHashAlgorithm,
): (row: number) => boolean {
  if (ids.length < MANY) return () => true;
  const names = namesIn(root);
  const folders = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
  const exists = folders.map((folder) => names.has(folder));
  if (!exists.includes(true)) return () => false;
  const known = ids.map((id) => GitObjectId.from(id, algorithm));
  const counts = new Uint32Array(256);
  for (const { bytes } of known) counts[bytes[0]!]!++;
  const files = folders.map((folder, byte) =>
    exists[byte] && counts[byte]! >= MANY_OF_FOLDER ? namesIn(joinPath(root, folder)) : undefined
  );
  return (row) => {
    const id = known[row]!;
    const byte = id.bytes[0]!;
    return exists[byte]! && (files[byte]?.has(`${id}`.slice(2)) ?? true);
  };
}
