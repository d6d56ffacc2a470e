/**
 * Packs that do not fit the memory for pages: natively they are read past the pages, else page after page. What comes out
 * is the same, whole, damaged and cut short.
 */
import { createGitPack, GitMemoryStore, PackStore } from "@sluice/gitdb";
import type { GitObjectId } from "@sluice/gitdb";
import { SluiceError } from "@sluice/internal";
import { assert, assertEquals } from "@std/assert";
import { testBackends } from "./_backends.ts";
import { Random, text } from "./_data.ts";

/** The least that a store keeps: packs of more than half of it count as large. */
const PAGES = 1 << 20;
const VERSIONS = 24;

/** A pack of 3 MB: chains of deltas on contents that do not shrink, and small objects between. */
async function makePack(folder: string): Promise<{ path: string; ids: GitObjectId[] }> {
  const random = new Random(21);
  const memory = new GitMemoryStore();
  const ids: GitObjectId[] = [];
  for (let file = 0; file < 20; file++) {
    const body = random.bytes(140_000 + random.below(9000));
    for (let version = 0; version < VERSIONS; version++) {
      body.set(random.bytes(20), random.below(body.length - 20));
      ids.push(await memory.write({ type: "blob", body: body.slice() }));
      ids.push(
        await memory.write({ type: "blob", body: text(200 + random.below(5000), file * 100 + version) }),
      );
    }
  }
  const { name } = await createGitPack(
    folder,
    memory,
    ids.map((id, i) => ({ id, path: `${i % 2} ${i >> 1}` })),
    {
      durable: false,
      window: 4,
    },
  );
  return { path: `${folder}/${name}.pack`, ids };
}

async function withPack(
  run: (folder: string, pack: { path: string; ids: GitObjectId[] }) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const pack = await makePack(folder);
    assert((await Deno.stat(pack.path)).size > 2 * PAGES);
    await run(folder, pack);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** By id, the size and a digest of each body that can be read, and how many can't. */
async function readAll(folder: string, ids: readonly GitObjectId[], pageCacheSize?: number) {
  const store = await PackStore.open(folder, pageCacheSize === undefined ? {} : { pageCacheSize });
  try {
    const read = new Map<string, string>();
    let failures = 0;
    for await (const batch of store.readBatches(ids, { verifyChecksums: true })) {
      using _ = batch;
      for (const result of batch) {
        if (!result.ok) {
          assert(result.error instanceof SluiceError);
          failures++;
        } else read.set(`${result.value.id}`, `${result.value.size} ${result.value.packed?.depth}`);
      }
    }
    return { read, failures };
  } finally {
    store.close();
  }
}

testBackends(
  "a pack larger than the memory for pages gives what one that fits gives",
  () =>
    withPack(async (folder, { ids }) => {
      const fits = await readAll(folder, ids);
      const large = await readAll(folder, ids, PAGES);
      assertEquals(fits.failures, 0);
      assertEquals(large.read, fits.read);
      assert([...large.read.values()].some((facts) => Number(facts.split(" ")[1]) > 3));
      const store = await PackStore.open(folder, { pageCacheSize: PAGES });
      try {
        const infos = (await Array.fromAsync(store.infoBatches(ids))).flat();
        for (const result of infos) {
          assert(result.ok);
          const { id, size, packed } = result.value;
          assertEquals(`${size} ${packed?.depth}`, fits.read.get(`${id}`));
          assertEquals((await store.info(id)).size, size);
        }
        for (const id of ids.slice(0, 60)) {
          assertEquals((await (await store.read(id)).bytes()).length > 0, true);
        }
        assert(store.memoryUsage < 100 * PAGES);
      } finally {
        store.close();
      }
    }),
);

testBackends(
  "damage in a large pack spares what does not stand on it",
  () =>
    withPack(async (folder, { path, ids }) => {
      const bytes = await Deno.readFile(path);
      const random = new Random(5);
      for (let i = 0; i < 6; i++) bytes[1000 + random.below(bytes.length - 2000)]! ^= 1 << random.below(8);
      await Deno.chmod(path, 0o644);
      await Deno.writeFile(path, bytes);
      const fits = await readAll(folder, ids);
      const large = await readAll(folder, ids, PAGES);
      assert(fits.failures > 0 && fits.read.size > 0);
      assertEquals([large.failures, large.read], [fits.failures, fits.read]);
    }),
);

testBackends(
  "a large pack that is cut short while it is open gives errors",
  () =>
    withPack(async (folder, { path, ids }) => {
      const store = await PackStore.open(folder, { pageCacheSize: PAGES });
      try {
        await Deno.chmod(path, 0o644);
        await Deno.truncate(path, (await Deno.stat(path)).size / 2);
        let failures = 0;
        try {
          for await (const batch of store.readBatches(ids)) {
            using _ = batch;
            failures += batch.results.filter(({ ok }) => !ok).length;
          }
        } catch (error) {
          assert(error instanceof SluiceError);
          failures++;
        }
        assert(failures > 0);
      } finally {
        store.close();
      }
    }),
);
