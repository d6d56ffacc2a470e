import { assert, assertEquals, assertThrows } from "@std/assert";
import { byteSourceFromBytes, SluiceError } from "@sluice/internal";
import {
  buildLz4Index,
  compressLz4,
  compressLz4Block,
  decompressLz4Async,
  decompressLz4Block,
  decompressLz4Into,
  decryptLz4AesCtrSource,
  isStrictLz4Block,
  listLz4Frames,
  Lz4Archive,
  lz4BlockContentSize,
  lz4BlockSizeOf,
  Lz4Xxh32,
  lz4Xxh32,
  recoverLz4,
  recoverLz4Iterable,
} from "../mod.ts";
import { testBackends } from "../../tests/_backends.ts";
import { chunks, CONTENT_KINDS, join, Random, text } from "../../tests/_data.ts";

testBackends("Lz4 blocks of every kind and level come back", () => {
  const dictionary = text(3000, 7);
  for (const make of Object.values(CONTENT_KINDS)) {
    for (const size of [0, 1, 20, 5000]) {
      for (const level of [-100, 1, 2, 9, 12]) {
        const content = make(size);
        const block = compressLz4Block(content, { level });
        assertEquals(lz4BlockContentSize(block), size);
        assertEquals(decompressLz4Block(block), content);
        assert(isStrictLz4Block(block));
        for (const container of ["size", "mozilla"] as const) {
          const boxed = compressLz4Block(content, { level, container, dictionary });
          assertEquals(decompressLz4Block(boxed, { container, dictionary }), content);
        }
        assertEquals(
          decompressLz4Block(block, { maxOutputSize: 10, partial: true }),
          content.slice(0, 10),
        );
      }
    }
  }
});

testBackends("Lz4 block bytes of any kind are refused or safe", () => {
  const seed = Random.seed(3);
  console.log(`seed ${seed}`);
  const random = new Random(seed);
  for (let round = 0; round < 5000; round++) {
    const bytes = random.bytes(random.below(60));
    try {
      const size = lz4BlockContentSize(bytes);
      assert(size <= 255 * bytes.length);
      decompressLz4Block(bytes, { partial: round % 2 === 0 });
      isStrictLz4Block(bytes);
    } catch (error) {
      assert(error instanceof SluiceError, `round ${round}: ${error}`);
    }
  }
});

testBackends("Lz4Xxh32 has the published values and goes on at any cut", () => {
  assertEquals(lz4Xxh32(new Uint8Array()), 0x02cc5d05);
  const content = text(100);
  for (let cut = 0; cut <= content.length; cut++) {
    const hash = new Lz4Xxh32();
    hash.update(content.subarray(0, cut));
    const copy = Lz4Xxh32.fromState(hash.state());
    copy.update(content.subarray(cut));
    assertEquals(copy.digest(), lz4Xxh32(content));
  }
  assertThrows(() => Lz4Xxh32.fromState(new Uint32Array(3)), RangeError);
  assertEquals([0, 4, 5, 6, 7].map(lz4BlockSizeOf), [65536, 65536, 262144, 1048576, 4194304]);
  assertThrows(() => lz4BlockSizeOf(3), RangeError);
});

testBackends("listLz4Frames hops over every kind of frame", async () => {
  const skippable = Uint8Array.fromHex("532a4d1802000000ffff");
  const frames = [
    compressLz4(text(5000), { blockSize: 700, blockChecksums: true }),
    skippable,
    compressLz4(new Uint8Array()),
    compressLz4(text(5000), { format: "legacy" }),
    compressLz4(text(500), { linked: true }),
  ];
  const listed = await Array.fromAsync(listLz4Frames(join(...frames)));
  assertEquals(listed.map((frame) => frame.compressedSize), frames.map((frame) => frame.length));
  assertEquals(listed.map((frame) => frame.blockCount), [8, 0, 0, 1, 1]);
  assertEquals(listed[1]!.skippableVariant, 3);
});

testBackends("recoverLz4 loses just what is damaged, and ends on any bytes", async () => {
  const content = join(text(60_000), new Random(1).bytes(20_000));
  for (
    const options of [{ blockSize: 3000, blockChecksums: true }, {
      blockSize: 3000,
      linked: true,
      blockChecksums: true,
    }]
  ) {
    const file = join(compressLz4(content, options), compressLz4(content, options));
    const whole = [...recoverLz4(file)].map((part) =>
      part.kind === "content" ? part.bytes : new Uint8Array()
    );
    assertEquals(join(...whole), join(content, content));
    const random = new Random(Random.seed(9));
    for (let round = 0; round < 100; round++) {
      const damaged = file.slice(0, round % 4 === 0 ? random.below(file.length) : file.length);
      for (let i = 0; i < 3 && damaged.length > 0; i++) {
        damaged[random.below(damaged.length)]! ^= 1 + random.below(255);
      }
      let good = 0;
      let end = 0;
      for (const part of recoverLz4(damaged)) {
        assert(
          part.compressedRange[0] >= end && part.compressedRange[1] <= damaged.length &&
            part.compressedRange[1] > part.compressedRange[0],
        );
        end = part.compressedRange[1];
        if (part.kind === "content") good += part.bytes.length;
      }
      if (round % 10 === 0) {
        const pieces = chunks(damaged, 1 + random.below(3000));
        assertEquals(
          await Array.fromAsync(recoverLz4Iterable(pieces)),
          [...recoverLz4(damaged)],
          `round ${round}`,
        );
      }
      if (round % 4 !== 0) assert(good > content.length, `round ${round}: ${good} bytes were saved`);
    }
  }
});

testBackends("Lz4Archive reads through a cipher", async () => {
  const content = text(200_000);
  const key = await crypto.subtle.generateKey({ name: "AES-CTR", length: 256 }, false, [
    "encrypt",
    "decrypt",
  ]);
  const counter = new Uint8Array(16).fill(255);
  counter[7] = 0;
  const file = compressLz4(content, { blockSize: 65536, linked: true });
  const sealed = await crypto.subtle.encrypt({ name: "AES-CTR", counter, length: 128 }, key, file);
  const source = decryptLz4AesCtrSource(byteSourceFromBytes(sealed), key, counter);
  using archive = new Lz4Archive(source, await buildLz4Index(source, { spacing: 65536 }));
  assertEquals(await archive.read(100_000, 80_000), content.slice(100_000, 180_000));
});

testBackends("decompressLz4Async gives the same on several threads", async () => {
  const content = join(text(400_000), new Random(6).bytes(70_000), text(30_001, 2));
  const files = [
    compressLz4(content, { blockSize: 65536 }),
    compressLz4(content, { blockSize: 65536, contentSize: "none", contentChecksum: false }),
    compressLz4(content, { blockSize: 30_000 }),
    compressLz4(content, { blockSize: 65536, linked: true }),
    compressLz4(content, { blockSize: 65536, blockChecksums: true }),
    compressLz4(content, { frameSize: 65536 }),
  ];
  for (const file of files) {
    assertEquals(await decompressLz4Async(file, { threads: 3 }), content);
    const damaged = file.slice();
    damaged[damaged.length >>> 1]! ^= 8;
    const outcome = await decompressLz4Async(damaged, { threads: 3 }).catch((error) => error.code);
    const expected = await decompressLz4Async(damaged).catch((error) => error.code);
    assertEquals(outcome, expected);
  }
});

testBackends("decompressLz4Into fills a target or says that it is too small", () => {
  const frame = compressLz4(text(1000));
  const target = new Uint8Array(1000);
  assertEquals(decompressLz4Into(frame, target), 1000);
  assertEquals(target, text(1000));
  assertEquals(
    assertThrows(() => decompressLz4Into(frame, new Uint8Array(999)), SluiceError).code,
    "OUTPUT_TOO_SMALL",
  );
});
