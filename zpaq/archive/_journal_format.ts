/**
 * The names and contents of the blocks of a journaling archive.
 */
import { readU32 } from "@sluice/internal";
import { fault } from "../zpaql/_fault.ts";

/** What a block of a journal is: the start of an update, data, hashes of fragments, or files. */
export type JournalKind = "c" | "d" | "h" | "i";

/** What the name of a block says. */
export interface JournalName {
  readonly kind: JournalKind;
  /** The update's date as decimal digits, YYYYMMDDHHMMSS. */
  readonly date: number;
  readonly number: number;
}

/** What a comment of a journal's block ends with. */
export const JOURNAL_COMMENT = "jDC\x01";
/** Bytes of an update's first block: it is written again when the size of the data is known. */
export const START_BLOCK_SIZE = 104;
export const DATE_MIN = 19000000000000;
export const DATE_MAX = 30000000000000;
const NAME_PATTERN = /^jDC(\d{14})([cdhi])(\d{10})$/;
const SIZE_MAX = 2 ** 32 - 1;
const FRAGMENT_SIZE_MAX = 2 ** 31 - 1;
export const FRAGMENT_ROW = 24;
const DIGEST_SIZE = 20;
const DAY = 86_400_000;
export const FILE_NAME_MAX = 65535;

/** The name of a block; undefined where it is not part of a journal. */
export function parseJournalName(name: string): JournalName | undefined {
  const match = NAME_PATTERN.exec(name);
  if (match === null) return undefined;
  const date = Number(match[1]);
  if (date < DATE_MIN || date >= DATE_MAX) return undefined;
  return { kind: match[2] as JournalKind, date, number: Number(match[3]) };
}

/** Whether a name or a comment marks a block as part of a journal, even if one of them is damaged. */
export function looksLikeJournal(name: string, comment: string): boolean {
  return NAME_PATTERN.test(name) || comment.endsWith(JOURNAL_COMMENT);
}

/** Writes a block's name. */
export function journalName(kind: JournalKind, date: number, number: number): string {
  return `jDC${date.toString().padStart(14, "0")}${kind}${number.toString().padStart(10, "0")}`;
}

/** The size of content that a journal's comment says; undefined where it is not one. */
export function journalSize(comment: string): number | undefined {
  const digits = comment.endsWith(` ${JOURNAL_COMMENT}`) ? comment.slice(0, -JOURNAL_COMMENT.length - 1) : "";
  const size = /^\d+$/.test(digits) ? Number(digits) : NaN;
  return size <= SIZE_MAX ? size : undefined;
}

/** One line of an index: a file as it was, or that it is gone. */
export interface IndexLine {
  readonly name: string;
  /** 0 where the file is gone. */
  readonly date: number;
  readonly attributes: Uint8Array;
  readonly fragments: Uint32Array;
}

/** Fragments of one data block. */
export interface HashTable {
  /** Bytes of the data block. */
  readonly blockSize: number;
  readonly sizes: Uint32Array<ArrayBuffer>;
  /** The table as it stands in the archive; `digestAt` says where in it a SHA-1 is. */
  readonly rows: Uint8Array;
}

/** Where the SHA-1 of a fragment starts in the rows of a table. */
export function digestAt(index: number): number {
  return 4 + index * FRAGMENT_ROW;
}

/** The size of the data that follows; -1 while an update is being written. */
export function parseStart(bytes: Uint8Array, offset: number): number {
  if (bytes.length !== 8) {
    throw fault("JOURNAL", offset, `the start of an update has ${bytes.length} bytes, expected 8`);
  }
  const low = readU32(bytes, 0);
  const high = readU32(bytes, 4) | 0;
  return high * 2 ** 32 + low;
}

/** Reads a block of hashes. */
export function parseHashes(bytes: Uint8Array, offset: number): HashTable {
  if (bytes.length % FRAGMENT_ROW !== 4) {
    throw fault(
      "JOURNAL",
      offset,
      `a table of fragments has ${bytes.length} bytes, expected 4 and 24 for each`,
    );
  }
  const count = Math.floor(bytes.length / FRAGMENT_ROW);
  const sizes = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    const size = readU32(bytes, digestAt(i) + DIGEST_SIZE);
    if (size > FRAGMENT_SIZE_MAX) throw fault("JOURNAL", offset, `a fragment has ${size} bytes`);
    sizes[i] = size;
  }
  return { blockSize: readU32(bytes, 0), sizes, rows: bytes };
}

/** The day that was asked for last, in days since 1970, with its digits: files of one day often follow each other. */
let lastDay = NaN;
let lastDigits = 0;

/** A moment as decimal digits. */
export function dateNumber(date: Date): number {
  const time = date.getTime();
  if (Number.isNaN(time)) throw new RangeError("Cannot use a date: it is invalid");
  const day = Math.floor(time / DAY);
  if (day !== lastDay) {
    lastDay = day;
    lastDigits = (date.getUTCFullYear() * 1e4 + (date.getUTCMonth() + 1) * 100 + date.getUTCDate()) * 1e6;
  }
  const second = Math.floor((time - day * DAY) / 1000);
  return lastDigits + Math.floor(second / 3600) * 1e4 + Math.floor(second / 60) % 60 * 100 + second % 60;
}

/** The moment that decimal digits say. */
export function dateOf(number: number): Date {
  const pair = (unit: number): number => Math.floor(number / unit) % 100;
  const year = Math.floor(number / 1e10);
  return new Date(Date.UTC(year, pair(1e8) - 1, pair(1e6), pair(1e4), pair(100), pair(1)));
}
