/**
 * Edges of a repository: shared permissions, configurations, links, locks, and stores that were disposed of.
 */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  checkGitObject,
  GitAlternatesStore,
  GitCompoundDatabase,
  GitDatabase,
  GitLockFile,
  GitLooseStore,
  GitMemoryStore,
  indexGitPack,
  PackStore,
  PackWriter,
  repackGitDatabase,
  SluiceError,
} from "@sluice/gitdb";
import type { GitObjectStore } from "@sluice/gitdb";
import { run, sluice } from "./_cli.ts";
import { testInDirectory } from "./_directory.ts";
import { git, GIT_IS_HERE, makeRepository, testGit } from "./_git.ts";

const utf8 = new TextEncoder();

/** Modes of all files and folders below a folder, by path. */
function modesBelow(folder: string, below = ""): Record<string, string> {
  const modes: Record<string, string> = {};
  for (const { name, isDirectory } of Deno.readDirSync(`${folder}${below}`)) {
    const path = `${below}/${name}`;
    modes[path] = (Deno.statSync(`${folder}${path}`).mode! & 0o7777).toString(8);
    if (isDirectory) Object.assign(modes, modesBelow(folder, path));
  }
  return modes;
}

testGit(
  "files get the modes that git gives them, for every value of core.sharedRepository",
  async (folder) => {
    const writer = new PackWriter();
    await writer.add({ type: "blob", body: "packed" });
    const { pack } = await writer.finish();
    for (
      const value of ["umask", "false", "group", "true", "1", "all", "world", "2", "0640", "0660", "0666"]
    ) {
      const [ours, theirs] = [`${folder}/${value}-ours.git`, `${folder}/${value}-git.git`];
      for (const path of [ours, theirs]) {
        await git(folder, ["init", "-q", "--bare", `--shared=${value}`, path]);
      }
      await git(theirs, ["hash-object", "-w", "--stdin"], utf8.encode("loose"));
      await git(theirs, ["-c", "pack.writeReverseIndex=true", "index-pack", "--stdin"], pack);
      await using database = await GitDatabase.open(ours);
      await database.write({ type: "blob", body: "loose" });
      await indexGitPack(`${ours}/objects/pack`, new Blob([pack]).stream());
      assertEquals(modesBelow(`${ours}/objects`), modesBelow(`${theirs}/objects`), value);
    }
    await Deno.writeTextFile(`${folder}/0660-ours.git/config`, "[core]\n\tsharedRepository = 0077\n");
    await using database = await GitDatabase.open(`${folder}/0660-ours.git`);
    await assertRejects(() => database.write({ type: "blob", body: "refused" }), SluiceError);
  },
);

testGit("the hash of a repository is found however its configuration is written", async (folder) => {
  await git(folder, ["init", "-q", "--bare", "--object-format=sha256", "r.git"]);
  const id = (await git(`${folder}/r.git`, ["hash-object", "-w", "--stdin"], utf8.encode("x"))).trim();
  const forms = [
    "[core]repositoryformatversion=1\n[extensions]objectFormat=sha256\n",
    "[core] repositoryformatversion = 1\n[extensions] objectFormat = sha256\n",
    '[CORE]\n\tRepositoryFormatVersion = "1" ; one\n[Extensions] # of git\n\tOBJECTFORMAT = "sha"256 # long\n',
    "[core]\nrepositoryformatversion = \\\n 1\n[extensions]\nobjectformat = sha\\\n256\n",
    '[core]\nrepositoryformatversion = 1\n[extensions]\nobjectformat = sha256\n[remote "x"]\nobjectformat = sha1\n',
    "[extensions]\nobjectformat = sha1\nobjectformat = sha256\n[core]\nrepositoryformatversion = 1\nbare\n",
  ];
  for (const form of forms) {
    await Deno.writeTextFile(`${folder}/r.git/config`, form);
    assertEquals((await git(`${folder}/r.git`, ["cat-file", "-t", id])).trim(), "blob", form);
    await using database = await GitDatabase.open(`${folder}/r.git`);
    assertEquals(database.hashAlgorithm, "sha256", form);
    assert(await database.has(id));
  }
});

testGit("links that lead in a circle lead nowhere", async (folder) => {
  await makeRepository(`${folder}/r.git`, { packing: ["pack"], commits: 2 });
  const objects = `${folder}/r.git/objects`;
  await Deno.symlink("circle", `${folder}/circle`);
  await Deno.mkdir(`${objects}/12`, { recursive: true });
  await Deno.symlink(`${"12".repeat(19)}`, `${objects}/12/${"12".repeat(19)}`);
  await Deno.symlink("pack-x.idx", `${objects}/pack/pack-x.idx`);
  await Deno.symlink("pack-x.pack", `${objects}/pack/pack-x.pack`);
  await Deno.writeTextFile(`${objects}/info/alternates`, `${folder}/circle\n`);
  await using database = await GitDatabase.open(`${folder}/r.git`);
  assertEquals(await database.has("12".repeat(20)), false);
  assert(await database.count() > 0);
  await assertRejects(() => GitDatabase.open(`${folder}/circle`), SluiceError);
});

testGit("an alternate whose name is not UTF-8 is an error and no silence", async (folder) => {
  await makeRepository(`${folder}/r.git`, { commits: 1 });
  const file = `${folder}/r.git/objects/info/alternates`;
  for (const line of [[0x2f, 0x74, 0xff, 0x0a], [0x22, 0x2f, 0x5c, 0x33, 0x37, 0x37, 0x22, 0x0a]]) {
    await Deno.writeFile(file, new Uint8Array(line));
    const error = await assertRejects(() => GitDatabase.open(`${folder}/r.git`), SluiceError);
    assertEquals(error.code, "BAD_ALTERNATE");
  }
});

testInDirectory(
  "a lock that can't be committed is released, and a second commit is refused",
  async (folder) => {
    await Deno.mkdir(`${folder}/taken/inside`, { recursive: true });
    const lock = await GitLockFile.acquire(`${folder}/taken`);
    assertThrows(() => lock.commit());
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["taken"]);
    const other = await GitLockFile.acquire(`${folder}/file`);
    other.write(utf8.encode("one"));
    other.commit();
    await using again = await GitLockFile.acquire(`${folder}/file`);
    assertThrows(() => other.commit(), TypeError);
    assertThrows(() => other.write(utf8.encode("two")), TypeError);
    other.rollback();
    assertEquals(await Deno.readTextFile(`${folder}/file`), "one");
    // The lock of another holder stays.
    assert(Deno.statSync(`${folder}/file.lock`).isFile);
    again.rollback();
  },
);

const CALLS: Record<string, (store: GitObjectStore, id: string) => Promise<unknown>> = {
  has: (store, id) => store.has(id),
  info: (store, id) => store.info(id),
  read: (store, id) => store.read(id),
  count: (store) => store.count(),
  ids: (store) => Array.fromAsync(store.ids()),
  "ids by storage": (store) => Array.fromAsync(store.ids({ order: "storage" })),
  candidates: (store) => store.candidates("12"),
  resolvePrefix: (store) => store.resolvePrefix("1234"),
  readBatches: (store, id) => Array.fromAsync(store.readBatches([id])),
  infoBatches: (store, id) => Array.fromAsync(store.infoBatches([id])),
  objectStream: (store, id) => Array.fromAsync(ReadableStream.from([id]).pipeThrough(store.objectStream())),
  infoStream: (store, id) => Array.fromAsync(ReadableStream.from([id]).pipeThrough(store.infoStream())),
  hasStream: (store, id) => Array.fromAsync(ReadableStream.from([id]).pipeThrough(store.hasStream())),
};

testGit("a store that was disposed of answers no question", async (folder) => {
  await makeRepository(`${folder}/r.git`, { packing: ["pack", "loose"], commits: 2 });
  const objects = `${folder}/r.git/objects`;
  const id = (await git(`${folder}/r.git`, ["rev-parse", "main"])).trim();
  const stores: Record<string, GitObjectStore> = {
    GitDatabase: await GitDatabase.open(`${folder}/r.git`),
    PackStore: await PackStore.open(`${objects}/pack`),
    LooseStore: new GitLooseStore(objects),
    MemoryStore: new GitMemoryStore(),
    AlternatesStore: await GitAlternatesStore.open(objects),
    CompoundDatabase: new GitCompoundDatabase([]),
  };
  for (const [name, store] of Object.entries(stores)) {
    await store[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
    for (const [call, run] of Object.entries(CALLS)) {
      await assertRejects(() => run(store, id), TypeError, undefined, `${name}.${call}`);
    }
    if ("write" in store) {
      await assertRejects(() => (store as GitMemoryStore).write({ type: "blob", body: "late" }), TypeError);
    }
  }
});

testInDirectory("repack of a shared repository keeps it shared", { ignore: !GIT_IS_HERE }, async (folder) => {
  await git(folder, ["init", "-q", "--bare", "--shared=group", "r.git"]);
  await git(`${folder}/r.git`, ["hash-object", "-w", "--stdin"], utf8.encode("x"));
  await using database = await GitDatabase.open(`${folder}/r.git`);
  const { name } = (await repackGitDatabase(database, { delete: true }))!;
  assertEquals(Deno.statSync(`${folder}/r.git/objects/pack/${name}.pack`).mode! & 0o777, 0o444);
  assertEquals((await run("git", ["-C", `${folder}/r.git`, "fsck"])).code, 0);
  assertEquals((await sluice(["gitdb", "fsck", "--git-dir", `${folder}/r.git`])).code, 0);
});

/** Objects of git's four types that some command of git refuses, or does not. */
const ZERO = "\0".repeat(20);
const ID = "\x11".repeat(20);
const row = (mode: string, name: string, id = mode === "40000" ? "\x33".repeat(20) : ID) =>
  `${mode} ${name}\0${id}`;
const COMMIT = `tree ${"11".repeat(20)}\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n\nm\n`;
const TAG = `object ${"11".repeat(20)}\ntype commit\ntag v1\ntagger A <a@b> 1 +0000\n\nm\n`;
const OBJECTS: Readonly<Record<"tree" | "commit" | "tag", readonly string[]>> = {
  tree: [
    "",
    row("100644", "a"),
    row("100644", "a.b") + row("40000", "a"),
    row("40000", "a") + row("100644", "a.b"),
    row("100644", "../evil"),
    row("100644", "."),
    row("100644", ".."),
    row("100644", ".GiT"),
    row("100644", "git~1"),
    row("100644", ".git . "),
    row("100644", "a\\.git"),
    row("100644", ".gitx"),
    row("100644", ""),
    row("100644", "a", ZERO),
    row("100644", "a") + row("100644", "a"),
    row("100644", "a") + row("100644", "a.b") + row("40000", "a"),
    row("100644", "b") + row("100644", "a"),
    row("0100644", "a"),
    row("100664", "a"),
    row("10x644", "a"),
    row("120000", ".gitmodules"),
    row("160000", "module"),
    "100644 a\0abc",
    ` a\0${ID}`,
    "junk",
  ],
  commit: [
    COMMIT,
    "junk",
    "",
    COMMIT.replace("11", "zz"),
    COMMIT.replace("\nauthor", "\nparent x\nauthor"),
    COMMIT.replace("\nauthor", `\nparent ${"22".repeat(20)}\nauthor`),
    COMMIT.replace("1 +0000", ""),
    COMMIT.replace("<a@b>", "a@b"),
    COMMIT.replace("A <", "A<"),
    COMMIT.replace(" 1 +", " 01 +"),
    COMMIT.replace("+0000", "+00"),
    COMMIT.replace("\ncommitter", "\nauthor A <a@b> 1 +0000\ncommitter"),
    COMMIT.replace(/\nauthor.*/, ""),
    `${COMMIT}\0`,
    COMMIT.replace("\n\nm", "\nencoding x\n\nm"),
  ],
  tag: [
    TAG,
    "junk",
    TAG.replace("type commit\n", ""),
    TAG.replace("commit", "x"),
    TAG.replace("tag v1\n", ""),
    TAG.replace("11", ""),
    TAG.replace(/tagger.*\n/, ""),
    TAG.replace("<a@b>", ""),
  ],
};

const latin1 = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));

testInDirectory("hash-object and index-pack --strict refuse the objects that git refuses", {
  ignore: !GIT_IS_HERE,
}, async (folder) => {
  await git(folder, ["init", "-q", "--bare", "r.git"]);
  for (const [type, bodies] of Object.entries(OBJECTS)) {
    for (const text of bodies) {
      const body = latin1(text);
      const shown = JSON.stringify(`${type} ${text}`);
      const theirs = await run("git", ["-C", `${folder}/r.git`, "hash-object", "-t", type, "--stdin"], {
        stdin: body,
      });
      const syntax = outcome(() => checkGitObject(type as "tree", body));
      assertEquals(syntax, theirs.code === 0, `${shown} ${theirs.stderr}`);
      const writer = new PackWriter();
      await writer.add({ type: type as "tree", body, strict: false });
      const { pack } = await writer.finish();
      const strict = await run("git", ["-C", `${folder}/r.git`, "index-pack", "--strict", "--stdin"], {
        stdin: pack,
      });
      // git also asks for the objects that are referred to; that is looked at below.
      const accepted = strict.code === 0 || strict.stderr.includes("did not receive expected object");
      assertEquals(
        outcome(() => checkGitObject(type as "tree", body, { strict: true })),
        accepted,
        `${shown} ${strict.stderr}`,
      );
    }
  }
  const bad = await sluice(["gitdb", "hash-object", "-t", "tree", "--stdin"], { stdin: latin1("junk") });
  assertEquals(bad.code, 128);
  assertEquals(bad.stdout.length, 0);
});

function outcome(check: () => void): boolean {
  try {
    check();
    return true;
  } catch (error) {
    assert(error instanceof SluiceError, `${error}`);
    return false;
  }
}

testGit(
  "index-pack --strict wants what the pack refers to, and refuses names that leave the tree",
  async (folder) => {
    const repository = `${folder}/r.git`;
    await makeRepository(repository, { commits: 3 });
    const blob = await git(repository, ["hash-object", "-w", "--stdin"], utf8.encode("here"));
    const here = String.fromCharCode(...Uint8Array.fromHex(blob.trim()));
    const cases: readonly (readonly [string, number])[] = [
      [row("100644", "fine", here), 0],
      [row("100644", "../evil", here), 1],
      [row("100644", "missing"), 1],
      [row("160000", "module"), 0],
    ];
    for (const [text, expected] of cases) {
      const writer = new PackWriter();
      await writer.add({ type: "tree", body: latin1(text) });
      const { pack } = await writer.finish();
      const command = ["index-pack", "--strict", "--stdin"];
      const theirs = await run("git", ["-C", repository, ...command], { stdin: pack });
      assertEquals(Math.sign(theirs.code), expected, `${JSON.stringify(text)} ${theirs.stderr}`);
      const ours = await sluice(["gitdb", ...command, "--git-dir", repository], { stdin: pack });
      assertEquals(Math.sign(ours.code), expected, `${JSON.stringify(text)} ${ours.stderr}`);
    }
  },
);

testInDirectory("sluice gitdb fsck finds missing objects as git does, also in shallow and partial clones", {
  ignore: !GIT_IS_HERE,
}, async (folder) => {
  const origin = `${folder}/origin.git`;
  await makeRepository(origin, { packing: ["loose"], commits: 4 });
  await git(origin, ["config", "uploadpack.allowFilter", "true"]);
  const url = `file://${origin}`;
  await git(folder, ["clone", "-q", "--bare", "--depth=2", url, "shallow.git"]);
  await git(folder, ["clone", "-q", "--bare", "--filter=blob:none", url, "partial.git"]);
  const fsck = async (repository: string) => {
    const theirs = await run("git", ["-C", repository, "fsck", "--no-dangling"]);
    const ours = await sluice(["gitdb", "fsck", "--git-dir", repository]);
    assertEquals(ours.code, theirs.code, `${repository} ${theirs.stderr} ${ours.stderr}`);
    const lines = (output: Uint8Array) =>
      new TextDecoder().decode(output).split("\n").filter((line) => line.startsWith("missing")).sort();
    assertEquals(lines(ours.stdout), lines(theirs.stdout));
    return ours.code;
  };
  for (const name of ["origin", "shallow", "partial"]) {
    assertEquals(await fsck(`${folder}/${name}.git`), 0);
  }
  // A blob, a tree and a commit, each of which something refers to.
  for (const name of ["main:d0/f0", "main:d1", "main~1"]) {
    const id = (await git(origin, ["rev-parse", name])).trim();
    const path = `${origin}/objects/${id.slice(0, 2)}/${id.slice(2)}`;
    const bytes = await Deno.readFile(path);
    await Deno.remove(path);
    assertEquals(await fsck(origin), 2, name);
    await Deno.writeFile(path, bytes);
  }
  // Nothing refers to it.
  await git(
    origin,
    ["hash-object", "-t", "tree", "-w", "--literally", "--stdin"],
    latin1(row("100644", "a")),
  );
  assertEquals(await fsck(origin), 0);
});

testInDirectory("sluice gitdb cat-file reads the objects that replace others, as git does", {
  ignore: !GIT_IS_HERE,
}, async (folder) => {
  await git(folder, ["init", "-q", "--bare", "r.git"]);
  const repository = `${folder}/r.git`;
  const ids: string[] = [];
  for (const text of ["one", "two two", "three three"]) {
    ids.push((await git(repository, ["hash-object", "-w", "--stdin"], utf8.encode(text))).trim());
  }
  await git(repository, ["replace", ids[0]!, ids[1]!]);
  await git(repository, ["pack-refs", "--all"]);
  await git(repository, ["replace", ids[1]!, ids[2]!]);
  const stdin = utf8.encode(`${ids.join("\n")}\n`);
  const format = "--batch-check=%(objectname) %(objectsize) %(objectsize:disk)";
  const commands = [["--batch"], ["--batch-check"], [format], ["-p", ids[0]!], ["-s", ids[1]!], [
    "--batch-all-objects",
    "--batch-check",
  ]];
  for (const [i, args] of commands.entries()) {
    const input = i < 3 ? { stdin } : {};
    const ours = await sluice(["gitdb", "cat-file", "--git-dir", repository, ...args], input);
    const theirs = await run("git", ["-C", repository, "cat-file", ...args], input);
    assertEquals(
      new TextDecoder().decode(ours.stdout),
      new TextDecoder().decode(theirs.stdout),
      args.join(" "),
    );
  }
});
