import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { liveHandleCount } from "@sluice/ffi";
import {
  ChecksumMismatchError,
  compressZstd,
  CorruptDataError,
  decompressZstd,
  LimitExceededError,
  listZstdFrames,
  SluiceError,
  TruncatedDataError,
  UnsupportedFeatureError,
  writeZstdSkippableFrame,
  ZstdDictionary,
} from "@sluice/zstd";
import {
  buildZstdIndex,
  byteSourceFromBytes,
  compressZstdSeekable,
  compressZstdSeekableAsync,
  ZstdSeekableCompressionStream,
  ZstdSeekableReader,
  ZstdSeekIndex,
} from "@sluice/zstd/seekable";
import type { ByteSource, ZstdSeekableCompressOptions } from "@sluice/zstd/seekable";
import { openZstd } from "@sluice/zstd/file";
import { testBackends } from "../../tests/_backends.ts";
import { chunks, CONTENT_KINDS, join, Random, text } from "../../tests/_data.ts";
import { streamOf } from "../../tests/_shapes.ts";

function open(file: Uint8Array): Promise<ZstdSeekableReader> {
  return ZstdSeekableReader.open(byteSourceFromBytes(file));
}

async function stream(
  pieces: readonly Uint8Array[],
  options?: ZstdSeekableCompressOptions & { offload?: "never" },
): Promise<Uint8Array> {
  return new Uint8Array(
    await new Response(streamOf(pieces).pipeThrough(new ZstdSeekableCompressionStream(options)))
      .arrayBuffer(),
  );
}

/** A source that counts its reads. */
function counted(file: Uint8Array): ByteSource & { reads: [number, number][] } {
  const source = byteSourceFromBytes(file);
  const reads: [number, number][] = [];
  return {
    size: source.size,
    reads,
    read(offset, length, options): Promise<Uint8Array> {
      reads.push([offset, length]);
      return source.read(offset, length, options);
    },
  };
}

function u32(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  values.forEach((value, i) => new DataView(bytes.buffer).setUint32(4 * i, value, true));
  return bytes;
}

/** A seek table written from the format's description, not by the code under test. */
function tableByHand(entries: readonly (readonly number[])[], descriptor: number): Uint8Array {
  const body = u32(...entries.flat());
  return join(
    u32(0x184d2a5e, body.length + 9),
    body,
    u32(entries.length),
    new Uint8Array([descriptor]),
    u32(0x8f92eab1),
  );
}

testBackends("the offset of damage is where it lies in the file", async () => {
  const content = new Random(31).bytes(400_000);
  const file = compressZstdSeekable(content, { frameSize: 100_000, level: 3 });
  const { index } = await open(file);
  const frame = index.frame(2);
  const damaged = file.slice();
  const at = frame.compressedOffset + frame.compressedSize - 2;
  damaged[at]! ^= 0xff;
  // The same frames without a declared size and without a table: they are measured by decoding.
  const undeclared = join(
    ...[0, 1, 2, 3].map((i) =>
      compressZstd(text(50_000 * (i + 1)), { contentSize: false, contentChecksum: true })
    ),
  );
  const third = [...listZstdFrames(undeclared)][2]!;
  undeclared[third.offset + third.compressedSize - 2]! ^= 0xff;
  const reader = await open(damaged);
  const places: [() => Promise<unknown>, number, number][] = [
    [() => reader.read(0, reader.size), frame.compressedOffset, frame.compressedSize],
    [() => reader.read(250_000, 10), frame.compressedOffset, frame.compressedSize],
    [() => reader.verify(), frame.compressedOffset, frame.compressedSize],
    [() => buildZstdIndex(undeclared), third.offset, third.compressedSize],
  ];
  for (const [i, [act, start, size]] of places.entries()) {
    const error = await assertRejects(act, ChecksumMismatchError);
    const offset = error.offset!;
    assert(offset >= start && offset <= start + size, `${i}: ${error.message}`);
    assert(error.message.includes(`at byte ${offset}`), error.message);
  }
  assertEquals((await assertRejects(() => reader.read(250_000, 10), SluiceError)).index, 2);
});

testBackends("compressZstdSeekable comes back whole and in parts, for every kind of content", async () => {
  for (const [kind, make] of Object.entries(CONTENT_KINDS)) {
    for (const size of [0, 1, 999, 1000, 1001, 25_000]) {
      const data = make(size);
      const file = compressZstdSeekable(data, { frameSize: 1000, level: 1 });
      assertEquals(decompressZstd(file), data, `${kind} ${size}`);
      const reader = await open(file);
      assertEquals(reader.size, size);
      assertEquals(reader.frameCount, Math.max(1, Math.ceil(size / 1000)));
      assertEquals(await reader.read(0, size), data);
      await reader.verify();
    }
  }
});

testBackends("every way to write a seekable file gives the same file", async () => {
  const data = text(60_000);
  for (const options of [{}, { contentChecksum: false }, { frameSplit: "rsync" as const }, { level: 9 }]) {
    const settings = { frameSize: 7000, ...options };
    const file = compressZstdSeekable(data, settings);
    assertEquals(await compressZstdSeekableAsync(data, settings), file);
    for (const pieces of [[data], chunks(data, 1), chunks(data, 6999), chunks(data, 20_001)]) {
      assertEquals(await stream(pieces, settings), file);
    }
    for (const concurrency of [1, 3, 64]) {
      assertEquals(await stream([data], { ...settings, threads: concurrency }), file);
    }
    assertEquals(await stream(chunks(data, 9999), { ...settings, offload: "never" }), file);
  }
});

testBackends("1,000 random ranges equal the original", async () => {
  const seed = Random.seed(4242);
  const random = new Random(seed);
  const data = join(text(300_000, 3), random.bytes(50_000), new Uint8Array(50_000));
  for (const frameSplit of ["size", "rsync"] as const) {
    const file = compressZstdSeekable(data, { frameSize: 16_384, frameSplit });
    const reader = await ZstdSeekableReader.open(byteSourceFromBytes(file), { cacheSize: 100_000 });
    for (let i = 0; i < 1000; i++) {
      const offset = random.below(data.length + 1);
      const length = random.below(Math.min(i % 10 === 0 ? data.length : 5000, data.length - offset) + 1);
      const part = await reader.read(offset, length);
      assertEquals(part, data.slice(offset, offset + length), `seed ${seed}, ${offset} +${length}`);
    }
  }
});

testBackends("ZstdSeekableCompressionStream ends frames where it is told to", async () => {
  const records = [text(100, 1), text(5000, 2), text(1, 3)];
  const pair = new ZstdSeekableCompressionStream({ frameSize: 4096 });
  const file = new Response(pair.readable).arrayBuffer();
  const writer = pair.writable.getWriter();
  await pair.endFrame(); // nothing to end yet
  for (const record of records) {
    await writer.write(record);
    await pair.endFrame();
    await pair.endFrame();
  }
  await writer.close();
  const reader = await open(new Uint8Array(await file));
  assertEquals([...reader.frames].map((frame) => frame.size), [100, 4096, 904, 1]);
  assertEquals(pair.frameCount, 4);
  assertEquals(pair.bytesIn, 5101);
  assertEquals(await reader.readFrame(3), records[2]);
});

testBackends("a stream that is cancelled or aborted leaves nothing behind", async () => {
  const before = liveHandleCount();
  for (const end of ["cancel", "abort"] as const) {
    const pair = new ZstdSeekableCompressionStream({ frameSize: 1000, level: 12 });
    const writer = pair.writable.getWriter();
    const reader = pair.readable.getReader();
    const reading = reader.read().catch((error) => error);
    writer.closed.catch(() => {});
    const writing = writer.write(text(50_000)).catch((error) => error);
    await reading;
    const reason = new Error("enough");
    if (end === "cancel") await reader.cancel(reason);
    else await writer.abort(reason);
    await writing;
    await assertRejects(() => end === "cancel" ? writer.write(new Uint8Array(1)) : reader.read());
  }
  for (let i = 0; i < 100 && liveHandleCount() > before; i++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  // Contexts of cheap levels are kept for the next call; those of level 12 are not.
  assertEquals(liveHandleCount(), before);
});

Deno.test("content-defined frames stay the same around an insertion", () => {
  const data = new Random(99).bytes(2_000_000);
  const changed = join(data.subarray(0, 700_001), new Uint8Array([1, 2, 3]), data.subarray(700_001));
  const frames = (bytes: Uint8Array): Set<string> => {
    const file = compressZstdSeekable(bytes, { frameSize: 32_768, frameSplit: "rsync", level: 1 });
    const list = [...listZstdFrames(file)].filter((frame) => frame.type === "zstd");
    for (const { contentSize } of list.slice(0, -1)) {
      assertEquals(contentSize! >= 8192 && contentSize! <= 65_536, true);
    }
    return new Set(list.map((frame) => `${frame.contentSize} ${frame.checksum}`));
  };
  const [old, fresh] = [frames(data), frames(changed)];
  const kept = [...fresh].filter((frame) => old.has(frame)).length;
  assertEquals(old.size > 40 && old.size < 100, true, `${old.size} frames`);
  assertEquals(fresh.size - kept <= 3, true, `${fresh.size - kept} frames changed`);
});

testBackends("tables in the reference layout are read, with checksums and without", async () => {
  const contents = [text(1000, 1), text(500, 2), new Uint8Array()];
  const frames = contents.map((content) => compressZstd(content));
  const note = writeZstdSkippableFrame(new Uint8Array([9, 9]), 3);
  const parts = [frames[0]!, note, frames[1]!, frames[2]!];
  // Low 32 bits of XXH64: a frame's own checksum is that number.
  const checksum = (content: Uint8Array): number =>
    [...listZstdFrames(compressZstd(content, { contentChecksum: true }))][0]!.checksum!;
  const values = [contents[0]!, new Uint8Array(), contents[1]!, contents[2]!];
  for (const descriptor of [0, 0x80, 0x83, 0x03]) {
    const entries = parts.map((part, i) => [
      part.length,
      values[i]!.length,
      ...descriptor >= 0x80 ? [checksum(values[i]!)] : [],
    ]);
    const file = join(...parts, tableByHand(entries, descriptor));
    const reader = await open(file);
    assertEquals(reader.frameCount, 4);
    assertEquals(reader.index.hasChecksums, descriptor >= 0x80);
    assertEquals(await reader.read(0, 1500), join(...contents));
    assertEquals(await reader.read(990, 20), join(...contents).slice(990, 1010));
    assertEquals(await reader.readFrame(1), new Uint8Array());
    assertEquals(reader.frameAt(1000)?.index, 2);
    assertEquals(reader.frameAt(1500), undefined);
    await reader.verify();
  }
});

testBackends("a table that lies is refused, or its frame is", async () => {
  const content = text(1000);
  const frame = compressZstd(content);
  const file = (size: number, entries: number[][], descriptor = 0): Uint8Array =>
    join(frame.subarray(0, size), tableByHand(entries, descriptor));
  const good = file(frame.length, [[frame.length, 1000]]);
  assertEquals(await (await open(good)).read(0, 1000), content);

  const patched = (at: number, ...bytes: number[]): Uint8Array => {
    const copy = good.slice();
    copy.set(bytes, at < 0 ? copy.length + at : at);
    return copy;
  };
  const refused: [string, Uint8Array, string][] = [
    ["nothing", new Uint8Array(), "NOT_SEEKABLE"],
    ["only a magic number", u32(0x8f92eab1), "NOT_SEEKABLE"],
    ["a plain frame", frame, "NOT_SEEKABLE"],
    ["a wrong magic number", patched(-1, 0x8e), "NOT_SEEKABLE"],
    ["reserved bits", patched(-5, 0x04), "CORRUPT"],
    ["too many entries", patched(-9, 2), "CORRUPT"],
    ["entries beyond the format's limit", patched(-9, 1, 0, 0, 8), "CORRUPT"],
    ["a count that wraps around in 32 bits", patched(-9, 1, 0, 0, 0x20), "CORRUPT"],
    ["no entries in a frame that has one", patched(-9, 0), "CORRUPT"],
    ["checksums that are not there", patched(-5, 0x80), "CORRUPT"],
    ["another kind of frame", patched(frame.length, 0x5d), "CORRUPT"],
    ["a wrong size of its frame", patched(frame.length + 4, 16), "CORRUPT"],
    ["frames larger than the file", file(frame.length, [[frame.length + 1, 1000]]), "CORRUPT"],
    ["sums that wrap around", file(frame.length, [[0xffff_ffff, 1], [frame.length + 1, 1000]]), "CORRUPT"],
    ["too much content in a frame", file(frame.length, [[frame.length, 0x4000_0001]]), "CORRUPT"],
    ["a table about less than the file", file(frame.length, [[frame.length - 1, 1000]]), "NOT_SEEKABLE"],
    ["content in no bytes", file(frame.length, [[0, 10]]), "CORRUPT"],
  ];
  for (const [name, bytes, code] of refused) {
    const error = await assertRejects(() => open(bytes), SluiceError, "", name);
    assertEquals(error.code, code, name);
    if (code === "NOT_SEEKABLE") assertInstanceOf(error, UnsupportedFeatureError);
    else assertInstanceOf(error, CorruptDataError);
  }

  const unreadable: [string, Uint8Array, string][] = [
    ["less content than there is", file(frame.length, [[frame.length, 999]]), "CORRUPT"],
    ["more content than there is", file(frame.length, [[frame.length, 1001]]), "CORRUPT"],
    ["a frame cut short", file(frame.length - 1, [[frame.length - 1, 1000]]), "TRUNCATED"],
    ["a wrong checksum", file(frame.length, [[frame.length, 1000, 7]], 0x80), "CHECKSUM_MISMATCH"],
    ["a frame that is none", join(new Uint8Array(20), tableByHand([[20, 1000]], 0)), "BAD_MAGIC"],
  ];
  for (const [name, bytes, code] of unreadable) {
    const reader = await open(bytes);
    for (const attempt of [() => reader.read(0, 10), () => reader.verify()]) {
      const error = await assertRejects(attempt, SluiceError, "", name);
      assertEquals([error.code, error.index], [code, 0], name);
    }
  }
  const unchecked = await ZstdSeekableReader.open(byteSourceFromBytes(unreadable[3]![1]), {
    verifyChecksums: false,
  });
  assertEquals(await unchecked.read(0, 1000), content);
});

Deno.test("reads outside the content are a RangeError", async () => {
  const reader = await open(compressZstdSeekable(text(1000), { frameSize: 300 }));
  const outside: [number, number][] = [[0, 1001], [1000, 1], [-1, 1], [0, -1], [0.5, 1], [NaN, 1], [
    0,
    Infinity,
  ]];
  for (const [offset, length] of outside) await assertRejects(() => reader.read(offset, length), RangeError);
  await assertRejects(() => reader.readFrame(4), RangeError);
  assertThrows(() => reader.stream(5, -1), RangeError);
  assertThrows(() => reader.stream(0, 1001), RangeError);
  assertThrows(() => reader.stream(0, 1000, { concurrency: 0 }), RangeError);
  assertEquals(await reader.read(1000, 0), new Uint8Array());
  assertEquals((await Array.fromAsync(reader.stream(1000))).length, 0);
});

testBackends("a stream is any part, in order, and stops when it is cancelled", async () => {
  const data = text(100_000);
  const file = compressZstdSeekable(data, { frameSize: 4096 });
  const source = counted(file);
  const reader = await ZstdSeekableReader.open(source);
  for (const concurrency of [1, 2, 16]) {
    const all = await Array.fromAsync(reader.stream(0, undefined, { concurrency }));
    assertEquals(all.length, 25);
    assertEquals(join(...all), data);
    const part = await Array.fromAsync(reader.stream(5000, 45_001, { concurrency }));
    assertEquals(join(...part), data.slice(5000, 50_001));
  }
  assertEquals(source.reads.length, 1 + 6, "frames next to each other come with one read");
  await reader.read(0, 5000);
  const kept = await Array.fromAsync(reader.stream(0, 5000));
  assertEquals(join(...kept), data.slice(0, 5000));
  assertEquals(
    await reader.read(0, 5000),
    data.slice(0, 5000),
    "a stream took a frame that the reader keeps",
  );

  const byob = reader.stream(10).getReader({ mode: "byob" });
  const { value } = await byob.read(new Uint8Array(100));
  assertEquals(value, data.slice(10, 10 + value!.length));
  await byob.cancel();

  const stopped = reader.stream().getReader();
  await stopped.read();
  await stopped.cancel("enough");
  const controller = new AbortController();
  const aborted = reader.stream(0, undefined, { signal: controller.signal }).getReader();
  await aborted.read();
  controller.abort(new Error("abort"));
  await assertRejects(
    async () => {
      for (let i = 0; i < 30; i++) await aborted.read();
    },
    Error,
    "abort",
  );
});

Deno.test("decoded frames are kept up to the size of the cache, and loaded once at a time", async () => {
  const data = text(40_000);
  const source = counted(compressZstdSeekable(data, { frameSize: 10_000 }));
  const reader = await ZstdSeekableReader.open(source, { cacheSize: 20_000 });
  await Promise.all(Array.from({ length: 20 }, (_, i) => reader.read(i * 10, 10)));
  assertEquals(source.reads.length, 2);
  await reader.read(0, 20_000);
  assertEquals(source.reads.length, 3);
  await reader.read(5000, 10_000);
  assertEquals(source.reads.length, 3);
  await reader.read(25_000, 1);
  await reader.read(15_000, 1);
  assertEquals(source.reads.length, 4);
  await reader.read(0, 1);
  assertEquals(source.reads.length, 5, "the oldest frame went");
});

testBackends("limits of frames, tables and options", async () => {
  const file = compressZstdSeekable(text(10_000), { frameSize: 5000 });
  const source = byteSourceFromBytes(file);
  await assertRejects(() => ZstdSeekableReader.open(source, { maxTableSize: 40 }), LimitExceededError);
  const reader = await ZstdSeekableReader.open(source, { maxFrameSize: 4999 });
  const error = await assertRejects(() => reader.read(0, 1), LimitExceededError);
  assertEquals([error.limit, error.actual], [4999, 5000]);
  await assertRejects(() => ZstdSeekableReader.open(source, { cache: 1 } as never), TypeError);
  assertThrows(() => compressZstdSeekable(text(1), { size: 1 } as never), TypeError);
  assertThrows(() => compressZstdSeekable(text(1), { format: "magicless" } as never), TypeError);
  assertThrows(() => compressZstdSeekable(text(1), { frameSize: 0 }), RangeError);
  assertThrows(() => new ZstdSeekableCompressionStream({ frameSize: 2 ** 30 + 1 }), RangeError);
  assertThrows(() => new ZstdSeekableCompressionStream({ windowLog: 99 }), RangeError);
});

testBackends("a dictionary serves every frame", async () => {
  const data = text(20_000);
  using dictionary = new ZstdDictionary(text(4000, 8), { type: "raw" });
  const file = compressZstdSeekable(data, { frameSize: 500, dictionary });
  assertEquals(file.length < compressZstdSeekable(data, { frameSize: 500 }).length, true);
  const reader = await ZstdSeekableReader.open(byteSourceFromBytes(file), { dictionary });
  assertEquals(await reader.read(3210, 4321), data.slice(3210, 3210 + 4321));
});

testBackends("buildZstdIndex makes ordinary files seekable", async () => {
  const contents = [text(70_000, 1), new Uint8Array(), new Random(5).bytes(3000), text(10, 2)];
  const make = (index: number, options: Record<string, unknown>): Uint8Array =>
    index === 1 ? writeZstdSkippableFrame(new Uint8Array(100)) : compressZstd(contents[index]!, options);
  for (
    const [options, hasChecksums] of [
      [{}, false],
      [{ contentChecksum: true }, true],
      [{ contentSize: false }, false],
      [{ contentSize: false, contentChecksum: true }, true],
    ] as const
  ) {
    const file = join(...contents.map((_, index) => make(index, options)));
    const source = byteSourceFromBytes(file);
    const index = await buildZstdIndex(source);
    assertEquals([...index.frames].map((frame) => frame.size), [70_000, 0, 3000, 10]);
    assertEquals(index.hasChecksums, hasChecksums);
    assertEquals(index.compressedSize, file.length);
    const reader = await ZstdSeekableReader.open(source, { index });
    assertEquals(await reader.read(69_990, 3015), join(...contents).slice(69_990, 73_005));
    await reader.verify();
    // A sidecar in binary form makes the file seekable when it is appended.
    const whole = await open(join(file, index.toBytes()));
    assertEquals(whole.index.toJSON(), index.toJSON());
  }
});

testBackends("buildZstdIndex refuses what is no file of frames", async () => {
  const frame = compressZstd(text(1000), { contentSize: false });
  const index = (bytes: Uint8Array): Promise<unknown> => buildZstdIndex(byteSourceFromBytes(bytes));
  await assertRejects(() => index(frame.slice(0, -1)), TruncatedDataError);
  await assertRejects(() => index(join(frame, new Uint8Array([1, 2, 3, 4, 5]))), CorruptDataError);
  const broken = frame.slice();
  broken[broken.length - 20]! ^= 0xff;
  await assertRejects(() => index(broken), SluiceError);
  await assertRejects(
    () => buildZstdIndex(byteSourceFromBytes(frame), { maxOutputSize: 999 }),
    LimitExceededError,
  );
});

Deno.test("ZstdSeekIndex goes through JSON and bytes, and refuses what is none", () => {
  const index = new ZstdSeekIndex({ compressedSizes: [5, 6], sizes: [10, 0], checksums: [1, 0xffff_ffff] });
  assertEquals(ZstdSeekIndex.fromJSON(JSON.parse(JSON.stringify(index))).toJSON(), index.toJSON());
  assertEquals(ZstdSeekIndex.fromBytes(index.toBytes()).toJSON(), index.toJSON());
  const empty = new ZstdSeekIndex({ compressedSizes: [], sizes: [] });
  assertEquals(ZstdSeekIndex.fromJSON(empty.toJSON()).frameCount, 0);
  assertEquals(ZstdSeekIndex.fromBytes(empty.toBytes()).frameAt(0), undefined);

  const frames = (...frames: unknown[]): unknown => ({ format: "zstd-seek-index", version: 1, frames });
  const wrong = [
    null,
    undefined,
    "text",
    {},
    { format: "zstd-seek-index", version: 2, frames: [] },
    frames(7),
    frames([1]),
    frames([1, 2, 3, 4]),
    frames([1, 2], [1, 2, 3]),
    frames([1, -2]),
    frames([1.5, 2]),
    frames([1, 2, 2 ** 32]),
    frames([0, 5]),
    frames(["1", 2]),
    frames([1, 2 ** 53 - 1], [1, 1]),
  ];
  for (const value of wrong) assertThrows(() => ZstdSeekIndex.fromJSON(value), CorruptDataError);
  assertThrows(() => new ZstdSeekIndex({ compressedSizes: [1], sizes: [] }), RangeError);
  assertThrows(() => new ZstdSeekIndex({ compressedSizes: [2 ** 33], sizes: [1] }).toBytes(), RangeError);
});

testBackends("an index that does not fit the file is refused", async () => {
  const index = new ZstdSeekIndex({ compressedSizes: [100], sizes: [10] });
  await assertRejects(
    () => ZstdSeekableReader.open(byteSourceFromBytes(new Uint8Array(99)), { index }),
    CorruptDataError,
  );
});

testBackends("a seek table with random faults is read or refused, nothing else", async () => {
  const seed = Random.seed(31337);
  const random = new Random(seed);
  const data = text(3000);
  const good = compressZstdSeekable(data, { frameSize: 400 });
  const tableSize = 17 + 8 * 12;
  for (let i = 0; i < 2000; i++) {
    const file = good.slice(0, random.below(10) === 0 ? random.below(good.length) : good.length);
    for (let faults = random.below(3); faults >= 0; faults--) {
      const at = file.length - 1 - random.below(Math.min(file.length, tableSize) || 1);
      if (at >= 0) file[at] = random.below(4) === 0 ? 0xff : random.next();
    }
    try {
      const reader = await ZstdSeekableReader.open(byteSourceFromBytes(file), { maxFrameSize: 1 << 20 });
      await reader.verify();
      await reader.read(0, reader.size);
    } catch (error) {
      assertInstanceOf(error, SluiceError, `seed ${seed}, round ${i}`);
    }
  }
});

testBackends("a changed content is told by the table's checksum", async () => {
  const other = compressZstd(text(100, 2));
  const table = compressZstdSeekable(text(100)).slice(-29);
  const file = join(other, table);
  new DataView(file.buffer).setUint32(other.length + 8, other.length, true);
  await assertRejects(async () => await (await open(file)).read(0, 1), ChecksumMismatchError);
});

testBackends("endFrame brings out every frame before it, in order", async () => {
  const stream = new ZstdSeekableCompressionStream({ threads: 4, frameSize: 1 << 20 });
  const writer = stream.writable.getWriter();
  let size = 0;
  const reading = (async () => {
    for await (const chunk of stream.readable) size += chunk.length;
  })();
  for (let record = 1; record <= 5; record++) {
    const before = size;
    const writing = writer.write(new TextEncoder().encode(`record ${record}`));
    await stream.endFrame();
    await writing;
    assert(size > before, `record ${record} is held back`);
  }
  await writer.close();
  await reading;
});

testBackends("an entry of size 0 is held against its frame", async () => {
  const content = new Uint8Array(60_000).map((_, i) => i * i >> 4);
  const clean = compressZstdSeekable(content, { frameSize: 8192 });
  const entries = clean.length - 9 - 12 * 8;
  for (const at of [0, 3, 7]) {
    const file = clean.slice();
    file.fill(0, entries + 12 * at + 4, entries + 12 * at + 8);
    const reader = await ZstdSeekableReader.open(byteSourceFromBytes(file));
    const fault = `frame ${at} `;
    await assertRejects(() => reader.read(0, reader.size), CorruptDataError, fault);
    await assertRejects(() => new Response(reader.stream()).bytes(), CorruptDataError, fault);
    await assertRejects(() => reader.readFrame(at), CorruptDataError, fault);
    await assertRejects(() => reader.verify(), CorruptDataError, fault);
  }
});

testBackends("joined files are no seekable file, and are read from their start", async (backend) => {
  const encode = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
  const one = compressZstdSeekable(encode("first file\n"), { frameSize: 4, backend });
  const two = compressZstdSeekable(encode("SECOND FILE, longer\n"), { frameSize: 4, backend });
  const bare = compressZstdSeekable(encode("no checksums\n"), {
    frameSize: 4,
    backend,
    contentChecksum: false,
  });
  const plain = compressZstd(encode("plain\n"), { backend });
  for (
    const parts of [[one, one], [one, two], [two, one], [plain, one], [bare, bare], [two, bare, plain, one]]
  ) {
    const file = new Uint8Array(await new Blob(parts).arrayBuffer());
    const whole = decompressZstd(file, { backend });
    const error = await assertRejects(
      () => ZstdSeekableReader.open(file, { backend }),
      UnsupportedFeatureError,
    );
    assertEquals(error.code, "NOT_SEEKABLE");
    await using opened = await openZstd(file, "r", { backend });
    assertEquals(await opened.text(), new TextDecoder().decode(whole));
  }
});
