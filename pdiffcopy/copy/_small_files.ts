/**
 * Many small files below a directory at once: as records that are read, travel and are written.
 */
import { concatBytes, toHex } from "@sluice/internal";
import { digestOfRecord, readRecords, RECORD_SIZE, wantedRecords } from "../kernel/small_files.ts";
import type { SmallFileOptions } from "../kernel/small_files.ts";
import type { BlockDirectory } from "../file/_block_file.ts";
import { failure } from "../file/_errors.ts";
import type { HashSpec } from "../file/_hash_registry.ts";
import { checkTreePath } from "./_tree_entry.ts";

export type { SmallFileOptions };

/** A larger file is copied by itself. */
export const SMALL_FILE_MAX = 256 << 10;
/** Content of one batch, and its most files. */
export const BATCH_SIZE = 4 << 20;
/** As `BATCH_SIZE`. */
export const BATCH_COUNT = 500;

/** Bytes that the records of a batch take at most. */
export const RECORDS_SIZE_MAX: number = BATCH_SIZE + SMALL_FILE_MAX + BATCH_COUNT * (RECORD_SIZE + 4096);

/** Whether many files can be read or written at once. */
export function hasSmallFiles({ smallFiles }: BlockDirectory): boolean {
  return smallFiles !== undefined;
}

/** The records of files; one that can't be read, or that a copy left mixed, has a number instead of content. */
export async function readBatch(
  directory: BlockDirectory,
  paths: readonly string[],
  hash: HashSpec,
  content: boolean,
): Promise<Uint8Array<ArrayBuffer>> {
  for (const path of paths) checkTreePath(path);
  const wanted = wantedRecords(paths);
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (let pos = 0; pos < wanted.length;) {
    // Room for all of it, unless files grew: one call, and nothing to join.
    const target = new Uint8Array(BATCH_SIZE + wanted.length);
    const { consumed, produced } = await directory.smallFiles!.read(wanted, pos, hash, content, target);
    if (consumed === 0) throw failure("IO", `Cannot read files below ${directory.path}: no progress`);
    parts.push(target.subarray(0, produced));
    pos += consumed;
  }
  return parts.length === 1 ? parts[0]! : concatBytes(parts);
}

/** Digests of files by path, in hex. */
export function digestsOfRecords(bytes: Uint8Array): Map<string, string> {
  const records = recordsOf(bytes).filter(({ errno }) => errno === 0);
  return new Map(records.map((record) => [record.path, toHex(digestOfRecord(bytes, record))]));
}

function recordsOf(bytes: Uint8Array): ReturnType<typeof readRecords> & object {
  const records = readRecords(bytes);
  if (records !== undefined) return records;
  throw failure("PROTOCOL", "Cannot read small files: their records make no sense");
}

/** Paths of records that have content, and where they lie; fails for bytes that are no records of a batch. */
export function listRecords(bytes: Uint8Array): readonly { readonly path: string; readonly size: number }[] {
  return recordsOf(bytes).filter(({ errno }) => errno === 0);
}

/** Writes the files of records; returns the paths of those that were written. */
export async function writeBatch(
  directory: BlockDirectory,
  bytes: Uint8Array<ArrayBuffer>,
  hash: HashSpec,
  options: SmallFileOptions,
): Promise<string[]> {
  const records = readRecords(bytes) ?? [];
  for (const { path } of records) checkTreePath(path);
  const results = await directory.smallFiles!.write(bytes, records.length, hash, options);
  return records.filter((_, index) => results[index] === 0).map(({ path }) => path);
}
