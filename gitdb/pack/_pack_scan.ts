/**
 * Walking a pack without an index: where its entries start and end is found out by inflating them.
 */
import type { BackendChoice } from "@sluice/ffi";
import type { ByteSource } from "@sluice/internal";
import { GIT_SCAN_FAULT, GIT_SCAN_ROW, GitScanKernel } from "../kernel/pack_scan.ts";
import { RESULT } from "../object/_codec.ts";
import { readU32BE } from "../object/_big_endian.ts";
import { corrupt, overLimit } from "../object/_errors.ts";
import { LazyFileSource } from "../object/_fs.ts";
import { HASH_SIZE } from "../object/_object_id.ts";
import type { GitHashAlgorithm } from "../object/_object_id.ts";
import { DeltaTrees } from "./_delta_trees.ts";
import { PackTable } from "./_pack_table.ts";

const SIGNATURE = 0x5041434b;
const HEADER_SIZE = 12;
const WINDOW = 1 << 20;
/** Rows that one call writes. */
const ROWS = 16384;

function fail(state: string, offset: number): Error {
  return corrupt("the pack", state, "CORRUPT_PACK", offset);
}

/** Limits of a walk. */
export interface ScanLimits {
  readonly maxObjects: number;
  readonly maxObjectSize: number;
  readonly backend?: BackendChoice | undefined;
}

/** The entries of a pack, their ids to be found out. */
export interface ScannedPack {
  readonly table: PackTable;
  readonly trees: DeltaTrees;
  readonly checksum: Uint8Array<ArrayBuffer>;
}

/** How many entries the header of a pack promises. */
function readCount(head: Uint8Array, size: number, limits: ScanLimits): number {
  const version = readU32BE(head, 4);
  if (readU32BE(head, 0) !== SIGNATURE) throw fail("it does not start as packs do", 0);
  if (version !== 2 && version !== 3) throw fail(`its version is ${version}, expected 2 or 3`, 4);
  const count = readU32BE(head, 8);
  if (count > limits.maxObjects) throw overLimit("the pack", count, limits.maxObjects, "objects");
  if (count > size / 3) throw fail(`it says that it has ${count} objects`, 8);
  return count;
}

function faultOf(kernel: GitScanKernel, count: number, limits: ScanLimits): Error {
  const { kind, offset, number } = kernel.fault;
  switch (kind) {
    case GIT_SCAN_FAULT.ENTRY_HEADER:
      return fail("the header of an entry breaks the rules of its format", offset);
    case GIT_SCAN_FAULT.STREAM_CORRUPT:
      return fail("a stream is corrupt", offset);
    case GIT_SCAN_FAULT.STREAM_CUT:
      return fail("a stream ends too early", offset);
    case GIT_SCAN_FAULT.ENTRY_LONG:
      return fail("an object is longer than its header says", number);
    case GIT_SCAN_FAULT.ENTRY_SHORT:
      return fail("an object is shorter than its header says", number);
    case GIT_SCAN_FAULT.ENTRY_TOO_LARGE:
      return overLimit(`the entry at byte ${offset} of the pack`, number, limits.maxObjectSize, "bytes");
    case GIT_SCAN_FAULT.ENTRIES_MISSING:
      return fail(`it ends after ${number} of ${count} objects`, offset);
    case GIT_SCAN_FAULT.BYTES_LEFT:
      return fail(`${number} bytes follow its last object`, offset);
    default:
      return fail("its checksum is wrong", offset);
  }
}

/**
 * All entries of a pack, whose checksum is compared on the way.
 *
 * @throws {CorruptDataError} If the pack breaks the rules of its format.
 */
export async function scanPack(
  source: ByteSource,
  algorithm: GitHashAlgorithm,
  limits: ScanLimits,
): Promise<ScannedPack> {
  const hashSize = HASH_SIZE[algorithm];
  const { size } = source;
  if (size < HEADER_SIZE + hashSize) throw fail(`it has ${size} bytes`, size);
  const count = readCount(await source.read(0, HEADER_SIZE), size, limits);
  const table = new PackTable(algorithm);
  const trees = new DeltaTrees(table);
  const room = source instanceof LazyFileSource ? new Uint8Array(Math.min(WINDOW, size)) : undefined;
  const rows = new Uint32Array(ROWS * GIT_SCAN_ROW.LENGTH);
  const { maxObjectSize, backend } = limits;
  const kernel = new GitScanKernel({ hashSize, size, count, maxObjectSize, backend });
  try {
    for (let at = 0, result: number = RESULT.OK; result !== RESULT.FRAME_END; at += kernel.consumed) {
      const length = Math.min(WINDOW, size - at);
      const window = source instanceof LazyFileSource
        ? source.readInto(at, room!.subarray(0, length))
        : await source.read(at, length);
      result = await kernel.pushAsync(window, rows);
      if (result < 0) {
        throw result === RESULT.CORRUPT ? faultOf(kernel, count, limits) : kernel.failure(result);
      }
      addRows(table, trees, rows, kernel.rowCount);
    }
  } finally {
    kernel.close();
  }
  return { table, trees, checksum: (await source.read(size - hashSize, hashSize)).slice() };
}

function addRows(table: PackTable, trees: DeltaTrees, rows: Uint32Array, count: number): void {
  for (let i = 0; i < count; i++) {
    const at = i * GIT_SCAN_ROW.LENGTH;
    const row = table.count;
    table.extend(1);
    table.places[2 * row] = rows[at + GIT_SCAN_ROW.OFFSET_LOW]!;
    table.places[2 * row + 1] = rows[at + GIT_SCAN_ROW.OFFSET_HIGH]!;
    table.crcs[row] = rows[at + GIT_SCAN_ROW.CRC]!;
    trees.add(rows[at + GIT_SCAN_ROW.BASE_LOW]! + rows[at + GIT_SCAN_ROW.BASE_HIGH]! * 2 ** 32);
  }
}
