/**
 * The table at the end of a seekable file, read and held against the size of the file.
 */
import { CorruptDataError, LimitExceededError, UnsupportedFeatureError } from "@sluice/internal";
import type { ByteSource } from "@sluice/internal";
import { parseSeekFooter, parseSeekTable } from "./_seek_table.ts";
import type { SeekEntries } from "./_seek_table.ts";

/** What is read from the end of a file to find its table: the whole table of 10 GiB in frames of 2 MiB. */
export const TAIL_SIZE = 64 << 10;

/** Reads the table at the end of a file. */
export async function readSeekTable(
  source: ByteSource,
  maxTableSize: number,
  signal: AbortSignal | undefined,
): Promise<SeekEntries> {
  const tailSize = Math.min(TAIL_SIZE, source.size);
  const tail = await source.read(source.size - tailSize, tailSize, { signal });
  const { tableSize } = parseSeekFooter(tail, source.size);
  if (tableSize > maxTableSize) {
    throw new LimitExceededError(
      `Cannot open a seekable file: its table has ${tableSize} bytes, expected at most ${maxTableSize}`,
      {
        format: "zstd",
        code: "TABLE_TOO_LARGE",
        offset: source.size - tableSize,
        limit: maxTableSize,
        actual: tableSize,
        unit: "bytes",
      },
    );
  }
  const table = tableSize <= tail.length
    ? tail.subarray(tail.length - tableSize)
    : await source.read(source.size - tableSize, tableSize, { signal });
  const entries = parseSeekTable(table, source.size);
  let covered = tableSize;
  for (let i = 0; i < entries.compressedSizes.length; i++) covered += entries.compressedSizes[i]!;
  if (covered > source.size) {
    throw new CorruptDataError(
      `Cannot open a seekable file: its table names ${covered} bytes, the file has ${source.size}`,
      { format: "zstd", code: "CORRUPT", offset: source.size - tableSize },
    );
  }
  if (covered < source.size) {
    // Files that were joined end with the table of the last one, which says nothing of what is before it.
    throw new UnsupportedFeatureError(
      `Cannot open a seekable file: its table is about the last ${covered} of ${source.size} bytes`,
      { format: "zstd", code: "NOT_SEEKABLE", offset: 0 },
    );
  }
  return entries;
}
