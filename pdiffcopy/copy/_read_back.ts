/**
 * Reads what the disk has of new content.
 */
import { digestsOf, isBlockDevice, newTable } from "../file/_block_file.ts";
import type { BlockFile, Table } from "../file/_block_file.ts";
import { isSameDigest } from "../file/_digest.ts";
import { failure } from "../file/_errors.ts";

const STRIDE = 256 << 20;

/** Reads a file back and compares it with digests; it gets its size before. */
export async function readBack(
  file: BlockFile,
  { size, threads }: { readonly size: number; readonly threads: number },
  expected: Table,
): Promise<void> {
  const { mode, size: now } = file.status();
  if (now !== size && !isBlockDevice(mode)) await file.resize(size);
  await file.sync();
  await file.dropCache();
  const found = newTable(size, expected.blockSize, expected.hash);
  const stride = STRIDE - STRIDE % expected.blockSize || expected.blockSize;
  for (let at = 0; at < size; at += stride) {
    await file.hash(at, Math.min(size, at + stride), found, threads);
  }
  for (let at = 0; at < size; at += expected.blockSize) {
    const end = Math.min(size, at + expected.blockSize);
    if (isSameDigest(digestsOf(found, at, end), digestsOf(expected, at, end))) continue;
    throw failure(
      "VERIFY_FAILED",
      `Cannot verify ${file.path}: the disk has other content at byte ${at}`,
      {
        offset: at,
      },
    );
  }
}
