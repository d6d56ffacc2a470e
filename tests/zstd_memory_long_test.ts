/**
 * Memory stays flat over many small operations and over a stream far larger than memory should see. The short form runs
 * with the other tests; SLUICE_LONG=1 makes it 100,000 operations and 4 GiB.
 */
import { compressZstd, decompressZstd, ZstdCompressionStream, ZstdDecompressionStream } from "@sluice/zstd";
import { assert, assertEquals } from "@std/assert";
import { testBackends } from "./_backends.ts";
import { text } from "./_data.ts";

const LONG = Deno.env.get("SLUICE_LONG") === "1";
const OPERATIONS = LONG ? 100_000 : 10_000;
const STREAM_SIZE = LONG ? 2 ** 32 : 2 ** 28;
const GROWTH_MAX = 48 << 20;

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;

testBackends("memory stays flat over many small operations", (backend) => {
  const message = text(1000);
  const rounds = (count: number): void => {
    for (let i = 0; i < count; i++) decompressZstd(compressZstd(message, { level: i % 2 === 0 ? 1 : 3 }));
  };
  rounds(2000);
  const before = Deno.memoryUsage().rss;
  rounds(OPERATIONS);
  const after = Deno.memoryUsage().rss;
  console.log(
    `${backend}: RSS ${mebibytes(before)} before, ${mebibytes(after)} after ${OPERATIONS} round trips`,
  );
  assert(after - before < GROWTH_MAX);
});

testBackends("memory stays flat over a long stream", async (backend) => {
  const chunk = text(1 << 20);
  const through = (size: number): Promise<{ size: number; peak: number }> => {
    let left = size;
    const source = new ReadableStream<Uint8Array>({
      pull(controller): void {
        if (left === 0) return controller.close();
        controller.enqueue(chunk.subarray(0, Math.min(left, chunk.length)));
        left -= Math.min(left, chunk.length);
      },
    });
    return drain(
      source.pipeThrough(new ZstdCompressionStream({ level: 1 })).pipeThrough(new ZstdDecompressionStream()),
    );
  };
  async function drain(stream: ReadableStream<Uint8Array>): Promise<{ size: number; peak: number }> {
    let size = 0;
    let peak = 0;
    let next = 0;
    for await (const part of stream) {
      size += part.length;
      if (size >= next) {
        peak = Math.max(peak, Deno.memoryUsage().rss);
        next = size + (16 << 20);
      }
    }
    return { size, peak };
  }
  const before = (await through(128 << 20)).peak;
  const { size, peak } = await through(STREAM_SIZE);
  assertEquals(size, STREAM_SIZE);
  console.log(
    `${backend}: RSS at most ${mebibytes(before)} over 128 MiB, ${mebibytes(peak)} over ${mebibytes(size)}`,
  );
  assert(peak - before < GROWTH_MAX);
});
