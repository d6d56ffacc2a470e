import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { liveHandleCount } from "@sluice/ffi";
import {
  ChecksumMismatchError,
  compressZstd,
  CorruptDataError,
  DictionaryMismatchError,
  LimitExceededError,
  listZstdFrames,
  readZstdFrameHeader,
  SluiceError,
  TruncatedDataError,
  writeZstdSkippableFrame,
} from "@sluice/zstd";
import {
  applyZstdPatch,
  createZstdPatch,
  ZstdPatchCompressionStream,
  ZstdPatchDecompressionStream,
} from "@sluice/zstd/patch";
import type { ZstdPatchApplyOptions, ZstdPatchCreateOptions } from "@sluice/zstd/patch";
import { testBackends } from "../../tests/_backends.ts";
import { chunks, join, Random, splits, text } from "../../tests/_data.ts";
import { streamOf } from "../../tests/_shapes.ts";

/** Another version: bytes inserted, removed and changed at random places. */
function edited(base: Uint8Array, seed: number, edits: number): Uint8Array {
  const random = new Random(seed);
  const parts: Uint8Array[] = [];
  const step = Math.max(1, Math.floor(base.length / edits));
  for (let at = 0; at < base.length; at += step) {
    parts.push(base.subarray(at + random.below(4), at + step), random.bytes(random.below(4)));
  }
  return join(...parts);
}

async function create(
  base: Uint8Array,
  target: Uint8Array,
  options: ZstdPatchCreateOptions = {},
  chunkSize = 50_000,
): Promise<Uint8Array> {
  const stream = new ZstdPatchCompressionStream(base, { ...options, size: target.length });
  return join(...await Array.fromAsync(streamOf(chunks(target, chunkSize)).pipeThrough(stream)));
}

async function apply(
  base: Uint8Array,
  pieces: readonly Uint8Array[],
  options?: ZstdPatchApplyOptions,
): Promise<Uint8Array> {
  const stream = new ZstdPatchDecompressionStream(base, options);
  return join(...await Array.fromAsync(streamOf(pieces).pipeThrough(stream)));
}

testBackends("patches come back, whole and streamed, for targets of every size", async () => {
  const random = new Random(12);
  for (const size of [0, 1, 7, 8, 1000, 131_073, 1_500_000]) {
    const base = random.bytes(size);
    for (const target of [edited(base, 1, 10), new Uint8Array(), base]) {
      for (const options of [{}, { embedBaseHash: true }, { level: 1 }]) {
        const patch = await createZstdPatch(base, target, options);
        const streamed = await create(base, target, options);
        for (const form of [patch, streamed]) {
          if (size >= 1000) assert(form.length < 500, `${size}: ${form.length} bytes`);
          assertEquals(await applyZstdPatch(base, form), target);
          assertEquals(await apply(base, chunks(form, 7)), target);
        }
        const frame = [...listZstdFrames(patch)].at(-1)!;
        assertEquals([frame.hasChecksum, frame.contentSize], [true, target.length]);
        assertEquals([...listZstdFrames(streamed)].at(-1)!.contentSize, target.length);
      }
    }
  }
});

testBackends("the window reaches over the target, with far matches where the level needs them", async () => {
  const base = new Random(1).bytes(3 << 20);
  const target = join(base.subarray(1 << 20), base.subarray(0, 1 << 20));
  const patch = await createZstdPatch(base, target, { level: 1 });
  assert(patch.length < 1000, `${patch.length} bytes`);
  assertEquals(readZstdFrameHeader(patch).windowSize, 3 << 20);
  const narrow = await createZstdPatch(base, target, { level: 1, windowLog: 17, longDistance: false });
  assert(narrow.length > 1 << 20);
});

testBackends("a patch is applied at every split", async () => {
  const base = text(500);
  const target = edited(base, 3, 5);
  for (const options of [{}, { embedBaseHash: true }]) {
    const patch = await createZstdPatch(base, target, options);
    for (const pieces of splits(patch)) assertEquals(await apply(base, pieces), target);
  }
});

testBackends("a leading skippable frame does not use the base up", async () => {
  const base = text(5000);
  const target = edited(base, 4, 5);
  const patch = await createZstdPatch(base, target);
  for (
    const prelude of [
      writeZstdSkippableFrame(new Uint8Array(3), 0),
      writeZstdSkippableFrame(new Uint8Array(32), 13),
      writeZstdSkippableFrame(new Uint8Array(31), 14),
    ]
  ) {
    const marked = join(prelude, patch);
    assertEquals(await applyZstdPatch(base, marked), target);
    assertEquals(await apply(base, [marked]), target);
  }
});

testBackends("a wrong base and a bad patch are told", async () => {
  const base = text(2000);
  const other = text(2000, 2);
  const target = edited(base, 5, 5);
  const patch = await createZstdPatch(base, target);
  const hashed = await createZstdPatch(base, target, { embedBaseHash: true });
  const cases: [string, Uint8Array, Uint8Array, (new (...args: never[]) => Error)[]][] = [
    ["wrong base", other, patch, [ChecksumMismatchError, CorruptDataError]],
    ["no base", new Uint8Array(), patch, [ChecksumMismatchError, CorruptDataError]],
    ["wrong base with its hash", other, hashed, [DictionaryMismatchError]],
    ["changed hash", base, hashed.with(10, hashed[10]! ^ 1), [DictionaryMismatchError]],
    ["hash alone", base, hashed.slice(0, 40), [TruncatedDataError]],
    ["cut short", base, patch.slice(0, -1), [TruncatedDataError]],
    ["hash cut short", base, hashed.slice(0, 20), [TruncatedDataError]],
    ["empty", base, new Uint8Array(), [TruncatedDataError]],
    ["no patch", base, new TextEncoder().encode("this is no patch"), [CorruptDataError]],
    ["junk after", base, join(patch, new TextEncoder().encode("junk")), [CorruptDataError]],
  ];
  for (const [name, with_, bytes, kinds] of cases) {
    for (const attempt of [() => applyZstdPatch(with_, bytes), () => apply(with_, [bytes])]) {
      const error = await assertRejects(attempt, SluiceError, "", name);
      assert(kinds.some((kind) => error instanceof kind), `${name}: ${error}`);
      if (["wrong base", "no base"].includes(name)) {
        assertStringIncludes(error.message, ", or its prefix (the base of a patch) is another one");
      }
    }
  }
  await assertRejects(
    () => applyZstdPatch(base, patch, { maxOutputSize: target.length - 1 }),
    LimitExceededError,
  );
  await assertRejects(() => apply(base, [patch], { maxOutputSize: target.length - 1 }), LimitExceededError);
  const longer = new ZstdPatchCompressionStream(base, { size: target.length + 1 });
  await assertRejects(() => Array.fromAsync(streamOf([target]).pipeThrough(longer)), CorruptDataError);
});

testBackends("a declared size does not open a window without a limit that allows it", async () => {
  // A header that declares 2 GiB in one segment: the window would have that size.
  const header = new Uint8Array([0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0x80, 0, 0, 0, 0]);
  const frame = join(header, compressZstd(text(1000)).subarray(6));
  for (const attempt of [() => applyZstdPatch(text(10), frame), () => apply(text(10), [frame])]) {
    await assertRejects(attempt, LimitExceededError);
  }
});

Deno.test("options of patches are checked", async () => {
  const before = liveHandleCount();
  const base = text(10);
  assertThrows(() => new ZstdPatchCompressionStream(base, {} as never), TypeError);
  assertThrows(() => new ZstdPatchCompressionStream(base, { size: -1 }), RangeError);
  assertThrows(() => new ZstdPatchCompressionStream(base, { size: 1, level: 23 }), RangeError);
  assertThrows(() => new ZstdPatchDecompressionStream(base, { prefix: base } as never), TypeError);
  assertThrows(() => new ZstdPatchDecompressionStream("base" as never), TypeError);
  await assertRejects(() => createZstdPatch(base, "target" as never), TypeError);
  await assertRejects(() => createZstdPatch(base, base, { embedBaseHash: 1 as never }), TypeError);
  await assertRejects(() => createZstdPatch(base, base, { dictionary: 1 } as never), TypeError);
  assertEquals(liveHandleCount(), before);
});

testBackends("patches with random faults are applied or refused, nothing else", async () => {
  const seed = Random.seed(888);
  const random = new Random(seed);
  const base = text(3000);
  const target = edited(base, 6, 8);
  const patches = [
    await createZstdPatch(base, target),
    await createZstdPatch(base, target, { embedBaseHash: true }),
  ];
  for (let i = 0; i < 1500; i++) {
    const good = patches[random.below(2)]!;
    const patch = good.slice(0, random.below(5) === 0 ? random.below(good.length + 1) : good.length);
    for (let faults = random.below(3); faults >= 0; faults--) {
      if (patch.length > 0) patch[random.below(patch.length)] = random.next();
    }
    for (
      const attempt of [
        () => applyZstdPatch(base, patch, { maxOutputSize: 1 << 20 }),
        () => apply(base, chunks(patch, 1 + random.below(60)), { maxOutputSize: 1 << 20 }),
      ]
    ) {
      try {
        await attempt();
      } catch (error) {
        assertInstanceOf(error, SluiceError, `seed ${seed}, round ${i}: ${error}`);
      }
    }
  }
});
