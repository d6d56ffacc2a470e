/**
 * The order in which files go into an archive: by kind, as their names tell it, and by size, so that blocks are alike.
 */

import { encodeName } from "../block/_names.ts";

const LETTERS = 5;
const SIZE_LEVEL_MAX = 2 ** 24 - 1;

interface Sortable {
  readonly name: string;
  readonly size: number;
}

/** The first five letters of the extension, in lower case, as bytes. */
function extensionOf(name: string): number {
  const bytes = encodeName(name);
  let key = 0;
  let left = 0;
  for (const byte of bytes) {
    if (byte === 0x2f) {
      key = 0;
      left = 0;
    } else if (byte === 0x2e) {
      key = 0;
      left = LETTERS;
    } else if (left > 0) {
      left--;
      const lower = byte >= 65 && byte <= 90 ? byte + 32 : byte;
      key += lower * 2 ** (8 * left);
    }
  }
  return key;
}

/** Sorts files as zpaq does. */
export function sortForArchive<T extends Sortable>(files: readonly T[]): T[] {
  const keyed = files.map((file) => ({
    file,
    extension: extensionOf(file.name),
    size: SIZE_LEVEL_MAX - Math.min(Math.floor(file.size / 2 ** 14), SIZE_LEVEL_MAX),
  }));
  keyed.sort((a, b) =>
    a.extension - b.extension || a.size - b.size ||
    (a.file.name < b.file.name ? -1 : a.file.name > b.file.name ? 1 : 0)
  );
  return keyed.map(({ file }) => file);
}
