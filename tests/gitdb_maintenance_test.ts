/**
 * Packs that come in, and looking after a database, judged by git.
 */
import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import {
  buildGitMultiPackIndex,
  GitDatabase,
  GitMemoryStore,
  indexGitPack,
  PackStore,
  repackGitDatabase,
  unpackGitObjects,
  verifyGitDatabase,
} from "@sluice/gitdb";
import { SluiceError } from "@sluice/internal";
import { run, sluice } from "./_cli.ts";
import { testInDirectory } from "./_directory.ts";
import { git, GIT_IS_HERE, gitBytes, makeRepository, testGit } from "./_git.ts";

const LIST = ["cat-file", "--batch-all-objects", "--batch-check", "--unordered"];
const sorted = (text: string) => text.trim().split("\n").sort();
const stream = (bytes: Uint8Array) => new Blob([bytes as Uint8Array<ArrayBuffer>]).stream();

testGit("indexPack makes git's own index, also of packs with deltas by id", async (folder) => {
  await makeRepository(`${folder}/r.git`, { packing: ["loose"], commits: 30 });
  const list = await gitBytes(`${folder}/r.git`, ["rev-list", "--objects", "--all"]);
  for (const options of [["--delta-base-offset"], []]) {
    const pack = await gitBytes(`${folder}/r.git`, ["pack-objects", "--stdout", "-q", ...options], list);
    const target = `${folder}/out${options.length}`;
    const { name } = await indexGitPack(target, stream(pack), { threads: 2 });
    await Deno.writeFile(`${folder}/git.pack`, pack);
    await git(folder, ["index-pack", "-o", `${folder}/git.idx`, `${folder}/git.pack`]);
    assertEquals(await Deno.readFile(`${target}/${name}.idx`), await Deno.readFile(`${folder}/git.idx`));
    await Deno.remove(`${folder}/git.idx`);
    await git(folder, [
      "index-pack",
      "--index-version=2,0x40",
      "-o",
      `${folder}/git.idx`,
      `${folder}/git.pack`,
    ]);
    await Deno.remove(target, { recursive: true });
    await indexGitPack(target, stream(pack), { largeOffsetsFrom: 0x40 });
    assertEquals(await Deno.readFile(`${target}/${name}.idx`), await Deno.readFile(`${folder}/git.idx`));
    await Deno.remove(`${folder}/git.idx`);
    await using store = await PackStore.open(target);
    for await (const id of store.ids()) await store.read(id, { verifyChecksums: true });
    for (const size of [0, 5, 40, pack.length - 21, pack.length - 1]) {
      await assertRejects(() => indexGitPack(`${folder}/bad`, stream(pack.slice(0, size))), SluiceError);
    }
    assertEquals([...Deno.readDirSync(`${folder}/bad`)], []);
  }
});

testGit("a thin pack is completed from a database", async (folder) => {
  await makeRepository(`${folder}/r.git`, { packing: ["loose", "loose"], commits: 15 });
  await git(folder, ["clone", "-q", "--bare", "--no-local", `${folder}/r.git`, `${folder}/old.git`]);
  const base = (await git(`${folder}/r.git`, ["rev-parse", "v0~3^{commit}"])).trim();
  await git(`${folder}/r.git`, ["update-ref", "refs/heads/old", base]);
  const old = await gitBytes(
    `${folder}/r.git`,
    ["pack-objects", "--revs", "--stdout", "-q"],
    new TextEncoder().encode(`${base}\n`),
  );
  const thin = await gitBytes(
    `${folder}/r.git`,
    ["pack-objects", "--revs", "--thin", "--stdout", "-q"],
    new TextEncoder().encode(`refs/heads/main\n^${base}\n`),
  );
  await assertRejects(() => indexGitPack(`${folder}/alone`, stream(thin)), SluiceError);
  const memory = new GitMemoryStore();
  const count = await unpackGitObjects(stream(old), memory);
  assertEquals(await memory.count(), count);
  const { name } = await indexGitPack(`${folder}/full`, stream(thin), { bases: memory });
  await git(folder, ["index-pack", "--verify", `${folder}/full/${name}.pack`]);
});

testGit("repack leaves one pack that git accepts, and every object", async (folder) => {
  const repository = `${folder}/r.git`;
  await makeRepository(repository, { packing: ["pack", "loose"], commits: 25 });
  const before = sorted(await git(repository, LIST));
  {
    await using database = await GitDatabase.open(repository);
    assertEquals(await Array.fromAsync(verifyGitDatabase(database)), []);
    const created = await repackGitDatabase(database, { delete: true, window: 20 });
    assertEquals(created!.count, before.length);
    assertEquals(database.packs.packs.length, 1);
    assertEquals(await Array.fromAsync(database.loose.ids()), []);
    await Deno.writeFile(
      `${repository}/objects/pack/multi-pack-index`,
      await buildGitMultiPackIndex(database.packs.packs, "sha1"),
    );
  }
  assertEquals(sorted(await git(repository, LIST)), before);
  await git(repository, ["multi-pack-index", "verify"]);
  await git(repository, ["fsck", "--full", "--strict", "--no-dangling"]);
});

testGit(
  "a repack begins anew where git repacks meanwhile, and ends where that never stops",
  async (folder) => {
    const repository = `${folder}/r.git`;
    await makeRepository(repository, { packing: ["pack", "pack"], commits: 20 });
    for (const [races, isDone] of [[3, true], [Infinity, false]] as const) {
      await using database = await GitDatabase.open(repository);
      const refresh = database.refresh.bind(database);
      let looks = 0;
      // git packs just after a look at the folder.
      database.refresh = async (options) => {
        const changed = await refresh(options);
        if (options?.force === true && looks++ < races) {
          const text = new TextEncoder().encode(`${races} ${looks}`);
          const id = await git(repository, ["hash-object", "-w", "--stdin"], text);
          await git(repository, ["update-ref", `refs/tags/t${races}-${looks}`, id.trim()]);
          await git(repository, ["repack", "-a", "-d", "-q"]);
        }
        return changed;
      };
      const before = sorted(await git(repository, LIST));
      const repacking = repackGitDatabase(database, { delete: true });
      if (isDone) {
        const created = await repacking;
        assertEquals(created!.count, before.length + races);
        assertEquals(database.packs.packs.map(({ name }) => name), [created!.name]);
      } else {
        const error = await assertRejects(() => repacking, SluiceError, "another process packs");
        assertEquals(error.code, "TARGET_CHANGED");
        assert(looks > 3, `${looks}`);
      }
      const after = new Set(sorted(await git(repository, LIST)));
      assertEquals(before.filter((line) => !after.has(line)), []);
      await git(repository, ["fsck", "--full", "--strict", "--no-dangling"]);
    }
  },
);

testGit("a pack that is damaged is no reason to begin anew", async (folder) => {
  const repository = `${folder}/r.git`;
  await makeRepository(repository, { packing: ["pack"], commits: 5 });
  await using database = await GitDatabase.open(repository);
  const [pack] = database.packs.packs;
  const path = `${repository}/objects/pack/${pack!.name}.pack`;
  const bytes = await Deno.readFile(path);
  bytes.fill(0xff, 40, bytes.length - 40);
  await Deno.remove(path);
  await Deno.writeFile(path, bytes);
  const error = await assertRejects(() => repackGitDatabase(database), SluiceError);
  assertNotEquals(error.code, "TARGET_CHANGED");
});

testGit("a database that git repacks stays readable while it is open", async (folder) => {
  const repository = `${folder}/r.git`;
  await makeRepository(repository, { packing: ["pack", "loose"], commits: 20 });
  await using database = await GitDatabase.open(repository);
  const ids = await Array.fromAsync(database.ids());
  const batches = database.readBatches(ids, { maxInFlightBytes: 1 << 16 })[Symbol.asyncIterator]();
  const first = await batches.next();
  await git(repository, ["repack", "-a", "-d", "-f", "-q"]);
  await git(repository, ["prune-packed"]);
  let count = first.value!.length;
  for (let next = await batches.next(); !next.done; next = await batches.next()) {
    for (const result of next.value) assert(result.ok);
    count += next.value.length;
  }
  assertEquals(count, ids.length);
  for (const id of ids.slice(0, 20)) await database.read(id, { verifyChecksums: true });
  const added = (await git(repository, ["hash-object", "-w", "--stdin"], new TextEncoder().encode("new")))
    .trim();
  assert(await database.has(added));
});

testInDirectory("sluice gitdb index-pack, multi-pack-index, repack, unpack-objects and fsck", {
  ignore: !GIT_IS_HERE,
}, async (folder) => {
  const repository = `${folder}/r.git`;
  await makeRepository(repository, { packing: ["pack", "loose"], commits: 15 });
  const ours = async (args: readonly string[], stdin?: Uint8Array) => {
    const [name, ...rest] = args;
    const outcome = await sluice(
      ["gitdb", name!, `--git-dir=${repository}`, ...rest],
      stdin === undefined ? {} : { stdin },
    );
    assertEquals(outcome.code, 0, outcome.stderr);
    return new TextDecoder().decode(outcome.stdout);
  };
  await ours(["multi-pack-index", "write"]);
  await git(repository, ["multi-pack-index", "verify"]);
  await ours(["multi-pack-index", "verify"]);
  await ours(["fsck"]);
  const list = await gitBytes(repository, ["rev-list", "--objects", "--all"]);
  const pack = await gitBytes(repository, ["pack-objects", "--stdout", "-q"], list);
  await git(folder, ["init", "-q", "--bare", "two.git"]);
  const two = [`--git-dir=${folder}/two.git`];
  const printed = await sluice(["gitdb", "index-pack", ...two, "--stdin"], { stdin: pack });
  assertEquals(printed.code, 0, printed.stderr);
  await git(`${folder}/two.git`, ["fsck", "--full", "--no-dangling"]);
  await git(folder, ["init", "-q", "--bare", "three.git"]);
  await sluice(["gitdb", "unpack-objects", `--git-dir=${folder}/three.git`], { stdin: pack });
  assertEquals(
    sorted(await git(`${folder}/three.git`, LIST)),
    sorted(await git(`${folder}/two.git`, LIST)),
  );
  await Deno.writeFile(`${folder}/p.pack`, pack);
  const checksum = (await ours(["index-pack", `${folder}/p.pack`])).trim();
  await git(folder, ["verify-pack", `${folder}/p.idx`]);
  assertEquals(checksum.length, 40);
  const before = sorted(await git(repository, LIST));
  await ours(["repack", "-d"]);
  assertEquals(sorted(await git(repository, LIST)), before);
  const file = [...Deno.readDirSync(`${repository}/objects/pack`)].find(({ name }) =>
    name.endsWith(".pack")
  )!.name;
  await run("chmod", ["u+w", `${repository}/objects/pack/${file}`]);
  const damaged = await Deno.readFile(`${repository}/objects/pack/${file}`);
  damaged[damaged.length >> 1]! ^= 0x10;
  await Deno.writeFile(`${repository}/objects/pack/${file}`, damaged);
  assertEquals((await sluice(["gitdb", "fsck", `--git-dir=${repository}`])).code, 1);
});
