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

/** A fault together with the output that came before it. */
export class Lz4ShapeFault extends Error {
  constructor(readonly output: Uint8Array, override readonly cause: unknown) {
    super(String(cause));
  }
}

type Decompress = (pieces: readonly Uint8Array[], options?: Lz4DecompressOptions) => Promise<Uint8Array>;
type Compress = (pieces: readonly Uint8Array[], options?: Lz4CompressOptions) => Promise<Uint8Array>;

/** Collects chunks; a fault keeps what came before. */
async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const output: Uint8Array[] = [];
  try {
    for await (const chunk of chunks) output.push(chunk);
  } catch (error) {
    throw new Lz4ShapeFault(join(...output), error);
  }
  return join(...output);
}

function streamOf(pieces: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  return ReadableStream.from(pieces.map((piece) => piece.slice()));
}

/** Each way to decompress that takes input in pieces and gives output before a fault. */
export const LZ4_PIECEWISE_SHAPES: Readonly<Record<string, Decompress>> = {
  // deno-lint-ignore require-await
  "push": async (pieces, options) => {
    using decoder = new Lz4Decoder(options);
    const output: Uint8Array[] = [];
    try {
      for (const piece of pieces) if (!decoder.ended) output.push(decoder.push(piece));
      decoder.finish();
    } catch (error) {
      throw new Lz4ShapeFault(join(...output), error);
    }
    return join(...output);
  },
  "stream": async (pieces, options) =>
    await collect(streamOf(pieces).pipeThrough(new Lz4DecompressionStream({ ...options, chunkSize: 7 }))),
  "stream off the loop": async (pieces, options) =>
    await collect(
      streamOf(pieces).pipeThrough(new Lz4DecompressionStream({ ...options, offload: "always" })),
    ),
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
  "stream": async (pieces, options) =>
    await collect(streamOf(pieces).pipeThrough(new Lz4CompressionStream(options))),
  "stream off the loop": async (pieces, options) =>
    await collect(streamOf(pieces).pipeThrough(new Lz4CompressionStream({ ...options, offload: "always" }))),
  "iterable": async (pieces, options) => await collect(compressLz4Iterable(pieces, options)),
};
