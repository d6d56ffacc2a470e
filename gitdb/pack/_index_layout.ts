/**
 * Where the tables of an index are (git's pack format document).
 */
import type { GitIndexLayout } from "./_pack_engine.ts";

export const FANOUT_SIZE = 1024;
export const HEADER_V2 = 8;

/** The tables of an index of so many objects and bytes. */
export function indexLayout(version: 1 | 2, count: number, size: number, hashSize: number): GitIndexLayout {
  const offsetsPos = HEADER_V2 + FANOUT_SIZE + count * (hashSize + 4);
  return version === 1
    ? {
      fanoutPos: 0,
      idsPos: FANOUT_SIZE + 4,
      idsStride: 4 + hashSize,
      offsetsPos: FANOUT_SIZE,
      offsetsStride: 4 + hashSize,
      largePos: 0,
      largeCount: 0,
      multi: false,
      largeBit: false,
    }
    : {
      fanoutPos: HEADER_V2,
      idsPos: HEADER_V2 + FANOUT_SIZE,
      idsStride: hashSize,
      offsetsPos,
      offsetsStride: 4,
      largePos: offsetsPos + 4 * count,
      largeCount: (size - 2 * hashSize - offsetsPos - 4 * count) / 8,
      multi: false,
      largeBit: true,
    };
}
