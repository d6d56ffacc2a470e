/**
 * The data of segments in blocks without a model: pieces with their sizes in front, and a size of zero after.
 */
import { MARK } from "../zpaql/_format.ts";
import { segmentEnd, segmentStart } from "./_block_encoder.ts";

const SIZE_BYTES = 4;

/** A piece of data with its size in front; empty pieces would end the data. */
function piece(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const stored = new Uint8Array(SIZE_BYTES + bytes.length);
  new DataView(stored.buffer).setUint32(0, bytes.length);
  stored.set(bytes, SIZE_BYTES);
  return stored;
}

/** What is known of a segment before its data. */
export interface StoredSegment {
  readonly filename: string;
  readonly comment: string;
  /** What tells the post-processor: in the first segment of a block. */
  readonly prefix: Uint8Array;
  readonly data: AsyncIterable<Uint8Array>;
  /** Called when all data was read. */
  readonly digest: () => Uint8Array | undefined;
}

/** A whole segment. */
export async function* storedSegment(segment: StoredSegment): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  yield segmentStart(segment.filename, segment.comment);
  if (segment.prefix.length > 0) yield piece(segment.prefix);
  for await (const chunk of segment.data) if (chunk.length > 0) yield piece(chunk);
  yield new Uint8Array(SIZE_BYTES);
  yield segmentEnd(segment.digest());
}

/** What stands after the last segment of a block. */
export const BLOCK_END: Uint8Array = Uint8Array.of(MARK.BLOCK_END);
