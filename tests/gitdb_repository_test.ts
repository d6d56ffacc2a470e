/**
 * Repositories beside git: what revisions name, which files a tree has, the order of a history, and commits that git takes.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  CorruptDataError,
  encodeGitCommit,
  encodeGitTree,
  GitMemoryStore,
  GitRepository,
  NotFoundError,
  PackWriter,
  parseGitCommit,
  parseGitTag,
  parseGitTree,
} from "@sluice/gitdb";
import type { GitSignature } from "@sluice/gitdb";
import { run, sluice } from "./_cli.ts";
import { inDirectory } from "./_directory.ts";
import { ENVIRONMENT, git, GIT_IS_HERE, gitBytes } from "./_git.ts";

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const encode = (value: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(value);
const AUTHOR: GitSignature = {
  name: "Ada",
  email: "ada@example.org",
  date: new Date(1_700_000_000_000),
  timezone: "+0130",
};

function testGit(name: string, test: (folder: string) => Promise<void>): void {
  Deno.test({ name: `repository: ${name}`, ignore: !GIT_IS_HERE, fn: () => inDirectory(test) });
}

/** A history with branches, merges, tags of all kinds, nested folders, names of all kinds and a submodule. */
async function makeHistory(folder: string, options: readonly string[] = []): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  await git(folder, ["init", "-q", "-b", "main", ...options, "."]);
  const commands: string[] = [];
  let mark = 0;
  const blob = (content: string): number => {
    commands.push(`blob\nmark :${++mark}\ndata ${encode(content).length}\n${content}\n`);
    return mark;
  };
  const commit = (branch: string, time: number, lines: readonly string[], parents = ""): number => {
    const id = ++mark;
    commands.push(
      `commit refs/heads/${branch}\nmark :${id}\ncommitter A <a@example.test> ${time} +0100\n` +
        `data ${`change ${id}`.length}\nchange ${id}\n${parents}${lines.join("\n")}\n`,
    );
    return id;
  };
  const files = [
    "a.txt",
    "dir/a",
    "dir/b",
    "dir/inner/deep/c",
    "dir.txt",
    "dir0",
    "with space",
    "zürich",
    "\u00c0",
    "\u00e9",
  ];
  let last = 0;
  for (let i = 0; i < 12; i++) {
    const lines = files.filter((_, at) => i === 0 || at % (i + 1) === 0).map((path) => {
      const quoted = /[ "]/.test(path) ? `"${path}"` : path;
      return `M 100${at(i)} :${blob(`${path} ${i}\n`)} ${quoted}`;
    });
    last = commit("main", 1_600_000_000 + i * 100, lines, last === 0 ? "" : `from :${last}\n`);
    if (i === 5) commands.push(`reset refs/heads/topic\nfrom :${last}\n\n`);
  }
  const side = commit("topic", 1_600_000_650, [`M 120000 :${blob("a.txt")} link`]);
  const sub = `M 160000 ${"12".repeat(options.length > 0 ? 32 : 20)} modules/sub`;
  commit("main", 1_600_002_000, [sub], `from :${last}\nmerge :${side}\n`);
  await git(folder, ["fast-import", "--quiet"], encode(commands.join("")));
  await git(folder, ["tag", "light", "main~3"]);
  await git(folder, ["tag", "-a", "-m", "annotated", "v1.0", "main~2"]);
  await git(folder, ["tag", "-a", "-m", "of a tag", "nested", "v1.0"]);
  await git(folder, ["tag", "-a", "-m", "of a tree", "tree-tag", "main^{tree}"]);
  await git(folder, ["update-ref", "refs/remotes/origin/main", "main~1"]);
  await git(folder, ["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main"]);
  await git(folder, ["update-ref", "refs/heads/ambiguous", "main~4"]);
  await git(folder, ["update-ref", "refs/tags/ambiguous", "main~5"]);
  await git(folder, ["tag", "-a", "-m", "of a blob", "blob-tag", "main:dir/a"]);
  await git(folder, ["reset", "-q", "--hard", "main"]);
  for (const branch of ["topic", "main"]) await git(folder, ["checkout", "-q", "-f", branch]);
  const tip = (await git(folder, ["rev-parse", "main"])).trim();
  for (const place of [`${tip}~1`, tip]) {
    await git(folder, ["update-ref", "-m", "move", "refs/heads/main", place]);
  }
  await git(folder, ["branch", "both", "main~6"]);
  await git(folder, ["tag", "both", "main~7"]);
  await git(folder, ["update-ref", "refs/heads/both", "main~2"]);
  await git(folder, ["symbolic-ref", "-m", "made", "refs/heads/symbolic", "refs/heads/main"]);
}

/** Modes that take turns. */
function at(i: number): string {
  return i % 3 === 0 ? "755" : "644";
}

const REVISIONS = [
  "HEAD",
  "@",
  "main",
  "topic",
  "heads/topic",
  "refs/heads/main",
  "light",
  "v1.0",
  "v1.0^{}",
  "v1.0^{commit}",
  "v1.0^{tree}",
  "v1.0^{tag}",
  "v1.0^{object}",
  "nested",
  "nested^{}",
  "nested^{commit}~1",
  "tree-tag",
  "tree-tag^{tree}",
  "tree-tag:dir",
  "origin",
  "origin/main",
  "origin/HEAD",
  "ambiguous",
  "HEAD~",
  "HEAD~0",
  "HEAD~3",
  "HEAD^",
  "HEAD^0",
  "HEAD^1",
  "HEAD^2",
  "HEAD^2~2^{tree}",
  "HEAD^^",
  "HEAD~2^1~1",
  "main:",
  "main:dir",
  "main:dir/",
  "main:dir/a",
  "main:dir/inner/deep/c",
  "main~3:with space",
  "main:zürich",
  "v1.0:dir",
  "HEAD^{tree}:dir/b",
  "HEAD@{0}",
  "nowhere",
  "HEAD~99",
  "HEAD^3",
  "main:none",
  "main:a.txt/x",
  "main:a.txt/",
  "HEAD^{blob}",
  "refs/heads",
  "dir",
  "blob-tag^{blob}",
  "blob-tag^{}",
  "main:/dir",
  "main:dir//a",
  "@{0}",
  "@{1}",
  "@{2}",
  "@{9}",
  "HEAD@{1}",
  "HEAD@{2}",
  "main@{0}",
  "main@{1}",
  "both@{0}",
  "both@{1}",
  "symbolic@{0}",
  "symbolic@{1}",
  "light@{0}",
  "@{-1}",
  "@{-1}~1",
  "@{-2}^{tree}",
  "@{-9}",
  "@{-0}",
  "main@{-1}",
  ":/change 5",
  ":/^change",
  ":/change (2|4)$",
  ":/!-change 1",
  ":/!!change",
  ":/!change",
  ":/nowhere said",
  ":/1$",
  ":/(",
  "HEAD^{/change}",
  "HEAD^{/change 2$}",
  "HEAD~1^{/change}~1",
  "v1.0^{/ch}:dir",
  "HEAD^{/!-1}",
  "HEAD^{/nowhere said}",
  "HEAD^{/}",
  "tree-tag^{/change}",
];

for (const [name, options] of [["sha1", []], ["sha256", ["--object-format=sha256"]]] as const) {
  testGit(`revisions name what they name for git [${name}]`, async (folder) => {
    await makeHistory(folder, options);
    const full = (await git(folder, ["rev-list", "--all"])).trim().split("\n");
    const described = (await git(folder, ["describe", "--tags", "--long", "main"])).trim();
    const more = [
      full[0]!,
      full[1]!.slice(0, 9),
      `${full[2]!.slice(0, 8)}^{tree}`,
      full[3]!.toUpperCase(),
      described,
    ];
    for (const packed of [false, true]) {
      if (packed) await git(folder, ["pack-refs", "--all"]);
      await using repository = await GitRepository.open(folder);
      const wrong: string[] = [];
      for (const revision of [...REVISIONS, ...more]) {
        const expected = await git(folder, ["rev-parse", "--verify", "-q", revision]).then(
          (out) => out.trim(),
          () => "nothing",
        );
        const mine = await repository.find(revision).then(String, () => "nothing");
        if (mine !== expected) wrong.push(`${revision}: ${mine}, git ${expected}`);
      }
      assertEquals(wrong, []);
    }
  });
}

testGit("files, history and references are those of git", async (folder) => {
  await makeHistory(folder);
  await git(folder, ["pack-refs", "--all"]);
  await git(folder, ["update-ref", "refs/heads/newer", "main~1"]);
  await using repository = await GitRepository.open(`${folder}/.git`);
  for (const revision of ["main", "v1.0", "topic", "tree-tag"]) {
    const listed = await gitBytes(folder, ["ls-tree", "-r", "-l", "-z", revision]);
    const lines: string[] = [];
    for await (const { path, mode, type, id, size } of repository.files(revision, { sizes: true })) {
      lines.push(
        `${mode.toString(8).padStart(6, "0")} ${type} ${id} ${`${size ?? "-"}`.padStart(7)}\t${path}\0`,
      );
    }
    assertEquals(lines.join(""), text(listed));
  }
  assertEquals(
    (await Array.fromAsync(repository.history("main"))).map(({ id }) => `${id}`),
    (await git(folder, ["rev-list", "main"])).trim().split("\n"),
  );
  assertEquals(
    (await Array.fromAsync(repository.references())).map(({ id, name }) => `${id} ${name}`),
    (await git(folder, ["show-ref"])).trim().split("\n"),
  );
  const largest = await Array.fromAsync(repository.files("main", { largest: 2 }));
  assertEquals(largest.length, 2);
  assert(largest[0]!.size! >= largest[1]!.size!);
  assertEquals(
    await (await repository.read("main", "dir/a")).text(),
    text(await gitBytes(folder, ["show", "main:dir/a"])),
  );
  const tagged = await repository.database.read(await repository.find("v1.0"));
  assertEquals(parseGitTag(await tagged.bytes()).message, "annotated\n");
  const first = await repository.database.read(await repository.find("main"));
  assertEquals(parseGitCommit(await first.bytes()).parents.length, 2);
  const rows = parseGitTree(
    await (await repository.database.read(await repository.find("main^{tree}"))).bytes(),
  );
  assertEquals(encodeGitTree(rows), new Uint8Array(await gitBytes(folder, ["cat-file", "tree", "main"])));
});

testGit("a commit is one for git, with its log, and nobody's work is lost", async (folder) => {
  await makeHistory(folder);
  const before = (await git(folder, ["rev-parse", "main"])).trim();
  await using repository = await GitRepository.open(folder);
  const options = { author: AUTHOR, message: "Change things\n\nAnd more.\n" };
  const id = await repository.commit("main", {
    "dir/a": "new\n",
    "fresh/file": "x",
    "dir/inner": null,
    "\u00c0": null,
  }, options);
  assertEquals((await git(folder, ["rev-parse", "main", "main^"])).trim().split("\n"), [`${id}`, before]);
  await git(folder, ["fsck", "--strict", "--no-dangling"]);
  assertEquals(
    await git(folder, ["diff", "--name-status", "-z", "main^", "main"]),
    "M\0dir/a\0D\0dir/inner/deep/c\0A\0fresh/file\0D\0\u00c0\0",
  );
  assertEquals(
    (await git(folder, ["reflog", "-1", "--format=%gs %gn", "main"])).trim(),
    "commit: Change things Ada",
  );
  assertEquals(
    await git(folder, ["log", "-1", "--format=%an %ae %ad %s", "main"]),
    "Ada ada@example.org Tue Nov 14 23:43:20 2023 +0130 Change things\n",
  );
  assertEquals(await repository.find("main@{1}").then(String), before);
  const refused = await assertRejects(
    () => repository.updateRef("refs/heads/main", id, { expected: before }),
    Error,
  );
  assertEquals((refused as { code?: string }).code, "REFERENCE_CHANGED");
  await assertRejects(
    () => repository.updateRef("refs/heads/main/below", id),
    Error,
    "refs/heads/main is there",
  );
  await assertRejects(() => repository.commit("main", { "a/../b": "x" }, options), RangeError);
  const tree = await repository.find("main^{tree}");
  await assertRejects(() => repository.updateRef("refs/heads/tree", tree), Error, "expected a commit");
  await repository.updateRef("refs/tags/of-a-tree", tree);
  await Deno.mkdir(`${folder}/.git/refs/heads/emptied/deep/folder`, { recursive: true });
  await repository.updateRef("refs/heads/emptied", id);
  if (Deno.build.os !== "windows") {
    await git(folder, ["config", "core.sharedRepository", "group"]);
    await repository.commit("shared", { x: "" }, options);
    for (const path of ["refs/heads/shared", "logs/refs/heads/shared"]) {
      assertEquals((await Deno.stat(`${folder}/.git/${path}`)).mode! & 0o660, 0o660, path);
    }
    await git(folder, ["config", "--unset", "core.sharedRepository"]);
  }
  const started = await repository.commit("first/of/its/kind", { only: "x" }, options);
  assertEquals((await git(folder, ["rev-list", "first/of/its/kind"])).trim(), `${started}`);
  const counts = await Promise.allSettled(
    Array.from({ length: 8 }, (_, i) => repository.commit("race", { [`f${i}`]: "x" }, options)),
  );
  const done = counts.filter(({ status }) => status === "fulfilled").length;
  assertEquals((await git(folder, ["rev-list", "--count", "race"])).trim(), `${done}`);
  await git(folder, ["fsck", "--strict", "--no-dangling"]);
});

testGit("it is found from inside, from a linked work tree and by a file that names it", async (folder) => {
  await makeHistory(`${folder}/r`);
  await git(`${folder}/r`, ["worktree", "add", "-q", "-f", "../linked", "topic"]);
  await Deno.mkdir(`${folder}/r/some/where`, { recursive: true });
  await using inside = await GitRepository.open(`${folder}/r/some/where`);
  assertEquals(inside.workTree, await Deno.realPath(`${folder}/r`));
  await using linked = await GitRepository.open(`${folder}/linked`);
  assertEquals(await linked.head(), "refs/heads/topic");
  assertEquals(
    `${(await linked.resolve("HEAD")).id}`,
    (await git(`${folder}/r`, ["rev-parse", "topic"])).trim(),
  );
  await assertRejects(() => GitRepository.open(`${folder}/r/some/where`, { discover: false }), Error);
  for (const path of ["r/.git/worktrees/linked", "linked/.git"]) {
    await using named = await GitRepository.open(`${folder}/${path}`, { discover: false });
    assertEquals([await named.head(), named.commonFolder], [
      "refs/heads/topic",
      await Deno.realPath(`${folder}/r/.git`),
    ]);
    const asked = await sluice(["gitdb", "rev-parse", "HEAD"], {
      env: { GIT_DIR: `${folder}/${path}` },
      cwd: folder,
    });
    assertEquals(text(asked.stdout), await git(`${folder}/linked`, ["rev-parse", "HEAD"]));
  }
});

testGit("damage is named, old commits are read, replaced and shallow histories are git's", async (folder) => {
  await makeHistory(`${folder}/r`);
  const old = await git(
    `${folder}/r`,
    ["hash-object", "-t", "commit", "-w", "--literally", "--stdin"],
    encode(
      `tree ${
        (await git(`${folder}/r`, ["rev-parse", "main^{tree}"])).trim()
      }\nauthor Old <old@example.test>\n` +
        "committer Old <old@example.test> 99999999999999999999 +0100\n\nwithout a date\n",
    ),
  );
  await git(`${folder}/r`, ["update-ref", "refs/heads/old", old.trim()]);
  await git(`${folder}/r`, ["replace", "main~1", "main~3"]);
  await Deno.writeTextFile(`${folder}/r/.git/refs/heads/broken`, "");
  await Deno.writeTextFile(`${folder}/r/.git/refs/heads/round`, "ref: refs/heads/about\n");
  await Deno.writeTextFile(`${folder}/r/.git/refs/heads/about`, "ref: refs/heads/round\n");
  {
    await using repository = await GitRepository.open(`${folder}/r`);
    const commit = await repository.readCommit("old");
    assertEquals([commit.author.name, commit.author.date.getTime(), commit.message], [
      "Old",
      0,
      "without a date\n",
    ]);
    assertEquals(
      (await Array.fromAsync(repository.history("main"))).map(({ id }) => `${id}`),
      (await git(`${folder}/r`, ["rev-list", "main"])).trim().split("\n"),
    );
    await assertRejects(() => Array.fromAsync(repository.references()), Error, "refs/heads/");
    const damaged: string[] = [];
    const onDamage = (name: string): void => void damaged.push(name);
    const names = (await Array.fromAsync(repository.references("refs/heads/", { onDamage }))).map((
      { name },
    ) => name);
    assertEquals(damaged, ["refs/heads/about", "refs/heads/broken", "refs/heads/round"]);
    assert(names.includes("refs/heads/main"));
    await assertRejects(() => repository.find("broken"), Error, "refs/heads/broken");
    await assertRejects(() => repository.find("round"), Error, "leads over");
    await assertRejects(() => repository.find("HEAD@{yesterday}"), Error, "not known");
    await assertRejects(() => repository.find("main^{/[[:alpha:]]}"), Error, "not known");
    await assertRejects(() => repository.find(":/a\\d"), Error, "not known");
    await assertRejects(() => repository.find(":name"), Error, "index");
    const options = { author: AUTHOR, message: "x" };
    await assertRejects(() => repository.commit("a..b", { x: "" }, options), RangeError, "no full name");
    await assertRejects(() => repository.commit("main", { x: "", "x/y": "" }, options), RangeError);
    const refused:
      readonly (readonly [branch: string, files: Record<string, string | null>, says: string])[] = [
        ["@", { x: "" }, '"@"'],
        ["-x", { x: "" }, '"-x"'],
        ["main", { "a//b": "" }, '"a//b"'],
        ["main", { "/a": "" }, '"/a"'],
        ["main", { "a/": "" }, '"a/"'],
        ["main", { "": "" }, '""'],
        ["main", { "dir/x\0y": "" }, '"dir/x'],
        ["main", { "dir/.git/x": "" }, ".git"],
        ["main", { [`${"d/".repeat(3000)}f`]: "" }, "folders"],
        ["main", { nope: null }, '"nope"'],
        ["main", { "a.txt/b": null }, '"a.txt/"'],
        ["main", { "a.txt/b": "" }, '"a.txt/"'],
        ["main", { dir: "" }, '"dir"'],
      ];
    for (const [branch, files, says] of refused) {
      const error = await assertRejects(() => repository.commit(branch, files, options), RangeError);
      assert(error.message.includes(says), error.message);
    }
    const early = { author: { ...AUTHOR, date: new Date(-1000) }, message: "x" };
    await assertRejects(() => repository.commit("main", { x: "" }, early), RangeError, "1970");
    const current = await repository.commit("HEAD", { x: "" }, options);
    assertEquals((await git(`${folder}/r`, ["rev-parse", "main"])).trim(), `${current}`);
    await Deno.writeTextFile(`${folder}/r/.git/HEAD.lock`, "");
    const error = await assertRejects(() => repository.commit("main", { y: "" }, options), Error);
    assertEquals((error as { code?: string }).code, "LOCKED");
    await Deno.remove(`${folder}/r/.git/HEAD.lock`);
  }
  {
    const [, second, ...others] = (await git(`${folder}/r`, ["--no-replace-objects", "rev-list", "main"]))
      .trim().split("\n");
    await Deno.mkdir(`${folder}/r/.git/info`, { recursive: true });
    await Deno.writeTextFile(`${folder}/r/.git/info/grafts`, `# parents\n${second} ${others.at(-2)}\n`);
    await using repository = await GitRepository.open(`${folder}/r`, { replacements: false });
    assertEquals(
      (await Array.fromAsync(repository.history("main"))).map(({ id }) => `${id}`),
      (await git(`${folder}/r`, ["--no-replace-objects", "rev-list", "main"])).trim().split("\n"),
    );
    await Deno.remove(`${folder}/r/.git/info/grafts`);
  }
  await git(`${folder}/r`, ["pack-refs", "--all"]).catch(() => {});
  const packedRefs = await Deno.readTextFile(`${folder}/r/.git/packed-refs`);
  for (
    const damage of [packedRefs.slice(0, -1), `${packedRefs}junk\n`, `${packedRefs}xyz refs/heads/bad\n`]
  ) {
    await Deno.writeTextFile(`${folder}/r/.git/packed-refs`, damage);
    const opened = () => GitRepository.open(`${folder}/r`);
    const error = await assertRejects(opened, CorruptDataError, "packed-refs");
    assert(error.offset! > 0);
    if (damage.endsWith("\n")) continue;
    const checked = await sluice(["gitdb", "fsck", `--git-dir=${folder}/r`]);
    assert(checked.code !== 0 && checked.stderr.includes("packed-refs"), checked.stderr);
  }
  await Deno.writeTextFile(`${folder}/r/.git/packed-refs`, packedRefs);
  for (const name of ["broken", "round", "about"]) await Deno.remove(`${folder}/r/.git/refs/heads/${name}`);
  await git(folder, ["clone", "-q", "--depth=3", "--no-single-branch", `file://${folder}/r`, "shallow"]);
  await using shallow = await GitRepository.open(`${folder}/shallow`);
  assertEquals(
    (await Array.fromAsync(shallow.history(["HEAD"]))).map(({ id }) => `${id}`),
    (await git(`${folder}/shallow`, ["rev-list", "HEAD"])).trim().split("\n"),
  );
});

testGit(
  "commits without authors and signatures with more angle brackets are read as git reads them",
  async (folder) => {
    await git(folder, ["init", "-q", "."]);
    const tree = (await git(folder, ["hash-object", "-t", "tree", "-w", "--stdin"], encode(""))).trim();
    const store = async (type: string, body: string): Promise<string> =>
      (await git(folder, ["hash-object", "-t", type, "-w", "--literally", "--stdin"], encode(body))).trim();
    const commit = (parents: readonly string[], lines: string): Promise<string> =>
      store("commit", `tree ${tree}\n${parents.map((id) => `parent ${id}\n`).join("")}${lines}\ntext\n`);
    const line = (word: string, time: number): string => `${word} A <a@b> ${time} +0000\n`;
    const root = await commit([], line("author", 100) + line("committer", 100));
    const signatures = [
      "Jo <jo@x> (home) <jo@home> 300 +0200",
      "Jo <jo@x>> 250 +0130",
      "Jo <<jo@x> 260 +0000",
      "Jo <jo> <jo> <jo>  270 +0000",
      "Jo <jo@x 280 +0000",
      "Jo jo@x> 290 +0000",
      "nobody",
      "",
      "Jo <jo@x> later +0000",
    ];
    const tips: string[] = [];
    for (const signature of signatures) {
      tips.push(await commit([root], `author ${signature}\ncommitter ${signature}\n`));
    }
    for (
      const lines of [
        line("committer", 500),
        line("author", 500),
        "",
        line("committer", 510) + line("author", 520),
      ]
    ) {
      tips.push(await commit([root], lines));
    }
    const merge = await commit(tips, line("author", 600) + line("committer", 600));
    await git(folder, ["update-ref", "refs/heads/top", merge]);
    const format = "%H%n%an%n%ae%n%at%n%cn%n%ce%n%ct";
    const expected = (await git(folder, ["log", "top", `--format=tformat:${format}`])).trimEnd().split("\n");
    await using repository = await GitRepository.open(folder);
    const history = await Array.fromAsync(repository.history("top"));
    // git leaves a time out that it can't read.
    const seconds = ({ date }: GitSignature): string => `${date.getTime() / 1000 || ""}`;
    const found = history.map(({ id, author, committer }) => [
      `${id}`,
      author.name,
      author.email,
      seconds(author),
      committer.name,
      committer.email,
      seconds(committer),
    ]);
    const rows = Array.from({ length: expected.length / 7 }, (_, i) => expected.slice(7 * i, 7 * i + 7));
    assertEquals(found.sort(), rows.sort());
    assertEquals(found.length, tips.length + 2);
    for (const tip of tips) {
      assertEquals((await repository.mergeBases(merge, tip)).map(String), [tip]);
      assertEquals((await repository.mergeBases(tip, tips[0]!)).map(String), [tip === tips[0] ? tip : root]);
      assertEquals(`${(await repository.readCommit(`${tip}~1`)).id}`, root);
      await git(folder, ["merge-base", "--is-ancestor", root, tip]);
    }
    assertEquals((await repository.readCommit(tips[0]!)).committer, {
      name: "Jo",
      email: "jo@x",
      date: new Date(300_000),
      timezone: "+0200",
    });
    // Commits come by the dates that can be read; git from 2.41 on has the same order.
    const order = async (): Promise<string[]> =>
      (await Array.fromAsync(repository.history("top"))).map(({ id }) => `${id}`);
    const before = await order();
    assertEquals(before.at(0), merge);
    assertEquals(before.at(1), tips[0]);
    assertEquals(before.slice(-4).sort(), tips.slice(-4).sort());
    const formats = ["medium", "fuller", "tformat:%an|%ae|%at|%ad|%aD|%ai|%cn|%ce|%ct|%ci|%cd"];
    // git leaves out a date that can't be read beside a name, and keeps the order of the lines; sluice does neither.
    const printed = tips.filter((_, i) => signatures[i]?.includes("later") !== true).slice(0, -1);
    for (const tip of printed) {
      for (const format of formats) {
        const options = ["-1", `--format=${format}`, tip];
        const { stdout } = await sluice(["gitdb", "log", `--git-dir=${folder}`, ...options]);
        assertEquals(text(stdout), await git(folder, ["log", ...options]));
      }
    }
    for (const [i, signature] of signatures.entries()) {
      const tag = await store("tag", `object ${root}\ntype commit\ntag v${i}\ntagger ${signature}\n\ntext\n`);
      const { tagger } = parseGitTag(await gitBytes(folder, ["cat-file", "tag", tag]));
      assertEquals(tagger, (await repository.readCommit(tips[i]!)).author);
    }
  },
);

testGit(
  "text that UTF-8 can't hold is refused before anything is written, and finds nothing",
  async (folder) => {
    await git(folder, ["init", "-q", "-b", "main", "."]);
    await using repository = await GitRepository.open(folder);
    const options = { author: AUTHOR, message: "text" };
    const first = await repository.commit("main", { "\ufffd": "a", "dir/\ufffd": "b" }, options);
    const { tree } = await repository.readCommit(`${first}`);
    const { database } = repository;
    const count = await database.count();
    const refs = await git(folder, ["for-each-ref"]);
    const half = "\ud800";
    const other = { ...AUTHOR, name: half };
    const refused: readonly (() => unknown)[] = [
      () => repository.commit("main", { [half]: "x" }, options),
      () => repository.commit("main", { [`dir/${half}/x`]: "x" }, options),
      () => repository.commit("main", { [half]: null }, options),
      () => repository.commit("main", { x: half }, options),
      () => repository.commit(half, { x: "x" }, options),
      () => repository.commit("main", { x: "x" }, { ...options, message: half }),
      () => repository.commit("main", { x: "x" }, { ...options, author: other }),
      () => repository.commit("main", { x: "x" }, { ...options, committer: { ...AUTHOR, email: half } }),
      () => repository.updateRef(`refs/heads/${half}`, first),
      () => repository.updateRef("refs/heads/new", first, { message: half }),
      () => repository.updateRef("refs/heads/new", first, { committer: other }),
      () =>
        repository.updateRef("refs/heads/new", first, {
          committer: { ...AUTHOR, name: "\ud83d", email: "\ude00" },
        }),
      () => database.write({ type: "blob", body: half }),
      () => new GitMemoryStore().write({ type: "blob", body: half }),
      () => new PackWriter().add({ type: "blob", body: half }),
      () => encodeGitTree([{ mode: 0o100644, name: half, id: first }]),
      () => encodeGitCommit({ tree, author: AUTHOR, message: half }),
      () => Array.fromAsync(repository.history("main", { paths: half })),
    ];
    for (const run of refused) await assertRejects(async () => await run(), RangeError, undefined, `${run}`);
    for (const path of [half, `dir/${half}`]) {
      await assertRejects(() => repository.read("main", path), NotFoundError);
      await assertRejects(() => repository.find(`main:${path}`), NotFoundError);
    }
    assertEquals([await database.count(), await git(folder, ["for-each-ref"])], [count, refs]);
    // Whole pairs are text as any other.
    const whole = await repository.commit("main", { "\u{1f600}": "\u{1f600}" }, {
      message: "\u{1f600}",
      author: { ...AUTHOR, name: "\u{1f600}" },
    });
    assertEquals(await git(folder, ["log", "-1", "--format=%H %s %an"]), `${whole} \u{1f600} \u{1f600}\n`);
    assertEquals(await git(folder, ["show", "main:\u{1f600}"]), "\u{1f600}");
  },
);

testGit("a value that is no content of a file is named by its path", async (folder) => {
  await git(folder, ["init", "-q", "-b", "main", "."]);
  await using repository = await GitRepository.open(folder);
  const options = { author: AUTHOR, message: "text" };
  const wrong: readonly (readonly [unknown, string])[] = [
    [undefined, "undefined"],
    [5, "a number"],
    [true, "a boolean"],
    [{}, "an object of class Object"],
    [["x"], "an object of class Array"],
    [new Blob(["x"]), "an object of class Blob"],
  ];
  for (const [value, says] of wrong) {
    const files = { good: "x", "dir/odd": value } as Record<string, string>;
    const error = await assertRejects(() => repository.commit("main", files, options), TypeError);
    assertEquals(
      error.message,
      `Cannot commit "dir/odd": the argument is ${says}, expected text, bytes or null`,
    );
  }
  for (const files of [new Map([["a", "x"]]), ["a"]] as unknown as Record<string, string>[]) {
    await assertRejects(() => repository.commit("main", files, options), TypeError, "files by their paths");
  }
  assertEquals(await repository.database.count(), 0);
  const bytes = new Uint8Array([65, 66]);
  const view = new DataView(bytes.buffer);
  await repository.commit("main", { a: "AB", b: bytes, c: bytes.buffer, d: view }, options);
  for (const name of ["a", "b", "c", "d"]) assertEquals(await git(folder, ["show", `main:${name}`]), "AB");
});

const LISTINGS: readonly string[][] = [
  ["main"],
  ["-r", "main"],
  ["-r", "-t", "main"],
  ["-t", "main"],
  ["-d", "main"],
  ["-r", "-d", "main"],
  ["-l", "main"],
  ["-r", "-l", "main"],
  ["--name-only", "main"],
  ["-z", "-r", "main"],
  ["main", "dir"],
  ["main", "dir/"],
  ["main", "dir/inner"],
  ["-t", "main", "dir/inner/deep/"],
  ["-r", "main", "dir", "a.txt"],
  ["-r", "-t", "main", "dir/inner"],
  ["-d", "main", "dir/inner"],
  ["main:dir"],
  ["tree-tag"],
  ["v1.0"],
  ["main", "none"],
  ["main", "a.txt/"],
  ["main", "dir", "dir/a"],
  ["main", "dir/a", "dir"],
  ["-d", "main", "dir", "dir/inner/deep/c"],
  ["main", "./dir/../dir/inner/"],
  ["main", "."],
];

testGit("sluice gitdb ls-tree and rev-parse print what git prints", async (folder) => {
  await makeHistory(folder);
  for (const args of LISTINGS) {
    const mine = await sluice(["gitdb", "ls-tree", `--git-dir=${folder}`, ...args]);
    assertEquals([mine.code, mine.stderr], [0, ""], args.join(" "));
    assertEquals(text(mine.stdout), text(await gitBytes(folder, ["ls-tree", ...args])), args.join(" "));
  }
  for (
    const args of [["main", "topic^", "v1.0"], ["main..topic"], ["^main", "HEAD"], ["--verify", "main~2"], [
      "--short",
      "main",
    ]]
  ) {
    const mine = await sluice(["gitdb", "rev-parse", `--git-dir=${folder}`, ...args]);
    assertEquals(text(mine.stdout), await git(folder, ["rev-parse", ...args]), args.join(" "));
  }
  const formats = [
    "%H %h %T %t",
    "%P|%p",
    "%an <%ae> %at %ad",
    "%cn %ce %ct %cd %ci %cI %ai %aI",
    "%s%n%b%%%x41",
    "%B",
    "%e",
  ];
  const logs = [
    ...formats.map((format) => [`--format=${format}`, "main"]),
    ["--pretty=format:%H", "main"],
    ["--pretty=oneline", "main"],
    ["--format=", "main"],
    ["main"],
    ["-n", "2", "topic"],
    ...["short", "medium", "full", "fuller"].map((format) => [`--pretty=${format}`, "main", "topic"]),
    ["--reverse", "main"],
    ["--reverse", "-3", "--skip=1", "--oneline", "main"],
    ["--merges", "main", "topic"],
    ["--no-merges", "--oneline", "main", "topic"],
    ["--all", "--oneline"],
    ...[["-n", "3"], ["-2"], ["-n1"], ["topic..main"], ["^topic", "main", "light"], ["main..topic"]].map((
      args,
    ) => ["--oneline", ...args]),
  ];
  for (const args of logs) {
    const mine = await sluice(["gitdb", "log", `--git-dir=${folder}`, ...args]);
    assertEquals(text(mine.stdout), await git(folder, ["log", ...args]), args.join(" "));
  }
  const zeros = encode("HEAD\0main:with space\0main:none\0");
  const ended = await sluice(["gitdb", "cat-file", `--git-dir=${folder}`, "--batch-check", "-z"], {
    stdin: zeros,
  });
  assertEquals(text(ended.stdout), text(await gitBytes(folder, ["cat-file", "--batch-check", "-z"], zeros)));
  await Deno.writeTextFile(`${folder}/with space`, "x\n");
  await Deno.writeTextFile(`${folder}/qu"o\u00e9te`, "y\n");
  const odd = `"${folder}/qu\\"o\\303\\251te"\n`;
  const paths = encode(`${folder}/with space\r\n${odd}${folder}/.git/HEAD\n`);
  const hashed = await sluice(["gitdb", "hash-object", "--stdin-paths"], { stdin: paths });
  assertEquals(text(hashed.stdout), text(await gitBytes(folder, ["hash-object", "--stdin-paths"], paths)));
  const typed: readonly string[][] = [
    ["tree", "HEAD"],
    ["commit", "v1.0"],
    ["tree", "nested"],
    ["blob", "blob-tag"],
    ["blob", "main:dir/a"],
    ["tag", "v1.0"],
    ["blob", "HEAD"],
    ["-e", "nowhere"],
    ["-e", "12".repeat(20)],
    ["-t", "12".repeat(20)],
    ["-p", "12".repeat(20)],
    ["--batch-check=%(objectname"],
  ];
  for (const args of typed) {
    const mine = await sluice(["gitdb", "cat-file", `--git-dir=${folder}`, ...args], {
      stdin: new Uint8Array(),
    });
    const { code, stdout } = await run("git", ["-C", folder, "cat-file", ...args], {
      stdin: new Uint8Array(),
    });
    assertEquals([mine.code, mine.stdout], [code, stdout], args.join(" "));
  }
  const words = encode(" HEAD\nHEAD rest\nmain:sp ace\r\n");
  const rest = "--batch-check=%(objectname) %(rest)";
  const ofWords = await sluice(["gitdb", "cat-file", `--git-dir=${folder}`, rest], { stdin: words });
  assertEquals(text(ofWords.stdout), text(await gitBytes(folder, ["cat-file", rest], words)));
  const elsewhere = await sluice(["gitdb", "rev-parse", "main"], { env: { GIT_DIR: `${folder}/.git` } });
  assertEquals(text(elsewhere.stdout), await git(folder, ["rev-parse", "main"]));
  const inside = await sluice(["gitdb", "ls-tree", "main"], { cwd: `${folder}/dir` });
  assertEquals(text(inside.stdout), text(await gitBytes(`${folder}/dir`, ["ls-tree", "main"])));
  for (
    const args of [["main", "../dir/"], ["main", ".."], ["-rt", "main", ".."], ["-r", "main", ".."], [
      "main",
      "inner",
    ], [
      "--name-only",
      "main",
      "../a.txt",
      "a",
    ]]
  ) {
    const mine = await sluice(["gitdb", "ls-tree", ...args], { cwd: `${folder}/dir` });
    assertEquals(
      text(mine.stdout),
      text(await gitBytes(`${folder}/dir`, ["ls-tree", ...args])),
      args.join(" "),
    );
  }
  for (
    const [args, code] of [
      [["ls-tree", "main", "/dir"], 128],
      [["ls-tree", "main", ""], 128],
      [["ls-tree", "main", "../x"], 128],
      [["ls-tree"], 129],
      [["ls-tree", "-x", "main"], 129],
      [["log", "--format=abc"], 128],
      [["rev-parse", "--short", "main", "topic"], 128],
      [["rev-parse", "--verify", "12".repeat(20)], 0],
    ] as const
  ) {
    assertEquals((await sluice(["gitdb", ...args], { cwd: folder })).code, code, args.join(" "));
  }
  const missing = await sluice(["gitdb", "rev-parse", `--git-dir=${folder}`, "--verify", "-q", "nowhere"]);
  assertEquals([missing.code, missing.stdout.length, missing.stderr], [1, 0, ""]);
  const names = encode("HEAD\nmain:dir/a\nmain:zürich\nnowhere\nmain:none\nv1.0^{tree}\n");
  const mine = await sluice(["gitdb", "cat-file", `--git-dir=${folder}`, "--batch"], { stdin: names });
  assertEquals(text(mine.stdout), text(await gitBytes(folder, ["cat-file", "--batch"], names)));
});

testGit("paths that are not UTF-8 are read and listed by their bytes", async (folder) => {
  const made = await run("sh", [
    "-c",
    `git init -q . && d="$(printf 'd\\377')" && mkdir "$d" && echo in > "$d/a" && echo out > "$(printf 'caf\\351')" &&
    git add . && git commit -qm x`,
  ], { cwd: folder, env: ENVIRONMENT });
  assertEquals(made.code, 0, made.stderr);
  await using repository = await GitRepository.open(folder);
  const files = await Array.fromAsync(repository.files("HEAD"));
  const contents = [];
  for (const { pathBytes, path } of files) {
    contents.push(await (await repository.read("HEAD", pathBytes)).text());
    await assertRejects(() => repository.read("HEAD", path), NotFoundError);
  }
  assertEquals(contents.sort(), ["in\n", "out\n"]);
  const inner = Uint8Array.of(0x64, 0xff);
  for (const path of [inner, Uint8Array.of(...inner, 0x2f)]) {
    assertEquals((await repository.readTree("HEAD", path)).map(({ name }) => name), ["a"]);
    const [file, ...more] = await Array.fromAsync(repository.files("HEAD", { path }));
    assertEquals([file!.pathBytes, more], [Uint8Array.of(...inner, 0x2f, 0x61), []]);
  }
  const [single] = await Array.fromAsync(
    repository.files("HEAD", { path: Uint8Array.of(...inner, 0x2f, 0x61) }),
  );
  assertEquals([single!.type, await (await repository.read("HEAD", single!.pathBytes)).text()], [
    "blob",
    "in\n",
  ]);
  for (const path of [5, null, ["a"]]) {
    await assertRejects(
      () => repository.read("HEAD", path as unknown as string),
      TypeError,
      "a text or bytes",
    );
  }
});
