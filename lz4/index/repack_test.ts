import { assert, assertEquals, assertRejects } from "@std/assert";
import { byteSourceFromBytes, SluiceError } from "@sluice/internal";
import { compressLz4, decompressLz4, Lz4Archive, Lz4Index, planLz4Splits, repackLz4 } from "../mod.ts";
import { testBackends } from "../../tests/_backends.ts";
import { chunks, join, Random, text } from "../../tests/_data.ts";

const CONTENT = join(text(700_000, 2), new Random(4).bytes(100_000), text(200_000, 3));

testBackends("repackLz4 keeps the content and makes it readable anywhere", async () => {
  const sources = [
    compressLz4(CONTENT, { linked: true, blockSize: 65536 }),
    compressLz4(CONTENT, { format: "legacy" }),
    join(compressLz4(CONTENT.subarray(0, 1000)), compressLz4(CONTENT.subarray(1000))),
  ];
  let first: Uint8Array | undefined;
  for (const [i, file] of sources.entries()) {
    const parts = await Array.fromAsync(
      repackLz4(chunks(file, 50_001), { frameSize: 90_000, threads: i + 1, linked: i === 1 }),
    );
    const packed = join(...parts);
    if (i !== 1) assertEquals(first ??= packed, packed);
    assertEquals(decompressLz4(packed), CONTENT);
    const source = byteSourceFromBytes(packed);
    const index = await Lz4Index.embedded(source);
    assert(await index!.matches(source));
    using archive = new Lz4Archive(source, index!);
    assertEquals(await archive.read(500_000, 200_000), CONTENT.slice(500_000, 700_000));
    const whole = (await Array.fromAsync(planLz4Splits(source, index!, { count: 4 }))).flatMap(({ pieces }) =>
      pieces
    );
    assertEquals(whole.map(({ kind }) => kind), Array(4).fill("frames"));
    for (const { compressedRange: [from, to], decompressedRange: out } of whole) {
      assertEquals(decompressLz4(packed.subarray(from, to)), CONTENT.slice(...out));
    }
  }
});

testBackends("repackLz4 ends frames where records end", async () => {
  const lines = new TextEncoder().encode(
    Array.from({ length: 5000 }, (_, i) => `${"x".repeat(i % 97)}\n`).join(""),
  );
  const file = compressLz4(join(lines, new Uint8Array(30_000).fill(65)));
  const parts = await Array.fromAsync(repackLz4([file], { frameSize: 10_000, separator: 10, index: false }));
  const contents = parts.map((part) => decompressLz4(part));
  assertEquals(join(...contents), decompressLz4(file));
  for (const content of contents.slice(0, -4)) assertEquals(content.at(-1), 10);
  for (const content of contents) assert(content.length <= 10_000);
});

testBackends("repackLz4 gives what is good and then fails", async () => {
  const file = compressLz4(CONTENT, { blockSize: 65536 });
  const good: Uint8Array[] = [];
  const error = await assertRejects(async () => {
    for await (const part of repackLz4([file.subarray(0, 400_000)], { frameSize: 65536 })) good.push(part);
  }, SluiceError);
  assertEquals(error.code, "TRUNCATED");
  const content = decompressLz4(join(...good));
  assert(content.length >= 500_000);
  assertEquals(content, CONTENT.slice(0, content.length));
});
