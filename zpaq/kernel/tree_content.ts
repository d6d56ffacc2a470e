/**
 * The kernel of small files: contents of many, read and cut into fragments in one call, and written in one call. Linux
 * only, on the native backend only, as `tree.ts`.
 *
 * @module
 */
import { resultError, STEP, STEP_LENGTH } from "@sluice/ffi";
import {
  ZPAQ_CONTENT,
  ZPAQ_CONTENT_FRAGMENT_NUMBERS,
  ZPAQ_CONTENT_TOO_LARGE,
  ZPAQ_NEW_FILE,
  ZPAQ_WRITTEN,
} from "./_abi/zpaq_tree.gen.ts";
import { putFacts } from "./tree.ts";
import type { NewRawFacts } from "./tree.ts";
import { ZPAQ_TREE } from "./tree_module.ts";

export { ZPAQ_CONTENT, ZPAQ_CONTENT_FRAGMENT_NUMBERS, ZPAQ_CONTENT_TOO_LARGE, ZPAQ_WRITTEN };

/** Where a call puts contents; each of its files needs a row of `contents`, each fragment one of `parts`. */
export interface RawContents {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly parts: Uint32Array<ArrayBuffer>;
  readonly contents: Uint32Array<ArrayBuffer>;
}

/** Reads and cuts files whose paths each end with a zero, as many as have room; returns how many. `second` asks for SHA-256. */
export async function readRawContents(
  paths: Uint8Array,
  limits: { readonly sizeMin: number; readonly sizeMax: number; readonly fragment: number },
  second: boolean,
  { bytes, parts, contents }: RawContents,
): Promise<number> {
  const step = new Uint32Array(STEP_LENGTH);
  const { sizeMin, sizeMax, fragment } = limits;
  const result = await ZPAQ_TREE.open("native").functions.sluice_zpaq_tree_read_async(
    paths,
    0,
    paths.length,
    sizeMin,
    sizeMax,
    fragment,
    second ? 1 : 0,
    bytes,
    0,
    bytes.length,
    parts,
    parts.length,
    contents,
    contents.length,
    step,
  );
  if (result < 0) throw resultError({ format: "zpaq", action: "read files", result });
  return step[STEP.DETAIL]!;
}

/** A file to write: its facts go to a file of the temporary path, which is then renamed. */
export interface NewRawFile {
  readonly facts: NewRawFacts;
  readonly path: Uint8Array;
  /** Where its content starts in the bytes of the call, and its size. */
  readonly at: number;
  readonly size: number;
}

/** Writes files; what became of each is a row of `ZPAQ_WRITTEN`. */
export async function writeRawFiles(
  list: readonly NewRawFile[],
  contents: Uint8Array,
  replace: boolean,
): Promise<Uint32Array<ArrayBuffer>> {
  const sizeOf = ({ facts, path }: NewRawFile): number =>
    4 * ZPAQ_NEW_FILE.LENGTH + facts.path.length + path.length + (facts.extended?.length ?? 0);
  const bytes = new Uint8Array(list.reduce((sum, file) => sum + sizeOf(file), 0));
  const view = new DataView(bytes.buffer);
  let start = 0;
  for (const file of list) {
    const { facts, path, at, size } = file;
    const { path: temporary, extended } = facts;
    const put = (index: number, value: number): void => view.setUint32(start + 4 * index, value, true);
    put(ZPAQ_NEW_FILE.SIZE, sizeOf(file));
    put(ZPAQ_NEW_FILE.TEMPORARY_SIZE, temporary.length);
    put(ZPAQ_NEW_FILE.PATH_SIZE, path.length);
    putFacts(facts, ZPAQ_NEW_FILE, put);
    put(ZPAQ_NEW_FILE.CONTENT_AT, at);
    put(ZPAQ_NEW_FILE.CONTENT_SIZE, size);
    const pathsAt = start + 4 * ZPAQ_NEW_FILE.LENGTH;
    bytes.set(temporary, pathsAt);
    bytes.set(path, pathsAt + temporary.length);
    if (extended !== undefined) bytes.set(extended, pathsAt + temporary.length + path.length);
    start += sizeOf(file);
  }
  const results = new Uint32Array(ZPAQ_WRITTEN.LENGTH * list.length);
  const step = new Uint32Array(STEP_LENGTH);
  const result = await ZPAQ_TREE.open("native").functions.sluice_zpaq_tree_write_async(
    bytes,
    0,
    bytes.length,
    contents,
    0,
    contents.length,
    replace ? 1 : 0,
    results,
    results.length,
    step,
  );
  if (result < 0) throw resultError({ format: "zpaq", action: "write files", result });
  return results;
}
