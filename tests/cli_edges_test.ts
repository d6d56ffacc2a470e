/**
 * The edges of the command line: runs that ended early, files that belong to others, options without effect, names that
 * are no text, secrets, full outputs.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { run, sluice } from "./_cli.ts";
import { text } from "./_data.ts";
import { inDirectory, testInDirectory } from "./_directory.ts";

const bytes = (...parts: (string | number[])[]): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(
    parts.flatMap((part) => typeof part === "string" ? [...new TextEncoder().encode(part)] : part),
  );

async function files(cwd: string, ...names: string[]): Promise<void> {
  for (const [i, name] of names.entries()) await Deno.writeFile(`${cwd}/${name}`, text(20_000, i));
}

testInDirectory("an lz4 resume that failed before its first checkpoint can be run again", async (cwd) => {
  await files(cwd, "in");
  assertEquals((await sluice(["lz4", "-q", "in", "whole.lz4"], { cwd })).code, 0);
  const whole = await Deno.readFile(`${cwd}/whole.lz4`);
  await Deno.writeFile(`${cwd}/in.lz4`, whole.subarray(0, whole.length / 2));
  assertEquals((await sluice(["lz4", "resume", "in.lz4", "-o", "out"], { cwd })).code, 68);
  await Deno.writeFile(`${cwd}/in.lz4`, whole);
  assertEquals((await sluice(["lz4", "resume", "in.lz4", "-o", "out"], { cwd })).code, 0);
  assertEquals(await Deno.readFile(`${cwd}/out`), await Deno.readFile(`${cwd}/in`));
  // A killed run leaves its part, with a state that says whose it is.
  await Deno.remove(`${cwd}/out`);
  await Deno.writeTextFile(`${cwd}/out.s4part`, "of somebody");
  const refused = await sluice(["lz4", "resume", "in.lz4", "-o", "out"], { cwd });
  assertEquals(refused.code, 1);
  assertEquals(await Deno.readTextFile(`${cwd}/out.s4part`), "of somebody");
});

testInDirectory("what a command reads beside its input is never its output", async (cwd) => {
  await files(cwd, "in", "token");
  await sluice(["lz4", "-q", "in", "in.lz4"], { cwd });
  await sluice(["lz4", "index", "in.lz4"], { cwd });
  await sluice(["pdiffcopy", "index", "in"], { cwd });
  for (
    const [target, args] of [
      ["in.lz4.s4ix", ["lz4", "cat", "in.lz4", "--range=0-9", "-f", "-o", "in.lz4.s4ix"]],
      ["in.lz4.s4ix", ["lz4", "repack", "in.lz4", "-f", "-o", "in.lz4.s4ix"]],
      ["in.pdx", ["pdiffcopy", "--index", "in.pdx", "in", "in.pdx"]],
      ["token", ["pdiffcopy", "--token", "token", "in", "token"]],
    ] as const
  ) {
    const before = await Deno.readFile(`${cwd}/${target}`);
    const { code } = await sluice(args, { cwd });
    assert(code !== 0, args.join(" "));
    assertEquals(await Deno.readFile(`${cwd}/${target}`), before, args.join(" "));
  }
  assertEquals((await sluice(["lz4", "index", "in.lz4"], { cwd })).code, 0);
});

Deno.test("messages have no credentials and no query of a URL", async () => {
  const url = "http://me:hunter2@127.0.0.1:1/x?token=SECRET";
  await inDirectory(async (cwd) => {
    for (
      const args of [
        ["zstd", "cat", "--range=0-9", url],
        ["lz4", "cat", "--range=0-9", url],
        ["lz4", "resume", url, "-o", "out"],
        ["pdiffcopy", url, "out"],
        ["pdiffcopy", "hash", url],
        ["zpaq", "l", url],
      ]
    ) {
      const { code, stderr, stdout } = await sluice(args, { cwd });
      assert(code !== 0, args.join(" "));
      const said = stderr + new TextDecoder().decode(stdout);
      assert(!/hunter2|SECRET/.test(said), said);
    }
  });
});

testInDirectory("an empty secret does not open a server", async (cwd) => {
  await Deno.writeTextFile(`${cwd}/empty`, "\n");
  const serve = ["pdiffcopy", "serve", "-l", "127.0.0.1:0", "--root", "."];
  for (const [args, env] of [[["--token", "empty"], {}], [[], { PDIFFCOPY_TOKEN: "" }]] as const) {
    const { code, stderr } = await sluice([...serve, ...args], { cwd, env });
    assertEquals(code, 1);
    assertMatch(stderr, /is empty/);
  }
});

testInDirectory("zpaq x takes the folder itself, and counts what it wrote", async (cwd) => {
  await Deno.mkdir(`${cwd}/s`);
  await files(`${cwd}/s`, "a", "b");
  assertEquals((await sluice(["zpaq", "a", "../p.zpaq", "."], { cwd: `${cwd}/s` })).code, 0);
  const extracted = await sluice(["zpaq", "x", "p.zpaq", "-to", "out"], { cwd });
  assertEquals(extracted.code, 0, extracted.stderr);
  assertMatch(extracted.stderr, /2 files, 40000 bytes extracted/);
  const again = await sluice(["zpaq", "x", "p.zpaq", "-to", "out"], { cwd });
  assertEquals(again.code, 0);
  assertMatch(again.stderr, /2 \?existing files skipped[^]*0 files, 0 bytes extracted/);
});

testInDirectory("an option without effect is an error", async (cwd) => {
  await files(cwd, "f");
  await sluice(["zstd", "-q", "f"], { cwd });
  await run("git", ["init", "-q", "r"], { cwd });
  for (
    const line of [
      "zstd -t -o y f.zst",
      "zstd -l -c f.zst",
      "zstd -l --rm f.zst",
      "zstd -t --rm f.zst",
      "zstd -t --sparse f.zst",
      "zstd -c --output-dir-flat . f",
      "zstd --stream-size=5 -c f",
      "zstd -d --no-dictID -c f.zst",
      "zstd cat --rm f.zst",
      "gitdb --git-dir r cat-file -t -s HEAD",
      "gitdb --git-dir r cat-file --batch --batch-check",
      "gitdb --git-dir r --objects r/.git/objects fsck",
    ]
  ) {
    const { code, stderr } = await sluice(line.split(" "), { cwd });
    assertEquals(code, line.startsWith("gitdb") ? 129 : 1, line);
    assertMatch(stderr, /Incorrect parameters/, line);
  }
  assertEquals(await Deno.stat(`${cwd}/f.zst`).then(() => true, () => false), true);
});

testInDirectory("gitdb prints names as git does, whatever their bytes", async (cwd) => {
  await run("git", ["init", "-q"], { cwd });
  const blob = new TextDecoder().decode(
    (await run("git", ["hash-object", "-w", "--stdin"], { cwd, stdin: bytes("x") })).stdout,
  ).trim();
  const names = ["plain", "é", 'a\tb"c\\', "\x7f", [0xff, 1], "new\nline"];
  const listed = bytes(...names.flatMap((name) => [`100644 blob ${blob}\t`, name as string, [0]]));
  const made = await run("git", ["mktree", "-z"], { cwd, stdin: listed });
  const tree = new TextDecoder().decode(made.stdout).trim();
  const lines = bytes(`${tree} `, [0xff, 0x20, 0xe9], "\n", [0xff, 0x0a], "é\n");
  const format = "--batch-check=é %(objectname) %(rest)";
  for (
    const [args, stdin] of [[["cat-file", "-p", tree], bytes()], [["cat-file", format], lines]] as const
  ) {
    const theirs = await run("git", args, { cwd, stdin });
    const ours = await sluice(["gitdb", ...args], { cwd, stdin });
    assertEquals(theirs.code, 0);
    assertEquals(ours.code, 0, ours.stderr);
    assertEquals(ours.stdout, theirs.stdout, args.join(" "));
  }
});

testInDirectory("what the system refuses names the file and ends with the tool's code", async (cwd) => {
  await files(cwd, "in");
  for (const tool of ["zstd", "lz4"]) {
    await sluice([tool, "-q", "-k", "in", ...tool === "lz4" ? ["in.lz4"] : []], { cwd });
  }
  await run("git", ["init", "-q"], { cwd });
  const cases: (readonly [code: number, named: string, line: string])[] = [
    [70, "/dev/full", "zstd -f in -o /dev/full"],
    [70, "/dev/full", "zstd -d -f in.zst -o /dev/full"],
    [42, "/dev/full", "lz4 -f in /dev/full"],
    [27, "nosuch", "lz4 -D nosuch -c in"],
    [1, "nosuch", "lz4 index nosuch"],
    [2, "nosuch.zpaq", "zpaq d nosuch.zpaq out"],
    [2, "nosuch", "zpaq c nosuch out in"],
    [128, ".git", "gitdb hash-object .git"],
  ];
  for (const [code, named, line] of cases) {
    if (line.includes("/dev/full") && Deno.build.os !== "linux") continue;
    const outcome = await sluice(line.split(" "), { cwd });
    assertEquals(outcome.code, code, `${line}: ${outcome.stderr}`);
    assert(outcome.stderr.includes(named), `${line}: ${outcome.stderr}`);
  }
});
