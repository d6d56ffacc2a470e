/**
 * Which dictionary a frame is decoded with.
 */
import { describe } from "@sluice/internal";
import { ZSTD_DICTIONARY_TYPE } from "../kernel/dictionary_type.ts";
import { ZstdDecoderDictionary } from "../kernel/decoder.ts";
import type { ZstdDecoderKernel } from "../kernel/decoder.ts";
import type { DecompressSettings } from "./_decompress_options.ts";
import { closeDigests, digestOf } from "./_dictionary_digests.ts";
import type { ZstdDictionary } from "./dictionary.ts";

/** Makes a context use what the settings give to a frame: its prefix, the dictionary that its id names, or nothing. */
export function useDecoderDictionary(
  kernel: ZstdDecoderKernel,
  settings: DecompressSettings,
  id: number,
): void {
  const { prefix } = settings;
  const dictionary = prefix === undefined
    ? dictionaryFor(settings, id)
    : { bytes: prefix, type: "raw" as const };
  if (dictionary === undefined) return kernel.useDictionary(undefined);
  const { bytes, type } = dictionary;
  const make = () => new ZstdDecoderDictionary(kernel, bytes, ZSTD_DICTIONARY_TYPE[type]);
  kernel.useDictionary(digestOf(prefix ?? dictionary, kernel.library, "decode", make));
}

/** Frees what was digested for these settings alone. */
export function releaseDecoderDictionary({ prefix }: DecompressSettings): void {
  if (prefix !== undefined) closeDigests(prefix);
}

/** The dictionary for a frame: the one that its id names, else the one that was given for all frames. */
function dictionaryFor(settings: DecompressSettings, id: number): ZstdDictionary | undefined {
  const { dictionary, dictionaries, lookupDictionary } = settings;
  if (id === 0 || dictionary?.id === id) return dictionary;
  const given = dictionaries.find((candidate) => candidate.id === id);
  if (given !== undefined || lookupDictionary === undefined) return given ?? dictionary;
  const found = lookupDictionary(id) ?? dictionary;
  if (found === undefined || found.bytes instanceof Uint8Array) return found;
  throw new TypeError(
    `Cannot use option "lookupDictionary": it is ${describe(found)}, expected a dictionary`,
  );
}
