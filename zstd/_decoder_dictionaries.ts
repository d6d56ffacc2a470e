/**
 * Which dictionary a frame is decoded with.
 */
import { ZSTD_DICTIONARY_TYPE } from "@sluice/ffi";
import { ZstdDecoderDictionary } from "@sluice/ffi/zstd-decoder";
import type { ZstdDecoderKernel } from "@sluice/ffi/zstd-decoder";
import type { DecompressSettings } from "./_decompress_options.ts";
import { digestOf } from "./_dictionary_digests.ts";
import type { ZstdDictionary } from "./dictionary.ts";

/** Makes a context use a dictionary, or none. */
export function useDecoderDictionary(
  kernel: ZstdDecoderKernel,
  dictionary: ZstdDictionary | undefined,
): void {
  if (dictionary === undefined) return kernel.useDictionary(undefined);
  const { bytes, type } = dictionary;
  kernel.useDictionary(
    digestOf(
      dictionary,
      kernel.library,
      "decode",
      () => new ZstdDecoderDictionary(kernel, bytes, ZSTD_DICTIONARY_TYPE[type]),
    ),
  );
}

/** The dictionary for a frame: the one that its id names, else the one that was given for all frames. */
export function dictionaryFor(settings: DecompressSettings, id: number): ZstdDictionary | undefined {
  const { dictionary, dictionaries, lookupDictionary } = settings;
  if (id === 0 || dictionary?.id === id) return dictionary;
  return dictionaries.find((candidate) => candidate.id === id) ?? lookupDictionary?.(id) ?? dictionary;
}
