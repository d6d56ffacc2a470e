/**
 * Commands of `sluice gitdb` beside git's: the same output and the same exit code for the same words, from the same folder.
 */
import { assertEquals } from "@std/assert";
import { run, sluice } from "./_cli.ts";
import { Random } from "./_data.ts";
import { inDirectory } from "./_directory.ts";
import { ENVIRONMENT, git, GIT_IS_HERE } from "./_git.ts";

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const encode = (words: string): Uint8Array => new TextEncoder().encode(words);

/** What both tools are called with. */
interface Call {
  readonly args: readonly string[];
  readonly stdin?: string | Uint8Array;
  readonly cwd?: string;
  /** Whether the words on stderr have to be git's, too. */
  readonly words?: boolean;
}

function testCommands(name: string, test: (folder: string) => Promise<void>): void {
  Deno.test({ name: `sluice gitdb ${name}`, ignore: !GIT_IS_HERE, fn: () => inDirectory(test) });
}

/** Runs both tools; what differs fails. */
async function compare(folder: string, calls: readonly Call[]): Promise<void> {
  for (const { args, stdin, cwd = "", words } of calls) {
    const settings = {
      cwd: `${folder}${cwd}`,
      ...(stdin === undefined ? {} : { stdin: typeof stdin === "string" ? encode(stdin) : stdin }),
    };
    const theirs = await run("git", args, settings);
    const ours = await sluice(["gitdb", ...args], settings);
    const what = `${args.join(" ")} in ${cwd || "/"} ${JSON.stringify(stdin ?? "")}`;
    assertEquals(
      [text(ours.stdout), ours.code],
      [text(theirs.stdout), theirs.code],
      `${what}: ${ours.stderr}`,
    );
    if (words === true) assertEquals(ours.stderr, theirs.stderr, what);
  }
}

/** A work tree with references of several kinds, packed and loose objects. */
async function makeWorkTree(folder: string): Promise<void> {
  await git(folder, ["init", "-q", "-b", "main", "."]);
  await Deno.mkdir(`${folder}/a/b`, { recursive: true });
  await Deno.writeTextFile(`${folder}/a/b/f`, "x\n");
  await Deno.writeTextFile(`${folder}/g`, "y\n");
  await Deno.writeTextFile(`${folder}/é"q`, "quoted\n");
  await git(folder, ["add", "."]);
  await git(folder, ["commit", "-q", "-m", "one"]);
  await git(folder, ["tag", "-a", "-m", "of one", "v1"]);
  await git(folder, ["branch", "same"]);
  await git(folder, ["tag", "same"]);
  await git(folder, ["update-ref", "refs/remotes/origin/main", "HEAD"]);
  await git(folder, ["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main"]);
  await git(folder, ["repack", "-q", "-a", "-d"]);
  await Deno.writeTextFile(`${folder}/g`, "y\nz\n");
  await git(folder, ["commit", "-q", "-a", "-m", "two"]);
}

testCommands("cat-file --batch-command answers as git does", async (folder) => {
  await makeWorkTree(folder);
  const command = ["cat-file", "--batch-command"];
  const lines = "info HEAD\ncontents v1\ncontents HEAD:g\ninfo nowhere\ncontents HEAD:nope\n";
  await compare(folder, [
    { args: command, stdin: lines },
    { args: command, stdin: lines.trimEnd() },
    { args: [...command, "--buffer"], stdin: `${lines}flush\ninfo HEAD~1\nflush\ncontents HEAD^{tree}\n` },
    { args: [...command, "-z"], stdin: lines.replaceAll("\n", "\0") },
    { args: [...command, "-z", "--buffer"], stdin: `${lines}flush\n`.replaceAll("\n", "\0") },
    { args: ["cat-file", "--batch-command=%(objecttype) %(objectname) %(objectsize)|"], stdin: lines },
    { args: ["cat-file", "--batch-command=[%(rest)] %(objecttype)"], stdin: "info HEAD more\ninfo HEAD\n" },
    { args: command, stdin: "" },
    { args: command, stdin: "info HEAD\nwhat HEAD\ninfo HEAD\n", words: true },
    { args: command, stdin: "\n", words: true },
    { args: command, stdin: " info HEAD\n", words: true },
    { args: command, stdin: "info\n", words: true },
    { args: command, stdin: "infox HEAD\n", words: true },
    { args: command, stdin: "info HEAD\nflush\n", words: true },
    { args: [...command, "--buffer"], stdin: "info HEAD\nflush x\n", words: true },
    { args: [...command, "--buffer"], stdin: "info HEAD\nwhat\n", words: true },
  ]);
});

testCommands("rev-parse prints places and short names as git does", async (folder) => {
  await Deno.mkdir(`${folder}/w`);
  await makeWorkTree(`${folder}/w`);
  await git(folder, ["clone", "-q", "--bare", "--no-local", "w", "bare.git"]);
  await git(`${folder}/w`, ["worktree", "add", "-q", "../linked", "same"]);
  const places = ["rev-parse", "--git-dir", "--is-bare-repository"];
  const more = [
    "--absolute-git-dir",
    "--git-common-dir",
    "--is-inside-git-dir",
    "--is-inside-work-tree",
    "--show-prefix",
  ];
  await compare(folder, [
    ...["/w", "/w/a/b", "/w/.git", "/w/.git/refs", "/bare.git", "/bare.git/refs", "/linked"].map((cwd) => ({
      cwd,
      args: places,
    })),
    ...["/w", "/w/a", "/linked"].map((cwd) => ({ cwd, args: ["rev-parse", "--show-toplevel"] })),
    { cwd: "/bare.git", args: ["rev-parse", "--show-toplevel"], words: true },
    { cwd: "/w/.git", args: ["rev-parse", "--show-toplevel"], words: true },
    { cwd: "/w/a", args: ["--git-dir", "../.git", ...places, "--show-toplevel", ...more] },
    ...["/w", "/w/a/b", "/w/.git", "/w/.git/refs", "/bare.git", "/bare.git/refs", "/linked", "/linked/a"]
      .flatMap(
        (cwd) => more.map((option) => ({ cwd, args: ["rev-parse", option] })),
      ),
    {
      cwd: "/w",
      args: ["rev-parse", "--abbrev-ref", "HEAD", "v1", "same", "heads/same", "tags/same", "HEAD~1"],
    },
    {
      cwd: "/w",
      args: ["rev-parse", "HEAD", "--abbrev-ref", "origin", "origin/main", "refs/heads/main", "@"],
    },
    { cwd: "/w", args: ["rev-parse", "--git-dir", "HEAD", "--show-toplevel", "--abbrev-ref", "HEAD"] },
    { cwd: "/w", args: ["rev-parse", "--short", "HEAD"] },
    { cwd: "/w", args: ["rev-parse", "HEAD", "--short=9", "v1"] },
    { cwd: "/w", args: ["rev-parse", "--git-dir", "--short", "HEAD", "v1"], words: true },
    { cwd: "/w", args: ["rev-parse", "--verify", "--abbrev-ref", "HEAD"] },
    { cwd: "/w", args: ["rev-parse", "--abbrev-ref", "nowhere"], words: true },
    { cwd: "/w", args: ["rev-parse", "--symbolic-full-name", "HEAD", "v1", "origin", "^main", "HEAD~1"] },
    { cwd: "/w", args: ["rev-parse", "--git-dir", "HEAD^!", "HEAD^@", "^HEAD~1", "HEAD^-", "HEAD^-1"] },
    ...["HEAD^-2", "HEAD^-0", "HEAD^!x", "HEAD^{tree}^!", "nowhere^@", "HEAD..nowhere"].map((name) => ({
      cwd: "/w",
      args: ["rev-parse", name],
    })),
  ]);
  await git(`${folder}/w`, ["checkout", "-q", "--detach"]);
  await compare(folder, [{ cwd: "/w", args: ["rev-parse", "--abbrev-ref", "HEAD"] }]);
});

testCommands("log, ls-tree and cat-file print odd messages, modes and names as git does", async (folder) => {
  await git(folder, ["init", "-q", "."]);
  const blob = (await git(folder, ["hash-object", "-w", "--stdin"], encode("x"))).trim();
  const bytes = (value: string): Uint8Array<ArrayBuffer> =>
    Uint8Array.from(value, (byte) => byte.charCodeAt(0));
  const row = (mode: string, name: string, id: string): string =>
    `${mode} ${name}\0${String.fromCharCode(...Uint8Array.fromHex(id))}`;
  const write = async (rows: string): Promise<string> =>
    (await git(folder, ["hash-object", "-t", "tree", "--literally", "-w", "--stdin"], bytes(rows))).trim();
  const inner = await write(row("100664", "caf\xe9", blob));
  const tree = await write(
    row("100664", "bad\xff\xfe", blob) + row("100775", "run", blob) + row("40000", "z\xff", inner),
  );
  const messages = [
    "  two blanks\n second \n\nbody\n",
    "  \n\t\n  after blank lines\n\nb\n",
    "\n\nx  \n  y\n",
    " \n",
    "",
  ];
  let parent: string[] = [];
  for (const message of messages) {
    const id = (await git(folder, ["commit-tree", ...parent, "-F", "-", tree], encode(message))).trim();
    parent = ["-p", id];
  }
  await git(folder, ["update-ref", "HEAD", parent[1]!]);
  const kinds = await Promise.all(
    ["40755", "120777", "100600", "170000", "0100644", "9x"].map((mode) => write(row(mode, "n", blob))),
  );
  const names = [
    "HEAD:bad\xff\xfe",
    "HEAD:z\xff/caf\xe9",
    "HEAD:z\xff",
    "HEAD:bad\xff",
    "HEAD:z\xff/no\xff",
    "no:\xff",
    "\xff",
  ];
  await compare(folder, [
    { args: ["log", "--format=[%s][%b][%B]"] },
    { args: ["log", "--oneline"] },
    { args: ["log"] },
    { args: ["ls-tree", "-r", "-t", "HEAD"] },
    { args: ["ls-tree", "--format=%(objectmode)", "HEAD"] },
    { args: ["cat-file", "-p", "HEAD^{tree}"] },
    ...kinds.map((id) => ({ args: ["cat-file", "-p", id] })),
    { args: ["cat-file", "--batch-check"], stdin: bytes(`${names.join("\n")}\n`) },
    { args: ["cat-file", "--batch"], stdin: bytes(`${names.join("\n")}\n`) },
  ]);
});

testCommands("ls-tree prints every form of a row as git does", async (folder) => {
  await makeWorkTree(folder);
  const format =
    "--format=%(objectmode)|%(objecttype)|%(objectname)|%(objectsize)|%(objectsize:padded)|%(path)%%%x41%n";
  const forms = [
    [],
    ["-r"],
    ["-d"],
    ["-r", "-t"],
    ["-l", "-r", "-t"],
    ["-z", "-r"],
    ["--name-status", "-r"],
    ["--object-only", "-r"],
    ["--object-only", "--abbrev", "-r", "-t"],
    ["--abbrev", "-r"],
    ["--abbrev=12", "-l"],
    [format, "-r", "-t"],
    [format, "-z", "--abbrev=5"],
    ["--full-tree", "-r"],
  ];
  await compare(folder, [
    ...forms.map((form) => ({ args: ["ls-tree", ...form, "HEAD"] })),
    ...[["--full-name"], ["--full-tree"], ["-r", "--full-name"], ["--format=%(path)"]].map((form) => ({
      cwd: "/a",
      args: ["ls-tree", ...form, "HEAD"],
    })),
    { args: ["ls-tree", "--format=%(what)", "HEAD"], words: true },
    { args: ["ls-tree", "--format=%q", "HEAD"], words: true },
    { args: ["ls-tree", "--format=%(path", "HEAD"], words: true },
  ]);
  for (const two of [["--object-only", "--name-only"], ["--format=%(path)", "-l"], ["--object-only", "-l"]]) {
    const { code, stderr } = await sluice(["gitdb", "ls-tree", ...two, "HEAD"], { cwd: folder });
    assertEquals([code, /Options -\S+ and -\S+ exclude each other/.test(stderr)], [129, true], two.join(" "));
  }
});

testCommands("count-objects counts as git does", async (folder) => {
  await Deno.mkdir(`${folder}/w`);
  await makeWorkTree(`${folder}/w`);
  await git(folder, ["clone", "-q", "-s", "w", "borrower"]);
  const objects = `${folder}/w/.git/objects`;
  const all = [{ cwd: "/w", args: ["count-objects"] }, { cwd: "/w", args: ["count-objects", "-v"] }];
  await compare(folder, [...all, { cwd: "/borrower", args: ["count-objects", "-v"] }]);
  // A packed object that is loose, too, and files of no use.
  await git(`${folder}/w`, ["unpack-objects", "-q"], await Deno.readFile(await packIn(objects)));
  const [pack] = [await packIn(objects)];
  await Deno.copyFile(pack!, `${folder}/kept.pack`);
  await git(`${folder}/w`, ["init", "-q", "../other"]);
  await Deno.copyFile(`${folder}/kept.pack`, `${folder}/other/p.pack`);
  await git(`${folder}/other`, ["unpack-objects", "-q"], await Deno.readFile(`${folder}/kept.pack`));
  await git(`${folder}/other`, ["index-pack", "-o", ".git/objects/pack/pack-1.idx", "p.pack"]);
  await Deno.copyFile(`${folder}/kept.pack`, `${folder}/other/.git/objects/pack/pack-1.pack`);
  await Deno.writeTextFile(`${folder}/other/.git/objects/pack/tmp_pack_1`, "x".repeat(3000));
  await Deno.writeTextFile(`${folder}/other/.git/objects/pack/pack-2.idx`, "x".repeat(2000));
  await Deno.writeTextFile(`${folder}/other/.git/objects/pack/pack-3.keep`, "x");
  const loose = [...Deno.readDirSync(`${folder}/other/.git/objects`)].find(({ name }) =>
    name.length === 2
  )!.name;
  await Deno.writeTextFile(`${folder}/other/.git/objects/${loose}/tmp_obj_1`, "x".repeat(1500));
  await compare(folder, [{ cwd: "/other", args: ["count-objects"] }, {
    cwd: "/other",
    args: ["count-objects", "-v"],
  }]);
});

async function packIn(objects: string): Promise<string> {
  for await (const { name } of Deno.readDir(`${objects}/pack`)) {
    if (name.endsWith(".pack")) return `${objects}/pack/${name}`;
  }
  throw new Error(`there is no pack in ${objects}`);
}

/** A history in which files are moved, changed, made links, and merged otherwise than on either side. */
async function makeMoves(folder: string): Promise<void> {
  await git(folder, ["init", "-q", "-b", "main", "."]);
  await Deno.mkdir(`${folder}/d`);
  const random = new Random(3);
  const lines = (count: number): string =>
    Array.from({ length: count }, () => `line ${random.next()}\n`).join("");
  const files = ["a", "d/b", "long", "open", "crlf", "bin", "twin"];
  for (const file of files) await Deno.writeTextFile(`${folder}/${file}`, lines(10 + random.below(30)));
  await Deno.writeTextFile(`${folder}/twin2`, await Deno.readTextFile(`${folder}/twin`));
  await Deno.writeTextFile(`${folder}/long`, `${"x".repeat(5000)}\n${lines(3)}`);
  await Deno.writeTextFile(`${folder}/crlf`, lines(20).replaceAll("\n", "\r\n"));
  await Deno.writeFile(`${folder}/bin`, random.bytes(4000));
  await Deno.writeTextFile(`${folder}/empty`, "");
  await Deno.symlink("a", `${folder}/link`);
  const commit = async (message: string): Promise<void> => {
    await git(folder, ["add", "-A"]);
    await git(folder, ["commit", "-q", "-m", message]);
  };
  await commit("first\n\nwith a body");
  await git(folder, ["tag", "-a", "-m", "a tag\n\nwith a body", "t1"]);
  const move = async (from: string, to: string, change: (text: string) => string): Promise<void> => {
    const text = await Deno.readTextFile(`${folder}/${from}`);
    await Deno.remove(`${folder}/${from}`);
    await Deno.writeTextFile(`${folder}/${to}`, change(text));
  };
  await Deno.mkdir(`${folder}/new/d`, { recursive: true });
  await move("a", "new/a", (text) => `${text}more\n`);
  await move("d/b", "new/d/c", (text) => text.replace(/line \d/g, "row 7"));
  await move("open", "d/open2", (text) => `${text}without an end`);
  await move("crlf", "lf", (text) => text.replaceAll("\r\n", "\n"));
  await move("long", "new/long", (text) => text.replace("x", "y"));
  await move("twin", "new/other", (text) => text);
  await move("twin2", "new/twin2", (text) => text);
  await Deno.rename(`${folder}/bin`, `${folder}/new/bin2`);
  await Deno.rename(`${folder}/empty`, `${folder}/new/empty`);
  await Deno.remove(`${folder}/link`);
  await Deno.writeTextFile(`${folder}/link`, "a file now\n");
  await commit("second");
  await git(folder, ["checkout", "-q", "-b", "side", "main"]);
  await Deno.writeTextFile(`${folder}/both`, "side\n");
  await Deno.writeTextFile(`${folder}/s`, "s\n");
  await commit("of the side");
  await git(folder, ["checkout", "-q", "main"]);
  await Deno.writeTextFile(`${folder}/both`, "main\n");
  await Deno.remove(`${folder}/lf`);
  await Deno.chmod(`${folder}/new/a`, 0o755);
  await commit("third");
  await run("git", ["merge", "-q", "side"], { cwd: folder, env: ENVIRONMENT });
  await Deno.writeTextFile(`${folder}/both`, "merged\n");
  await commit("the merge");
  await git(folder, ["tag", "-a", "-m", "of a tag", "t2", "t1"]);
}

testCommands("show and diff list changes as git does", async (folder) => {
  await makeMoves(folder);
  const shown = [
    "-s HEAD~1",
    "--name-status HEAD~1",
    "--name-only HEAD~2",
    "--raw HEAD~2",
    "--raw --no-renames HEAD~2",
    "--name-status HEAD~2",
    "--raw --abbrev=12 HEAD~1",
    "--raw --no-abbrev HEAD~1",
    "--name-status HEAD",
    "--raw HEAD",
    "--name-only HEAD",
    "--name-status t1",
    "-s t2",
    "HEAD:d",
    "HEAD^{tree}",
    "HEAD:both",
    "-s HEAD HEAD:d HEAD:both t1 HEAD HEAD~1",
    "--oneline --name-status HEAD~1 HEAD~2",
    "--oneline --raw HEAD HEAD^2 HEAD~1",
    "--format=format:%h --raw HEAD HEAD~1",
    "--format= --raw HEAD",
    "--format=%H --raw HEAD~1 HEAD~2 t1",
    "--format=format:%h --name-only HEAD~1 HEAD~2",
    "--format=fuller -s t1",
    "--format=full -s t1",
    "--oneline -s t1",
    "--format= --name-only HEAD~1 HEAD~2",
    "-s --format=%s HEAD HEAD~1",
  ];
  const listed = [
    "HEAD~2 HEAD",
    "--name-status HEAD~2 HEAD",
    "--name-only t1 HEAD~1",
    "--raw t1 HEAD",
    "--raw HEAD t1",
    "--raw --no-renames HEAD~3..HEAD",
    "--name-status HEAD~3..",
    "-z --name-status t1 HEAD",
    "-z --raw t1 HEAD",
    "--raw HEAD~1:d HEAD:d",
    "--name-status HEAD HEAD",
    "--name-status HEAD^{tree} t1",
  ];
  await compare(folder, [
    ...shown.map((words) => ({ args: ["show", ...words.split(" ")] })),
    ...listed.map((words) => ({ args: ["diff", ...words.split(" ")] })),
    { args: ["show", "-s", "nowhere"], words: true },
  ]);
  for (
    const words of [
      "show HEAD",
      "diff --raw HEAD",
      "show -s HEAD~1..HEAD",
      "show -s --raw",
      "diff --name-only --abbrev HEAD~1 HEAD",
      "show -s --no-renames",
    ]
  ) {
    const { code, stdout } = await sluice(["gitdb", ...words.split(" ")], { cwd: folder });
    assertEquals([code, stdout.length], [129, 0], words);
  }
});

testCommands("diff finds files that were moved as git does, in many histories", async (folder) => {
  await git(folder, ["init", "-q", "-b", "main", "."]);
  const random = new Random(29);
  const names = ["x", "y", "sub/x", "sub/y", "other/x", "z.txt", "sub/deep/z.txt", "w"];
  for (let step = 0; step < 12; step++) {
    const entries = [];
    for (const name of names) {
      if (random.below(3) === 0) continue;
      // Contents that have more or less in common.
      const lines = Array.from(
        { length: 4 + random.below(30) },
        (_, i) => random.below(3) === 0 ? `own ${random.next()}` : `common ${i + random.below(3)}`,
      );
      entries.push({ name, text: lines.join("\n") + (random.below(2) === 0 ? "\n" : "") });
    }
    const commands = entries.map(({ name, text }) =>
      `M 100644 inline ${name}\ndata ${text.length}\n${text}\n`
    );
    const head = `commit refs/heads/main\ncommitter A <a@b.c> ${1e9 + step} +0000\ndata 1\nx\n`;
    const from = step === 0 ? "" : "from refs/heads/main^0\n";
    await git(folder, ["fast-import", "--quiet"], encode(`${head}${from}deleteall\n${commands.join("")}\n`));
  }
  await compare(folder, [
    ...Array.from({ length: 11 }, (_, i) => ({ args: ["diff", "--raw", `main~${i + 1}`, `main~${i}`] })),
    { args: ["diff", "--name-status", "main~7", "main"] },
    { args: ["diff", "--name-status", "main", "main~5"] },
  ]);
});

testCommands("merge-base answers as git does", async (folder) => {
  await makeMoves(folder);
  await git(folder, ["checkout", "-q", "--orphan", "other"]);
  await git(folder, ["commit", "-q", "-m", "unrelated"]);
  await compare(folder, [
    ...[
      "main side",
      "main side~1",
      "-a main main~2 side",
      "--all side main~1",
      "main main",
      "t2 main",
      "main other",
      "--all main other",
      "--is-ancestor main~2 main",
      "--is-ancestor main main~2",
      "--is-ancestor main main",
      "--is-ancestor other main",
    ].map((words) => ({ args: ["merge-base", ...words.split(" ")] })),
    ...[
      "main nowhere",
      "main main^{tree}",
      "main:a side",
      "--is-ancestor nowhere main",
      "--is-ancestor --all main main",
    ].map((words) => ({ args: ["merge-base", ...words.split(" ")], words: true })),
  ]);
});
