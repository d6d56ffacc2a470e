/**
 * The kernel of names that are no text: folders, links and renames by the bytes of their paths, and content by position.
 * Linux only, on the native backend only, as `tree.ts`.
 *
 * @module
 */
import { RESULT, STEP, STEP_LENGTH } from "@sluice/ffi";
import {
  ZPAQ_CHANGE_FOLDER,
  ZPAQ_CHANGE_HARD_LINK,
  ZPAQ_CHANGE_RENAME,
  ZPAQ_CHANGE_SYMBOLIC_LINK,
} from "./_abi/zpaq_tree.gen.ts";
import { ZPAQ_TREE } from "./tree_module.ts";

const INVALID = 22;

/** What `changeRawName` does with its paths. */
export const RAW_CHANGE = {
  folder: ZPAQ_CHANGE_FOLDER,
  rename: ZPAQ_CHANGE_RENAME,
  hardLink: ZPAQ_CHANGE_HARD_LINK,
  symbolicLink: ZPAQ_CHANGE_SYMBOLIC_LINK,
} as const;

/** Changes what `to` is the name of; 0, or the system's number. */
export function changeRawName(kind: number, from: Uint8Array, to: Uint8Array): number {
  const step = new Uint32Array(STEP_LENGTH);
  const { sluice_zpaq_tree_change: change } = ZPAQ_TREE.open("native").functions;
  const result = change(kind, from, 0, from.length, to, 0, to.length, step);
  return result === RESULT.OK ? 0 : step[STEP.DETAIL]! || INVALID;
}

/** Reads a file from an offset on; how many bytes there are, or the system's number, negative. */
export async function readRawAt(path: Uint8Array, offset: number, target: Uint8Array): Promise<number> {
  const step = new Uint32Array(STEP_LENGTH);
  const { sluice_zpaq_tree_read_at_async: read } = ZPAQ_TREE.open("native").functions;
  const high = Math.floor(offset / 2 ** 32);
  const result = await read(path, 0, path.length, offset >>> 0, high, target, 0, target.length, step);
  return result === RESULT.OK ? step[STEP.PRODUCED]! : -(step[STEP.DETAIL]! || INVALID);
}
