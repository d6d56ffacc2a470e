/**
 * `sluice zstd list`, `seekable`, `cat` and `index`: parts of files on disks and behind HTTP servers.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { ZstdSeekIndex } from "@sluice/zstd/seekable";
import { BACKENDS } from "./_backends.ts";
import { names, ours, real, testCli, testInterop } from "./_cli.ts";
import { join, text } from "./_data.ts";
import { objectOf, startRangeServer } from "./_range_server.ts";

const CONTENT = text(1_000_000);

/** Ranges, and the part of the content that each gives. */
const RANGES: readonly [string, Uint8Array][] = [
  ["0-100", CONTENT.subarray(0, 100)],
  ["123456-345678", CONTENT.subarray(123_456, 345_678)],
  ["999990-", CONTENT.subarray(999_990)],
  ["-10", CONTENT.subarray(0, 10)],
  ["500000-500000", new Uint8Array()],
  ["64K-128K", CONTENT.subarray(65_536, 131_072)],
  ["999000-2000000", CONTENT.subarray(999_000)],
];

for (const backend of BACKENDS) {
  testCli(`cat --range gives parts of seekable and ordinary files [${backend}]`, async (directory) => {
    await Deno.writeFile(`${directory}/a`, CONTENT);
    const options = { cwd: directory };
    const select = `--backend=${backend}`;
    const made = await ours(["seekable", select, "a", "-o", "s.zst"], options);
    assertEquals(made.code, 0, made.stderr);
    await ours(["--seekable=64K", select, "-q", "a", "-o", "small.zst"], options);
    await ours(["-q", "-c", "a"], options).then(({ stdout }) =>
      Deno.writeFile(`${directory}/one.zst`, stdout)
    );
    for (const name of ["s.zst", "small.zst", "one.zst"]) {
      assertEquals((await ours(["cat", select, name], options)).stdout, CONTENT);
      for (const [range, expected] of RANGES) {
        const { code, stdout, stderr } = await ours(["cat", select, `--range=${range}`, name], options);
        assertEquals(code, 0, stderr);
        assertEquals(stdout, expected, `${name} ${range}`);
      }
    }
  });
}

testInterop("seekable files are ordinary ones for zstd", async (directory) => {
  await Deno.writeFile(`${directory}/a`, CONTENT);
  const options = { cwd: directory };
  for (const flags of [["-1"], ["-19", "--seekable=100K"], ["--rsyncable"], ["-T2"]]) {
    const { code, stderr } = await ours(["seekable", "-f", ...flags, "a", "-o", "s.zst"], options);
    assertEquals(code, 0, stderr);
    assertEquals((await real(["-dc", "s.zst"], options)).stdout, CONTENT);
    assertEquals(
      (await ours(["list", "s.zst"], options)).stdout,
      (await real(["-l", "s.zst"], options)).stdout,
    );
  }
});

testInterop("index finds parts of files that others joined", async (directory) => {
  const frames: Uint8Array[] = [];
  for (let at = 0; at < CONTENT.length; at += 300_000) {
    frames.push((await real(["-c"], { stdin: CONTENT.subarray(at, at + 300_000) })).stdout);
  }
  await Deno.writeFile(`${directory}/joined.zst`, join(...frames));
  const options = { cwd: directory };
  const printed = await ours(["index", "joined.zst"], options);
  const index = ZstdSeekIndex.fromJSON(JSON.parse(new TextDecoder().decode(printed.stdout)));
  assertEquals([index.size, index.frameCount], [CONTENT.length, frames.length]);
  await ours(["index", "joined.zst", "-o", "joined.json"], options);
  const part = await ours(["cat", "--index=joined.json", "--range=290000-310000", "joined.zst"], options);
  assertEquals(part.stdout, CONTENT.subarray(290_000, 310_000), part.stderr);
  await ours(["cat", "--range=290000-310000", "joined.zst", "-o", "part"], options);
  assertEquals(await Deno.readFile(`${directory}/part`), CONTENT.subarray(290_000, 310_000));
});

testCli("cat reads parts over HTTP in few requests", async (directory) => {
  await Deno.writeFile(`${directory}/a`, CONTENT);
  await ours(["-q", "--seekable=64K", "a"], { cwd: directory });
  const file = await Deno.readFile(`${directory}/a.zst`);
  await using server = startRangeServer(objectOf(file));
  const { stdout, stderr } = await ours(["cat", "--range=400000-404096", server.url]);
  assertEquals(stdout, CONTENT.subarray(400_000, 404_096), stderr);
  assert(server.ranges.length <= 2, server.ranges.join(" "));
});

testCli("files in frames follow a dictionary and come back", async (directory) => {
  await Deno.writeFile(`${directory}/a`, CONTENT);
  await Deno.writeFile(`${directory}/d`, CONTENT.subarray(0, 50_000));
  const options = { cwd: directory };
  assertEquals((await ours(["-q", "--seekable=8K", "-D", "d", "a"], options)).code, 0);
  const part = await ours(["cat", "-D", "d", "--range=70000-70100", "a.zst"], options);
  assertEquals(part.stdout, CONTENT.subarray(70_000, 70_100), part.stderr);
  assertEquals((await ours(["-qd", "-D", "d", "a.zst", "-o", "back"], options)).code, 0);
  assertEquals(await Deno.readFile(`${directory}/back`), CONTENT);
});

/** Parts that can't be had, and what the message must say. */
const REFUSED: readonly { args: string[]; says: string }[] = [
  { args: ["cat", "plain"], says: "zstd: plain: " },
  { args: ["cat", "missing"], says: "zstd: missing: No such file or directory" },
  { args: ["cat"], says: "takes one file or URL" },
  { args: ["index", "a.zst", "a.zst"], says: "takes one file or URL" },
  { args: ["cat", "--range=5", "a.zst"], says: "expected START-END" },
  { args: ["cat", "--range=9-5", "a.zst"], says: "expected START-END" },
  { args: ["cat", "--range=2000-", "a.zst"], says: "the content has 1000 bytes" },
  { args: ["--seekable=0", "plain"], says: "expected a size above 0" },
  { args: ["--seekable", "--adapt", "plain"], says: "does not go with" },
];

testCli("says why there is no part", async (directory) => {
  const options = { cwd: directory };
  await Deno.writeFile(`${directory}/plain`, CONTENT.subarray(0, 1000));
  await ours(["-q", "plain", "-o", "a.zst"], options);
  const before = names(directory);
  for (const { args, says } of REFUSED) {
    const { code, stderr } = await ours(args, options);
    assertEquals(code, 1, args.join(" "));
    assertStringIncludes(stderr, says);
    assertEquals(names(directory), before);
  }
});

testCli("a file may be called like a command", async (directory) => {
  await Deno.writeFile(`${directory}/list`, CONTENT);
  assertEquals((await ours(["-q", "./list"], { cwd: directory })).code, 0);
  assertEquals((await ours(["list", "list.zst"], { cwd: directory })).code, 0);
});
