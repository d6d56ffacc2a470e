/**
 * Repositories whose configuration or environment changes what git does: the same output and exit code from `sluice gitdb`.
 */
import { assertEquals, assertRejects } from "@std/assert";
import { GitDatabase, GitRepository } from "@sluice/gitdb";
import { UnsupportedFeatureError } from "@sluice/internal";
import { run, sluice } from "./_cli.ts";
import { inDirectory } from "./_directory.ts";
import { git, GIT_IS_HERE } from "./_git.ts";

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** What both tools are called with. */
interface Call {
  readonly args: readonly string[];
  readonly stdin?: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

function testConfigured(name: string, test: (folder: string) => Promise<void>): void {
  Deno.test({ name: `sluice gitdb ${name}`, ignore: !GIT_IS_HERE, fn: () => inDirectory(test) });
}

/** Runs both tools; what differs fails. Returns git's exit codes. */
async function compare(folder: string, calls: readonly Call[]): Promise<number[]> {
  const codes: number[] = [];
  for (const { args, stdin, cwd = "", env } of calls) {
    const settings = {
      cwd: `${folder}${cwd}`,
      ...env === undefined ? {} : { env },
      ...stdin === undefined ? {} : { stdin: new TextEncoder().encode(stdin) },
    };
    const theirs = await run("git", args, settings);
    const ours = await sluice(["gitdb", ...args], settings);
    const what = `${JSON.stringify(env ?? {})} ${args.join(" ")} in ${cwd || "/"}`;
    assertEquals(
      [text(ours.stdout), ours.code],
      [text(theirs.stdout), theirs.code],
      `${what}: ${ours.stderr}`,
    );
    codes.push(theirs.code);
  }
  return codes;
}

async function makeWorkTree(folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  await git(folder, ["init", "-q", "-b", "main", "."]);
  await git(folder, ["config", "user.name", "A"]);
  await git(folder, ["config", "user.email", "a@example.test"]);
  await Deno.mkdir(`${folder}/sub/deep`, { recursive: true });
  await Deno.writeTextFile(`${folder}/file`, "one\n");
  await Deno.writeTextFile(`${folder}/sub/deep/file`, "deep\n");
  await git(folder, ["add", "."]);
  await git(folder, ["commit", "-q", "-m", "one"]);
  await Deno.writeTextFile(`${folder}/file`, "one\ntwo\n");
  await git(folder, ["commit", "-q", "-a", "-m", "two"]);
}

/** Configurations, and whether git works with repositories that have them. */
const FORMATS: readonly (readonly [config: string, isKnown: boolean])[] = [
  ["[core]\n", true],
  ["[core]\n\trepositoryformatversion = 0\n[extensions]\n\tunknown = true\n", true],
  ["[core]\n\trepositoryformatversion = 1\n[extensions]\n\tnoop = true\n\tnoop-v1 = 1\n", true],
  ["[core]\n\trepositoryformatversion = 1\n[extensions]\n\tworktreeConfig = true\n", true],
  ["[core]\n\trepositoryformatversion = 1\n[extensions]\n\tobjectFormat = sha1\n", true],
  ["[core]\n\trepositoryformatversion = 2\n", false],
  ["[core]\n\trepositoryformatversion = 99999999\n", false],
  ["[core]\n\trepositoryformatversion = one\n", false],
  ["[core]\n\trepositoryformatversion =\n", false],
  ["[core]\n\trepositoryformatversion = 1\n[extensions]\n\tunknown = true\n", false],
  ["[core]\n\trepositoryformatversion = 1\n[extensions]\n\tunknown = false\n", false],
  ['[core]\n\trepositoryformatversion = 1\n[extensions "noop"]\n\tpart = true\n', false],
  ["[core]\n\trepositoryformatversion = 1\n[extensions]\n\tobjectFormat = sha512\n", false],
  ["[core]\n\trepositoryformatversion = 0\n[extensions]\n\tobjectFormat = sha256\n", false],
  ["[core]\n\trepositoryformatversion = 0\n[extensions]\n\tnoop-v1 = 1\n", false],
];

testConfigured("refuses repositories of formats that git refuses, to read and to write", async (folder) => {
  await makeWorkTree(`${folder}/r`);
  const objects = async () =>
    (await Array.fromAsync(Deno.readDir(`${folder}/r/.git/objects`))).map(({ name }) => name).sort();
  const before = await objects();
  for (const [config, isKnown] of FORMATS) {
    await Deno.writeTextFile(`${folder}/r/.git/config`, config);
    const reads = [["rev-parse", "HEAD"], ["count-objects"]];
    const codes = await compare(`${folder}/r`, reads.map((args) => ({ args })));
    assertEquals(codes, Array(reads.length).fill(isKnown ? 0 : 128), config);
    if (isKnown) continue;
    const refused = [
      ["hash-object", "-w", "--stdin"],
      ["repack", "-a", "-d"],
      ["fetch", "http://127.0.0.1:9/r.git"],
    ].map((args) => ({ args, stdin: "new" }));
    assertEquals(await compare(`${folder}/r`, refused), Array(refused.length).fill(128), config);
    assertEquals(await objects(), before, config);
    for (const path of [`${folder}/r`, `${folder}/r/.git`, `${folder}/r/.git/objects`]) {
      await assertRejects(
        () => GitDatabase.open(path),
        UnsupportedFeatureError,
        "Cannot open the repository",
      );
    }
    const error = await assertRejects(() => GitRepository.open(`${folder}/r/sub`), UnsupportedFeatureError);
    assertEquals(error.format, "git", config);
  }
});

testConfigured("deletes nothing of a repository with precious objects", async (folder) => {
  await makeWorkTree(`${folder}/r`);
  const config = await Deno.readTextFile(`${folder}/r/.git/config`);
  for (const version of [0, 1]) {
    await Deno.writeTextFile(
      `${folder}/r/.git/config`,
      `${config.replace(/version = \d/, `version = ${version}`)}[extensions]\n\tpreciousObjects = true\n`,
    );
    const packs = async () => await git(`${folder}/r`, ["count-objects", "-v"]);
    const before = await packs();
    assertEquals(
      await compare(`${folder}/r`, [{ args: ["repack", "-d"] }, { args: ["repack", "-a", "-d"] }]),
      [128, 128],
    );
    assertEquals(await packs(), before);
  }
  const packed = await sluice(["gitdb", "repack"], { cwd: `${folder}/r` });
  assertEquals(packed.code, 0);
});

testConfigured("reads the objects that replace others wherever it reads objects", async (folder) => {
  await makeWorkTree(`${folder}/r`);
  const make = async (words: string) =>
    (await git(`${folder}/r`, ["hash-object", "-w", "--stdin"], new TextEncoder().encode(words))).trim();
  const [other, tree, commit] = [
    await make("replaced\nby\nthree lines\n"),
    (await git(`${folder}/r`, ["rev-parse", "HEAD^{tree}:sub/deep"])).trim(),
    (await git(`${folder}/r`, ["commit-tree", "-m", "other message", "HEAD^{tree}"])).trim(),
  ];
  const calls = [
    ["show", "HEAD:file"],
    ["cat-file", "-p", "HEAD:file"],
    ["diff", "HEAD~1", "HEAD"],
    ["diff", "--stat", "HEAD~1", "HEAD"],
    ["diff", "--numstat", "HEAD~1", "HEAD"],
    ["log", "-p"],
    ["log", "--stat"],
    ["log", "--format=raw"],
    ["ls-tree", "-l", "HEAD"],
    ["ls-tree", "-r", "HEAD"],
    ["show", "v1"],
    ["log", "--format=%H%d %s", "-1"],
  ].map((args) => ({ args }));
  await git(`${folder}/r`, ["tag", "-a", "-m", "first", "v1"]);
  await git(`${folder}/r`, ["tag", "-a", "-m", "second", "v2"]);
  for (const [replaced, by] of [["HEAD:file", other], ["HEAD:sub", tree], ["v1", "v2"], ["HEAD", commit]]) {
    await git(`${folder}/r`, ["replace", replaced!, by!]);
    if (replaced !== "HEAD:sub" && replaced !== "HEAD:file") await compare(`${folder}/r`, calls);
  }
  await using repository = await GitRepository.open(`${folder}/r`);
  const file = (await git(`${folder}/r`, ["--no-replace-objects", "rev-parse", "HEAD:file"])).trim();
  assertEquals(`${repository.replacement(file)}`, other);
  assertEquals(`${repository.replacement(other)}`, other);
  assertEquals(await (await repository.read("HEAD~0", "file")).text(), "replaced\nby\nthree lines\n");
  // Objects that replace each other are told, and do not end the others.
  const circle = await make("in a circle\n");
  await git(`${folder}/r`, ["replace", other, circle]);
  await git(`${folder}/r`, ["replace", circle, other]);
  for (const mode of ["--batch", "--batch-check"]) {
    const stdin = new TextEncoder().encode(`HEAD~0^{tree}\n${other}\nHEAD~0^{tree}\n`);
    const { code, stdout } = await sluice(["gitdb", "cat-file", `${mode}=%(objecttype)`], {
      cwd: `${folder}/r`,
      stdin,
    });
    const lines = text(stdout).split("\n").filter((line) => line === "tree" || line === `${other} missing`);
    assertEquals([lines, code], [["tree", `${other} missing`, "tree"], 1], mode);
  }
  await git(`${folder}/r`, ["replace", "-d", other, circle]);
  await git(`${folder}/r`, ["config", "core.useReplaceRefs", "false"]);
  await compare(`${folder}/r`, [...calls, { args: ["cat-file", "--batch"], stdin: "HEAD\nHEAD:file\nv1\n" }]);
  await using plain = await GitRepository.open(`${folder}/r`);
  assertEquals(`${plain.replacement(file)}`, file);
  assertEquals(await (await plain.read("HEAD", "file")).text(), "one\ntwo\n");
  assertEquals((await plain.readCommit("HEAD")).message, "two\n");
  await using replacing = await GitRepository.open(`${folder}/r`, { replacements: true });
  assertEquals((await replacing.readCommit("HEAD")).message, "other message\n");
});

testConfigured("leaves references to missing objects out of decorations", async (folder) => {
  await makeWorkTree(`${folder}/r`);
  await git(`${folder}/r`, ["tag", "-a", "-m", "one", "v1"]);
  await git(`${folder}/r`, ["tag", "-a", "-m", "two", "v2", "v1"]);
  await Deno.writeTextFile(`${folder}/r/.git/refs/heads/gone`, `${"12".repeat(20)}\n`);
  const calls = [["log", "--format=%H%d"], ["log", "--format=%D"], ["log", "--decorate"]].map((args) => ({
    args,
  }));
  assertEquals(await compare(`${folder}/r`, calls), [0, 0, 0]);
  const id = (await git(`${folder}/r`, ["rev-parse", "v1"])).trim();
  await Deno.remove(`${folder}/r/.git/objects/${id.slice(0, 2)}/${id.slice(2)}`);
  assertEquals(await compare(`${folder}/r`, calls), [0, 0, 0]);
});

testConfigured("ls-tree -z quotes paths where git does", async (folder) => {
  await makeWorkTree(`${folder}/r`);
  await Deno.writeTextFile(`${folder}/r/é"q`, "quoted\n");
  await git(`${folder}/r`, ["add", "."]);
  await git(`${folder}/r`, ["commit", "-q", "-m", "quoted"]);
  const formats = [["--format=%(path)"], ["--format=%(objectmode) %(path)%x00"], ["--name-only"], []];
  await compare(
    `${folder}/r`,
    formats.flatMap((format) => [["-z", ...format], format]).map((words) => ({
      args: ["ls-tree", "-r", ...words, "HEAD"],
    })),
  );
});

/** Names that git answers with "missing", or whose objects it finds. */
const NAMES = [
  "HEAD",
  "HEAD^{foo}",
  "broken",
  "empty",
  "refs/heads/broken",
  ":/[",
  "HEAD^{/[}",
  "HEAD:x",
  "HEAD:./file",
  "HEAD:./x",
  "HEAD:s/../file",
  "HEAD:.",
  "HEAD@{upstream",
  "@{-1}",
  "@{-9}",
  "HEAD~x",
  "HEAD^9",
  "HEAD^{blob}",
  "",
  "a..b",
  "^HEAD",
  "nö",
  "HEAD",
];

testConfigured("cat-file answers each name of a batch, whatever the others are", async (folder) => {
  await makeWorkTree(`${folder}/r`);
  await git(`${folder}/r`, ["checkout", "-q", "-b", "side"]);
  await git(`${folder}/r`, ["checkout", "-q", "main"]);
  await Deno.writeTextFile(`${folder}/r/.git/refs/heads/broken`, "no id\n");
  await Deno.writeTextFile(`${folder}/r/.git/refs/heads/empty`, "");
  const stdin = `${NAMES.join("\n")}\n`;
  const commands = NAMES.filter((name) => name !== "").map((name) => `info ${name}\ncontents ${name}\n`).join(
    "",
  );
  const calls = [
    { args: ["cat-file", "--batch-check"], stdin },
    { args: ["cat-file", "--batch"], stdin },
    { args: ["cat-file", "--batch", "--buffer"], stdin },
    { args: ["cat-file", "--batch-command"], stdin: commands },
  ];
  assertEquals(await compare(`${folder}/r`, calls), [0, 0, 0, 0]);
  // Git ends at some of these, or reads what is not read here: the answers before them and after them are there.
  for (const name of [":file", "@{u}", "HEAD@{yesterday}", "HEAD^{/[[:alpha:]]}", "HEAD:../file"]) {
    const outcome = await sluice(["gitdb", "cat-file", "--batch-check=%(objecttype)"], {
      cwd: `${folder}/r`,
      stdin: new TextEncoder().encode(`HEAD\n${name}\nHEAD\n`),
    });
    assertEquals([text(outcome.stdout), outcome.code], [`commit\n${name} missing\ncommit\n`, 1], name);
    assertEquals(outcome.stderr.startsWith("fatal: "), true, name);
  }
  const refused = await sluice(["gitdb", "cat-file", "--batch-command", "--buffer"], {
    cwd: `${folder}/r`,
    stdin: new TextEncoder().encode("info HEAD:file\nflush\ninfo HEAD\nnonsense\n"),
  });
  assertEquals([text(refused.stdout).split("\n").length, refused.code], [2, 128]);
});

testConfigured("names and paths of revisions are printed and found as git does", async (folder) => {
  await makeWorkTree(`${folder}/rö`);
  await git(`${folder}/rö`, ["branch", "zweig-ö"]);
  await git(`${folder}/rö`, ["checkout", "-q", "-b", "side"]);
  await git(`${folder}/rö`, ["checkout", "-q", "main"]);
  await Deno.mkdir(`${folder}/rö/sub/ü`);
  await compare(
    `${folder}/rö`,
    [
      ["rev-parse", "nö"],
      ["rev-parse", "--abbrev-ref", "zweig-ö"],
      ["rev-parse", "--symbolic-full-name", "zweig-ö"],
      ["rev-parse", "--show-toplevel"],
      ["rev-parse", "--absolute-git-dir"],
      ["rev-parse", "--abbrev-ref", "@{-1}"],
      ["rev-parse", "--symbolic-full-name", "@{-1}"],
      ["rev-parse", "--abbrev-ref", "@{-1}", "@{-2}", "HEAD"],
      ["rev-parse", "HEAD^{foo}"],
      ["show", "--format=%s", "HEAD^!"],
      ["show", "--format=%s", "HEAD^@"],
      ["show", "HEAD:./file"],
      ["show", "HEAD:../file"],
    ].map((args) => ({ args })),
  );
  await compare(`${folder}/rö`, [
    { args: ["rev-parse", "--show-prefix"], cwd: "/sub/ü" },
    ...[
      ["show", "HEAD:./deep/file"],
      ["show", "HEAD:../file"],
      ["show", "HEAD:./"],
      ["cat-file", "-p", "HEAD:../file"],
      ["cat-file", "-t", "HEAD:./deep"],
      ["rev-parse", "HEAD:./deep/../deep/file", "HEAD:../file"],
      ["rev-parse", "HEAD:../../file"],
      ["ls-tree", "HEAD:./"],
    ].map((args) => ({ args, cwd: "/sub" })),
    {
      args: ["cat-file", "--batch-check"],
      stdin: "HEAD:./deep/file\nHEAD:../file\nHEAD:./no\n",
      cwd: "/sub",
    },
  ]);
});

testConfigured("ls-tree lists a submodule that is named as a folder", async (folder) => {
  await makeWorkTree(`${folder}/r`);
  const id = (await git(`${folder}/r`, ["rev-parse", "HEAD"])).trim();
  await git(`${folder}/r`, ["update-index", "--add", "--cacheinfo", `160000,${id},mod`]);
  await git(`${folder}/r`, ["commit", "-q", "-m", "with a submodule"]);
  const paths = ["mod/", "mod/file", "file/"];
  await compare(
    `${folder}/r`,
    paths.flatMap((path) => [[path], ["-r", path], ["-d", path]]).map((words) => ({
      args: ["ls-tree", ...words.slice(0, -1), "HEAD", words.at(-1)!],
    })),
  );
});

testConfigured("a fetch that fails empties FETCH_HEAD where git does", async (folder) => {
  for (const name of ["theirs", "ours"]) {
    await makeWorkTree(`${folder}/${name}`);
    await git(`${folder}/${name}`, ["remote", "add", "origin", "http://127.0.0.1:9/r.git"]);
  }
  for (
    const words of [
      "nope",
      "",
      "origin",
      "--append nope",
      "--append origin",
      "--dry-run nope",
      "--dry-run origin",
      "origin :::x",
      "--unshallow origin",
    ]
  ) {
    const args = ["fetch", ...words.split(" ").filter((word) => word !== "")];
    const outcomes = [];
    for (const name of ["theirs", "ours"]) {
      const cwd = `${folder}/${name}`;
      await Deno.writeTextFile(`${cwd}/.git/FETCH_HEAD`, "old\n");
      const { code } = name === "ours"
        ? await sluice(["gitdb", ...args], { cwd })
        : await run("git", args, { cwd });
      outcomes.push([code, await Deno.readTextFile(`${cwd}/.git/FETCH_HEAD`)]);
    }
    assertEquals(outcomes[1], outcomes[0], words);
  }
});

testConfigured("says of addresses that are not of HTTP that they are not known", async (folder) => {
  await makeWorkTree(`${folder}/r`);
  await git(`${folder}/r`, ["remote", "add", "far", "ssh://127.0.0.1/r.git"]);
  const addresses = ["file:///r", "host:r", "./r", "far"];
  for (const address of addresses) {
    const commands = [
      ["ls-remote", address],
      ["fetch", address],
      ...address === "far" ? [] : [["clone", address]],
    ];
    for (const args of commands) {
      for (
        const cwd of args[0] === "ls-remote" && address !== "far" ? [folder, `${folder}/r`] : [`${folder}/r`]
      ) {
        const { code, stderr } = await sluice(["gitdb", ...args], { cwd });
        const url = address === "far" ? "ssh://127.0.0.1/r.git" : address;
        assertEquals(
          [code, stderr],
          [128, `fatal: repository '${url}' is no URL of HTTP; other protocols are not known here\n`],
          args.join(" "),
        );
      }
    }
  }
  await compare(`${folder}/r`, [
    { args: ["ls-remote", "--get-url", "far"] },
    { args: ["ls-remote", "--get-url", "ssh://127.0.0.1/r"] },
  ]);
});

const PLACES = [
  "--is-bare-repository",
  "--is-inside-work-tree",
  "--show-prefix",
  "--git-dir",
  "--show-toplevel",
];

testConfigured("finds the work tree where the configuration and the environment say", async (folder) => {
  await makeWorkTree(`${folder}/r`);
  await Deno.mkdir(`${folder}/tree/inner`, { recursive: true });
  const calls = (cwd: string, env: Record<string, string> = {}): Call[] =>
    [PLACES, ["--is-bare-repository"]].map((words) => ({ args: ["rev-parse", ...words], cwd, env }));
  const config = await Deno.readTextFile(`${folder}/r/.git/config`);
  const configure = async (lines: string): Promise<void> => {
    const rest = config.replace(/\tbare = .*\n/, "");
    await Deno.writeTextFile(`${folder}/r/.git/config`, `${rest}[core]\n${lines}`);
  };
  const [gitDir, tree] = [`${folder}/r/.git`, `${folder}/tree`];
  await configure("\tbare = true\n");
  await compare(folder, [
    ...calls("/r"),
    ...calls("/r/sub"),
    ...calls("/r", { GIT_DIR: gitDir, GIT_WORK_TREE: "sub" }),
    { args: ["show", "HEAD:./file"], cwd: "/r" },
  ]);
  await using bare = await GitRepository.open(`${folder}/r`);
  assertEquals([bare.isBare, bare.workTree], [true, undefined]);
  await configure(`\tbare = false\n\tworktree = ${tree}\n`);
  await compare(folder, [...calls("/r"), ...calls("/r/sub"), ...calls("/tree/inner", { GIT_DIR: gitDir })]);
  await configure("\tbare = false\n\tworktree = ../sub\n");
  await compare(folder, [
    ...calls("/r/sub/deep"),
    { args: ["log", "--format=%s", "--", "file"], cwd: "/r/sub/deep" },
    { args: ["ls-tree", "HEAD"], cwd: "/r/sub/deep" },
  ]);
  await using elsewhere = await GitRepository.open(`${folder}/r`);
  assertEquals(elsewhere.workTree, await Deno.realPath(`${folder}/r/sub`));
  await configure("\tbare = false\n");
  await compare(folder, [
    ...calls("/r/sub", { GIT_DIR: gitDir }),
    ...calls("/r/sub", { GIT_DIR: gitDir, GIT_WORK_TREE: `${folder}/r` }),
    ...calls("/r/sub", { GIT_DIR: gitDir, GIT_WORK_TREE: ".." }),
    ...calls("/r/sub", { GIT_WORK_TREE: tree }),
    ...calls("/r/sub", { GIT_CEILING_DIRECTORIES: `${folder}/r` }),
    ...calls("/r", { GIT_CEILING_DIRECTORIES: `${folder}/r` }),
    ...calls("/r/sub/deep", { GIT_CEILING_DIRECTORIES: `/nowhere:${folder}/r/sub` }),
    ...calls("/r/sub", { GIT_CEILING_DIRECTORIES: folder }),
    ...calls("/r/sub", { GIT_CEILING_DIRECTORIES: "r" }),
  ]);
  await using named = await GitRepository.open(`${folder}/r`, { workTree: tree });
  assertEquals([named.isBare, named.workTree], [false, await Deno.realPath(tree)]);
});

testConfigured("refuses folders of objects that it would not read", async (folder) => {
  await makeWorkTree(`${folder}/r`);
  await Deno.mkdir(`${folder}/objects/pack`, { recursive: true });
  const run = async (env: Record<string, string>, args: string[]) => {
    const { code, stdout, stderr } = await sluice(["gitdb", ...args], { cwd: `${folder}/r`, env });
    return [code, text(stdout), /[A-Z_]{20,}/.exec(stderr)?.[0]];
  };
  const [own, others] = ["GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES"];
  for (const args of [["log"], ["rev-parse", "HEAD"], ["cat-file", "-p", "HEAD"], ["ls-tree", "HEAD"]]) {
    assertEquals(await run({ [own]: `${folder}/objects` }, args), [128, "", own], args.join(" "));
    assertEquals(await run({ [others]: `${folder}/objects` }, args), [128, "", others], args.join(" "));
  }
  const named = ["cat-file", "--git-dir=.git", "-p", "HEAD"];
  assertEquals(await run({ [own]: `${folder}/objects` }, named), [128, "", own]);
  await compare(`${folder}/r`, [
    { args: ["rev-parse", "HEAD"], env: { [own]: `${folder}/r/.git/objects` } },
    { args: ["count-objects"], env: { [own]: `${folder}/objects` } },
    {
      args: ["cat-file", "--batch-check"],
      stdin: `${"12".repeat(20)}\n`,
      env: { [own]: `${folder}/objects` },
    },
  ]);
});

testConfigured("diff compares two blobs, and formats may be left out or empty", async (folder) => {
  await makeWorkTree(`${folder}/r`);
  await Deno.writeTextFile(`${folder}/r/run`, "one\nmore\n", { mode: 0o755 });
  await git(`${folder}/r`, ["add", "."]);
  await git(`${folder}/r`, ["commit", "-q", "-m", "three"]);
  const id = (await git(`${folder}/r`, ["rev-parse", "HEAD~2:file"])).trim();
  await compare(`${folder}/r`, [
    ...[
      "HEAD~2:file HEAD:file",
      "HEAD~2:file..HEAD:file",
      "HEAD:file HEAD:run",
      `${id} HEAD:file`,
      `HEAD:file ${id}`,
      "--raw HEAD:file HEAD:run",
      "--stat HEAD:sub/deep/file HEAD:file",
      "--numstat HEAD:file HEAD:run",
      "--name-status HEAD:file HEAD:run",
      "--name-only HEAD~2:file HEAD:file",
      "--exit-code HEAD~2:file HEAD:./file",
      "HEAD:file HEAD~1:file",
    ].map((words) => ({ args: ["diff", ...words.split(" ")] })),
    { args: ["log", "--pretty", "-1"] },
    { args: ["log", "--pretty=", "-2"] },
    { args: ["log", "--pretty=oneline", "-1"] },
    { args: ["show", "-s", "--pretty", "HEAD"] },
    { args: ["cat-file", "--batch-check="], stdin: "HEAD\nnope\n" },
    { args: ["cat-file", "--batch="], stdin: "HEAD:file\n" },
    { args: ["cat-file", "--batch-command="], stdin: "info HEAD\n" },
    { args: ["cat-file", "--batch-check"], stdin: "HEAD\n" },
  ]);
  for (
    const words of ["HEAD:file HEAD", "HEAD HEAD:file", "HEAD:file HEAD:sub", "HEAD:file HEAD:run -- file"]
  ) {
    const args = ["diff", ...words.split(" ")];
    assertEquals((await sluice(["gitdb", ...args], { cwd: `${folder}/r` })).code, 129, words);
    assertEquals((await run("git", args, { cwd: `${folder}/r` })).code, 129, words);
  }
});
