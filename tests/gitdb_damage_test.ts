/**
 * Damage, malformed names and limits: each costs the object that it concerns, and nothing else.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  buildGitMultiPackIndex,
  GitDatabase,
  GitMemoryStore,
  GitMultiPackIndex,
  indexGitPack,
  LimitExceededError,
  PackStore,
  PackWriter,
  verifyGitDatabase,
} from "@sluice/gitdb";
import type { GitIdLike, GitObjectReader } from "@sluice/gitdb";
import { BACKENDS, testBackends } from "./_backends.ts";
import { run, sluice } from "./_cli.ts";
import { inDirectory, testInDirectory } from "./_directory.ts";
import { git, GIT_IS_HERE, gitBytes, makeRepository, testGit } from "./_git.ts";
import { deltaSize, distance, idOf, rawPack, sourcesOf } from "./_git_pack.ts";
import type { RawEntry } from "./_git_pack.ts";

const utf8 = new TextEncoder();

/** Changes bytes of a file that git made read-only. */
async function damage(path: string, at: number, bytes: readonly number[]): Promise<void> {
  await Deno.chmod(path, 0o644);
  using file = await Deno.open(path, { write: true });
  await file.seek(at, Deno.SeekMode.Start);
  await file.write(new Uint8Array(bytes));
}

testInDirectory("sluice gitdb cat-file prints the sound objects around damaged ones, as git prints them", {
  ignore: !GIT_IS_HERE,
}, async (folder) => {
  const repository = `${folder}/r.git`;
  await makeRepository(repository, { commits: 1 });
  const ids: string[] = [];
  for (let i = 0; i < 6; i++) {
    const body = utf8.encode(Array.from({ length: 900 }, (_, line) => `${i} ${line * i}`).join("\n"));
    ids.push((await git(repository, ["hash-object", "-w", "--stdin"], body)).trim());
  }
  const path = (id: string) => `${repository}/objects/${id.slice(0, 2)}/${id.slice(2)}`;
  await damage(path(ids[3]!), 0, [0x58, 0x58, 0x58]);
  const stdin = utf8.encode(`${ids.join("\n")}\n`);
  for (const mode of ["--batch", "--batch-check"]) {
    const ours = await sluice(["gitdb", "cat-file", "--git-dir", repository, mode], { stdin });
    const theirs = await gitBytes(repository, ["cat-file", mode], stdin);
    assertEquals(ours.stdout, theirs, mode);
    assert(ours.stderr.includes(ids[3]!), mode);
    assertEquals(ours.code, 1, mode);
  }
  // A body that is damaged ends git; the others are printed all the same.
  await damage(path(ids[1]!), 200, [0x58, 0x58, 0x58, 0x58]);
  const sound = [0, 2, 4, 5].map((i) => ids[i]!);
  const ours = await sluice(["gitdb", "cat-file", "--git-dir", repository, "--batch"], { stdin });
  const printed = new TextDecoder().decode(ours.stdout);
  for (const id of sound) assert(printed.includes(`${id} blob`), id);
  for (const id of [ids[1], ids[3]]) assert(printed.includes(`${id} missing\n`), id);
  const all = await sluice([
    "gitdb",
    "cat-file",
    "--git-dir",
    repository,
    "--batch-all-objects",
    "--batch",
  ]);
  for (const id of sound) assert(new TextDecoder().decode(all.stdout).includes(`${id} blob`), id);
  assertEquals(all.code, 1);
});

testGit("a malformed id is one failed result among the others", async (folder) => {
  await makeRepository(`${folder}/r.git`, { packing: ["pack", "loose"], commits: 4 });
  const memory = new GitMemoryStore();
  await using database = await GitDatabase.open(`${folder}/r.git`);
  const good = (await Array.fromAsync(database.ids())).slice(0, 20);
  for (const id of good) {
    const object = await database.read(id);
    await memory.write({ type: object.type, body: await object.bytes() });
  }
  await using packs = await PackStore.open(`${folder}/r.git/objects/pack`);
  const bad: readonly unknown[] = ["", "abc", "g".repeat(40), "ab".repeat(32), new Uint8Array(19), 7, null];
  const mixed = good.flatMap((id, i) => i < bad.length ? [bad[i], id] : [id]) as GitIdLike[];
  const isBad = mixed.map((id) => bad.includes(id));
  const stores: readonly GitObjectReader[] = [database, packs, memory];
  for (const store of stores) {
    for (const ordered of [true, false]) {
      for (const window of [3, undefined]) {
        const options = { ordered, window };
        const read = ReadableStream.from(mixed).pipeThrough(store.objectStream(options));
        const batches = await Array.fromAsync(store.readBatches(mixed, options), (batch) => batch.results);
        const results = [
          await Array.fromAsync(read),
          batches.flat(),
          (await Array.fromAsync(store.infoBatches(mixed, options))).flat(),
          await Array.fromAsync(ReadableStream.from(mixed).pipeThrough(store.infoStream(options))),
        ];
        for (const list of results) {
          const order = list.map(({ index }) => index);
          const rising = Array.from(mixed.keys());
          assertEquals(ordered ? order : order.toSorted((a, b) => a - b), rising);
          for (const result of list) {
            if (isBad[result.index]) assert(!result.ok && result.error.code === "BAD_ID");
            else if (result.ok) assertEquals(`${result.value.id}`, `${mixed[result.index]}`);
            else assertEquals(result.error.code, "OBJECT_NOT_FOUND");
          }
        }
        const missed: number[] = [];
        const absent = [...mixed, "12".repeat(20)];
        const seen: number[] = [];
        for await (
          const batch of store.readBatches(absent, { ...options, onMissing: (index) => missed.push(index) })
        ) seen.push(...batch.results.map(({ index }) => index));
        assert(missed.includes(mixed.length));
        assertEquals([...seen, ...missed].sort((a, b) => a - b), Array.from(absent.keys()));
      }
    }
    const present = await Array.fromAsync(ReadableStream.from(mixed).pipeThrough(store.hasStream()));
    assertEquals(present.filter((row) => !row.present).length >= bad.length, true);
    assertEquals(present.length, mixed.length);
  }
});

testBackends(
  "gitdb: verify reports hostile offset rows of an index and checks the rest",
  () =>
    inDirectory(async (folder) => {
      const writer = new PackWriter();
      for (let i = 0; i < 4; i++) await writer.add({ type: "blob", body: `row ${i}` });
      const { pack } = await writer.finish();
      const { name } = await indexGitPack(folder, new Blob([pack]).stream(), {
        largeOffsetsFrom: 13,
        durable: false,
      });
      await Deno.remove(`${folder}/${name}.rev`);
      const index = await Deno.readFile(`${folder}/${name}.idx`);
      const short = 8 + 1024 + 4 * 24;
      const large = short + 4 * 4;
      const rows: Record<string, readonly [number, readonly number[]]> = {
        "a row far outside of the table": [short, [0xff, 0, 0, 0]],
        "the row after the last": [short + 4, [0x80, 0, 0, 3]],
        "2^63 - 1": [large, [0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
        "2^64 - 1": [large, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
        "2^53": [large, [0, 0x20, 0, 0, 0, 0, 0, 0]],
        "outside of the pack": [large, [0, 0, 0, 1, 0, 0, 0, 0]],
        "in the header of the pack": [large, [0, 0, 0, 0, 0, 0, 0, 4]],
        "in the trailer of the pack": [large, [0, 0, 0, 0, 0, 0, 0, pack.length - 3]],
      };
      for (const [what, [at, bytes]] of Object.entries(rows)) {
        const bad = index.slice();
        bad.set(bytes, at);
        await damage(`${folder}/${name}.idx`, 0, [...bad]);
        await using store = await PackStore.open(folder);
        for (const level of ["structure", "crc", "full"] as const) {
          const findings = await Array.fromAsync(store.packs[0]!.verify({ level }));
          assert(findings.length >= 2, `${what} ${level}`);
          assert(findings.some(({ message }) => message.includes("offset")), `${what} ${level}`);
        }
        const results = await Array.fromAsync(
          store.infoBatches(await ids(store)),
        );
        assertEquals(results.flat().filter(({ ok }) => ok).length, 3, what);
      }
    }),
);

/** The ids of the only pack of a store, without their offsets. */
async function ids(store: PackStore): Promise<GitIdLike[]> {
  const { index } = store.packs[0]!;
  return await Promise.all(Array.from({ length: index.count }, (_, row) => index.idAt(row)));
}

Deno.test("gitdb: verify of a multi-pack index reports hostile rows", async () => {
  const memory = new PackWriter();
  await memory.add({ type: "blob", body: "one" });
  await memory.add({ type: "blob", body: "two" });
  const { pack, index } = await memory.finish();
  await using store = await PackStore.fromSources([{ name: "pack-one", pack, index }]);
  const made = await buildGitMultiPackIndex(store.packs, "sha1");
  const sound = await GitMultiPackIndex.open(made, "sha1");
  assertEquals([...sound.verify()], []);
  const row = made.length - 20 - 16;
  for (const bytes of [[0, 0, 0, 9], [0xff, 0xff, 0xff, 0xff]]) {
    const bad = made.slice();
    bad.set(bytes, row);
    const hostile = await GitMultiPackIndex.open(bad, "sha1");
    const findings = [...hostile.verify()];
    assert(findings.some((message) => message.includes("names pack")), findings.join());
    assert(findings.includes("the checksum is wrong"));
    assert(hostile.find(sound.entryAt(1).id) !== undefined);
  }
});

testGit(
  "index-pack refuses an object that the database has with other content, as git does",
  async (folder) => {
    const repository = `${folder}/r.git`;
    await makeRepository(repository, { commits: 2 });
    const writer = new PackWriter();
    const id = await writer.add({ type: "blob", body: "one" });
    await writer.add({ type: "blob", body: "new" });
    const { pack } = await writer.finish();
    const other = (await git(repository, ["hash-object", "-w", "--stdin"], utf8.encode("two"))).trim();
    const path = (hex: string) => `${repository}/objects/${hex.slice(0, 2)}/${hex.slice(2)}`;
    await Deno.mkdir(path(`${id}`).slice(0, -39), { recursive: true });
    await Deno.copyFile(path(other), path(`${id}`));
    const theirs = await run("git", ["-C", repository, "index-pack", "--stdin"], { stdin: pack });
    assert(theirs.code !== 0 && theirs.stderr.includes("COLLISION"), theirs.stderr);
    const ours = await sluice(["gitdb", "index-pack", "--stdin", "--git-dir", repository], { stdin: pack });
    assert(ours.code !== 0 && ours.stderr.includes(`${id}`), ours.stderr);
    // What git was writing stays.
    const left = [...Deno.readDirSync(`${repository}/objects/pack`)].map(({ name }) => name);
    assertEquals(left.filter((name) => !name.startsWith("tmp_pack_")), []);
    await Deno.remove(path(`${id}`));
    const again = await sluice(["gitdb", "index-pack", "--stdin", "--git-dir", repository], { stdin: pack });
    assertEquals(again.code, 0, again.stderr);
  },
);

testGit("fsck reports a pack that can't be opened", async (folder) => {
  const repository = `${folder}/r.git`;
  await makeRepository(repository, { packing: ["pack"], commits: 3 });
  const packs = `${repository}/objects/pack`;
  const name = [...Deno.readDirSync(packs)].find((entry) => entry.name.endsWith(".pack"))!.name;
  await damage(`${packs}/${name}`, 4, [0, 0, 0, 9]);
  await using database = await GitDatabase.open(repository);
  const findings = await Array.fromAsync(verifyGitDatabase(database));
  assertEquals(findings.map(({ where }) => where), [name.replace(".pack", "")]);
});

testBackends("gitdb: what exceeds a limit is told as a limit", () =>
  inDirectory(async (folder) => {
    const writer = new PackWriter();
    for (const body of ["one", "a longer body"]) await writer.add({ type: "blob", body });
    const { pack } = await writer.finish();
    for (const limit of [{ maxObjects: 1 }, { maxObjectSize: 5 }, { maxInputSize: 30 }]) {
      const error = await assertRejects(
        () => indexGitPack(folder, new Blob([pack]).stream(), limit),
        LimitExceededError,
      );
      assertEquals(error.limit, Object.values(limit)[0]);
    }
    assertEquals([...Deno.readDirSync(folder)], []);
  }));

/** A blob of 64 KiB and deltas that copy all of it twice. */
function bomb(levels: number): { made: ReturnType<typeof rawPack>; id: string } {
  const base = new Uint8Array(65536);
  const entries: RawEntry[] = [{ kind: 3, content: base, id: "00".repeat(20) }];
  let size = base.length;
  let [previous, start] = [rawPack(entries).pack.length - 20, 12];
  for (let level = 1; level <= levels; level++) {
    const copies: number[] = [];
    for (let offset = 0; offset < 2 * size; offset += 0x10000) {
      const from = offset % size;
      copies.push(0xff, from & 255, from >>> 8 & 255, from >>> 16 & 255, from >>> 24, 0, 0, 1);
    }
    const content = new Uint8Array([...deltaSize(size), ...deltaSize(2 * size), ...copies]);
    entries.push({ kind: 6, base: distance(previous - start), content, id: `${level}`.padStart(40, "0") });
    [start, previous] = [previous, rawPack(entries).pack.length - 20];
    size *= 2;
  }
  return { made: rawPack(entries), id: `${levels}`.padStart(40, "0") };
}

testBackends(
  "gitdb: a small pack with an object of 512 MiB is not made in one piece unless that is allowed",
  async () => {
    const { made, id } = bomb(13);
    assert(made.pack.length < 100_000);
    await using store = await PackStore.fromSources(sourcesOf(made));
    const object = await store.read(id);
    assertEquals(object.size, 512 << 20);
    const error = await assertRejects(() => object.bytes(), LimitExceededError);
    assertEquals(error.limit, 256 << 20);
    assert(error.message.includes("maxObjectSize"));
    const reader = object.body.getReader();
    assert((await reader.read()).value!.length > 0);
    await reader.cancel();
    const [smaller] = [await store.read("12".padStart(40, "0"))];
    assertEquals((await smaller!.bytes()).length, 256 << 20);
  },
);

for (const backend of BACKENDS) {
  testInDirectory(
    `chains of 5,000 deltas are read as git reads them [${backend}]`,
    { ignore: !GIT_IS_HERE },
    async (folder) => {
      const depth = 5000;
      let content: Uint8Array<ArrayBuffer> = utf8.encode("x".repeat(30));
      const entries: RawEntry[] = [{ kind: 3, content, id: idOf("blob", content) }];
      const lengths: number[] = [];
      const next = utf8.encode("y");
      // A byte more with each delta.
      for (let i = 0; i < depth; i++) {
        const longer = new Uint8Array([...content, ...next]);
        const delta = [
          ...deltaSize(content.length),
          ...deltaSize(longer.length),
          0xb0,
          content.length & 255,
          content.length >>> 8,
          1,
          ...next,
        ];
        lengths.push(delta.length);
        entries.push({
          kind: 7,
          base: Uint8Array.fromHex(idOf("blob", content)),
          content: new Uint8Array(delta),
          id: idOf("blob", longer),
        });
        content = longer;
      }
      const made = rawPack(entries);
      const id = idOf("blob", content);
      await using store = await PackStore.fromSources(sourcesOf(made), { backend });
      assertEquals((await store.info(id)).packed?.depth, depth);
      assertEquals(await (await store.read(id, { verifyChecksums: true })).bytes(), content);
      const findings = [];
      for await (const finding of store.packs[0]!.verify({ level: "full" })) findings.push(finding.message);
      assertEquals(new Set(findings.filter((message) => !message.includes("CRC"))), new Set());
      await Deno.writeFile(`${folder}/p.pack`, made.pack);
      await git(folder, ["index-pack", `${folder}/p.pack`]);
    },
  );
}

testGit("no limit of bytes in flight holds bulk reads up, in order or not", async (folder) => {
  await makeRepository(`${folder}/r.git`, { packing: ["pack", "loose"], commits: 60 });
  await using database = await GitDatabase.open(`${folder}/r.git`);
  const all = await Array.fromAsync(database.ids());
  const large = await database.write({ type: "blob", body: new Uint8Array(5 << 20) });
  const wanted = [...all, large, ...all.toReversed()];
  for (const ordered of [true, false]) {
    for (const maxInFlightBytes of [1, 1000, 1 << 20, undefined]) {
      const options = { ordered, maxInFlightBytes, signal: AbortSignal.timeout(60_000) };
      let count = 0;
      // Batches are not disposed of while the next ones are made.
      const batches = await Array.fromAsync(database.readBatches(wanted, options));
      for (const batch of batches) count += batch.results.filter(({ ok }) => ok).length;
      assertEquals(count, wanted.length, `${ordered} ${maxInFlightBytes}`);
      const results = await Array.fromAsync(
        ReadableStream.from(wanted).pipeThrough(database.objectStream(options)),
      );
      assertEquals(results.length, wanted.length);
      if (ordered) assertEquals(results.map(({ index }) => index), Array.from(wanted.keys()));
    }
  }
});
