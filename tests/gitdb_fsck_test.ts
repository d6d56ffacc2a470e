/**
 * `sluice gitdb fsck` beside git's: the same objects are dangling, and the same ones are found fault with.
 */
import { GitDatabase, inspectGitObjects } from "@sluice/gitdb";
import { assert, assertEquals } from "@std/assert";
import { run, sluice } from "./_cli.ts";
import { inDirectory } from "./_directory.ts";
import { git, GIT_IS_HERE } from "./_git.ts";

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const lines = (words: string): string[] => words.split("\n").filter((line) => line !== "").sort();

function testFsck(name: string, test: (folder: string) => Promise<void>): void {
  Deno.test({ name: `sluice gitdb fsck ${name}`, ignore: !GIT_IS_HERE, fn: () => inDirectory(test) });
}

/** Runs both; stdout has to have the same lines, and the exit code to be the same. Returns both texts on stderr. */
async function compare(cwd: string, args: readonly string[] = []): Promise<{ theirs: string; ours: string }> {
  const theirs = await run("git", ["fsck", ...args], { cwd });
  const ours = await sluice(["gitdb", "fsck", ...args], { cwd });
  const what = `${args.join(" ")}: ${ours.stderr}`;
  assertEquals(lines(text(ours.stdout)), lines(text(theirs.stdout)), what);
  assertEquals(ours.code, theirs.code, what);
  return { theirs: theirs.stderr, ours: ours.stderr };
}

testFsck("names dangling objects as git does", async (folder) => {
  const work = `${folder}/w`;
  await git(folder, ["init", "-q", "-b", "main", "w"]);
  const file = async (name: string, body: string): Promise<void> => {
    await Deno.mkdir(`${work}/${name}`.replace(/\/[^/]*$/, ""), { recursive: true });
    await Deno.writeTextFile(`${work}/${name}`, body);
  };
  const commit = async (message: string): Promise<void> => {
    await git(work, ["add", "-A"]);
    await git(work, ["commit", "-q", "-m", message]);
  };
  await file("d/a", "one\n");
  await commit("one");
  await file("d/a", "two\n");
  await commit("two");
  // What only a log of a reference names, and a chain that nothing names.
  await git(work, ["reset", "-q", "--hard", "HEAD~1"]);
  await git(work, ["checkout", "-q", "--detach"]);
  await file("d/lost", "lost\n");
  await commit("lost one");
  await file("d/lost", "lost again\n");
  await commit("lost two");
  await git(work, ["checkout", "-q", "main"]);
  const loose = new TextEncoder().encode("nobody names this\n");
  await git(work, ["hash-object", "-w", "--stdin"], loose);
  await git(work, ["tag", "-a", "-m", "a tag", "gone"]);
  await git(work, ["tag", "-d", "gone"]);
  // What is staged; HEAD of a linked work tree.
  await file("staged", "staged\n");
  await git(work, ["add", "staged"]);
  await git(work, ["worktree", "add", "-q", "--detach", "../linked"]);
  for (const version of ["2", "3", "4"]) {
    await git(work, ["update-index", `--index-version=${version}`]);
    await compare(work);
  }
  await git(work, ["update-index", "--split-index"]);
  await file("split", "split\n");
  await git(work, ["add", "split"]);
  for (const args of [[], ["--no-reflogs"], ["--no-dangling"], ["--strict"]]) await compare(work, args);
  await git(work, ["repack", "-q", "-a", "-d"]);
  await compare(work, ["--no-reflogs"]);
  await using database = await GitDatabase.open(work);
  const found = await Array.fromAsync(inspectGitObjects(database, { reflogs: false }));
  assert(found.length >= 3);
  assertEquals(new Set(found.map(({ kind }) => kind)), new Set(["dangling"]));
});

testFsck("finds fault with the objects that git finds fault with", async (folder) => {
  await git(folder, ["init", "-q", "--bare", "-b", "main", "."]);
  const store = async (type: string, body: string | Uint8Array): Promise<string> => {
    const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
    return (await git(folder, ["hash-object", "-w", "--literally", "-t", type, "--stdin"], bytes)).trim();
  };
  const blob = await store("blob", "x");
  const row = (mode: string, name: string, id = blob): Uint8Array => {
    const head = new TextEncoder().encode(`${mode} ${name}\0`);
    return new Uint8Array([...head, ...Uint8Array.fromHex(id)]);
  };
  const tree = (...rows: Uint8Array[]): Promise<string> =>
    store("tree", new Uint8Array(rows.flatMap((r) => [...r])));
  const good = await tree(row("100644", "a"));
  const person = "A <a@example.test> 1000000000 +0000";
  const cases: Record<string, string> = {
    duplicate: await tree(row("100644", "a"), row("100644", "a")),
    unsorted: await tree(row("100644", "b"), row("100644", "a")),
    dotGit: await tree(row("100644", ".git")),
    dotDot: await tree(row("40000", "..", good)),
    padded: await tree(row("0100644", "a")),
    noAuthor: await store("commit", `tree ${good}\ncommitter ${person}\n\nx\n`),
    noCommitter: await store("commit", `tree ${good}\nauthor ${person}\n\nx\n`),
    badDate: await store("commit", `tree ${good}\nauthor A <a@b.c> x +0000\ncommitter ${person}\n\nx\n`),
    nul: await store("commit", `tree ${good}\nauthor ${person}\ncommitter ${person}\n\nx\0y\n`),
    badTagger: await store("tag", `object ${good}\ntype tree\ntag v\ntagger A <a@b.c> x +0000\n\nx\n`),
  };
  const about = (stderr: string): string[] =>
    lines(stderr).filter((line) => /^(?:error|warning) in /.test(line)).map((line) => line.split(":", 1)[0]!);
  for (const args of [[], ["--strict"]]) {
    const { theirs, ours } = await compare(folder, args);
    assertEquals(about(ours), about(theirs), args.join(" "));
    for (const [name, id] of Object.entries(cases)) assert(ours.includes(id), `${name} ${args}`);
  }
});
