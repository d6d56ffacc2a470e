/**
 * Comparing files on the disk with a version.
 */
import { zpaqHashParts } from "../kernel/archiving.ts";
import { ZPAQ_HASH } from "../kernel/hash.ts";
import { DigestFold } from "../archive/_second_hashes.ts";
import { attributeBytes } from "../archive/_attributes.ts";
import type { ZpaqUnixAttributes } from "../archive/_attributes.ts";
import type { ZpaqArchiveEntry, ZpaqFile } from "../archive/_types.ts";
import type { BackupState } from "./_backup_state.ts";
import type { ZpaqBackupCompareOptions, ZpaqBackupComparison } from "./options.ts";
import { warning } from "./_problems.ts";
import { secondHashOf } from "./_content_check.ts";
import type { NewNames } from "./_checks.ts";
import { openInput } from "./_raw_names.ts";
import { walk } from "./_walk.ts";

const DIGEST_SIZE = 20;
const SECOND_SIZE = 32;
const READ_SIZE = 4 << 20;

/** What a fragment's content is, by its id. */
type FragmentFacts = ReadonlyMap<number, { readonly digest: string; readonly size: number }>;

/** Whether dates, sizes and, where they are wanted, attributes are the same. */
function hasSameFacts(entry: ZpaqArchiveEntry, file: ZpaqFile, attributes: boolean): boolean {
  const isFolder = entry.name.endsWith("/");
  return entry.date?.getTime() === file.date?.getTime() && (isFolder || entry.size === file.size) &&
    (!attributes || hasSameAttributes(entry, file));
}

function hasSameAttributes({ attributes: before }: ZpaqArchiveEntry, { attributes: now }: ZpaqFile): boolean {
  if (before?.system !== "unix" || now?.system !== "unix") return true;
  if (before.mode !== now.mode) return false;
  // Archives of zpaq 7.15 say nothing of the rest; whether names are those of one file depends on what else is named.
  if (attributeBytes(before).length === attributeBytes({ system: "unix", mode: 0 }).length) return true;
  const bytesOf = (attributes: ZpaqUnixAttributes): Uint8Array =>
    attributeBytes({ ...attributes, hardLink: undefined, secondHash: undefined });
  const [left, right] = [bytesOf(before), bytesOf(now)];
  return left.length === right.length && left.every((byte, i) => byte === right[i]);
}

/** Whether a file on the disk has the very content of an entry, by all hashes that the archive keeps. */
async function hasSameContent(
  entry: ZpaqArchiveEntry,
  file: ZpaqFile,
  path: string,
  facts: FragmentFacts,
): Promise<boolean> {
  const expected = secondHashOf(entry);
  const fold = expected === undefined ? undefined : new DigestFold();
  const same = await hasSameFragments(entry, file, path, facts, fold);
  const isRead = file.attributes?.system !== "unix" || file.attributes.link === undefined;
  return same && (fold === undefined || !isRead || fold.digest().toHex() === expected);
}

/** Whether a file has content of the SHA-1 of each fragment; `fold` takes their second hashes. */
async function hasSameFragments(
  entry: ZpaqArchiveEntry,
  file: ZpaqFile,
  path: string,
  facts: FragmentFacts,
  fold: DigestFold | undefined,
): Promise<boolean> {
  if (entry.name.endsWith("/")) return true;
  if (entry.size !== file.size) return false;
  const link = file.attributes?.system === "unix" ? file.attributes.link : undefined;
  if (link !== undefined) return entry.attributes?.system === "unix" && entry.attributes.link === link;
  const ids = [...entry.fragments];
  using input = await openInput(path);
  for (let next = 0; next < ids.length;) {
    const sizes: number[] = [];
    let total = 0;
    const first = next;
    while (next < ids.length && total < READ_SIZE) {
      const size = facts.get(ids[next]!)?.size;
      if (size === undefined) return false;
      sizes.push(size);
      total += size;
      next++;
    }
    const bytes = new Uint8Array(total);
    for (let at = 0; at < total;) {
      const count = await input.read(bytes.subarray(at));
      if (count === null) return false;
      at += count;
    }
    const digests = await zpaqHashParts(bytes, Uint32Array.from(sizes), undefined);
    const seconds = fold === undefined
      ? undefined
      : await zpaqHashParts(bytes, Uint32Array.from(sizes), undefined, ZPAQ_HASH.sha256);
    for (let i = 0; i < sizes.length; i++) {
      if (seconds !== undefined) fold!.add(seconds.subarray(i * SECOND_SIZE, (i + 1) * SECOND_SIZE));
      const digest = digests.subarray(i * DIGEST_SIZE, (i + 1) * DIGEST_SIZE).toHex();
      if (digest !== facts.get(ids[first + i]!)!.digest) return false;
    }
  }
  return await input.read(new Uint8Array(1)) === null;
}

/** Compares files on the disk with entries, which `to` names where they are not named by the paths. */
export async function compareWithDisk(
  backup: BackupState,
  list: readonly string[],
  to: NewNames,
  options: ZpaqBackupCompareOptions,
): Promise<ZpaqBackupComparison[]> {
  const { only, exclude, compareContent = false, attributes = true } = options;
  const names = list.map((path, i) => to[i] ?? path);
  const entries = new Map((await backup.select(names, options)).map((entry) => [entry.name, entry]));
  const archive = await backup.identities();
  const { files } = await walk({
    ...{ paths: list, to, only, exclude, archive, attributes: "all" },
    // What is not there is what the comparison shows.
    report: (problem) => problem.code === "NOT_FOUND" ? undefined : backup.report(problem),
  });
  const facts = new Map<number, { readonly digest: string; readonly size: number }>();
  if (compareContent) {
    for (const fragment of (await backup.read())?.archive?.knownFragments() ?? []) {
      facts.set(fragment.id, fragment);
    }
  }
  const found: ZpaqBackupComparison[] = [];
  for (const file of files.toSorted((a, b) => a.name < b.name ? -1 : 1)) {
    const { name } = file;
    const entry = entries.get(name);
    if (entry === undefined) {
      found.push({ name, result: "external", entry, file });
      continue;
    }
    entries.delete(name);
    let same = false;
    try {
      same = compareContent
        ? await hasSameContent(entry, file, file.path ?? name, facts)
        : hasSameFacts(entry, file, attributes);
    } catch (error) {
      // What can't be read is not the same, and keeps nothing else from being compared.
      backup.report(warning("compare", name, error));
    }
    found.push({ name, result: same ? "same" : "different", entry, file });
  }
  for (const [name, entry] of entries) found.push({ name, result: "internal", entry, file: undefined });
  return found;
}
