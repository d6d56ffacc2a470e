/**
 * The orders of histories beside git's, without a commit graph and with one in each of its forms, whole and damaged.
 */
import { GitRepository } from "@sluice/gitdb";
import { NotFoundError } from "@sluice/internal";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { sluice } from "./_cli.ts";
import { Random } from "./_data.ts";
import { git, testGit } from "./_git.ts";

/** Branches that are made and merged, also three at a time; many commits have the same date, and some have odd ones. */
async function makeHistory(folder: string, options: readonly string[]): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  await git(folder, ["init", "-q", "--bare", "-b", "main", ...options, "."]);
  const random = new Random(17);
  const commands: string[] = [];
  const tips: number[] = [];
  for (let mark = 1; mark <= 150; mark++) {
    const time = 1_000_000_000 + (mark >> 2) * 60 - (random.below(12) === 0 ? 900 : 0);
    const known = [...tips];
    const base = mark === 1 ? undefined : known[random.below(known.length)];
    const merged = base === undefined
      ? []
      : known.filter((tip) => tip !== base && random.below(4) === 0).slice(0, 3);
    const ref = `refs/heads/${mark > 140 ? "main" : `b${mark}`}`;
    commands.push(
      `commit ${ref}\nmark :${mark}\ncommitter A <a@b.c> ${time} +0000\ndata ${`${mark}`.length}\n${mark}\n`,
      base === undefined ? "" : `from :${base}\n`,
      ...merged.map((tip) => `merge :${tip}\n`),
      `M 100644 inline f\ndata ${`${mark}`.length}\n${mark}\n\n`,
    );
    for (const tip of merged) tips.splice(tips.indexOf(tip), 1);
    if (base !== undefined && random.below(3) > 0) tips.splice(tips.indexOf(base), 1);
    tips.push(mark);
  }
  await git(folder, ["fast-import", "--quiet", "--force"], new TextEncoder().encode(commands.join("")));
}

const ORDERS = [["age", []], ["date", ["--date-order"]], ["topological", ["--topo-order"]]] as const;

/** Compares the best common ancestors of commits with git's, of two merges that have crossed among them. */
async function compareMergeBases(repository: GitRepository, folder: string): Promise<void> {
  const random = new Random(18);
  const ids = (await git(folder, ["rev-list", "--all"])).trim().split("\n");
  const pairs = Array.from({ length: 30 }, () => [random.below(ids.length), random.below(ids.length)])
    .map(([left, right]) => [ids[left!]!, ids[right!]!]);
  const made = async (...parents: string[]): Promise<string> => {
    const who = ["-c", "user.name=A", "-c", "user.email=a@b.c"];
    const before = parents.flatMap((parent) => ["-p", parent]);
    return (await git(folder, [
      ...who,
      "commit-tree",
      "main^{tree}",
      "-m",
      `${random.below(1e9)}`,
      ...before,
    ])).trim();
  };
  const sides = [await made("main"), await made("main")] as const;
  const crossed = [await made(...sides), await made(sides[1], sides[0])];
  assertEquals((await repository.mergeBases(crossed[0]!, crossed[1]!)).length, 2);
  const run = async (...args: string[]): Promise<{ readonly code: number; readonly ids: string[] }> => {
    const { code, stdout } = await new Deno.Command("git", { args: ["-C", folder, "merge-base", ...args] })
      .output();
    return { code, ids: new TextDecoder().decode(stdout).split("\n").filter(Boolean) };
  };
  for (const [left, right] of [...pairs, crossed, [ids[0]!, await made()]]) {
    const expected = (await run("--all", left!, right!)).ids;
    assertEquals((await repository.mergeBases(left!, right!)).map(String), expected);
    const { code } = await run("--is-ancestor", left!, right!);
    assertEquals(await repository.isAncestor(left!, right!), code === 0);
    const more = [right!, ids[random.below(ids.length)]!, ids[random.below(ids.length)]!];
    const ofMany = (await run("--all", left!, ...more)).ids;
    assertEquals((await repository.mergeBases(left!, more)).map(String), ofMany);
  }
  const [old, young] = [ids.at(-1)!, ids[0]!];
  assertEquals(await repository.isAncestor(old, young), (await run("--is-ancestor", old, young)).code === 0);
}

/** Compares the orders of a repository with git's. */
async function compareOrders(folder: string, what: string): Promise<void> {
  await using repository = await GitRepository.open(folder);
  const heads = (await git(folder, ["for-each-ref", "--format=%(refname:short)"])).trim().split("\n");
  await compareMergeBases(repository, folder);
  const walks: [string[], string[]][] = [[["main"], []], [["main"], ["main~3"]], [heads, []], [heads, [
    "main~9",
    "b40",
  ]]];
  for (const [order, flags] of ORDERS) {
    for (const [from, exclude] of walks) {
      const expected = await git(folder, [
        "rev-list",
        ...flags,
        ...from,
        ...exclude.map((name) => `^${name}`),
      ]);
      const found = await Array.fromAsync(repository.history(from, { order, exclude }));
      assertEquals(found.map(({ id }) => `${id}\n`).join(""), expected, `${what} ${order} ${from.length}`);
    }
  }
}

testGit("histories come in every order of git's, with and without commit graphs", async (folder) => {
  for (const options of [[], ["--object-format=sha256"]]) {
    const path = `${folder}/r${options.length}.git`;
    await makeHistory(path, options);
    await compareOrders(path, "no graph");
    const head = (await git(path, ["rev-parse", "main~20"])).trim();
    await git(path, ["commit-graph", "write", "--stdin-commits"], new TextEncoder().encode(`${head}\n`));
    await compareOrders(path, "a part");
    await git(path, ["commit-graph", "write", "--reachable"]);
    await compareOrders(path, "one file");
    await Deno.remove(`${path}/objects/info/commit-graph`);
    for (const name of ["main~30", "main~10", "main"]) {
      const id = (await git(path, ["rev-parse", name])).trim();
      const split = ["commit-graph", "write", "--split=no-merge", "--stdin-commits"];
      await git(path, split, new TextEncoder().encode(`${id}\n`));
    }
    await compareOrders(path, "layers");
  }
});

testGit(
  "what is left out is found in the commit graph; one that is damaged changes nothing",
  async (folder) => {
    const path = `${folder}/r.git`;
    await makeHistory(path, []);
    await git(path, ["commit-graph", "write", "--reachable"]);
    const graph = `${path}/objects/info/commit-graph`;
    const bytes = await Deno.readFile(graph);
    const random = new Random(3);
    // Tables that lead out of the file; ids and dates of commits are git's to trust.
    const table = 8 + 12 * (bytes[6]! + 1) + 1024;
    for (let i = 0; i < 60; i++) {
      const damaged = bytes.slice(0, i % 3 === 0 ? random.below(bytes.length) : bytes.length);
      if (i % 3 > 0) damaged[random.below(table)]! ^= 1 << random.below(8);
      await Deno.remove(graph);
      await Deno.writeFile(graph, damaged);
      await using repository = await GitRepository.open(path);
      const found = await Array.fromAsync(repository.history("main", { order: "topological" })).catch(
        (error) => {
          // An id that is looked up in the wrong rows is missing, and the commit is read instead.
          throw new Error(`round ${i}`, { cause: error });
        },
      );
      assert(found.length > 10);
    }
    await Deno.remove(graph);
    await Deno.writeFile(graph, bytes);
    // A commit that nobody reads may be missing.
    await git(path, ["repack", "-a", "-d", "-q"]);
    await Deno.mkdir(`${folder}/packs`);
    for await (const { name } of Deno.readDir(`${path}/objects/pack`)) {
      if (name.endsWith(".pack")) {
        await Deno.rename(
          `${path}/objects/pack/${name}`,
          `${folder}/packs/${name}`,
        );
      } else await Deno.remove(`${path}/objects/pack/${name}`);
    }
    for await (const { name } of Deno.readDir(`${folder}/packs`)) {
      await git(path, ["unpack-objects", "-q"], await Deno.readFile(`${folder}/packs/${name}`));
    }
    const old = (await git(path, ["rev-parse", "main~20"])).trim();
    await Deno.remove(`${path}/objects/${old.slice(0, 2)}/${old.slice(2)}`);
    const options = { order: "date", exclude: "main~5" } as const;
    {
      await using repository = await GitRepository.open(path);
      assert((await Array.fromAsync(repository.history("main", options))).length > 3);
    }
    await Deno.remove(graph);
    await using repository = await GitRepository.open(path);
    await assertRejects(() => Array.fromAsync(repository.history("main", options)), NotFoundError);
  },
);

testGit("sluice gitdb log has the orders of git log", async (folder) => {
  const path = `${folder}/r.git`;
  await makeHistory(path, []);
  for (
    const flags of [["--topo-order"], ["--date-order"], ["--topo-order", "-n", "9"], [
      "--date-order",
      "--all",
    ]]
  ) {
    const args = ["log", "--format=%h %s", ...flags];
    const ours = await sluice(["gitdb", ...args], { cwd: path });
    assertEquals(new TextDecoder().decode(ours.stdout), await git(path, args), flags.join(" "));
  }
});
