/**
 * Clones beside git's own: references, configuration, files and index are those of `git clone`, `git fsck` finds nothing,
 * and `git fetch` goes on from there.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  cloneGitRepository,
  GitDatabase,
  GitRepository,
  promisedGitObjects,
  SluiceError,
} from "@sluice/gitdb";
import type { GitCloneOptions, GitObjectId } from "@sluice/gitdb";
import { git, gitBytes, makeRepository, testGit } from "./_git.ts";
import { GIT_SERVES, withServer } from "./_git_server.ts";
import { run } from "./_cli.ts";

function testClone(name: string, test: (folder: string) => Promise<void>): void {
  if (GIT_SERVES) testGit(name, test);
}

/** A repository with files of all modes, a submodule, branches and tags of both kinds. */
async function servedRepository(folder: string, sha256 = false): Promise<string> {
  const path = `${folder}/served.git`;
  await makeRepository(path, { commits: 12, sha256, packing: ["pack", "loose"] });
  await git(path, ["symbolic-ref", "HEAD", "refs/heads/main"]);
  await git(path, ["config", "uploadpack.allowFilter", "true"]);
  const zero = "1".repeat(sha256 ? 64 : 40);
  const stream = `feature done
commit refs/heads/main
committer A <a@example.test> 1100000000 +0000
data 5
modes
from refs/heads/main^0
M 100755 inline run.sh
data 8
echo hi

M 120000 inline link
data 5
d0/f0
M 120000 inline d1/deep/up
data 6
../../
M 160000 ${zero} module
M 100644 inline .gitmodules
data 47
[submodule "module"]
	path = module
	url = ../a
M 100644 inline empty
data 0

M 100644 inline "sp ace \\"quoted\\" \\303\\244"
data 1
x
reset refs/heads/side
from refs/heads/main~3

done
`;
  await gitBytes(path, ["fast-import", "--quiet"], new TextEncoder().encode(stream));
  await git(path, ["tag", "light", "main~1"]);
  await git(path, ["update-ref", "refs/pull/1/head", "main~2"]);
  return path;
}

/** What can be compared of two repositories: their files are not byte for byte the same. */
async function factsOf(path: string): Promise<Record<string, unknown>> {
  const lines = async (...args: string[]): Promise<string[]> => {
    const { stdout } = await run("git", ["-C", path, ...args]);
    return new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "").sort();
  };
  const isBare = (await git(path, ["rev-parse", "--is-bare-repository"])).trim() === "true";
  return {
    refs: await lines("for-each-ref", "--format=%(refname) %(objectname) %(symref)"),
    head: await lines("rev-parse", "HEAD"),
    branch: await lines("symbolic-ref", "-q", "HEAD"),
    config: await lines("config", "--local", "--list"),
    shallow: await lines("log", "--all", "--format=%H"),
    ...isBare ? {} : {
      status: await lines("status", "--porcelain", "--ignore-submodules=none"),
      index: await lines("ls-files", "-s", "-t"),
      logs: (await lines("reflog", "show", "HEAD")).map((line) => line.replace(/^\S+ /, "")),
      files: await filesOf(path),
    },
  };
}

async function filesOf(folder: string, prefix = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const { name } of Deno.readDir(`${folder}/${prefix}`)) {
    if (prefix === "" && name === ".git") continue;
    const path = `${folder}/${prefix}${name}`;
    const info = await Deno.lstat(path);
    if (info.isDirectory) found.push(`${prefix}${name}/`, ...await filesOf(folder, `${prefix}${name}/`));
    else if (info.isSymlink) found.push(`${prefix}${name} -> ${await Deno.readLink(path)}`);
    else {found.push(
        `${prefix}${name} ${(info.mode! & 0o777).toString(8)} ${(await Deno.readFile(path)).toHex()}`,
      );}
  }
  return found.sort();
}

interface Shape {
  readonly name: string;
  readonly args: readonly string[];
  readonly options: Omit<GitCloneOptions, "into">;
}

const SHAPES: readonly Shape[] = [
  { name: "plain", args: [], options: {} },
  { name: "bare", args: ["--bare"], options: { bare: true } },
  { name: "mirror", args: ["--mirror"], options: { mirror: true } },
  { name: "without files", args: ["-n"], options: { checkout: false } },
  { name: "of one commit", args: ["--depth=1"], options: { depth: 1 } },
  {
    name: "of three commits of all branches",
    args: ["--depth=3", "--no-single-branch"],
    options: { depth: 3, singleBranch: false },
  },
  {
    name: "of one branch",
    args: ["--single-branch", "-b", "side"],
    options: { singleBranch: true, branch: "side" },
  },
  { name: "at a tag", args: ["-b", "v0"], options: { branch: "v0" } },
  { name: "without tags", args: ["--no-tags"], options: { tags: false } },
  { name: "of another name", args: ["-o", "up/stream"], options: { origin: "up/stream" } },
  { name: "without blobs", args: ["--filter=blob:none"], options: { filter: "blob:none" } },
  {
    name: "bare without blobs",
    args: ["--bare", "--filter=blob:none"],
    options: { bare: true, filter: "blob:none" },
  },
  { name: "without trees", args: ["--filter=tree:0"], options: { filter: "tree:0" } },
];

for (const sha256 of [false, true]) {
  testClone(`clones are those of git, ${sha256 ? "SHA-256" : "SHA-1"}`, async (folder) => {
    const served = await servedRepository(folder, sha256);
    await withServer(folder, async (server) => {
      const url = server.url("served.git");
      for (const [i, { name, args, options }] of SHAPES.entries()) {
        const [theirs, ours] = [`${folder}/theirs${i}`, `${folder}/ours${i}`];
        await git(folder, ["-c", "advice.detachedHead=false", "clone", "-q", ...args, url, theirs]);
        const clone = await cloneGitRepository(url, { ...options, into: ours });
        assertEquals(await factsOf(ours), await factsOf(theirs), name);
        assertEquals(clone.gitFolder, `${ours}${options.bare || options.mirror ? "" : "/.git"}`, name);
        await git(ours, ["fsck", "--strict", "--no-dangling"]);
        const files = [...Deno.readDirSync(`${clone.gitFolder}/objects/pack`)].map((entry) => entry.name);
        assertEquals(files.filter((file) => !/^pack-.*\.(?:pack|idx|rev|promisor)$/.test(file)), [], name);
      }
      const next = (await git(served, ["commit-tree", "main^{tree}", "-p", "main", "-m", "next"])).trim();
      await git(served, ["update-ref", "refs/heads/main", next]);
      for (const [i, { name, options: { bare, branch } }] of SHAPES.entries()) {
        if (branch === "side") continue;
        const ours = `${folder}/ours${i}`;
        await git(ours, ["fetch", "-q", ...bare === true ? ["origin", "main:main"] : []]);
        assertEquals((await git(ours, ["cat-file", "-t", next])).trim(), "commit", name);
        await git(ours, ["fsck", "--no-dangling"]);
      }
    });
  });
}

testClone("a clone of an empty repository is on the branch that it will have", async (folder) => {
  await git(folder, ["init", "-q", "--bare", "-b", "trunk", "empty.git"]);
  await withServer(folder, async (server) => {
    const url = server.url("empty.git");
    const { id, head, count } = await cloneGitRepository(url, { into: `${folder}/ours` });
    assertEquals([id, head, count], [undefined, "refs/heads/trunk", 0]);
    await git(folder, ["clone", "-q", url, "theirs"]);
    assertEquals(await factsOf(`${folder}/ours`), await factsOf(`${folder}/theirs`));
  });
});

testClone("a sparse clone has the files outside of folders, and git adds more", async (folder) => {
  await servedRepository(folder);
  await withServer(folder, async (server) => {
    const url = server.url("served.git");
    await cloneGitRepository(url, { into: `${folder}/ours`, sparse: true, filter: "blob:none" });
    await git(folder, ["clone", "-q", "--sparse", "--filter=blob:none", url, "theirs"]);
    const [ours, theirs] = [await factsOf(`${folder}/ours`), await factsOf(`${folder}/theirs`)];
    for (const key of ["refs", "status", "index", "files"]) assertEquals(ours[key], theirs[key], key);
    assertEquals(await git(`${folder}/ours`, ["sparse-checkout", "list"]), "");
    await git(`${folder}/ours`, ["sparse-checkout", "set", "d1"]);
    await git(`${folder}/theirs`, ["sparse-checkout", "set", "d1"]);
    assertEquals(await filesOf(`${folder}/ours`), await filesOf(`${folder}/theirs`));
  });
});

testClone("a clone has the files of chosen folders as git's sparse-checkout has them", async (folder) => {
  const names = ["top", "a/x", "a/b/y", "a/b/c/z", "a/b2/w", "a*/v", "q[1]/r/s", "q1/r/s"];
  await git(folder, ["init", "-q", "-b", "main", "made"]);
  for (const name of names) {
    const path = `${folder}/made/${name}`;
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(path, name);
  }
  await git(`${folder}/made`, ["add", "."]);
  await git(`${folder}/made`, ["commit", "-q", "-m", "all"]);
  await git(folder, ["clone", "-q", "--bare", "made", "served.git"]);
  await git(`${folder}/served.git`, ["config", "uploadpack.allowFilter", "true"]);
  await withServer(folder, async (server) => {
    const url = server.url("served.git");
    const choices = [["a/b"], ["a/b/c", "a/b", "q[1]/r"], ["a*"], ["/a/b2/", "missing/folder"], []];
    for (const [i, sparse] of choices.entries()) {
      const [ours, theirs] = [`${folder}/ours${i}`, `${folder}/theirs${i}`];
      await cloneGitRepository(url, { into: ours, sparse, filter: "blob:none" });
      await git(folder, ["clone", "-q", "--sparse", "--filter=blob:none", url, theirs]);
      await git(theirs, ["sparse-checkout", "set", "--skip-checks", ...sparse]);
      assertEquals(await filesOf(ours), await filesOf(theirs), `${sparse}`);
      assertEquals(
        await git(ours, ["sparse-checkout", "list"]),
        await git(theirs, ["sparse-checkout", "list"]),
      );
      const patterns = (path: string) => Deno.readTextFile(`${path}/.git/info/sparse-checkout`);
      assertEquals(await patterns(ours), await patterns(theirs));
      assertEquals(await git(ours, ["ls-files", "-t"]), await git(theirs, ["ls-files", "-t"]));
      assertEquals(await git(ours, ["status", "--porcelain"]), "");
      await git(ours, ["sparse-checkout", "disable"]);
      await git(ours, ["fsck", "--strict"]);
    }
    for (const name of ["..", "a/../b", ".git", "a//b", "", "a\nb", "a/.GIT"]) {
      await assertRejects(
        () => cloneGitRepository(url, { into: `${folder}/none`, sparse: [name] }),
        RangeError,
        "sparse",
      );
    }
    for (const sparse of ["a", [1], 1] as never[]) {
      await assertRejects(() => cloneGitRepository(url, { into: `${folder}/none`, sparse }), TypeError, "");
    }
    assertEquals(await Deno.stat(`${folder}/none`).catch(() => undefined), undefined);
  });
});

testClone(
  "objects of a partial clone come when they are read, many in one request, up to a limit",
  async (folder) => {
    const served = await servedRepository(folder);
    const blobs = (await git(served, [
      "rev-list",
      "--objects",
      "--no-object-names",
      "--filter=object:type=blob",
      "--filter-provided-objects",
      "main",
    ])).trim().split("\n");
    await withServer(folder, async (server) => {
      const into = `${folder}/ours`;
      await cloneGitRepository(server.url("served.git"), { into, bare: true, filter: "blob:none" });
      const asked: number[] = [];
      const onAbsent = await promisedGitObjects(into, {
        onFetch: (ids: readonly GitObjectId[]) => {
          asked.push(ids.length);
        },
      });
      {
        await using repository = await GitRepository.open(into, { onAbsent });
        const { database } = repository;
        assertEquals(await database.has(blobs[0]!), false);
        assertEquals(
          [
            await database.stateOf(blobs[0]!),
            await database.stateOf("1".repeat(40)),
            await database.stateOf(`${(await repository.resolve("main")).id}`),
          ],
          ["promised", "absent", "present"],
        );
        const before = server.requests;
        assertEquals(
          await (await repository.read("main", "d0/f0")).text(),
          await git(served, ["show", "main:d0/f0"]),
        );
        assertEquals([asked, server.requests - before], [[1], 2]);
        let files = 0;
        for await (const { size } of repository.files("main", { sizes: true })) {
          if (size !== undefined) files++;
        }
        assert(files > 5);
        assertEquals(asked.length, 2, "one request for all files of a tree");
        const readable = async (promised: boolean): Promise<number> => {
          let count = 0;
          for await (const batch of database.readBatches(blobs, { promised })) {
            for (const result of batch) if (result.ok) count++;
          }
          return count;
        };
        const present = await readable(false);
        assert(present < blobs.length, `${present}`);
        assertEquals([await readable(true), asked.length], [blobs.length, 3]);
      }
      const limited = await promisedGitObjects(into, { maxObjects: 1 });
      await using database = await GitDatabase.open(into, { onAbsent: limited });
      const two = ["1".repeat(40), "2".repeat(40)];
      const error = await assertRejects(() => Array.fromAsync(database.infoBatches(two)), SluiceError);
      assertEquals(error.code, "BUDGET_EXCEEDED");
      await git(into, ["fsck"]);
    });
  },
);

testClone(
  "a folder with something in it is left alone, and a clone that fails leaves nothing",
  async (folder) => {
    await servedRepository(folder);
    await withServer(folder, async (server) => {
      const url = server.url("served.git");
      await Deno.mkdir(`${folder}/full/empty`, { recursive: true });
      const refused = await assertRejects(
        () => cloneGitRepository(url, { into: `${folder}/full` }),
        SluiceError,
      );
      assertEquals(refused.code, "EXISTS");
      assertEquals([...Deno.readDirSync(`${folder}/full`)].map(({ name }) => name), ["empty"]);
      const lost = () => cloneGitRepository(url, { into: `${folder}/a/b/c`, branch: "nowhere" });
      await assertRejects(lost, SluiceError, 'no branch or tag "nowhere"');
      for (const into of [`${folder}/a/b/c`, `${folder}/full/empty`]) {
        let requests = 0;
        server.intercept = (_, answer) =>
          ++requests === 3 ? Promise.resolve(new Response(null, { status: 500 })) : answer();
        await assertRejects(() => cloneGitRepository(url, { into }), SluiceError, "500");
      }
      assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), ["full", "served.git"]);
      assertEquals([...Deno.readDirSync(`${folder}/full/empty`)], []);
      server.intercept = (_, answer) => answer();
      await cloneGitRepository(url, { into: `${folder}/full/empty` });
    });
  },
);

/** A served repository of one commit whose tree has these rows, which git itself would not make. */
async function hostileTree(
  folder: string,
  rows: readonly (readonly [mode: string, name: string, body: string])[],
): Promise<void> {
  const path = `${folder}/hostile.git`;
  await git(folder, ["init", "-q", "--bare", "-b", "main", "hostile.git"]);
  const parts: Uint8Array[] = [];
  const encoder = new TextEncoder();
  for (const [mode, name, body] of rows) {
    const type = mode === "40000" ? "tree" : "blob";
    const bytes = type === "tree" ? treeOf(body) : encoder.encode(body);
    const id = (await git(path, ["hash-object", "--literally", "-w", "-t", type, "--stdin"], await bytes))
      .trim();
    parts.push(encoder.encode(`${mode} ${name}\0`), Uint8Array.fromHex(id));
  }
  const tree = new Uint8Array(parts.flatMap((part) => [...part]));
  const id = (await git(path, ["hash-object", "--literally", "-w", "-t", "tree", "--stdin"], tree)).trim();
  const commit = (await git(path, ["commit-tree", "-m", "x", id])).trim();
  await git(path, ["update-ref", "refs/heads/main", commit]);

  /** A folder with one file. */
  async function treeOf(text: string): Promise<Uint8Array> {
    const blob = (await git(path, ["hash-object", "-w", "--stdin"], encoder.encode(text))).trim();
    return new Uint8Array([...encoder.encode("100644 file\0"), ...Uint8Array.fromHex(blob)]);
  }
}

const HOSTILE: Readonly<Record<string, readonly (readonly [string, string, string])[]>> = {
  "a folder .git": [["40000", ".git", "x"]],
  "a folder .GIT": [["40000", ".GIT", "x"]],
  "a folder git~1": [["40000", "git~1", "x"]],
  "a folder .git with a stream": [["40000", ".git::$INDEX_ALLOCATION", "x"]],
  "a folder .git with a point": [["40000", ".git.", "x"]],
  "a folder .git with an invisible letter": [["40000", ".g\u200cit", "x"]],
  "a file ..": [["100644", "..", "x"]],
  "a file .": [["100644", ".", "x"]],
  "a file with a slash": [["100644", "../evil", "x"]],
  "a file of the repository": [["100644", ".git/hooks/post-checkout", "x"]],
  "a link of submodules": [["120000", ".gitmodules", "elsewhere"]],
  "a link and a folder of one name": [["120000", "a", "/tmp"], ["40000", "a", "x"]],
  "a device": [["60000", "device", "x"]],
};

testClone("trees that lead elsewhere are refused, and nothing is left", async (folder) => {
  for (const [i, [name, rows]] of Object.entries(HOSTILE).entries()) {
    const home = `${folder}/${i}`;
    await Deno.mkdir(home);
    await hostileTree(home, rows);
    await withServer(home, async (server) => {
      const clone = cloneGitRepository(server.url("hostile.git"), { into: `${home}/ours/inner` });
      const error = await assertRejects(() => clone, SluiceError, undefined, name);
      assert(["CORRUPT", "BASE_MISSING"].includes(error.code), `${name}: ${error.message}`);
      assertEquals([...Deno.readDirSync(home)].map((entry) => entry.name), ["hostile.git"], name);
    });
  }
});

testClone(
  "filters and line ends are left alone and said so, and a link leads nowhere while files are written",
  async (folder) => {
    await hostileTree(folder, [
      ["100644", ".gitattributes", "*.txt text eol=crlf\n"],
      ["120000", "a", "b"],
      ["40000", "b", "inside"],
      ["100644", "c.txt", "one\n"],
    ]);
    await withServer(folder, async (server) => {
      const warnings: string[] = [];
      const into = `${folder}/ours`;
      await cloneGitRepository(server.url("hostile.git"), { into, onWarning: (text) => warnings.push(text) });
      assertEquals(warnings.length, 1);
      assert(warnings[0]!.includes(".gitattributes"), warnings[0]);
      assertEquals(await Deno.readTextFile(`${into}/c.txt`), "one\n");
      assertEquals(await Deno.readTextFile(`${into}/a/file`), "inside");
    });
  },
);
