/**
 * What users of the C library fall over, one test each; the other pitfalls have theirs beside what they concern.
 */
import { SluiceError } from "@sluice/internal";
import {
  compressZstd,
  decompressZstd,
  readZstdFrameHeader,
  ZstdCompressionStream,
  ZstdCompressor,
  ZstdDecoder,
  ZstdDictionary,
  ZstdEncoder,
} from "@sluice/zstd";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { BACKENDS, testBackends } from "../../tests/_backends.ts";
import { chunks, join, text } from "../../tests/_data.ts";
import { streamOf } from "../../tests/_shapes.ts";

const CONTENT = text(100_000);

testBackends("a compression context is usable after it failed", () => {
  using compressor = new ZstdCompressor();
  const expected = compressor.compress(CONTENT);
  for (let i = 0; i < 3; i++) {
    assertThrows(() => compressor.compressInto(CONTENT, new Uint8Array(10)), SluiceError);
    assertEquals(compressor.compress(CONTENT), expected);
  }
});

testBackends("prefixes and dictionaries are copied: changing them later changes nothing", () => {
  const base = text(50_000);
  const changed = base.slice();
  using encoder = new ZstdEncoder({ prefix: changed });
  using dictionary = new ZstdDictionary(changed, { type: "raw" });
  using decoder = new ZstdDecoder({ prefix: changed });
  changed.fill(0);
  const frame = join(encoder.push(base), encoder.finish());
  assert(frame.length < 200, `${frame.length}`);
  assertEquals(decoder.push(frame), base);
  assertEquals(dictionary.bytes, base);
});

testBackends("inputs may change as soon as a push has returned", () => {
  const chunk = CONTENT.slice();
  using encoder = new ZstdEncoder();
  const first = encoder.push(chunk);
  chunk.fill(0);
  const frame = join(first, encoder.finish());
  const piece = frame.slice();
  using decoder = new ZstdDecoder();
  const start = decoder.push(piece, { maxOutput: 10 });
  piece.fill(0);
  assertEquals(join(start, decoder.push(new Uint8Array())), CONTENT);
});

testBackends("a dictionary does not leak into the next call with other options", () => {
  using dictionary = new ZstdDictionary(CONTENT, { type: "raw" });
  const plain = compressZstd(CONTENT);
  const helped = compressZstd(CONTENT, { dictionary });
  assert(helped.length < 200);
  assertEquals(compressZstd(CONTENT), plain);
  assertEquals(decompressZstd(plain), CONTENT);
  assertThrows(() => decompressZstd(helped), SluiceError);
});

testBackends("a dictionary's digest has the level of each use, not of the first", () => {
  using dictionary = new ZstdDictionary(text(20_000, 9), { type: "raw" });
  const fast = compressZstd(CONTENT, { dictionary, level: 1 });
  const small = compressZstd(CONTENT, { dictionary, level: 19 });
  assert(small.length < fast.length);
  assertEquals(compressZstd(CONTENT, { dictionary, level: 1 }), fast);
});

testBackends("a frame larger than the window limit is refused however its bytes come", () => {
  const frame = compressZstd(CONTENT, { windowLog: 20, contentSize: false });
  assertEquals(readZstdFrameHeader(frame).windowSize >= CONTENT.length, true);
  const options = { maxWindowLog: 10 };
  const whole = assertThrows(() => decompressZstd(frame, options), SluiceError);
  using decoder = new ZstdDecoder(options);
  const pushed = assertThrows(() => decoder.push(frame), SluiceError);
  assertEquals([whole.code, pushed.code], ["WINDOW_TOO_LARGE", "WINDOW_TOO_LARGE"]);
});

Deno.test("streams with worker threads flush and end", { ignore: !BACKENDS.includes("native") }, async () => {
  const content = text(3_000_000);
  for (const threads of [1, 2]) {
    const options = { threads, jobSize: 512 << 10, backend: "native" } as const;
    const stream = streamOf(chunks(content, 300_000)).pipeThrough(new ZstdCompressionStream(options));
    assertEquals(decompressZstd(join(...await Array.fromAsync(stream))), content);
    using encoder = new ZstdEncoder(options);
    const parts = [encoder.push(content), encoder.flush()];
    using decoder = new ZstdDecoder();
    assertEquals(decoder.push(join(...parts)), content);
    const { ingested, produced } = encoder.progress;
    assertEquals([ingested, produced], [content.length, join(...parts).length]);
    decoder.push(encoder.finish());
    decoder.finish();
  }
});
