/**
 * Dictionaries of frames and of saved states: finding the right one and telling it from others.
 */
import { lz4Xxh32 } from "../kernel/blocks.ts";
import { DictionaryMismatchError } from "@sluice/internal";
import type { DecompressSettings } from "./_decompress_options.ts";
import type { DecoderState, DictionaryPrint } from "./_decoder_state.ts";
import type { Lz4FrameHeader } from "../frame/frame_header.ts";

const NO_BYTES = new Uint8Array();
const WINDOW_SIZE = 1 << 16;

/** Four hashes that tell dictionaries apart. */
export function printOf(dictionary: Uint8Array, id: number | undefined): DictionaryPrint {
  const start = Math.max(0, dictionary.length - WINDOW_SIZE);
  const hashes = [0, 1, 2, 3].map((seed) => lz4Xxh32(dictionary, start, dictionary.length, seed, undefined));
  return { id: id ?? 0, size: dictionary.length - start, hashes };
}

/** The dictionary of a frame. */
export function findDictionary(
  settings: DecompressSettings,
  info: Lz4FrameHeader,
  offset: number,
): Uint8Array | undefined {
  if (info.type !== "frame") return undefined;
  const dictionary = settings.dictionary?.(info.dictId);
  if (dictionary !== undefined || info.dictId === undefined || settings.ignoreDictionary) {
    return dictionary;
  }
  throw new DictionaryMismatchError(
    `Cannot decompress lz4 data at byte ${offset}: the frame needs the dictionary ${info.dictId}`,
    { format: "lz4", code: "DICT_REQUIRED", offset, errno: 16, expectedId: info.dictId },
  );
}

/** The dictionary that a state was made with. */
export function sameDictionary(settings: DecompressSettings, state: DecoderState): Uint8Array {
  const print = state.dictionary;
  if (print === undefined) return NO_BYTES;
  const dictionary = settings.dictionary?.(state.info!.dictId);
  if (dictionary !== undefined) {
    const found = printOf(dictionary, print.id);
    if (found.size === print.size && found.hashes.every((hash, i) => hash === print.hashes[i])) {
      return dictionary;
    }
  }
  throw new DictionaryMismatchError(
    `Cannot load an lz4 state: it was made with ${dictionary === undefined ? "a" : "another"} dictionary`,
    { format: "lz4", code: "DICT_MISMATCH", offset: state.compressedOffset, errno: 16, expectedId: print.id },
  );
}
