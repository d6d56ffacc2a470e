import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { byteSourceFromBytes, SluiceError } from "@sluice/internal";
import {
  buildLz4Index,
  carveLz4,
  compressLz4,
  decompressLz4,
  Lz4Archive,
  Lz4Index,
  Lz4IndexBuilder,
  lz4Xxh32,
  scanLz4Index,
} from "../mod.ts";
import { testBackends } from "../../tests/_backends.ts";
import { chunks, join, Random, text } from "../../tests/_data.ts";

const CONTENT = join(text(700_000, 2), new Random(4).bytes(100_000), text(400_000, 3));
const FILES: Record<string, Uint8Array<ArrayBuffer>> = {
  independent: compressLz4(CONTENT, { blockSize: 65536 }),
  linked: compressLz4(CONTENT, { blockSize: 65536, linked: true }),
  "linked with short blocks": compressLz4(CONTENT, {
    blockSize: 9000,
    linked: true,
    level: 9,
    blockChecksums: true,
  }),
  "many frames": compressLz4(CONTENT, { frameSize: 130_000, blockSize: 65536, linked: true }),
  legacy: compressLz4(CONTENT, { format: "legacy" }),
};

testBackends("Lz4Archive reads any range, linked or not", async () => {
  const random = new Random(11);
  for (const [name, file] of Object.entries(FILES)) {
    for (const spacing of [1, 70_000, 200_000]) {
      const source = byteSourceFromBytes(file);
      const built = await buildLz4Index(source, { spacing });
      const index = Lz4Index.fromBytes(built.toBytes());
      assertEquals(index.toBytes(), built.toBytes());
      assertEquals([index.outputSize, index.inputSize], [CONTENT.length, file.length]);
      using archive = new Lz4Archive(source, index, { cacheSize: 300_000 });
      for (let i = 0; i < 40; i++) {
        const start = random.below(CONTENT.length);
        const end = Math.min(CONTENT.length, start + random.below(i % 4 === 0 ? 500_000 : 3000));
        assertEquals(
          await archive.read(start, end - start),
          CONTENT.slice(start, end),
          `${name} ${spacing} ${start} ${end}`,
        );
      }
      const streamed = await Array.fromAsync(archive.stream(5, 899_995, { threads: 3 }));
      assertEquals(join(...streamed), CONTENT.slice(5, 900_000));
    }
  }
});

testBackends("Lz4Index carves ranges that decode by themselves", async () => {
  for (const [name, file] of Object.entries(FILES)) {
    const source = byteSourceFromBytes(file);
    const index = await buildLz4Index(source, { spacing: 70_000 });
    for (const [start, end] of [[0, 10], [300_000, 500_000], [1_100_000, CONTENT.length]] as const) {
      let at = 0;
      for (const [from, to] of [[0, 100_000], [100_000, 600_000], [600_000, CONTENT.length]] as const) {
        for (const piece of await index.pieces(from, to)) {
          const part = decompressLz4(
            join(piece.prefix, file.subarray(...piece.compressedRange), piece.suffix),
          );
          const size = piece.decompressedRange[1] - piece.decompressedRange[0];
          const content = part.slice(piece.drop, piece.drop + size);
          assertEquals(content, CONTENT.slice(...piece.decompressedRange), `${name} ${from}`);
          assertEquals(piece.decompressedRange[0], at);
          at = piece.decompressedRange[1];
        }
        assertEquals(at, to);
      }
      assertEquals(at, CONTENT.length);
      const carved = decompressLz4(await carveLz4(source, index, start, end));
      assert(carved.length >= end - start, name);
    }
  }
});

testBackends("Lz4Index inside the file is found, and the file still decodes", async () => {
  for (const file of Object.values(FILES)) {
    const index = await buildLz4Index(file, { spacing: 100_000 });
    const joined = join(file, index.toSkippableFrame());
    assertEquals(decompressLz4(joined), CONTENT);
    const found = await Lz4Index.embedded(byteSourceFromBytes(joined));
    await found!.load();
    assertEquals(found!.toBytes(), index.toBytes());
    assertEquals(await Lz4Index.embedded(byteSourceFromBytes(file)), undefined);
  }
});

testBackends("Lz4Index is small", async () => {
  const content = join(
    ...Array.from({ length: 60 }, (_, i) => i % 3 === 0 ? new Random(i).bytes(65536) : text(65536, i + 1)),
  );
  const independent = await buildLz4Index(compressLz4(content, { blockSize: 65536 }), { spacing: 65536 });
  const perPoint = (independent.toBytes().length - 64) / independent.points.length;
  assert(perPoint <= 8, `${perPoint} bytes a point`);
  const linked = await buildLz4Index(compressLz4(text(6_000_000), { blockSize: 65536, linked: true }), {
    spacing: 1 << 20,
  });
  const perLinked = linked.toBytes().length / linked.points.length;
  assert(perLinked <= 8000, `${perLinked} bytes a linked point`);
  console.log(
    `index: ${perPoint.toFixed(2)} bytes an independent point, ${perLinked.toFixed(0)} a linked one`,
  );
});

testBackends("Lz4IndexBuilder counts lines and gives content", async () => {
  const file = compressLz4(CONTENT, { blockSize: 65536 });
  using builder = new Lz4IndexBuilder({ lines: true, spacing: 100_000 });
  assertEquals(join(...chunks(file, 7001).map((piece) => builder.push(piece))), CONTENT);
  const index = Lz4Index.fromBytes(builder.finish().toBytes());
  for (const point of index.model.points) {
    assertEquals(
      point.lines,
      CONTENT.subarray(0, point.decompressedOffset).filter((byte) => byte === 10).length,
    );
  }
  const source = byteSourceFromBytes(compressLz4(text(100_000)));
  using archive = new Lz4Archive(source, await buildLz4Index(source));
  const lines = await Array.fromAsync(archive.lines());
  assertEquals(lines, new TextDecoder().decode(text(100_000)).split("\n"));
});

testBackends("Lz4Archive notices another file", async () => {
  const index = await buildLz4Index(FILES.linked!, { spacing: 100_000 });
  const other = FILES.linked!.slice();
  other[100_000]! ^= 64;
  using archive = new Lz4Archive(byteSourceFromBytes(other), index);
  await assertRejects(() => archive.read(0), SluiceError);
});

testBackends(
  "an index of another file is blamed, not the file; a damaged file is blamed itself",
  async () => {
    const files: [name: string, file: Uint8Array<ArrayBuffer>][] = [
      ["independent", compressLz4(CONTENT, { blockSize: 65536 })],
      ["with block checksums", compressLz4(CONTENT, { blockSize: 65536, blockChecksums: true })],
      ["shorter", compressLz4(CONTENT.subarray(0, 700_000), { blockSize: 65536 })],
    ];
    const index = await buildLz4Index(
      compressLz4(text(CONTENT.length, 99), { blockSize: 65536, linked: true }),
      {
        spacing: 65536,
      },
    );
    for (const [name, file] of files) {
      using archive = await Lz4Archive.open(file, { index });
      const error = await assertRejects(() => archive.read(0, index.outputSize), SluiceError);
      assertEquals(error.code, "INDEX_ASSUMPTION", name);
      await assertRejects(() => Array.fromAsync(archive.stream()), SluiceError, "indexed", name);
    }
    const file = compressLz4(CONTENT, { blockSize: 65536, blockChecksums: true });
    const own = await buildLz4Index(file, { spacing: 65536 });
    file[file.length >> 1]! ^= 1; // outside of what an index knows of its file
    using damaged = await Lz4Archive.open(file, { index: own });
    assertEquals((await assertRejects(() => damaged.read(0), SluiceError)).code, "BLOCK_CHECKSUM");
  },
);

testBackends("Lz4Index.open leaves windows in the file until a read needs one", async () => {
  const content = text(3_000_000, 8);
  const file = compressLz4(content, { blockSize: 65536, linked: true });
  const built = await buildLz4Index(file, { spacing: 65536, windows: "full" });
  const bytes = built.toBytes();
  let read = 0;
  const stored = byteSourceFromBytes(bytes);
  const counting = {
    size: stored.size,
    read: (offset: number, length: number) => {
      read += length;
      return stored.read(offset, length);
    },
  };
  const index = await Lz4Index.open(counting);
  assert(read <= 65536 && bytes.length > 10 * read, `${read} of ${bytes.length} bytes were read`);
  using archive = new Lz4Archive(byteSourceFromBytes(file), index);
  assertEquals(await archive.read(1_000_000, 100), content.slice(1_000_000, 1_000_100));
  assert(read < bytes.length / 5, `${read} of ${bytes.length} bytes were read`);
  assertEquals(assertThrows(() => index.toBytes(), SluiceError).code, "NOT_READY");
  await index.load();
  assertEquals(index.toBytes(), bytes);
  const damaged = bytes.slice();
  damaged[damaged.length - 1]! ^= 1;
  assertEquals(assertThrows(() => Lz4Index.fromBytes(damaged), SluiceError).code, "INDEX_INVALID");
  using other = new Lz4Archive(
    byteSourceFromBytes(file),
    await Lz4Index.open(byteSourceFromBytes(damaged)),
  );
  assertEquals(
    (await assertRejects(() => other.read(content.length - 1), SluiceError)).code,
    "INDEX_INVALID",
  );
});

testBackends("Lz4Index tells its own file from another", async () => {
  for (const [name, file] of Object.entries(FILES)) {
    const index = Lz4Index.fromBytes((await buildLz4Index(file)).toBytes());
    assert(await index.matches(byteSourceFromBytes(file)), name);
    assert(await index.matches(byteSourceFromBytes(join(file, index.toSkippableFrame()))), name);
    for (const at of [20, file.length - 20]) {
      const other = file.slice();
      other[at]! ^= 1;
      assert(!await index.matches(byteSourceFromBytes(other)), name);
    }
    assert(!await index.matches(byteSourceFromBytes(file.subarray(1))), name);
  }
});

testBackends("scanLz4Index finds the same places as decoding, or says that it can't", async () => {
  const skippable = Uint8Array.fromHex("532a4d1802000000ffff");
  const files: Record<string, Uint8Array<ArrayBuffer>> = {
    independent: FILES.independent!,
    legacy: compressLz4(new Uint8Array(20_000_000).fill(7), { format: "legacy" }),
    "no content size": compressLz4(CONTENT, { blockSize: 65536, contentSize: "none" }),
    "many frames": join(
      compressLz4(CONTENT, { frameSize: 200_000, blockSize: 65536, blockChecksums: true }),
      skippable,
      compressLz4(new Uint8Array()),
      compressLz4(text(10)),
    ),
  };
  for (const [name, file] of Object.entries(files)) {
    const source = byteSourceFromBytes(file);
    for (const spacing of [1, 100_000]) {
      const scanned = await scanLz4Index(source, { spacing });
      const built = await buildLz4Index(source, { spacing, hashes: false });
      assertEquals(scanned.toBytes(), built.toBytes(), `${name} ${spacing}`);
      using archive = new Lz4Archive(source, scanned);
      assertEquals(await archive.read(5000, 1000), decompressLz4(file).slice(5000, 6000), name);
    }
  }
  const short = compressLz4(CONTENT, { blockSize: 9000, contentSize: "none" });
  for (const file of [FILES.linked!, short, compressLz4(CONTENT, { blockSize: 9000 })]) {
    assertEquals((await assertRejects(() => scanLz4Index(file), SluiceError)).code, "INDEX_NEEDS_CONTENT");
  }
  const cut = FILES.independent!.subarray(0, 100_000);
  assertEquals((await assertRejects(() => scanLz4Index(cut), SluiceError)).code, "TRUNCATED");
});

testBackends("Lz4Index bytes of any kind are refused or safe", async () => {
  const seed = Random.seed(5);
  console.log(`seed ${seed}`);
  const random = new Random(seed);
  for (const file of [FILES.linked!, FILES["many frames"]!]) {
    const source = byteSourceFromBytes(file);
    const good = (await buildLz4Index(source, { spacing: 100_000 })).toBytes();
    let parsed = 0;
    let streamed = 0;
    for (let round = 0; round < 700; round++) {
      const bytes = good.slice(0, round % 5 === 0 ? random.below(good.length) : good.length);
      for (let i = random.below(3) + 1; i > 0 && bytes.length > 64; i--) {
        bytes[64 + random.below(Math.min(bytes.length - 64, 400))] = random.next();
      }
      if (bytes.length > 64) sealIndex(bytes);
      try {
        using archive = new Lz4Archive(source, Lz4Index.fromBytes(bytes));
        parsed++;
        if (round % 2 === 0) {
          await archive.read(random.below(archive.size));
        } else {
          const start = random.below(archive.size);
          for await (const chunk of archive.stream(start, undefined, { threads: round % 3 + 1 })) {
            streamed += chunk.length;
          }
        }
      } catch (error) {
        assert(error instanceof SluiceError || error instanceof RangeError, `round ${round}: ${error}`);
      }
    }
    assert(parsed > 0 && streamed > 0);
  }
  assertThrows(() => Lz4Index.fromBytes(new Uint8Array(100)), SluiceError, "magic");
});

/** Makes both checksums of an index right, so that what is after them is reached. */
function sealIndex(bytes: Uint8Array<ArrayBuffer>): void {
  const view = new DataView(bytes.buffer);
  view.setUint32(56, lz4Xxh32(bytes.subarray(64, 64 + view.getUint32(48, true))), true);
  view.setUint32(60, lz4Xxh32(bytes.subarray(0, 60)), true);
}
