/**
 * The ids that the index of a work tree names (gitformat-index): its entries, the trees that it has cached, and what stood
 * in conflicts. Deno only.
 */
import { byteString } from "@sluice/internal";
import { readU32BE } from "../object/_big_endian.ts";
import { corrupt } from "../object/_errors.ts";
import { joinPath, readSmallFile } from "../object/_fs.ts";
import { GitObjectId, HASH_SIZE } from "../object/_object_id.ts";
import type { GitHashAlgorithm } from "../object/_object_id.ts";

const SIGNATURE = 0x44495243;
const HEADER_SIZE = 12;
/** Times, numbers, mode, owner and size before the id of an entry. */
const FACTS_SIZE = 40;
const MODE_AT = 24;
const EXTENDED = 0x4000;
const SUBMODULE = 0o160000;

/**
 * All of them; none where there is no index.
 *
 * @throws {CorruptDataError} If the index breaks the rules of its format.
 */
export async function indexIds(gitFolder: string, algorithm: GitHashAlgorithm): Promise<GitObjectId[]> {
  const ids: GitObjectId[] = [];
  const base = await readIndex(joinPath(gitFolder, "index"), algorithm, ids);
  // A split index has its older entries in another file.
  if (base !== undefined) await readIndex(joinPath(gitFolder, `sharedindex.${base}`), algorithm, ids);
  return ids;
}

/** Adds the ids of a file; returns the one that a split index names. */
async function readIndex(
  path: string,
  algorithm: GitHashAlgorithm,
  ids: GitObjectId[],
): Promise<string | undefined> {
  const bytes = await readSmallFile(path);
  if (bytes === undefined) return undefined;
  const hashSize = HASH_SIZE[algorithm];
  const fail = (offset: number): Error =>
    corrupt(`the index "${path}"`, "it breaks the rules of its format", "CORRUPT", offset);
  const version = bytes.length < HEADER_SIZE + hashSize ? 0 : readU32BE(bytes, 4);
  if (version < 2 || version > 4 || readU32BE(bytes, 0) !== SIGNATURE) throw fail(0);
  const end = bytes.length - hashSize;
  const idAt = (at: number): GitObjectId => GitObjectId.from(bytes.slice(at, at + hashSize));
  let at = HEADER_SIZE;
  for (let left = readU32BE(bytes, 8); left > 0; left--) {
    const name = at + FACTS_SIZE + hashSize + 2;
    if (name > end) throw fail(at);
    if ((readU32BE(bytes, at + MODE_AT) & 0o170000) !== SUBMODULE) ids.push(idAt(at + FACTS_SIZE));
    const isExtended = (bytes[name - 2]! << 8 & EXTENDED) !== 0;
    const zero = bytes.indexOf(0, nameStart(bytes, name + (isExtended ? 2 : 0), version));
    if (zero < 0 || zero >= end) throw fail(at);
    // Before version 4, one to eight zeros fill an entry up.
    at = version === 4 ? zero + 1 : at + ((zero - at + 8) & ~7);
  }
  let base: string | undefined;
  while (at + 8 <= end) {
    const kind = byteString(bytes.subarray(at, at + 4));
    const size = readU32BE(bytes, at + 4);
    const start = at + 8;
    if (start + size > end) throw fail(at);
    const part = bytes.subarray(start, start + size);
    if (kind === "TREE") addTrees(part, hashSize, ids);
    else if (kind === "REUC") addConflicts(part, hashSize, ids);
    else if (kind === "link") base = `${idAt(start)}`;
    at = start + size;
  }
  return base;
}

/** Version 4 has a number of as many bytes as have their highest bit set, and one, before a name. */
function nameStart(bytes: Uint8Array, at: number, version: number): number {
  let start = at;
  if (version === 4) { while (bytes[start++]! & 0x80); }
  return start;
}

/** Cached trees: a path, how many entries and trees there are, and an id unless the first number is negative. */
function addTrees(part: Uint8Array, hashSize: number, ids: GitObjectId[]): void {
  for (let at = 0; at < part.length;) {
    const name = part.indexOf(0, at);
    const line = part.indexOf(0x0a, name);
    if (name < 0 || line < 0) return;
    at = line + 1;
    if (part[name + 1] === 0x2d || at + hashSize > part.length) continue;
    ids.push(GitObjectId.from(part.slice(at, at + hashSize)));
    at += hashSize;
  }
}

/** What stood in conflicts that were resolved: a path, three modes, and an id for each mode but zero. */
function addConflicts(part: Uint8Array, hashSize: number, ids: GitObjectId[]): void {
  for (let at = part.indexOf(0) + 1; at > 0;) {
    let count = 0;
    for (let stage = 0; stage < 3; stage++) {
      const zero = part.indexOf(0, at);
      if (zero < 0) return;
      if (parseInt(byteString(part.subarray(at, zero)), 8) !== 0) count++;
      at = zero + 1;
    }
    for (; count > 0 && at + hashSize <= part.length; count--) {
      ids.push(GitObjectId.from(part.slice(at, at + hashSize)));
      at += hashSize;
    }
    at = part.indexOf(0, at) + 1;
  }
}
