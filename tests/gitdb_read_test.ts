/**
 * Reading what git wrote: every object of repositories of every kind, through every way to read.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { GitDatabase, GitLooseStore, GitObjectId, makeGitDelta, PackStore, PackWriter } from "@sluice/gitdb";
import type { GitIdLike, GitObject, GitResult } from "@sluice/gitdb";
import { byteSourceFromBytes, NotFoundError } from "@sluice/internal";
import { liveHandleCount } from "@sluice/ffi";
import { BACKENDS, testBackends } from "./_backends.ts";
import { join, Random } from "./_data.ts";
import { inDirectory, testInDirectory } from "./_directory.ts";
import { git, GIT_IS_HERE, makeRepository } from "./_git.ts";
import type { RepositoryShape } from "./_git.ts";
import { distance, idOf, rawPack } from "./_git_pack.ts";
import { configureBackend } from "@sluice/ffi";

/** Repositories by what is special about them; with alternates the last one borrows from the first. */
const SHAPES: Readonly<Record<string, RepositoryShape & { readonly borrows?: boolean }>> = {
  "loose only": { packing: ["loose"], commits: 12 },
  "packs and loose": {
    packing: ["pack", "pack", "loose"],
    commits: 25,
    packOptions: ["--depth=50", "--window=20"],
  },
  "alternates": { packing: ["pack", "loose"], commits: 12, borrows: true },
  "SHA-256": { packing: ["pack", "loose"], commits: 15, sha256: true },
};

/** The lines of `git cat-file --batch-all-objects --batch-check`, sorted. */
async function gitLines(folder: string): Promise<string[]> {
  const text = await git(folder, ["cat-file", "--batch-all-objects", "--batch-check", "--unordered"]);
  return text.trim().split("\n").sort();
}

async function hashOf(object: GitObject): Promise<string> {
  const body = await object.bytes();
  const head = new TextEncoder().encode(`${object.type} ${object.size}\0`);
  const whole = new Uint8Array(head.length + body.length);
  whole.set(head);
  whole.set(body, head.length);
  const name = object.id.algorithm === "sha1" ? "SHA-1" : "SHA-256";
  return new Uint8Array(await crypto.subtle.digest(name, whole)).toHex();
}

function valueOf<T>(result: GitResult<T>): T {
  if (!result.ok) throw result.error;
  return result.value;
}

for (const [name, shape] of Object.entries(SHAPES)) {
  testInDirectory(
    `GitDatabase reads every object of git's: ${name}`,
    { ignore: !GIT_IS_HERE },
    async (folder) => {
      const repository = `${folder}/repository.git`;
      await makeRepository(repository, shape);
      if (shape.borrows) {
        await git(folder, ["clone", "-q", "--bare", "--shared", repository, "borrower.git"]);
        await git(
          `${folder}/borrower.git`,
          ["hash-object", "-w", "--stdin"],
          new TextEncoder().encode("own"),
        );
      }
      const path = shape.borrows ? `${folder}/borrower.git` : repository;
      const expected = await gitLines(path);
      for (const backend of BACKENDS) {
        configureBackend(backend);
        const before = liveHandleCount();
        try {
          await checkDatabase(path, expected);
        } finally {
          configureBackend("auto");
        }
        assertEquals(liveHandleCount(), before);
      }
    },
  );
}

async function checkDatabase(path: string, expected: readonly string[]): Promise<void> {
  await using database = await GitDatabase.open(path);
  const ids = await Array.fromAsync(database.ids());
  const sorted = ids.map(String);
  assertEquals(sorted, [...sorted].sort());
  assertEquals(await database.count(), expected.length);

  const infos = await Array.fromAsync(ReadableStream.from<GitIdLike>(ids).pipeThrough(database.infoStream()));
  const lines = infos.map((result) => {
    const { id, type, size } = valueOf(result);
    return `${id} ${type} ${size}`;
  });
  assertEquals(lines.sort(), expected);

  for (const id of ids.slice(0, 50)) {
    const object = await database.read(id);
    const info = await database.info(id);
    assertEquals([info.type, info.size], [object.type, object.size]);
    assertEquals(await hashOf(object), `${id}`);
    assert(await database.has(id));
  }

  for (const ordered of [false, true]) {
    let count = 0;
    let last = -1;
    for await (const batch of database.readBatches(ids, { ordered, threads: 2, verifyChecksums: true })) {
      using _ = batch;
      for (const result of batch) {
        const object = valueOf(result);
        assertEquals(await hashOf(object), `${ids[result.index]}`);
        if (ordered) assertEquals(result.index, last + 1);
        last = result.index;
        count++;
      }
    }
    assertEquals(count, ids.length);
  }

  const seen = new Set<string>();
  const objects = ReadableStream.from<GitIdLike>(ids.map(String)).pipeThrough(database.objectStream());
  for await (const result of objects) {
    const object = valueOf(result);
    let size = 0;
    for await (const chunk of object.body) size += chunk.length;
    assertEquals(size, object.size);
    seen.add(`${object.id}`);
  }
  assertEquals(seen.size, ids.length);

  const missing = GitObjectId.from("12".repeat(sorted[0]!.length / 2));
  await assertRejects(() => database.read(missing), NotFoundError);
  assertEquals(await database.has(missing), false);
  const { readable, writable } = database.hasStream();
  const writer = writable.getWriter();
  const reader = readable.getReader();
  // One at a time: a result does not wait for further ids.
  for (const id of [ids[0]!, missing]) {
    const wrote = writer.write(id);
    assertEquals((await reader.read()).value?.present, id === ids[0]);
    await wrote;
  }
  await writer.close();
  assertEquals((await reader.read()).done, true);

  const prefix = sorted[0]!.slice(0, 12);
  assertEquals(`${await database.resolvePrefix(prefix.toUpperCase())}`, sorted[0]);
  assertEquals(
    (await database.candidates(sorted[0]!.slice(0, 2))).map(String),
    sorted.filter((id) => id.startsWith(sorted[0]!.slice(0, 2))),
  );
}

testInDirectory(
  "PackStore reads through byte sources what it reads from files",
  { ignore: !GIT_IS_HERE },
  async (folder) => {
    await makeRepository(folder, {
      packing: ["pack"],
      commits: 60,
      packOptions: ["--depth=30", "-f", "-a"],
    });
    const names = [...Deno.readDirSync(`${folder}/objects/pack`)].map(({ name }) => name);
    const name = names.find((name) => name.endsWith(".pack"))!.slice(0, -".pack".length);
    const read = (ending: string) =>
      byteSourceFromBytes(Deno.readFileSync(`${folder}/objects/pack/${name}${ending}`));
    for (const backend of BACKENDS) {
      await using store = await PackStore.fromSources(
        [{ name, pack: read(".pack"), index: read(".idx") }],
        { backend },
      );
      const ids = await Array.fromAsync(store.ids({ order: "storage" }));
      let count = 0;
      for await (const batch of store.readBatches(ids, { verifyChecksums: true })) {
        for (const result of batch) {
          valueOf(result);
          count++;
        }
      }
      assertEquals(count, ids.length);
      assertEquals(await hashOf(await store.read(ids[3]!)), `${ids[3]}`);
      const findings = await Array.fromAsync(store.packs[0]!.verify());
      assertEquals(findings, []);
    }
  },
);

const changedAt = (bytes: Uint8Array<ArrayBuffer>, step: number): Uint8Array<ArrayBuffer> =>
  bytes.map((byte, i) => i % step === 0 ? byte ^ 1 : byte);

testBackends("a delta by id may stand on a delta by distance, and on one in another pack", async () => {
  const first = new Random(51).bytes(2000);
  const [second, third, fourth] = [300, 400, 500].map((step) => changedAt(first, step));
  const ids = [first, second!, third!, fourth!].map((bytes) => idOf("blob", bytes));
  const full = { kind: 3, content: first, id: ids[0]! };
  const start = rawPack([full]).pack.length - 20;
  const packs = [
    rawPack([
      full,
      { kind: 6, base: distance(start - 12), content: makeGitDelta(first, second!)!, id: ids[1]! },
      { kind: 7, base: Uint8Array.fromHex(ids[1]!), content: makeGitDelta(second!, third!)!, id: ids[2]! },
    ]),
    rawPack([{
      kind: 7,
      base: Uint8Array.fromHex(ids[2]!),
      content: makeGitDelta(third!, fourth!)!,
      id: ids[3]!,
    }]),
  ];
  await using store = await PackStore.fromSources(packs.map(({ pack, index }, i) => ({
    name: `${i}`,
    pack: byteSourceFromBytes(pack),
    index: byteSourceFromBytes(index),
  })));
  for (const [i, bytes] of [first, second!, third!, fourth!].entries()) {
    const object = await store.read(ids[i]!, { verifyChecksums: true });
    assertEquals([object.packed!.depth, await object.bytes()], [i, bytes]);
  }
});

testBackends(
  "content that does not compress comes whole, however little is read at a time",
  () =>
    inDirectory(async (folder) => {
      const random = new Random(52);
      const writer = new PackWriter({ window: 0 });
      const loose = new GitLooseStore(folder);
      const bodies = [1, 4095, 4096, 65_535, 65_536, 100_003].map((size) => random.bytes(size));
      const ids: GitObjectId[] = [];
      for (const body of bodies) {
        ids.push(await loose.write({ type: "blob", body }));
        await writer.add({ type: "blob", body });
      }
      const { pack, index } = await writer.finish();
      await using packs = await PackStore.fromSources([
        { name: "p", pack: byteSourceFromBytes(pack), index: byteSourceFromBytes(index) },
      ]);
      for (const store of [loose, packs]) {
        for (const [i, body] of bodies.entries()) {
          for (const size of [7, 1 + random.below(9000), 1 << 20]) {
            const reader = (await store.read(ids[i]!)).body.getReader({ mode: "byob" });
            const parts: Uint8Array[] = [];
            while (true) {
              const { value, done } = await reader.read(new Uint8Array(size));
              if (done) break;
              assert(value.length > 0);
              parts.push(value);
            }
            assertEquals(join(...parts), body);
          }
        }
      }
    }),
);

testInDirectory("a prefix of loose objects reads one folder", async (folder) => {
  const store = new GitLooseStore(folder);
  const ids: GitObjectId[] = [];
  for (let i = 0; i < 30; i++) ids.push(await store.write({ type: "blob", body: `${i}` }));
  const folders: string[] = [];
  const { readDirSync } = Deno;
  Deno.readDirSync = (path) => {
    folders.push(`${path}`);
    return readDirSync(path);
  };
  try {
    assertEquals(await store.resolvePrefix(`${ids[3]}`.slice(0, 9)), ids[3]);
  } finally {
    Deno.readDirSync = readDirSync;
  }
  assertEquals(folders, [`${folder}/${`${ids[3]}`.slice(0, 2)}`]);
});
