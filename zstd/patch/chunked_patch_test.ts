/**
 * Patches in parts: both ways, against bases above 2 GiB, and with everything that may be wrong.
 */
import { listZstdFrames } from "@sluice/zstd";
import {
  applyZstdChunkedPatch,
  createZstdChunkedPatch,
  DictionaryMismatchError,
  LimitExceededError,
} from "@sluice/zstd/patch";
import type { ZstdChunkedPatchOptions } from "@sluice/zstd/patch";
import { SluiceError } from "@sluice/internal";
import type { ByteSource } from "@sluice/internal";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { BACKENDS } from "../../tests/_backends.ts";
import { chunks, join, Random } from "../../tests/_data.ts";

const BASE = new Random(1).bytes(1_000_000);
const PART = 64 << 10;

async function make(
  base: Uint8Array,
  target: Uint8Array,
  options: ZstdChunkedPatchOptions = {},
): Promise<Uint8Array> {
  const pieces = chunks(target, 7777);
  return join(
    ...await Array.fromAsync(createZstdChunkedPatch(base, pieces, { chunkSize: PART, ...options })),
  );
}

async function apply(base: Uint8Array, patch: Uint8Array, size = 5000): Promise<Uint8Array> {
  return join(...await Array.fromAsync(applyZstdChunkedPatch(base, chunks(patch, size))));
}

for (const backend of BACKENDS) {
  Deno.test(`a target of many parts costs what changed [${backend}]`, async () => {
    const edited = BASE.with(500_000, 1);
    const cases: [Uint8Array, number][] = [
      [BASE, 2000],
      [edited, 2000],
      [join(BASE.subarray(0, 300_000), new Random(2).bytes(10_000), BASE.subarray(300_000)), 13_000],
      [join(BASE.subarray(20_000), BASE.subarray(0, 20_000)), 23_000],
      [BASE.subarray(0, 100_000), 500],
      [join(BASE, BASE.subarray(0, 5000)), 8000],
      [new Uint8Array(), 40],
    ];
    for (const [target, size] of cases) {
      const patch = await make(BASE, target, { reach: 40_000, backend });
      assert(patch.length < size, `${patch.length} bytes for ${target.length}`);
      assertEquals(await apply(BASE, patch), target);
    }
    assertEquals(await apply(new Uint8Array(), await make(new Uint8Array(), BASE, { backend })), BASE);
  });
}

/** Six GiB that are made where they are read. */
const HUGE: ByteSource = {
  size: 6 * 2 ** 30,
  read(offset, length): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at++) {
      const place = offset + at;
      bytes[at] = (Math.imul(place % 2 ** 32 ^ Math.floor(place / 2 ** 20), 0x9e3779b1) >>> 13) & 0xff;
    }
    return Promise.resolve(bytes);
  },
};

Deno.test("bases above 2 GiB and 4 GiB are referred to", async () => {
  const places = [0, 2 * 2 ** 30, 4 * 2 ** 30];
  const parts = await Promise.all(places.map((place) => HUGE.read(place, PART)));
  const target = join(...parts.map((part) => new Uint8Array(part)));
  const options = { chunkSize: PART, reach: 1000, targetSize: target.length };
  const patch = join(...await Array.fromAsync(createZstdChunkedPatch(HUGE, [target], options)));
  assert(patch.length < 1000, `${patch.length} bytes`);
  assertEquals(join(...await Array.fromAsync(applyZstdChunkedPatch(HUGE, [patch]))), target);
});

Deno.test("another base is told before anything is made of it", async () => {
  const patch = await make(BASE, BASE.with(900_000, 1));
  const other = BASE.with(950_000, BASE[950_000]! ^ 1);
  const parts: Uint8Array[] = [];
  const error = await assertRejects(async () => {
    for await (const part of applyZstdChunkedPatch(other, [patch])) parts.push(part);
  }, DictionaryMismatchError);
  assertEquals(error.code, "DICTIONARY_HASH_MISMATCH");
  assertEquals(parts.length, 0); // the reach covers all of it
  await assertRejects(() => apply(BASE.subarray(0, 999_999), patch), DictionaryMismatchError);
});

Deno.test("a patch that is cut or damaged anywhere is an error", async () => {
  const target = BASE.with(100_000, 1);
  const patch = await make(BASE, target, { reach: 10_000 });
  for (const { offset } of listZstdFrames(patch)) {
    for (const end of [offset, offset + 5]) {
      const error = await assertRejects(() => apply(BASE, patch.subarray(0, end)), SluiceError);
      assertEquals(error.code, "TRUNCATED");
    }
  }
  const random = new Random(4);
  for (let round = 0; round < 200; round++) {
    const damaged = patch.slice();
    damaged[random.below(patch.length)]! ^= 1 << random.below(8);
    try {
      assertEquals(await apply(BASE, damaged), target); // a bit that says nothing
    } catch (error) {
      assert(error instanceof SluiceError, String(error));
    }
  }
  for (const more of [patch, Uint8Array.of(1)]) {
    await assertRejects(() => apply(BASE, join(patch, more)), SluiceError);
  }
});

Deno.test("parts have a limit, and options without effect are refused", async () => {
  const patch = await make(BASE, BASE, { reach: 0 });
  const limited = (maxPartSize: number) =>
    Array.fromAsync(applyZstdChunkedPatch(BASE, [patch], { maxPartSize }));
  assertEquals((await limited(PART)).length, 16);
  await assertRejects(() => limited(PART - 1), LimitExceededError, "maxPartSize");
  const noise = await make(new Uint8Array(), BASE);
  await assertRejects(
    () => Array.fromAsync(applyZstdChunkedPatch(BASE, chunks(noise, 1000), { maxPartSize: 10_000 })),
    LimitExceededError,
  );
  await assertRejects(
    () => make(BASE, BASE, { windowLog: 20 } as ZstdChunkedPatchOptions),
    TypeError,
    "windowLog",
  );
  await assertRejects(() => make(BASE, BASE, { chunkSize: 10 }), RangeError, "chunkSize");
  const controller = new AbortController();
  controller.abort(new Error("enough"));
  await assertRejects(() => make(BASE, BASE, { signal: controller.signal }), Error, "enough");
});
