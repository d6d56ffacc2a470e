/**
 * Buffers that their owner transfers too early, and callbacks that give what they must not: content is never lost
 * without an error.
 */
import {
  compressLz4,
  compressLz4Async,
  decompressLz4Async,
  Lz4CompressionStream,
  Lz4DecompressionStream,
  Lz4Encoder,
} from "@sluice/lz4";
import {
  byteSourceFromBytes,
  compressZpaqAsync,
  createZpaqArchive,
  decompressZpaqAsync,
  ZpaqArchive,
  ZpaqCompressionStream,
} from "@sluice/zpaq";
import {
  compressZstd,
  compressZstdAsync,
  decompressZstd,
  decompressZstdAsync,
  trainZstdDictionary,
  ZstdCompressionStream,
  ZstdDecoder,
  ZstdDecompressionStream,
  ZstdEncoder,
} from "@sluice/zstd";
import { DczCompressionStream, DczDictionary } from "@sluice/zstd/http";
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { testBackends } from "./_backends.ts";

const CONTENT = new Uint8Array(100_000).map((_, i) => i * i >> 5);
const FRAME = compressLz4(CONTENT);

function transfer(bytes: ArrayBufferView<ArrayBuffer>): void {
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
}

testBackends("a view whose buffer was transferred or has shrunk is refused by every shape", async () => {
  const shrunk = new ArrayBuffer(64, { maxByteLength: 64 });
  const views: ArrayBufferView<ArrayBuffer>[] = [
    new Uint8Array(64),
    new Uint16Array(64),
    new BigInt64Array(64),
    new DataView(new ArrayBuffer(64)),
  ];
  views.forEach(transfer);
  views.push(new Uint8Array(shrunk, 32, 8), new DataView(shrunk, 32, 8));
  shrunk.resize(16);
  for (const view of views) {
    for (const call of [compressZstd, compressLz4, decompressZstd]) {
      assertThrows(() => call(view as never), TypeError);
    }
    using zstd = new ZstdEncoder();
    using lz4 = new Lz4Encoder();
    assertThrows(() => zstd.push(view), TypeError);
    assertThrows(() => lz4.push(view), TypeError);
    const { writable, readable } = new ZstdCompressionStream();
    const reading = new Response(readable).bytes();
    const writer = writable.getWriter();
    writer.closed.catch(() => {});
    await assertRejects(() => Promise.all([writer.write(view), reading]), TypeError);
    await assertRejects(() => reading, TypeError);
  }
  assertEquals(decompressZstd(compressZstd(new BigInt64Array(0))).length, 0);
});

testBackends("a stream whose write lost its buffer fails", async () => {
  const streams = [
    () => new ZstdCompressionStream(),
    () => new Lz4CompressionStream(),
    () => new ZpaqCompressionStream(),
    () => new Lz4DecompressionStream(),
  ];
  for (const open of streams) {
    for (const turns of [0, 1, 5]) {
      const { writable, readable } = open();
      const writer = writable.getWriter();
      writer.closed.catch(() => {});
      const bytes = open === streams[3] ? FRAME.slice() : CONTENT.slice();
      const written = writer.write(bytes);
      written.catch(() => {});
      for (let turn = 0; turn < turns; turn++) await undefined;
      transfer(bytes);
      const reading = new Response(readable).bytes();
      await assertRejects(() => Promise.all([written, writer.close(), reading]), TypeError, "transferred");
      await assertRejects(() => reading, TypeError, "transferred");
    }
  }
});

testBackends("bytes of resizable buffers are taken by every shape", async () => {
  const size = 3_000_000;
  const bytes = new Uint8Array(new ArrayBuffer(size, { maxByteLength: 2 * size }));
  for (let i = 0; i < size; i++) bytes[i] = i * i >> 9;
  const resizable = (content: Uint8Array): Uint8Array<ArrayBuffer> => {
    const copy = new Uint8Array(new ArrayBuffer(content.length, { maxByteLength: 2 * content.length }));
    copy.set(content);
    return copy;
  };
  const same = (found: Uint8Array): void =>
    assertEquals(found.length === size && found.every((v, i) => v === bytes[i]), true);
  same(await decompressZstdAsync(resizable(await compressZstdAsync(bytes))));
  same(await decompressLz4Async(resizable(await compressLz4Async(bytes))));
  const small = bytes.subarray(0, 100_000);
  assertEquals(await decompressZpaqAsync(resizable(await compressZpaqAsync(small))), new Uint8Array(small));
  for (
    const [compression, decompression] of [
      [new ZstdCompressionStream({ level: 9 }), new ZstdDecompressionStream()],
      [new Lz4CompressionStream({ offload: "always" }), new Lz4DecompressionStream({ offload: "always" })],
    ] as const
  ) {
    const piped = ReadableStream.from([bytes]).pipeThrough(compression).pipeThrough(decompression);
    same(await new Response(piped).bytes());
  }
  using decoder = new ZstdDecoder();
  decoder.write(resizable(compressZstd(bytes)));
  const target = resizable(new Uint8Array(size + 10));
  let at = 0;
  while (!decoder.ended && !decoder.needsInput) {
    at += await decoder.readIntoAsync(target.subarray(at) as Uint8Array<ArrayBuffer>);
  }
  same(target.subarray(0, at));
});

testBackends("what a callback gives is checked", async () => {
  const samples = Array.from({ length: 200 }, (_, i) => CONTENT.subarray(i * 400, i * 400 + 500));
  const dictionary = trainZstdDictionary(samples, { size: 4096 });
  const frame = compressZstd(CONTENT, { dictionary });
  for (const given of [Promise.resolve(dictionary), 5, "dictionary", CONTENT]) {
    const lookupDictionary = (() => given) as never;
    assertThrows(() => decompressZstd(frame, { lookupDictionary }), TypeError, '"lookupDictionary": it is');
  }
  assertEquals(decompressZstd(frame, { lookupDictionary: () => dictionary }), CONTENT);

  const bytes = await createZpaqArchive([{ name: "a", body: CONTENT }]);
  using archive = await ZpaqArchive.open(byteSourceFromBytes(bytes));
  const promised = (() => Promise.resolve(false)) as never;
  const sink = { write() {}, rewrite() {} };
  await assertRejects(() => archive.repack(sink, { filter: promised }), TypeError, '"filter"');
});

testBackends(
  "a place to resume at that lacks its numbers is refused, and so is a flush of no kind",
  async () => {
    for (const resumeAt of [{}, null, { compressedOffset: 1, decompressedOffset: 1 }] as never[]) {
      assertThrows(() => new ZstdDecompressionStream({ resumeAt }), TypeError);
      assertThrows(() => new ZstdCompressionStream({ resumeAt }), TypeError);
    }
    const dictionary = await DczDictionary.from(CONTENT);
    for (
      const stream of [
        new ZstdCompressionStream(),
        new Lz4CompressionStream(),
        new DczCompressionStream({ dictionary }),
      ]
    ) {
      await assertRejects(() => stream.flush("bogus" as never), RangeError, "block, frame");
      await stream.readable.cancel();
    }
  },
);

testBackends("a ceiling of no memory is a ceiling", () => {
  assertThrows(() => compressZstd(CONTENT, { maxMemory: 0 }), Error, "memory");
  assertThrows(() => decompressZstd(compressZstd(CONTENT), { maxMemory: 0 }), Error, "memory");
  assertThrows(() => compressLz4(CONTENT, { maxMemory: 0 }), Error, "memory");
});
