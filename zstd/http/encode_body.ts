/**
 * Bodies of responses on their way through an encoder.
 */
import { ZstdContentCompressionStream } from "./content_encoding.ts";
import { DczCompressionStream } from "./dcz_compression_stream.ts";
import type { ZstdNegotiatedEncoding } from "./negotiation.ts";
import type { WithZstdOptions } from "./with_zstd_options.ts";

/** Encodes a body as it passes; `live` for one whose every chunk has to arrive without waiting for the next. */
export function encodeBody(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  chosen: ZstdNegotiatedEncoding,
  compress: NonNullable<WithZstdOptions["compress"]>,
  live: boolean,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  if (chosen.encoding === "gzip") return body.pipeThrough(new CompressionStream("gzip"));
  const stream = chosen.encoding === "dcz"
    ? new DczCompressionStream({ ...compress, dictionary: chosen.dictionary! })
    : new ZstdContentCompressionStream(compress);
  return live ? pipeLive(body, stream) : body.pipeThrough(stream);
}

/** Pipes a body whose every chunk has to arrive without waiting for the next one. */
function pipeLive(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  stream: ZstdContentCompressionStream | DczCompressionStream,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader();
  const writer = stream.writable.getWriter();
  async function run(): Promise<void> {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      await writer.write(read.value);
      await stream.flush();
    }
    await writer.close();
  }
  // Whichever side fails or is cancelled, the other is told.
  run().catch((error) => writer.abort(error).catch(() => {}));
  writer.closed.catch((reason) => reader.cancel(reason).catch(() => {}));
  return stream.readable;
}
