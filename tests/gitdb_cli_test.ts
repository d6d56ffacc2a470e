/**
 * `sluice gitdb` beside git: the same bytes for the same questions.
 */
import { assertEquals } from "@std/assert";
import { sluice } from "./_cli.ts";
import { inDirectory } from "./_directory.ts";
import { git, GIT_IS_HERE, gitBytes, makeRepository } from "./_git.ts";

async function ours(folder: string, args: readonly string[], stdin?: Uint8Array): Promise<Uint8Array> {
  const [name, ...rest] = args;
  const outcome = await sluice(
    ["gitdb", name!, `--git-dir=${folder}`, ...rest],
    stdin === undefined ? {} : { stdin },
  );
  if (outcome.code !== 0) {
    throw new Error(`sluice gitdb ${args.join(" ")} ended with ${outcome.code}: ${outcome.stderr}`);
  }
  return outcome.stdout;
}

function testCli(name: string, test: (folder: string) => Promise<void>): void {
  Deno.test({ name: `sluice gitdb ${name}`, ignore: !GIT_IS_HERE, fn: () => inDirectory(test) });
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

testCli("cat-file prints what git prints, for present, missing and ambiguous names", async (folder) => {
  const repository = `${folder}/r.git`;
  await makeRepository(repository, { packing: ["pack", "loose"], commits: 30 });
  // Enough blobs that some pair shares four digits.
  const blobs = Array.from({ length: 600 }, (_, i) => `blob\nmark :${i + 1}\ndata ${`${i}`.length}\n${i}\n`)
    .join("");
  await git(
    repository,
    ["-c", "fastimport.unpackLimit=1", "fast-import", "--quiet"],
    new TextEncoder().encode(blobs),
  );
  const ids = (await git(repository, ["cat-file", "--batch-all-objects", "--batch-check=%(objectname)"]))
    .trim()
    .split("\n");
  const shared = ids.map((id) => id.slice(0, 4)).filter((prefix, i, all) => all[i + 1] === prefix);
  assertEquals(shared.length > 0, true);
  const names = [
    ...ids.slice(0, 200),
    "12".repeat(20),
    ids[7]!.toUpperCase(),
    ids[9]!.slice(0, 17),
    "not-a-name",
    "",
    "abc",
    ids[3]!.slice(0, 39),
    ...shared.slice(0, 3),
    ids[5]!,
  ];
  const stdin = new TextEncoder().encode(names.join("\n") + "\n");
  for (
    const args of [["cat-file", "--batch"], ["cat-file", "--batch-check"], [
      "cat-file",
      "--batch",
      "--buffer",
    ]]
  ) {
    assertEquals(
      text(await ours(repository, args, stdin)),
      text(await gitBytes(repository, args, stdin)),
      args.join(" "),
    );
  }
  const format = "--batch-check=%(objectsize) %(objecttype)%% %(objectname) %(objectsize:disk) %(deltabase)";
  assertEquals(
    await ours(repository, ["cat-file", format], stdin),
    await gitBytes(repository, ["cat-file", format], stdin),
  );
  const withRest = new TextEncoder().encode(
    names.slice(0, 5).map((name, i) => `${name}  rest ${i}\n`).join(""),
  );
  const rest = "--batch-check=%(objecttype) [%(rest)]";
  assertEquals(
    text(await ours(repository, ["cat-file", rest], withRest)),
    text(await gitBytes(repository, ["cat-file", rest], withRest)),
  );
  for (const args of [["--batch-check"], ["--batch"]]) {
    const all = ["cat-file", "--batch-all-objects", ...args];
    assertEquals(await ours(repository, all), await gitBytes(repository, all), all.join(" "));
  }
  const unordered = ["cat-file", "--batch-all-objects", "--unordered", "--batch-check"];
  const lines = (bytes: Uint8Array) => text(bytes).split("\n").sort();
  assertEquals(lines(await ours(repository, unordered)), lines(await gitBytes(repository, unordered)));
  for (const args of [["-t", ids[0]!], ["-s", ids[0]!], ["-e", ids[0]!]]) {
    assertEquals(
      await ours(repository, ["cat-file", ...args]),
      await gitBytes(repository, ["cat-file", ...args]),
    );
  }
  const type = (await git(repository, ["cat-file", "-t", ids[1]!])).trim();
  assertEquals(
    await ours(repository, ["cat-file", type, ids[1]!]),
    await gitBytes(repository, ["cat-file", type, ids[1]!]),
  );
  assertEquals(
    (await sluice(["gitdb", "cat-file", `--git-dir=${repository}`, "-e", "12".repeat(20)])).code,
    1,
  );
  assertEquals((await sluice(["gitdb", "cat-file", "--git-dir=/nonexistent", "-t", ids[0]!])).code, 128);
});

testCli("verify-pack, show-index and hash-object print what git prints", async (folder) => {
  const repository = `${folder}/r.git`;
  await makeRepository(repository, {
    packing: ["pack"],
    commits: 40,
    packOptions: ["-a", "-f", "--depth=20"],
  });
  const name = [...Deno.readDirSync(`${repository}/objects/pack`)].find(({ name }) =>
    name.endsWith(".idx")
  )!.name;
  const index = `${repository}/objects/pack/${name}`;
  for (const args of [["verify-pack", "-v", index], ["verify-pack", "-s", index], ["verify-pack", index]]) {
    assertEquals(text(await ours(repository, args)), text(await gitBytes(repository, args)), args.join(" "));
  }
  const bytes = await Deno.readFile(index);
  assertEquals(
    await ours(repository, ["show-index"], bytes),
    await gitBytes(repository, ["show-index"], bytes),
  );
  const body = new TextEncoder().encode("some text\n");
  assertEquals(
    await ours(repository, ["hash-object", "--stdin"], body),
    await gitBytes(repository, ["hash-object", "--stdin"], body),
  );
  const id = text(await ours(repository, ["hash-object", "-w", "--stdin"], body)).trim();
  assertEquals(await gitBytes(repository, ["cat-file", "blob", id]), body);
});

testCli("pack-objects makes packs that git verifies", async (folder) => {
  const repository = `${folder}/r.git`;
  await makeRepository(repository, { packing: ["loose"], commits: 30 });
  const list = await gitBytes(repository, ["rev-list", "--objects", "--all"]);
  const checksum = text(await ours(repository, ["pack-objects", `${folder}/out`], list)).trim();
  await git(repository, ["verify-pack", "-v", `${folder}/out-${checksum}.idx`]);
  const pack = await ours(repository, ["pack-objects", "--stdout"], list);
  await Deno.writeFile(`${folder}/two.pack`, pack);
  await git(repository, ["index-pack", `${folder}/two.pack`]);
});
