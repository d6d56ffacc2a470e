/**
 * Streaming archives, in which each file is blocks of its own, without deduplication.
 */
import type { compressZpaqIterable } from "../block/compress_iterable.ts";
import type { ZpaqFile, ZpaqUpdateOptions, ZpaqUpdateSink } from "../archive/_types.ts";
import { warning } from "./_problems.ts";
import type { Report } from "./_problems.ts";

/** What a run came to. */
export interface StreamResult {
  readonly files: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** The method of its blocks; undefined where `method` asks for a journaling archive. */
export function streamingMethod(method: string): string | undefined {
  return method.startsWith("s") ? `x${method.slice(1)}` : undefined;
}

/** What is said on the way. */
export interface StreamReports extends Pick<ZpaqUpdateOptions, "signal" | "onFile" | "onProgress"> {
  readonly report: Report;
}

/** Appends files one after another; one that can't be opened is said and left out. */
export async function addStreaming(
  files: readonly ZpaqFile[],
  method: string,
  sink: ZpaqUpdateSink,
  compress: typeof compressZpaqIterable,
  { report, signal, onFile, onProgress }: StreamReports,
): Promise<StreamResult> {
  const total = files.reduce((sum, { name, size }) => sum + (name.endsWith("/") ? 0 : size ?? 0), 0);
  let bytesIn = 0;
  let bytesOut = 0;
  let count = 0;
  for (const file of files) {
    if (file.name.endsWith("/")) continue; // folders have no content to stream
    signal?.throwIfAborted();
    let size = 0;
    let content: ReadableStream<Uint8Array<ArrayBuffer>>;
    try {
      content = await (file.body as () => Promise<ReadableStream<Uint8Array<ArrayBuffer>>>)();
    } catch (error) {
      report(warning("read", file.name, error));
      continue;
    }
    const counted = content.pipeThrough(
      new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
        transform(chunk, controller): void {
          bytesIn += chunk.length;
          size += chunk.length;
          signal?.throwIfAborted();
          onProgress?.({ bytesIn, bytesOut, total });
          controller.enqueue(chunk);
        },
      }),
    );
    const options = { method, filename: file.name, comment: commentOf(file) };
    for await (const chunk of compress(counted, options)) {
      bytesOut += chunk.length;
      await sink.write(chunk);
    }
    count++;
    onFile?.({ name: file.name, size, change: "added" });
  }
  return { files: count, bytesIn, bytesOut };
}

/** The date and the mode, as zpaq writes them after the size. */
function commentOf({ date, attributes }: ZpaqFile): string {
  const when = date!.toISOString().replace(/\D/g, "").slice(0, 14);
  return attributes?.system === "unix" ? `${when} u${attributes.mode}` : when;
}
