/**
 * Decoders of request bodies, by the options of a server.
 */
import { checkLimit } from "@sluice/internal";
import { lookupIn } from "./_request_body.ts";
import type { BodyDecoders } from "./_request_body.ts";
import { ZstdContentDecompressionStream } from "./content_encoding.ts";
import { DczDecompressionStream } from "./dcz_decompression_stream.ts";
import type { WithZstdOptions } from "./with_zstd_options.ts";

const MAX_REQUEST_SIZE_DEFAULT = 64 << 20;

/**
 * Makes decoders within the limit of the options, with the dictionaries that they name.
 *
 * @throws {TypeError} If the limit is no number.
 * @throws {RangeError} If it is out of range.
 */
export function bodyDecoders(
  { dictionaries = [], maxRequestSize = MAX_REQUEST_SIZE_DEFAULT }: WithZstdOptions,
): BodyDecoders {
  const maxOutputSize = checkLimit("maxRequestSize", maxRequestSize);
  const find = lookupIn(dictionaries);
  return {
    zstd: () => new ZstdContentDecompressionStream({ maxOutputSize }),
    dcz: () => new DczDecompressionStream({ dictionaries: find, maxOutputSize }),
  };
}
