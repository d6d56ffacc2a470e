import { liveHandleCount } from "@sluice/ffi";
import { SluiceError } from "@sluice/internal";
import {
  compressZstd,
  compressZstdInto,
  decompressZstd,
  decompressZstdInto,
  readZstdFrameHeader,
  zstdCompressBound,
  ZstdCompressor,
  ZstdDecompressor,
  ZstdEncoder,
} from "@sluice/zstd";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { BACKENDS, testBackends } from "../../tests/_backends.ts";
import { chunks, CONTENT_KINDS, join, splits, text } from "../../tests/_data.ts";
import { COMPRESS_SHAPES, DECOMPRESS_SHAPES } from "../../tests/_zstd_shapes.ts";

const BLOCK = 128 << 10;
const SIZES = [0, 1, 2, 255, 256, 1000, BLOCK - 1, BLOCK, BLOCK + 1, 700_000];
const LEVELS = [-5, 1, 3, 9, 19];

testBackends("every compression shape comes back through every decompression shape", async () => {
  for (const [kind, make] of Object.entries(CONTENT_KINDS)) {
    for (const size of SIZES) {
      const content = make(size);
      for (const [shape, compress] of Object.entries(COMPRESS_SHAPES)) {
        const frame = await compress(chunks(content, 100_000), { level: 1, contentChecksum: true });
        assert(frame.length <= zstdCompressBound(size) + 4, `${shape} of ${size} bytes of ${kind}`);
        for (const decompress of Object.values(DECOMPRESS_SHAPES)) {
          assertEquals(await decompress([frame]), content, `${shape} of ${size} bytes of ${kind}`);
        }
      }
    }
  }
});

testBackends("every level comes back", () => {
  const content = text(20_000);
  for (const level of [-131072, -100, -7, ...Array.from({ length: 23 }, (_, i) => i)]) {
    assertEquals(decompressZstd(compressZstd(content, { level })), content, `level ${level}`);
  }
});

testBackends("the cut of the input does not change what streams write", async () => {
  const content = text(300);
  for (const shape of ["push", "stream", "iterable"]) {
    const expected = await COMPRESS_SHAPES[shape]!([content]);
    for (const pieces of splits(content)) assertEquals(await COMPRESS_SHAPES[shape]!(pieces), expected);
  }
  const large = text(1_000_000);
  const expected = await COMPRESS_SHAPES.push!([large], { level: 5 });
  for (const size of [1000, BLOCK, 999_999]) {
    for (const shape of ["push", "stream", "stream off the loop", "iterable"]) {
      assertEquals(
        await COMPRESS_SHAPES[shape]!(chunks(large, size), { level: 5 }),
        expected,
        `${shape} by ${size}`,
      );
    }
  }
});

Deno.test("both backends write the same bytes", { ignore: BACKENDS.length < 2 }, async () => {
  for (const make of Object.values(CONTENT_KINDS)) {
    for (const size of [0, 1, 1000, BLOCK + 1, 500_000]) {
      const content = make(size);
      for (const level of LEVELS) {
        for (const shape of ["one-shot", "push"]) {
          const native = await COMPRESS_SHAPES[shape]!([content], {
            level,
            contentChecksum: true,
            backend: "native",
          });
          const wasm = await COMPRESS_SHAPES[shape]!([content], {
            level,
            contentChecksum: true,
            backend: "wasm",
          });
          assertEquals(native, wasm, `${shape} of ${size} bytes at level ${level}`);
        }
      }
    }
  }
});

testBackends("values above the one-call size of WASM come back", async () => {
  const content = text(9_000_000);
  const frame = compressZstd(content, { contentChecksum: true });
  assertEquals(readZstdFrameHeader(frame).contentSize, content.length);
  for (const decompress of Object.values(DECOMPRESS_SHAPES)) assertEquals(await decompress([frame]), content);
  const target = new Uint8Array(content.length);
  assertEquals(decompressZstdInto(frame, target), content.length);
  assertEquals(target, content);
  const room = new Uint8Array(zstdCompressBound(content.length));
  assertEquals(compressZstdInto(content, room, { contentChecksum: true }), frame.length);
});

testBackends("an empty input gives the empty frames of the format", async () => {
  const hex = (bytes: Uint8Array): string => bytes.toHex();
  assertEquals(hex(compressZstd(new Uint8Array())), "28b52ffd2000010000");
  assertEquals(
    hex(compressZstd(new Uint8Array(), { contentSize: false })),
    "28b52ffd0000010000".replace("0000010000", "0000010000"),
  );
  assertEquals(hex(compressZstd(new Uint8Array(), { contentChecksum: true })).slice(-8), "99e9d851");
  assertEquals(hex(compressZstd(new Uint8Array(), { format: "magicless" })), "2000010000");
  for (const shape of ["push", "stream", "iterable"]) {
    assertEquals(hex(await COMPRESS_SHAPES[shape]!([])), "28b52ffd2000010000", shape);
    assertEquals(
      hex(await COMPRESS_SHAPES[shape]!([new Uint8Array(), new Uint8Array()])),
      "28b52ffd2000010000",
      shape,
    );
  }
});

testBackends("a flush brings out everything that was pushed", () => {
  using encoder = new ZstdEncoder();
  const first = join(encoder.push(text(1000)), encoder.flush());
  using decoder = new ZstdDecompressor();
  assertThrows(() => decoder.decompress(first), SluiceError);
  const rest = join(
    encoder.push(text(500)),
    encoder.flush("frame"),
    encoder.push(text(10)),
    encoder.finish(),
  );
  assertEquals(decompressZstd(join(first, rest)), join(text(1000), text(500), text(10)));
  assertEquals(encoder.bytesIn, 1510);
  assertThrows(() => encoder.push(text(1)), TypeError);
  assertThrows(() => encoder.flush(), TypeError);
  assertThrows(() => encoder.finish(), TypeError);
});

testBackends("pushChunks yields chunks of exactly the wanted size", () => {
  const content = CONTENT_KINDS.random!(500_000);
  using encoder = new ZstdEncoder();
  const parts: Uint8Array[] = [];
  for (const piece of chunks(content, 70_000)) {
    for (const chunk of encoder.pushChunks(piece, 10_000)) {
      assertEquals(chunk.length, 10_000);
      parts.push(chunk);
    }
  }
  parts.push(encoder.finish());
  assertEquals(decompressZstd(join(...parts)), content);
});

testBackends("an announced size is written into the frame and enforced", async () => {
  const content = text(1000);
  for (const [shape, compress] of Object.entries(COMPRESS_SHAPES)) {
    const frame = await compress(chunks(content, 300), { size: 1000 });
    assertEquals(readZstdFrameHeader(frame).contentSize, 1000, shape);
    for (const size of [0, 999, 1001]) {
      const error = await assertRejects(() => compress(chunks(content, 300), { size }), Error);
      if (shape.startsWith("one-shot")) assert(error instanceof RangeError);
      else assert(String(error).includes("CorruptDataError"), `${shape}: ${error}`);
    }
  }
});

testBackends("a level can be changed between frames", () => {
  using encoder = new ZstdEncoder({ level: 1 });
  const content = text(200_000);
  const fast = join(encoder.push(content), encoder.flush("frame"));
  encoder.setLevel(19);
  const small = join(encoder.push(content), encoder.finish());
  assert(small.length < fast.length);
  assertEquals(decompressZstd(join(fast, small)), join(content, content));
  assertThrows(() => encoder.setLevel(23), RangeError);
});

testBackends("targets that are too small are refused with their size", () => {
  const content = CONTENT_KINDS.random!(10_000);
  const error = assertThrows(() => compressZstdInto(content, new Uint8Array(100)), SluiceError);
  assertEquals([error.name, error.code], ["LimitExceededError", "OUTPUT_TOO_SMALL"]);
  const frame = compressZstd(content);
  const limit = assertThrows(() => decompressZstdInto(frame, new Uint8Array(9_999)), SluiceError);
  assertEquals(limit.code, "OUTPUT_LIMIT");
  using compressor = new ZstdCompressor();
  const room = new Uint8Array(zstdCompressBound(content.length));
  assertEquals(decompressZstd(room.subarray(0, compressor.compressInto(content, room))), content);
});

testBackends("results own their buffers and inputs are left alone", () => {
  const content = text(5000);
  const before = content.slice();
  const frame = compressZstd(content);
  assertEquals(frame.byteLength, frame.buffer.byteLength);
  const output = decompressZstd(frame);
  assertEquals(output.byteLength, output.buffer.byteLength);
  assertEquals(content, before);
  const padded = join(new Uint8Array(3), content, new Uint8Array(3));
  assertEquals(compressZstd(new DataView(padded.buffer, 3, content.length)), frame);
  assertEquals(compressZstd(content.buffer), frame);
  const shared = new Uint8Array(new SharedArrayBuffer(content.length));
  shared.set(content);
  assertEquals(compressZstd(shared), frame);
  assertThrows(() => compressZstd("text" as unknown as Uint8Array), TypeError, "string");
});

testBackends("contexts are freed when they are closed, and refuse to be used afterwards", () => {
  const before = liveHandleCount();
  {
    using compressor = new ZstdCompressor();
    using decompressor = new ZstdDecompressor();
    assertEquals(liveHandleCount(), before + 2);
    assertEquals(decompressor.decompress(compressor.compress(text(10))), text(10));
    assert(compressor.memoryUsage > 10_000 && decompressor.memoryUsage > 10_000);
    compressor.close();
    compressor.close();
    assertThrows(() => compressor.compress(text(10)), TypeError, "closed");
  }
  assertEquals(liveHandleCount(), before);
});

testBackends("a context refuses a second call while an asynchronous one is under way", async (backend) => {
  if (backend === "wasm") return; // WASM has no calls off the event loop
  const content = text(3_000_000);
  const compressor = new ZstdCompressor({ level: 12 });
  const running = compressor.compressAsync(content);
  assertThrows(() => compressor.compress(content), TypeError, "under way");
  compressor.close(); // the context goes when the call ends
  assertEquals(decompressZstd(await running), content);
});
