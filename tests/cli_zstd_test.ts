/**
 * `sluice zstd` as a program, beside the real zstd tool: what one writes the other reads, and both end alike.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { BACKENDS } from "./_backends.ts";
import {
  names,
  ours,
  peakMegabytes,
  real,
  run,
  sluice,
  sluiceArguments,
  testCli,
  testInterop,
} from "./_cli.ts";
import { join, text } from "./_data.ts";

const README = new URL("../cli/README.md", import.meta.url).pathname;

const CONTENT = text(700_000);
const SKIPPABLE = new Uint8Array([0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4]);

const LEVELS: readonly string[][] = [
  [],
  ["-1"],
  ["-3"],
  ["-19"],
  ["--ultra", "-22"],
  ["--fast=4"],
  ["--long=27"],
  ["--no-check"],
  ["--no-content-size"],
  ["-T2", "-B1M", "--rsyncable"],
  ["--single-thread", "--zstd=wlog=17,clog=16,hlog=16,slog=3,mml=4,tlen=16,strat=5"],
  ["--target-compressed-block-size=2000"],
];

for (const flags of LEVELS) {
  testInterop(`${flags.join(" ")} makes what zstd reads`, async (directory) => {
    await Deno.writeFile(`${directory}/a`, CONTENT);
    const made = await ours([...flags, "-k", "a"], { cwd: directory });
    assertEquals(made.code, 0, made.stderr);
    const read = await real(["-dc", "a.zst"], { cwd: directory });
    assertEquals(read.code, 0, read.stderr);
    assertEquals(read.stdout, CONTENT);
  });
}

for (const backend of BACKENDS) {
  for (const flags of [["-1"], ["-3"], ["-19"], ["--ultra", "-22"], ["--long=27"]]) {
    testInterop(`reads what zstd ${flags.join(" ")} makes [${backend}]`, async (directory) => {
      await Deno.writeFile(`${directory}/a`, CONTENT);
      await real(["-q", ...flags, "a"], { cwd: directory });
      await Deno.rename(`${directory}/a`, `${directory}/before`);
      const read = await ours([`--backend=${backend}`, "-d", "a.zst"], { cwd: directory });
      assertEquals(read.code, 0, read.stderr);
      assertEquals(await Deno.readFile(`${directory}/a`), CONTENT);
    });
  }
}

testInterop("-19 -k README.md comes back through zstd, and the other way round", async (directory) => {
  await Deno.copyFile(README, `${directory}/README.md`);
  const content = await Deno.readFile(README);
  assertEquals((await ours(["-19", "-k", "README.md"], { cwd: directory })).code, 0);
  assertEquals((await real(["-dc", "README.md.zst"], { cwd: directory })).stdout, content);
  assertEquals((await real(["-19", "-fq", "README.md"], { cwd: directory })).code, 0);
  assertEquals((await ours(["-dc", "README.md.zst"], { cwd: directory })).stdout, content);
});

testInterop("goes through frames one after another and skippable ones", async (directory) => {
  const frame = (await real(["-c"], { stdin: CONTENT })).stdout;
  await Deno.writeFile(`${directory}/a.zst`, join(SKIPPABLE, frame, SKIPPABLE, frame));
  const read = await ours(["-dc", "a.zst"], { cwd: directory });
  assertEquals(read.stdout, join(CONTENT, CONTENT));
});

testCli("works between stdin and stdout, with - and without", async () => {
  for (const operands of [[], ["-"]]) {
    const frame = await ours(operands, { stdin: CONTENT });
    assertEquals([frame.code, frame.stderr], [0, ""]);
    const back = await ours(["-d", ...operands], { stdin: frame.stdout });
    assertEquals([back.code, back.stderr], [0, ""]);
    assertEquals(back.stdout, CONTENT);
  }
});

testInterop("-l and -lv print the real tool's table", async (directory) => {
  const frame = (await real(["-c"], { stdin: CONTENT })).stdout;
  await Deno.writeFile(`${directory}/a`, CONTENT);
  await real(["-q", "a"], { cwd: directory });
  await real(["-q", "--no-check", "a", "-o", "plain.zst"], { cwd: directory });
  await Deno.writeFile(`${directory}/unsized.zst`, frame);
  await Deno.writeFile(`${directory}/several.zst`, join(SKIPPABLE, frame, frame));
  await Deno.writeFile(`${directory}/skippable.zst`, SKIPPABLE);
  await Deno.writeTextFile(`${directory}/other.zst`, "not a frame at all");
  const lists = [
    ["a.zst"],
    ["plain.zst"],
    ["unsized.zst"],
    ["several.zst"],
    ["skippable.zst"],
    ["other.zst"],
    [
      "a.zst",
      "plain.zst",
    ],
    ["a.zst", "unsized.zst"],
  ];
  for (const flag of ["-l", "-lv"]) {
    for (const files of lists) {
      if (flag === "-lv" && files[0] === "other.zst") continue;
      const mine = await ours([flag, ...files], { cwd: directory });
      const theirs = await real([flag, ...files], { cwd: directory });
      assertEquals(
        new TextDecoder().decode(mine.stdout),
        new TextDecoder().decode(theirs.stdout),
        `${flag} ${files}`,
      );
      assertEquals(mine.code, theirs.code);
    }
  }
});

/** Bad input, and what its message must say; exit codes come from the real tool. */
const BAD: readonly { name: string; args: string[]; says: string }[] = [
  { name: "truncated data", args: ["-d", "truncated.zst"], says: "premature end" },
  { name: "a missing checksum", args: ["-t", "short.zst"], says: "premature end" },
  { name: "a truncated skippable frame", args: ["-t", "half.zst"], says: "premature end" },
  { name: "trailing junk", args: ["-d", "junk.zst"], says: "unsupported format" },
  { name: "two trailing bytes", args: ["-t", "tail.zst"], says: "unknown header" },
  { name: "a wrong magic number", args: ["-d", "wrong.zst"], says: "zstd: wrong.zst: unsupported format" },
  { name: "an empty file", args: ["-d", "empty.zst"], says: "unexpected end of file" },
  { name: "a wrong checksum", args: ["-d", "damaged.zst"], says: "doesn't match checksum" },
  { name: "a wrong checksum that nobody looks at", args: ["-t", "--no-check", "damaged.zst"], says: "bytes" },
  { name: "an unknown suffix", args: ["-d", "plain"], says: "unknown suffix" },
  { name: "a missing file", args: ["missing"], says: "can't stat missing : No such file or directory" },
  { name: "a missing file among others", args: ["-t", "good.zst", "missing"], says: "can't stat missing" },
  { name: "a bad file among others", args: ["-t", "wrong.zst", "good.zst"], says: "1 files decompressed" },
  { name: "a directory", args: ["directory"], says: "directory is a directory -- ignored" },
  { name: "an existing target", args: ["plain2"], says: "plain2.zst already exists" },
  { name: "an existing target in silence", args: ["-q", "plain2"], says: "not overwritten" },
  { name: "a symbolic link", args: ["link"], says: "link is a symbolic link, ignoring" },
  { name: "the input as its output", args: ["-f", "plain", "-o", "plain"], says: "overwrite the input" },
  { name: "an unknown option", args: ["--bogus", "plain"], says: "Incorrect parameters" },
  { name: "an unknown letter", args: ["-dQ", "good.zst"], says: "Incorrect parameters" },
  { name: "an option without its argument", args: ["plain", "-o"], says: "misses its argument" },
  {
    name: "a size with a wrong suffix",
    args: ["--memory=1X", "-t", "good.zst"],
    says: "only numeric values",
  },
  { name: "a window above the limit", args: ["-t", "window.zst"], says: "Use --long=28 or --memory=256MB" },
  {
    name: "a window of 2^60 and a byte",
    args: ["-t", "huge.zst"],
    says: "maximum : 1152921504606846977 > 134217728",
  },
  { name: "a window that was allowed", args: ["-t", "--long=28", "window.zst"], says: "bytes" },
  {
    name: "a parameter out of bounds",
    args: ["-f", "--zstd=wlog=99", "plain"],
    says: "Parameter is out of bound",
  },
  { name: "a wrong stream size", args: ["-c", "--stream-size=10"], says: "Src size is incorrect" },
  { name: "a level above 19", args: ["-fk", "-20", "plain"], says: "reduced to 19" },
  { name: "no operand for a list", args: ["-l"], says: "does not support reading from standard input" },
];

async function makeBadFiles(directory: string): Promise<void> {
  const frame = (await real(["-c", "--stream-size=700000"], { stdin: CONTENT })).stdout;
  const damaged = frame.slice();
  damaged[damaged.length - 1]! ^= 1;
  const junk = new TextEncoder().encode("this is not a frame");
  const window = (await real(["-c", "--long=28", "-q"], { stdin: CONTENT })).stdout;
  const files: Record<string, Uint8Array> = {
    "good.zst": frame,
    "truncated.zst": frame.subarray(0, 1000),
    "short.zst": frame.subarray(0, -1),
    "huge.zst": new Uint8Array([0x28, 0xb5, 0x2f, 0xfd, 0xe0, 1, 0, 0, 0, 0, 0, 0, 0x10, 1, 0, 0]),
    "half.zst": SKIPPABLE.subarray(0, 10),
    "junk.zst": join(frame, junk),
    "tail.zst": join(frame, junk.subarray(0, 2)),
    "wrong.zst": junk,
    "empty.zst": new Uint8Array(),
    "damaged.zst": damaged,
    "window.zst": window,
    "plain": CONTENT,
    "plain2": CONTENT,
    "plain2.zst": junk,
  };
  for (const [name, bytes] of Object.entries(files)) await Deno.writeFile(`${directory}/${name}`, bytes);
  await Deno.mkdir(`${directory}/directory`);
  await Deno.symlink("plain", `${directory}/link`);
}

for (const { name, args, says } of BAD) {
  testInterop(`ends as zstd does on ${name}`, async (directory) => {
    await makeBadFiles(directory);
    const before = names(directory);
    const options = { cwd: directory, ...(args.includes("-c") ? { stdin: CONTENT } : {}) };
    const mine = await ours(args, options);
    const left = names(directory);
    assertStringIncludes(mine.stderr, says);
    if (mine.code !== 0) assertEquals(left, before);
    assertEquals(mine.code, (await real(args, options)).code, mine.stderr);
  });
}

testInterop("fails where the directory may not be written", async (directory) => {
  if (Deno.uid() === 0) {
    console.log(
      "skipped: a directory that may not be written, root may write anywhere; taking /proc instead",
    );
    await Deno.writeFile(`${directory}/a`, CONTENT);
    const mine = await ours(["a", "-o", "/proc/a.zst"], { cwd: directory });
    assertEquals(mine.code, 1);
    assertStringIncludes(mine.stderr, "zstd: /proc/a.zst: ");
    return;
  }
  await Deno.writeFile(`${directory}/a`, CONTENT);
  await Deno.chmod(directory, 0o555);
  try {
    const mine = await ours(["a"], { cwd: directory });
    assertEquals(mine.code, 1);
    assertStringIncludes(mine.stderr, "Permission denied");
  } finally {
    await Deno.chmod(directory, 0o755);
  }
});

testCli("carries mode and time over, and keeps or removes the input", async (directory) => {
  const time = new Date("2001-02-03T04:05:06Z");
  await Deno.writeFile(`${directory}/a`, CONTENT);
  await Deno.chmod(`${directory}/a`, 0o640);
  await Deno.utime(`${directory}/a`, time, time);
  assertEquals((await ours(["--rm", "a"], { cwd: directory })).code, 0);
  assertEquals(names(directory), ["a.zst"]);
  const info = await Deno.stat(`${directory}/a.zst`);
  assertEquals([info.mode! & 0o777, info.mtime], [0o640, time]);
  assertEquals((await ours(["-d", "--rm", "-k", "a.zst"], { cwd: directory })).code, 0);
  assertEquals(names(directory), ["a", "a.zst"]);
});

testCli("finds its inputs in directories and lists, and puts outputs elsewhere", async (directory) => {
  await Deno.mkdir(`${directory}/in/deep`, { recursive: true });
  await Deno.writeFile(`${directory}/in/x`, CONTENT);
  await Deno.writeFile(`${directory}/in/deep/y`, CONTENT);
  await Deno.writeTextFile(`${directory}/list`, "in/x\nin/deep/y\n");
  await Deno.mkdir(`${directory}/flat`);
  assertEquals((await ours(["-qr", "in", "--output-dir-mirror", "mirror"], { cwd: directory })).code, 0);
  assertEquals(names(`${directory}/mirror/in`), ["deep", "x.zst"]);
  assertEquals(
    (await ours(["-q", "--filelist", "list", "--output-dir-flat=flat"], { cwd: directory })).code,
    0,
  );
  assertEquals(names(`${directory}/flat`), ["x.zst", "y.zst"]);
  assertEquals((await ours(["-dr", "flat", "--output-dir-flat", "flat"], { cwd: directory })).code, 0);
  assertEquals(await Deno.readFile(`${directory}/flat/y`), CONTENT);
});

testCli("joins inputs into one output with -o, and asks for -f", async (directory) => {
  await Deno.writeFile(`${directory}/a`, CONTENT);
  await Deno.writeFile(`${directory}/b`, CONTENT);
  assertEquals((await ours(["a", "b", "-o", "c.zst"], { cwd: directory })).code, 1);
  assertEquals(names(directory), ["a", "b"]);
  assertEquals((await ours(["-f", "a", "b", "-o", "c.zst"], { cwd: directory })).code, 0);
  assertEquals((await ours(["-dc", "c.zst"], { cwd: directory })).stdout, join(CONTENT, CONTENT));
});

testCli("sends stdin among files to stdout", async (directory) => {
  await Deno.writeFile(`${directory}/a`, CONTENT);
  const { code, stdout } = await ours(["a", "-"], { cwd: directory, stdin: CONTENT.slice(0, 1000) });
  assertEquals(code, 0);
  assertEquals(names(directory), ["a", "a.zst"]);
  assertEquals((await ours(["-d"], { stdin: stdout })).stdout, CONTENT.slice(0, 1000));
});

testCli("names outputs by suffix and passes other formats through when forced", async (directory) => {
  await Deno.writeFile(`${directory}/a`, CONTENT);
  await ours(["-q", "a", "-o", "a.tzst"], { cwd: directory });
  assertEquals((await ours(["-d", "a.tzst"], { cwd: directory })).code, 0);
  assertEquals(await Deno.readFile(`${directory}/a.tar`), CONTENT);
  const both = await sluice(["zstdcat", "a", "a.tzst"], { cwd: directory });
  assertEquals(both.stdout, join(CONTENT, CONTENT));
  assertEquals((await sluice(["unzstd", "-f", "a.tzst"], { cwd: directory })).code, 0);
  assertEquals((await ours(["-dcf", "--no-pass-through", "a"], { cwd: directory })).code, 1);
});

testCli("takes level and threads from the environment", async (directory) => {
  await Deno.writeFile(`${directory}/a`, CONTENT);
  const sizeAt = async (env: Record<string, string>, ...flags: string[]): Promise<number> =>
    (await ours(["-c", ...flags, "a"], { cwd: directory, env })).stdout.length;
  const level19 = await sizeAt({ ZSTD_NBTHREADS: "0" }, "-19");
  assertEquals(await sizeAt({ ZSTD_CLEVEL: "19", ZSTD_NBTHREADS: "0" }), level19);
  assert(await sizeAt({ ZSTD_CLEVEL: "19", ZSTD_NBTHREADS: "0" }, "-1") > level19);
  const bad = await ours(["-fk", "a"], { cwd: directory, env: { ZSTD_CLEVEL: "abc" } });
  assertStringIncludes(bad.stderr, "ZSTD_CLEVEL=abc: not a valid integer value");
});

testCli("says what it does not have", async () => {
  for (const flag of ["--trace=x", "--priority=rt", "--format=gzip"]) {
    const { code, stderr } = await ours([flag]);
    assertEquals(code, 1);
    assertStringIncludes(stderr, "is not supported");
  }
});

testCli("ends without a word when its reader goes away", async (directory) => {
  await Deno.writeFile(`${directory}/a`, text(8_000_000));
  await ours(["-q", "a"], { cwd: directory });
  const command = `"${Deno.execPath()}" ${
    sluiceArguments(["zstd", "-dc", "a.zst"]).join(" ")
  } | head -c 10 | wc -c`;
  const { stdout, stderr } = await run("sh", ["-c", command], { cwd: directory });
  assertEquals(new TextDecoder().decode(stdout).trim(), "10");
  assertEquals(stderr, "");
});

testCli("ends at once when its reader goes away, also at a slow level", async (directory) => {
  // All of it takes half a minute at this level.
  await Deno.writeFile(`${directory}/a`, text(30_000_000));
  const command = `("${Deno.execPath()}" ${
    sluiceArguments(["zstd", "-q", "-19", "-c", "a"]).join(" ")
  }; echo $? > code) | head -c 10 | wc -c`;
  const started = performance.now();
  const { stdout } = await run("sh", ["-c", command], { cwd: directory });
  const seconds = (performance.now() - started) / 1000;
  assertEquals(new TextDecoder().decode(stdout).trim(), "10");
  assertEquals((await Deno.readTextFile(`${directory}/code`)).trim(), "141");
  assert(seconds < 20, `${seconds} s`);
});

testCli("takes regular files and pipes, and removes regular files only", async (directory) => {
  if (Deno.build.os === "windows") return;
  await run("mkfifo", ["pipe"], { cwd: directory });
  const piped = await run("sh", [
    "-c",
    `(echo piped > pipe &) ; "${Deno.execPath()}" ${
      sluiceArguments(["zstd", "-f", "--rm", "pipe"]).join(" ")
    }`,
  ], { cwd: directory });
  assertEquals(piped.code, 0, piped.stderr);
  assertStringIncludes(piped.stderr, "Refusing to remove non-regular file pipe");
  assertEquals(names(directory), ["pipe", "pipe.zst"]);
  // One that never ends would fill the disk.
  for (const args of [["-c", "/dev/zero"], ["-k", "/dev/zero"], ["-t", "/dev/null"]]) {
    const { code, stdout, stderr } = await ours(args, { cwd: directory });
    assertEquals([code, stdout.length], [1, 0]);
    assertStringIncludes(stderr, "is not a regular file -- ignored");
  }
});

testCli("takes the lines of a list as they are", async (directory) => {
  await Deno.writeFile(`${directory}/f`, CONTENT);
  await Deno.writeTextFile(`${directory}/list`, "f\r\n");
  assertEquals((await ours(["-q", "--rm", "--filelist", "list"], { cwd: directory })).code, 1);
  assertEquals(names(directory), ["f", "list"]);
});

testCli("decompresses files of the longer suffix", async (directory) => {
  await ours(["-q", "-o", "f.zstd"], { cwd: directory, stdin: CONTENT });
  assertEquals((await ours(["-q", "-d", "f.zstd"], { cwd: directory })).code, 0);
  assertEquals(await Deno.readFile(`${directory}/f`), CONTENT);
});

for (const signal of ["SIGKILL", "SIGTERM"] as const) {
  testCli(`leaves nothing under the final name after ${signal}`, async (directory) => {
    await Deno.writeFile(`${directory}/a`, text(30_000_000));
    const child = new Deno.Command(Deno.execPath(), {
      args: sluiceArguments(["zstd", "-q", "-19", "a"]),
      cwd: directory,
      stderr: "null",
    }).spawn();
    while (names(directory).length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    child.kill(signal);
    const status = await child.status;
    assert(!status.success);
    assert(!names(directory).includes("a.zst"));
    if (signal === "SIGTERM") assertEquals(names(directory), ["a"]);
  });
}

testCli("moves 1 GiB in constant memory", async (directory) => {
  if (Deno.build.os !== "linux") return console.log("skipped: peak memory is read from /proc");
  using sparse = await Deno.create(`${directory}/a`);
  await sparse.truncate(2 ** 30);
  for (const args of [["-q", "--rm", "a"], ["-q", "-d", "a.zst"]]) {
    const peak = await peakMegabytes(args, directory);
    console.log(`peak memory of sluice zstd ${args.join(" ")} over 1 GiB: ${peak.toFixed(1)} MB`);
    assert(peak < 102, `${peak} MB`); // 100 MB and the window of level 3
  }
  assertEquals((await Deno.stat(`${directory}/a`)).size, 2 ** 30);
});
