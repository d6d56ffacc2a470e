/**
 * What the shapes of every codec's API have in common.
 */
import { join } from "./_data.ts";

/** A fault together with the output that came before it. */
export class ShapeFault extends Error {
  constructor(readonly output: Uint8Array, override readonly cause: unknown) {
    super(String(cause));
  }
}

/** A push engine of decompression. */
interface PushDecoder extends Disposable {
  readonly ended: boolean;
  push(piece: Uint8Array): Uint8Array;
  finish(): unknown;
}

/** Pushes pieces; a fault keeps what came before. */
export function pushAll(decoder: PushDecoder, pieces: readonly Uint8Array[]): Uint8Array {
  using _ = decoder;
  const output: Uint8Array[] = [];
  try {
    for (const piece of pieces) if (!decoder.ended) output.push(decoder.push(piece));
    decoder.finish();
  } catch (error) {
    throw new ShapeFault(join(...output), error);
  }
  return join(...output);
}

/** Collects chunks; a fault keeps what came before. */
export async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
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

/** What comes out of a pair of streams that pieces go into. */
export function through(
  pieces: readonly Uint8Array[],
  pair: ReadableWritablePair<Uint8Array, BufferSource>,
): Promise<Uint8Array> {
  return collect(streamOf(pieces).pipeThrough(pair as ReadableWritablePair<Uint8Array, Uint8Array>));
}
