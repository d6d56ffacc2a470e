/**
 * Fetches of a part of the objects, and of what is named by a tag or an id: git goes on with the repository afterwards.
 */
import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { cloneGitRepository, fetchGitRepository, GitRepository, SluiceError } from "@sluice/gitdb";
import { withConfigValues } from "../gitdb/object/_config.ts";
import { filterSpec } from "../gitdb/remote/_filter_spec.ts";
import { run, sluice } from "./_cli.ts";
import { testInDirectory } from "./_directory.ts";
import { ENVIRONMENT, git, testGit } from "./_git.ts";
import { GIT_SERVES, withServer } from "./_git_server.ts";

async function commitFile(folder: string, name: string, content: string): Promise<void> {
  await Deno.writeTextFile(`${folder}/${name}`, content);
  await git(folder, ["add", name]);
  await git(folder, ["commit", "-q", "-m", name]);
}

/** What git says of a key, without what it adds. */
async function configured(folder: string, key: string): Promise<string> {
  return (await git(folder, ["config", "--get", key])).trim();
}

testGit("a full clone that fetches a part is a partial clone for git, too", async (folder) => {
  if (!GIT_SERVES) return;
  await git(folder, ["init", "-q", "-b", "main", "served"]);
  const served = `${folder}/served`;
  await git(served, ["config", "uploadpack.allowFilter", "true"]);
  await git(served, ["config", "uploadpack.allowAnySHA1InWant", "true"]);
  await commitFile(served, "a", "first");
  await withServer(folder, async (server) => {
    const clone = `${folder}/clone`;
    await git(folder, ["clone", "-q", server.url("served/.git"), clone]);
    await commitFile(served, "b", "left out");
    const before = await Deno.readTextFile(`${clone}/.git/config`);
    {
      await using repository = await GitRepository.open(clone);
      await assertRejects(
        () => fetchGitRepository(repository, { filter: "nonsense" }),
        RangeError,
        "no filter",
      );
      assertEquals(await Deno.readTextFile(`${clone}/.git/config`), before);
      await fetchGitRepository(repository, { filter: "blob:limit=1k" });
      assertEquals(await configured(clone, "remote.origin.partialclonefilter"), "blob:limit=1024");
      await commitFile(served, "c", "x".repeat(2000));
      await fetchGitRepository(repository);
    }
    assertEquals(await configured(clone, "remote.origin.promisor"), "true");
    assertEquals(await configured(clone, "core.repositoryformatversion"), "1");
    // Nothing else of the file has changed.
    const kept = before.split("\n").filter((line) => !line.includes("repositoryformatversion"));
    const after = (await Deno.readTextFile(`${clone}/.git/config`)).split("\n");
    assertEquals(kept.filter((line) => !after.includes(line)), []);
    assertEquals(
      (await git(clone, ["rev-list", "--objects", "--missing=print", "origin/main"])).match(/^\?/gm)?.length,
      1,
    );
    await git(clone, ["fsck"]);
    await git(clone, ["gc", "-q"]);
    await git(clone, ["merge", "-q", "origin/main"]);
    assertEquals((await Deno.readTextFile(`${clone}/c`)).length, 2000);
    // A URL without a name promises what it left out, too.
    await commitFile(served, "d", "y".repeat(3000));
    const fetched = await sluice(
      ["gitdb", "fetch", "--filter=blob:none", server.url("served/.git"), "main"],
      {
        cwd: clone,
        env: ENVIRONMENT,
      },
    );
    assertEquals(fetched.code, 0, fetched.stderr);
    await git(clone, ["fsck"]);
    await git(clone, ["merge", "-q", "FETCH_HEAD"]);
    assertEquals((await Deno.readTextFile(`${clone}/d`)).length, 3000);
  });
});

testGit("tags by their word and commits by their ids are fetched as git fetches them", async (folder) => {
  if (!GIT_SERVES) return;
  await git(folder, ["init", "-q", "-b", "main", "served"]);
  const served = `${folder}/served`;
  await commitFile(served, "a", "first");
  await git(served, ["checkout", "-q", "-b", "side"]);
  await commitFile(served, "b", "second");
  await git(served, ["tag", "-a", "-m", "v", "v1"]);
  const id = (await git(served, ["rev-parse", "HEAD"])).trim();
  await git(served, ["checkout", "-q", "main"]);
  await git(served, ["branch", "-q", "-D", "side"]);
  await withServer(folder, async (server) => {
    const url = server.url("served/.git");
    const results: [string, unknown][] = [];
    for (const program of ["git", "sluice"] as const) {
      for (const words of [[id], ["tag", "v1"], [`${id}:refs/heads/new`], ["tag"], ["0".repeat(39) + "1"]]) {
        const clone = `${folder}/${program}${results.length}`;
        await git(folder, ["clone", "-q", "--no-tags", "--single-branch", "-b", "main", url, clone]);
        const { code }: { readonly code: number } = program === "git"
          ? await run("git", ["fetch", "--no-tags", "origin", ...words], { cwd: clone, env: ENVIRONMENT })
          : await sluice(["gitdb", "fetch", "--no-tags", "origin", ...words], {
            cwd: clone,
            env: ENVIRONMENT,
          });
        const head = await Deno.readTextFile(`${clone}/.git/FETCH_HEAD`).catch(() => "");
        results.push([program, [code, head, await git(clone, ["for-each-ref"])]]);
      }
    }
    const half = results.length / 2;
    for (let at = 0; at < half; at++) assertEquals(results[at + half]![1], results[at]![1], `${at}`);
  });
});

testGit("a reference that is in the way is named, also where nothing else is said", async (folder) => {
  if (!GIT_SERVES) return;
  await git(folder, ["init", "-q", "-b", "main", "served"]);
  const served = `${folder}/served`;
  await commitFile(served, "a", "first");
  await git(served, ["branch", "way"]);
  await withServer(folder, async (server) => {
    const clone = `${folder}/clone`;
    await git(folder, ["clone", "-q", server.url("served/.git"), clone]);
    await git(served, ["branch", "-D", "way"]);
    await git(served, ["branch", "way/in"]);
    for (const words of [["-q"], []]) {
      const { code, stderr } = await sluice(["gitdb", "fetch", ...words], { cwd: clone, env: ENVIRONMENT });
      assertEquals(code, 1);
      assertStringIncludes(stderr, "error: Cannot");
      assertStringIncludes(stderr, "refs/remotes/origin/way");
      assertStringIncludes(stderr, "'git remote prune origin'");
    }
  });
});

testGit(
  "of a mirror a part of the history is one branch, and of nothing none is followed",
  async (folder) => {
    if (!GIT_SERVES) return;
    await git(folder, ["init", "-q", "-b", "main", "served"]);
    await commitFile(`${folder}/served`, "a", "first");
    await git(`${folder}/served`, ["branch", "other"]);
    await git(folder, ["init", "-q", "-b", "main", "empty"]);
    await withServer(folder, async (server) => {
      const url = server.url("served/.git");
      await cloneGitRepository(url, { into: `${folder}/mirror`, mirror: true, depth: 1 });
      await git(folder, ["clone", "-q", "--mirror", "--depth=1", url, "theirs"]);
      assertEquals(
        await git(`${folder}/mirror`, ["for-each-ref"]),
        await git(`${folder}/theirs`, ["for-each-ref"]),
      );
      await git(`${folder}/mirror`, ["fetch", "-q"]);
      assertEquals(
        await git(`${folder}/mirror`, ["for-each-ref"]),
        await git(`${folder}/theirs`, ["for-each-ref"]),
      );
      await cloneGitRepository(server.url("empty/.git"), { into: `${folder}/none`, depth: 1 });
      await commitFile(`${folder}/empty`, "a", "first");
      await git(`${folder}/none`, ["fetch", "-q", "--depth=1"]);
    });
  },
);

testGit("of several URLs the first is fetched from, and rules that exclude are git's", async (folder) => {
  if (!GIT_SERVES) return;
  for (const name of ["first", "second"]) {
    await git(folder, ["init", "-q", "-b", "main", name]);
    await commitFile(`${folder}/${name}`, "a", name);
    for (const branch of ["old/a", "old/b", "new"]) await git(`${folder}/${name}`, ["branch", branch]);
  }
  await withServer(folder, async (server) => {
    const listed: string[] = [];
    for (const program of ["git", "sluice"] as const) {
      const clone = `${folder}/${program}`;
      await git(folder, ["init", "-q", program]);
      await git(clone, ["remote", "add", "origin", server.url("first/.git")]);
      await git(clone, ["remote", "set-url", "--add", "origin", server.url("second/.git")]);
      await git(clone, ["config", "--add", "remote.origin.fetch", "^refs/heads/old/*"]);
      const said = program === "git"
        ? await run("git", ["fetch", "-q", "origin"], { cwd: clone, env: ENVIRONMENT })
        : await sluice(["gitdb", "fetch", "-q", "origin"], { cwd: clone, env: ENVIRONMENT });
      assertEquals(said.code, 0, said.stderr);
      listed.push(await git(clone, ["for-each-ref"]), await Deno.readTextFile(`${clone}/.git/FETCH_HEAD`));
    }
    assertEquals(listed.slice(2), listed.slice(0, 2));
    assert(!listed[0]!.includes("old"), listed[0]);
  });
});

testGit("files whose names are not UTF-8 are left out of a work tree, and said", async (folder) => {
  if (!GIT_SERVES) return;
  await git(folder, ["init", "-q", "-b", "main", "served"]);
  const made = await run("sh", [
    "-c",
    `mkdir d && echo a > "$(printf 'caf\\351')" && echo b > "$(printf 'd/\\377')" && echo c > d/c &&
    ln -s "$(printf 'd/\\377')" link && git add . && git commit -qm x`,
  ], { cwd: `${folder}/served`, env: ENVIRONMENT });
  assertEquals(made.code, 0, made.stderr);
  await withServer(folder, async (server) => {
    const cloned = await sluice(["gitdb", "clone", "-q", server.url("served/.git"), "clone"], {
      cwd: folder,
      env: ENVIRONMENT,
    });
    assertEquals(cloned.code, 1, cloned.stderr);
    assertEquals(cloned.stderr.match(/^error: unable to create .* not UTF-8/gm)?.length, 3, cloned.stderr);
    assertEquals(await Deno.readTextFile(`${folder}/clone/d/c`), "c\n");
    // What is not there is no change: a commit of all files keeps them.
    assertEquals(await git(`${folder}/clone`, ["status", "--porcelain"]), "");
    await git(`${folder}/clone`, ["fsck"]);
  });
});

testGit("of clones into one folder at once, one gets it, and the others leave it alone", async (folder) => {
  if (!GIT_SERVES) return;
  await git(folder, ["init", "-q", "-b", "main", "served"]);
  await commitFile(`${folder}/served`, "a", "first");
  await withServer(folder, async (server) => {
    const url = server.url("served/.git");
    for (const bare of [false, true]) {
      for (let round = 0; round < 10; round++) {
        const into = `${folder}/${bare}${round}/deep/clone`;
        // One of another name comes into a folder that may be taken away.
        const beside = cloneGitRepository(url, { into: `${folder}/${bare}${round}/beside`, bare });
        const results = await Promise.allSettled(
          [1, 2, 3].map(() => cloneGitRepository(url, { into, bare })),
        );
        await beside;
        const refused = results.flatMap((result) => result.status === "rejected" ? [result.reason] : []);
        assertEquals(refused.map((error) => error instanceof SluiceError && error.code), [
          "EXISTS",
          "EXISTS",
        ]);
        await git(into, ["fsck"]);
      }
    }
  });
});

Deno.test("filters are git's, with sizes in bytes", () => {
  for (
    const [text, spec] of [
      ["blob:none", "blob:none"],
      ["blob:limit=3", "blob:limit=3"],
      ["blob:limit=2M", `blob:limit=${2 * 2 ** 20}`],
      ["tree:0", "tree:0"],
      ["object:type=commit", "object:type=commit"],
      ["sparse:oid=main:x", "sparse:oid=main:x"],
      ["combine:blob:limit=1k+tree:2", "combine:blob:limit%3D1024+tree:2"],
    ] as const
  ) {
    assertEquals(filterSpec(text), spec);
  }
  for (
    const text of [
      "",
      "blob",
      "blob:nine",
      "blob:limit=",
      "blob:limit=1t",
      "tree:-1",
      "tree:01",
      "object:type=x",
    ]
      .concat(["sparse:path=x", "combine:", "combine:tree:1+nope", "combine:%", "blob:none\nwant x"])
  ) {
    assertThrows(() => filterSpec(text), RangeError, "no filter");
  }
});

testInDirectory(
  "values of a configuration change where git reads them, and nothing else does",
  async (folder) => {
    const values = [["promisor", "true"], ["filter", 'a "b"']] as const;
    for (
      const text of [
        "",
        "[core]\n\tbare = false",
        '[remote "o"]\n\turl = x\n# note\n\n[remote "p"]\n\turl = y\n',
        '[remote "o"]\n\tpromisor = false\n\turl = x\n[core]\n\ta = b\n[remote "o"]\n\tFilter = old\n',
        '[remote "o"] promisor = false\n[other]\n',
        '[remote "o"]\n\tfilter = a\\\nb\n\tpromisor\n',
        '[REMOTE "o"]\r\n\turl = x\r\n',
      ]
    ) {
      const changed = withConfigValues(text, "remote", "o", values);
      await Deno.writeTextFile(`${folder}/config`, changed);
      for (const [key, value] of values) {
        const got = await git(folder, ["config", "--file", "config", "--get", `remote.o.${key}`]);
        assertEquals(got, `${value}\n`, changed);
      }
      await Deno.writeTextFile(`${folder}/before`, text);
      const list = async (name: string): Promise<string[]> =>
        (await git(folder, ["config", "--file", name, "--list"])).split("\n")
          .filter((line) => !/^remote\.o\.(?:promisor|filter)(?:=|$)/.test(line));
      assertEquals(await list("config"), await list("before"));
      assert(text.split("\n").every((line) => !line.startsWith("#") || changed.includes(line)));
      // Once more it is the same.
      assertEquals(withConfigValues(changed, "remote", "o", values), changed);
    }
  },
);
