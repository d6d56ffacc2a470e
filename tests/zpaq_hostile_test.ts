/**
 * What hostile archives cost, and how the command line ends on them.
 */
import { assert, assertEquals } from "@std/assert";
import { concatBytes } from "@sluice/internal";
import { testBackends } from "./_backends.ts";
import { run, sluice } from "./_cli.ts";
import { testInDirectory } from "./_directory.ts";
import { GOOD, HOSTILE } from "./_zpaq_hostile.ts";

const MILLISECONDS_MAX = 2000;
const KIB_MAX = 200 << 10;
const CLI_CODES = ["LEVEL", "HEADER", "MEMORY_LIMIT", "BAD_OPCODE", "POST_TYPE", "CHECKSUM", "MARK"];

testBackends("every hostile block is refused within two seconds and 200 MB", async (backend) => {
  const script = new URL("_zpaq_hostile_run.ts", import.meta.url).pathname;
  const { code, stdout, stderr } = await run(Deno.execPath(), ["run", "-A", "--no-check", script, backend]);
  assertEquals(code, 0, stderr);
  const { slowest, peak } = JSON.parse(new TextDecoder().decode(stdout));
  console.log(`hostile blocks, ${backend}: at most ${slowest.toFixed(0)} ms, ${peak >> 10} MiB`);
  assert(slowest < MILLISECONDS_MAX, `${slowest} ms`);
  assert(peak < KIB_MAX, `${peak} KiB`);
});

testInDirectory(
  "sluice zpaq d fails on damage, and with -force gives the good block after it",
  async (cwd) => {
    for (const wanted of CLI_CODES) {
      const { name, input } = HOSTILE.find(({ code }) => code === wanted)!;
      await Deno.writeFile(`${cwd}/bad.zpaq`, concatBytes([input, GOOD]));
      assertEquals((await sluice(["zpaq", "d", "bad.zpaq", "out"], { cwd })).code, 2, name);
      assertEquals(await Array.fromAsync(Deno.readDir(cwd), (entry) => entry.name), ["bad.zpaq"]);
      assertEquals((await sluice(["zpaq", "d", "-force", "bad.zpaq", "out"], { cwd })).code, 2, name);
      assert((await Deno.readTextFile(`${cwd}/out`)).endsWith("good"), name);
      await Deno.remove(`${cwd}/out`);
    }
  },
);
