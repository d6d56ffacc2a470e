/**
 * `sluice gitdb ls-remote`, `fetch` and `clone` beside git: the same output, exit codes, references and FETCH_HEAD.
 */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { inDirectory } from "./_directory.ts";
import { git, makeRepository } from "./_git.ts";
import { GIT_SERVES, withServer } from "./_git_server.ts";
import { run, sluice, sluiceArguments } from "./_cli.ts";

const ENVIRONMENT = {
  GIT_COMMITTER_NAME: "A",
  GIT_COMMITTER_EMAIL: "a@example.test",
  GIT_AUTHOR_NAME: "A",
  GIT_AUTHOR_EMAIL: "a@example.test",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
};

function testRemote(name: string, test: (folder: string) => Promise<void>): void {
  Deno.test({ name, ignore: !GIT_SERVES, fn: () => inDirectory(test) });
}

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function both(
  cwd: { git: string; sluice: string },
  args: readonly string[],
): Promise<[Outcome, Outcome]> {
  const plain = (outcome: { code: number; stdout: Uint8Array; stderr: string }): Outcome => ({
    code: outcome.code,
    stdout: new TextDecoder().decode(outcome.stdout),
    stderr: outcome.stderr.replace(/^POST git-upload-pack.*\n/gm, ""),
  });
  const theirs = await run("git", args, { cwd: cwd.git, env: ENVIRONMENT });
  const ours = await sluice(["gitdb", ...args], { cwd: cwd.sluice, env: ENVIRONMENT });
  return [plain(ours), plain(theirs)];
}

async function servedRepository(folder: string): Promise<string> {
  const path = `${folder}/served.git`;
  await makeRepository(path, { commits: 12, packing: ["pack"] });
  await git(path, ["symbolic-ref", "HEAD", "refs/heads/main"]);
  await git(path, ["config", "uploadpack.allowFilter", "true"]);
  await git(path, ["branch", "other", "main~1"]);
  await git(path, ["branch", "feature/gone", "main~2"]);
  await git(path, ["tag", "light", "main~2"]);
  return path;
}

/** What changes on the server between a clone and a fetch. */
async function goOn(path: string): Promise<void> {
  const id = (await git(path, ["commit-tree", "main^{tree}", "-p", "main", "-m", "next"])).trim();
  await git(path, ["update-ref", "refs/heads/main", id]);
  await git(path, ["branch", "-f", "other", "main~4"]);
  await git(path, ["branch", "feature/a-name-that-is-long", "main"]);
  await git(path, ["branch", "-D", "feature/gone"]);
  await git(path, ["tag", "newlight", "main"]);
  await git(path, ["tag", "-a", "annotated", "-m", "x", "main~1"]);
  await git(path, ["tag", "-f", "light", "main~3"]);
  await git(path, ["update-ref", "refs/pull/1/head", "main~2"]);
}

testRemote("ls-remote prints what git prints", async (folder) => {
  await servedRepository(folder);
  await withServer(folder, async (server) => {
    const url = server.url("served.git");
    await git(folder, ["clone", "-q", url, "clone"]);
    const at = { git: `${folder}/clone`, sluice: `${folder}/clone` };
    const cases: readonly (readonly string[])[] = [
      [],
      ["-q"],
      ["origin"],
      [url],
      ["--heads"],
      ["--tags", "origin"],
      ["--refs", url],
      ["--symref", "origin", "HEAD"],
      ["origin", "main"],
      ["origin", "ma*", "v?"],
      ["origin", "heads/[mo]*"],
      ["--exit-code", "origin", "nothing"],
      ["--exit-code", "origin", "v0"],
      ["--get-url"],
      ["--get-url", "origin"],
      [server.url("missing.git")],
      ["nowhere"],
    ];
    for (const args of cases) {
      const [ours, theirs] = await both(at, ["ls-remote", ...args]);
      assertEquals(ours, theirs, args.join(" "));
    }
  });
});

Deno.test("ls-remote, fetch and clone give up after --timeout, and say so", async () => {
  await inDirectory(async (folder) => {
    for (const name of ["r/objects", "r/refs"]) await Deno.mkdir(`${folder}/${name}`, { recursive: true });
    await Deno.writeTextFile(`${folder}/r/HEAD`, "ref: refs/heads/main\n");
    const held = Promise.withResolvers<Response>();
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      () => held.promise,
    );
    const url = `http://127.0.0.1:${server.addr.port}/a.git`;
    for (
      const args of [
        ["ls-remote", "--timeout", "1", url],
        ["clone", "--timeout=1", "-q", url, `${folder}/new`],
        ["fetch", "--timeout=1", `--git-dir=${folder}/r`, url, "main"],
      ]
    ) {
      const { code, stderr } = await sluice(["gitdb", ...args]);
      assertEquals(code, 128, stderr);
      assertStringIncludes(stderr, "no answer came for 1000 ms (raise --timeout)");
    }
    held.resolve(new Response());
  });
  for (const [value, says] of [["0", "1 to 2147483 seconds"], ["1s", "seconds"], ["2147484", "seconds"]]) {
    const { code, stderr } = await sluice(["gitdb", "ls-remote", "--timeout", value!, "http://127.0.0.1:1/"]);
    assertEquals(code, 129);
    assertStringIncludes(stderr, says!);
  }
  const idle = await sluice(["gitdb", "ls-remote", "--get-url", "--timeout=5", "http://127.0.0.1:1/"]);
  assertStringIncludes(idle.stderr, "--timeout has no effect with --get-url");
});

/** Fetches, each in a fresh clone of the kind that it names. */
const FETCHES: readonly {
  readonly clone?: readonly string[];
  readonly runs: readonly (readonly string[])[];
}[] = [
  { runs: [[], [], ["-v"]] },
  { runs: [["--dry-run"], ["-q"]] },
  { runs: [["origin", "main"], ["origin", "main"]] },
  { runs: [["URL", "other"], ["-a", "URL", "refs/tags/v0"]] },
  { runs: [["origin", "+refs/heads/other:refs/heads/mine", "refs/tags/v0:refs/tags/w0"]] },
  { runs: [["origin", "main~1:refs/heads/x"], ["origin", "nothing"], ["nowhere"]] },
  {
    runs: [["origin", "main:main"], ["origin", "refs/pull/1/head"], [
      "origin",
      "refs/pull/*:refs/remotes/pull/*",
    ]],
  },
  // What fails after a fetch leaves nothing of it in FETCH_HEAD.
  { runs: [["origin", "main"], ["origin", "nothing"], ["origin", "main"], ["nowhere"]] },
  {
    runs: [["origin", "main"], ["--dry-run", "origin", "nothing"], ["-a", "nowhere"], [
      "origin",
      "main:main",
    ]],
  },
  { runs: [["--prune"], ["-p"]] },
  { runs: [["--no-tags"], ["--tags"], ["-f", "--tags"]] },
  { runs: [["--unshallow"]] },
  { clone: ["--bare"], runs: [[], ["origin", "other:other"], ["-f", "origin", "other:other", "main"]] },
  { clone: ["--mirror"], runs: [[], ["-p"]] },
  { clone: ["--depth=1"], runs: [[], ["--deepen=1"], ["--unshallow"], ["--unshallow"]] },
  {
    clone: ["--depth=2", "--no-single-branch"],
    runs: [["--depth=4", "--no-tags"], ["--depth=1", "--no-tags"], ["--shallow-exclude=v0", "-n"]],
  },
  { clone: ["--filter=blob:none"], runs: [[], ["origin", "other"]] },
  { clone: ["--single-branch"], runs: [[], ["origin", "other"]] },
];

testRemote("fetch sets, says and ends as git does", async (folder) => {
  const served = await servedRepository(folder);
  await withServer(folder, async (server) => {
    const url = server.url("served.git");
    for (const [i, { clone = [] }] of FETCHES.entries()) {
      await git(folder, ["clone", "-q", ...clone, url, `git${i}`]);
      await run("cp", ["-r", `${folder}/git${i}`, `${folder}/sluice${i}`]);
    }
    await goOn(served);
    for (const [i, { clone, runs }] of FETCHES.entries()) {
      const at = { git: `${folder}/git${i}`, sluice: `${folder}/sluice${i}` };
      for (const args of runs) {
        const name = `${clone?.join(" ") ?? ""}: fetch ${args.join(" ")}`;
        const [ours, theirs] = await both(at, ["fetch", ...args.map((arg) => arg === "URL" ? url : arg)]);
        // Without setting them, git names new tags twice.
        const lines = args.includes("--dry-run")
          ? [...new Set(theirs.stderr.split("\n"))].join("\n")
          : theirs.stderr;
        assertEquals({ ...ours, stderr: ours.stderr.replaceAll("/sluice", "/git") }, {
          ...theirs,
          stderr: lines,
        }, name);
        assertEquals(await stateOf(at.sluice), await stateOf(at.git), name);
      }
      await git(at.sluice, ["fsck", "--no-dangling"]);
    }
  });
});

/** References, their logs, FETCH_HEAD and the end of the history. */
async function stateOf(path: string): Promise<unknown> {
  const gitFolder = await Deno.stat(`${path}/.git`).then(() => `${path}/.git`, () => path);
  const text = (name: string): Promise<string> => Deno.readTextFile(`${gitFolder}/${name}`).catch(() => "");
  const refs = await git(path, ["for-each-ref", "--format=%(refname) %(objectname)"]);
  const logs: string[] = [];
  for (const name of ["remotes/origin/main", "remotes/origin/other", "heads/mine"]) {
    const log = await text(`logs/refs/${name}`);
    logs.push(log.replace(/ <.*?> \d+ [+-]\d+/g, ""));
  }
  return { refs, logs, head: await text("FETCH_HEAD"), shallow: await text("shallow") };
}

testRemote("clone says and ends as git does", async (folder) => {
  await servedRepository(folder);
  await git(folder, ["init", "-q", "--bare", "empty.git"]);
  await git(folder, ["clone", "-q", "--bare", "served.git", "unborn.git"]);
  await git(`${folder}/unborn.git`, ["symbolic-ref", "HEAD", "refs/heads/nowhere"]);
  await withServer(folder, async (server) => {
    const cases: readonly (readonly string[])[] = [
      ["served.git"],
      ["-q", "served.git", "quiet"],
      ["--bare", "served.git"],
      ["--mirror", "-q", "served.git", "mirror"],
      ["empty.git"],
      ["unborn.git"],
      ["--bare", "unborn.git", "unborn-bare"],
      ["missing.git"],
      ["served.git", "served"],
      ["-b", "nothing", "served.git", "x"],
      ["--depth", "2", "--no-single-branch", "-o", "up", "served.git", "deep"],
      ["--shallow-since", "1000000000", "served.git", "young"],
      ["--filter=blob:limit=500", "-n", "served.git", "partial"],
    ];
    const at = { git: `${folder}/git`, sluice: `${folder}/sluice` };
    await Deno.mkdir(at.git);
    await Deno.mkdir(at.sluice);
    for (const args of cases) {
      const name = args.join(" ");
      const given = args.map((arg) => arg.endsWith(".git") ? server.url(arg) : arg);
      const [ours, theirs] = await both(at, ["clone", ...given]);
      assertEquals(ours, theirs, name);
    }
    const names = (path: string): string[] => [...Deno.readDirSync(path)].map((entry) => entry.name).sort();
    assertEquals(names(at.sluice), names(at.git));
    for (const name of names(at.sluice)) {
      assertEquals(await stateOf(`${at.sluice}/${name}`), await stateOf(`${at.git}/${name}`), name);
      assertEquals(await git(`${at.sluice}/${name}`, ["fsck"]), "", name);
    }
  });
});

testRemote("progress is what the server says, and a helper is asked for credentials", async (folder) => {
  await servedRepository(folder);
  await withServer(folder, async (server) => {
    const seen: (string | null)[] = [];
    server.intercept = (request, answer) => {
      const authorization = request.headers.get("authorization");
      seen.push(authorization);
      if (authorization === `Basic ${btoa("me:word")}`) return answer();
      return Promise.resolve(new Response(null, { status: 401, headers: { "www-authenticate": "Basic" } }));
    };
    const helper = `!printf 'username=me\\npassword=word\\n'; echo asked >> ${folder}/log; :`;
    const args = ["clone", "--progress", `--credential-helper=${helper}`, server.url("served.git"), "clone"];
    const { code, stderr } = await sluice(["gitdb", ...args], { cwd: folder, env: ENVIRONMENT });
    assertEquals(code, 0, stderr);
    assert(/^remote: Enumerating objects: \d+, done\.$/m.test(stderr), stderr);
    assertEquals(seen[0], null);
    assertEquals(await Deno.readTextFile(`${folder}/log`), "asked\n", "the helper is asked once");
    // A helper is told whose password is wanted, and one that never ends is ended.
    const named = server.url("served.git").replace("//", "//me@");
    const asking = `!cat > ${folder}/asked; printf 'username=me\\npassword=word\\n'; :`;
    for (
      const [helper, url, status] of [
        [asking, named, 0],
        ["!yes", server.url("served.git"), 128],
        [`!touch ${folder}/told; :`, named.replace("me", "me%0ahost=elsewhere.test"), 128],
      ] as const
    ) {
      const listed = await sluice(["gitdb", "ls-remote", `--credential-helper=${helper}`, url], {
        cwd: folder,
      });
      assertEquals(listed.code, status, listed.stderr);
    }
    await assertRejects(() => Deno.stat(`${folder}/told`), Deno.errors.NotFound);
    assert((await Deno.readTextFile(`${folder}/asked`)).includes("\nusername=me\n"));
    const refused = await sluice(["gitdb", "ls-remote", server.url("served.git")], { cwd: folder });
    assertEquals([refused.code, refused.stderr], [
      128,
      `fatal: Authentication failed for '${server.url("served.git")}/'\n`,
    ]);
  });
});

testRemote("commands of a partial clone fetch what they read, and fsck fetches nothing", async (folder) => {
  const served = await servedRepository(folder);
  await withServer(folder, async (server) => {
    const args = ["clone", "-q", "-n", "--filter=blob:none", server.url("served.git"), "clone"];
    assertEquals((await sluice(["gitdb", ...args], { cwd: folder })).code, 0);
    const cwd = `${folder}/clone`;
    const requests = server.requests;
    const checked = await sluice(["gitdb", "fsck"], { cwd });
    assertEquals([checked.code, checked.stderr, server.requests], [0, "", requests]);
    const missing = await sluice(["gitdb", "cat-file", "-p", "main:d0/f0"], {
      cwd,
      env: { GIT_NO_LAZY_FETCH: "1" },
    });
    assertEquals([missing.code, server.requests], [128, requests]);
    const shown = await sluice(["gitdb", "cat-file", "-p", "main:d0/f0"], { cwd });
    assertEquals(new TextDecoder().decode(shown.stdout), await git(served, ["cat-file", "-p", "main:d0/f0"]));
    assertEquals(server.requests, requests + 2);
    const listed = await sluice(["gitdb", "ls-tree", "-r", "-l", "main"], { cwd });
    assertEquals(new TextDecoder().decode(listed.stdout), await git(served, ["ls-tree", "-r", "-l", "main"]));
  });
});

testRemote("a clone that is interrupted leaves nothing", async (folder) => {
  await servedRepository(folder);
  await withServer(folder, async (server) => {
    let requests = 0;
    const asked = Promise.withResolvers<void>();
    server.intercept = async (_, answer) => {
      if (++requests < 3) return await answer();
      asked.resolve();
      return new Response(new ReadableStream(), {
        headers: { "content-type": "application/x-git-upload-pack-result" },
      });
    };
    await Deno.mkdir(`${folder}/empty`);
    for (const into of ["new", "empty"]) {
      requests = 0;
      const args = sluiceArguments(["gitdb", "clone", "-q", server.url("served.git"), into]);
      const child = new Deno.Command(Deno.execPath(), { args, cwd: folder, stderr: "null" }).spawn();
      await asked.promise;
      while (requests < 3) await new Promise((resolve) => setTimeout(resolve, 20));
      child.kill("SIGINT");
      assertEquals((await child.status).code, 130);
    }
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), ["empty", "served.git"]);
    assertEquals([...Deno.readDirSync(`${folder}/empty`)], []);
  });
});

testRemote(
  "fetch --prune keeps packed references whose names are not UTF-8, byte for byte",
  async (folder) => {
    const served = await servedRepository(folder);
    await withServer(folder, async (server) => {
      const clone = `${folder}/clone`;
      await git(folder, ["clone", "-q", server.url("served.git"), clone]);
      const id = (await git(clone, ["rev-parse", "HEAD"])).trim();
      await git(clone, ["pack-refs", "--all"]);
      const path = `${clone}/.git/packed-refs`;
      const latin1 = (bytes: Uint8Array) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
      const before = latin1(await Deno.readFile(path)).replace(
        / sorted \n/,
        ` \n${id} refs/heads/caf\xe9\n${id} refs/heads/\xff\xfe\n`,
      );
      assertStringIncludes(before, "caf\xe9");
      await Deno.writeFile(path, Uint8Array.from(before, (byte) => byte.charCodeAt(0)));
      await git(served, ["branch", "-D", "feature/gone"]);
      const { code, stderr } = await sluice(["gitdb", "fetch", "--prune"], { cwd: clone, env: ENVIRONMENT });
      assertEquals(code, 0, stderr);
      assertEquals(
        latin1(await Deno.readFile(path)),
        before.replace(/^[0-9a-f]+ refs\/remotes\/origin\/feature\/gone\n/m, ""),
      );
      await git(clone, ["fsck"]);
      const listed = await run("git", ["for-each-ref", "refs/heads"], { cwd: clone, env: ENVIRONMENT });
      assertStringIncludes(latin1(listed.stdout), "refs/heads/caf\xe9\n");
      assertStringIncludes(latin1(listed.stdout), "refs/heads/\xff\xfe\n");
    });
  },
);
