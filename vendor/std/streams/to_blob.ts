import { toArrayBuffer } from "./to_array_buffer.ts";

/** Collects a stream of bytes into a Blob. */
export async function toBlob(stream: ReadableStream<Uint8Array>): Promise<Blob> {
  return new Blob([await toArrayBuffer(stream)]);
}
