import { SluiceError } from "@sluice/internal";
import {
  compressZstd,
  decompressZstd,
  listZstdFrames,
  listZstdFramesIterable,
  readZstdFrameHeader,
  readZstdSkippableFrame,
  writeZstdSkippableFrame,
  ZstdDecoder,
  zstdDecompressedSize,
  ZstdEncoder,
} from "@sluice/zstd";
import { assertEquals, assertThrows } from "@std/assert";
import { testBackends } from "../../tests/_backends.ts";
import { join, splits, text } from "../../tests/_data.ts";

/** The header layout of RFC 8878 again, written down as a table of sizes: the oracle for the parser. */
function expectedHeaderSize(descriptor: number): number {
  const dictionaryId = [0, 1, 2, 4][descriptor & 3]!;
  const contentSize = [0, 2, 4, 8][descriptor >>> 6]!;
  const single = (descriptor & 0x20) !== 0;
  return 5 + (single ? 0 : 1) + dictionaryId + (contentSize === 0 && single ? 1 : contentSize);
}

Deno.test("readZstdFrameHeader reads every descriptor byte", () => {
  for (let descriptor = 0; descriptor < 256; descriptor++) {
    const bytes = join(new Uint8Array([0x28, 0xb5, 0x2f, 0xfd, descriptor]), new Uint8Array(13).fill(1));
    if ((descriptor & 8) !== 0) {
      const error = assertThrows(() => readZstdFrameHeader(bytes), SluiceError);
      assertEquals(error.code, "FRAME_UNSUPPORTED");
      continue;
    }
    const size = expectedHeaderSize(descriptor);
    const header = readZstdFrameHeader(bytes);
    assertEquals(header.headerSize, size);
    assertEquals(header.hasChecksum, (descriptor & 4) !== 0);
    assertEquals(header.dictId, [0, 1, 0x101, 0x1010101][descriptor & 3]!);
    assertEquals(readZstdFrameHeader(bytes.subarray(0, size)), header);
    for (let cut = 0; cut < size; cut++) {
      const error = assertThrows(() => readZstdFrameHeader(bytes.subarray(0, cut)), SluiceError);
      assertEquals([error.name, error.code], ["TruncatedDataError", "NEED_MORE_INPUT"]);
    }
    const magicless = readZstdFrameHeader(bytes.subarray(4), { format: "magicless" });
    assertEquals({ ...magicless, headerSize: magicless.headerSize + 4 }, header);
  }
});

Deno.test("readZstdFrameHeader reports sizes above 2^53 exactly", () => {
  const bytes = new Uint8Array([
    0x28,
    0xb5,
    0x2f,
    0xfd,
    0xc0,
    0x58,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
    0x7f,
  ]);
  const header = readZstdFrameHeader(bytes);
  assertEquals([header.contentSize, header.contentSizeBig], [Infinity, 2n ** 63n - 1n]);
});

Deno.test("readZstdFrameHeader computes windows with mantissa", () => {
  for (
    const [byte, size] of [[0x00, 1024], [0x07, 1920], [0x50, 1 << 20], [
      0xff,
      2 ** 41 + 7 * 2 ** 38,
    ]] as const
  ) {
    const header = readZstdFrameHeader(new Uint8Array([0x28, 0xb5, 0x2f, 0xfd, 0, byte]));
    assertEquals(header.windowSize, size);
  }
});

testBackends("listZstdFrames finds the same frames at every split", async () => {
  const skippable = writeZstdSkippableFrame(text(50), 6);
  const small = compressZstd(text(300), { contentChecksum: true });
  using encoder = new ZstdEncoder();
  const flushed = join(encoder.push(text(40)), encoder.flush(), encoder.push(text(40)), encoder.finish());
  const stream = join(small, skippable, flushed, writeZstdSkippableFrame(new Uint8Array()));
  const frames = [...listZstdFrames(stream)];
  assertEquals(frames.map((frame) => frame.type), ["zstd", "skippable", "zstd", "skippable"]);
  assertEquals(frames.map((frame) => frame.compressedSize), [small.length, 58, flushed.length, 8]);
  assertEquals(frames.map((frame) => frame.offset), [0, small.length, small.length + 58, stream.length - 8]);
  assertEquals(frames[0]!.checksum, new DataView(small.buffer).getUint32(small.length - 4, true));
  assertEquals(frames[2]!.contentSize, undefined);
  for (const pieces of splits(stream)) {
    assertEquals(await Array.fromAsync(listZstdFramesIterable(pieces)), frames);
  }
  assertEquals(zstdDecompressedSize(stream), {
    exact: undefined,
    upperBound: 300 + frames[2]!.blockCount * 131072,
  });
  assertEquals(zstdDecompressedSize(join(small, small)), { exact: 600, upperBound: 600 });
});

Deno.test("listZstdFrames refuses junk, damage and cuts with their places", () => {
  const frame = compressZstd(text(3000), { contentChecksum: true });
  const code = (bytes: Uint8Array): [string, number | undefined] => {
    const error = assertThrows(() => [...listZstdFrames(bytes)], SluiceError);
    return [error.code, error.offset];
  };
  assertEquals(code(join(frame, text(9))), ["BAD_MAGIC", frame.length]);
  const damaged = frame.slice();
  damaged[readZstdFrameHeader(frame).headerSize]! |= 6;
  assertEquals(code(damaged), ["CORRUPT", readZstdFrameHeader(frame).headerSize]);
  for (let cut = 1; cut < frame.length; cut++) assertEquals(code(frame.subarray(0, cut)), ["TRUNCATED", cut]);
  assertEquals([...listZstdFrames(new Uint8Array())], []);
});

Deno.test("skippable frames carry their payload and variant", () => {
  for (let variant = 0; variant < 16; variant++) {
    const frame = writeZstdSkippableFrame(text(variant * 3), variant);
    const read = readZstdSkippableFrame(join(frame, text(5)));
    assertEquals(read, { variant, body: text(variant * 3), byteLength: frame.length });
    assertThrows(() => readZstdSkippableFrame(frame.subarray(0, frame.length - 1)), SluiceError);
  }
  assertThrows(() => writeZstdSkippableFrame(text(1), 16), RangeError);
  assertThrows(() => readZstdSkippableFrame(compressZstd(text(1))), SluiceError, "zstd frame starts here");
});

testBackends("onSkippable sees payloads up to its limit, checkHeader every header", () => {
  const stream = join(
    writeZstdSkippableFrame(text(10), 1),
    compressZstd(text(100)),
    writeZstdSkippableFrame(text(5000), 2),
    writeZstdSkippableFrame(new Uint8Array(), 3),
  );
  for (const pieces of splits(stream.subarray(0))) {
    const seen: [number, number][] = [];
    const headers: string[] = [];
    using decoder = new ZstdDecoder({
      maxSkippableBytes: 4000,
      onSkippable: (variant, payload) => seen.push([variant, payload.length]),
      checkHeader: (header) => headers.push(header.type),
    });
    for (const piece of pieces) decoder.push(piece);
    decoder.finish();
    assertEquals(seen, [[1, 10], [3, 0]]);
    assertEquals(headers, ["skippable", "zstd", "skippable", "skippable"]);
    if (pieces.length > 1 && pieces[0]!.length > 200) break;
  }
  const refused = new Error("not this one");
  const check = () => {
    throw refused;
  };
  assertEquals(assertThrows(() => decompressZstd(stream, { checkHeader: check })), refused);
});

testBackends("ZstdDecoder stops at the wanted output and goes on", () => {
  const content = text(5000);
  const frame = compressZstd(content);
  using decoder = new ZstdDecoder({ frames: "first" });
  const parts = [decoder.push(join(frame, text(7)), { maxOutput: 100 })];
  assertEquals(decoder.ended, false);
  assertThrows(() => decoder.finish(), TypeError, "still waits");
  assertEquals(decoder.skip(50), 50);
  while (!decoder.ended) parts.push(decoder.push(new Uint8Array(), { maxOutput: 999 }));
  assertEquals(join(...parts), join(content.subarray(0, 100), content.subarray(150)));
  assertEquals(decoder.unused, text(7));
  assertEquals([decoder.frameIndex, decoder.bytesIn, decoder.header?.contentSize], [1, frame.length, 5000]);
});

testBackends("ZstdDecoder keeps junk that it may ignore", () => {
  for (const pieces of splits(join(compressZstd(text(20)), new Uint8Array([0x28, 0xb5, 1, 2, 3])))) {
    using decoder = new ZstdDecoder({ trailing: "ignore" });
    const unused: Uint8Array[] = [];
    for (const piece of pieces) {
      if (decoder.ended) unused.push(piece);
      else decoder.push(piece);
    }
    decoder.finish();
    assertEquals(join(decoder.unused, ...unused), new Uint8Array([0x28, 0xb5, 1, 2, 3]));
  }
});
