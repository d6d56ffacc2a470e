/**
 * isomorphic-git from npm over our stores: what it reads is what it reads from git's own files, and it opens no pack.
 */
import fs from "node:fs";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { GitDatabase, GitMemoryStore, isomorphicGitFs } from "@sluice/gitdb";
import { git as realGit, makeRepository, testGit } from "./_git.ts";

interface Isomorphic {
  // deno-lint-ignore no-explicit-any -- the functions of a package that tests load where it is there
  readonly [name: string]: (options: any) => Promise<any>;
}

// deno-lint-ignore no-import-prefix -- a peer that tests compare with, where it is there
const isomorphic: Isomorphic | undefined = await import("npm:isomorphic-git@1.34.0").then(
  (module) => module.default as unknown as Isomorphic,
  () => undefined,
);
if (isomorphic === undefined) console.log("skipped: isomorphic-git can't be loaded");

function testIsomorphic(name: string, test: (git: Isomorphic, folder: string) => Promise<void>): void {
  if (isomorphic !== undefined) testGit(name, (folder) => test(isomorphic, folder));
}

/** Everything that reads, in one value that can be compared. */
async function everything(git: Isomorphic, fs: unknown, gitdir: string): Promise<Record<string, unknown>> {
  const at = { fs, gitdir, cache: {} };
  const oid = await git.resolveRef!({ ...at, ref: "main" });
  const log = await git.log!({ ...at, ref: "main" });
  const tree = await git.readTree!({ ...at, oid });
  const files = await git.listFiles!({ ...at, ref: "main" });
  const blobs: unknown[] = [];
  for (const filepath of files) {
    const { blob } = await git.readBlob!({ ...at, oid, filepath });
    blobs.push([filepath, new TextDecoder().decode(blob)]);
  }
  const walked: unknown[] = [];
  await git.walk!({
    ...at,
    trees: [git.TREE!({ ref: "main" }), git.TREE!({ ref: log[3].oid })],
    map: async (path: string, entries: { oid(): Promise<string> }[]) => {
      walked.push([path, ...await Promise.all(entries.map((entry) => entry?.oid()))]);
    },
  });
  const tag = await git.readTag!({ ...at, oid: await git.resolveRef!({ ...at, ref: "v0" }) });
  return {
    oid,
    tree,
    files,
    blobs,
    walked: walked.sort(),
    tag,
    log: log.map((entry: { oid: string; commit: unknown }) => [entry.oid, entry.commit]),
    short: await git.expandOid!({ ...at, oid: oid.slice(0, 10) }),
    base: await git.findMergeBase!({ ...at, oids: [log[0].oid, log[5].oid] }),
    formats: await Promise.all(["deflated", "wrapped", "content", "parsed"].map(async (format) => {
      const { type, object } = await git.readObject!({ ...at, oid, format });
      return [type, format === "deflated" ? undefined : object];
    })),
  };
}

testIsomorphic(
  "isomorphic-git reads our stores as it reads files, and opens no pack",
  async (git, folder) => {
    const path = `${folder}/repo.git`;
    await makeRepository(path, { commits: 15, packing: ["pack", "loose"] });
    const packs: string[] = [];
    const watched = {
      promises: new Proxy(fs.promises, {
        get(target, name): unknown {
          const value: unknown = Reflect.get(target, name);
          if (typeof value !== "function") return value;
          return (...args: unknown[]) => {
            if (/\/objects\//.test(`${args[0]}`)) packs.push(`${String(name)} ${args[0]}`);
            return value.apply(target, args);
          };
        },
      }),
    };
    await using database = await GitDatabase.open(path);
    const memory = new GitMemoryStore();
    for await (const id of database.ids()) {
      const { type, ...object } = await database.read(id);
      await memory.write({ type, body: await (await database.read(id)).bytes(), id: object.id });
    }
    const expected = await everything(git, fs, path);
    for (const objects of [database, memory]) {
      assertEquals(
        await everything(git, isomorphicGitFs(watched, { gitdir: path, objects }), path),
        expected,
      );
    }
    assertEquals(packs, []);
  },
);

testIsomorphic(
  "what isomorphic-git writes goes into the store, and what is absent is absent",
  async (git, folder) => {
    await realGit(folder, ["init", "-q", "--bare", "repo.git"]);
    const gitdir = `${folder}/repo.git`;
    const objects = new GitMemoryStore();
    const at = { fs: isomorphicGitFs(fs, { gitdir, objects }), gitdir };
    const oid = await git.writeBlob!({ ...at, blob: new TextEncoder().encode("written") });
    assertEquals(await (await objects.read(oid)).text(), "written");
    const person = { name: "A", email: "a@example.test", timestamp: 0, timezoneOffset: 0 };
    const tree = await git.writeTree!({ ...at, tree: [{ path: "file", mode: "100644", oid, type: "blob" }] });
    const commit = await git.commit!({ ...at, message: "x", tree, author: person, ref: "refs/heads/main" });
    assertEquals((await git.log!({ ...at, ref: "main" })).map((entry: { oid: string }) => entry.oid), [
      commit,
    ]);
    assertEquals(await objects.count(), 3);
    const error = await assertRejects(() => git.readBlob!({ ...at, oid: "1".repeat(40) }), Error);
    assert(/Could not find/.test(error.message), error.message);
    assertEquals([...Deno.readDirSync(`${gitdir}/objects`)].map(({ name }) => name).sort(), ["info", "pack"]);
  },
);

testIsomorphic(
  "after a commit, isomorphic-git walks a working folder and checks out objects of packs",
  async (git, folder) => {
    await makeRepository(`${folder}/source.git`, { commits: 600, packing: ["pack"] });
    await realGit(folder, ["-C", "source.git", "branch", "feature", "main~9"]);
    const results: unknown[] = [];
    for (const which of ["files", "store"]) {
      const dir = `${folder}/${which}`;
      await realGit(folder, ["clone", "-q", "--no-hardlinks", "source.git", which]);
      await using objects = await GitDatabase.open(`${dir}/.git`);
      const at = {
        fs: which === "files" ? fs : isomorphicGitFs(fs, { gitdir: `${dir}/.git`, objects }),
        dir,
      };
      await Deno.writeTextFile(`${dir}/new`, "new");
      await git.add!({ ...at, filepath: "new" });
      const author = { name: "A", email: "a@example.test", timestamp: 0, timezoneOffset: 0 };
      const commit = await git.commit!({ ...at, message: "x", author });
      // The new folders of objects have packed ones, too.
      await git.walk!({
        ...at,
        trees: [git.WORKDIR!({})],
        map: async (_path: string, [entry]: { type(): Promise<string>; stat(): Promise<unknown> }[]) => {
          await entry!.type();
          await entry!.stat();
        },
      });
      await git.checkout!({ ...at, ref: "feature" });
      assertEquals(await realGit(dir, ["status", "--porcelain"]), "");
      results.push([commit, await realGit(dir, ["log", "-1", "--format=%H %D"])]);
    }
    assertEquals(results[1], results[0]);
  },
);

testGit("folders of objects, files in them and facts about both agree", async (folder) => {
  const gitdir = `${folder}/repo.git`;
  await makeRepository(gitdir, { commits: 3, packing: ["pack", "loose"] });
  await using database = await GitDatabase.open(gitdir);
  const memory = new GitMemoryStore();
  // Sizes about those at which a stored block of zlib is full, 65,535 bytes with the header of the object.
  for (const size of [0, 1, 65_523, 65_524, 65_525, 131_058, 131_059, 131_060, 1_000_000]) {
    await memory.write({ type: "blob", body: new Uint8Array(size) });
  }
  for (const objects of [database, memory]) {
    const { promises } = isomorphicGitFs(fs, { gitdir, objects });
    let count = 0;
    const ids = await Array.fromAsync(objects.ids());
    for (const folder of new Set(ids.map((id) => `${id}`.slice(0, 2)))) {
      const path = `${gitdir}/objects/${folder}`;
      for (const call of [promises.stat, promises.lstat]) {
        assertEquals((await call(path)).isDirectory(), true);
      }
      for (const name of await promises.readdir(path)) {
        count++;
        const size = (await promises.readFile(`${path}/${name}`)).length;
        for (const call of [promises.stat, promises.lstat]) {
          const facts = await call(`${path}/${name}`);
          assertEquals([facts.isFile(), facts.isDirectory(), facts.isSymbolicLink()], [true, false, false]);
          assertEquals(facts.size, size);
        }
      }
    }
    assertEquals(count, ids.length);
    const absent = `${gitdir}/objects/11/${"1".repeat(38)}`;
    for (const call of [promises.stat, promises.lstat]) {
      assertEquals(
        (await assertRejects(() => call(absent), Error) as Error & { code: string }).code,
        "ENOENT",
      );
    }
    assertEquals((await promises.lstat(`${gitdir}/HEAD`)).size, (await Deno.lstat(`${gitdir}/HEAD`)).size);
  }
});
