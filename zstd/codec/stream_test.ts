/**
 * The streams as streams: who waits for whom, what is held, what is freed when.
 */
import { liveHandleCount } from "@sluice/ffi";
import {
  compressZstd,
  copyCompressedZstd,
  copyDecompressedZstd,
  decompressZstd,
  decompressZstdIterable,
  ZstdCompressionStream,
  ZstdDecoder,
  ZstdDecompressionStream,
  ZstdEncoder,
} from "@sluice/zstd";
import { compressZstdIterable } from "../mod.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { testBackends } from "../../tests/_backends.ts";
import { chunks, join, text } from "../../tests/_data.ts";
import { streamOf } from "../../tests/_shapes.ts";

const CONTENT = text(600_000);
const FRAME = compressZstd(CONTENT);

testBackends("nothing is decoded before the first read, and one chunk for each", async () => {
  const stream = new ZstdDecompressionStream({ chunkSize: 1000 });
  const writer = stream.writable.getWriter();
  const written = writer.write(FRAME);
  await new Promise((resolve) => setTimeout(resolve, 5));
  assertEquals(stream.bytesOut, 0);
  const reader = stream.readable.getReader();
  for (let i = 1; i <= 5; i++) {
    assertEquals((await reader.read()).value?.length, 1000);
    assert(stream.bytesOut <= (i + 1) * 1000);
  }
  await reader.cancel("enough");
  await assertRejects(() => written);
});

testBackends("a write settles when its chunk is used up", async () => {
  const stream = new ZstdDecompressionStream();
  const writer = stream.writable.getWriter();
  let settled = false;
  const written = writer.write(FRAME).then(() => settled = true);
  const reader = stream.readable.getReader();
  let size = 0;
  while (size < CONTENT.length) {
    assertEquals(settled, false);
    size += (await reader.read()).value!.length;
  }
  const end = reader.read();
  await written;
  await writer.close();
  assertEquals((await end).done, true);
});

testBackends("BYOB readers are served into their own buffers", async () => {
  const stream = streamOf(chunks(FRAME, 1000)).pipeThrough(new ZstdDecompressionStream());
  const reader = stream.getReader({ mode: "byob" });
  const parts: Uint8Array[] = [];
  let buffer = new ArrayBuffer(5000);
  while (true) {
    const { value, done } = await reader.read(new Uint8Array(buffer, 10, 4000));
    if (done) break;
    assertEquals(value.byteOffset, 10);
    parts.push(value.slice());
    buffer = value.buffer;
  }
  assertEquals(join(...parts), CONTENT);
});

testBackends("cancelling and aborting free the context at once and reach the other side", async () => {
  const before = liveHandleCount();
  for (const make of [() => new ZstdCompressionStream(), () => new ZstdDecompressionStream()]) {
    const cancelled = make();
    const writer = cancelled.writable.getWriter();
    writer.closed.catch(() => {});
    await cancelled.readable.cancel("no more");
    assertEquals(liveHandleCount(), before);
    assertEquals(await assertRejects(() => writer.write(FRAME)) as unknown, "no more");

    const aborted = make();
    const reader = aborted.readable.getReader();
    reader.closed.catch(() => {});
    await aborted.writable.abort("stop");
    assertEquals(liveHandleCount(), before);
    assertEquals(await assertRejects(() => reader.read()) as unknown, "stop");
  }
});

testBackends("a signal ends both sides with its reason", async () => {
  const controller = new AbortController();
  const stream = new ZstdCompressionStream({ signal: controller.signal });
  const writer = stream.writable.getWriter();
  writer.closed.catch(() => {});
  const reading = stream.readable.getReader().read();
  controller.abort(new Error("too slow"));
  await assertRejects(() => reading, Error, "too slow");
  await assertRejects(() => writer.write(FRAME), Error, "too slow");
  const late = new ZstdDecompressionStream({ signal: controller.signal });
  await assertRejects(() => late.readable.getReader().read(), Error, "too slow");
});

testBackends("errors reach both ends as the same object", async () => {
  const before = liveHandleCount();
  const stream = new ZstdDecompressionStream();
  const writer = stream.writable.getWriter();
  const writing = writer.write(new TextEncoder().encode("this is no zstd")).catch((error) => error);
  const reading = stream.readable.getReader().read().catch((error) => error);
  assert(await writing instanceof Error);
  assertEquals(await writing, await reading);
  assertEquals(liveHandleCount(), before);
});

testBackends("errors of the source pass through unchanged", async () => {
  const before = liveHandleCount();
  const fault = new RangeError("the disk is on fire");
  async function* source() {
    yield FRAME.subarray(0, 50);
    await Promise.resolve();
    throw fault;
  }
  for (
    const output of [
      decompressZstdIterable(source()),
      compressZstdIterable(source()),
      ReadableStream.from(source()).pipeThrough(new ZstdDecompressionStream()),
      ReadableStream.from(source()).pipeThrough(new ZstdCompressionStream()),
    ]
  ) {
    const error = await assertRejects(() => Array.fromAsync(output as AsyncIterable<Uint8Array>));
    assert(error === fault, String(error));
  }
  assertEquals(liveHandleCount(), before);
});

testBackends("a chunk that is no bytes fails both ends with a TypeError", async () => {
  const stream = new ZstdCompressionStream();
  const writer = stream.writable.getWriter();
  const reading = stream.readable.getReader().read().catch((error) => error);
  await assertRejects(() => writer.write("text" as unknown as Uint8Array), TypeError, "string");
  assert(await reading instanceof TypeError);
});

testBackends("iterations that end early free their context", async () => {
  const before = liveHandleCount();
  for await (const chunk of decompressZstdIterable(chunks(FRAME, 100), { chunkSize: 100 })) {
    assertEquals(chunk.length, 100);
    break;
  }
  assertEquals(liveHandleCount(), before);
  let read = 0;
  function* counted() {
    for (const chunk of chunks(CONTENT, 1000)) {
      read++;
      yield chunk;
    }
  }
  const lazy = compressZstdIterable(counted());
  assertEquals(read, 0);
  await lazy.return();
});

testBackends("flush delivers what was written before it", async () => {
  const stream = new ZstdCompressionStream();
  const decoded = stream.readable.pipeThrough(new ZstdDecompressionStream()).getReader();
  const writer = stream.writable.getWriter();
  for (const message of ["one", "two", "three"]) {
    const reading = decoded.read();
    await writer.write(new TextEncoder().encode(message));
    await stream.flush();
    assertEquals(new TextDecoder().decode((await reading).value), message);
  }
  const end = decoded.read();
  await writer.close();
  assertEquals((await end).done, true);
});

testBackends("a writer that is faster than the reader holds one chunk", async () => {
  const stream = new ZstdCompressionStream({ level: 1 });
  const writer = stream.writable.getWriter();
  await new Promise((resolve) => setTimeout(resolve, 1));
  assertEquals(writer.desiredSize, 1);
  const writes = chunks(CONTENT, 100_000).map((chunk) => writer.write(chunk));
  assert(writer.desiredSize! < 0);
  const parts = Array.fromAsync(stream.readable);
  await Promise.all(writes);
  await writer.close();
  assertEquals(decompressZstd(join(...await parts)), CONTENT);
});

testBackends("copies count what they moved and pass errors on", async () => {
  const frame = new TransformStream<Uint8Array, Uint8Array>();
  const compressed = new Response(frame.readable).bytes();
  const there = await copyCompressedZstd(streamOf(chunks(CONTENT, 100_000)), frame.writable);
  assertEquals(there, { read: CONTENT.length, written: (await compressed).length });
  const content = new TransformStream<Uint8Array, Uint8Array>();
  const decompressed = new Response(content.readable).bytes();
  const back = await copyDecompressedZstd(streamOf([await compressed]), content.writable);
  assertEquals(back, { read: there.written, written: there.read });
  assertEquals(await decompressed, CONTENT);
  const full = new WritableStream({
    write(): void {
      throw new RangeError("the disk is full");
    },
  });
  await assertRejects(() => copyDecompressedZstd(streamOf([FRAME]), full), RangeError, "the disk is full");
});

testBackends("streams tell what their context holds", async () => {
  const stream = new ZstdDecompressionStream();
  assert(stream.memoryUsage > 10_000);
  await stream.readable.cancel();
});

testBackends("a transferred chunk of output leaves the stream whole", async () => {
  const stream = streamOf([FRAME]).pipeThrough(new ZstdDecompressionStream({ chunkSize: 50_000 }));
  const parts: Uint8Array[] = [];
  for await (const chunk of stream) {
    parts.push(chunk.slice());
    structuredClone(chunk, { transfer: [chunk.buffer] });
  }
  assertEquals(join(...parts), CONTENT);
});

for (const call of ["readInto", "readIntoAsync"] as const) {
  testBackends(`the push engines fill a buffer that the caller keeps: ${call}`, async () => {
    const target = new Uint8Array(10_000);
    const frame: Uint8Array<ArrayBuffer>[] = [];
    using encoder = new ZstdEncoder({ contentChecksum: true });
    for (const chunk of [...chunks(CONTENT, 70_000), undefined]) {
      if (chunk === undefined) encoder.end();
      else encoder.write(chunk);
      while (!encoder.needsInput && !encoder.ended) frame.push(target.slice(0, await encoder[call](target)));
    }
    assertThrows(() => encoder.end(), TypeError);

    const content: Uint8Array<ArrayBuffer>[] = [];
    using decoder = new ZstdDecoder();
    for (const chunk of chunks(join(...frame), 3333)) {
      decoder.write(chunk);
      while (!decoder.needsInput) content.push(target.slice(0, await decoder[call](target)));
    }
    decoder.finish();
    assertEquals(await decoder[call](target), 0);
    assertEquals(join(...content), CONTENT);
  });
}
