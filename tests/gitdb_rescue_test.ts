/**
 * Objects whose nearest copy is damaged, or whose delta base lies outside of all packs, are made of what is elsewhere.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { GitCompoundDatabase, GitDatabase, GitMemoryStore, PackStore } from "@sluice/gitdb";
import type { GitIdLike } from "@sluice/gitdb";
import { byteSourceFromBytes, CorruptDataError } from "@sluice/internal";
import { makeGitDelta } from "@sluice/gitdb";
import { testBackends } from "./_backends.ts";
import { git, gitBytes, makeRepository, testGit } from "./_git.ts";
import { idOf, rawPack, sourcesOf } from "./_git_pack.ts";
import { Random } from "./_data.ts";

const random = new Random(31);
const BASE = random.bytes(3000);
const TARGET = BASE.map((byte, i) => i % 500 === 0 ? byte ^ 1 : byte);
const LAST = TARGET.map((byte, i) => i % 700 === 0 ? byte ^ 2 : byte);
const [BASE_ID, TARGET_ID, LAST_ID] = [BASE, TARGET, LAST].map((bytes) => idOf("blob", bytes)) as [
  string,
  string,
  string,
];

/** A thin pack: deltas by id whose base is not in it. */
function thinPack() {
  return rawPack([
    { kind: 7, base: Uint8Array.fromHex(BASE_ID), content: makeGitDelta(BASE, TARGET)!, id: TARGET_ID },
    { kind: 7, base: Uint8Array.fromHex(TARGET_ID), content: makeGitDelta(TARGET, LAST)!, id: LAST_ID },
  ]);
}

testBackends(
  "deltas whose base is in another kind of store are read one by one, in bulk and by facts",
  async () => {
    const loose = new GitMemoryStore();
    await loose.write({ type: "blob", body: BASE });
    await using database = new GitCompoundDatabase([
      await PackStore.fromSources(sourcesOf(thinPack())),
      loose,
    ]);
    assertEquals(await (await database.read(LAST_ID)).bytes(), LAST);
    const info = await database.info(TARGET_ID);
    assertEquals([info.type, info.size], ["blob", 3000]);
    const ids: GitIdLike[] = [LAST_ID, TARGET_ID, BASE_ID];
    const found: Uint8Array[] = [];
    for await (
      const result of ReadableStream.from(ids).pipeThrough(database.objectStream({ ordered: true }))
    ) {
      if (!result.ok) throw result.error;
      found.push(await result.value.bytes());
    }
    assertEquals(found, [LAST, TARGET, BASE]);
  },
);

testBackends("without the base they fail, and a chain that leads back to itself ends", async () => {
  await using alone = await PackStore.fromSources(sourcesOf(thinPack()));
  await assertRejects(() => alone.read(LAST_ID), CorruptDataError);
  const [one, two] = ["11".repeat(20), "22".repeat(20)];
  const cycle = rawPack([
    { kind: 7, base: Uint8Array.fromHex(two), content: makeGitDelta(BASE, TARGET)!, id: one },
    { kind: 7, base: Uint8Array.fromHex(one), content: makeGitDelta(TARGET, BASE)!, id: two },
  ]);
  await using database = new GitCompoundDatabase([
    await PackStore.fromSources(sourcesOf(cycle)),
    new GitMemoryStore(),
  ]);
  await assertRejects(() => database.read(one), CorruptDataError);
});

testBackends("a damaged base in one pack is replaced by a good copy in another", async () => {
  const damaged = rawPack([
    { kind: 3, content: BASE, id: BASE_ID },
    { kind: 7, base: Uint8Array.fromHex(BASE_ID), content: makeGitDelta(BASE, TARGET)!, id: TARGET_ID },
  ]);
  damaged.pack[damaged.offsets[0]! + 200]! ^= 0xff;
  const good = rawPack([{ kind: 3, content: BASE, id: BASE_ID }]);
  const sources = [damaged, good].map((made, i) => ({
    name: `${i}`,
    pack: byteSourceFromBytes(made.pack),
    index: byteSourceFromBytes(made.index),
  }));
  await using store = await PackStore.fromSources(sources);
  for (const [id, bytes] of [[BASE_ID, BASE], [TARGET_ID, TARGET]] as const) {
    assertEquals(await (await store.read(id)).bytes(), bytes);
  }
  let count = 0;
  for await (const batch of store.readBatches([TARGET_ID, BASE_ID])) {
    for (const result of batch) {
      assert(result.ok);
      count++;
    }
  }
  assertEquals(count, 2);
});

testGit("a pack with damage anywhere is read whole while every object is loose as well", async (folder) => {
  const repository = `${folder}/r.git`;
  await makeRepository(repository, { packing: ["loose"], commits: 15 });
  const list = await gitBytes(repository, ["rev-list", "--objects", "--all"]);
  await git(repository, ["pack-objects", "-q", `${repository}/objects/pack/pack`], list);
  const packs = `${repository}/objects/pack`;
  const name = (await Array.fromAsync(Deno.readDir(packs), ({ name }) => name)).find((name) =>
    name.endsWith(".pack")
  )!;
  const good = await Deno.readFile(`${packs}/${name}`);
  await Deno.remove(`${packs}/${name}`);
  const seeded = new Random(5);
  for (let round = 0; round < 8; round++) {
    const bad = good.slice();
    for (let i = 0; i < 5; i++) bad[12 + seeded.below(bad.length - 32)]! ^= 1 << seeded.below(8);
    await Deno.writeFile(`${packs}/${name}`, bad);
    await using database = await GitDatabase.open(repository);
    const ids = await Array.fromAsync(database.ids());
    let count = 0;
    for await (const batch of database.readBatches(ids, { verifyChecksums: true })) {
      for (const result of batch) {
        if (!result.ok) throw result.error;
        count++;
      }
    }
    assertEquals(count, ids.length);
  }
});
