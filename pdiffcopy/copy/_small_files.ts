/**
 * Many small files below a directory at once: as records that are read, travel and are written.
 */
import { concatBytes, SluiceError } from "@sluice/internal";
import { readRecords, RECORD_SIZE, wantedRecords, withPart } from "../kernel/small_files.ts";
import type { SmallFileOptions } from "../kernel/small_files.ts";
import type { BlockDirectory } from "../file/_block_file.ts";
import { failure } from "../file/_errors.ts";
import { splitPath } from "../file/_files.ts";
import { Journal, partName } from "./_side_files.ts";
import { checkTreePath } from "./_tree_entry.ts";

export type { SmallFileOptions };

/** A larger file is copied by itself. */
export const SMALL_FILE_MAX = 256 << 10;
/** Content of one batch, and its most files. */
export const BATCH_SIZE = 4 << 20;
/** As `BATCH_SIZE`. */
export const BATCH_COUNT = 500;
const REGULAR = 0o100000;

/** Bytes that the records of a batch take at most. */
export const RECORDS_SIZE_MAX: number = BATCH_SIZE + SMALL_FILE_MAX + BATCH_COUNT * (RECORD_SIZE + 4096);

/** Whether many files can be read or written at once. */
export function hasSmallFiles({ smallFiles }: BlockDirectory): boolean {
  return smallFiles !== undefined;
}

/** The records of files; one that can't be read, or that a copy left mixed, has none. */
export async function readBatch(
  directory: BlockDirectory,
  paths: readonly string[],
): Promise<Uint8Array<ArrayBuffer>> {
  const wanted = wantedRecords(cleanPaths(directory, paths));
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (let pos = 0; pos < wanted.length;) {
    const target = new Uint8Array(BATCH_SIZE);
    const { consumed, produced } = await directory.smallFiles!.read(wanted, pos, target);
    if (consumed === 0) throw failure("IO", `Cannot read files below ${directory.path}: no progress`);
    parts.push(target.subarray(0, produced));
    pos += consumed;
  }
  return parts.length === 1 ? parts[0]! : concatBytes(parts);
}

/** Paths of files without a journal beside them, in directories that can be opened. */
function cleanPaths(root: BlockDirectory, paths: readonly string[]): string[] {
  let folder: string | undefined;
  let directory: BlockDirectory | undefined;
  const clean: string[] = [];
  try {
    for (const path of paths) {
      checkTreePath(path);
      const place = splitPath(path);
      if (place.folder !== folder) {
        directory?.close();
        folder = place.folder;
        directory = openOrSkip(root, folder);
      }
      if (directory !== undefined && !new Journal(directory, place.name, REGULAR).exists) clean.push(path);
    }
    return clean;
  } finally {
    directory?.close();
  }
}

/** A directory below the root; undefined where it can't be opened, which copying its files one by one explains. */
function openOrSkip(root: BlockDirectory, folder: string): BlockDirectory | undefined {
  try {
    return root.openDirectory(folder, true);
  } catch (error) {
    if (error instanceof SluiceError) return undefined;
    throw error;
  }
}

/** Paths of records that have content, and where they lie; fails for bytes that are no records of a batch. */
export function listRecords(bytes: Uint8Array): readonly { readonly path: string; readonly size: number }[] {
  const records = readRecords(bytes);
  if (records === undefined) {
    throw failure("PROTOCOL", "Cannot read small files: their records make no sense");
  }
  return records.filter(({ errno }) => errno === 0);
}

/** Writes the files of records; returns the paths of those that were written. */
export async function writeBatch(
  directory: BlockDirectory,
  bytes: Uint8Array,
  options: SmallFileOptions,
): Promise<string[]> {
  const records = (readRecords(bytes) ?? []).filter(({ errno }) => errno === 0);
  const parts = records.map((record) => {
    checkTreePath(record.path);
    return withPart(bytes, record, partName(splitPath(record.path).name));
  });
  const results = await directory.smallFiles!.write(concatBytes(parts), records.length, options);
  return records.filter((_, index) => results[index] === 0).map(({ path }) => path);
}
