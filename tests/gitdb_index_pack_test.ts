/**
 * Packs without an index: their indexes are git's own, on both backends, whatever the sizes of their entries, and each kind
 * of damage is told with its place.
 */
import {
  applyGitDelta,
  buildGitPackIndex,
  GitObjectId,
  PackStore,
  streamGitPackEntries,
} from "@sluice/gitdb";
import { CorruptDataError, LimitExceededError } from "@sluice/internal";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { configureBackend } from "@sluice/ffi";
import { encodeGitPackEntryHeader } from "@sluice/gitdb/format";
import { BACKENDS } from "./_backends.ts";
import { sluice } from "./_cli.ts";
import { Random } from "./_data.ts";
import { git, gitBytes, makeRepository, testGit } from "./_git.ts";
import { DeltaTrees } from "../gitdb/pack/_delta_trees.ts";
import { PackTable } from "../gitdb/pack/_pack_table.ts";

async function packOf(repository: string, options: readonly string[]): Promise<Uint8Array<ArrayBuffer>> {
  const list = await gitBytes(repository, ["rev-list", "--objects", "--all"]);
  const pack = await gitBytes(repository, ["pack-objects", "--stdout", "-q", ...options], list);
  return pack as Uint8Array<ArrayBuffer>;
}

/** Adds blobs that no window of a walk holds: content that does not shrink, and content that shrinks to almost nothing. */
async function addLargeBlobs(folder: string, repository: string): Promise<void> {
  const noise = new Random(5).bytes(2_500_000);
  const changed = noise.slice();
  changed.set(new Random(6).bytes(40), 1_200_000);
  let tree = "";
  for (const [i, body] of [noise, changed, new Uint8Array(17 << 20)].entries()) {
    await Deno.writeFile(`${folder}/blob`, body);
    const id = (await git(repository, ["hash-object", "-w", `${folder}/blob`])).trim();
    tree += `100644 blob ${id}\tb${i}\n`;
  }
  const id = (await git(repository, ["mktree"], new TextEncoder().encode(tree))).trim();
  const commit = (await git(repository, ["commit-tree", "-m", "large", id])).trim();
  await git(repository, ["update-ref", "refs/heads/large", commit]);
}

testGit("entries of every size and form are indexed as git does it", async (folder) => {
  const repository = `${folder}/r.git`;
  await makeRepository(repository, { commits: 25 });
  await addLargeBlobs(folder, repository);
  for (const options of [["--delta-base-offset"], []]) {
    const pack = await packOf(repository, options);
    const path = `${folder}/p${options.length}.pack`;
    await Deno.writeFile(path, pack);
    await git(folder, ["index-pack", "--rev-index", path]);
    const index = await Deno.readFile(path.replace(/pack$/, "idx"));
    const reverse = await Deno.readFile(path.replace(/pack$/, "rev"));
    for (const source of [path, new URL(`file://${path}`), pack, new Blob([pack])]) {
      const built = await buildGitPackIndex(source, { threads: 2 });
      assertEquals([built.index, built.reverseIndex], [index, reverse]);
    }
    await git(folder, ["index-pack", "--index-version=1", "-o", `${folder}/one.idx`, path]);
    const first = await buildGitPackIndex(path, { indexVersion: 1 });
    assertEquals(first.index, await Deno.readFile(`${folder}/one.idx`));
    await Deno.remove(`${folder}/one.idx`);
    const printed = await sluice(["gitdb", "index-pack", "-o", `${folder}/ours.idx`, path], { cwd: folder });
    const checksum = new TextDecoder().decode(printed.stdout).trim();
    assertEquals([printed.code, checksum], [0, first.checksum]);
    assertEquals(await Deno.readFile(`${folder}/ours.idx`), index);
    await Deno.remove(`${folder}/ours.idx`);
  }
});

testGit(
  "entries are walked without an index from any of them, and chains come with their content",
  async (folder) => {
    const repository = `${folder}/r.git`;
    await makeRepository(repository, { commits: 25 });
    await addLargeBlobs(folder, repository);
    for (const options of [["--delta-base-offset"], []]) {
      const pack = await packOf(repository, options);
      const { index } = await buildGitPackIndex(pack);
      await using store = await PackStore.fromSources([{ name: "p", pack, index }]);
      const view = store.packs[0]!;
      const offsets = (await Array.fromAsync(view.entries())).map(({ offset }) => offset);
      const walked: number[] = [];
      for await (const entry of streamGitPackEntries(pack)) {
        walked.push(entry.offset);
        if (entry.size <= 1 << 20 || entry.raw[0] !== 0) {
          assertEquals(
            entry,
            await view.entryAt(entry.offset),
          );
        } else assert(entry.raw.length === entry.size);
      }
      assertEquals(walked, offsets);
      const last = offsets.slice(-5);
      const tail = await Array.fromAsync(streamGitPackEntries(new Blob([pack]), { offset: last[0]! }));
      assertEquals(tail.map(({ offset }) => offset), last);
      let deep = 0;
      for (const offset of offsets) {
        const chain = await view.collectChain(offset);
        assertEquals(chain.map(({ raw: _, ...info }) => info), await view.chainAt(offset));
        // The newest is made of the oldest by all deltas between.
        if (chain.length === 1 || chain.at(-1)!.size > 1 << 20) continue;
        deep++;
        const body = chain.slice(0, -1).reduceRight(
          (base, { raw }) => applyGitDelta(base, raw),
          chain.at(-1)!.raw,
        );
        const object = await view.readAt(offset, GitObjectId.zero());
        assertEquals(body, await object.bytes());
      }
      assert(deep > 10);
      await assertRejects(
        () => Array.fromAsync(streamGitPackEntries(pack, { offset: last[1]! + 1 })),
        CorruptDataError,
      );
      await assertRejects(
        () => Array.fromAsync(streamGitPackEntries(pack, { maxObjectSize: 1000 })),
        LimitExceededError,
      );
      await assertRejects(() => Array.fromAsync(streamGitPackEntries(pack.slice(0, -900))), CorruptDataError);
    }
  },
);

/** The checksum that a pack should end with. */
async function sealed(entries: Uint8Array, count: number): Promise<Uint8Array<ArrayBuffer>> {
  const body = new Uint8Array(12 + entries.length);
  body.set([0x50, 0x41, 0x43, 0x4b, 0, 0, 0, 2, 0, 0, 0, count]);
  body.set(entries, 12);
  const pack = new Uint8Array(body.length + 20);
  pack.set(body);
  pack.set(new Uint8Array(await crypto.subtle.digest("SHA-1", body)), body.length);
  return pack;
}

async function deflated(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** One blob whose header may say another size than it has. */
async function entry(body: Uint8Array<ArrayBuffer>, size = body.length): Promise<Uint8Array<ArrayBuffer>> {
  const head = encodeGitPackEntryHeader({ type: "blob", size });
  return new Uint8Array([...head, ...await deflated(body)]);
}

for (const backend of BACKENDS) {
  Deno.test(`each kind of damage is told with its place [${backend}]`, async () => {
    configureBackend(backend);
    const small = await entry(new TextEncoder().encode("small\n"));
    const noise = await entry(new Random(9).bytes(1_400_000));
    const cases: [string, Uint8Array<ArrayBuffer>, number, string, number][] = [
      ["a type that is none", new Uint8Array([...small, 0x50, 1]), 2, "breaks the rules", 12 + small.length],
      ["a delta on itself", new Uint8Array([...small, 0x64, 0, 1]), 2, "breaks the rules", 12 + small.length],
      ["too few", small, 2, "it ends after 1 of 2 objects", 12 + small.length],
      [
        "too many",
        new Uint8Array([...small, ...small]),
        1,
        `${small.length} bytes follow`,
        12 + small.length,
      ],
      ["too long", await entry(new TextEncoder().encode("small\n"), 5), 1, "longer than its header says", 12],
      [
        "too short",
        await entry(new TextEncoder().encode("small\n"), 7),
        1,
        "shorter than its header says",
        12,
      ],
      ["damaged", new Uint8Array([...small.slice(0, 3), 0xff, 0xff, ...small.slice(5)]), 1, "is corrupt", 13],
      ["cut", noise.slice(0, noise.length - 9), 1, "a stream ends too early", 12 + noise.length - 9],
    ];
    for (const [name, entries, count, message, offset] of cases) {
      const pack = await sealed(entries, count);
      const error = await assertRejects(() => buildGitPackIndex(pack), CorruptDataError, message, name);
      assertEquals([error.code, error.offset], ["CORRUPT_PACK", offset], name);
    }
    const wrong = await sealed(small, 1);
    wrong[wrong.length - 1]! ^= 1;
    await assertRejects(() => buildGitPackIndex(wrong), CorruptDataError, "its checksum is wrong");
    const good = await sealed(new Uint8Array([...small, ...noise]), 2);
    await assertRejects(
      () => buildGitPackIndex(good, { maxObjectSize: 1_399_999 }),
      LimitExceededError,
      "byte ",
    );
    await assertRejects(() => buildGitPackIndex(good, { maxObjects: 1 }), LimitExceededError);
    assertEquals((await buildGitPackIndex(good)).count, 2);
    const twice = await sealed(new Uint8Array([...small, ...small]), 2);
    assertEquals((await buildGitPackIndex(twice)).count, 2);
    await assertRejects(() => buildGitPackIndex(twice, { strict: true }), CorruptDataError, "twice");
    // A header that promises what no stream can hold takes no memory for it.
    const bomb = new Uint8Array([...encodeGitPackEntryHeader({ type: "blob", size: 2 ** 50 }), 0x78, 0x9c]);
    await assertRejects(async () => await buildGitPackIndex(await sealed(bomb, 1)), CorruptDataError);
  });
}

Deno.test("rows are sorted by whole ids, and equal ids stay in their order", () => {
  const random = new Random(12);
  for (const algorithm of ["sha1", "sha256"] as const) {
    const table = new PackTable(algorithm);
    const ids: GitObjectId[] = [];
    for (let i = 0; i < 500; i++) {
      const bytes = new Uint8Array(table.hashSize);
      // Many have their first bytes in common, and some all of them.
      bytes.set([0xff, random.below(2), 7, 7, random.below(9), random.below(9)]);
      bytes[table.hashSize - 1] = random.below(3);
      ids.push(GitObjectId.from(bytes));
      table.push(ids[i]!, i * 2 ** 25, i);
    }
    const wanted = ids.map((_, i) => i).sort((a, b) => GitObjectId.compare(ids[a]!, ids[b]!) || a - b);
    assertEquals([...table.sorted], wanted);
    assert(table.hasDuplicates);
    assertEquals(table.offsetAt(499), 499 * 2 ** 25);
    assertEquals([...table.everyId()].map(String), ids.map(String));
  }
});

Deno.test("entries of a pack are made in groups of whole trees", () => {
  const random = new Random(31);
  const table = new PackTable("sha1");
  const trees = new DeltaTrees(table);
  const roots: number[] = [];
  for (let row = 0; row < 5000; row++) {
    table.extend(1);
    [table.places[2 * row], table.places[2 * row + 1]] = [row * 16 + 12, row >> 11];
    const base = row > 0 && random.below(10) < 8 ? random.below(row) : undefined;
    roots.push(base === undefined ? row : roots[base]!);
    trees.add(base === undefined ? 0 : table.offsetAt(base));
  }
  const groups = Array.from(trees.groups(300), (rows) => [...rows]);
  assertEquals(groups.flat().sort((a, b) => a - b), roots.map((_, row) => row));
  const last = new Map<number, number>();
  for (const [at, rows] of groups.entries()) {
    for (const row of rows) assertEquals(last.get(roots[row]!) ?? at, at, "a tree is in two groups");
    for (const row of rows) last.set(roots[row]!, at);
    if (at < groups.length - 1) assert(rows.length >= 300, `${rows.length} rows`);
  }
  assert(groups.length > 1, `${groups.length} groups`);
  // A base that is named by its id may be any entry.
  table.extend(1);
  [table.places[10_000], table.places[10_001]] = [5000 * 16 + 12, 2];
  trees.add(2 ** 64);
  assertEquals([...trees.groups(300)].length, 1);
});
