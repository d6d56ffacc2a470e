/**
 * Splits at the ends of records: decoded one by one they are the content, and no record is in two of them.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { byteSourceFromBytes } from "@sluice/internal";
import { buildLz4Index, compressLz4, decompressLz4, Lz4Archive, scanLz4Index } from "../mod.ts";
import type { Lz4Split } from "../mod.ts";
import { testBackends } from "../../tests/_backends.ts";
import { join, Random } from "../../tests/_data.ts";

/** Records of all lengths, some of which are larger than a split, and a rest without an end. */
function records(separator: number, rest: string): Uint8Array<ArrayBuffer> {
  const random = new Random(11);
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (let i = 0; i < 9000; i++) {
    const length = i % 3000 === 2999 ? 200_000 : random.below(200);
    const record = new Uint8Array(length + 1).map((_, at) => 32 + (at * 7 + i) % 90);
    record[length] = separator;
    parts.push(record);
  }
  return join(...parts, new TextEncoder().encode(rest));
}

/** Decodes a split alone, as an engine does that knows nothing but frames. */
function decodeSplit(file: Uint8Array<ArrayBuffer>, { pieces }: Lz4Split): Uint8Array {
  return join(...pieces.map(({ prefix, compressedRange, suffix, drop, decompressedRange: [start, end] }) => {
    const part = join(prefix, file.subarray(...compressedRange), suffix);
    return decompressLz4(part).slice(drop, drop + end - start);
  }));
}

testBackends("splits end where records end, and are the content together", async () => {
  for (const [separator, rest] of [[10, ""], [10, "no end"], [0, ""]] as const) {
    const content = records(separator, rest);
    const half = content.length >>> 1;
    const files = {
      linked: compressLz4(content, { linked: true, blockSize: 65536, contentChecksum: true }),
      independent: compressLz4(content, { blockSize: 65536, blockChecksums: true }),
      legacy: compressLz4(content, { format: "legacy" }),
      "many frames": compressLz4(content, { frameSize: 70_000, contentChecksum: true }),
      "two frames": join(
        compressLz4(content.subarray(0, half), { linked: true, blockSize: 65536 }),
        compressLz4(content.subarray(half), { blockSize: 262144 }),
      ),
    };
    for (const [name, file] of Object.entries(files)) {
      const source = byteSourceFromBytes(file);
      using archive = new Lz4Archive(source, await buildLz4Index(source, { spacing: 65536 }));
      for (
        const options of [{ bytes: 1 }, { bytes: 100_000 }, { bytes: 300_000 }, { count: 3 }, { count: 1 }]
      ) {
        const label = `${name} ${separator} ${JSON.stringify(options)}`;
        const splits = await Array.fromAsync(archive.splits({ ...options, separator }));
        assertEquals(splits.map(({ id }) => id), splits.map((_, i) => i), label);
        let at = 0;
        for (const split of splits) {
          const [start, end] = split.decompressedRange;
          assertEquals(start, at, label);
          assert(end > start, label);
          if (end < content.length) assertEquals(content[end - 1], separator, label);
          assertEquals(decodeSplit(file, split), content.slice(start, end), label);
          at = end;
        }
        assertEquals(at, content.length, label);
        if (options.count !== undefined) assert(splits.length <= options.count, label);
        if (options.count === 3 && name !== "legacy") assertEquals(splits.length, 3, label);
      }
    }
  }
});

Deno.test("splits of content without records, of none, and with options that do not fit", async () => {
  const one = byteSourceFromBytes(compressLz4(new Uint8Array(1_000_000), { blockSize: 65536 }));
  using archive = new Lz4Archive(one, await scanLz4Index(one, { spacing: 65536 }));
  const ranges = (await Array.fromAsync(archive.splits({ bytes: 70_000 }))).map((split) =>
    split.decompressedRange
  );
  assertEquals(ranges, [[0, 1_000_000]]);
  const none = byteSourceFromBytes(compressLz4(new Uint8Array()));
  using empty = new Lz4Archive(none, await buildLz4Index(none));
  assertEquals(await Array.fromAsync(empty.splits({ count: 2 })), []);
  const first = (options: unknown): Promise<unknown> => archive.splits(options as { count: 1 }).next();
  await assertRejects(() => first({}), RangeError, "exactly one");
  await assertRejects(() => first({ count: 1, bytes: 1 }), RangeError, "exactly one");
  await assertRejects(() => first({ count: 0 }), RangeError);
  await assertRejects(() => first({ count: 1, separator: 256 }), RangeError);
  await assertRejects(() => first({ count: 1, lines: true }), TypeError);
  const index = await scanLz4Index(one);
  await assertRejects(() => index.splits({ count: 1, separator: 10 } as { count: 1 }).next(), TypeError);
});
