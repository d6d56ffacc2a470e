/**
 * The layout of `dcz` bodies (RFC 9842, 5): a skippable frame with the dictionary's SHA-256, then zstd frames that take
 * the dictionary for raw content.
 */
import {
  checkInteger,
  CorruptDataError,
  describe,
  DictionaryMismatchError,
  TruncatedDataError,
  writeU32,
} from "@sluice/internal";
import { LEVEL_DEFAULT, LEVEL_MAX, LEVEL_MIN } from "../options/_compress_options.ts";
import { DecoderCodec } from "../codec/_decoder_codec.ts";
import { resolveStreamingOptions, withWindowLimit } from "../options/_decompress_options.ts";
import { MAGIC_SIZE, RESERVED_VARIANT, SKIPPABLE_HEADER_SIZE, SKIPPABLE_MAGIC } from "../frame/_format.ts";
import type { Opened } from "../codec/_headed_codec.ts";
import { HeadedCodec } from "../codec/_headed_codec.ts";
import { zstdLevelParameters } from "../kernel/encoder_facts.ts";
import { checkContentOptions, dczWindowSizeMax, windowCheck } from "../options/_window_rule.ts";
import type { ZstdCompressOptions } from "../options/compress_options.ts";
import type { DczDictionary } from "./dcz_dictionary.ts";
import type { DczCompressOptions, DczDecompressOptions } from "./dcz_options.ts";

/** Bytes of a SHA-256. */
export const HASH_SIZE = 32;
/** Bytes before the frames. */
export const DCZ_HEADER_SIZE = SKIPPABLE_HEADER_SIZE + HASH_SIZE;

/**
 * Dictionaries from this size on are matched far back instead of digested. A digest costs nothing to use, but the tables of
 * a level don't reach over a large dictionary: a text of 1 MiB with three bytes inserted every 20 KiB took 222,613 bytes
 * with a digest and 601 so, at level 1, in less time.
 */
const LARGE_DICTIONARY_SIZE = 128 << 10;
/** No search for block borders ahead of compression: it knows nothing of a prefix (`_patch.ts` has a measurement). */
export const BLOCK_SPLITTER_OFF = 1;
/** Windows of a body are bounded by `windowCheck`; this is the bound of the format. */
const WINDOW_LOG_MAX = 27;

/** The header that names a dictionary, or the base of a patch, by its SHA-256. */
export function makeHashHeader(sha256: Uint8Array): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(DCZ_HEADER_SIZE);
  writeU32(header, 0, SKIPPABLE_MAGIC + RESERVED_VARIANT);
  writeU32(header, MAGIC_SIZE, HASH_SIZE);
  header.set(sha256, SKIPPABLE_HEADER_SIZE);
  return header;
}

/** How many of the bytes at hand agree with the fixed part of such a header; 8 when all of it is there. */
export function matchingHeaderSize(bytes: Uint8Array): number {
  const expected = makeHashHeader(new Uint8Array(HASH_SIZE));
  let size = 0;
  while (size < SKIPPABLE_HEADER_SIZE && size < bytes.length && bytes[size] === expected[size]) size++;
  return size;
}

/** Whether a value is a dictionary with its hash. */
function isDczDictionary(value: unknown): value is DczDictionary {
  return typeof value === "object" && value !== null && "sha256" in value && "zstd" in value;
}

/** Codec options for a body: a small dictionary is digested once, a large one is a prefix with far matches. */
export function dczCodecOptions(
  options: DczCompressOptions,
  contentSize: number | undefined,
): ZstdCompressOptions {
  const { dictionary, ...codec } = options;
  if (!isDczDictionary(dictionary)) {
    throw new TypeError(
      `Cannot use option "dictionary": it is ${describe(dictionary)}, expected a DczDictionary`,
    );
  }
  if (contentSize !== undefined) checkInteger("size", contentSize, 0, Number.MAX_SAFE_INTEGER);
  const size = dictionary.size;
  const windowLogMax = Math.floor(Math.log2(dczWindowSizeMax(size)));
  const reach = Math.ceil(Math.log2(size + (contentSize ?? size) + 1));
  const level = checkInteger("level", codec.level ?? LEVEL_DEFAULT, LEVEL_MIN, LEVEL_MAX);
  const levelWindowLog = zstdLevelParameters(level, contentSize, size, codec.backend)[0]!;
  const far = codec.longDistance === true || typeof codec.longDistance === "object";
  const raised = far || reach > levelWindowLog || levelWindowLog > windowLogMax;
  const windowLog = codec.windowLog ??
    (raised ? Math.min(windowLogMax, Math.max(levelWindowLog, reach)) : undefined);
  const chosen = windowLog === undefined ? codec : { ...codec, windowLog };
  checkContentOptions(chosen, windowLogMax);
  if (size >= LARGE_DICTIONARY_SIZE && codec.longDistance !== false) {
    return {
      longDistance: true,
      blockSplitterLevel: BLOCK_SPLITTER_OFF,
      ...chosen,
      prefix: dictionary.zstd.bytes,
    };
  }
  return { ...chosen, dictionary: dictionary.zstd };
}

/** A codec that checks the header of a body, finds its dictionary and decodes the frames. */
export function openDcz(options: DczDecompressOptions, offload: "auto" | "always" | "never"): HeadedCodec {
  const { dictionaries, ...codecOptions } = options;
  const isKnown = typeof dictionaries === "function" ||
    Array.isArray(dictionaries) && dictionaries.every(isDczDictionary);
  if (!isKnown) {
    throw new TypeError(
      `Cannot use option "dictionaries": it is ${
        describe(dictionaries)
      }, expected a list of DczDictionary or a function`,
    );
  }
  resolveStreamingOptions({ maxWindowLog: WINDOW_LOG_MAX, ...codecOptions }); // refused at the call
  return new HeadedCodec(DCZ_HEADER_SIZE, async (head): Promise<Opened> => {
    const dictionary = await findDictionary(head, dictionaries);
    const check = windowCheck(dczWindowSizeMax(dictionary.size));
    const limited = withWindowLimit(codecOptions, WINDOW_LOG_MAX);
    const settings = resolveStreamingOptions({
      ...limited,
      dictionary: dictionary.zstd,
      skipBytes: DCZ_HEADER_SIZE, // given to the codec as well, so that offsets count from the start of the body
      checkHeader(header): void {
        if (limited !== codecOptions) check(header);
        codecOptions.checkHeader?.(header);
      },
    });
    return { codec: new DecoderCodec(settings, offload), rest: head };
  });
}

async function findDictionary(
  head: Uint8Array,
  dictionaries: DczDecompressOptions["dictionaries"],
): Promise<DczDictionary> {
  if (matchingHeaderSize(head) < Math.min(head.length, SKIPPABLE_HEADER_SIZE)) {
    throw new CorruptDataError("Cannot decompress dcz data at byte 0: the bytes are no dcz header", {
      format: "zstd",
      code: "BAD_MAGIC",
      offset: 0,
    });
  }
  if (head.length < DCZ_HEADER_SIZE) {
    throw new TruncatedDataError(
      `Cannot decompress dcz data at byte ${head.length}: the data ends inside its header of ${DCZ_HEADER_SIZE} bytes`,
      { format: "zstd", code: "TRUNCATED", offset: head.length },
    );
  }
  const sha256 = head.slice(SKIPPABLE_HEADER_SIZE);
  const found = typeof dictionaries === "function"
    ? await dictionaries(sha256)
    : dictionaries.find((dictionary) => dictionary.matches(sha256));
  if (found?.matches(sha256)) return found;
  throw new DictionaryMismatchError(
    `Cannot decompress dcz data at byte ${SKIPPABLE_HEADER_SIZE}: ${
      found === undefined ? "no dictionary has" : "the dictionary does not have"
    } the SHA-256 ${sha256.reduce((text, byte) => text + byte.toString(16).padStart(2, "0"), "")}`,
    { format: "zstd", code: "DICTIONARY_HASH_MISMATCH", offset: SKIPPABLE_HEADER_SIZE },
  );
}
