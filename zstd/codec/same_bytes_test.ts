import { assertEquals } from "@std/assert";
import { compressZstd, compressZstdAsync, decompressZstd, ZstdDictionary } from "../mod.ts";
import type { ZstdCompressOptions } from "../mod.ts";
import { BACKENDS } from "../../tests/_backends.ts";
import { join, Random, text } from "../../tests/_data.ts";

const MIB = 1 << 20;
const BLOCK = 128 << 10;
const NOISE = new Random(2).bytes(300_000);
/** Text, noise and runs, so that blocks of every kind follow each other and some are worth splitting. */
const CONTENT = join(
  text(700_000, 1),
  NOISE,
  text(500_000, 2),
  new Uint8Array(400_000),
  NOISE.subarray(0, 99_000),
  text(1_200_000, 3),
  NOISE,
);

/** Sizes around where a value goes through in slices, around full blocks, and where many blocks are done. */
const SIZES = [
  ...[MIB, MIB + BLOCK, MIB + 3 * BLOCK, 2 * MIB, 3 * MIB].flatMap((size) => [size - 1, size, size + 1]),
  1_100_000,
  CONTENT.length,
];

const OPTIONS: readonly ZstdCompressOptions[] = [
  ...[-5, 1, 3, 6, 9].map((level) => ({ level })),
  { level: 3, contentChecksum: true, contentSize: false },
  { level: 5, longDistance: true },
  { level: 3, windowLog: 15 },
  { level: 1, windowLog: 18, strategy: "btopt" },
  { level: 3, format: "magicless" },
  { level: 3, targetBlockSize: 4000 },
];

async function frames(bytes: Uint8Array, options: ZstdCompressOptions): Promise<Uint8Array[]> {
  const all: Uint8Array[] = [];
  for (const backend of BACKENDS) {
    all.push(compressZstd(bytes, { ...options, backend }));
    all.push(await compressZstdAsync(bytes, { ...options, backend }));
  }
  return all;
}

for (const options of OPTIONS) {
  Deno.test(`backends give the same bytes above 1 MiB with ${JSON.stringify(options)}`, async () => {
    for (const size of SIZES) {
      const [first, ...others] = await frames(CONTENT.subarray(0, size), options);
      for (const other of others) assertEquals(other, first, `${size} bytes`);
      const content = decompressZstd(first!, { format: options.format });
      assertEquals(content.length, size);
      assertEquals(content, CONTENT.subarray(0, size));
    }
  });
}

Deno.test("backends give the same bytes at level 19, with a dictionary and with a prefix", async () => {
  const dictionary = new ZstdDictionary(text(50_000, 3), { type: "raw" });
  for (const options of [{ level: 19 }, { dictionary }, { prefix: text(500_000, 3) }]) {
    const [first, ...others] = await frames(CONTENT.subarray(0, MIB + 2 * BLOCK + 7), options);
    for (const other of others) assertEquals(other, first);
  }
});
