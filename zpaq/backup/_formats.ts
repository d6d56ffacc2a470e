/**
 * What a backup uses of the rooms below it: private files take types alone from their public files.
 */
import type { ZpaqArchive } from "../archive/archive.ts";
import type { decryptZpaqSource, encryptZpaqUpdate, newZpaqSalt } from "../archive/encrypted_source.ts";
import type { compressZpaqIterable } from "../block/compress_iterable.ts";

/** Functions that read and write archives. */
export interface Formats {
  readonly open: typeof ZpaqArchive.open;
  readonly compress: typeof compressZpaqIterable;
  readonly decrypt: typeof decryptZpaqSource;
  readonly encrypt: typeof encryptZpaqUpdate;
  readonly newSalt: typeof newZpaqSalt;
}
