/**
 * `sluice zstd` with levels that move and output that changes locally, beside the real tool.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { BACKENDS } from "./_backends.ts";
import { ours, real, testCli, testInterop } from "./_cli.ts";
import { join, Random, text } from "./_data.ts";

const CONTENT = text(6_000_000);

for (const backend of BACKENDS) {
  testInterop(`--adapt makes what zstd reads [${backend}]`, async (directory) => {
    await Deno.writeFile(`${directory}/a`, CONTENT);
    const options = { cwd: directory };
    const made = await ours([`--backend=${backend}`, "--adapt=min=1,max=5", "a"], options);
    assertEquals(made.code, 0, made.stderr);
    assertEquals((await real(["-dc", "a.zst"], options)).stdout, CONTENT);
    await real(["-q", "--adapt=min=1,max=5", "a", "-fo", "b.zst"], options);
    assertEquals((await ours([`--backend=${backend}`, "-dc", "b.zst"], options)).stdout, CONTENT);
  });
}

testInterop("-vvvv says how --adapt moves the level", async (directory) => {
  await Deno.writeFile(`${directory}/a`, text(24_000_000));
  const args = ["--adapt", "-19", "--zstd=wlog=10", "a", "-fo", "a.zst"];
  const { stderr } = await ours(["-vvvv", ...args], { cwd: directory });
  assertStringIncludes(stderr, "faster speed , lighter compression");
  assertEquals((await ours(["-vv", ...args], { cwd: directory })).stderr.includes("faster speed"), false);
});

/** Options whose parameters `-vv` shows. */
const SHOWN: readonly string[][] = [
  [],
  ["-19"],
  ["--long=27"],
  ["--zstd=wlog=20,strat=4"],
  ["--ultra", "-22"],
  ["--fast=5"],
];

for (const options of SHOWN) {
  testInterop(`-vv ${options.join(" ")} shows the parameters that zstd shows`, async (directory) => {
    await Deno.writeFile(`${directory}/a`, text(300_000));
    const shown = async (tool: typeof ours): Promise<string | undefined> => {
      const { stderr } = await tool(["-vv", ...options, "a", "-fo", "a.zst"], { cwd: directory });
      return stderr.split("\n").find((line) => line.startsWith("--zstd="));
    };
    const expected = await shown(real);
    assertStringIncludes(expected!, "--zstd=wlog=");
    assertEquals(await shown(ours), expected);
  });
}

testInterop("-l, -lv and -lvv print the sizes that zstd prints", async (directory) => {
  const exbibyte = [0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 0, 0, 0, 0x10, 1, 0, 0];
  await Deno.writeFile(`${directory}/declares_2_to_60.zst`, new Uint8Array(exbibyte));
  await Deno.writeFile(`${directory}/a`, text(300_000));
  await real(["-q", "a"], { cwd: directory });
  await real(["-q", "--zstd=wlog=30", "-fo", "window.zst"], { cwd: directory, stdin: text(300_000) });
  for (const name of ["a.zst", "window.zst", "declares_2_to_60.zst"]) {
    for (const options of [["-l"], ["-lv"], ["-lvv"]]) {
      const expected = await real([...options, name], { cwd: directory });
      const mine = await ours([...options, name], { cwd: directory });
      assertEquals(
        new TextDecoder().decode(mine.stdout),
        new TextDecoder().decode(expected.stdout),
        `${options} ${name}`,
      );
    }
  }
});

/** Combinations that are refused, and what the message must say; exit codes come from the real tool. */
const REFUSED: readonly { args: string[]; says: string }[] = [
  { args: ["--adapt=bogus"], says: "Incorrect parameters" },
  { args: ["--adapt=min=7,max=5"], says: "Incorrect parameters" },
  { args: ["--adapt", "--single-thread"], says: "Adaptive mode is not compatible with single thread mode" },
  {
    args: ["--rsyncable", "--single-thread"],
    says: "Rsyncable mode is not compatible with single thread mode",
  },
];

testInterop("ends as zstd does where modes exclude each other", async () => {
  for (const { args, says } of REFUSED) {
    const mine = await ours(args, { stdin: CONTENT.subarray(0, 1000) });
    assertStringIncludes(mine.stderr, says);
    assertEquals(mine.code, (await real(args, { stdin: CONTENT.subarray(0, 1000) })).code);
  }
});

if (BACKENDS.includes("native")) {
  testInterop("--rsyncable keeps the bytes around a change, and zstd reads them", async (directory) => {
    const before = new Random(5).bytes(12_000_000);
    const after = join(before.subarray(0, 3_000_000), new Uint8Array([1, 2, 3]), before.subarray(3_000_000));
    await Deno.writeFile(`${directory}/before`, before);
    await Deno.writeFile(`${directory}/after`, after);
    const options = { cwd: directory };
    const made = await ours(["-q", "--rsyncable", "-B512K", "before", "after"], options);
    assertEquals(made.code, 0, made.stderr);
    const frames = [
      await Deno.readFile(`${directory}/before.zst`),
      await Deno.readFile(`${directory}/after.zst`),
    ];
    const same = sameTail(frames[0]!, frames[1]!);
    assert(same > frames[0]!.length / 2, `${same} of ${frames[0]!.length} bytes`);
    assertEquals((await real(["-dc", "after.zst"], options)).stdout, after);
    assertEquals((await real(["-qc", "--rsyncable", "-B512K", "after"], options)).code, 0);
    await real(["-q", "--rsyncable", "-B512K", "after", "-fo", "theirs.zst"], options);
    assertEquals((await ours(["-dc", "theirs.zst"], options)).stdout, after);
  });
}

/** How many bytes two frames have in common before their checksums. */
function sameTail(one: Uint8Array, other: Uint8Array): number {
  let count = 5;
  while (count < one.length && one.at(-count) === other.at(-count)) count++;
  return count - 5;
}

testInterop("--long works with windows above the default on both sides", async (directory) => {
  const far = new Random(9).bytes(200_000);
  const content = join(far, text(9_000_000), far);
  await Deno.writeFile(`${directory}/a`, content);
  const options = { cwd: directory };
  for (const [flag, limit] of [["--long", "-d"], ["--long=24", "-d"], ["--long=29", "--long=29"]]) {
    const stdin = { ...options, stdin: content };
    const made = await ours([flag!], stdin);
    assert(made.stdout.length < (await ours(["-c", "a"], options)).stdout.length - 150_000);
    assertEquals((await real(["-dc", limit!], { stdin: made.stdout })).stdout, content);
    const theirs = await real(["-c", flag!], stdin);
    assertEquals((await ours(["-dc", limit!], { stdin: theirs.stdout })).stdout, content);
  }
});

testCli("--rsyncable is refused where there are no threads", async () => {
  const { code, stderr } = await ours(["--backend=wasm", "--rsyncable"], { stdin: CONTENT });
  assertEquals(code, 11);
  assertStringIncludes(stderr, "error 11");
});
