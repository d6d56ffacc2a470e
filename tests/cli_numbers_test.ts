/**
 * Numbers of command lines that no option can mean are errors, never something smaller.
 */
import { assert, assertEquals } from "@std/assert";
import { sluice } from "./_cli.ts";
import { testInDirectory } from "./_directory.ts";

const HUGE = ["5000000000", "99999999999999999999", "1e9"];

/** Options that take a number, by the arguments before it. */
const OPTIONS: readonly (readonly [args: readonly string[], option: string])[] = [
  [["zstd"], "-"],
  [["zstd"], "--fast="],
  [["zstd"], "-T"],
  [["zstd"], "--threads="],
  [["zstd"], "--long="],
  [["zstd"], "-B"],
  [["zstd"], "--zstd=wlog="],
  [["zstd", "-d"], "--memory="],
  [["zstd", "-d"], "-M"],
  [["zstd", "--train"], "--maxdict="],
  [["zstd", "--train"], "--dictID="],
  [["lz4"], "-"],
  [["lz4"], "--fast="],
  [["lz4"], "-T"],
  [["lz4"], "-B"],
  [["zpaq", "a", "new.zpaq"], "-fragment "],
  [["zpaq", "a", "new.zpaq"], "-threads "],
  [["gitdb", "repack"], "--window="],
];

testInDirectory("numbers that overflow are errors, and write nothing", async (cwd) => {
  await Deno.writeTextFile(`${cwd}/file`, "content");
  let count = 0;
  for (const [args, option] of OPTIONS) {
    for (const number of HUGE) {
      // "-1e9" is level 1 and the options e and 9.
      if (option === "-" && number === "1e9") continue;
      const words = `${option}${number}`.split(" ");
      const outcome = await sluice([...args, ...words, "file"], { cwd });
      assert(outcome.code !== 0, `${args.join(" ")} ${words.join(" ")} ended with 0`);
      assert(outcome.stderr !== "");
      assertEquals([...Deno.readDirSync(cwd)].map(({ name }) => name), ["file"]);
      count++;
    }
  }
  console.log(`numbers: ${count} command lines, 0 failed`);
});
