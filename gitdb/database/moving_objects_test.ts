import { assert, assertEquals, assertRejects } from "@std/assert";
import { GitCompoundDatabase, GitMemoryStore, NotFoundError } from "../mod.ts";
import type { GitObjectId } from "../mod.ts";

/** A store whose content is somewhere else each time that it is looked for, until it has been looked for often enough. */
class MovingStore extends GitMemoryStore {
  readonly #looks: number;
  looked = 0;

  constructor(looks: number) {
    super();
    this.#looks = looks;
  }

  override async refresh(): Promise<boolean> {
    if (++this.looked === this.#looks) await this.write({ type: "blob", body: "moved" });
    return this.looked <= this.#looks;
  }
}

async function idOf(body: string): Promise<GitObjectId> {
  await using store = new GitMemoryStore();
  return await store.write({ type: "blob", body });
}

Deno.test("an object that is packed again while it is looked for is found, in every way of asking", async () => {
  const id = await idOf("moved");
  const ways: Record<string, (database: GitCompoundDatabase) => Promise<unknown>> = {
    read: async (database) => await (await database.read(id)).text(),
    info: async (database) => (await database.info(id)).size,
    has: (database) => database.has(id),
    readBatches: async (database) => {
      for await (const batch of database.readBatches([id])) {
        for (const result of batch) return result.ok && await result.value.text();
      }
      return undefined;
    },
    infoBatches: async (database) => {
      for await (const batch of database.infoBatches([id])) {
        for (const result of batch) return result.ok && result.value.size;
      }
      return undefined;
    },
  };
  for (const [name, ask] of Object.entries(ways)) {
    const store = new MovingStore(5);
    await using database = new GitCompoundDatabase([store]);
    assert(await ask(database), name);
    assertEquals(store.looked, 5, name);
  }
});

Deno.test("what never comes is given up", async () => {
  const id = await idOf("nowhere");
  await using database = new GitCompoundDatabase([new MovingStore(Infinity)]);
  await assertRejects(() => database.read(id), NotFoundError);
  assertEquals(await database.has(id), false);
});
