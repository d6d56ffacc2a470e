/**
 * The kernel of small files: many are read into records, or written from them, in one call. Linux only, on the native
 * backend only.
 *
 * @module
 */
import { RESULT } from "@sluice/ffi";
import { SMALL_FILE, SMALL_FILE_WRITE } from "./_abi/pdiffcopy_file.gen.ts";
import type { NativeFile } from "./file.ts";
import { decodePath, encodePath } from "./path_text.ts";

/** Bytes of a record before its path. */
export const RECORD_SIZE: number = SMALL_FILE.LENGTH * 4;

/** What a record says of a file, beside its content. */
export interface SmallFile {
  readonly path: string;
  /** Why there is no content; 0 where there is. */
  readonly errno: number;
  /** Bytes of the content. */
  readonly size: number;
  /** Where the record starts, and where the next one does. */
  readonly start: number;
  readonly end: number;
}

/** Records that ask for files, except for those that have a file named `journalOf` beside them. */
export function wantedRecords(
  paths: readonly string[],
  journalOf: (path: string) => string,
): Uint8Array<ArrayBuffer> {
  const encoded = paths.map((path) => [encodePath(path), encodePath(journalOf(path))] as const);
  const size = encoded.reduce((sum, [path, journal]) => sum + RECORD_SIZE + path.length + journal.length, 0);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [path, journal] of encoded) {
    const recordSize = RECORD_SIZE + path.length + journal.length;
    view.setUint32(at + 4 * SMALL_FILE.SIZE, recordSize, true);
    view.setUint32(at + 4 * SMALL_FILE.PATH_SIZE, path.length, true);
    view.setUint32(at + 4 * SMALL_FILE.PART_SIZE, journal.length, true);
    bytes.set(path, at + RECORD_SIZE);
    bytes.set(journal, at + RECORD_SIZE + path.length);
    at += recordSize;
  }
  return bytes;
}

/** The records of a buffer; undefined where the bytes are no records. */
export function readRecords(bytes: Uint8Array): SmallFile[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const found: SmallFile[] = [];
  for (let at = 0; at < bytes.length;) {
    if (bytes.length - at < RECORD_SIZE) return undefined;
    const field = (index: number): number => view.getUint32(at + 4 * index, true);
    const [size, pathSize] = [field(SMALL_FILE.SIZE), field(SMALL_FILE.PATH_SIZE)];
    const contentSize = field(SMALL_FILE.CONTENT_SIZE);
    const whole = RECORD_SIZE + pathSize + contentSize;
    if (field(SMALL_FILE.PART_SIZE) !== 0 || size !== whole || size > bytes.length - at) return undefined;
    const path = decodePath(bytes.subarray(at + RECORD_SIZE, at + RECORD_SIZE + pathSize));
    found.push({ path, errno: field(SMALL_FILE.ERRNO), size: contentSize, start: at, end: at + size });
    at += size;
  }
  return found;
}

/** The same records with the names of parts, which they are written under first. */
export function withParts(
  bytes: Uint8Array,
  records: readonly SmallFile[],
  partOf: (path: string) => string,
): Uint8Array<ArrayBuffer> {
  const names = records.map(({ path }) => encodePath(partOf(path)));
  const size = records.reduce((sum, { start, end }, index) => sum + end - start + names[index]!.length, 0);
  const target = new Uint8Array(size);
  const view = new DataView(target.buffer);
  let at = 0;
  for (const [index, { start, end, size: contentSize }] of records.entries()) {
    const name = names[index]!;
    const contentStart = end - contentSize;
    target.set(bytes.subarray(start, contentStart), at);
    target.set(name, at + contentStart - start);
    target.set(bytes.subarray(contentStart, end), at + contentStart - start + name.length);
    view.setUint32(at + 4 * SMALL_FILE.SIZE, end - start + name.length, true);
    view.setUint32(at + 4 * SMALL_FILE.PART_SIZE, name.length, true);
    at += end - start + name.length;
  }
  return target;
}

/** Reads files below a directory into `target`; returns bytes of `wanted` that were used, and bytes of records. */
export async function readSmallFiles(
  root: NativeFile,
  wanted: Uint8Array<ArrayBuffer>,
  pos: number,
  target: Uint8Array<ArrayBuffer>,
): Promise<{ readonly consumed: number; readonly produced: number }> {
  return await root.useAsync((functions, handle, step) =>
    functions.sluice_pdiffcopy_small_files_read_async(
      handle,
      wanted,
      pos,
      wanted.length,
      target,
      0,
      target.length,
      step,
    )
  );
}

/** How small files are written. */
export interface SmallFileOptions {
  /** Whether the disk has everything before files get their names. */
  readonly durable: boolean;
  readonly mode: boolean;
  readonly time: boolean;
}

/** Writes the files of records under names that nothing has; a number for each, 0 or the system's. */
export async function writeSmallFiles(
  root: NativeFile,
  records: Uint8Array<ArrayBuffer>,
  count: number,
  { durable, mode, time }: SmallFileOptions,
): Promise<Uint32Array<ArrayBuffer>> {
  const results = new Uint32Array(count);
  const flags = (durable ? SMALL_FILE_WRITE.SYNC : 0) | (mode ? SMALL_FILE_WRITE.MODE : 0) |
    (time ? SMALL_FILE_WRITE.TIME : 0);
  const { result, value } = await root.useAsync((functions, handle, step) =>
    functions.sluice_pdiffcopy_small_files_write_async(
      handle,
      records,
      0,
      records.length,
      flags,
      results,
      results.length,
      step,
    )
  );
  if (result !== RESULT.OK || value !== count) results.fill(INVALID);
  return results;
}

const INVALID = 22;
