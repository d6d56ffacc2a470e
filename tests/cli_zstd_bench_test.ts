/**
 * `sluice zstd -b`: its lines beside those of the real tool.
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { BACKENDS } from "./_backends.ts";
import { ours, real, testCli, testInterop } from "./_cli.ts";
import { text } from "./_data.ts";

const LINE = /^( \d|\d\d|-\d+)#(.{17}) : {0,}\d+ -> {1,}\d+ \(x *\d+\.\d{3}\), +[\d.]+ MB\/s, +[\d.]+ MB\/s$/;

/** The last state of each line that a terminal would show. */
function finalLines(stdout: Uint8Array): string[] {
  return new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "");
}

async function makeFiles(directory: string): Promise<void> {
  await Deno.writeFile(`${directory}/a`, text(300_000));
  await Deno.writeFile(`${directory}/b`, text(200_000, 2));
}

for (const backend of BACKENDS) {
  testCli(`-b measures levels and prints a line for each [${backend}]`, async (directory) => {
    await makeFiles(directory);
    const { code, stdout, stderr } = await ours(
      [`--backend=${backend}`, "-b1", "-e3", "-i0", "a", "b"],
      { cwd: directory },
    );
    assertEquals(code, 0, stderr);
    const lines = finalLines(stdout);
    assertEquals(lines.map((line) => line.slice(0, 2)), [" 1", " 2", " 3"]);
    for (const line of lines) {
      assertMatch(line, LINE);
      assertStringIncludes(line, "# 2 files          :    500000 -> ");
    }
  });
}

testInterop("-b prints lines of the real tool's form", async (directory) => {
  await makeFiles(directory);
  const columns = (line: string): string => line.replace(/ -> .*/, "");
  for (
    const args of [["-b3", "a"], ["-b", "--fast=2", "a"], ["-b5", "-e2", "-B64K", "a"], ["-b1", "a", "b"]]
  ) {
    const mine = finalLines((await ours([...args, "-i0"], { cwd: directory })).stdout);
    // The real tool writes a line over itself, and the level over its start at last.
    const shown = finalLines((await real([...args, "-i0"], { cwd: directory })).stdout)
      .map((line) => {
        const parts = line.split("\r");
        return parts.at(-1)! + parts.at(-2)!.slice(parts.at(-1)!.length);
      });
    assertEquals(mine.map(columns), shown.map(columns), args.join(" "));
  }
  const terse = finalLines((await ours(["-qb1", "-i0", "a"], { cwd: directory })).stdout);
  assertMatch(terse[0]!, /^bench \S+ : input 300000 bytes, 0 seconds, 0 KB blocks$/);
  assertMatch(terse[1]!, /^-1 {6,}\d+ \(\d\.\d{3}\) +[\d.]+ MB\/s +[\d.]+ MB\/s {2}a$/);
});

testCli("-b takes dictionaries, blocks, compressed files and nothing at all", async (directory) => {
  await makeFiles(directory);
  const options = { cwd: directory };
  const sizeOf = async (...args: string[]): Promise<number> => {
    const { code, stdout, stderr } = await ours([...args, "-i0"], options);
    assertEquals(code, 0, stderr);
    return Number(/-> +(\d+)/.exec(finalLines(stdout)[0]!)![1]);
  };
  const whole = await sizeOf("-b3", "a");
  assert(await sizeOf("-b3", "-B4K", "a") > whole);
  assert(await sizeOf("-b3", "-B4K", "-D", "b", "a") < await sizeOf("-b3", "-B4K", "a"));
  await ours(["-q", "a"], options);
  assertEquals(await sizeOf("-b3", "-d", "a.zst"), whole);
  assertStringIncludes(
    finalLines((await ours(["-b1", "-i0"], { stdin: new Uint8Array() })).stdout)[0]!,
    "Synthetic",
  );
  assertEquals(finalLines((await ours(["-b1", "-i0", "-S", "a", "b"], options)).stdout).length, 2);
  assertEquals((await ours(["-b1", "missing"], options)).code, 1);
});
