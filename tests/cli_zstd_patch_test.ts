/**
 * `sluice zstd --patch-from` beside the real tool: patches go both ways.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { BACKENDS } from "./_backends.ts";
import { ours, peakMegabytes, real, testCli, testInterop } from "./_cli.ts";
import { join, Random } from "./_data.ts";

const BASE = new Random(3).bytes(3_000_000);
/** The base with a few bytes changed, a piece put in and a piece taken out. */
const TARGET = join(
  BASE.subarray(0, 700_000),
  new Uint8Array([1, 2, 3, 4, 5]),
  BASE.subarray(700_000, 1_500_000),
  BASE.subarray(1_600_000),
  new TextEncoder().encode("the end"),
);

async function makeFiles(directory: string): Promise<void> {
  await Deno.writeFile(`${directory}/base`, BASE);
  await Deno.writeFile(`${directory}/target`, TARGET);
  await Deno.writeFile(`${directory}/empty`, new Uint8Array());
}

for (const backend of BACKENDS) {
  for (const level of ["-1", "-3", "-9", "-19"]) {
    testInterop(`${level} --patch-from goes both ways [${backend}]`, async (directory) => {
      await makeFiles(directory);
      const options = { cwd: directory };
      const select = `--backend=${backend}`;
      const made = await ours([select, level, "--patch-from=base", "target", "-o", "p"], options);
      assertEquals(made.code, 0, made.stderr);
      const theirs = await real(["-q", level, "--patch-from=base", "target", "-o", "q"], options);
      assertEquals(theirs.code, 0, theirs.stderr);
      const size = (await Deno.stat(`${directory}/p`)).size;
      assert(size < 1000, `${size} bytes`);
      assertEquals((await real(["-dc", "--patch-from=base", "p"], options)).stdout, TARGET);
      assertEquals((await ours([select, "-dc", "--patch-from=base", "q"], options)).stdout, TARGET);
      assertEquals((await ours([select, "-d", "--patch-from", "base", "q", "-o", "back"], options)).code, 0);
      assertEquals(await Deno.readFile(`${directory}/back`), TARGET);
    });
  }
}

testCli("--patch-chunks-from takes bases above 2 GiB and pipes, in little memory", async (directory) => {
  await makeFiles(directory);
  const options = { cwd: directory };
  await Deno.writeFile(`${directory}/huge`, BASE);
  await Deno.truncate(`${directory}/huge`, 3 * 2 ** 30);
  for (const base of ["base", "huge"]) {
    const from = `--patch-chunks-from=${base}`;
    const made = await ours([from], { ...options, stdin: TARGET });
    assert(made.code === 0 && made.stdout.length < 1500, `${made.stdout.length} bytes, ${made.stderr}`);
    const back = await ours(["-d", from], { ...options, stdin: made.stdout });
    assertEquals(back.stdout, TARGET);
    await Deno.writeFile(`${directory}/patch`, made.stdout);
    assertEquals((await ours(["-t", from, "patch"], options)).code, 0);
    assertEquals((await ours(["-d", from, "patch", "-fo", "copy"], options)).code, 0);
    assertEquals(await Deno.readFile(`${directory}/copy`), TARGET);
    const cut = await ours(["-d", from], { ...options, stdin: made.stdout.subarray(0, -20) });
    assertEquals([cut.code, cut.stderr.includes("premature end")], [1, true]);
    const other = await ours(["-d", "--patch-chunks-from=target"], { ...options, stdin: made.stdout });
    assertEquals([other.code, other.stdout.length], [1, 0]);
    assertStringIncludes(other.stderr, "another base");
  }
  assert(await peakMegabytes(["-q", "--patch-chunks-from=huge", "target", "-fo", "patch"], directory) < 600);
  for (const extra of [["--patch-from=base"], ["-D", "base"], ["--long"], ["--adapt"], ["empty"]]) {
    const refused = await ours(["--patch-chunks-from=base", "target", ...extra, "-c"], options);
    assertEquals(refused.code, 1);
    assertStringIncludes(refused.stderr, "can't use --patch-chunks-from");
  }
  const replaced = await ours(["--patch-chunks-from=base", "target", "-fo", "base"], options);
  assertEquals([replaced.code, await Deno.readFile(`${directory}/base`)], [1, BASE]);
});

testInterop("--patch-from works on streams and empty files", async (directory) => {
  await makeFiles(directory);
  const patch = await ours(["--patch-from=base", `--stream-size=${TARGET.length}`], {
    cwd: directory,
    stdin: TARGET,
  });
  assert(patch.stdout.length < 1000, patch.stderr);
  const back = await real(["-d", "--patch-from=base"], { cwd: directory, stdin: patch.stdout });
  assertEquals(back.stdout, TARGET);
  const options = { cwd: directory };
  assertEquals((await ours(["--patch-from=base", "empty", "-o", "e"], options)).code, 0);
  assertEquals((await real(["-dc", "--patch-from=base", "e"], options)).stdout.length, 0);
  assertEquals((await ours(["--patch-from=empty", "target", "-o", "f"], options)).code, 0);
  assertEquals((await real(["-dc", "--patch-from=empty", "f"], options)).stdout, TARGET);
});

/** Patches that fail, and what the message must say; exit codes come from the real tool. */
const FAILURES: readonly { args: string[]; says: string }[] = [
  { args: ["-t", "p"], says: "p : Decoding error (36)" },
  { args: ["-t", "--patch-from=target", "p"], says: "p : Decoding error (36)" },
  { args: ["--patch-from=missing", "target"], says: "error 31 : Stat failed on dictionary file missing" },
  { args: ["--patch-from=base", "target", "p"], says: "can't use --patch-from=# on multiple files" },
  {
    args: ["--patch-from=base", "-D", "p", "target"],
    says: "can't use -D and --patch-from=# at the same time",
  },
  { args: ["--patch-from=base", "base"], says: "cannot use base as an input file and dictionary" },
  { args: ["--patch-from=base"], says: "Using --patch-from with stdin requires --stream-size" },
  { args: ["--patch-from=huge", "target"], says: "Can't handle files larger than 2 GB" },
];

testInterop("--patch-from ends as zstd --patch-from does", async (directory) => {
  await makeFiles(directory);
  await ours(["-q", "--patch-from=base", "target", "-o", "p"], { cwd: directory });
  using huge = await Deno.create(`${directory}/huge`);
  await huge.truncate(2 ** 31 + 2 ** 20);
  for (const { args, says } of FAILURES) {
    const mine = await ours(args, { cwd: directory, stdin: TARGET });
    assertStringIncludes(mine.stderr, says);
    // The real tool tells a missing base with a code and a message about stdin.
    const code = args[0] === "--patch-from=missing"
      ? 31
      : (await real(args, { cwd: directory, stdin: TARGET })).code;
    assertEquals(mine.code, code, args.join(" "));
  }
});

testInterop("windows of patches follow the base", async (directory) => {
  for (const name of ["base", "target"]) {
    using file = await Deno.create(`${directory}/${name}`);
    await file.truncate(140 << 20);
    await file.write(BASE.subarray(0, 100_000));
  }
  const options = { cwd: directory };
  await real(["-q", "--patch-from=base", "target", "-o", "p"], options);
  const read = await ours(["-t", "--patch-from=base", "p"], options);
  assertEquals(read.code, 0, read.stderr);
});
