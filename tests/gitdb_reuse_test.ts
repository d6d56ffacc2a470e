/**
 * Packs made on several threads, and with deltas that other packs have already.
 */
import { assert, assertEquals } from "@std/assert";
import { createGitPack, GitDatabase, makeGitDelta, PackStore } from "@sluice/gitdb";
import type { GitCreatePackOptions, SluiceProgress } from "@sluice/gitdb";
import { git, makeRepository, testGit } from "./_git.ts";
import { idOf, rawPack } from "./_git_pack.ts";
import { byteSourceFromBytes } from "@sluice/internal";
import { Random } from "./_data.ts";

const LIST = ["cat-file", "--batch-all-objects", "--batch-check", "--unordered"];

/** Packs everything into a fresh repository; returns the pack's name and size, and its longest chain. */
async function packAll(
  repository: string,
  target: string,
  options: GitCreatePackOptions,
): Promise<{ name: string; size: number; depth: number }> {
  await git(".", ["init", "-q", "--bare", target]);
  await using database = await GitDatabase.open(repository);
  const ids = await Array.fromAsync(database.ids());
  const reports: SluiceProgress[] = [];
  const { name } = await createGitPack(`${target}/objects/pack`, database, ids.map((id) => ({ id })), {
    ...options,
    onProgress: (report) => reports.push(report),
  });
  const path = `${target}/objects/pack/${name}`;
  const last = reports.at(-1)!;
  let total = 0;
  for (const id of ids) total += (await database.info(id)).size;
  assertEquals([reports.length, last.bytesIn, last.total], [ids.length, total, total]);
  // What follows the last object is the checksum.
  assertEquals(last.bytesOut, (await Deno.stat(`${path}.pack`)).size - 20);
  await git(target, ["index-pack", "--strict", "--verify", `${path}.pack`]);
  const lines = async (folder: string) => (await git(folder, LIST)).trim().split("\n").sort();
  assertEquals(await lines(target), await lines(repository));
  await using packs = await PackStore.open(`${target}/objects/pack`);
  let depth = 0;
  for await (const row of packs.packs[0]!.list()) depth = Math.max(depth, row.packed!.depth);
  return { name, size: (await Deno.stat(`${path}.pack`)).size, depth };
}

testGit("deltas of other packs are copied as they are, as deep as is allowed", async (folder) => {
  const repository = `${folder}/r.git`;
  await makeRepository(repository, { packing: ["loose"], commits: 40 });
  await git(repository, ["repack", "-adfq", "--window=30", "--depth=40"]);
  const without = await packAll(repository, `${folder}/a.git`, { window: 0, reuseDeltas: false });
  const copied = await packAll(repository, `${folder}/b.git`, { window: 0 });
  const shallow = await packAll(repository, `${folder}/c.git`, { window: 0, depth: 3 });
  assertEquals(without.depth, 0);
  assert(
    copied.depth > 3 && copied.size < without.size / 2,
    `${copied.size} of ${without.size}, ${copied.depth}`,
  );
  assert(shallow.depth === 3 && shallow.size > copied.size, `${shallow.depth}`);
});

testGit("a pack does not depend on the number of threads", async (folder) => {
  const repository = `${folder}/r.git`;
  await makeRepository(repository, { packing: ["loose", "pack"], commits: 25 });
  const names = new Set<string>();
  for (const threads of [0, 1, 2, 5]) {
    names.add((await packAll(repository, `${folder}/t${threads}.git`, { threads, reuseDeltas: false })).name);
  }
  assertEquals(names.size, 1);
});

testGit("damaged deltas are not copied where the object can be read elsewhere", async (folder) => {
  const repository = `${folder}/r.git`;
  await makeRepository(repository, { packing: ["loose"], commits: 20 });
  const list = await git(repository, ["rev-list", "--objects", "--all"]);
  const packs = `${repository}/objects/pack`;
  await git(repository, ["pack-objects", "-q", `${packs}/pack`], new TextEncoder().encode(list));
  const names = await Array.fromAsync(Deno.readDir(packs), ({ name }) => name);
  const path = `${packs}/${names.find((name) => name.endsWith(".pack"))}`;
  const bytes = await Deno.readFile(path);
  for (let at = 200; at < bytes.length - 20; at += 700) bytes[at]! ^= 0x10;
  await Deno.remove(path);
  await Deno.writeFile(path, bytes);
  await packAll(repository, `${folder}/a.git`, { window: 5 });
});

testGit("deltas that lead in a circle through two packs are cut", async (folder) => {
  const random = new Random(9);
  const one = random.bytes(2000);
  const two = one.map((byte, i) => i % 300 === 0 ? byte ^ 1 : byte);
  const [a, b] = [idOf("blob", one), idOf("blob", two)];
  const made = [
    rawPack([
      { kind: 3, content: two, id: b },
      { kind: 7, base: Uint8Array.fromHex(b), content: makeGitDelta(two, one)!, id: a },
    ]),
    rawPack([
      { kind: 3, content: one, id: a },
      { kind: 7, base: Uint8Array.fromHex(a), content: makeGitDelta(one, two)!, id: b },
    ]),
  ];
  for (const packs of [made, made.toReversed()]) {
    await using source = await PackStore.fromSources(packs.map((pack, i) => ({
      name: `${i}`,
      pack: byteSourceFromBytes(pack.pack),
      index: byteSourceFromBytes(pack.index),
    })));
    await Deno.mkdir(`${folder}/out`);
    await createGitPack(`${folder}/out`, source, [{ id: a }, { id: b }]);
    await using store = await PackStore.open(`${folder}/out`);
    assertEquals(await (await store.read(a, { verifyChecksums: true })).bytes(), one);
    assertEquals(await (await store.read(b, { verifyChecksums: true })).bytes(), two);
    await Deno.remove(`${folder}/out`, { recursive: true });
  }
});
