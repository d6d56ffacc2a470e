/**
 * Living beside git's garbage collection: what we wrote last stays, and what git keeps for a reason is kept.
 */
import { assert, assertEquals } from "@std/assert";
import { GitDatabase, GitMemoryStore, repackGitDatabase } from "@sluice/gitdb";
import { run } from "./_cli.ts";
import { git, makeRepository, testGit } from "./_git.ts";

const TWO_DAYS_AGO = Date.now() / 1000 - 2 * 86400;
const utf8 = new TextEncoder();
/** Ids of all objects of a repository, without those of its alternates. */
const LIST = ["cat-file", "--batch-all-objects", "--batch-check=%(objectname)"];

/** Makes every object file of a database look old. */
function makeOld(objects: string): void {
  for (const folder of Deno.readDirSync(objects)) {
    if (!folder.isDirectory) continue;
    for (const { name } of Deno.readDirSync(`${objects}/${folder.name}`)) {
      Deno.utimeSync(`${objects}/${folder.name}/${name}`, TWO_DAYS_AGO, TWO_DAYS_AGO);
    }
  }
}

async function store(repository: string, text: string): Promise<string> {
  return (await git(repository, ["hash-object", "-w", "--stdin"], utf8.encode(text))).trim();
}

/** Packs these objects and removes their loose files. */
async function pack(repository: string, ids: readonly string[]): Promise<string> {
  const list = utf8.encode(`${ids.join("\n")}\n`);
  const name = (await git(repository, ["pack-objects", "-q", "objects/pack/pack"], list)).trim();
  await git(repository, ["prune-packed", "-q"]);
  return `${repository}/objects/pack/pack-${name}`;
}

const WRITES = {
  "write": async (database: GitDatabase, body: string) => `${await database.write({ type: "blob", body })}`,
  "a stream": async (database: GitDatabase, body: string) =>
    `${await database.write({ type: "blob", size: body.length, body: new Blob([body]).stream() })}`,
  "loose.write": async (database: GitDatabase, body: string) =>
    `${await database.loose.write({ type: "blob", body })}`,
  "copyTo": async (database: GitDatabase, body: string) => {
    const memory = new GitMemoryStore();
    const id = await memory.write({ type: "blob", body });
    await memory.copyTo(database, [id]);
    return `${id}`;
  },
} as const;

for (const place of ["loose", "pack"] as const) {
  testGit(
    `an object that is ${place} and old survives git's prune once it is written again`,
    async (folder) => {
      for (const [how, write] of Object.entries(WRITES)) {
        const repository = `${folder}/${how}.git`;
        await makeRepository(repository, { commits: 3 });
        const wanted = await store(repository, `wanted ${how}`);
        const other = await store(repository, `other ${how}`);
        // One pack each: a pack is as new as its newest object.
        if (place === "pack") { for (const id of [wanted, other]) await pack(repository, [id]); }
        makeOld(`${repository}/objects`);
        {
          await using database = await GitDatabase.open(repository);
          assertEquals(await write(database, `wanted ${how}`), wanted);
          if (place === "pack") assertEquals(await database.loose.candidates(wanted), []);
        }
        // git makes the unreachable objects of packs loose with the time of their pack.
        await git(repository, ["repack", "-A", "-d", "-q", "--unpack-unreachable=1.hour.ago"]);
        await git(repository, ["prune", "--expire=1.hour.ago"]);
        const left = await git(repository, LIST);
        assert(left.includes(wanted), how);
        assert(!left.includes(other), how);
      }
    },
  );
}

testGit("an object of an alternate is marked there; one of a cruft pack is written again", async (folder) => {
  const lender = `${folder}/lender.git`;
  const repository = `${folder}/r.git`;
  await makeRepository(lender, { commits: 2 });
  await makeRepository(repository, { commits: 2 });
  const lent = await store(lender, "lent");
  await Deno.writeTextFile(`${repository}/objects/info/alternates`, `${lender}/objects\n`);
  const old = await store(repository, "old");
  makeOld(`${repository}/objects`);
  await git(repository, ["repack", "--cruft", "-a", "-d", "-q"]);
  makeOld(`${lender}/objects`);
  await using database = await GitDatabase.open(repository);
  await database.write({ type: "blob", body: "lent" });
  await database.write({ type: "blob", body: "old" });
  assertEquals(database.loose.findPath(lent), undefined);
  assert(database.loose.findPath(old) !== undefined);
  await git(repository, ["repack", "--cruft", "--cruft-expiration=1.hour.ago", "-a", "-d", "-q"]);
  await git(lender, ["prune", "--expire=1.hour.ago"]);
  assert((await git(repository, LIST)).includes(old));
  assert((await git(lender, LIST)).includes(lent));
});

testGit("a file that a crash left empty is replaced by a write", async (folder) => {
  await makeRepository(`${folder}/r.git`, { commits: 1 });
  await using database = await GitDatabase.open(`${folder}/r.git`);
  const id = await database.write({ type: "blob", body: "again" });
  const path = database.loose.findPath(id)!;
  await Deno.remove(path);
  await Deno.writeFile(path, new Uint8Array());
  await database.write({ type: "blob", body: "again" });
  assertEquals(await (await database.read(id)).text(), "again");
});

testGit("repack -d leaves packs of .keep and cruft packs as they are", async (folder) => {
  const repository = `${folder}/r.git`;
  await makeRepository(repository, { packing: ["pack", "loose"], commits: 10 });
  const cruft = await store(repository, "cruft");
  await git(repository, ["repack", "--cruft", "-d", "-q"]);
  const kept = await pack(repository, [await store(repository, "kept")]);
  await Deno.writeTextFile(`${kept}.keep`, "");
  const both = await store(repository, "kept");
  await pack(repository, [await store(repository, "merged")]);
  await git(repository, ["multi-pack-index", "write", "--bitmap"]);
  const before = (await git(repository, LIST)).split("\n").sort();
  const files = () => [...Deno.readDirSync(`${repository}/objects/pack`)].map(({ name }) => name);
  const cruftFiles = files().filter((name) => name.endsWith(".mtimes"));
  assertEquals(cruftFiles.length, 1);
  {
    await using database = await GitDatabase.open(repository);
    await repackGitDatabase(database, { delete: true });
    assertEquals(await Array.fromAsync(database.loose.ids()), []);
    assertEquals(database.packs.packs.length, 3);
  }
  assert(files().includes(cruftFiles[0]!));
  assert(files().some((name) => kept.endsWith(name.replace(/\.pack$/, ""))));
  assertEquals(files().filter((name) => name.startsWith("multi-pack-index")), []);
  assertEquals((await git(repository, LIST)).split("\n").sort(), before);
  assert(before.includes(cruft) && before.includes(both));
  await git(repository, ["fsck", "--full", "--no-dangling"]);
});

testGit("repack -d keeps a partial clone clean for fsck", async (folder) => {
  const origin = `${folder}/origin.git`;
  const clone = `${folder}/clone.git`;
  await makeRepository(origin, { packing: ["pack"], commits: 10 });
  await git(origin, ["config", "uploadpack.allowFilter", "true"]);
  await git(folder, ["clone", "-q", "--bare", "--filter=blob:none", `file://${origin}`, clone]);
  const added = await store(clone, "of the clone itself");
  const fsck = async () => (await run("git", ["-C", clone, "fsck", "--full", "--no-dangling"])).code;
  assertEquals(await fsck(), 0);
  {
    await using database = await GitDatabase.open(clone);
    await repackGitDatabase(database, { delete: true });
  }
  assertEquals(await fsck(), 0);
  assert((await git(clone, LIST)).includes(added));
  assertEquals(
    [...Deno.readDirSync(`${clone}/objects/pack`)].filter(({ name }) => name.endsWith(".promisor")).length,
    1,
  );
});
