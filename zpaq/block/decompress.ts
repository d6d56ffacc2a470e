/**
 * Decompression of whole values.
 *
 * @module
 */
import { readWhole, readWholeAsync, toBytes, WHOLE_OUTPUT_SIZE_MAX } from "@sluice/internal";
import type { BytesSource, WholeOutputPlan } from "@sluice/internal";
import { DecoderCodec } from "./_decoder_codec.ts";
import { resolveDecompressOptions } from "./_decompress_options.ts";
import type { ZpaqDecompressOptions } from "./decompress_options.ts";

const FIRST_SIZE = 64 << 10;
const PIECE_SIZE = 1 << 20;

function planOf(options: ZpaqDecompressOptions): WholeOutputPlan {
  return {
    expected: FIRST_SIZE,
    limit: options.maxOutputSize ?? WHOLE_OUTPUT_SIZE_MAX,
    pieceSize: PIECE_SIZE,
  };
}

/**
 * Decompresses all segments of all blocks of a value into one, up to 256 MiB of content unless `maxOutputSize` says
 * otherwise.
 *
 * @throws {TypeError} If the value holds no bytes, or an option has the wrong type or is not known.
 * @throws {TruncatedDataError} If the data ends early ("TRUNCATED", "NO_DATA").
 * @throws {CorruptDataError} If it breaks the format ("BAD_MAGIC", "HEADER", "CORRUPT", "BAD_OPCODE" …).
 * @throws {ChecksumMismatchError} If a segment does not match its SHA-1 ("CHECKSUM").
 * @throws {LimitExceededError} If a limit would be passed ("OUTPUT_LIMIT", "MEMORY_LIMIT", "BUDGET_EXCEEDED").
 *
 * @example A block that another tool made
 * ```ts
 * import { decompressZpaq } from "@sluice/zpaq";
 * import { assertEquals } from "@std/assert";
 *
 * const block = Uint8Array.fromHex(
 *   "376b5374a03183d38cb228b0d37a505101010a000000000001030200380001696e2e747874000000ff52e37a41d6c46a4ba2" +
 *     "e77cf88f81382400000000fdd07c73f7e22bd4c5ed6d48e051c46789ad41b72bff",
 * );
 * assertEquals(new TextDecoder().decode(decompressZpaq(block)), "abracadabra abracadabra");
 * ```
 */
export function decompressZpaq(
  data: BytesSource,
  options: ZpaqDecompressOptions = {},
): Uint8Array<ArrayBuffer> {
  const codec = open(data, options);
  try {
    return readWhole(codec, planOf(options));
  } finally {
    codec.close();
  }
}

/**
 * As {@linkcode decompressZpaq}, off the event loop natively.
 *
 * @example Beside other work
 * ```ts
 * import { compressZpaq, decompressZpaqAsync } from "@sluice/zpaq";
 * import { assertEquals } from "@std/assert";
 *
 * const copy = await decompressZpaqAsync(compressZpaq(new Uint8Array(1000)));
 * assertEquals(copy.length, 1000);
 * ```
 */
export async function decompressZpaqAsync(
  data: BytesSource,
  options: ZpaqDecompressOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const codec = open(data, options);
  try {
    return await readWholeAsync(codec, planOf(options));
  } finally {
    codec.close();
  }
}

function open(data: BytesSource, options: ZpaqDecompressOptions): DecoderCodec {
  const codec = new DecoderCodec(resolveDecompressOptions(options, WHOLE_OUTPUT_SIZE_MAX), true);
  codec.write(toBytes(data));
  codec.end();
  return codec;
}
