/**
 * Input that no git wrote: whatever it is, it ends in a typed error, in bounded memory.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  applyGitDelta,
  GitAlternatesStore,
  GitDeltaProgram,
  GitLooseStore,
  GitMemoryStore,
  PackStore,
  PackWriter,
} from "@sluice/gitdb";
import type { PackSource } from "@sluice/gitdb";
import { byteSourceFromBytes, LimitExceededError, SluiceError } from "@sluice/internal";
import { liveHandleCount } from "@sluice/ffi";
import { deflateSync } from "node:zlib";
import { testBackends } from "../../tests/_backends.ts";
import { join, Random, text } from "../../tests/_data.ts";
import { deltaSize, distance, idOf, rawPack, sourcesOf } from "../../tests/_git_pack.ts";
import type { RawEntry } from "../../tests/_git_pack.ts";
import { inDirectory, testInDirectory } from "../../tests/_directory.ts";
import { run } from "../../tests/_cli.ts";

const LONG = Deno.env.get("SLUICE_LONG") === "1";
const BLOB = 3;
const OFS = 6;
const REF = 7;
const encoder = new TextEncoder();

/** Reads everything and returns the code of each failure. */
async function codes(sources: readonly PackSource[], ids: readonly string[]): Promise<string[]> {
  let store: PackStore;
  try {
    store = await PackStore.fromSources(sources);
  } catch (error) {
    assert(error instanceof SluiceError, `${error}`);
    return [error.code];
  }
  await using _ = store;
  const found: string[] = [];
  for await (const batch of store.readBatches(ids, { verifyChecksums: true })) {
    for (const result of batch) {
      if (!result.ok) {
        assert(result.error instanceof SluiceError, `${result.error}`);
        found.push(result.error.code);
      } else {
        try {
          await result.value.bytes({ verifyChecksums: true, maxObjectSize: 1 << 20 });
        } catch (error) {
          assert(error instanceof SluiceError, `${error}`);
          found.push(error.code);
        }
      }
    }
  }
  return found;
}

/** A small pack with chains, and its ids. */
async function smallPack(): Promise<
  { pack: Uint8Array<ArrayBuffer>; index: Uint8Array<ArrayBuffer>; ids: string[] }
> {
  const writer = new PackWriter({ window: 5 });
  const lines = new TextDecoder().decode(text(300)).split(" ");
  const ids: string[] = [];
  for (let i = 0; i < 4; i++) {
    lines[i * 3] = `changed${i}`;
    ids.push(`${await writer.add({ type: "blob", body: lines.join(" ") })}`);
  }
  return { ...await writer.finish(), ids };
}

testBackends("gitdb: every flipped bit of a pack is refused or does no harm", async () => {
  const { pack, index, ids } = await smallPack();
  const before = liveHandleCount();
  let failed = 0;
  const step = LONG ? 1 : 3;
  for (let bit = 0; bit < pack.length * 8; bit += step) {
    const flipped = pack.slice();
    flipped[bit >>> 3]! ^= 1 << (bit & 7);
    if ((await codes(sourcesOf({ pack: flipped, index }), ids)).length > 0) failed++;
  }
  assert(failed > pack.length * 4 / step);
  assertEquals(liveHandleCount(), before);
});

testBackends("gitdb: every flipped bit of an index is refused or does no harm", async () => {
  const { pack, index, ids } = await smallPack();
  const step = LONG ? 1 : 41;
  for (let bit = 0; bit < index.length * 8; bit += step) {
    const flipped = index.slice();
    flipped[bit >>> 3]! ^= 1 << (bit & 7);
    await codes(sourcesOf({ pack, index: flipped }), ids);
  }
});

testBackends("gitdb: truncated packs fail for what is missing only", async () => {
  const { pack, index, ids } = await smallPack();
  for (let size = 0; size < pack.length; size += LONG ? 1 : 7) {
    const found = await codes(sourcesOf({ pack: pack.slice(0, size), index }), ids);
    assert(found.length > 0, `${size} bytes`);
  }
});

testBackends("gitdb: entries that break the rules", async () => {
  const base = encoder.encode("base content");
  const delta = new Uint8Array([12, 12, 0x90, 12]);
  const good: RawEntry = { kind: BLOB, content: base, id: idOf("blob", base) };
  const id = "cd".repeat(20);
  const cases: Record<string, readonly RawEntry[]> = {
    "distance 0": [good, { kind: OFS, base: distance(0), content: delta, id }],
    "distance into the header": [good, { kind: OFS, base: distance(30), content: delta, id }],
    "distance beyond the front": [good, { kind: OFS, base: distance(1 << 20), content: delta, id }],
    "distance to no entry": [good, { kind: OFS, base: distance(5), content: delta, id }],
    "delta of its own": [{ kind: REF, base: Uint8Array.fromHex(id), content: delta, id }],
    "delta of nothing": [good, { kind: REF, base: Uint8Array.fromHex("ef".repeat(20)), content: delta, id }],
    "type 0": [{ kind: 0, content: base, id }],
    "type 5": [{ kind: 5, content: base, id }],
    "too small": [{ kind: BLOB, content: base, size: 5, id }],
    "too large": [{ kind: BLOB, content: base, size: 50, id }],
    "2^53": [{ kind: BLOB, content: base, size: 1n << 53n, id }],
    "2^60": [{ kind: BLOB, content: base, size: 1n << 60n, id }],
    "delta too large": [good, { kind: OFS, size: 1n << 50n, base: distance(22), content: delta, id }],
  };
  for (
    const bad of [
      [],
      [12],
      [12, 12],
      [12, 12, 0],
      [12, 12, 0x90, 13],
      [13, 12, 0x90, 12],
      [12, 11, 0x90, 12],
      [12, 12, 0x90, 12, 1, 65],
      [12, 12, 5, 1],
    ]
  ) {
    const { offsets } = rawPack([good, good]);
    cases[`delta ${bad}`] = [good, {
      kind: OFS,
      base: distance(offsets[1]! - 12),
      content: new Uint8Array(bad),
      id,
    }];
  }
  for (const [name, entries] of Object.entries(cases)) {
    const found = await codes(sourcesOf(rawPack(entries)), [id]);
    assertEquals(found.length, 1, name);
    const both = await codes(sourcesOf(rawPack(entries)), [id, good.id]);
    assertEquals(both.length, entries.includes(good) ? 1 : 2, name);
  }
  const [a, b] = ["aa".repeat(20), "bb".repeat(20)];
  const circle = rawPack([
    { kind: REF, base: Uint8Array.fromHex(b), content: delta, id: a },
    { kind: REF, base: Uint8Array.fromHex(a), content: delta, id: b },
  ]);
  assertEquals(await codes(sourcesOf(circle), [a, b]), ["CHAIN_TOO_LONG", "CHAIN_TOO_LONG"]);
});

/** A pack of a base of 64 KiB and deltas that copy all they have twice: so many bytes in the end. */
function bomb(levels: number): { made: ReturnType<typeof rawPack>; id: string; size: number } {
  const base = text(65536);
  const entries: RawEntry[] = [{ kind: BLOB, content: base, id: "00".repeat(20) }];
  let size = base.length;
  let previous = rawPack(entries).pack.length - 20;
  let start = 12;
  for (let level = 0; level < levels; level++) {
    const copies: number[] = [];
    for (let twice = 0; twice < 2; twice++) {
      for (let offset = 0; offset < size; offset += 0xff_0000) {
        const part = Math.min(0xff_0000, size - offset);
        copies.push(0xff, offset & 255, offset >>> 8 & 255, offset >>> 16 & 255, offset >>> 24);
        copies.push(part & 255, part >>> 8 & 255, part >>> 16);
      }
    }
    const content = new Uint8Array([...deltaSize(size), ...deltaSize(size * 2), ...copies]);
    entries.push({
      kind: OFS,
      base: distance(previous - start),
      content,
      id: (level + 1).toString(16).padStart(40, "0"),
    });
    start = previous;
    previous = rawPack(entries).pack.length - 20;
    size *= 2;
  }
  return { made: rawPack(entries), id: entries.at(-1)!.id, size };
}

testBackends("gitdb: a pack that describes gigabytes streams within its budget", async (backend) => {
  const { made, id, size } = bomb(LONG ? 15 : 9);
  await using store = await PackStore.fromSources(sourcesOf(made));
  const object = await store.read(id, { maxMemory: 8 << 20 });
  assertEquals(object.size, size);
  await assertRejects(() => object.bytes({ maxObjectSize: 1 << 20 }), SluiceError, "more than");
  await inDirectory(async (folder) => {
    await Deno.writeFile(`${folder}/pack`, made.pack);
    await Deno.writeFile(`${folder}/index`, made.index);
    // Other tests of this process take memory at the same time.
    const program = new URL("../../tests/_pack_stream_memory.ts", import.meta.url).pathname;
    const args = [backend, `${folder}/pack`, `${folder}/index`, `${id}`, `${8 << 20}`];
    const { code, stdout, stderr } = await run(Deno.execPath(), ["run", "-A", program, ...args]);
    assertEquals(code, 0, stderr);
    const { bytes, peak } = JSON.parse(new TextDecoder().decode(stdout));
    assertEquals(bytes, size);
    assert(peak < 16 << 20, `memory grew by ${peak} bytes`);
  });
});

testBackends(
  "gitdb: a base beyond the budget that is wanted in any order is spilled where that is allowed",
  async (backend) => {
    const random = new Random(41);
    const block = 1 << 16;
    const base = random.bytes(288 * block); // more than is ever made whole
    const order = Array.from({ length: 288 }, (_, i) => i);
    for (let i = order.length - 1; i > 0; i--) {
      const j = random.below(i + 1);
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    // Copies without a size are of 64 KiB.
    const copies = order.flatMap((number) => [0x8f, 0, 0, number & 255, number >> 8]);
    const size = deltaSize(base.length);
    const expected = join(...order.map((number) => base.subarray(number * block, (number + 1) * block)));
    const entries: RawEntry[] = [
      { kind: BLOB, content: base, id: idOf("blob", base) },
      {
        kind: REF,
        base: Uint8Array.fromHex(idOf("blob", base)),
        content: new Uint8Array([...size, ...size, ...copies]),
        id: idOf("blob", expected),
      },
    ];
    await inDirectory(async (folder) => {
      await using store = await PackStore.fromSources(sourcesOf(rawPack(entries)));
      const read = async (spillFolder?: string): Promise<Uint8Array> => {
        const object = await store.read(entries[1]!.id, { maxMemory: 4 << 20, spillFolder });
        const chunks: Uint8Array[] = [];
        for await (const chunk of object.body) chunks.push(chunk);
        return join(...chunks);
      };
      await assertRejects(() => read(), LimitExceededError);
      if (backend === "native" && Deno.build.os !== "windows") {
        assertEquals(idOf("blob", await read(folder)), entries[1]!.id);
        await assertRejects(() => read(`${folder}/nowhere`), SluiceError, "refused");
      } else await assertRejects(() => read(folder), LimitExceededError);
      assertEquals([...Deno.readDirSync(folder)], []);
    });
  },
);

testBackends("gitdb: a stream that is given up frees what it holds", async () => {
  const before = liveHandleCount();
  {
    const { made, id } = bomb(9);
    await using store = await PackStore.fromSources(sourcesOf(made));
    const object = await store.read(id);
    const reader = object.body.getReader();
    await reader.read();
    await reader.cancel();
    const second = await store.read(id, { signal: AbortSignal.timeout(0) }).catch((error) => error);
    if ("body" in second) await second.body.cancel();
  }
  assertEquals(liveHandleCount(), before);
});

testInDirectory(
  "gitdb: a pack that is cut short while it is open gives errors, and the process lives",
  async (folder) => {
    const writer = new PackWriter({ window: 0 });
    const random = new Random(5);
    const ids = [];
    for (let i = 0; i < 60; i++) ids.push(await writer.add({ type: "blob", body: random.bytes(20_000) }));
    const { pack, index, checksum } = await writer.finish();
    await Deno.writeFile(`${folder}/pack-${checksum}.pack`, pack);
    await Deno.writeFile(`${folder}/pack-${checksum}.idx`, index);
    await using store = await PackStore.open(folder);
    await Deno.truncate(`${folder}/pack-${checksum}.pack`, pack.length / 2 | 0);
    let good = 0;
    let bad = 0;
    for await (const batch of store.readBatches(ids)) {
      for (const result of batch) {
        if (result.ok) good++;
        else {
          assert(result.error instanceof SluiceError);
          bad++;
        }
      }
    }
    assert(good > 10 && bad > 10, `${good} good, ${bad} bad`);
  },
);

testBackends("gitdb: loose files that are none, or broken", () =>
  inDirectory(async (folder) => {
    const store = new GitLooseStore(folder);
    const id = (byte: string) => byte.repeat(20);
    await Deno.mkdir(`${folder}/12/${id("12").slice(2)}`, { recursive: true });
    assertEquals(await store.has(id("12")), false);
    await assertRejects(() => store.read(id("12")), SluiceError, "not in the database");
    if (Deno.build.os === "linux") {
      await Deno.mkdir(`${folder}/34`);
      await new Deno.Command("mkfifo", { args: [`${folder}/34/${id("34").slice(2)}`] }).output();
      assertEquals(await store.has(id("34")), false);
    }
    const put = async (content: Uint8Array) => {
      await Deno.mkdir(`${folder}/56`, { recursive: true });
      await Deno.writeFile(`${folder}/56/${id("56").slice(2)}`, content);
    };
    const packed = (value: string) => new Uint8Array(deflateSync(encoder.encode(value)));
    const broken: Record<string, Uint8Array> = {
      empty: new Uint8Array(),
      "no stream": encoder.encode("blob 4\0text"),
      "no type": packed("blab 4\0text"),
      sign: packed("blob +4\0text"),
      "leading zero": packed("blob 04\0text"),
      "no size": packed("blob \0text"),
      "too large": packed("blob 5\0text"),
      "too small": packed("blob 3\0text"),
      "huge": packed("blob 99999999999999999999\0text"),
      "large, but no more": packed("blob 9007199254740991\0text"),
      "no end": packed("blob ".padEnd(100, "1")),
      trailing: join(packed("blob 4\0text"), new Uint8Array(1)),
      truncated: packed("blob 4\0text").subarray(0, 14),
      checksum: packed("blob 4\0text").map((byte, i, all) => i === all.length - 1 ? byte ^ 1 : byte),
    };
    for (const [name, content] of Object.entries(broken)) {
      await put(content);
      await assertRejects(
        async () => await (await store.read(id("56"))).bytes(),
        SluiceError,
        undefined,
        name,
      );
    }
    await put(packed("blob 4\0text"));
    assertEquals(await (await store.read(id("56"))).text(), "text");
    await assertRejects(() => store.read(id("56"), { verifyChecksums: true }), SluiceError, "hashes to");
  }));

testInDirectory("gitdb: alternates that lead in circles, nowhere or too deep", async (folder) => {
  const make = async (name: string, alternates: string) => {
    await Deno.mkdir(`${folder}/${name}/info`, { recursive: true });
    await Deno.writeTextFile(`${folder}/${name}/info/alternates`, alternates);
    return await new GitLooseStore(`${folder}/${name}`).write({ type: "blob", body: name });
  };
  const ids = [];
  for (let i = 0; i < 9; i++) {
    ids.push(await make(`chain${i}`, `# comment\n\n../chain${i + 1}\n../chain${i}\n`));
  }
  const warnings: Error[] = [];
  await using chain = await GitAlternatesStore.open(`${folder}/chain0`, {
    onWarning: (error) => warnings.push(error),
  });
  for (const [i, id] of ids.entries()) assertEquals(await chain.has(id), i >= 1 && i <= 6, `chain${i}`);
  await make("loop", `../loop\n${folder}/loop\n../chain8/../loop/\n`);
  await using loop = await GitAlternatesStore.open(`${folder}/loop`);
  assertEquals(loop.folders, []);
  const quoted = await make("with space", "");
  await make("other", `"../with\\040space"\n${folder}/none\nbad\0name\n${"x".repeat(1 << 20)}\n`);
  warnings.length = 0;
  await using other = await GitAlternatesStore.open(`${folder}/other`, {
    onWarning: (error) => warnings.push(error),
  });
  assert(await other.has(quoted));
  assertEquals(warnings.length, 3);
  await using none = await GitAlternatesStore.open(`${folder}/other`, { alternates: "none" });
  assertEquals(none.folders, []);
  await using inside = await GitAlternatesStore.open(`${folder}/other`, {
    alternates: "inside-root",
    root: `${folder}/other`,
  });
  assertEquals(inside.folders, []);
});

Deno.test("gitdb: prefixes are exact to the digit", async () => {
  const store = new GitMemoryStore();
  const ids: string[] = [];
  for (let i = 0; i < 3000; i++) ids.push(`${await store.write({ type: "blob", body: `${i}` })}`);
  ids.sort();
  const packed = new PackWriter();
  for (let i = 0; i < 3000; i++) await packed.add({ type: "blob", body: `${i}` });
  const { pack, index } = await packed.finish();
  await using packs = await PackStore.fromSources([{
    name: "p",
    pack: byteSourceFromBytes(pack),
    index: byteSourceFromBytes(index),
  }]);
  for (const reader of [store, packs]) {
    for (const prefix of ["", "abc", "g".repeat(5), "a".repeat(41)]) {
      await assertRejects(() => reader.resolvePrefix(prefix), RangeError);
    }
    const at = ids.findIndex((id, i) => ids[i + 1]?.slice(0, 4) === id.slice(0, 4));
    const error = await assertRejects(() => reader.resolvePrefix(ids[at]!.slice(0, 4)), SluiceError);
    assertEquals(error.code, "AMBIGUOUS_PREFIX");
    for (const id of ids.slice(0, 40)) {
      for (const length of [9, 10, 39, 40]) {
        assertEquals(`${await reader.resolvePrefix(id.slice(0, length))}`, id);
      }
    }
    await assertRejects(() => reader.resolvePrefix("0123456789"), SluiceError);
  }
});

testBackends("gitdb: random deltas are applied or refused, and composed alike", () => {
  const random = new Random(Random.seed(77));
  const base = random.bytes(200);
  let applied = 0;
  for (let round = 0; round < (LONG ? 200_000 : 4000); round++) {
    let delta = random.bytes(random.below(24));
    if (delta.length > 3) {
      delta[0] = 200;
      delta[1] = 1;
      delta[2] = 1 + random.below(60);
      if (delta.length > 5 && random.below(2) === 0) {
        delta.set([0x90, delta[2]!], 3);
        delta = delta.slice(0, 5);
      }
    }
    let expected: Uint8Array | undefined;
    try {
      expected = applyGitDelta(base, delta, { maxOutputSize: 1 << 16 });
      applied++;
    } catch (error) {
      assert(error instanceof SluiceError, `${error}`);
    }
    try {
      using program = GitDeltaProgram.compose([delta]);
      if (program.baseSize === base.length && program.targetSize < 1 << 16) {
        assertEquals(program.apply(base), expected);
      }
    } catch (error) {
      assert(error instanceof SluiceError, `${error}`);
      assertEquals(expected, undefined);
    }
  }
  assert(applied > 5, `${applied}`);
});
