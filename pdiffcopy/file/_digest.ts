/**
 * One digest for many blocks.
 */
import { hashOnce } from "../kernel/hash.ts";
import { concatBytes } from "@sluice/internal";
import { hashOf } from "./_hash_registry.ts";
import { digestsOf } from "./_block_file.ts";
import { writeSafe } from "./_frames.ts";
import type { Table } from "./_block_file.ts";

const LABEL = new TextEncoder().encode("pdiff2");

/** BLAKE3 over what blocks are, where the range ends, and the digests of its blocks in order. */
export function digestOfBlocks(table: Table, start: number, end: number): Uint8Array<ArrayBuffer> {
  const facts = new Uint8Array(21);
  facts[0] = table.hash.id;
  writeSafe(facts, 1, start);
  writeSafe(facts, 9, end);
  new DataView(facts.buffer).setUint32(17, table.blockSize, true);
  return hashOnce(concatBytes([LABEL, facts, digestsOf(table, start, end)]), hashOf("blake3"), undefined);
}

/** Whether two digests are the same. */
export function isSameDigest(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
