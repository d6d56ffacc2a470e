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
} from "./mod.ts";
import { testBackends } from "../tests/_backends.ts";
import { chunks, join, Random, text } from "../tests/_data.ts";

const CONTENT = join(text(700_000, 2), new Random(4).bytes(100_000), text(400_000, 3));
const FILES: Record<string, Uint8Array<ArrayBuffer>> = {
  independent: compressLz4(CONTENT, { blockSize: 65536 }),
  linked: compressLz4(CONTENT, { blockSize: 65536, linked: true }),
  "linked with short blocks": compressLz4(CONTENT, {
    blockSize: 9000,
    linked: true,
    level: 9,
    blockChecksum: true,
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
          await archive.read(start, end),
          CONTENT.slice(start, end),
          `${name} ${spacing} ${start} ${end}`,
        );
      }
      const streamed = await Array.fromAsync(archive.stream({ start: 5, end: 900_000, threads: 3 }));
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
      for (const split of index.splits({ bytes: 100_000 })) {
        const part = join(split.prefix, file.subarray(...split.in), split.suffix);
        assertEquals(
          decompressLz4(part).slice(split.drop),
          CONTENT.slice(...split.out),
          `${name} ${split.id}`,
        );
        assertEquals(split.out[0], at);
        at = split.out[1];
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
    assertEquals(point.lines, CONTENT.subarray(0, point.out).filter((byte) => byte === 10).length);
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
          for await (const chunk of archive.stream({ start, threads: round % 3 + 1 })) {
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

/** Makes both checksums of an index right, so that what is behind them is reached. */
function sealIndex(bytes: Uint8Array<ArrayBuffer>): void {
  const view = new DataView(bytes.buffer);
  view.setUint32(56, lz4Xxh32(bytes.subarray(64)), true);
  view.setUint32(60, lz4Xxh32(bytes.subarray(0, 60)), true);
}
