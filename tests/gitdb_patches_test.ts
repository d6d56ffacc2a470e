/**
 * Patches and counts of changed lines beside git's.
 */
import { assert, assertEquals } from "@std/assert";
import { run, sluice } from "./_cli.ts";
import { Random } from "./_data.ts";
import { inDirectory } from "./_directory.ts";
import { ENVIRONMENT, git, GIT_IS_HERE } from "./_git.ts";

const text = (bytes: Uint8Array): string => new TextDecoder("latin1").decode(bytes);
const encode = (words: string): Uint8Array => new TextEncoder().encode(words);

/** Runs both tools; what differs fails. Returns how many bytes they printed. */
async function compare(cwd: string, words: string | readonly string[]): Promise<number> {
  const args = typeof words === "string" ? words.split(" ") : words;
  const theirs = await run("git", args, { cwd });
  const ours = await sluice(["gitdb", ...args], { cwd });
  assertEquals(ours.code, theirs.code, `${args.join(" ")}: ${ours.stderr}`);
  assertEquals(text(ours.stdout), text(theirs.stdout), args.join(" "));
  return theirs.stdout.length;
}

function testPatches(name: string, test: (folder: string) => Promise<void>): void {
  Deno.test({ name: `sluice gitdb ${name}`, ignore: !GIT_IS_HERE, fn: () => inDirectory(test) });
}

const INDENTS = ["", "", "  ", "\t", "    ", " \t"];
const WORDS = ["foo", "bar()", "}", "{", "", "if (x)", "end", "return 1;", "#x", "_y", "$z = 1", "\r"];

/** A line of few kinds, as programs have, of many, or of almost no two alike. */
function someLine(random: Random, kind: number): string {
  if (kind === 0) return INDENTS[random.below(INDENTS.length)]! + WORDS[random.below(WORDS.length)]!;
  if (kind === 1) return `${"  ".repeat(random.below(3))}line ${random.below(1000)}`;
  return kind === 2 ? `${random.below(2)}` : `l${random.below(1e6)}`;
}

/** Two texts of which one was edited to the other: lines taken out, put in, replaced, moved and copied. */
function somePair(random: Random): [before: string, after: string] {
  const kind = random.below(4);
  const size = random.below(10) === 0 ? 2000 + random.below(4000) : random.below(120);
  const lines = (count: number): string[] => Array.from({ length: count }, () => someLine(random, kind));
  const before = lines(size);
  let after = [...before];
  const edits = size > 200 && kind > 1 ? random.below(size) : random.below(12);
  for (let edit = 0; edit < edits; edit++) {
    const at = random.below(after.length + 1);
    const what = random.below(5);
    const from = random.below(after.length + 1);
    if (what === 0) after.splice(at, random.below(6));
    else if (what === 1) after.splice(at, 0, ...lines(random.below(6)));
    else if (what === 2) after.splice(at, 1, ...lines(1));
    else if (what === 3) after.splice(from, 0, ...after.splice(at, random.below(20)));
    else after.splice(at, 0, ...after.slice(from, from + random.below(8)));
  }
  if (random.below(30) === 0) after = lines(size);
  const end = (list: readonly string[]): string => random.below(4) > 0 && list.length > 0 ? "\n" : "";
  return [before.join("\n") + end(before), after.join("\n") + end(after)];
}

testPatches("diff finds the lines that git finds, in many texts", async (folder) => {
  await git(folder, ["init", "-q", "--bare", "."]);
  const random = new Random(41);
  const commits: string[][] = [[], []];
  for (let file = 0; file < 200; file++) {
    for (const [side, content] of somePair(random).entries()) {
      commits[side]!.push(`M 100644 inline f${file}\ndata ${content.length}\n${content}\n`);
    }
  }
  for (const [i, files] of commits.entries()) {
    const head = `commit refs/heads/main\ncommitter A <a@b.c> ${1e9 + i} +0000\ndata 1\nx\n`;
    const from = i === 0 ? "" : "from refs/heads/main^0\n";
    await git(folder, ["fast-import", "--quiet"], encode(`${head}${from}${files.join("")}\n`));
  }
  assert(await compare(folder, "diff main~1 main") > 400_000);
  await compare(folder, "diff main main~1");
  await compare(folder, "diff --numstat main~1 main");
  await compare(folder, "diff --stat main~1 main");
  for (const context of ["-U0", "-U1", "--unified=12"]) {
    await compare(folder, ["diff", context, "main~1", "main"]);
  }
});

/** A history with files of every kind, moved, emptied, made links, with names that need quotes, and merges. */
async function makeHistory(folder: string): Promise<void> {
  await git(folder, ["init", "-q", "-b", "main", "."]);
  const random = new Random(43);
  const write = async (name: string, content: string | Uint8Array): Promise<void> => {
    const path = `${folder}/${name}`;
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    await Deno.writeFile(path, typeof content === "string" ? encode(content) : content);
  };
  const commit = async (message: string): Promise<void> => {
    await git(folder, ["add", "-A"]);
    await git(folder, ["commit", "-q", "--allow-empty", "-m", message]);
  };
  const long = Array.from({ length: 60 }, (_, i) => `${i % 9 === 0 ? "function f" : "  line "}${i}\n`).join(
    "",
  );
  await write("src/long.ts", long);
  await write("a name", "one\ntwo\n");
  await write('q"uote', "one\n");
  await write("caf\u00e9", "one\nzw\u00f6lf\n");
  await write("bin", new Uint8Array(random.bytes(3000)).fill(0, 0, 1));
  await write("gone", "one\n");
  await write("empty", "");
  await write("no-end", "one\ntwo");
  await write("run.sh", "#!/bin/sh\n");
  await Deno.symlink("gone", `${folder}/link`);
  await commit("first");
  await write(
    "src/long.ts",
    long.replace("line 5\n", "row 5\n").replace("line 40\n", "").replace("line 44", "x\ny"),
  );
  await write("a name", "one\nthree\n");
  await write('q"uote', "two\n");
  await write("caf\u00e9", "one\nelf\n");
  await write("bin", new Uint8Array(random.bytes(4000)).fill(0, 0, 1));
  await Deno.remove(`${folder}/gone`);
  await write("no-end", "one\nthree");
  await Deno.chmod(`${folder}/run.sh`, 0o755);
  await Deno.remove(`${folder}/link`);
  await write("link", "a file\n");
  await write("new/one", "new\n");
  await write("new/none", "");
  await commit("second");
  await Deno.mkdir(`${folder}/lib/deep`, { recursive: true });
  await Deno.rename(`${folder}/src/long.ts`, `${folder}/lib/deep/long.ts`);
  await write("lib/deep/long.ts", `${await Deno.readTextFile(`${folder}/lib/deep/long.ts`)}more\n`);
  await Deno.rename(`${folder}/new/one`, `${folder}/new/two`);
  await Deno.rename(`${folder}/bin`, `${folder}/b\tin`);
  await Deno.rename(`${folder}/a name`, `${folder}/another name`);
  await write("no-end", "one\nthree\n");
  await Deno.chmod(`${folder}/lib/deep/long.ts`, 0o755);
  await commit("third\n\n\ttab\n a\tb\tcaf\u00e9\t\u4e2d\tend");
  await git(folder, ["checkout", "-q", "-b", "side", "main~1"]);
  await write("side", "s\n".repeat(30));
  await commit("of the side");
  await git(folder, ["checkout", "-q", "main"]);
  await git(folder, ["merge", "-q", "side", "-m", "merge"]);
  await commit("empty one");
  const wide = `${"w".repeat(30)}/${"x".repeat(50)}/${"y".repeat(40)}`;
  await write(wide, "z\n".repeat(200));
  await write("empty", "1\n2\n3\n");
  await write("other", `${"k\n".repeat(90)}`);
  await commit("wide");
  await write(wide, `${"a\n".repeat(150)}${"z\n".repeat(50)}`);
  await write("no-end", "");
  await git(folder, ["rm", "-q", "-r", "--cached", "other"]);
  await Deno.remove(`${folder}/other`);
  const head = (await git(folder, ["rev-parse", "HEAD"])).trim();
  await git(folder, ["update-index", "--add", "--cacheinfo", `160000,${head},sub`]);
  await git(folder, ["add", "-A", "--", ".", ":!sub"]);
  await git(folder, ["commit", "-q", "-m", "submodule"]);
  await git(folder, ["tag", "-a", "-m", "a tag", "v1"]);
}

testPatches("show, log and diff print patches and counts as git does", async (folder) => {
  await makeHistory(folder);
  const calls = [
    "log -p",
    "log -p --first-parent --oneline",
    "log -p --format=%h",
    "log --format=format:%h -p -4",
    "log -u --reverse --no-renames",
    "log --stat",
    "log --stat --oneline --first-parent",
    "log --numstat --format=%h",
    "log --shortstat",
    "log -p -3 -- no-end src lib",
    "show",
    "show main~3 main~4",
    "show v1",
    "show main~2 main~1 --stat",
    "show --oneline main~2",
    "show --stat main~2 main~3",
    "show --numstat main~2",
    "show --format= main~4",
    "show --no-abbrev main~5",
    "show --abbrev=12 main~5",
    "show --full-index --format=%h main~5",
    "show main~4 -- lib src",
    "diff main~6 main",
    "diff main main~6",
    "diff main~6..main -- caf\u00e9 link",
    "diff --no-renames main~6 main~4",
    "diff --stat main~6 main",
    "diff --stat main main~6",
    "diff --numstat main~6 main",
    "diff --numstat -z main~6 main",
    "diff --shortstat main~6 main",
    "diff --shortstat main main",
    "diff --stat main~2 main~2",
    "diff --exit-code main~2 main~2",
    "diff --exit-code --stat main~2 main",
    "diff --quiet main~2 main~1",
    "diff --quiet main main",
    "show -U0 main~5",
  ];
  for (const words of calls) await compare(folder, words);
  await compare(folder, ["diff", "main~6^{tree}", "main~5:"]);
  // Files that both sides of a merge changed, each otherwise.
  await git(folder, ["checkout", "-q", "-f", "-b", "other", "main~1"]);
  await Deno.writeTextFile(`${folder}/run.sh`, "other\n");
  await git(folder, ["commit", "-q", "-a", "-m", "other"]);
  await git(folder, ["checkout", "-q", "main"]);
  await Deno.writeTextFile(`${folder}/run.sh`, "main\n");
  await git(folder, ["commit", "-q", "-m", "main", "run.sh"]);
  await run("git", ["merge", "-q", "other"], { cwd: folder, env: ENVIRONMENT });
  await Deno.writeTextFile(`${folder}/run.sh`, "both\n");
  await git(folder, ["commit", "-q", "-m", "merge", "-i", "run.sh"]);
  const refused = await sluice(["gitdb", "show"], { cwd: folder });
  assertEquals([refused.code, /patches of merges are not known/.test(refused.stderr)], [129, true]);
  await compare(folder, "show --stat");
  await compare(folder, "log -p -2");
});

testPatches("diff --stat fits the columns that there are", async (folder) => {
  await makeHistory(folder);
  for (const columns of ["10", "30", "60", "81", "100", "200"]) {
    const env = { COLUMNS: columns };
    const args = ["diff", "--stat", "main~6", "main"];
    const theirs = await run("git", args, { cwd: folder, env });
    const ours = await sluice(["gitdb", ...args], { cwd: folder, env });
    assertEquals(text(ours.stdout), text(theirs.stdout), columns);
  }
});

testPatches("patches say that attributes are not applied", async (folder) => {
  await makeHistory(folder);
  await Deno.writeTextFile(`${folder}/.gitattributes`, "*.ts text\n");
  const quiet = await sluice(["gitdb", "show", "main~4"], { cwd: folder });
  assertEquals([quiet.code, quiet.stderr], [0, ""]);
  await Deno.writeTextFile(`${folder}/.gitattributes`, "*.ts text\n*.bin -diff\n");
  const { code, stderr } = await sluice(["gitdb", "show", "main~4"], { cwd: folder });
  assertEquals([code, /attributes in .* are not applied/.test(stderr)], [0, true]);
});
