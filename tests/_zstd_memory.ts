/**
 * Run as a process of its own: prints how much memory it holds before and after many small operations, and at most over a
 * short and a long stream, as JSON in bytes. Arguments: backend, operations, bytes of the long stream.
 */
import { configureBackend } from "@sluice/ffi";
import { compressZstd, decompressZstd, ZstdCompressionStream, ZstdDecompressionStream } from "@sluice/zstd";
import { text } from "./_data.ts";

/** What the process prints. */
export interface MemoryReport {
  readonly before: number;
  readonly after: number;
  readonly shortPeak: number;
  readonly longPeak: number;
  readonly streamed: number;
}

const SHORT_STREAM_SIZE = 128 << 20;

function roundTrips(count: number): void {
  const message = text(1000);
  for (let i = 0; i < count; i++) decompressZstd(compressZstd(message, { level: i % 2 === 0 ? 1 : 3 }));
}

async function streamThrough(size: number): Promise<{ peak: number; streamed: number }> {
  const chunk = text(1 << 20);
  let left = size;
  const source = new ReadableStream<Uint8Array>({
    pull(controller): void {
      if (left === 0) return controller.close();
      controller.enqueue(chunk.subarray(0, Math.min(left, chunk.length)));
      left -= Math.min(left, chunk.length);
    },
  });
  const stream = source.pipeThrough(new ZstdCompressionStream({ level: 1 })).pipeThrough(
    new ZstdDecompressionStream(),
  );
  let streamed = 0;
  let peak = 0;
  let next = 0;
  for await (const part of stream) {
    streamed += part.length;
    if (streamed >= next) {
      peak = Math.max(peak, Deno.memoryUsage().rss);
      next = streamed + (16 << 20);
    }
  }
  return { peak, streamed };
}

if (import.meta.main) {
  const [backend, operations, size] = Deno.args;
  configureBackend(backend as "native" | "wasm");
  roundTrips(5000);
  const before = Deno.memoryUsage().rss;
  roundTrips(Number(operations));
  const after = Deno.memoryUsage().rss;
  const { peak: shortPeak } = await streamThrough(SHORT_STREAM_SIZE);
  const { peak: longPeak, streamed } = await streamThrough(Number(size));
  const report: MemoryReport = { before, after, shortPeak, longPeak, streamed };
  console.log(JSON.stringify(report));
}
