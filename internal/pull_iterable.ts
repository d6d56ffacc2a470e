/**
 * Running a {@linkcode PullCodec} over an iterable, without streams in between.
 *
 * @module
 */
import { untilAborted } from "./abort.ts";
import { ChunkReader } from "./chunk_source.ts";
import type { ChunkSource } from "./chunk_source.ts";
import { OutputBuffers } from "./output_buffers.ts";
import { isReadAside, readAside, readCounted } from "./pull_codec.ts";
import type { PullCodec } from "./pull_codec.ts";

/** How an iteration runs. */
export interface IterateOptions {
  /** The most bytes of one output chunk. */
  readonly chunkSize: number;
  /** Ends the iteration at once, a read of the source that is pending included. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Yields the codec's output for the source's chunks: nothing is read before the first `next()`, and one input and one
 * output chunk are held. The codec is closed and the source ended when the generator ends, however it ends.
 */
export async function* iterateCodec(
  codec: PullCodec,
  source: ChunkSource,
  { chunkSize, signal }: IterateOptions,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  const buffers = new OutputBuffers(chunkSize);
  let reader: ChunkReader | undefined;
  try {
    reader = new ChunkReader(source, signal);
    while (!codec.done) {
      signal?.throwIfAborted();
      if (codec.needsInput) {
        const chunk = await reader.next();
        if (chunk === undefined) codec.end();
        else codec.write(chunk);
        continue;
      }
      const target = buffers.next();
      const length = isReadAside(codec)
        ? await untilAborted(readAside(codec, target), signal)
        : readCounted(codec, target);
      const output = buffers.take(target, length);
      if (length > 0) yield output;
    }
  } finally {
    codec.close();
    await reader?.close();
  }
}
