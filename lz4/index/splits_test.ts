/**
 * Splits of lz4 files: read one by one, after JSON, they are the content, and no record is in two of them. Plans that do
 * not fit are typed errors.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { byteSourceFromBytes, SluiceError } from "@sluice/internal";
import {
  buildLz4Index,
  compressLz4,
  decompressLz4,
  joinLz4Indexes,
  joinLz4Parts,
  Lz4Archive,
  Lz4Index,
  planLz4Splits,
  readLz4Split,
  repackLz4,
  scanLz4Index,
} from "../mod.ts";
import type { Lz4Split, Lz4SplitOptions } from "../mod.ts";
import { testBackends } from "../../tests/_backends.ts";
import { join, text } from "../../tests/_data.ts";
import { checkDamagedSplits, checkRanges, DELIMITERS, records, SPLIT_SIZES } from "../../tests/_records.ts";

/** Decodes a split alone, as an engine does that knows nothing but frames. */
function decodeSplit(file: Uint8Array<ArrayBuffer>, { pieces }: Lz4Split): Uint8Array {
  return join(
    ...pieces.map(({ prefix, compressedRange, suffix, drop, size, decompressedRange: [start, end] }) => {
      const part = join(
        Uint8Array.fromBase64(prefix),
        file.subarray(...compressedRange),
        Uint8Array.fromBase64(suffix),
      );
      const content = decompressLz4(part, { allowEmpty: true });
      assertEquals(content.length, size);
      return content.slice(drop, drop + end - start);
    }),
  );
}

/** Files of all kinds with this content. */
function filesOf(content: Uint8Array<ArrayBuffer>): Record<string, Uint8Array<ArrayBuffer>> {
  const half = content.length >>> 1;
  return {
    linked: compressLz4(content, { linked: true, blockSize: 65536, contentChecksum: true }),
    independent: compressLz4(content, { blockSize: 65536, blockChecksums: true }),
    legacy: compressLz4(content, { format: "legacy" }),
    "many frames": compressLz4(content, { frameSize: 70_000, contentChecksum: true }),
    "two frames": join(
      compressLz4(content.subarray(0, half), { linked: true, blockSize: 65536 }),
      compressLz4(content.subarray(half), { blockSize: 262144 }),
    ),
  };
}

/** Checks a plan against the content, and returns its splits as they come out of JSON. */
async function checkPlan(
  file: Uint8Array<ArrayBuffer>,
  index: Lz4Index,
  content: Uint8Array<ArrayBuffer>,
  options: Lz4SplitOptions,
  label: string,
): Promise<Lz4Split[]> {
  const planned = await Array.fromAsync(planLz4Splits(file, index, options));
  const splits = JSON.parse(JSON.stringify(planned)) as Lz4Split[];
  checkRanges(splits, content, options, label);
  for (const split of splits) {
    const [start, end] = split.decompressedRange;
    assertEquals(await readLz4Split(file, split), content.slice(start, end), label);
    assertEquals(decodeSplit(file, split), content.slice(start, end), label);
  }
  return splits;
}

testBackends("splits end where records end, and are the content together", async () => {
  for (const [delimiter, rest] of DELIMITERS) {
    const content = records(delimiter, rest);
    for (const [name, file] of Object.entries(filesOf(content))) {
      const index = await buildLz4Index(file, { spacing: 65536 });
      for (const size of SPLIT_SIZES) {
        const align = delimiter === 10 ? { atLine: true } : { atDelimiter: delimiter };
        const label = `${name} ${delimiter} ${JSON.stringify(size)}`;
        const splits = await checkPlan(file, index, content, { ...size, ...align }, label);
        if (size.count !== undefined) assert(splits.length <= size.count, label);
        if (size.count === 3 && name !== "legacy") assertEquals(splits.length, 3, label);
      }
      await checkPlan(file, index, content, { splitSize: 100_000 }, `${name} anywhere`);
    }
  }
});

testBackends("damaged blocks are in one split, and all other splits have their records", async () => {
  const content = records(10, "no end").subarray(0, 600_000);
  for (const [name, file] of Object.entries(filesOf(content))) {
    if (name === "legacy") continue; // its block holds all of the content
    // A joined index has no fingerprint, which would cover all of so small a file.
    const index = joinLz4Indexes([await buildLz4Index(file, { spacing: 65536 })]);
    for (const splitSize of [1, 70_000, 200_000]) {
      const sound = await Array.fromAsync(planLz4Splits(file, index, { splitSize, atLine: true }));
      let faults = 0;
      for (const [i, point] of index.points.entries()) {
        const damaged = file.slice();
        const next = index.points[i + 1]?.compressedOffset ?? file.length;
        const from = (point.compressedOffset + next) >> 1;
        for (let at = from; at < Math.min(from + 20, next); at++) damaged[at]! ^= 0x5a;
        const plan = planLz4Splits(damaged, index, { splitSize, atLine: true });
        const splits = JSON.parse(JSON.stringify(await Array.fromAsync(plan))) as Lz4Split[];
        const label = `${name} ${splitSize} point ${i}`;
        const bad = await checkDamagedSplits(splits, content, (split) => readLz4Split(damaged, split), label);
        const [start, end] = bad.decompressedRange;
        const pointEnd = index.points[i + 1]?.decompressedOffset ?? content.length;
        assert(start <= point.decompressedOffset && end >= pointEnd, label);
        assert(splits.length >= sound.length - 1, label);
        for (const { fault, id } of splits) {
          if (fault === undefined) continue;
          assertEquals(id, bad.id, label);
          assert(fault.message.startsWith("Cannot "), `${label} ${fault.message}`);
          faults++;
        }
      }
      assert(faults > 0, `${name} ${splitSize}`);
    }
  }
});

Deno.test("a plan by pages of an index, and by one without hashes", async () => {
  const content = text(3_000_000);
  const file = compressLz4(content, { linked: true, blockSize: 65536 });
  const built = await buildLz4Index(file, { spacing: 65536 });
  const paged = await Lz4Index.open(built.toBytes());
  await checkPlan(file, paged, content, { splitSize: 300_000, atLine: true }, "paged");
  const independent = compressLz4(content, { blockSize: 65536 });
  const scanned = await scanLz4Index(independent, { spacing: 65536 });
  const splits = await checkPlan(independent, scanned, content, { splitSize: 300_000 }, "scanned");
  assertEquals(splits[0]!.pieces[0]!.segments, undefined);
});

Deno.test("plans of content without records, of none, and with options that do not fit", async () => {
  const one = compressLz4(new Uint8Array(1_000_000), { blockSize: 65536 });
  const index = await scanLz4Index(one, { spacing: 65536 });
  const ranges = await Array.fromAsync(
    planLz4Splits(one, index, { splitSize: 70_000, atLine: true }),
    (split) => split.decompressedRange,
  );
  assertEquals(ranges, [[0, 1_000_000]]);
  const none = compressLz4(new Uint8Array());
  assertEquals(await Array.fromAsync(planLz4Splits(none, await buildLz4Index(none), { count: 2 })), []);
  const first = (options: unknown): Promise<unknown> =>
    planLz4Splits(one, index, options as Lz4SplitOptions).next();
  await assertRejects(() => first({ count: 1, splitSize: 1 }), RangeError, "at most one");
  await assertRejects(() => first({ atLine: true, atDelimiter: 1 }), RangeError, "at most one");
  await assertRejects(() => first({ count: 0 }), RangeError);
  await assertRejects(() => first({ splitSize: 0 }), RangeError);
  await assertRejects(() => first({ atDelimiter: 256 }), RangeError);
  await assertRejects(() => first({ lines: true }), TypeError);
  await assertRejects(() => first({ signal: AbortSignal.abort(new Error("enough")) }), Error, "enough");
});

Deno.test("borders are looked for at the same time, and content without records is read once", async () => {
  const content = new Uint8Array(4_000_000);
  const file = compressLz4(content, { blockSize: 65536 });
  const index = await buildLz4Index(file, { spacing: 65536 });
  let [reads, most, under] = [0, 0, 0];
  const plain = byteSourceFromBytes(file);
  const source = {
    size: plain.size,
    async read(offset: number, length: number): Promise<Uint8Array> {
      reads += length;
      most = Math.max(most, ++under);
      await new Promise((resolve) => setTimeout(resolve, 1));
      under--;
      return await plain.read(offset, length);
    },
  };
  for (const [concurrency, expected] of [[1, 1], [4, 4], [undefined, 16]] as const) {
    [reads, most] = [0, 0];
    const options = { splitSize: 131_072, atLine: true, concurrency };
    const splits = await Array.fromAsync(planLz4Splits(source, index, options));
    assertEquals(splits.length, 1);
    assert(most <= expected && most >= Math.min(expected, 4), `${most} reads at the same time`);
    assert(reads < 3 * file.length, `${reads} bytes were read of ${file.length}`);
  }
  await assertRejects(() => planLz4Splits(file, index, { concurrency: 0 }).next(), RangeError);
});

testBackends("a split that does not fit is a typed error", async () => {
  const content = text(400_000);
  const file = compressLz4(content, { blockSize: 65536 });
  const index = await buildLz4Index(file, { spacing: 65536 });
  const [, split] = await Array.fromAsync(planLz4Splits(file, index, { splitSize: 131_072 }));
  const piece = split!.pieces[0]!;
  const changed = (fields: object): Lz4Split => ({ ...split!, ...fields });
  const changedPiece = (fields: object): Lz4Split => changed({ pieces: [{ ...piece, ...fields }] });
  const broken = file.slice();
  broken.fill(0xff, piece.compressedRange[0] + 10, piece.compressedRange[0] + 30);
  const other = compressLz4(text(400_000, 2), { blockSize: 65536 });
  const swapped = new Uint8Array(file.length);
  swapped.set(other.subarray(0, file.length));
  const cases: [string, Uint8Array<ArrayBuffer>, unknown, string][] = [
    ["nothing", file, null, "SPLIT_INVALID"],
    ["of zstd", file, changed({ format: "zstd-split" }), "SPLIT_INVALID"],
    ["version 2", file, changed({ version: 2 }), "SPLIT_VERSION"],
    ["no source", file, changed({ source: undefined }), "SPLIT_INVALID"],
    ["a shorter file", file.subarray(0, -1), split, "SOURCE_CHANGED"],
    ["past the file", file, changedPiece({ compressedRange: [0, file.length + 1] }), "SPLIT_INVALID"],
    ["backwards", file, changedPiece({ compressedRange: [9, 8] }), "SPLIT_INVALID"],
    ["a fraction", file, changedPiece({ compressedRange: [0.5, 8] }), "SPLIT_INVALID"],
    ["no pieces", file, changed({ pieces: [] }), "SPLIT_INVALID"],
    ["pieces of another range", file, changed({ decompressedRange: [0, 131_072] }), "SPLIT_INVALID"],
    ["no base64", file, changedPiece({ prefix: "*" }), "SPLIT_INVALID"],
    ["a negative drop", file, changedPiece({ drop: -1 }), "SPLIT_INVALID"],
    ["a large drop", file, changedPiece({ drop: 2 ** 40 }), "SPLIT_INVALID"],
    ["a size too small", file, changedPiece({ size: piece.size - 1 }), "SPLIT_INVALID"],
    ["a size too large", file, changedPiece({ size: piece.size + 1 }), "SIZE_MISMATCH"],
    ["a huge size", file, changedPiece({ size: 2 ** 50 }), "OUTPUT_LIMIT"],
    ["wrong hash", file, changedPiece({ segments: [[piece.size, 1]] }), "SEGMENT_CHECKSUM"],
    ["segments too long", file, changedPiece({ segments: [[piece.size + 1, 1]] }), "SPLIT_INVALID"],
    ["another kind", file, changedPiece({ kind: "whole" }), "SPLIT_INVALID"],
    [
      "half a piece",
      file,
      changedPiece({ compressedRange: [piece.compressedRange[0], piece.compressedRange[1] - 5] }),
      "*",
    ],
    ["damaged", broken, split, "*"],
    ["another file of its size", swapped, split, "*"],
  ];
  for (const [label, data, value, code] of cases) {
    const error = await assertRejects(
      () => readLz4Split(data, value as Lz4Split),
      SluiceError,
      undefined,
      label,
    );
    if (code !== "*") assertEquals(error.code, code, label);
    else assert(error.offset! >= piece.compressedRange[0] - 20, `${label}: ${error.offset} ${error.message}`);
  }
  const versioned = { ...byteSourceFromBytes(file), validator: '"2"' };
  const old = changed({ source: { size: file.length, validator: '"1"' } });
  const error = await assertRejects(() => readLz4Split(versioned, old), SluiceError, 'expected version "1"');
  assertEquals(error.code, "SOURCE_CHANGED");
  await assertRejects(() => readLz4Split(file, split!, { maxSplitSize: 1000 }), SluiceError, "at most 1000");
  const plan = planLz4Splits(other, index, { count: 2 });
  assertEquals((await assertRejects(() => plan.next(), SluiceError)).code, "SOURCE_CHANGED");
});

testBackends("joined parts are one file with one index, in order", async () => {
  const parts = [text(200_000, 1), new Uint8Array(), text(50_000, 2), text(1, 3)];
  const content = join(...parts);
  const packed = await Promise.all(
    parts.map(async (part, i) =>
      i === 0
        ? join(...await Array.fromAsync(repackLz4([compressLz4(part)], { frameSize: 65536 })))
        : compressLz4(part, { linked: i === 2, blockSize: 65536 })
    ),
  );
  const file = join(...await Array.fromAsync(joinLz4Parts(packed)));
  assertEquals(decompressLz4(file), content);
  const index = (await Lz4Index.embedded(file))!;
  assert(await index.matches(file));
  using archive = new Lz4Archive(byteSourceFromBytes(file), index);
  for (const [from, length] of [[0, 10], [199_990, 30], [250_000, 1], [0, content.length]] as const) {
    assertEquals(await archive.read(from, length), content.slice(from, from + length));
  }
  const bare = join(...await Array.fromAsync(joinLz4Parts(packed, { index: false })));
  assertEquals(decompressLz4(bare), content);
  assertEquals(await Lz4Index.embedded(bare), undefined);
  const indexes = await Promise.all(packed.map(async (part) => {
    const embedded = await Lz4Index.embedded(part);
    await embedded?.load();
    return embedded ?? await buildLz4Index(part);
  }));
  const copied = join(bare, joinLz4Indexes(indexes).toSkippableFrame());
  using copy = await Lz4Archive.open(copied);
  assertEquals(await copy.read(199_990, 30), content.slice(199_990, 200_020));
  await assertRejects(
    () => Array.fromAsync(joinLz4Parts([packed[0]!, packed[2]!.subarray(0, 900)])),
    SluiceError,
  );
  await assertRejects(() => joinLz4Parts(5 as never).next(), TypeError, "no iterable");
  assertEquals(await Array.fromAsync(joinLz4Parts([])), []);
});
