/**
 * Every kind of bad input, in every shape of the API, at every split, on both backends.
 */
import { liveHandleCount } from "@sluice/ffi";
import { SluiceError } from "@sluice/internal";
import { compressZstd, decompressZstd, writeZstdSkippableFrame, ZstdDecoder } from "@sluice/zstd";
import type { ZstdDecompressOptions } from "@sluice/zstd";
import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { testBackends } from "../../tests/_backends.ts";
import { join, splits, text } from "../../tests/_data.ts";
import { ShapeFault, streamOf } from "../../tests/_shapes.ts";
import { DECOMPRESS_SHAPES } from "../../tests/_zstd_shapes.ts";
import { ZstdDecompressionStream } from "../mod.ts";

const TEXT = text(300);
const FRAME = compressZstd(TEXT);
const CHECKED = compressZstd(TEXT, { contentChecksum: true });
const bytes = (...values: number[]): Uint8Array<ArrayBuffer> => Uint8Array.from(values);
const MAGIC = bytes(0x28, 0xb5, 0x2f, 0xfd);

/** A raw block of `size` bytes. */
function rawBlock(size: number, last: boolean): Uint8Array<ArrayBuffer> {
  const header = size << 3 | (last ? 1 : 0);
  return join(bytes(header, header >>> 8, header >>> 16), new Uint8Array(size).fill(0x61));
}

function flip(frame: Uint8Array, at: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(frame);
  copy[at < 0 ? copy.length + at : at]! ^= 0x01;
  return copy;
}

interface BadInput {
  readonly name: string;
  readonly input: Uint8Array;
  readonly options?: ZstdDecompressOptions;
  readonly errorName: string;
  readonly code: string;
  /** Undefined where the place depends on how the codec meets the fault; it is a number then as well. */
  readonly offset?: number;
  /** Content that streaming shapes give before the fault. */
  readonly before?: Uint8Array;
}

const BAD_INPUTS: readonly BadInput[] = [
  { name: "empty input", input: bytes(), errorName: "TruncatedDataError", code: "TRUNCATED", offset: 0 },
  {
    name: "junk of two bytes",
    input: bytes(0x61, 0x62),
    errorName: "CorruptDataError",
    code: "BAD_MAGIC",
    offset: 0,
  },
  { name: "junk of 40 bytes", input: text(40), errorName: "CorruptDataError", code: "BAD_MAGIC", offset: 0 },
  {
    name: "a magic number with a wrong last byte",
    input: join(MAGIC.subarray(0, 3), bytes(0xfe), FRAME.subarray(4)),
    errorName: "CorruptDataError",
    code: "BAD_MAGIC",
    offset: 0,
  },
  {
    name: "a magicless frame",
    input: compressZstd(TEXT, { format: "magicless" }),
    errorName: "CorruptDataError",
    code: "BAD_MAGIC",
    offset: 0,
  },
  {
    name: "junk after a frame",
    input: join(FRAME, bytes(1, 2, 3)),
    errorName: "CorruptDataError",
    code: "TRAILING_DATA",
    offset: FRAME.length,
    before: TEXT,
  },
  {
    name: "a wrong magic number after a frame",
    input: join(FRAME, text(20)),
    errorName: "CorruptDataError",
    code: "TRAILING_DATA",
    offset: FRAME.length,
    before: TEXT,
  },
  {
    name: "a second frame that is cut",
    input: join(FRAME, FRAME.subarray(0, 20)),
    errorName: "TruncatedDataError",
    code: "TRUNCATED",
    offset: FRAME.length + 20,
    before: TEXT,
  },
  {
    name: "half a magic number after a frame",
    input: join(FRAME, MAGIC.subarray(0, 2)),
    errorName: "TruncatedDataError",
    code: "TRUNCATED",
    offset: FRAME.length + 2,
    before: TEXT,
  },
  {
    name: "the reserved header bit",
    input: join(MAGIC, bytes(0x28, 3), rawBlock(3, true)),
    errorName: "UnsupportedFeatureError",
    code: "FRAME_UNSUPPORTED",
    offset: 0,
  },
  {
    name: "a window of 1 TiB",
    input: join(MAGIC, bytes(0x00, 0xf0), rawBlock(3, true)),
    errorName: "LimitExceededError",
    code: "WINDOW_TOO_LARGE",
    offset: 0,
  },
  {
    name: "a window above the caller's limit",
    input: join(MAGIC, bytes(0x00, 0x28), rawBlock(3, true)),
    options: { maxWindowLog: 14 },
    errorName: "LimitExceededError",
    code: "WINDOW_TOO_LARGE",
    offset: 0,
  },
  {
    name: "a declared size above the limit",
    input: join(MAGIC, bytes(0xc0, 0x58, 0, 0, 0, 0, 0, 0, 0, 1), rawBlock(3, true)),
    options: { maxOutputSize: 1000 },
    errorName: "LimitExceededError",
    code: "OUTPUT_LIMIT",
    offset: 0,
  },
  {
    name: "content above the limit without a declared size",
    input: compressZstd(new Uint8Array(100_000), { contentSize: false }),
    options: { maxOutputSize: 1000 },
    errorName: "LimitExceededError",
    code: "OUTPUT_LIMIT",
  },
  {
    name: "a declared size that is too large",
    input: join(MAGIC, bytes(0x20, 10), rawBlock(3, true)),
    errorName: "CorruptDataError",
    code: "CORRUPT",
  },
  {
    name: "a declared size that is too small",
    input: join(MAGIC, bytes(0x60, 0, 0), rawBlock(200, false), rawBlock(200, true)),
    errorName: "CorruptDataError",
    code: "CORRUPT",
  },
  {
    name: "a wrong checksum",
    input: flip(CHECKED, -1),
    errorName: "ChecksumMismatchError",
    code: "CHECKSUM_MISMATCH",
  },
  {
    name: "content that does not match its checksum",
    input: join(MAGIC, bytes(0x24, 3), rawBlock(3, true), bytes(1, 2, 3, 4)),
    errorName: "ChecksumMismatchError",
    code: "CHECKSUM_MISMATCH",
  },
  {
    name: "a dictionary id without a dictionary",
    input: join(MAGIC, bytes(0x21, 77, 3), rawBlock(3, true)),
    errorName: "DictionaryMismatchError",
    code: "DICTIONARY_MISMATCH",
  },
  {
    name: "a reserved block type",
    input: join(MAGIC, bytes(0x20, 3, 0x1f, 0, 0, 1, 2, 3)),
    errorName: "CorruptDataError",
    code: "CORRUPT",
  },
  {
    name: "a block above its largest size",
    input: join(MAGIC, bytes(0x20, 3), rawBlock(200, true)),
    errorName: "CorruptDataError",
    code: "CORRUPT",
  },
  {
    name: "a compressed block of rubbish",
    input: join(MAGIC, bytes(0x20, 60, 0x55, 0, 0), new Uint8Array(10).fill(0xff)),
    errorName: "CorruptDataError",
    code: "CORRUPT",
  },
  {
    name: "a repeated byte in a frame of no bytes",
    input: join(MAGIC, bytes(0x20, 0, 3, 0, 0, 0)),
    errorName: "CorruptDataError",
    code: "CORRUPT",
  },
  {
    name: "a skippable frame that is cut",
    input: writeZstdSkippableFrame(text(30), 5).subarray(0, 20),
    errorName: "TruncatedDataError",
    code: "TRUNCATED",
    offset: 20,
  },
  {
    name: "a skippable header that is cut",
    input: writeZstdSkippableFrame(text(30)).subarray(0, 6),
    errorName: "TruncatedDataError",
    code: "TRUNCATED",
    offset: 6,
  },
  {
    name: "a foreign header that is cut",
    input: text(4),
    options: { skipBytes: 8 },
    errorName: "TruncatedDataError",
    code: "TRUNCATED",
    offset: 4,
  },
  {
    name: "too little memory for the window",
    input: join(MAGIC, bytes(0x00, 0x50), rawBlock(3, true)),
    options: { maxMemory: 300_000 },
    errorName: "LimitExceededError",
    code: "MEMORY_LIMIT",
  },
];

for (const { name, input, options, errorName, code, offset, before } of BAD_INPUTS) {
  testBackends(`every decompression shape fails with ${code} on ${name}`, async () => {
    const live = new Set<number>();
    for (const [shape, decompress] of Object.entries(DECOMPRESS_SHAPES)) {
      const whole = shape.startsWith("one-shot") || shape === "context";
      for (const pieces of splits(input)) {
        const fault = await assertRejects(() => decompress(pieces, options));
        const error = fault instanceof ShapeFault ? fault.cause : fault;
        assertInstanceOf(error, SluiceError, `${shape}: ${error}`);
        assertEquals([error.name, error.code], [errorName, code], shape);
        assertEquals(error.format, "zstd");
        if (offset !== undefined) assertEquals(error.offset, offset, shape);
        else assert(typeof error.offset === "number", shape);
        assert(error.message.startsWith("Cannot "), error.message);
        if (before !== undefined && fault instanceof ShapeFault && shape !== "push") {
          assertEquals(fault.output, before);
        }
        if (whole) break; // the pieces are joined anyway
      }
      live.add(liveHandleCount());
    }
    assert(live.size <= 2, `contexts were left open: ${[...live]}`);
  });
}

testBackends("every prefix of a frame is truncated, and streams give what came before", async () => {
  const content = text(400_000);
  const frame = compressZstd(content, { contentChecksum: true });
  for (const cut of [1, 4, 5, 9, 17, 18, 19, 100, frame.length >>> 1, frame.length - 4, frame.length - 1]) {
    for (const [shape, decompress] of Object.entries(DECOMPRESS_SHAPES)) {
      const fault = await assertRejects(() => decompress([frame.subarray(0, cut)]));
      const error = (fault instanceof ShapeFault ? fault.cause : fault) as SluiceError;
      assertEquals([error.name, error.offset], ["TruncatedDataError", cut], `${shape} at ${cut}`);
      if (fault instanceof ShapeFault) {
        assertEquals(fault.output, content.slice(0, fault.output.length));
        if (cut === frame.length - 1 && shape !== "push") assertEquals(fault.output.length, content.length);
      }
    }
  }
});

testBackends("a frame with any one bit flipped never gives wrong content in silence", async () => {
  for (let at = 0; at < CHECKED.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const damaged = new Uint8Array(CHECKED);
      damaged[at]! ^= 1 << bit;
      let output: Uint8Array | undefined;
      try {
        output = decompressZstd(damaged);
      } catch (error) {
        assertInstanceOf(error, SluiceError);
      }
      // Bits that mean nothing (the unused header bit, padding) leave the content as it is.
      if (output !== undefined) assertEquals(output, TEXT, `byte ${at} bit ${bit}`);
    }
  }
  await Promise.resolve();
});

interface GoodInput {
  readonly name: string;
  readonly input: Uint8Array;
  readonly options?: ZstdDecompressOptions;
  readonly output: Uint8Array;
}

const GOOD_INPUTS: readonly GoodInput[] = [
  { name: "an empty input that is allowed", input: bytes(), options: { allowEmpty: true }, output: bytes() },
  { name: "skippable frames only", input: writeZstdSkippableFrame(text(9)), output: bytes() },
  { name: "an empty skippable frame", input: writeZstdSkippableFrame(bytes(), 15), output: bytes() },
  {
    name: "frames among skippable frames",
    input: join(writeZstdSkippableFrame(text(20), 7), FRAME, writeZstdSkippableFrame(text(3)), FRAME),
    output: join(TEXT, TEXT),
  },
  { name: "an empty frame", input: join(MAGIC, bytes(0x20, 0, 1, 0, 0)), output: bytes() },
  {
    name: "an RLE block first",
    input: join(MAGIC, bytes(0x20, 5, 0x2b, 0, 0, 0x7a)),
    output: bytes(122, 122, 122, 122, 122),
  },
  {
    name: "empty raw blocks before content",
    input: join(MAGIC, bytes(0x00, 0x58), rawBlock(0, false), rawBlock(0, false), rawBlock(2, true)),
    output: bytes(0x61, 0x61),
  },
  {
    name: "junk after a frame that is ignored",
    input: join(FRAME, bytes(9, 9, 9)),
    options: { trailing: "ignore" },
    output: TEXT,
  },
  {
    name: "the first of two frames",
    input: join(FRAME, CHECKED),
    options: { frames: "first" },
    output: TEXT,
  },
  { name: "a foreign header", input: join(text(11), FRAME), options: { skipBytes: 11 }, output: TEXT },
  {
    name: "a wrong checksum that is not verified",
    input: flip(CHECKED, -2),
    options: { verifyChecksums: false },
    output: TEXT,
  },
  {
    name: "a magicless frame",
    input: compressZstd(TEXT, { format: "magicless", contentChecksum: true }),
    options: { format: "magicless" },
    output: TEXT,
  },
  {
    name: "content of exactly the limit",
    input: FRAME,
    options: { maxOutputSize: TEXT.length },
    output: TEXT,
  },
  {
    name: "content of exactly the limit without a declared size",
    input: compressZstd(TEXT, { contentSize: false }),
    options: { maxOutputSize: TEXT.length },
    output: TEXT,
  },
];

for (const { name, input, options, output } of GOOD_INPUTS) {
  testBackends(`every decompression shape reads ${name}`, async () => {
    for (const [shape, decompress] of Object.entries(DECOMPRESS_SHAPES)) {
      for (const pieces of splits(input)) assertEquals(await decompress(pieces, options), output, shape);
    }
  });
}

testBackends("a compressed block of the largest size is accepted", async () => {
  // 128 KiB of content that needs a compressed block: half of it is noise.
  const content = join(text(64 << 10), new Uint8Array(64 << 10).map((_, i) => (i * 2654435761) >>> 13));
  const frame = compressZstd(content, { level: 19 });
  for (const decompress of Object.values(DECOMPRESS_SHAPES)) assertEquals(await decompress([frame]), content);
});

testBackends("a bomb is bounded by backpressure and by the output limit", async () => {
  const bomb = compressZstd(new Uint8Array(256 << 20), { level: 19 });
  assert(bomb.length < 32_768);

  const stream = new ZstdDecompressionStream();
  const pumping = streamOf([bomb]).pipeTo(stream.writable).catch(() => {});
  const reader = stream.readable.getReader();
  await reader.read();
  assert(stream.bytesOut <= 256 << 10, `${stream.bytesOut} bytes were decoded for one read`);
  await reader.cancel();
  await pumping;

  const error = assertThrows(() => decompressZstd(bomb, { maxOutputSize: 1 << 20 }), SluiceError);
  assertEquals(error.code, "OUTPUT_LIMIT");
  const undeclared = compressZstd(new Uint8Array(64 << 20), { level: 19, contentSize: false });
  using decoder = new ZstdDecoder({ maxOutputSize: 1 << 20 });
  assertEquals(decoder.push(undeclared, { maxOutput: 4096 }).length, 4096);
});

testBackends("a context is usable after every fault", async () => {
  const { ZstdDecompressor } = await import("../mod.ts");
  using decompressor = new ZstdDecompressor();
  for (const { input, options } of BAD_INPUTS) {
    if (options !== undefined) continue;
    assertThrows(() => decompressor.decompress(input), SluiceError);
    assertEquals(decompressor.decompress(CHECKED), TEXT);
  }
});
