/**
 * Adding to an archive that is elsewhere, by its index alone: new parts and the index stay those of Debian's zpaq.
 */
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { SluiceError } from "@sluice/internal";
import { ZpaqBackup } from "@sluice/zpaq/backup";
import { run, sluice } from "./_cli.ts";
import type { Outcome } from "./_cli.ts";
import { testInDirectory } from "./_directory.ts";

const hasZpaq = await run("zpaq", [], {}).then(() => true, () => false);
if (!hasZpaq) console.log("SKIPPED: indexes with zpaq: it is not installed");

testInDirectory("zpaq a -index: parts that are elsewhere are added to, in turns with zpaq", async (cwd) => {
  const ok = ({ code, stderr }: Outcome): void => assertEquals(code, 0, stderr);
  const zpaq = (...args: string[]): Promise<Outcome> => sluice(["zpaq", ...args], { cwd });
  await Deno.mkdir(`${cwd}/s`);
  await Deno.mkdir(`${cwd}/elsewhere`);
  for (let part = 1; part <= 4; part++) {
    await Deno.writeTextFile(`${cwd}/s/f${part}`, `content ${part}`);
    await Deno.writeTextFile(`${cwd}/s/changes`, "longer ".repeat(part));
    const args = ["a", "r???", "s", "-index", "i.zpaq", "-m1"];
    ok(part % 2 === 0 && hasZpaq ? await run("zpaq", args, { cwd }) : await zpaq(...args, "-715"));
    await Deno.rename(`${cwd}/r00${part}.zpaq`, `${cwd}/elsewhere/r00${part}.zpaq`);
  }
  assertStringIncludes(new TextDecoder().decode((await zpaq("l", "i.zpaq")).stdout), "4 versions, 6 files");
  // The same index is made from the parts.
  ok(await zpaq("x", "elsewhere/r???.zpaq", "-index", "again.zpaq"));
  assertEquals(await Deno.readFile(`${cwd}/again.zpaq`), await Deno.readFile(`${cwd}/i.zpaq`));
  ok(await zpaq("t", "elsewhere/r???.zpaq"));
  ok(await zpaq("x", "elsewhere/r???.zpaq", "-to", "ours"));
  ok(await run("diff", ["-r", "s", "ours/s"], { cwd }));
  if (!hasZpaq) return;
  ok(await run("zpaq", ["x", "elsewhere/r???.zpaq", "-to", "theirs"], { cwd }));
  ok(await run("diff", ["-r", "s", "theirs/s"], { cwd }));
  // Nothing is new: no part, and the index stays.
  const before = await Deno.readFile(`${cwd}/i.zpaq`);
  ok(await zpaq("a", "r???", "s", "-index", "i.zpaq", "-715"));
  assertEquals(await Deno.readFile(`${cwd}/i.zpaq`), before);
  assertEquals([...Deno.readDirSync(cwd)].filter(({ name }) => name.startsWith("r0")), []);
});

testInDirectory("ZpaqBackup: what is no index, or a part that is there, is left as it is", async (cwd) => {
  await Deno.writeTextFile(`${cwd}/a`, "text");
  {
    using backup = await ZpaqBackup.open(`${cwd}/p.zpaq`);
    await backup.add(`${cwd}/a`);
  }
  const bytes = await Deno.readFile(`${cwd}/p.zpaq`);
  const refused = async (index: string, indexOf: string): Promise<string> => {
    using backup = await ZpaqBackup.open(index);
    return (await assertRejects(() => backup.add(`${cwd}/a`, { indexOf }), SluiceError)).code;
  };
  assertEquals(await refused(`${cwd}/p.zpaq`, `${cwd}/new.zpaq`), "UNSUPPORTED");
  assertEquals(await refused(`${cwd}/i.zpaq`, `${cwd}/p.zpaq`), "EXISTS");
  assertEquals(await Deno.readFile(`${cwd}/p.zpaq`), bytes);
  assertEquals([...Deno.readDirSync(cwd)].map(({ name }) => name).sort(), ["a", "p.zpaq"]);
  using backup = await ZpaqBackup.open(`${cwd}/i.zpaq`);
  await assertRejects(() => backup.add(`${cwd}/a`, { indexOf: `${cwd}/n`, rollBack: true }), TypeError);
});
