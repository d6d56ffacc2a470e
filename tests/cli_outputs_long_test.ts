/**
 * Every command that writes, killed at random moments, and stopped by a limit of file size: the target is what it was or
 * the complete output. Archives that are updated in place keep every version that they had. It prints its counts.
 */
import { assert, assertEquals } from "@std/assert";
import { run, sluice, sluiceArguments } from "./_cli.ts";
import { Random } from "./_data.ts";
import { inDirectory, testInDirectory } from "./_directory.ts";
import { bytesAt, leftovers, makeFixture, WRITING_COMMANDS } from "./_outputs.ts";

const KILLS = Deno.env.get("SLUICE_LONG") === "1" ? 40 : 3;
/** Longer than a run takes. */
const MOMENTS_MS = 250;

async function killAfter(
  args: readonly string[],
  cwd: string,
  ms: number,
  signal: Deno.Signal,
): Promise<number> {
  const child = new Deno.Command(Deno.execPath(), {
    args: sluiceArguments(args),
    cwd,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const timer = setTimeout(() => {
    try {
      child.kill(signal);
    } catch { /* it has ended */ }
  }, ms);
  const { code } = await child.status;
  clearTimeout(timer);
  return code;
}

Deno.test("a killed command leaves its target as it was, or complete", async () => {
  const random = new Random(Random.seed(5));
  let count = 0;
  let replaced = 0;
  for (const command of WRITING_COMMANDS) {
    await inDirectory(async (folder) => {
      const fixture = await makeFixture(folder, 3_000_000);
      const output = fixture.path("output");
      const args = command.args(fixture.path(command.input), output, true, fixture);
      assertEquals((await sluice(args, { cwd: folder })).code, 0, args.join(" "));
      const complete = (await Deno.stat(output)).size;
      for (let i = 0; i < KILLS; i++) {
        await Deno.writeTextFile(output, "precious");
        const signal = i % 3 === 2 ? "SIGTERM" : "SIGKILL";
        const code = await killAfter(args, folder, 40 + random.below(MOMENTS_MS), signal);
        const { size } = await Deno.stat(output);
        const kept = await Deno.readTextFile(output) === "precious";
        assert(kept || size === complete, `${args.join(" ")}: ${size} bytes, expected 8 or ${complete}`);
        if (code === 0) assert(!kept, `${args.join(" ")} ended with 0 and wrote nothing`);
        // A download keeps its place; its lock is one that the next run takes over.
        for (const suffix of ["s4ck", "s4part", "s4lock"]) {
          await Deno.remove(`${output}.${suffix}`).catch(() => {});
        }
        if (signal === "SIGTERM") assertEquals(leftovers(folder), []);
        for (const name of leftovers(folder)) await Deno.remove(`${folder}/${name}`);
        if (!kept) replaced++;
        count++;
      }
    });
  }
  console.log(`kills: ${count} of ${WRITING_COMMANDS.length} commands, ${replaced} complete, 0 failed`);
});

testInDirectory(
  "zpaq a keeps every version when it is killed, or stopped by a limit of file size",
  async (cwd) => {
    const random = new Random(Random.seed(6));
    await Deno.mkdir(`${cwd}/s`);
    await Deno.writeTextFile(`${cwd}/s/a`, "first");
    assertEquals((await sluice(["zpaq", "a", "p.zpaq", "s"], { cwd })).code, 0);
    const first = await Deno.readFile(`${cwd}/p.zpaq`);
    await Deno.writeFile(`${cwd}/s/b`, random.bytes(8_000_000));
    let interrupted = 0;
    for (let i = 0; i < 3 * KILLS; i++) {
      // Rolling back is staged beside the archive, adding is done in place.
      const rollBack = i % 2 === 1;
      await Deno.writeFile(`${cwd}/p.zpaq`, first);
      const args = ["zpaq", "a", "p.zpaq", "s", "-m0", ...rollBack ? ["-until", "1"] : []];
      await killAfter(args, cwd, 60 + random.below(MOMENTS_MS), "SIGKILL");
      const archive = await Deno.readFile(`${cwd}/p.zpaq`);
      assertEquals(archive.subarray(0, first.length), first);
      const listed = await sluice(["zpaq", "l", "p.zpaq"], { cwd });
      assert(listed.code === 0 || listed.stderr.includes("interrupted"), listed.stderr);
      assert(new TextDecoder().decode(listed.stdout).includes("s/a"));
      if (listed.code !== 0) interrupted++;
      const again = await sluice(["zpaq", "a", "p.zpaq", "s", "-m0"], { cwd });
      assertEquals(again.code, listed.code === 0 ? 0 : 1, again.stderr);
      assertEquals((await sluice(["zpaq", "t", "p.zpaq"], { cwd })).code, 0);
      for (const name of leftovers(cwd)) await Deno.remove(`${cwd}/${name}`);
    }
    await Deno.writeFile(`${cwd}/p.zpaq`, first);
    const limited = await run("bash", [
      "-c",
      `trap '' XFSZ; ulimit -f 2000; exec "$0" "$@"`,
      Deno.execPath(),
      ...sluiceArguments(["zpaq", "a", "p.zpaq", "s", "-m0"]),
    ], { cwd });
    assert(limited.code !== 0);
    assertEquals(await bytesAt(`${cwd}/p.zpaq`).then((text) => text?.split(" ")[0]), `${first.length}`);
    console.log(`zpaq a: ${3 * KILLS} kills, ${interrupted} interrupted updates, one full file, 0 failed`);
  },
);
