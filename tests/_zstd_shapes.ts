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

/** A fault together with the output that came before it. */
export class ShapeFault extends Error {
  constructor(readonly output: Uint8Array, override readonly cause: unknown) {
    super(String(cause));
  }
}

type Decompress = (pieces: readonly Uint8Array[], options?: ZstdDecompressOptions) => Promise<Uint8Array>;
type Compress = (pieces: readonly Uint8Array[], options?: ZstdCompressOptions) => Promise<Uint8Array>;

/** Collects chunks; a fault keeps what came before. */
async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const output: Uint8Array[] = [];
  try {
    for await (const chunk of chunks) output.push(chunk);
  } catch (error) {
    throw new ShapeFault(join(...output), error);
  }
  return join(...output);
}

/** A stream that gives one piece a pull. */
export function streamOf(pieces: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  return ReadableStream.from(pieces.map((piece) => piece.slice()));
}

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
  "push": async (pieces, options) => {
    using decoder = new ZstdDecoder(options);
    const output: Uint8Array[] = [];
    try {
      for (const piece of pieces) if (!decoder.ended) output.push(decoder.push(piece));
      decoder.finish();
    } catch (error) {
      throw new ShapeFault(join(...output), error);
    }
    return join(...output);
  },
  "stream": async (pieces, options) =>
    await collect(streamOf(pieces).pipeThrough(new ZstdDecompressionStream(options))),
  "stream off the loop": async (pieces, options) =>
    await collect(
      streamOf(pieces).pipeThrough(new ZstdDecompressionStream({ ...options, offload: "always" })),
    ),
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
  "stream": async (pieces, options) =>
    await collect(streamOf(pieces).pipeThrough(new ZstdCompressionStream(options))),
  "stream off the loop": async (pieces, options) =>
    await collect(streamOf(pieces).pipeThrough(new ZstdCompressionStream({ ...options, offload: "always" }))),
  "iterable": async (pieces, options) => await collect(compressZstdIterable(pieces, options)),
};
