/**
 * The answer to `GET /hashes` of protocol 1: lines of a decimal offset, a tab, a hexadecimal digest, in any order.
 */
import { fromHex, toHex } from "@sluice/internal";
import type { Table } from "../file/_block_file.ts";
import { digestsOf } from "../file/_block_file.ts";
import { failure } from "../file/_errors.ts";

/** A line is never longer: 16 digits, a tab, 128 hex digits. */
const LINE_SIZE_MAX = 160;

/** Digests of blocks that another side sent; a block without one counts as different. */
export class HashLines {
  readonly table: Table;
  readonly #size: number;
  readonly #present: Uint8Array;
  #rest = "";

  /** For a file of `size` bytes; the table covers all of it. */
  constructor(table: Table, size: number) {
    this.table = table;
    this.#size = size;
    this.#present = new Uint8Array(Math.ceil(size / table.blockSize));
  }

  /** Takes text in pieces. */
  push(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop()!;
    for (const line of lines) this.#take(line);
    if (this.#rest.length > LINE_SIZE_MAX) this.#refuse(this.#rest, "it is too long");
  }

  /** The text is over; a line without its end is cut off. */
  finish(): void {
    if (this.#rest !== "") this.#refuse(this.#rest, "it is cut off");
  }

  /** Whether there is a digest of the block at an offset. */
  has(offset: number): boolean {
    return this.#present[offset / this.table.blockSize] === 1;
  }

  /** Sets the digest of the block at an offset. */
  set(offset: number, digest: Uint8Array): void {
    const { blockSize } = this.table;
    this.#present[offset / blockSize] = 1;
    digestsOf(this.table, offset, offset + blockSize).set(digest);
  }

  #take(line: string): void {
    const match = /^(\d{1,16})\t([0-9a-fA-F]+)\r?$/.exec(line);
    if (match === null) this.#refuse(line, "expected an offset, a tab and a digest");
    const offset = Number(match![1]);
    const { blockSize, hash } = this.table;
    if (!Number.isSafeInteger(offset) || offset % blockSize !== 0) {
      this.#refuse(line, "no block starts there");
    }
    if (match![2]!.length !== hash.digestSize * 2) this.#refuse(line, `it is no ${hash.name} digest`);
    if (offset >= this.#size) {
      throw failure(
        "SOURCE_CHANGED",
        `Cannot use the digest at byte ${offset}: the file had ${this.#size} bytes`,
      );
    }
    const index = offset / blockSize;
    if (this.#present[index] === 1) this.#refuse(line, "the block has a digest already");
    this.set(offset, fromHex(match![2]!));
  }

  #refuse(line: string, state: string): never {
    throw failure("PROTOCOL", `Cannot read the line "${line.slice(0, 40)}" of hashes: ${state}`);
  }
}

/** The lines for blocks of a range. */
export function formatHashLines(table: Table, start: number, end: number): string {
  const { blockSize, hash } = table;
  const digests = digestsOf(table, start, end);
  const lines: string[] = [];
  for (let offset = start, at = 0; offset < end; offset += blockSize, at += hash.digestSize) {
    lines.push(`${offset}\t${toHex(digests.subarray(at, at + hash.digestSize))}\n`);
  }
  return lines.join("");
}
