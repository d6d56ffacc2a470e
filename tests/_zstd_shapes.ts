/**
 * The shapes of the zstd API as functions of one type, so that one table of cases serves them all.
 */
import {
  compressZstd,
  compressZstdAsync,
  compressZstdIterable,
  decompressZstd,
  decompressZstdAsync,
  decompressZstdIterable,
  ZstdCompressionStream,
  ZstdDecoder,
  ZstdDecompressionStream,
  ZstdDecompressor,
  ZstdEncoder,
  ZstdParallelDecoder,
} from "@sluice/zstd";
import type { ZstdCompressOptions, ZstdDecompressOptions } from "@sluice/zstd";
import { join } from "./_data.ts";
import { collect, pushAll, through } from "./_shapes.ts";

type Decompress = (pieces: readonly Uint8Array[], options?: ZstdDecompressOptions) => Promise<Uint8Array>;
type Compress = (pieces: readonly Uint8Array[], options?: ZstdCompressOptions) => Promise<Uint8Array>;

/** Each way to decompress. */
export const DECOMPRESS_SHAPES: Readonly<Record<string, Decompress>> = {
  // deno-lint-ignore require-await
  "one-shot": async (pieces, options) => decompressZstd(join(...pieces), options),
  "one-shot async": async (pieces, options) => await decompressZstdAsync(join(...pieces), options),
  // deno-lint-ignore require-await
  "context": async (pieces, options) => {
    using decompressor = new ZstdDecompressor(options);
    return decompressor.decompress(join(...pieces));
  },
  // deno-lint-ignore require-await
  "push": async (pieces, options) => pushAll(new ZstdDecoder(options), pieces),
  "stream": async (pieces, options) => await through(pieces, new ZstdDecompressionStream(options)),
  "stream off the loop": async (pieces, options) =>
    await through(pieces, new ZstdDecompressionStream({ ...options, offload: "always" })),
  "iterable": async (pieces, options) => await collect(decompressZstdIterable(pieces, options)),
  "parallel": async (pieces, options) =>
    await collect(new ZstdParallelDecoder(pieces, { ...options, threads: 3 })),
};

/** Each way to compress. Only the first three see the whole value and can declare its size. */
export const COMPRESS_SHAPES: Readonly<Record<string, Compress>> = {
  // deno-lint-ignore require-await
  "one-shot": async (pieces, options) => compressZstd(join(...pieces), options),
  "one-shot async": async (pieces, options) => await compressZstdAsync(join(...pieces), options),
  // deno-lint-ignore require-await
  "push": async (pieces, options) => {
    using encoder = new ZstdEncoder(options);
    return join(...pieces.map((piece) => encoder.push(piece)), encoder.finish());
  },
  "stream": async (pieces, options) => await through(pieces, new ZstdCompressionStream(options)),
  "stream off the loop": async (pieces, options) =>
    await through(pieces, new ZstdCompressionStream({ ...options, offload: "always" })),
  "iterable": async (pieces, options) => await collect(compressZstdIterable(pieces, options)),
};
