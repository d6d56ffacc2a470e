/**
 * What we write, judged by git.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { createGitPack, GitDatabase, GitLooseStore, PackWriter } from "@sluice/gitdb";
import { Random } from "./_data.ts";
import { git, makeRepository, testGit } from "./_git.ts";

/** Ids with their paths, as git lists them. */
async function requests(repository: string): Promise<{ id: string; path: string }[]> {
  const text = await git(repository, ["rev-list", "--objects", "--all"]);
  return text.trim().split("\n").map((line) => {
    const space = line.indexOf(" ");
    return space < 0 ? { id: line, path: "" } : { id: line.slice(0, space), path: line.slice(space + 1) };
  });
}

for (const sha256 of [false, true]) {
  const hash = sha256 ? "SHA-256" : "SHA-1";
  testGit(`git accepts our packs and they are as small as its own, ${hash}`, async (folder) => {
    const repository = `${folder}/repository.git`;
    await makeRepository(repository, { commits: 120, packing: ["loose"], sha256 });
    const target = `${folder}/target.git`;
    await git(folder, ["init", "-q", "--bare", ...(sha256 ? ["--object-format=sha256"] : []), target]);
    const wanted = await requests(repository);
    let name: string;
    {
      await using database = await GitDatabase.open(repository);
      const pack = await createGitPack(`${target}/objects/pack`, database, wanted, { window: 10, depth: 50 });
      assertEquals(pack.count, wanted.length);
      name = `${target}/objects/pack/${pack.name}`;
    }
    const listed = await git(target, ["verify-pack", "-v", `${name}.idx`]);
    assert(listed.includes("chain length = 1"));
    await git(target, ["index-pack", "--verify", `${name}.pack`]);
    assertEquals(await git(target, ["fsck", "--full", "--strict", "--no-dangling"]), "");
    const all = ["cat-file", "--batch-all-objects", "--batch-check", "--unordered"];
    const lines = (text: string) => text.trim().split("\n").sort();
    assertEquals(lines(await git(target, all)), lines(await git(repository, all)));
    const theirs = new TextEncoder().encode(wanted.map(({ id, path }) => `${id} ${path}\n`).join(""));
    await git(repository, [
      "pack-objects",
      "-q",
      "--window=10",
      "--depth=50",
      "--no-reuse-delta",
      `${folder}/git`,
    ], theirs);
    const size = (path: string) => Deno.statSync(path).size;
    const git_pack = [...Deno.readDirSync(folder)].find(({ name }) => /^git-.*\.pack$/.test(name))!.name;
    const ratio = size(`${name}.pack`) / size(`${folder}/${git_pack}`);
    assert(ratio < 1.1, `the pack is ${ratio.toFixed(3)} times as large as git's`);
  });
}

testGit("git accepts an index of version 1 and a reverse index", async (folder) => {
  await git(folder, ["init", "-q", "--bare", "."]);
  const writer = new PackWriter({ indexVersion: 1 });
  for (let i = 0; i < 300; i++) {
    await writer.add({ type: "blob", body: `${"many lines\n".repeat(20)}${i}`, path: `f${i % 9}` });
  }
  const { pack, index, reverse, checksum } = await writer.finish();
  const name = `${folder}/objects/pack/pack-${checksum}`;
  await Deno.writeFile(`${name}.pack`, pack);
  await Deno.writeFile(`${name}.idx`, index);
  await Deno.writeFile(`${name}.rev`, reverse);
  await git(folder, ["verify-pack", `${name}.idx`]);
  assertEquals((await git(folder, ["fsck", "--full"])).includes("error"), false);
  await Deno.remove(`${name}.rev`);
  await git(folder, ["-c", "pack.writeReverseIndex=true", "index-pack", "--rev-index", `${name}.pack`]);
  assertEquals(await Deno.readFile(`${name}.rev`), reverse);
});

testGit("git reads our loose objects, small, empty and streamed", async (folder) => {
  await git(folder, ["init", "-q", "--bare", "."]);
  const store = new GitLooseStore(`${folder}/objects`, { durable: true });
  const large = new Random(4).bytes((16 << 20) + 5);
  const stream = (bytes: Uint8Array<ArrayBuffer>) => new Blob([bytes]).stream();
  for (
    const input of [
      { type: "blob", body: "text" },
      { type: "blob", body: "" },
      { type: "blob", body: new Blob([large]) },
      { type: "blob", body: stream(large), size: large.length },
      { type: "blob", body: stream(large.subarray(1)) },
    ] as const
  ) {
    const id = await store.write(input);
    const body = input.body instanceof Blob ? large : undefined;
    if (body !== undefined) {
      assertEquals(await git(folder, ["hash-object", "--stdin"], body), `${id}\n`);
      const object = await store.read(id);
      let size = 0;
      for await (const chunk of object.body) size += chunk.length;
      assertEquals(size, large.length);
    }
    assertEquals((await git(folder, ["cat-file", "-t", `${id}`])).trim(), "blob");
  }
  assertEquals((await git(folder, ["fsck", "--full"])).includes("error"), false);
  assertEquals([...Deno.readDirSync(`${folder}/objects`)].filter(({ name }) => name.startsWith("tmp")), []);
  await assertRejects(() => store.write({ type: "blob", body: "x", id: "12".repeat(20) }));
  await assertRejects(() => store.write({ type: "blob", body: stream(large), size: (16 << 20) + 6 }));
  assertEquals([...Deno.readDirSync(`${folder}/objects`)].filter(({ name }) => name.startsWith("tmp")), []);
});
