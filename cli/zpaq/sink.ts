/**
 * Files that archives are written to.
 */
import type { ZpaqUpdateSink } from "@sluice/zpaq";
import { writeAll } from "../shared/io.ts";

/** Bytes of salt at the start of an encrypted archive. */
export const SALT_SIZE = 32;

/** A file that an update is appended to; what it wrote is taken back when it fails. */
export function fileSink(file: Deno.FsFile, start: number): ZpaqUpdateSink {
  let at = start;
  return {
    async write(bytes): Promise<void> {
      await file.seek(at, Deno.SeekMode.Start);
      await writeAll(file, bytes);
      at += bytes.length;
    },
    async rewrite(offset, bytes): Promise<void> {
      await file.seek(start + offset, Deno.SeekMode.Start);
      await writeAll(file, bytes);
    },
  };
}

/** A salt whose first byte does not look like an archive. */
export function newSalt(): Uint8Array<ArrayBuffer> {
  const salt = crypto.getRandomValues(new Uint8Array(SALT_SIZE));
  while (salt[0] === 0x37 || salt[0] === 0x7a) crypto.getRandomValues(salt.subarray(0, 1));
  return salt;
}
