/**
 * More packs than descriptors, and packs that come and go while a database is open.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { GitDatabase, indexGitPack, PackWriter, SluiceError } from "@sluice/gitdb";
import { BACKENDS } from "./_backends.ts";
import { run } from "./_cli.ts";
import { testInDirectory } from "./_directory.ts";
import { git, GIT_IS_HERE, makeRepository, testGit } from "./_git.ts";

/** Puts a pack with one blob into a folder; returns the id. */
async function addPack(folder: string, body: string): Promise<string> {
  const writer = new PackWriter();
  const id = await writer.add({ type: "blob", body });
  const { pack } = await writer.finish();
  await indexGitPack(folder, new Blob([pack]).stream(), { durable: false });
  return `${id}`;
}

const READ_ALL = `
import { GitDatabase } from "@sluice/gitdb";
import { configureBackend } from "@sluice/ffi";
const [folder, backend, ids] = Deno.args;
configureBackend(backend as "native" | "wasm");
await using database = await GitDatabase.open(folder!);
const wanted = (await Deno.readTextFile(ids!)).trim().split("\\n");
let found = 0;
for await (const batch of database.readBatches(wanted, { ordered: true })) {
  for (const result of batch) {
    if (!result.ok) throw result.error;
    if (!(await result.value.text()).startsWith("blob ")) throw new Error("wrong content");
    found++;
  }
}
for (const id of wanted.slice(0, 50)) await database.read(id);
for (const entry of database.packs.packs) for await (const finding of entry.verify()) throw finding;
console.log(found);
`;

for (const backend of BACKENDS) {
  testInDirectory(`400 packs are read with 120 descriptors [${backend}]`, {
    ignore: Deno.build.os === "windows",
  }, async (folder) => {
    await Deno.mkdir(`${folder}/objects/pack`, { recursive: true });
    const ids: string[] = [];
    for (let i = 0; i < 400; i++) ids.push(await addPack(`${folder}/objects/pack`, `blob ${i}`));
    await Deno.writeTextFile(`${folder}/ids`, ids.join("\n"));
    await Deno.writeTextFile(`${folder}/read.ts`, READ_ALL);
    const config = new URL("../deno.json", import.meta.url).pathname;
    const command = [Deno.execPath(), "run", "-A", "--no-check", "--config", config, `${folder}/read.ts`];
    const words = [...command, folder, backend, `${folder}/ids`].map((word) => `'${word}'`).join(" ");
    const { code, stdout, stderr } = await run("sh", ["-c", `ulimit -n 120; exec ${words}`]);
    assertEquals(code, 0, stderr);
    assertEquals(new TextDecoder().decode(stdout).trim(), "400");
  });
}

testGit("a pack that lands in the same tick of the clock as a refresh is seen", async (folder) => {
  await makeRepository(`${folder}/r.git`, { commits: 2 });
  const packs = `${folder}/r.git/objects/pack`;
  await using database = await GitDatabase.open(`${folder}/r.git`);
  for (let i = 0; i < 5; i++) {
    const time = new Date();
    await Deno.utime(packs, time, time);
    await database.refresh();
    const id = await addPack(packs, `late ${i}`);
    await Deno.utime(packs, time, time);
    assert(await database.has(id), `${i}`);
    assertEquals(await (await database.read(id)).text(), `late ${i}`);
  }
});

testGit("a folder that has not changed for long is not listed again", async (folder) => {
  await makeRepository(`${folder}/r.git`, { commits: 2 });
  const packs = `${folder}/r.git/objects/pack`;
  const longAgo = Date.now() / 1000 - 60;
  await Deno.utime(packs, longAgo, longAgo);
  await using database = await GitDatabase.open(`${folder}/r.git`);
  const id = await addPack(packs, "hidden");
  await Deno.utime(packs, longAgo, longAgo);
  assertEquals(await database.has(id), false);
  await Deno.utime(packs, longAgo + 1, longAgo + 1);
  assertEquals(await database.has(id), true);
});

testGit("an alternate that is added in the same tick of the clock is seen", async (folder) => {
  await makeRepository(`${folder}/a.git`, { commits: 2 });
  await makeRepository(`${folder}/b.git`, { commits: 2, seed: 9 });
  const lent = (await git(`${folder}/b.git`, ["rev-parse", "main^{tree}"])).trim();
  const file = `${folder}/a.git/objects/info/alternates`;
  const time = new Date();
  await Deno.writeTextFile(file, "../../none.git/objects\n");
  await Deno.utime(file, time, time);
  await using database = await GitDatabase.open(`${folder}/a.git`);
  assertEquals(await database.has(lent), false);
  await Deno.writeTextFile(file, "../../b.git/objects/.\n");
  await Deno.utime(file, time, time);
  assertEquals(await database.has(lent), true);
});

testGit("one damaged index hides no object of the other packs", async (folder) => {
  await makeRepository(`${folder}/r.git`, { commits: 2 });
  const packs = `${folder}/r.git/objects/pack`;
  const ids = [await addPack(packs, "one"), await addPack(packs, "two"), await addPack(packs, "three")];
  await using database = await GitDatabase.open(`${folder}/r.git`);
  for (const { name } of database.packs.packs.slice(0, 1)) {
    await Deno.chmod(`${packs}/${name}.idx`, 0o644);
    await Deno.truncate(`${packs}/${name}.idx`, 1064);
  }
  const outcomes = await Promise.allSettled(ids.map((id) => database.read(id)));
  assert(outcomes.filter(({ status }) => status === "fulfilled").length >= 2);
  for (const outcome of outcomes) {
    if (outcome.status === "rejected") assert(outcome.reason instanceof SluiceError);
  }
  await assertRejects(() => database.read("12".repeat(20)), SluiceError);
});

testInDirectory("packs that git replaces again and again are followed by an open database", {
  ignore: !GIT_IS_HERE,
}, async (folder) => {
  const repository = `${folder}/r.git`;
  await makeRepository(repository, { packing: ["pack", "pack", "loose"], commits: 8 });
  await using database = await GitDatabase.open(repository);
  const ids = await Array.fromAsync(database.ids());
  for (const options of [["-a", "-d"], ["-a", "-d", "-f"], ["-a", "-d", "-f", "--depth=3"]]) {
    await git(repository, ["repack", "-q", ...options]);
    const results = await Promise.all(ids.map((id) => database.read(id, { verifyChecksums: true })));
    assertEquals(results.length, ids.length);
  }
});
