/**
 * Seek tables as bytes: a skippable frame of variant 14 with one entry a frame, at the end of a seekable file.
 */
import { CorruptDataError, readU32, UnsupportedFeatureError, writeU32 } from "@sluice/internal";
import {
  CHECKSUM_SIZE,
  MAGIC_SIZE,
  RESERVED_VARIANT,
  SEEK_CHECKSUM_FLAG,
  SEEK_ENTRY_SIZE,
  SEEK_FOOTER_SIZE,
  SEEK_FRAME_COUNT_MAX,
  SEEK_FRAME_SIZE_MAX,
  SEEK_RESERVED_BITS,
  SEEK_TABLE_MAGIC,
  SKIPPABLE_HEADER_SIZE,
  SKIPPABLE_MAGIC,
} from "../frame/_format.ts";

/** What a table says of all frames, one value a frame. */
export interface SeekEntries {
  readonly compressedSizes: ArrayLike<number>;
  readonly sizes: ArrayLike<number>;
  /** The low 32 bits of each content's XXH64; undefined where the table has none. */
  readonly checksums: ArrayLike<number> | undefined;
}

/** What the last bytes of a file say about its table. */
export interface SeekFooter {
  readonly frameCount: number;
  readonly hasChecksums: boolean;
  /** Bytes of the whole table, header of the skippable frame included. */
  readonly tableSize: number;
}

/** Bytes of a table. Sizes are doubles all along: a hostile count must not wrap around. */
export function seekTableSize(frameCount: number, hasChecksums: boolean): number {
  const entrySize = SEEK_ENTRY_SIZE + (hasChecksums ? CHECKSUM_SIZE : 0);
  return SKIPPABLE_HEADER_SIZE + frameCount * entrySize + SEEK_FOOTER_SIZE;
}

/**
 * Reads the footer out of the last bytes of a file.
 *
 * @throws {UnsupportedFeatureError} With code "NOT_SEEKABLE" if no table ends here.
 * @throws {CorruptDataError} If the footer contradicts itself or the size of the file.
 */
export function parseSeekFooter(tail: Uint8Array, sourceSize: number): SeekFooter {
  const at = tail.length - SEEK_FOOTER_SIZE;
  if (at < SKIPPABLE_HEADER_SIZE || readU32(tail, tail.length - MAGIC_SIZE) !== SEEK_TABLE_MAGIC) {
    throw new UnsupportedFeatureError(
      "Cannot open a seekable file: no seek table stands at its end, expected one or an index of the file",
      { format: "zstd", code: "NOT_SEEKABLE", offset: sourceSize },
    );
  }
  const frameCount = readU32(tail, at);
  const descriptor = tail[at + 4]!;
  if ((descriptor & SEEK_RESERVED_BITS) !== 0) {
    throw corrupt(sourceSize, `reserved bits of its descriptor 0x${descriptor.toString(16)} are set`);
  }
  if (frameCount > SEEK_FRAME_COUNT_MAX) {
    throw corrupt(sourceSize, `it has ${frameCount} entries, expected at most ${SEEK_FRAME_COUNT_MAX}`);
  }
  const hasChecksums = (descriptor & SEEK_CHECKSUM_FLAG) !== 0;
  const tableSize = seekTableSize(frameCount, hasChecksums);
  if (tableSize > sourceSize) {
    throw corrupt(sourceSize, `its ${frameCount} entries do not fit into ${sourceSize} bytes`);
  }
  return { frameCount, hasChecksums, tableSize };
}

/**
 * Reads a whole table.
 *
 * @param table The skippable frame, from its magic number to its end.
 * @param sourceSize Bytes of the file, which all frames and the table have to fit into; `Infinity` for a table alone.
 * @throws {UnsupportedFeatureError} With code "NOT_SEEKABLE" if no table ends here.
 * @throws {CorruptDataError} If the table contradicts itself or the size of the file.
 */
export function parseSeekTable(table: Uint8Array, sourceSize: number): SeekEntries {
  const { frameCount, hasChecksums, tableSize } = parseSeekFooter(table, sourceSize);
  const frameSize = readU32(table, MAGIC_SIZE);
  if (
    tableSize !== table.length || readU32(table, 0) !== SKIPPABLE_MAGIC + RESERVED_VARIANT ||
    frameSize + SKIPPABLE_HEADER_SIZE !== tableSize
  ) {
    throw corrupt(sourceSize, `its frame is not one of ${tableSize} bytes, as ${frameCount} entries need`);
  }
  const compressedSizes = new Uint32Array(frameCount);
  const sizes = new Uint32Array(frameCount);
  const checksums = hasChecksums ? new Uint32Array(frameCount) : undefined;
  let total = 0;
  let contentTotal = 0;
  let at = SKIPPABLE_HEADER_SIZE;
  for (let i = 0; i < frameCount; i++) {
    compressedSizes[i] = readU32(table, at);
    sizes[i] = readU32(table, at + 4);
    at += SEEK_ENTRY_SIZE;
    if (checksums !== undefined) {
      checksums[i] = readU32(table, at);
      at += CHECKSUM_SIZE;
    }
    total += compressedSizes[i]!;
    contentTotal += sizes[i]!;
    if (sizes[i]! > SEEK_FRAME_SIZE_MAX || sizes[i]! > 0 && compressedSizes[i] === 0) {
      throw corrupt(sourceSize, `entry ${i} has ${sizes[i]} bytes in a frame of ${compressedSizes[i]}`);
    }
  }
  if (total + tableSize > sourceSize) {
    throw corrupt(sourceSize, `its frames have ${total} bytes, expected at most ${sourceSize - tableSize}`);
  }
  if (contentTotal > Number.MAX_SAFE_INTEGER) {
    throw corrupt(sourceSize, `its content has ${contentTotal} bytes, expected at most 2 ** 53 - 1`);
  }
  return { compressedSizes, sizes, checksums };
}

/**
 * Makes a table.
 *
 * @throws {RangeError} If a frame is larger than the table can say, or there are too many.
 */
export function makeSeekTable(entries: SeekEntries): Uint8Array<ArrayBuffer> {
  const { compressedSizes, sizes, checksums } = entries;
  const frameCount = sizes.length;
  if (frameCount > SEEK_FRAME_COUNT_MAX) {
    throw new RangeError(
      `Cannot make a seek table of ${frameCount} frames: the format has room for ${SEEK_FRAME_COUNT_MAX}`,
    );
  }
  const table = new Uint8Array(seekTableSize(frameCount, checksums !== undefined));
  writeU32(table, 0, SKIPPABLE_MAGIC + RESERVED_VARIANT);
  writeU32(table, MAGIC_SIZE, table.length - SKIPPABLE_HEADER_SIZE);
  let at = SKIPPABLE_HEADER_SIZE;
  for (let i = 0; i < frameCount; i++) {
    if (sizes[i]! > SEEK_FRAME_SIZE_MAX || compressedSizes[i]! > 0xffff_ffff) {
      throw new RangeError(
        `Cannot make a seek table: frame ${i} has ${sizes[i]} bytes, expected at most ${SEEK_FRAME_SIZE_MAX}`,
      );
    }
    writeU32(table, at, compressedSizes[i]!);
    writeU32(table, at + 4, sizes[i]!);
    at += SEEK_ENTRY_SIZE;
    if (checksums !== undefined) {
      writeU32(table, at, checksums[i]!);
      at += CHECKSUM_SIZE;
    }
  }
  writeU32(table, at, frameCount);
  table[at + 4] = checksums === undefined ? 0 : SEEK_CHECKSUM_FLAG;
  writeU32(table, at + 5, SEEK_TABLE_MAGIC);
  return table;
}

function corrupt(offset: number, fact: string): CorruptDataError {
  return new CorruptDataError(`Cannot read the seek table at the end of a file: ${fact}`, {
    format: "zstd",
    code: "CORRUPT",
    offset: offset === Infinity ? undefined : offset,
  });
}
