import { SegmentedBuffer, SluiceError } from "@sluice/internal";
import {
  compressZstd,
  compressZstdBatch,
  compressZstdBatchAsync,
  compressZstdDictChain,
  decompressZstd,
  decompressZstdAsync,
  decompressZstdBatch,
  decompressZstdBatchAsync,
  decompressZstdDictChain,
  writeZstdSkippableFrame,
  ZstdDictionary,
} from "@sluice/zstd";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { testBackends } from "../../tests/_backends.ts";
import { CONTENT_KINDS, join, Random, text } from "../../tests/_data.ts";

const INPUTS = Array.from({ length: 200 }, (_, i) => text(i * 37, i + 1));

testBackends("batches come back for any number of threads", async () => {
  for (const threads of [0, 1, 2, 7, "auto"] as const) {
    const frames = compressZstdBatch(INPUTS, { threads, level: 4, contentChecksum: true });
    assertEquals(frames.length, INPUTS.length);
    for (const [i, frame] of [...frames].entries()) {
      assertEquals(new Uint8Array(frame), compressZstd(INPUTS[i]!, { level: 4, contentChecksum: true }));
    }
    assertEquals(
      [...decompressZstdBatch(frames, { threads })].map((content) => new Uint8Array(content)),
      INPUTS,
    );
    const later = await compressZstdBatchAsync(INPUTS, { threads, level: 4, contentChecksum: true });
    assertEquals(later.toBytes(), frames.toBytes());
    assertEquals((await decompressZstdBatchAsync(later, { threads })).toBytes(), join(...INPUTS));
  }
});

testBackends("batches larger than one call are cut into groups", () => {
  const inputs = Array.from(
    { length: 12 },
    (_, i) => CONTENT_KINDS[i % 2 === 0 ? "text" : "random"]!(1_000_000 + i),
  );
  const frames = compressZstdBatch(inputs, { level: 1 });
  const contents = decompressZstdBatch(frames);
  for (const [i, input] of inputs.entries()) assertEquals(new Uint8Array(contents.at(i)), input);
});

testBackends("batches use dictionaries and sizes that are told", () => {
  using dictionary = new ZstdDictionary(text(3000), { type: "raw" });
  const frames = compressZstdBatch(INPUTS, { dictionary, contentSize: false });
  assert(frames.byteLength < compressZstdBatch(INPUTS).byteLength);
  const expected = join(...INPUTS);
  const sizes = INPUTS.map(({ length }) => length);
  assertEquals(decompressZstdBatch(frames, { dictionary }).toBytes(), expected);
  assertEquals(decompressZstdBatch(frames, { dictionary, sizes }).toBytes(), expected);
  assertEquals(
    decompressZstdBatch(frames, { dictionary, sizes: BigUint64Array.from(sizes, BigInt) }).toBytes(),
    expected,
  );
  for (const wrong of [0, sizes[9]! - 1, sizes[9]! + 1]) {
    const error = assertThrows(
      () => decompressZstdBatch(frames, { dictionary, sizes: sizes.with(9, wrong) }),
      SluiceError,
    );
    assertEquals([error.code, error.index], ["CORRUPT", 9]);
  }
  assertThrows(() => decompressZstdBatch(frames, { sizes: [1] }), RangeError, "1 sizes for 200 values");
});

testBackends("a batch names the value that failed and why", async () => {
  const frames = Array.from(
    compressZstdBatch(INPUTS, { contentChecksum: true }),
    (frame) => new Uint8Array(frame),
  );
  const damaged = frames[150]!.slice();
  damaged[damaged.length - 1]! ^= 1;
  const faults: [Uint8Array, string][] = [
    [damaged, "CHECKSUM_MISMATCH"],
    [frames[150]!.subarray(0, 20), "TRUNCATED"],
    [text(30), "BAD_MAGIC"],
    [join(frames[150]!, text(3)), "TRAILING_DATA"],
  ];
  for (const [frame, code] of faults) {
    const batch = frames.with(150, new Uint8Array(frame));
    const error = assertThrows(() => decompressZstdBatch(batch), SluiceError);
    assertEquals([error.code, error.index], [code, 150]);
    const later = await decompressZstdBatchAsync(batch).catch((error) => error);
    assertEquals([later.code, later.index], [code, 150]);
  }
  const limit = assertThrows(() => decompressZstdBatch(frames, { maxOutputSize: 1000 }), SluiceError);
  assertEquals(limit.code, "OUTPUT_LIMIT");
  assertThrows(() => compressZstdBatch(7 as unknown as Uint8Array[]), TypeError);
  assertThrows(() => compressZstdBatch(["text" as unknown as Uint8Array]), TypeError);
});

testBackends("empty batches are empty", () => {
  assertEquals(compressZstdBatch([]).length, 0);
  assertEquals(decompressZstdBatch([]).length, 0);
});

testBackends("batches take segmented buffers in place", () => {
  const bytes = join(...INPUTS);
  let offset = 0;
  const segments = INPUTS.map(({ length }): [number, number] => [(offset += length) - length, length]);
  const frames = compressZstdBatch(new SegmentedBuffer(bytes, segments));
  assertEquals(decompressZstdBatch(frames).toBytes(), bytes);
});

testBackends("content-only chains come back, whole or the last", () => {
  const random = new Random(3);
  const versions = [text(5000)];
  for (let i = 1; i < 100; i++) {
    const next = versions[i - 1]!.slice();
    for (let edits = 0; edits < 3; edits++) next[random.below(next.length)] = random.next();
    versions.push(join(next, text(10, i)));
  }
  const frames = compressZstdDictChain(versions);
  assert(frames.byteLength < versions[0]!.length * 3, `${frames.byteLength}`);
  assertEquals(decompressZstdDictChain(frames), versions.at(-1)!);
  const all = decompressZstdDictChain(frames, { all: true });
  assertEquals(Array.from(all, (content) => new Uint8Array(content)), versions);
  assertEquals(decompressZstdDictChain([compressZstd(versions[0]!)]), versions[0]!);
});

testBackends("chains name the frame that failed and why", () => {
  const versions = Array.from({ length: 5 }, (_, i) => text(1000, i + 1));
  const frames = Array.from(
    compressZstdDictChain(versions, { contentChecksum: true }),
    (frame) => new Uint8Array(frame),
  );
  const fault = (chain: readonly Uint8Array[]): [string, number | undefined] => {
    const error = assertThrows(() => decompressZstdDictChain(chain), SluiceError);
    return [error.code, error.index];
  };
  assertEquals(fault(frames.with(2, text(3))), ["BAD_MAGIC", 2]);
  assertEquals(fault(frames.with(1, frames[1]!.slice(0, 3))), ["TRUNCATED", 1]);
  assertEquals(fault(frames.with(3, frames[3]!.slice(0, -1))), ["TRUNCATED", 3]);
  const undeclared = compressZstd(versions[0]!, { contentSize: false });
  assertEquals(fault([undeclared, ...frames.slice(1)]), ["CONTENT_SIZE_REQUIRED", 0]);
  const damaged = frames[4]!.slice();
  damaged[damaged.length - 1]! ^= 1;
  assertEquals(fault(frames.with(4, damaged)), ["CHECKSUM_MISMATCH", 4]);
  assertThrows(() => decompressZstdDictChain([]), RangeError, "no frame");
  assertThrows(() => decompressZstdDictChain([7 as unknown as Uint8Array]), TypeError);
  assertEquals(decompressZstd(frames[0]!), versions[0]!);
});

Deno.test("SegmentedBuffer names values over several buffers", () => {
  const first = new SegmentedBuffer(text(10), [[0, 4], [2, 4]]);
  const second = new SegmentedBuffer(text(10), BigUint64Array.of(9n, 1n));
  const joined = SegmentedBuffer.concat(first, new SegmentedBuffer(new Uint8Array(), []), second);
  assertEquals([joined.length, joined.byteLength], [3, 9]);
  assertEquals(
    joined.toBytes(),
    join(text(10).subarray(0, 4), text(10).subarray(2, 6), text(10).subarray(9)),
  );
  assertEquals([joined.offsetOf(1), joined.offsetOf(2)], [2, 9]);
  assertEquals(joined.segments, BigUint64Array.of(0n, 4n, 2n, 4n, 9n, 1n));
  assertEquals(joined.buffers.length, 3);
  for (const index of [-1, 3, 0.5, NaN]) assertThrows(() => joined.at(index), RangeError, "3 values");
  for (const segment of [[-1, 2], [0, 11], [5, 6], [0.5, 1]] as [number, number][]) {
    assertThrows(() => new SegmentedBuffer(text(10), [segment]), RangeError, "segment 0");
  }
  assertThrows(() => new SegmentedBuffer(text(10), BigUint64Array.of(1n)), RangeError, "pairs");
  assertThrows(() => SegmentedBuffer.concat(), RangeError, "none");
});

testBackends(
  "the frames of one value are decoded side by side, with the faults of one after the other",
  async () => {
    const parts = Array.from({ length: 9 }, (_, i) => text(200_000 + i, i + 1));
    const skippable = writeZstdSkippableFrame(text(33), 4);
    const stream = join(
      skippable,
      ...parts.flatMap((part) => [compressZstd(part, { contentChecksum: true }), skippable]),
    );
    for (const threads of [1, 2, "auto"] as const) {
      assertEquals(await decompressZstdAsync(stream, { threads }), join(...parts));
    }
    const damaged = stream.slice();
    damaged[stream.length - skippable.length - 1]! ^= 1;
    const error = await assertRejects(() => decompressZstdAsync(damaged, { threads: 2 }), SluiceError);
    assertEquals(error.code, "CHECKSUM_MISMATCH");
  },
);

testBackends("a batch keeps to the memory limit of its options", () => {
  const error = assertThrows(() => compressZstdBatch(INPUTS, { level: 19, maxMemory: 200_000 }), SluiceError);
  assertEquals(error.code, "MEMORY_LIMIT");
});
