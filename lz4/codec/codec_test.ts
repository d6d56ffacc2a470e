import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  compressLz4,
  decompressLz4,
  LZ4_LINKED_PRESET,
  Lz4Decoder,
  Lz4Encoder,
  readLz4FrameHeader,
} from "../mod.ts";
import type { Lz4CompressOptions } from "../mod.ts";
import { SluiceError } from "@sluice/internal";
import { testBackends } from "../../tests/_backends.ts";
import { chunks, CONTENT_KINDS, join, Random, splits, text } from "../../tests/_data.ts";
import { ShapeFault } from "../../tests/_shapes.ts";
import { LZ4_COMPRESS_SHAPES, LZ4_DECOMPRESS_SHAPES, LZ4_PIECEWISE_SHAPES } from "../../tests/_lz4_shapes.ts";

const bytesOf = (hex: string): Uint8Array<ArrayBuffer> => Uint8Array.fromHex(hex.replaceAll(" ", ""));

const VECTORS: readonly { name: string; input: string; output?: string; code?: string }[] = [
  { name: "empty frame", input: "04224d18604082 00000000", output: "" },
  { name: "stored block", input: "04224d18604082 01000080 61 00000000", output: "a" },
  { name: "content checksum", input: "04224d186440a7 01000080 61 00000000 56740d55", output: "a" },
  { name: "both checksums", input: "04224d187440bd 01000080 61 56740d55 00000000 56740d55", output: "a" },
  {
    name: "content size",
    input: "04224d186c40 0100000000000000 49 01000080 61 00000000 56740d55",
    output: "a",
  },
  { name: "empty stored block", input: "04224d18604082 00000080 01000080 78 00000000", output: "x" },
  {
    name: "linked",
    input: "04224d184040c0 08000080 6162636465666768 09000000 04 0800 50 696a6b6c6d 00000000",
    output: "abcdefghabcdefghijklm",
  },
  {
    name: "linked blocks in an independent frame",
    input: "04224d18604082 08000080 6162636465666768 09000000 04 0800 50 696a6b6c6d 00000000",
    output: "abcdefgh",
    code: "BLOCK_CORRUPT",
  },
  { name: "legacy", input: "02214c18 02000000 1061", output: "a" },
  { name: "legacy without blocks", input: "02214c18", output: "" },
  { name: "legacy block of size 0", input: "02214c18 00000000", output: "", code: "BLOCK_CORRUPT" },
  {
    name: "skippable, then a frame",
    input: "502a4d18 03000000 78797a 04224d18604082 01000080 61 00000000",
    output: "a",
  },
  { name: "skippable of size 0", input: "5f2a4d18 00000000", output: "" },
  {
    name: "legacy, then a frame",
    input: "02214c18 02000000 1061 04224d18604082 01000080 62 00000000",
    output: "ab",
  },
  { name: "reserved FLG bit", input: "04224d186240f0 00000000", code: "RESERVED" },
  { name: "reserved BD bit", input: "04224d1860c02a 00000000", code: "RESERVED" },
  { name: "reserved BD low bits", input: "04224d186041bd 00000000", code: "RESERVED" },
  { name: "block size id 3", input: "04224d186030d4 00000000", code: "BLOCK_SIZE_ID" },
  { name: "version 0", input: "04224d18204003 00000000", code: "VERSION" },
  { name: "version 2", input: "04224d18a0400f 00000000", code: "VERSION" },
  { name: "header checksum", input: "04224d18604000 00000000", code: "HEADER_CHECKSUM" },
  { name: "no frame", input: "00000000 00000000", code: "BAD_MAGIC" },
  { name: "block above the maximum", input: "04224d18604082 01000180 61 00000000", code: "BLOCK_TOO_LARGE" },
  {
    name: "wrong block checksum",
    input: "04224d187440bd 01000080 61 57740d55 00000000 56740d55",
    code: "BLOCK_CHECKSUM",
  },
  {
    name: "wrong content checksum",
    input: "04224d186440a7 01000080 61 00000000 57740d55",
    output: "a",
    code: "CONTENT_CHECKSUM",
  },
  {
    name: "content smaller than declared",
    input: "04224d186c40 0200000000000000 0b 01000080 61 00000000 56740d55",
    code: "HEADER_CHECKSUM",
  },
  {
    name: "trailing bytes",
    input: "04224d18604082 01000080 61 00000000 01020304 05",
    output: "a",
    code: "TRAILING_DATA",
  },
  {
    name: "part of a magic",
    input: "04224d18604082 01000080 61 00000000 0422",
    output: "a",
    code: "TRUNCATED_MAGIC",
  },
  {
    name: "one trailing byte that starts no magic",
    input: "04224d18604082 01000080 61 00000000 00",
    output: "a",
    code: "TRAILING_DATA",
  },
  {
    name: "three trailing bytes that start no magic",
    input: "04224d18604082 01000080 61 00000000 04224c",
    output: "a",
    code: "TRAILING_DATA",
  },
  {
    name: "part of a skippable magic",
    input: "04224d18604082 01000080 61 00000000 5f2a4d",
    output: "a",
    code: "TRUNCATED_MAGIC",
  },
  { name: "no data", input: "", code: "NO_DATA" },
];

testBackends("Lz4 vectors decode or fail alike in every shape and at every split", async () => {
  for (const { name, input, output = "", code } of VECTORS) {
    const bytes = bytesOf(input);
    for (const [shape, decompress] of Object.entries(LZ4_DECOMPRESS_SHAPES)) {
      for (const pieces of splits(bytes)) {
        const label = `${name}, ${shape}, ${pieces.map((piece) => piece.length)}`;
        try {
          const content = await decompress(pieces);
          assertEquals(code, undefined, label);
          assertEquals(new TextDecoder().decode(content), output, label);
        } catch (error) {
          const fault = error instanceof ShapeFault ? error.cause : error;
          if (!(fault instanceof SluiceError)) throw error;
          assertEquals(fault.code, code, label);
          if (error instanceof ShapeFault) {
            assertEquals(new TextDecoder().decode(error.output), output, label);
          }
        }
      }
    }
  }
});

const OPTION_SETS: readonly Lz4CompressOptions[] = [
  {},
  { blockSize: 65536, linked: true, blockChecksums: true },
  { blockSize: 1000, level: 9 },
  { blockSize: 700, linked: true, level: 12, contentChecksum: false },
  { blockSize: 4096, level: -5, contentSize: "none" },
  { level: 2, blockSize: 64, linked: true },
  { format: "legacy" },
  { frameSize: 1500, blockSize: 600 },
  { level: 11, favorDecompressionSpeed: true },
  { autoFlush: true },
  LZ4_LINKED_PRESET,
];

testBackends("Lz4 content of every kind comes back from every shape", async () => {
  for (const options of OPTION_SETS) {
    for (const [kind, make] of Object.entries(CONTENT_KINDS)) {
      for (const size of [0, 1, 12, 700, 3000]) {
        const content = make(size);
        for (const [shape, compress] of Object.entries(LZ4_COMPRESS_SHAPES)) {
          const frame = await compress(chunks(content, 999), options);
          const label = `${JSON.stringify(options)} ${kind} ${size} ${shape}`;
          assertEquals(decompressLz4(frame), content, label);
        }
      }
    }
  }
});

testBackends("Lz4 output does not depend on chunks", () => {
  const content = text(2000);
  for (
    const options of [{ blockSize: 300, linked: true }, { blockSize: 300 }, { frameSize: 450, level: 4 }]
  ) {
    using whole = new Lz4Encoder(options);
    const expected = join(whole.push(content), whole.finish());
    for (const pieces of splits(content)) {
      using encoder = new Lz4Encoder(options);
      assertEquals(join(...pieces.map((piece) => encoder.push(piece)), encoder.finish()), expected);
    }
  }
});

Deno.test("Lz4 output is the same on both backends", () => {
  const content = join(text(300_000), new Random(3).bytes(70_000), new Uint8Array(200_000));
  for (const options of OPTION_SETS) {
    assertEquals(
      compressLz4(content, { ...options, backend: "native" }),
      compressLz4(content, { ...options, backend: "wasm" }),
      JSON.stringify(options),
    );
  }
});

testBackends("Lz4 output does not depend on threads", async (backend) => {
  const content = join(text(9_000_000), new Random(3).bytes(1_000_000));
  const sizes = backend === "native" ? [5_000_000, 10_000_000] : [5_000_000];
  for (const size of sizes) {
    const part = content.subarray(0, size);
    for (
      const options of [{}, { linked: true, blockSize: 65536 }, {
        linked: true,
        dictionary: text(5000, 9),
        level: 3,
        blockChecksums: true,
      }]
    ) {
      const one = compressLz4(part, options);
      assertEquals(decompressLz4(one, { dictionary: text(5000, 9) }), part);
      for (const threads of [2, 3]) {
        for (const [shape, compress] of Object.entries(LZ4_COMPRESS_SHAPES)) {
          if (shape !== "one-shot" && shape !== "stream") continue;
          const whole = shape === "one-shot" ? {} : { contentSize: part.length };
          const frame = await compress(chunks(part, 3_000_001), { ...options, ...whole, threads });
          assert(
            frame.length === one.length && frame.every((byte, i) => byte === one[i]),
            `${threads} ${shape}`,
          );
        }
      }
    }
  }
});

testBackends("Lz4 dictionaries serve linked and independent frames", async () => {
  const dictionary = text(70_000, 5);
  const content = join(dictionary.subarray(60_000), text(3000, 6));
  for (const linked of [false, true]) {
    const options = { dictionary, dictId: 77, linked, blockSize: 1000, level: 9 };
    const frame = compressLz4(content, options);
    assert(frame.length < compressLz4(content, { linked, blockSize: 1000, level: 9 }).length);
    assertEquals(readLz4FrameHeader(frame).dictId, 77);
    for (const [shape, decompress] of Object.entries(LZ4_DECOMPRESS_SHAPES)) {
      assertEquals(await decompress(chunks(frame, 33), { dictionary }), content, shape);
      assertEquals(
        await decompress([frame], { dictionary: (id) => id === 77 ? dictionary : undefined }),
        content,
        shape,
      );
    }
    const fault = assertThrows(() => decompressLz4(frame), SluiceError);
    assertEquals(fault.code, "DICT_REQUIRED");
  }
});

testBackends("Lz4 truncation delivers whole blocks and names itself", async () => {
  const content = text(900);
  const frame = compressLz4(content, { blockSize: 300, blockChecksums: true });
  for (let size = 1; size < frame.length; size++) {
    for (const [shape, decompress] of Object.entries(LZ4_PIECEWISE_SHAPES)) {
      const fault = await assertRejects(() => decompress(chunks(frame.subarray(0, size), 50)), ShapeFault);
      assertEquals((fault.cause as SluiceError).code, "TRUNCATED", `${shape} ${size}`);
      assertEquals(fault.output, content.slice(0, fault.output.length));
      assertEquals(fault.output.length % 300, 0, `${shape} ${size}`);
    }
    assertEquals(assertThrows(() => decompressLz4(frame.subarray(0, size)), SluiceError).code, "TRUNCATED");
  }
});

testBackends("Lz4 flipped bits never pass a content checksum", () => {
  const seed = Random.seed(42);
  console.log(`seed ${seed}`);
  const random = new Random(seed);
  const content = text(700);
  for (const options of [{ blockSize: 200 }, { blockSize: 200, linked: true, blockChecksums: true }]) {
    const frame = compressLz4(content, options);
    for (let bit = 0; bit < frame.length * 8; bit++) {
      const flipped = frame.slice();
      flipped[bit >>> 3]! ^= 1 << (bit & 7);
      try {
        assertEquals(decompressLz4(flipped, { maxOutputSize: 1 << 20 }), content);
      } catch (error) {
        assert(error instanceof SluiceError, `bit ${bit}: ${error}`);
      }
    }
    for (let round = 0; round < 500; round++) {
      const mangled = frame.slice(0, random.below(frame.length + 1));
      for (let i = random.below(8); i > 0 && mangled.length > 0; i--) {
        mangled[random.below(mangled.length)] = random.next();
      }
      using decoder = new Lz4Decoder({
        maxOutputSize: 1 << 20,
        verifyChecksums: round % 2 === 0,
        strictBlocks: round % 3 === 0,
      });
      try {
        decoder.push(mangled);
        decoder.finish();
      } catch (error) {
        assert(error instanceof SluiceError, `round ${round}: ${error}`);
      }
    }
  }
});

testBackends("Lz4 limits hold in every shape", async () => {
  const bomb = compressLz4(new Uint8Array(3_000_000));
  for (const [shape, decompress] of Object.entries(LZ4_DECOMPRESS_SHAPES)) {
    for (
      const [code, options] of [
        ["OUTPUT_LIMIT", { maxOutputSize: 1000 }],
        ["BLOCK_LIMIT", { maxBlockSize: 65536 }],
        ["MEMORY_LIMIT", { maxMemory: 2000 }],
      ] as const
    ) {
      if (code === "MEMORY_LIMIT" && shape !== "stream") continue; // a target of the block's size needs no memory
      const error = await assertRejects(() => decompress(chunks(bomb, 5000), options));
      const fault = error instanceof ShapeFault ? error.cause : error;
      assertEquals((fault as SluiceError).code, code, shape);
    }
    const two = join(compressLz4(new Uint8Array(3)), compressLz4(new Uint8Array(3)));
    const error = await assertRejects(() => decompress([two], { maxFrames: 1 }));
    assertEquals(((error instanceof ShapeFault ? error.cause : error) as SluiceError).code, "FRAME_LIMIT");
  }
});

testBackends("Lz4 strictBlocks refuses a match offset of 0", () => {
  const frame = bytesOf("04224d18604082 0a000000 13 61 0000 50 767778797a 00000000");
  assertEquals(decompressLz4(frame).length, 13);
  assertEquals(
    assertThrows(() => decompressLz4(frame, { strictBlocks: true }), SluiceError).code,
    "BLOCK_CORRUPT",
  );
});

testBackends("Lz4 misuse is an error at the call", () => {
  assertThrows(() => compressLz4("text" as unknown as Uint8Array), TypeError);
  assertThrows(() => compressLz4(new Uint8Array(), { level: 13 }), RangeError);
  assertThrows(() => compressLz4(new Uint8Array(), { blockSize: 31 }), RangeError);
  assertThrows(() => compressLz4(new Uint8Array(), { lvl: 1 } as Lz4CompressOptions), TypeError);
  using encoder = new Lz4Encoder({ contentSize: 5 });
  assertEquals(assertThrows(() => encoder.push(new Uint8Array(6)), SluiceError).code, "SIZE_MISMATCH");
  using decoder = new Lz4Decoder();
  decoder.close();
  assertThrows(() => decoder.push(new Uint8Array(1)), TypeError);
});

testBackends("Lz4 linked frames of many sizes of blocks and chunks come back", () => {
  const content = join(text(400_000, 3), new Random(8).bytes(100_000), text(300_000, 4));
  for (const blockSize of [65536, 1 << 18, 30_000]) {
    for (const level of [1, 9]) {
      const frame = compressLz4(content, { linked: true, blockSize, level });
      assertEquals(decompressLz4(frame), content);
      for (const size of [1009, 70_000]) {
        using decoder = new Lz4Decoder();
        assertEquals(join(...chunks(frame, size).map((piece) => decoder.push(piece))), content);
        decoder.finish();
      }
    }
  }
});
