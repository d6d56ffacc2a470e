/**
 * The shapes of the lz4 API as functions of one type, so that one table of cases serves them all.
 */
import {
  compressLz4,
  compressLz4Async,
  compressLz4Iterable,
  decompressLz4,
  decompressLz4Async,
  decompressLz4Iterable,
  Lz4CompressionStream,
  Lz4Decoder,
  Lz4DecompressionStream,
  Lz4Encoder,
} from "@sluice/lz4";
import type { Lz4CompressOptions, Lz4DecompressOptions } from "@sluice/lz4";
import { join } from "./_data.ts";
import { collect, pushAll, through } from "./_shapes.ts";

type Decompress = (pieces: readonly Uint8Array[], options?: Lz4DecompressOptions) => Promise<Uint8Array>;
type Compress = (pieces: readonly Uint8Array[], options?: Lz4CompressOptions) => Promise<Uint8Array>;

/** Each way to decompress that takes input in pieces and gives output before a fault. */
export const LZ4_PIECEWISE_SHAPES: Readonly<Record<string, Decompress>> = {
  // deno-lint-ignore require-await
  "push": async (pieces, options) => pushAll(new Lz4Decoder(options), pieces),
  "stream": async (pieces, options) =>
    await through(pieces, new Lz4DecompressionStream({ ...options, chunkSize: 7 })),
  "stream off the loop": async (pieces, options) =>
    await through(pieces, new Lz4DecompressionStream({ ...options, offload: "always" })),
  "iterable": async (pieces, options) => await collect(decompressLz4Iterable(pieces, options)),
};

/** Each way to decompress. */
export const LZ4_DECOMPRESS_SHAPES: Readonly<Record<string, Decompress>> = {
  // deno-lint-ignore require-await
  "one-shot": async (pieces, options) => decompressLz4(join(...pieces), options),
  "one-shot async": async (pieces, options) => await decompressLz4Async(join(...pieces), options),
  ...LZ4_PIECEWISE_SHAPES,
};

/** Each way to compress. Only the first two see the whole value and declare its size. */
export const LZ4_COMPRESS_SHAPES: Readonly<Record<string, Compress>> = {
  // deno-lint-ignore require-await
  "one-shot": async (pieces, options) => compressLz4(join(...pieces), options),
  "one-shot async": async (pieces, options) => await compressLz4Async(join(...pieces), options),
  // deno-lint-ignore require-await
  "push": async (pieces, options) => {
    using encoder = new Lz4Encoder(options);
    return join(...pieces.map((piece) => encoder.push(piece)), encoder.finish());
  },
  "stream": async (pieces, options) => await through(pieces, new Lz4CompressionStream(options)),
  "stream off the loop": async (pieces, options) =>
    await through(pieces, new Lz4CompressionStream({ ...options, offload: "always" })),
  "iterable": async (pieces, options) => await collect(compressLz4Iterable(pieces, options)),
};
