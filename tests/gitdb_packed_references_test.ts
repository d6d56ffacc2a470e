/**
 * References in `packed-refs`: while git moves them there, with names of all kinds, and in clones.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { cloneGitRepository, GitRepository, UnsupportedFeatureError } from "@sluice/gitdb";
import { replacedIds, rootIds } from "../gitdb/database/_root_ids.ts";
import { run } from "./_cli.ts";
import { testInDirectory } from "./_directory.ts";
import { ENVIRONMENT, git, GIT_IS_HERE, testGit } from "./_git.ts";
import { GIT_SERVES, withServer } from "./_git_server.ts";

const EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
/** Until git has made and packed so many. */
const REFERENCES = 60;
/** Makes one reference after another, says so in a file, and packs it. */
const MAKE = `
i=0
while [ ! -e stop ]; do
  i=$((i + 1))
  id=$(echo $i | git hash-object -w --stdin) &&
  git update-ref refs/tags/t$i $id && git update-ref refs/replace/$(printf %040x $i) $id || exit 1
  echo "$i $id" > made.new && mv made.new made
  git pack-refs --all --prune || exit 1
done`;

testInDirectory("a reference that git packs meanwhile is in every listing", {
  ignore: !GIT_IS_HERE || Deno.build.os === "windows",
}, async (folder) => {
  await git(folder, ["init", "-q"]);
  const making = new Deno.Command("sh", { args: ["-c", MAKE], cwd: folder, env: ENVIRONMENT }).spawn();
  try {
    await using repository = await GitRepository.open(folder);
    const gitFolder = `${folder}/.git`;
    for (let made = 0; made < REFERENCES;) {
      const [count, id] = (await Deno.readTextFile(`${folder}/made`).catch(() => "0")).trim().split(" ");
      made = Number(count);
      if (made === 0) continue;
      const listed = (await Array.fromAsync(repository.references())).map(({ name }) => name);
      assert(listed.includes(`refs/tags/t${made}`), `${made} is not listed`);
      assert((await rootIds(gitFolder, "sha1")).some((root) => `${root}` === id), `${made} is no root`);
      const replaced = [...(await replacedIds(gitFolder, "sha1")).keys()];
      assert(replaced.includes(made.toString(16).padStart(40, "0")), `${made} replaces nothing`);
    }
  } finally {
    await Deno.writeTextFile(`${folder}/stop`, "");
    assertEquals((await making.status).code, 0, "git failed");
  }
});

/** UTF-16 has these in another order than UTF-8, which is git's. */
const NAMES = ["\u{1f600}", "\ufb01", "\u{10ffff}", "\uffe6", "z", "\u00e9", "a"]
  .flatMap((name) => [`${name}1`, `m${name}`, `${name}/${name}`]);

testGit(
  "references are sorted by the bytes of their names, also in the `packed-refs` of a clone",
  async (folder) => {
    await git(folder, ["init", "-q", "r"]);
    const id = (await git(`${folder}/r`, ["commit-tree", "-m", "x", EMPTY_TREE])).trim();
    await git(`${folder}/r`, ["update-ref", "refs/heads/master", id]);
    for (const name of NAMES) await git(`${folder}/r`, ["update-ref", `refs/tags/${name}`, id]);
    for (const isPacked of [false, true]) {
      if (isPacked) await git(`${folder}/r`, ["pack-refs", "--all"]);
      await using repository = await GitRepository.open(`${folder}/r`);
      const listed = (await Array.fromAsync(repository.references())).map(({ name }) => name);
      assertEquals(
        listed,
        (await git(`${folder}/r`, ["for-each-ref", "--format=%(refname)"])).trim().split("\n"),
      );
    }
    if (!GIT_SERVES) return;
    await withServer(folder, async (server) => {
      await cloneGitRepository(server.url("r/.git"), { into: `${folder}/clone` });
    });
    // git searches the file by halves, as its first line promises that it is sorted.
    for (const name of NAMES) {
      assertEquals(
        (await git(`${folder}/clone`, ["rev-parse", "--verify", `refs/tags/${name}`])).trim(),
        id,
        name,
      );
    }
  },
);

testGit("a reference whose name Deno can't open is no object less in what is reachable", async (folder) => {
  await git(folder, ["init", "-q", "."]);
  const id = (await git(folder, ["commit-tree", "-m", "x", EMPTY_TREE])).trim();
  const made = await run("sh", ["-c", `printf '${id}\\n' > "refs/heads/$(printf '\\351')"`], {
    cwd: `${folder}/.git`,
  });
  assertEquals(made.code, 0, made.stderr);
  await assertRejects(() => rootIds(`${folder}/.git`, "sha1"), UnsupportedFeatureError, "is not UTF-8");
  // Packed, its id can be read, whatever the bytes of its name are.
  await git(folder, ["pack-refs", "--all"]);
  assertEquals((await rootIds(`${folder}/.git`, "sha1")).map(String), [id]);
});

testGit("logs of references that belong to a linked work tree lie in its folder", async (folder) => {
  await git(folder, ["init", "-q", "r"]);
  const ids: string[] = [];
  for (const message of ["a", "b"]) {
    ids.push((await git(`${folder}/r`, ["commit-tree", "-m", message, EMPTY_TREE])).trim());
  }
  await git(`${folder}/r`, ["update-ref", "refs/heads/master", ids[0]!]);
  await git(`${folder}/r`, ["worktree", "add", "-q", "--detach", "../linked"]);
  for (const kind of ["worktree", "bisect", "rewritten"]) {
    for (const id of ids) {
      await git(`${folder}/linked`, ["update-ref", "--create-reflog", `refs/${kind}/x`, id]);
    }
    await using repository = await GitRepository.open(`${folder}/linked`);
    const past = `refs/${kind}/x@{1}`;
    assertEquals(
      `${(await repository.resolve(past)).id}`,
      (await git(`${folder}/linked`, ["rev-parse", past])).trim(),
    );
  }
});
