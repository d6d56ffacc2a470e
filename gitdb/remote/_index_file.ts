/**
 * The index of a work tree (gitformat-index), written after a checkout: what git compares files with.
 */
import { concatBytes } from "@sluice/internal";
import { writeU32BE } from "../object/_big_endian.ts";
import { GitHashKernel } from "../object/_codec.ts";
import type { GitObjectId } from "../object/_object_id.ts";

/** What is known of a file that was written. */
export type FileFacts = Pick<Deno.FileInfo, "ctime" | "mtime" | "dev" | "ino" | "uid" | "gid" | "size">;

/** A row of the index. */
export interface IndexRow {
  readonly path: Uint8Array;
  readonly mode: number;
  readonly id: GitObjectId;
  /** Undefined where no file was written. */
  readonly facts: FileFacts | undefined;
  /** Whether the work tree is made to be without it. */
  readonly isSkipped: boolean;
}

const SIGNATURE = 0x44495243;
const FACTS_SIZE = 40;
const NAME_LENGTH_MAX = 0xfff;
const EXTENDED = 0x4000;
const SKIPPED = 0x4000;

/** The whole file; rows come in the order of their paths. */
export function formatIndex(rows: readonly IndexRow[], hashSize: number): Uint8Array<ArrayBuffer> {
  const version = rows.some(({ isSkipped }) => isSkipped) ? 3 : 2;
  const head = new Uint8Array(12);
  for (const [i, value] of [SIGNATURE, version, rows.length].entries()) writeU32BE(head, 4 * i, value);
  const content = concatBytes([head, ...rows.map((row) => formatRow(row, hashSize))]);
  const hash = new GitHashKernel(hashSize);
  try {
    hash.update(content);
    return concatBytes([content, hash.digest()]);
  } finally {
    hash[Symbol.dispose]();
  }
}

function formatRow(
  { path, mode, id, facts, isSkipped }: IndexRow,
  hashSize: number,
): Uint8Array<ArrayBuffer> {
  const fixed = FACTS_SIZE + hashSize + (isSkipped ? 4 : 2);
  // At least one zero ends the path, and the next row starts at a multiple of eight.
  const row = new Uint8Array((fixed + path.length + 8) & ~7);
  const seconds = (date: Date | null | undefined): number => Math.floor((date?.getTime() ?? 0) / 1000);
  const nanoseconds = (date: Date | null | undefined): number => ((date?.getTime() ?? 0) % 1000) * 1e6;
  const { ctime, mtime, dev = 0, ino = 0, uid = 0, gid = 0, size = 0 } = facts ?? {};
  const numbers = [
    ...[seconds(ctime), nanoseconds(ctime), seconds(mtime), nanoseconds(mtime)],
    ...[dev, ino ?? 0, mode, uid ?? 0, gid ?? 0, size],
  ];
  // Of larger numbers the index has the lower half.
  for (const [i, value] of numbers.entries()) writeU32BE(row, 4 * i, value % 2 ** 32);
  row.set(id.bytes, FACTS_SIZE);
  const flags = Math.min(path.length, NAME_LENGTH_MAX) | (isSkipped ? EXTENDED : 0);
  const at = FACTS_SIZE + hashSize;
  row[at] = flags >> 8;
  row[at + 1] = flags & 0xff;
  if (isSkipped) row[at + 2] = SKIPPED >> 8;
  row.set(path, fixed);
  return row;
}
