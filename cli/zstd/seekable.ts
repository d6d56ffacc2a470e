/**
 * `sluice zstd --seekable`: one input to a file in frames, with a table that finds them.
 */
import { backendInfo } from "@sluice/ffi";
import { zstdParameterBounds } from "@sluice/zstd/encode";
import { ZstdSeekableCompressionStream } from "@sluice/zstd/seekable";
import { UsageFailure } from "../shared/exit.ts";
import type { BlockWriter, ChunkReader } from "../shared/io.ts";
import { compressionFailure } from "./compress.ts";
import type { ZstdTransfer } from "./transfer.ts";
import { compressOptions } from "./parameters.ts";
import type { ZstdReference } from "./reference.ts";
import type { ZstdSettings } from "./settings.ts";

const CONCURRENCY_MAX = 64;

/** Compresses everything from the reader to the writer; threads work on frames of their own. */
export async function compressSeekable(
  transfer: ZstdTransfer,
  settings: ZstdSettings,
  level: number,
  reference: ZstdReference,
): Promise<void> {
  if (reference.prefix !== undefined || settings.adapt !== undefined) {
    throw new UsageFailure("Option --seekable does not go with --patch-from and --adapt");
  }
  try {
    const { size: _size, contentSize: _contentSize, ...codec } = compressOptions(settings, {
      level,
      size: undefined,
      threads: false,
      maximum: (name) => zstdParameterBounds(name).max,
    });
    const stream = new ZstdSeekableCompressionStream({
      ...codec,
      rsyncable: false,
      frameSplit: settings.rsyncable ? "rsync" : "size",
      frameSize: settings.seekable || undefined,
      threads: backendInfo().threads ? Math.min(Math.max(settings.threads, 1), CONCURRENCY_MAX) : 1,
      dictionary: reference.dictionary,
    });
    await transferThrough(stream, transfer);
  } catch (error) {
    throw compressionFailure(error);
  }
}

/** Moves everything from the reader through a pair of streams to the writer. */
export async function transferThrough(
  stream: { readable: ReadableStream<Uint8Array>; writable: WritableStream<Uint8Array> },
  { reader, writer, progress }: ZstdTransfer,
): Promise<void> {
  try {
    await Promise.all([
      feed(reader, stream.writable.getWriter()),
      drain(stream.readable, writer, () => progress.update(reader.bytesIn, writer.bytesWritten)),
    ]);
    await writer.flush();
  } finally {
    await writer.settle();
    await reader.settle();
  }
}

/** A write settles when its chunk is used up: then the reader may use the chunk's buffer again. */
async function feed(reader: ChunkReader, sink: WritableStreamDefaultWriter<Uint8Array>): Promise<void> {
  try {
    for (let chunk = await reader.next(); chunk !== undefined; chunk = await reader.next()) {
      await sink.write(chunk);
    }
    await sink.close();
  } catch (error) {
    await sink.abort(error).catch(() => {});
    throw error;
  }
}

/** Moves a stream into a writer; `onStep` is called with each chunk. */
export async function drain(
  stream: ReadableStream<Uint8Array>,
  writer: BlockWriter,
  onStep: () => void,
): Promise<void> {
  for await (const chunk of stream) {
    await writer.write(chunk);
    onStep();
  }
}
