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
  const from = name.lastIndexOf("/") + 1;
  const dot = name.lastIndexOf(".");
  if (dot < from) return 0;
  let key = 0;
  let left = LETTERS;
  for (let at = dot + 1; at < name.length && left > 0; at++) {
    const code = name.charCodeAt(at);
    if (code >= 0x80) return keyOf(encodeName(name.slice(dot + 1)));
    left--;
    key += lower(code) * 2 ** (8 * left);
  }
  return key;
}

function keyOf(letters: Uint8Array): number {
  let key = 0;
  for (let i = 0; i < LETTERS; i++) key += lower(letters[i] ?? 0) * 2 ** (8 * (LETTERS - 1 - i));
  return key;
}

function lower(byte: number): number {
  return byte >= 65 && byte <= 90 ? byte + 32 : byte;
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
