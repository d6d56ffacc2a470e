/**
 * Frames decoded side by side: the output, the faults and their places of decoding in order.
 */
import { liveHandleCount } from "@sluice/ffi";
import { compressZstd, decompressZstdAsync, decompressZstdIterable, ZstdDictionary } from "@sluice/zstd";
import { writeZstdSkippableFrame, ZstdParallelDecoder } from "@sluice/zstd";
import type { ZstdDecompressOptions } from "@sluice/zstd";
import { SluiceError } from "@sluice/internal";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { chunks, join, Random, text } from "../../tests/_data.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** The output of an iteration and what it ended with. */
async function outcome(iterable: AsyncIterable<Uint8Array>): Promise<[Uint8Array, unknown]> {
  const parts: Uint8Array[] = [];
  try {
    for await (const part of iterable) parts.push(part);
  } catch (error) {
    const { code, offset, message } = error as SluiceError;
    return [join(...parts), { code, offset, message }];
  }
  return [join(...parts), undefined];
}

/** Decodes in both ways and compares everything. */
async function assertSame(pieces: readonly Uint8Array[], options: ZstdDecompressOptions = {}): Promise<void> {
  const expected = await outcome(decompressZstdIterable(pieces, options));
  const decoder = new ZstdParallelDecoder(pieces, { ...options, threads: 3 });
  assertEquals(await outcome(decoder), expected);
  assertEquals(decoder.bytesOut, expected[0].length);
}

/** Handles under a running call are freed when it ends. */
async function assertFreed(handles: number): Promise<void> {
  for (let turn = 0; liveHandleCount() > handles && turn < 1000; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assert(liveHandleCount() <= handles, `${liveHandleCount()} handles, expected at most ${handles}`);
}

/** Frames of every kind, in an order that a seed decides. */
function mixture(random: Random, count: number): Bytes[] {
  return Array.from({ length: count }, () => {
    const kind = random.below(6);
    const content = random.below(2) === 0 ? text(random.below(300_000)) : random.bytes(random.below(50_000));
    if (kind === 0) return writeZstdSkippableFrame(random.bytes(random.below(5000)), random.below(16));
    if (kind === 1) return compressZstd(new Uint8Array());
    return compressZstd(content, {
      contentSize: kind < 4,
      contentChecksum: random.below(2) === 0,
      level: 1 + random.below(4),
    });
  });
}

Deno.test("frames side by side give what frames in order give, whatever is wrong with them", async () => {
  const random = new Random(7);
  await assertSame(mixture(random, 20)); // the pools of the free functions are full from here on
  const handles = liveHandleCount();
  for (let round = 0; round < 60; round++) {
    const stream = join(...mixture(random, 1 + random.below(12)));
    const damaged = stream.slice(0, round % 3 === 0 ? stream.length : random.below(stream.length + 1));
    if (round % 3 === 2 && damaged.length > 0) {
      damaged[random.below(damaged.length)]! ^= 1 << random.below(8);
    }
    const input = round % 5 === 4 ? join(damaged, random.bytes(random.below(9))) : damaged;
    await assertSame(chunks(input, 1 + random.below(100_000)));
    await assertSame([input], { maxOutputSize: random.below(1_000_000) });
  }
  await assertFreed(handles);
});

Deno.test("a fault has one place and one output before it, however input and output are cut", async () => {
  const random = new Random(11);
  const whole = join(...[1, 2, 3].map((n) => compressZstd(text(400_000, n), { contentChecksum: true })));
  for (let round = 0; round < 30; round++) {
    const damaged = whole.slice();
    damaged[random.below(whole.length)]! ^= 1 << random.below(8);
    const expected = await outcome(decompressZstdIterable([damaged]));
    for (
      const [inputSize, chunkSize] of [[1 + random.below(5000), 131072], [1 << 17, 1 + random.below(3000)]]
    ) {
      const pieces = chunks(damaged, inputSize!);
      assertEquals(await outcome(decompressZstdIterable(pieces, { chunkSize })), expected);
      assertEquals(await outcome(decompressZstdIterable(pieces, { chunkSize, backend: "wasm" })), expected);
      assertEquals(await outcome(new ZstdParallelDecoder(pieces, { chunkSize, threads: 2 })), expected);
    }
  }
});

Deno.test("frames that are too large to be held are decoded as they come", async () => {
  const large = compressZstd(new Uint8Array(40 << 20), { contentSize: false });
  const declared = compressZstd(new Uint8Array(40 << 20));
  const small = compressZstd(text(100_000), { contentSize: false });
  const noise = compressZstd(new Random(3).bytes(33 << 20), { level: -50, contentSize: false });
  const stream = join(small, large, small, declared, noise, small);
  const decoder = new ZstdParallelDecoder(chunks(stream, 1 << 20), { threads: 2 });
  let size = 0;
  for await (const chunk of decoder) {
    assert(chunk.length <= 4 << 20);
    size += chunk.length;
  }
  assertEquals(size, 300_000 + (113 << 20));
  assertEquals(decoder.bytesIn, stream.length);
  const [, fault] = await outcome(new ZstdParallelDecoder([stream.slice(0, -small.length - 5)]));
  assertEquals((fault as SluiceError).code, "TRUNCATED");
});

Deno.test("a dictionary, a limit and a look at headers work side by side", async () => {
  const dictionary = new ZstdDictionary(text(20_000));
  const frames = [1, 2, 3, 4].map((n) => compressZstd(text(n * 50_000), { dictionary }));
  await assertSame(frames, { dictionary });
  await assertSame(frames);
  await assertSame([...frames, compressZstd(new Random(1).bytes(5_000_000), { windowLog: 22 })], {
    dictionary,
    maxWindowLog: 20,
  });
  const checkHeader = ({ contentSize }: { contentSize?: number | undefined }) => {
    if (contentSize === 150_000) throw new RangeError("not this one");
  };
  await assertSame(frames, { dictionary, checkHeader });
});

Deno.test("a source that fails does so after what came before", async () => {
  const frame = compressZstd(text(200_000));
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield join(frame, frame, frame.subarray(0, frame.length >> 1));
    await Promise.resolve();
    throw new RangeError("the disk is gone");
  }
  const expected = await outcome(decompressZstdIterable(failing()));
  assertEquals(await outcome(new ZstdParallelDecoder(failing(), { threads: 2 })), expected);
  assert(expected[0].length >= 400_000);
});

Deno.test("leaving the loop and aborting end everything", async () => {
  const handles = liveHandleCount();
  const frame = compressZstd(text(2_000_000));
  let ended = false;
  function* endless(): Generator<Uint8Array> {
    try {
      while (true) yield frame;
    } finally {
      ended = true;
    }
  }
  const decoder = new ZstdParallelDecoder(endless(), { threads: 2 });
  for await (const _ of decoder) break;
  assert(ended);
  assertThrows(() => decoder[Symbol.asyncIterator](), TypeError, "used already");

  const controller = new AbortController();
  const stalled = new ReadableStream<Uint8Array>({ start: (stream) => stream.enqueue(frame) });
  const iterator = new ZstdParallelDecoder(stalled, { threads: 2, signal: controller.signal })[
    Symbol.asyncIterator
  ]();
  await iterator.next();
  const pending = iterator.next();
  controller.abort(new Error("enough"));
  await assertRejects(() => pending, Error, "enough");
  await assertFreed(handles);
});

Deno.test("options without effect are refused", () => {
  const options = { threads: 2, offload: "always" } as ZstdDecompressOptions;
  assertThrows(() => new ZstdParallelDecoder([], options), TypeError, "offload");
  assertThrows(() => new ZstdParallelDecoder([], { threads: -1 }), RangeError, "threads");
  assertThrows(() => new ZstdParallelDecoder(7 as unknown as Uint8Array), TypeError, "iterate");
});

Deno.test("decompressZstdAsync decodes frames that declare no size side by side", async () => {
  const contents = [0, 1, 300_000, 1_500_000].map((size) => text(size));
  const frames = contents.map((content) => compressZstd(content, { contentSize: false }));
  assertEquals(await decompressZstdAsync(join(...frames), { threads: 2 }), join(...contents));
  await assertRejects(
    () => decompressZstdAsync(join(...frames), { threads: 2, maxOutputSize: 1_000_000 }),
    SluiceError,
    "maxOutputSize",
  );
});
