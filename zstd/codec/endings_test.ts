/**
 * Where frames, streams and engines end, and what comes after.
 */
import {
  compressZstd,
  compressZstdBatch,
  copyDecompressedZstd,
  decompressZstd,
  decompressZstdAsync,
  decompressZstdBatch,
  decompressZstdInto,
  decompressZstdIterable,
  trainZstdDictionary,
  ZstdCompressionStream,
  ZstdDecoder,
  ZstdDecompressionStream,
  ZstdDictionary,
  ZstdEncoder,
} from "@sluice/zstd";
import { SluiceError } from "@sluice/internal";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { testBackends } from "../../tests/_backends.ts";
import { text as words } from "../../tests/_data.ts";

const text = (value: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(value);

/** The code of the error that every shape must end with. */
async function codes(frame: Uint8Array<ArrayBuffer>, options = {}): Promise<Set<string>> {
  const shapes: (() => unknown)[] = [
    () => decompressZstd(frame, options),
    () => decompressZstdAsync(frame, options),
    () => decompressZstdInto(frame, new Uint8Array(1000), options),
    () => Array.fromAsync(decompressZstdIterable([frame], options)),
    () => Array.fromAsync(decompressZstdIterable(Array.from(frame, (byte) => Uint8Array.of(byte)), options)),
    () => new Response(new Blob([frame]).stream().pipeThrough(new ZstdDecompressionStream(options))).bytes(),
    () => {
      using decoder = new ZstdDecoder(options);
      for (const byte of frame) decoder.push(Uint8Array.of(byte));
      decoder.finish();
    },
  ];
  const found = new Set<string>();
  for (const shape of shapes) {
    try {
      await shape();
      found.add("none");
    } catch (error) {
      found.add(error instanceof SluiceError ? error.code : String(error));
    }
  }
  return found;
}

testBackends("content that is not as long as declared is corrupt in every shape", async () => {
  const frames = [
    "28b52ffd2005180000666f6f010000", // declares 5, holds 3 and an empty last block
    "28b52ffd2005010000", // declares 5, holds an empty last block
    "28b52ffd2002180000666f6f010000", // declares 2, holds 3
  ];
  for (const frame of frames) assertEquals(await codes(Uint8Array.fromHex(frame)), new Set(["CORRUPT"]));
  // A block taken out of a frame that was flushed between its blocks.
  using encoder = new ZstdEncoder({ size: 8, contentChecksum: false });
  const parts = [encoder.push(text("one ")), encoder.flush(), encoder.push(text("two!")), encoder.flush()];
  const end = encoder.finish();
  const cut = new Uint8Array(await new Blob([...parts.slice(0, 2), end]).arrayBuffer());
  assertEquals(await codes(cut), new Set(["CORRUPT"]));
});

testBackends("the first frame may have to be the only one", async () => {
  const frame = compressZstd(text("first"));
  const two = new Uint8Array([...frame, ...compressZstd(text("second"))]);
  assertEquals(await codes(two, { frames: "first" }), new Set(["none"]));
  assertEquals(await codes(two, { frames: "first", trailing: "error" }), new Set(["TRAILING_DATA"]));
  assertEquals(await codes(frame, { frames: "first", trailing: "error" }), new Set(["none"]));
  assertEquals(await codes(two, { frames: "first", trailing: "ignore" }), new Set(["none"]));
});

testBackends("what is pushed after the end costs nothing and is not kept", () => {
  const piece = new Uint8Array(64 << 10);
  using decoder = new ZstdDecoder({ frames: "first" });
  decoder.push(new Uint8Array([...compressZstd(text("a")), 1, 2, 3]));
  const started = performance.now();
  for (let i = 0; i < 4000; i++) assertEquals(decoder.push(piece).length, 0);
  assert(performance.now() - started < 2000);
  assertEquals(decoder.unused, Uint8Array.of(1, 2, 3));
  assertEquals([decoder.pendingInput, decoder.ended], [0, true]);
});

testBackends("a flush covers writes that nobody awaited, and rejects after the end", async () => {
  const stream = new ZstdCompressionStream();
  const writer = stream.writable.getWriter();
  const writing = [writer.write(text("one ")), writer.write(text("two")), stream.flush("frame")];
  const { value } = await stream.readable.getReader().read();
  assertEquals(new TextDecoder().decode(decompressZstd(value!)), "one two");
  await Promise.all(writing);
  await writer.abort();
  await assertRejects(() => stream.flush());

  const closed = new ZstdCompressionStream();
  const output = Array.fromAsync(closed.readable);
  await closed.writable.close();
  await output;
  await assertRejects(() => closed.flush(), TypeError, "it has ended");
});

testBackends("chunks and buffers of an encoder can be mixed", () => {
  const content = crypto.getRandomValues(new Uint8Array(60_000));
  using encoder = new ZstdEncoder();
  const parts: Uint8Array[] = [];
  const drain = (): void => {
    const target = new Uint8Array(777);
    for (let length = encoder.readInto(target); length > 0; length = encoder.readInto(target)) {
      parts.push(target.slice(0, length));
    }
  };
  for (let at = 0; at < content.length; at += 10_000) {
    const piece = content.subarray(at, at + 10_000);
    if (at % 20_000 === 0) { for (const chunk of encoder.pushChunks(piece, 1000)) parts.push(chunk); }
    else {
      encoder.write(piece);
      drain();
    }
    parts.push(encoder.flush());
  }
  for (const chunk of encoder.pushChunks(content, 1000)) parts.push(chunk);
  encoder.end();
  while (!encoder.ended) drain();
  const frame = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (frame.set(part, at), at + part.length), 0);
  assertEquals(decompressZstd(frame), new Uint8Array([...content, ...content]));
});

testBackends("after close every call of an engine is a TypeError", async () => {
  const encoder = new ZstdEncoder();
  const decoder = new ZstdDecoder();
  encoder.close();
  decoder.close();
  const target = new Uint8Array(10);
  const calls: (() => unknown)[] = [
    () => encoder.push(target),
    () => encoder.write(target),
    () => encoder.flush(),
    () => encoder.finish(),
    () => encoder.end(),
    () => encoder.readInto(target),
    () => encoder.setLevel(3),
    () => [...encoder.pushChunks(target)],
    () => decoder.push(target),
    () => decoder.write(target),
    () => decoder.finish(),
    () => decoder.readInto(target),
    () => decoder.skip(1),
  ];
  for (const call of calls) assertThrows(call, TypeError, "it is closed");
  await assertRejects(() => encoder.readIntoAsync(target), TypeError, "it is closed");
  await assertRejects(() => decoder.readIntoAsync(target), TypeError, "it is closed");
});

testBackends("only bytes can be read into", async () => {
  using encoder = new ZstdEncoder();
  using decoder = new ZstdDecoder();
  for (const target of [new ArrayBuffer(9), [], new Uint16Array(9), undefined] as never[]) {
    assertThrows(() => encoder.readInto(target), TypeError, "expected a Uint8Array");
    assertThrows(() => decoder.readInto(target), TypeError, "expected a Uint8Array");
    await assertRejects(() => encoder.readIntoAsync(target), TypeError, "expected a Uint8Array");
    await assertRejects(() => decoder.readIntoAsync(target), TypeError, "expected a Uint8Array");
  }
});

testBackends("a push returns the output before a fault, the next call throws it", () => {
  const frame = compressZstd(new Uint8Array(1_000_000).map((_, i) => i * i >> 3), { contentChecksum: true });
  frame[frame.length - 1]! ^= 1;
  using decoder = new ZstdDecoder();
  assert(decoder.push(frame).length > 900_000);
  assertThrows(() => decoder.finish(), SluiceError, "checksum");
});

testBackends("errors of a batch name the value", () => {
  const good = compressZstd(text("good"));
  const bad = good.slice();
  bad[0] = 0;
  const error = assertThrows(
    () => decompressZstdBatch([good, good, bad]),
    SluiceError,
    "value 2 of the batch",
  );
  assertEquals(error.index, 2);
  assertThrows(() => compressZstdBatch([good, 7 as never]), TypeError, "value 1 of the batch");
});

testBackends("the same samples give the same dictionary", () => {
  const samples = Array.from({ length: 300 }, (_, i) => text(`sample-${i}-abc-${i * 7}`.repeat(9)));
  using first = trainZstdDictionary(samples, { size: 2048 });
  using second = trainZstdDictionary(samples, { size: 2048 });
  assertEquals(first.bytes, second.bytes);
  using other = trainZstdDictionary(samples, { size: 2048, backend: "wasm" });
  assertEquals(first.bytes, other.bytes);
  const error = assertThrows(() => trainZstdDictionary([text("a")]), SluiceError, "too few");
  assertEquals(error.code, "SAMPLES_TOO_FEW");
});

testBackends("the largest window log is taken by both backends", () => {
  assertEquals(decompressZstd(compressZstd(text("hello")), { maxWindowLog: 31 }), text("hello"));
});

testBackends("a signal ends a copy whose source or target stalls", async () => {
  const frame = compressZstd(text("content"));
  const stalled = (): [ReadableStream<Uint8Array>, WritableStream] => [
    new ReadableStream({ start: (controller) => controller.enqueue(frame.subarray(0, 5)) }),
    new WritableStream(),
  ];
  const full = (): [ReadableStream<Uint8Array>, WritableStream] => [
    new Blob([frame]).stream(),
    new WritableStream({ write: () => new Promise(() => {}) }),
  ];
  for (const make of [stalled, full]) {
    const controller = new AbortController();
    const copying = copyDecompressedZstd(...make(), { signal: controller.signal });
    copying.catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 10));
    controller.abort(new Error("enough"));
    await assertRejects(() => copying, Error, "enough");
  }
});

testBackends("the level counts with a dictionary, however it is attached and whenever it is set", () => {
  const content = words(200_000, 5);
  using dictionary = new ZstdDictionary(words(20_000, 9), { type: "raw" });
  for (const attachDictionary of ["auto", "attach", "copy", "load"] as const) {
    const at = (level: number): number =>
      compressZstd(content, { level, dictionary, attachDictionary }).length;
    assert(at(-50) > at(3) && at(3) > at(19), attachDictionary);
    using encoder = new ZstdEncoder({ dictionary, attachDictionary, level: -50 });
    encoder.setLevel(19);
    const frame = new Uint8Array([...encoder.push(content), ...encoder.finish()]);
    assert(frame.length < at(3), attachDictionary);
    assertEquals(decompressZstd(frame, { dictionary }), content);
  }
});

testBackends("automatic threads work on every backend", () => {
  assertEquals(decompressZstd(compressZstd(text("content"), { threads: "auto" })), text("content"));
});
