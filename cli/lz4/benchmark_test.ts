/**
 * `sluice lz4 -b`: its lines beside those of the lz4 tool.
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { compressLz4Block } from "@sluice/lz4";
import { run, sluice } from "../../tests/_cli.ts";
import { Random, text } from "../../tests/_data.ts";
import { inDirectory } from "../../tests/_directory.ts";

const LINE = /^( \d|\d\d)#.{17} : {1,}\d+ -> {1,}\d+ \(\d+\.\d{3}\), *[\d.]+ MB\/s , *[\d.]+ MB\/s$/;
const FILES = { a: text(300_000), b: new Random(2).bytes(5000) };

async function lines(folder: string, ...args: string[]): Promise<string[]> {
  const { code, stderr } = await sluice(["lz4", ...args], { cwd: folder });
  assertEquals(code, 0, stderr);
  return stderr.trimEnd().split("\n");
}

async function withFiles(use: (folder: string) => Promise<void>): Promise<void> {
  await inDirectory(async (folder) => {
    for (const [name, bytes] of Object.entries(FILES)) await Deno.writeFile(`${folder}/${name}`, bytes);
    await use(folder);
  });
}

Deno.test("sluice lz4 -b measures levels and prints the sizes of blocks", () =>
  withFiles(async (folder) => {
    const found = await lines(folder, "-b1e3", "-i0", "a", "b");
    for (const [i, line] of found.entries()) {
      assertMatch(line, LINE);
      assertEquals(line.slice(0, 3), ` ${i + 1}#`);
      const size = Object.values(FILES).reduce((sum, bytes) => {
        return sum + compressLz4Block(bytes, { level: i + 1 }).length;
      }, 0);
      assertStringIncludes(line, ` 2 files          :    305000 -> ${`${size}`.padStart(10)} (`);
    }
    assertEquals(found.length, 3);
    assertEquals((await lines(folder, "-b3", "-e1", "-i0", "a")).length, 1);
    assertStringIncludes((await lines(folder, "-b", "-9", "-i0", "a"))[0]!, " 9#a ");
    const started = performance.now();
    await lines(folder, "-b1", "-i1", "b");
    assert(performance.now() - started >= 2000); // a second in each direction
    for (const args of [["-e3", "a"], ["-i1", "a"], ["-b", "-BX", "a"], ["-b", "-c", "a"], ["-b"]]) {
      assertEquals(
        (await sluice(["lz4", ...args], { cwd: folder, stdin: new Uint8Array() })).code,
        1,
        args.join(" "),
      );
    }
    await Deno.writeFile(`${folder}/empty`, new Uint8Array());
    assertEquals((await sluice(["lz4", "-b", "-i0", "empty"], { cwd: folder })).code, 12);
    assertEquals([...Deno.readDirSync(folder)].length, 3);
  }));

const HAS_TOOL = await run("lz4", ["-V"]).then(({ code }) => code === 0, () => false);

Deno.test({
  name: "sluice lz4 -b prints lines of the tool's form, with its sizes",
  ignore: !HAS_TOOL,
  fn: () =>
    withFiles(async (folder) => {
      const untimed = (line: string): string => line.replace(/[\d.]+ MB\/s/g, "").replaceAll(" ", "");
      for (const args of [["-b1", "a"], ["-b", "-e1", "a", "b"]]) {
        const { stderr } = await run("lz4", [...args, "-i0"], { cwd: folder });
        // The tool writes a line over itself, and the level over its start at last.
        const shown = stderr.split("\n").filter((line) => line.includes("#")).map((line) => {
          const parts = line.split("\r").filter((part) => part.trim() !== "");
          return parts.at(-1)! + parts.at(-2)!.slice(parts.at(-1)!.length);
        });
        assertEquals((await lines(folder, ...args, "-i0")).map(untimed), shown.map(untimed), args.join(" "));
      }
      const terse = await lines(folder, "-qb1", "-i0", "a");
      assertMatch(terse[0]!, /^bench \S+ : input 300000 bytes, 0 seconds, 0 KB blocks$/);
      assertMatch(terse[1]!, /^-1 {6,}\d+ \(\d\.\d{3}\) +[\d.]+ MB\/s +[\d.]+ MB\/s {2}a$/);
    }),
});
