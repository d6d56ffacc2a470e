/**
 * Look-ups through multi-pack indexes and reverse indexes: those that git writes, stale ones, damaged ones, and layers.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { buildGitMultiPackIndex, GitDatabase, PackStore } from "@sluice/gitdb";
import type { GitObjectId } from "@sluice/gitdb";
import { NotFoundError } from "@sluice/internal";
import { git, makeRepository, testGit } from "./_git.ts";

/** A repository of three packs without loose objects, and the folder of its packs. */
async function makePacks(folder: string, sha256 = false): Promise<string> {
  const repository = `${folder}/r.git`;
  await makeRepository(repository, { packing: ["pack", "pack", "pack"], commits: 8, sha256 });
  return `${repository}/objects/pack`;
}

async function namesOf(packs: string, ending: string): Promise<string[]> {
  const names = await Array.fromAsync(Deno.readDir(packs), ({ name }) => name);
  return names.filter((name) => name.endsWith(ending)).sort();
}

/** Makes files writable that git protects. */
async function overwrite(path: string, change: (bytes: Uint8Array) => Uint8Array): Promise<void> {
  const bytes = change(await Deno.readFile(path));
  await Deno.remove(path);
  await Deno.writeFile(path, bytes as Uint8Array<ArrayBuffer>);
}

/** Spoils the ids of a pack's own index, so that nothing is found through it. */
function withoutIds(hashSize: number): (bytes: Uint8Array) => Uint8Array {
  return (bytes) => {
    const count = new DataView(bytes.buffer).getUint32(8 + 1020);
    return bytes.fill(0, 1032, 1032 + count * hashSize);
  };
}

async function readAll(packs: string, ids: readonly GitObjectId[]): Promise<void> {
  await using store = await PackStore.open(packs, { hashAlgorithm: ids[0]!.algorithm });
  let count = 0;
  for await (const batch of store.readBatches(ids, { verifyChecksums: true })) {
    using _ = batch;
    for (const result of batch) {
      if (!result.ok) throw result.error;
      count++;
    }
  }
  assertEquals(count, ids.length);
  for (const id of ids.slice(0, 20)) {
    assert((await store.read(id, { verifyChecksums: true })).id.equals(id));
    assert((await store.resolvePrefix(`${id}`.slice(0, 20))).equals(id));
  }
  assertEquals((await store.candidates("0", 1000).catch(() => [])).length, 0);
  const two = `${ids[0]}`.slice(0, 2);
  assertEquals(
    (await store.candidates(two)).map(String),
    ids.map(String).filter((id) => id.startsWith(two)).sort(),
  );
}

for (const sha256 of [false, true]) {
  testGit(
    `objects are found through git's multi-pack index alone${sha256 ? ", SHA-256" : ""}`,
    async (folder) => {
      const packs = await makePacks(folder, sha256);
      const options = { hashAlgorithm: sha256 ? "sha256" : "sha1" } as const;
      await using before = await PackStore.open(packs, options);
      const ids = await Array.fromAsync(before.ids());
      await git(`${folder}/r.git`, ["multi-pack-index", "write"]);
      for (const name of await namesOf(packs, ".idx")) {
        await overwrite(`${packs}/${name}`, withoutIds(sha256 ? 32 : 20));
      }
      await readAll(packs, ids);
      await Deno.remove(`${packs}/multi-pack-index`);
      await using blind = await PackStore.open(packs, options);
      await assertRejects(() => blind.read(ids[5]!), NotFoundError);
    },
  );
}

testGit("layers of an incremental multi-pack index are read, the newest first", async (folder) => {
  const packs = await makePacks(folder);
  await using before = await PackStore.open(packs);
  const ids = await Array.fromAsync(before.ids());
  const layers: string[] = [];
  await Deno.mkdir(`${packs}/multi-pack-index.d`);
  for (const part of [before.packs.slice(0, 1), before.packs.slice(1)]) {
    const bytes = await buildGitMultiPackIndex(part, "sha1", { version: part.length === 1 ? 1 : 2 });
    const hex = bytes.slice(-20).toHex();
    layers.push(hex);
    await Deno.writeFile(`${packs}/multi-pack-index.d/multi-pack-index-${hex}.midx`, bytes);
  }
  const chain = `${packs}/multi-pack-index.d/multi-pack-index-chain`;
  await Deno.writeTextFile(chain, layers.map((hex) => `${hex}\n`).join(""));
  for (const name of await namesOf(packs, ".idx")) await overwrite(`${packs}/${name}`, withoutIds(20));
  await readAll(packs, ids);

  const warnings: Error[] = [];
  await Deno.writeTextFile(chain, "../../somewhere\n");
  await using blind = await PackStore.open(packs, { onWarning: (error) => warnings.push(error) });
  await assertRejects(() => blind.read(ids[5]!), NotFoundError);
  assertEquals(warnings.length, 1);
});

testGit("a multi-pack index that appears, goes stale or goes away is followed", async (folder) => {
  const packs = await makePacks(folder);
  const repository = `${folder}/r.git`;
  await using database = await GitDatabase.open(repository);
  const ids = await Array.fromAsync(database.ids());
  await git(repository, ["multi-pack-index", "write"]);
  await database.packs.refresh({ force: true });
  for (const id of ids) await database.read(id, { verifyChecksums: true });

  // A pack that came later is in no multi-pack index.
  const [blob] = (await git(repository, ["hash-object", "-w", "--stdin"], new TextEncoder().encode("late")))
    .split("\n");
  await git(repository, ["pack-objects", "-q", `${packs}/pack`], new TextEncoder().encode(`${blob}\n`));
  await git(repository, ["prune-packed", "-q"]);
  assertEquals(await (await database.read(blob!)).text(), "late");

  // A pack that is gone: what it alone had is missing, what others have is not.
  await using store = await PackStore.open(packs);
  const [first] = store.packs;
  const lost = new Set((await Array.fromAsync(first!.index.entries())).map(({ id }) => `${id}`));
  for (const other of store.packs.slice(1)) {
    for await (const { id } of other.index.entries()) lost.delete(`${id}`);
  }
  for (const ending of [".idx", ".pack", ".rev"]) {
    await Deno.remove(`${packs}/${first!.name}${ending}`).catch(() => {});
  }
  await using stale = await PackStore.open(packs);
  for (const id of ids) assertEquals(await stale.has(id), !lost.has(`${id}`));
  for (const id of ids) {
    const found = await stale.candidates(`${id}`.slice(0, 30));
    assertEquals(found.length, lost.has(`${id}`) ? 0 : 1);
  }
});

testGit(
  "a damaged multi-pack index is passed over with a warning, at every byte of its header",
  async (folder) => {
    const packs = await makePacks(folder);
    await using before = await PackStore.open(packs);
    const ids = await Array.fromAsync(before.ids());
    await git(`${folder}/r.git`, ["multi-pack-index", "write"]);
    const path = `${packs}/multi-pack-index`;
    const good = await Deno.readFile(path);
    await Deno.remove(path);
    const fanout = new DataView(good.buffer).getUint32(12 + 12 + 8);
    for (let at = 0; at < fanout + 40; at += at < 84 ? 1 : 7) {
      const bad = good.slice();
      bad[at]! ^= 0x55;
      await Deno.writeFile(path, bad);
      await using store = await PackStore.open(packs, { onWarning: () => {} });
      for (const id of [ids[0]!, ids[ids.length >> 1]!, ids.at(-1)!]) {
        assertEquals((await store.read(id, { verifyChecksums: true })).id, id);
      }
    }
    for (const size of [0, 11, 12, 50, 1000, good.length - 1]) {
      const warnings: Error[] = [];
      await Deno.writeFile(path, good.subarray(0, size));
      await using store = await PackStore.open(packs, { onWarning: (error) => warnings.push(error) });
      assertEquals((await store.read(ids[3]!)).id, ids[3]);
      assertEquals(warnings.length, 1, `cut to ${size} bytes`);
    }
  },
);

testGit(
  "storage order comes from a reverse index that fits, and is right where it does not",
  async (folder) => {
    const repository = `${folder}/r.git`;
    await makeRepository(repository, { packing: ["loose"], commits: 20 });
    await git(repository, ["-c", "pack.writeReverseIndex=true", "repack", "-adq"]);
    const packs = `${repository}/objects/pack`;
    const [name] = await namesOf(packs, ".rev");
    const path = `${packs}/${name}`;
    const order = async (): Promise<number[]> => {
      await using store = await PackStore.open(packs);
      return await Array.fromAsync(store.packs[0]!.entries(), ({ offset }) => offset);
    };
    const findings = async (): Promise<string[]> => {
      await using store = await PackStore.open(packs);
      return await Array.fromAsync(store.packs[0]!.verify({ level: "structure" }), ({ message }) => message);
    };
    const expected = await order();
    assertEquals(expected, expected.toSorted((a, b) => a - b));
    assertEquals(await findings(), []);
    const good = await Deno.readFile(path);
    await Deno.remove(path);
    assertEquals(await order(), expected);
    for (
      const [at, message] of [
        [0, "does not start"],
        [7, "version"],
        [11, "another hash"],
        [13, "wrong in row"],
        [good.length - 30, "another pack"],
        [good.length - 1, "checksum"],
      ] as const
    ) {
      const bad = good.slice();
      bad[at]! ^= 0x01;
      await Deno.writeFile(path, bad);
      assertEquals(await order(), expected);
      const [finding] = await findings();
      assert(finding?.includes(message), `byte ${at}: ${finding}`);
    }
    await Deno.writeFile(path, good.subarray(1));
    assertEquals(await order(), expected);
    assert((await findings())[0]?.includes("another size"));
  },
);
