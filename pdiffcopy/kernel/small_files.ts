/**
 * The kernel of small files: many are read into records, or written from them, in one call. Linux only, on the native
 * backend only.
 *
 * @module
 */
import { RESULT } from "@sluice/ffi";
import { SMALL_FILE, SMALL_FILE_WRITE } from "./_abi/pdiffcopy_file.gen.ts";
import type { NativeFile } from "./file.ts";
import type { HashNumbers } from "./hash.ts";
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

/** Records that ask for files. */
export function wantedRecords(paths: readonly string[]): Uint8Array<ArrayBuffer> {
  const encoded = paths.map(encodePath);
  const bytes = new Uint8Array(encoded.reduce((sum, path) => sum + RECORD_SIZE + path.length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const path of encoded) {
    view.setUint32(at + 4 * SMALL_FILE.SIZE, RECORD_SIZE + path.length, true);
    view.setUint32(at + 4 * SMALL_FILE.PATH_SIZE, path.length, true);
    bytes.set(path, at + RECORD_SIZE);
    at += RECORD_SIZE + path.length;
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
    if (size !== whole || size > bytes.length - at) return undefined;
    const path = decodePath(bytes.subarray(at + RECORD_SIZE, at + RECORD_SIZE + pathSize));
    found.push({ path, errno: field(SMALL_FILE.ERRNO), size: contentSize, start: at, end: at + size });
    at += size;
  }
  return found;
}

/** The digest of a record. */
export function digestOfRecord(bytes: Uint8Array, { start }: SmallFile): Uint8Array {
  return bytes.subarray(start + 4 * SMALL_FILE.DIGEST, start + RECORD_SIZE);
}

/** Whether digests of a hash fit records. */
export function fitsRecords({ digestSize }: HashNumbers): boolean {
  return digestSize <= RECORD_SIZE - 4 * SMALL_FILE.DIGEST;
}

/** Reads files below a directory into `target`; returns bytes of `wanted` that were used, and bytes of records. */
export async function readSmallFiles(
  root: NativeFile,
  wanted: Uint8Array<ArrayBuffer>,
  pos: number,
  { id, seedLow, seedHigh }: HashNumbers,
  content: boolean,
  target: Uint8Array<ArrayBuffer>,
): Promise<{ readonly consumed: number; readonly produced: number }> {
  return await root.useAsync((functions, handle, step) =>
    functions.sluice_pdiffcopy_small_files_read_async(
      handle,
      wanted,
      pos,
      wanted.length,
      id,
      seedLow,
      seedHigh,
      content ? 1 : 0,
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
  /** Whether files that are there are replaced. */
  readonly replace: boolean;
}

/** Writes the files of records; a number for each, 0 or the system's. */
export async function writeSmallFiles(
  root: NativeFile,
  records: Uint8Array<ArrayBuffer>,
  count: number,
  { id, seedLow, seedHigh }: HashNumbers,
  { durable, mode, time, replace }: SmallFileOptions,
): Promise<Uint32Array<ArrayBuffer>> {
  const results = new Uint32Array(count);
  const flags = (durable ? SMALL_FILE_WRITE.SYNC : 0) | (mode ? SMALL_FILE_WRITE.MODE : 0) |
    (time ? SMALL_FILE_WRITE.TIME : 0) | (replace ? SMALL_FILE_WRITE.REPLACE : 0);
  const { result, value } = await root.useAsync((functions, handle, step) =>
    functions.sluice_pdiffcopy_small_files_write_async(
      handle,
      records,
      0,
      records.length,
      id,
      seedLow,
      seedHigh,
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
