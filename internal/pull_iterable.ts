/**
 * Running a {@linkcode PullCodec} over an iterable, without streams in between.
 *
 * @module
 */
import { describe, toBytes } from "./bytes.ts";
import type { BytesSource } from "./bytes.ts";
import type { PullCodec } from "./pull_codec.ts";

/** What an iterable API reads from: chunks that come one after another, or one value with all bytes. */
export type ChunkSource = BytesSource | Iterable<BytesSource> | AsyncIterable<BytesSource>;

/**
 * The chunks of a source, one by one.
 *
 * @throws {TypeError} If the source is neither bytes nor iterable.
 *
 * @example A single value
 * ```ts
 * import { chunksOf } from "@sluice/internal";
 * import { assertEquals } from "@std/assert";
 *
 * const sizes: number[] = [];
 * for await (const chunk of chunksOf(new Uint8Array(3))) sizes.push(chunk.byteLength);
 * assertEquals(sizes, [3]);
 * ```
 */
export function chunksOf(source: ChunkSource): Iterable<BytesSource> | AsyncIterable<BytesSource> {
  if (ArrayBuffer.isView(source) || source instanceof ArrayBuffer) return [source];
  if (
    typeof source === "object" && source !== null &&
    (Symbol.asyncIterator in source || Symbol.iterator in source)
  ) {
    return source;
  }
  throw new TypeError(`Cannot iterate over the source: it is ${describe(source)}, expected chunks of bytes`);
}

/**
 * Yields the codec's output for the source's chunks: nothing is read before the first `next()`, and one input and one
 * output chunk are held. The codec is closed when the generator ends, however it ends.
 */
export async function* iterateCodec(
  codec: PullCodec,
  source: ChunkSource,
  chunkSize: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  async function readOnce(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const target = new Uint8Array(chunkSize);
    const length = codec.offLoop ? await codec.readAsync(target, 0) : codec.read(target, 0);
    if (length === 0) return undefined;
    return length * 2 >= target.length ? target.subarray(0, length) : target.slice(0, length);
  }
  try {
    for await (const chunk of chunksOf(source)) {
      const bytes = toBytes(chunk);
      if (bytes.length === 0) continue;
      codec.write(bytes);
      while (!codec.needsInput && !codec.done) {
        const output = await readOnce();
        if (output !== undefined) yield output;
      }
      if (codec.done) return;
    }
    codec.end();
    while (!codec.done) {
      const output = await readOnce();
      if (output !== undefined) yield output;
    }
  } finally {
    codec.close();
  }
}
