/**
 * Compression of whole values.
 *
 * @module
 */
import { concatBytes, toBytes } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { encodeBlock, encodeBlockAsync } from "./_block_encoder.ts";
import { requestsOf } from "./_block_split.ts";
import { resolveCompressOptions } from "./_compress_options.ts";
import type { ZpaqCompressOptions } from "./compress_options.ts";

/**
 * Compresses a value into blocks of one segment each, the bytes that zpaq 7.15's library writes for the same method.
 *
 * @throws {TypeError} If the value holds no bytes, or an option has the wrong type or is not known.
 * @throws {RangeError} If an option is out of range or the method is not known.
 *
 * @example A model for text
 * ```ts
 * import { compressZpaq, decompressZpaq } from "@sluice/zpaq";
 * import { assert, assertEquals } from "@std/assert";
 *
 * const text = new TextEncoder().encode("to be, or not to be, ".repeat(100));
 * const block = compressZpaq(text, { method: "5" });
 * assert(block.length < text.length);
 * assertEquals(decompressZpaq(block), text);
 * ```
 */
export function compressZpaq(data: BytesSource, options: ZpaqCompressOptions = {}): Uint8Array<ArrayBuffer> {
  const settings = resolveCompressOptions(options);
  return concatBytes(requestsOf(toBytes(data), settings).map(encodeBlock));
}

/**
 * As {@linkcode compressZpaq}, off the event loop natively.
 *
 * @example Beside other work
 * ```ts
 * import { compressZpaq, compressZpaqAsync } from "@sluice/zpaq";
 * import { assertEquals } from "@std/assert";
 *
 * const data = new Uint8Array(1000);
 * assertEquals(await compressZpaqAsync(data), compressZpaq(data));
 * ```
 */
export async function compressZpaqAsync(
  data: BytesSource,
  options: ZpaqCompressOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const settings = resolveCompressOptions(options);
  const blocks: Uint8Array<ArrayBuffer>[] = [];
  for (const request of requestsOf(toBytes(data), settings)) blocks.push(await encodeBlockAsync(request));
  return concatBytes(blocks);
}
