/**
 * Listings of blocks: by the library on both backends, and as a command.
 */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  assembleZpaq,
  compressZpaq,
  compressZpaqConfig,
  createZpaqArchive,
  listZpaqBlocks,
} from "@sluice/zpaq";
import type { ZpaqBlockFacts } from "@sluice/zpaq";
import { concatBytes } from "@sluice/internal";
import { testBackends } from "./_backends.ts";
import { sluice } from "./_cli.ts";
import type { Outcome } from "./_cli.ts";
import { Random } from "./_data.ts";
import { testInDirectory } from "./_directory.ts";

/** Where in a block with its tag the size of the second component stands. */
const ISSE_SIZE_AT = 28;

const text = (value: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(value);

const listed = async (bytes: Uint8Array<ArrayBuffer>): Promise<ZpaqBlockFacts[]> =>
  await Array.fromAsync(listZpaqBlocks(bytes));

testBackends("every byte of an archive belongs to a block that is listed", async () => {
  const random = new Random(31);
  const files = ["a", "b"].map((name) => ({ name, body: random.bytes(700_000), size: 700_000 }));
  for (const method of ["00", "10", "3", "5"]) {
    const bytes = await createZpaqArchive(files, { method });
    const blocks = await listed(bytes);
    let end = 0;
    for (const { offset, size } of blocks) {
      assertEquals(offset, end);
      end += size;
    }
    assertEquals(end, bytes.length);
    const kinds = blocks.map(({ segments }) => segments[0]!.name[17]).join("");
    assert(/^cd+h+i$/.test(kinds), kinds);
  }
});

testBackends("models and segments are those that were written", async () => {
  const program = assembleZpaq("comp 3 4 0 0 2 0 icm 5 1 isse 5 0 hcomp d= 1 hash *d=a halt end");
  const segments = [
    { body: text("one"), filename: "first\x1b", comment: "3 note" },
    { body: text("three"), filename: "", comment: "" },
  ];
  const block = compressZpaqConfig(program, segments);
  block[ISSE_SIZE_AT] = 30;
  const bytes = concatBytes([block, compressZpaqConfig(program, segments, { contentChecksum: false })]);
  const [first, second] = await listed(bytes);
  assertEquals(first!.header.components, [
    { name: "icm", arguments: [5] },
    { name: "isse", arguments: [30, 0] },
  ]);
  assertEquals([first!.header.hh, first!.header.hm, first!.level], [3, 4, 1]);
  // More than what decoding would allow.
  assert(first!.header.memoryUsage > 2 ** 36);
  assertEquals(first!.segments.map(({ name, comment }) => [name, comment]), [["first\x1b", "3 note"], [
    "",
    "",
  ]]);
  const sha1 = new Uint8Array(await crypto.subtle.digest("SHA-1", text("one"))).toHex();
  assertEquals(first!.segments[0]!.sha1, sha1);
  assertEquals(second!.segments.map(({ sha1 }) => sha1), [undefined, undefined]);
});

testBackends("damaged blocks and bytes between blocks are named, and the rest is listed", async () => {
  const one = compressZpaq(text("one"), { method: "3" });
  const broken = one.slice();
  broken[16] = 9; // the level
  const junk = text("no block");
  const bytes = concatBytes([one, junk, one, broken, one]);
  const damages: string[] = [];
  const ranges: { offset: number; size: number }[] = [];
  const options = {
    onDamage: (error: Error): void => void damages.push(error.message),
    onJunk: (range: { offset: number; size: number }): void => void ranges.push(range),
  };
  const blocks = await Array.fromAsync(listZpaqBlocks(bytes, options));
  assertEquals(blocks.map(({ offset }) => offset), [
    0,
    one.length + junk.length,
    3 * one.length + junk.length,
  ]);
  assertEquals(damages.length, 1);
  assertStringIncludes(damages[0]!, "level 9");
  assertEquals(ranges[0], { offset: one.length, size: junk.length });
  await assertRejects(() => listed(bytes), Error, "level 9");
  assertEquals(await listed(text("nothing of it is a block")), []);
});

const textOf = ({ stdout }: Outcome): string => new TextDecoder().decode(stdout);

testInDirectory("zpaq blocks: text and JSON, of encrypted archives and of parts", async (cwd) => {
  const zpaq = (...args: string[]): Promise<Outcome> => sluice(["zpaq", ...args], { cwd });
  await Deno.writeTextFile(`${cwd}/a.txt`, "text\n".repeat(1000));
  for (const args of [["k.zpaq", "-key", "x"], ["p??.zpaq"], ["p??.zpaq", "-force"]]) {
    const [archive, ...options] = args;
    assertEquals((await zpaq("a", archive!, "a.txt", ...options)).code, 0);
    await Deno.writeTextFile(`${cwd}/a.txt`, "more\n".repeat(1000), { append: true });
  }
  const plain = await zpaq("blocks", "p??.zpaq");
  assertEquals(plain.code, 0, plain.stderr);
  assertStringIncludes(textOf(plain), "8 blocks, 8 segments, at most ");
  const json = await zpaq("blocks", "k.zpaq", "-key", "x", "-json");
  const blocks = textOf(json).trimEnd().split("\n").map((line) => JSON.parse(line) as ZpaqBlockFacts);
  const size = blocks.reduce((sum, block) => sum + block.size, 0);
  assertEquals(size + 32, (await Deno.stat(`${cwd}/k.zpaq`)).size);
  assertEquals((await zpaq("blocks", "k.zpaq", "-key", "y")).code, 2);
  assertEquals((await zpaq("blocks", "a.txt")).code, 2);
  assertEquals((await zpaq("blocks", "p??.zpaq", "more")).code, 1);
  await Deno.writeTextFile(`${cwd}/p02.zpaq`, "junk", { append: true });
  const junk = await zpaq("blocks", "p??.zpaq");
  assertEquals(junk.code, 2);
  assertStringIncludes(junk.stderr, "4 bytes at ");
  assertStringIncludes(textOf(junk), "8 blocks");
});
