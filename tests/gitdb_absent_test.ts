/**
 * Objects that are not there, or not there yet: many at once, among packs, loose objects and alternates.
 */
import { createGitPack, GitDatabase, GitMemoryStore, GitObjectId } from "@sluice/gitdb";
import { assert, assertEquals } from "@std/assert";
import { testBackends } from "./_backends.ts";
import { Random } from "./_data.ts";

const EMPTY_BLOB = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";

/** An `objects` folder with one pack and some loose objects; returns the ids of all. */
async function makeObjects(folder: string, count: number, seed: string): Promise<GitObjectId[]> {
  await Deno.mkdir(`${folder}/pack`, { recursive: true });
  const memory = new GitMemoryStore();
  const packed: GitObjectId[] = [];
  for (let i = 0; i < count; i++) {
    packed.push(await memory.write({ type: "blob", body: `${seed} packed ${i}` }));
  }
  await createGitPack(`${folder}/pack`, memory, packed.map((id) => ({ id })), { durable: false });
  await using database = await GitDatabase.open(folder);
  const loose: GitObjectId[] = [];
  for (let i = 0; i < count; i++) {
    loose.push(await database.write({ type: "blob", body: `${seed} loose ${i}` }));
  }
  return [...packed, ...loose];
}

async function withObjects(run: (folder: string, ids: GitObjectId[]) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const ids = await makeObjects(`${folder}/objects`, 90, "own");
    for (const name of ["a", "b"]) ids.push(...await makeObjects(`${folder}/${name}`, 20, name));
    await Deno.mkdir(`${folder}/objects/info`, { recursive: true });
    await Deno.writeTextFile(`${folder}/objects/info/alternates`, "../a\n../b\n");
    await run(`${folder}/objects`, ids);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

testBackends(
  "absent ids among many are told, and all others are read, in order and not",
  () =>
    withObjects(async (folder, ids) => {
      const random = new Random(6);
      const mixed: GitObjectId[] = [];
      for (const id of [...ids, GitObjectId.from(EMPTY_BLOB)]) {
        mixed.push(id, GitObjectId.from(random.bytes(20)));
      }
      const odd = mixed.flatMap((_, i) => i % 2 === 1 ? [i] : []);
      const even = mixed.flatMap((_, i) => i % 2 === 0 ? [i] : []);
      await using database = await GitDatabase.open(folder);
      for (const ordered of [false, true]) {
        for (const window of [undefined, 70, 7]) {
          const missed: number[] = [];
          const onMissing = (index: number, id: GitObjectId): void => {
            assertEquals(`${id}`, `${mixed[index]}`);
            missed.push(index);
          };
          const infos = (await Array.fromAsync(database.infoBatches(mixed, { ordered, window, onMissing })))
            .flat();
          assertEquals(infos.map(({ index }) => index), even);
          assertEquals(missed.splice(0).sort((a, b) => a - b), odd);
          const batches = database.readBatches(mixed, { ordered, window, onMissing });
          const objects = (await Array.fromAsync(batches, ({ results }) => results)).flat();
          assertEquals(objects.map(({ index }) => index).sort((a, b) => a - b), even);
          assertEquals(missed.sort((a, b) => a - b), odd);
          for (const result of [...infos, ...objects]) {
            assert(result.ok);
            assertEquals(`${result.value.id}`, `${mixed[result.index]}`);
          }
          const told = (await Array.fromAsync(database.infoBatches(mixed, { ordered, window }))).flat();
          assertEquals(told.map(({ ok }) => ok), mixed.map((_, i) => i % 2 === 0));
          for (const result of told) assert(result.ok || result.error.code === "OBJECT_NOT_FOUND");
        }
      }
    }),
);

testBackends(
  "objects that come after the first look are found by bulk calls",
  () =>
    withObjects(async (folder, ids) => {
      await using database = await GitDatabase.open(folder);
      const absent = Array.from({ length: 80 }, (_, i) => GitObjectId.from(new Random(i + 1).bytes(20)));
      const before = (await Array.fromAsync(database.infoBatches([...ids, ...absent]))).flat();
      assertEquals(before.filter(({ ok }) => ok).length, ids.length);
      const alternate = await makeObjects(`${folder}/../a`, 30, "new in an alternate");
      const own = await makeObjects(folder, 30, "new");
      const wanted = [...own, ...absent, ...alternate];
      const isThere = wanted.map((id) => !absent.includes(id));
      const infos = (await Array.fromAsync(database.infoBatches(wanted))).flat();
      assertEquals(infos.map(({ ok }) => ok), isThere);
      const later = await makeObjects(folder, 30, "later");
      const results = (await Array.fromAsync(database.readBatches([...absent, ...later]), (batch) =>
        batch.results)).flat();
      assertEquals(results.filter(({ ok }) => ok).length, later.length);
    }),
);
