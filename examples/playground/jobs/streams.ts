/**
 * Small tools for streams.
 */
import type { Bytes } from "./messages.ts";

/** Bytes in, bytes out. */
export type Pipe = ReadableWritablePair<Bytes, BufferSource>;

/** The chunks of a stream: not every browser iterates over streams. */
export async function* chunksOf(stream: ReadableStream<Bytes>): AsyncGenerator<Bytes, void, undefined> {
  const reader = stream.getReader();
  let ended = false;
  try {
    while (true) {
      const { value, done } = await reader.read();
      ended = done;
      if (done) return;
      yield value;
    }
  } finally {
    if (!ended) await reader.cancel().catch(() => {});
  }
}

/** How much is gathered before it leaves the worker's memory: browsers keep large blobs elsewhere. */
const PIECE_SIZE = 8 << 20;

/** Collects chunks in a blob. */
export class BlobWriter {
  #parts: BlobPart[] = [];
  #held = 0;
  readonly #pieces: Blob[] = [];

  add(chunk: Bytes): void {
    this.#parts.push(chunk);
    this.#held += chunk.length;
    if (this.#held < PIECE_SIZE) return;
    this.#pieces.push(new Blob(this.#parts));
    [this.#parts, this.#held] = [[], 0];
  }

  finish(): Blob {
    return new Blob([...this.#pieces, ...this.#parts]);
  }
}

/** At most the first bytes of a stream, without making the rest. */
export async function firstBytes(stream: ReadableStream<Bytes>, most: number): Promise<Blob> {
  const writer = new BlobWriter();
  let size = 0;
  for await (const chunk of chunksOf(stream)) {
    const part = chunk.subarray(0, most - size);
    writer.add(part);
    size += part.length;
    if (size === most) break;
  }
  return writer.finish();
}

/** Everything that a stream gives. */
export async function collect(stream: ReadableStream<Bytes>): Promise<Bytes> {
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
