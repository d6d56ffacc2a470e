/**
 * Splits of zstd files: read one by one, after JSON, they are the content, and no record is in two of them. Plans that do
 * not fit are typed errors.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { byteSourceFromBytes, SluiceError, TransferError } from "@sluice/internal";
import { compressZstd, decompressZstd, writeZstdSkippableFrame } from "../mod.ts";
import {
  buildZstdIndex,
  compressZstdSeekable,
  joinZstdFrames,
  joinZstdIndexes,
  planZstdSplits,
  readZstdSplit,
  ZstdSeekableReader,
  ZstdSeekIndex,
} from "../seekable.ts";
import type { ZstdSplit, ZstdSplitOptions } from "../seekable.ts";
import { testBackends } from "../../tests/_backends.ts";
import { chunks, join, text } from "../../tests/_data.ts";
import { checkDamagedSplits, checkRanges, DELIMITERS, records, SPLIT_SIZES } from "../../tests/_records.ts";

/** Files of all kinds with this content. */
function filesOf(content: Uint8Array<ArrayBuffer>): Record<string, Uint8Array<ArrayBuffer>> {
  return {
    seekable: compressZstdSeekable(content, { frameSize: 65536 }),
    "one frame": compressZstd(content),
    concatenated: join(
      ...chunks(content, 150_000).map((part) => compressZstd(part, { contentChecksum: true })),
    ),
    // What pzstd makes: before each frame a skippable one with its size.
    pzstd: join(
      ...chunks(content, 200_000).flatMap((part) => {
        const frame = compressZstd(part);
        const size = new Uint8Array(new Uint32Array([frame.length]).buffer);
        return [writeZstdSkippableFrame(size), frame];
      }),
    ),
    "without sizes": join(
      ...chunks(content, 200_000).map((part) => compressZstd(part, { contentSize: false })),
    ),
  };
}

/** Checks a plan against the content, and returns its splits as they come out of JSON. */
async function checkPlan(
  file: Uint8Array<ArrayBuffer>,
  index: ZstdSeekIndex,
  content: Uint8Array<ArrayBuffer>,
  options: ZstdSplitOptions,
  label: string,
): Promise<ZstdSplit[]> {
  const planned = await Array.fromAsync(planZstdSplits(file, index, options));
  const splits = JSON.parse(JSON.stringify(planned)) as ZstdSplit[];
  checkRanges(splits, content, options, label);
  for (const split of splits) {
    const { decompressedRange: [start, end], compressedRange, drop, size } = split;
    assertEquals(await readZstdSplit(file, split), content.slice(start, end), label);
    const alone = decompressZstd(file.subarray(...compressedRange)); // as an engine that knows nothing but zstd
    assertEquals(alone.length, size, label);
    assertEquals(alone.slice(drop, drop + end - start), content.slice(start, end), label);
  }
  return splits;
}

testBackends("splits end where records end, and are the content together", async () => {
  for (const [delimiter, rest] of DELIMITERS) {
    const content = records(delimiter, rest);
    for (const [name, file] of Object.entries(filesOf(content))) {
      const index = await buildZstdIndex(file);
      for (const size of SPLIT_SIZES) {
        const align = delimiter === 10 ? { atLine: true } : { atDelimiter: delimiter };
        const label = `${name} ${delimiter} ${JSON.stringify(size)}`;
        const splits = await checkPlan(file, index, content, { ...size, ...align }, label);
        if (size.count !== undefined) assert(splits.length <= size.count, label);
        if (name === "one frame") assertEquals(splits.length, 1, label);
      }
      await checkPlan(file, index, content, { splitSize: 100_000 }, `${name} anywhere`);
    }
  }
});

testBackends("a damaged frame is in one split, and all other splits have their records", async () => {
  const content = records(10, "no end").subarray(0, 600_000);
  const { seekable, concatenated } = filesOf(content);
  for (const [name, file] of Object.entries({ seekable, concatenated })) {
    const index = await buildZstdIndex(file!);
    for (const splitSize of [1, 70_000, 200_000]) {
      const sound = await Array.fromAsync(planZstdSplits(file!, index, { splitSize, atLine: true }));
      let faults = 0;
      for (const frame of index.frames) {
        if (frame.size === 0) continue; // the seek table
        for (const at of [0, frame.compressedSize >> 1]) {
          const damaged = file!.slice();
          const from = frame.compressedOffset + at;
          damaged.fill(0xff, from, Math.min(from + 20, frame.compressedOffset + frame.compressedSize));
          const plan = planZstdSplits(damaged, index, { splitSize, atLine: true });
          const splits = JSON.parse(JSON.stringify(await Array.fromAsync(plan))) as ZstdSplit[];
          const label = `${name} ${splitSize} frame ${frame.index} byte ${at}`;
          const bad = await checkDamagedSplits(
            splits,
            content,
            (split) => readZstdSplit(damaged, split),
            label,
          );
          const [start, end] = bad.decompressedRange;
          assert(start <= frame.offset && end >= frame.offset + frame.size, label);
          assert(splits.length >= sound.length - 1, label);
          for (const { fault, id } of splits) {
            if (fault === undefined) continue;
            assertEquals(id, bad.id, label);
            assert(
              ["CORRUPT", "CHECKSUM_MISMATCH", "BAD_MAGIC"].includes(fault.code),
              `${label} ${fault.code}`,
            );
            const { offset } = fault;
            assert(
              offset! >= frame.compressedOffset && offset! <= frame.compressedOffset + frame.compressedSize,
            );
            faults++;
          }
        }
      }
      assert(faults > 0, `${name} ${splitSize}`);
    }
  }
});

Deno.test("a plan ends with errors that are no damage", async () => {
  const content = text(300_000);
  const file = compressZstdSeekable(content, { frameSize: 65536 });
  const { index } = await ZstdSeekableReader.open(file);
  const broken = {
    ...byteSourceFromBytes(file),
    read: () => Promise.reject(new TransferError("no answer", { format: "zstd", code: "NETWORK" })),
  };
  const plan = planZstdSplits(broken, index, { splitSize: 65536, atLine: true });
  assertEquals((await assertRejects(() => plan.next(), SluiceError)).code, "NETWORK");
});

Deno.test("plans of content without records, of none, and with options that do not fit", async () => {
  const one = compressZstdSeekable(new Uint8Array(1_000_000), { frameSize: 65536 });
  const { index } = await ZstdSeekableReader.open(one);
  const ranges = await Array.fromAsync(
    planZstdSplits(one, index, { splitSize: 70_000, atLine: true }),
    (split) => split.decompressedRange,
  );
  assertEquals(ranges, [[0, 1_000_000]]);
  for (const none of [compressZstd(new Uint8Array()), new Uint8Array()]) {
    assertEquals(await Array.fromAsync(planZstdSplits(none, await buildZstdIndex(none), { count: 2 })), []);
  }
  const first = (options: unknown): Promise<unknown> =>
    planZstdSplits(one, index, options as ZstdSplitOptions).next();
  await assertRejects(() => first({ count: 1, splitSize: 1 }), RangeError, "at most one");
  await assertRejects(() => first({ atLine: true, atDelimiter: 1 }), RangeError, "at most one");
  await assertRejects(() => first({ count: 0 }), RangeError);
  await assertRejects(() => first({ atDelimiter: -1 }), RangeError);
  await assertRejects(() => first({ lines: true }), TypeError);
  const plan = planZstdSplits(one.subarray(0, 10), index);
  assertEquals((await assertRejects(() => plan.next(), SluiceError)).code, "CORRUPT");
});

testBackends("a split that does not fit is a typed error", async () => {
  const content = text(400_000);
  const file = compressZstdSeekable(content, { frameSize: 65536 });
  const { index } = await ZstdSeekableReader.open(file);
  const [, split] = await Array.fromAsync(planZstdSplits(file, index, { splitSize: 131_072 })) as [
    ZstdSplit,
    ZstdSplit,
  ];
  const [start, end] = split.compressedRange;
  const changed = (fields: object): ZstdSplit => ({ ...split, ...fields });
  const damaged = file.slice();
  damaged.fill(0xff, start + 20, start + 60);
  const other = compressZstdSeekable(text(400_000, 2), { frameSize: 65536 });
  const swapped = new Uint8Array(file.length);
  swapped.set(other.subarray(0, file.length));
  const [[compressed = 0, size = 0] = [], ...frames] = split.frames;
  const cases: [string, Uint8Array<ArrayBuffer>, unknown, string][] = [
    ["nothing", file, undefined, "SPLIT_INVALID"],
    ["of lz4", file, changed({ format: "lz4-split" }), "SPLIT_INVALID"],
    ["version 2", file, changed({ version: 2 }), "SPLIT_VERSION"],
    ["no version", file, changed({ version: undefined }), "SPLIT_VERSION"],
    ["a longer file", join(file, file), split, "SOURCE_CHANGED"],
    ["past the file", file, changed({ compressedRange: [start, file.length + 1] }), "SPLIT_INVALID"],
    ["not all frames", file, changed({ compressedRange: [start, end - 1] }), "SPLIT_INVALID"],
    ["no frames", file, changed({ frames: [] }), "SPLIT_INVALID"],
    ["a frame of one number", file, changed({ frames: [[1], ...frames] }), "SPLIT_INVALID"],
    ["a frame of texts", file, changed({ frames: [["1", "2"], ...frames] }), "SPLIT_INVALID"],
    [
      "one frame without checksum",
      file,
      changed({ frames: [[compressed, size], ...frames] }),
      "SPLIT_INVALID",
    ],
    ["a large drop", file, changed({ drop: 2 ** 40 }), "SPLIT_INVALID"],
    ["more content than its frames", file, changed({ decompressedRange: [0, 1e9] }), "SPLIT_INVALID"],
    ["another size", file, changed({ size: split.size + 1 }), "SPLIT_INVALID"],
    ["a wrong checksum", file, changed({ frames: [[compressed, size, 1], ...frames] }), "CHECKSUM_MISMATCH"],
    ["damaged", damaged, split, "*"],
    ["another file of its size", swapped, split, "*"],
  ];
  for (const [label, data, value, code] of cases) {
    const error = await assertRejects(
      () => readZstdSplit(data, value as ZstdSplit),
      SluiceError,
      undefined,
      label,
    );
    if (code !== "*") assertEquals(error.code, code, `${label}: ${error.message}`);
    else assert(error.offset! >= start && error.offset! <= end, `${label}: ${error.offset} ${error.message}`);
  }
  const versioned = { ...byteSourceFromBytes(file), validator: '"2"' };
  const old = changed({ source: { size: file.length, validator: '"1"' } });
  const error = await assertRejects(() => readZstdSplit(versioned, old), SluiceError, 'expected version "1"');
  assertEquals(error.code, "SOURCE_CHANGED");
  const limited = await assertRejects(() => readZstdSplit(file, split, { maxSplitSize: 1000 }), SluiceError);
  assertEquals(limited.code, "OUTPUT_LIMIT");
});

testBackends("joined parts are one seekable file, in order", async () => {
  const parts = [text(200_000, 1), new Uint8Array(), text(50_000, 2), text(1, 3)];
  const content = join(...parts);
  const packed = parts.map((part, i) =>
    i % 2 === 0
      ? compressZstdSeekable(part, { frameSize: 65536 })
      : compressZstd(part, { contentSize: false, contentChecksum: true })
  );
  const file = join(...await Array.fromAsync(joinZstdFrames(packed)));
  assertEquals(decompressZstd(file), content);
  const reader = await ZstdSeekableReader.open(file);
  assert(reader.index.hasChecksums);
  await reader.verify();
  for (const [from, length] of [[0, 10], [199_990, 30], [250_000, 1]] as const) {
    assertEquals(await reader.read(from, length), content.slice(from, from + length));
  }
  const indexes = await Promise.all(
    packed.map(async (part, i) =>
      i % 2 === 0 ? (await ZstdSeekableReader.open(part)).index : await buildZstdIndex(part)
    ),
  );
  const bare = join(...packed.map((part, i) => part.subarray(0, indexes[i]!.compressedSize)));
  assertEquals(join(bare, joinZstdIndexes(indexes).toBytes()), file);
  async function* later(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for (const part of packed) yield await Promise.resolve(part);
  }
  assertEquals(join(...await Array.fromAsync(joinZstdFrames(later()))), file);
  // Frames without checksums: the table has none.
  const plain = join(...await Array.fromAsync(joinZstdFrames([packed[0]!, compressZstd(content)])));
  assertEquals((await ZstdSeekableReader.open(plain)).index.hasChecksums, false);
});

Deno.test("parts that can't be joined are typed errors; no parts are an empty file", async () => {
  const part = compressZstdSeekable(text(100_000), { frameSize: 65536 });
  const { index } = await ZstdSeekableReader.open(part);
  const frames = [...index.frames];
  const table = (sizes: number[], compressedSizes: number[]): Uint8Array<ArrayBuffer> =>
    join(part.subarray(0, index.compressedSize), new ZstdSeekIndex({ compressedSizes, sizes }).toBytes());
  const [a, b] = frames as [typeof frames[0] & object, typeof frames[0] & object];
  for (
    const [label, bad, code] of [
      ["cut", part.subarray(0, 900), "TRUNCATED"],
      ["junk", text(1000), "BAD_MAGIC"],
      ["junk after a part", join(compressZstd(text(10)), text(10)), "BAD_MAGIC"],
      [
        "a table that is wrong",
        table([a.size + 1, b.size - 1], [a.compressedSize, b.compressedSize]),
        "CORRUPT",
      ],
      [
        "a table with other frames",
        table([a.size, b.size], [a.compressedSize + 1, b.compressedSize - 1]),
        "CORRUPT",
      ],
      ["a table of one frame", table([a.size + b.size], [index.compressedSize]), "CORRUPT"],
    ] as const
  ) {
    const error = await assertRejects(
      () => Array.fromAsync(joinZstdFrames([part, bad])),
      SluiceError,
      undefined,
      label,
    );
    assertEquals(error.code, code, label);
  }
  await assertRejects(() => joinZstdFrames(5 as never).next(), TypeError, "no iterable");
  const empty = join(...await Array.fromAsync(joinZstdFrames([])));
  assertEquals((await ZstdSeekableReader.open(empty)).size, 0);
});
