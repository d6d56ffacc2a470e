/**
 * Dictionaries of files; loaded where one is named.
 */
import { ZstdDictionary } from "@sluice/zstd/decode";

/** The dictionary that a file holds. */
export function dictionaryOf(bytes: Uint8Array<ArrayBuffer>): ZstdDictionary {
  return new ZstdDictionary(bytes);
}
