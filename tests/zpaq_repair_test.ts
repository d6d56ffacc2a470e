/**
 * What is damaged is named with its place, and what no version needs is moved aside.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { sluice } from "./_cli.ts";
import { testInDirectory } from "./_directory.ts";

testInDirectory("zpaq check names places, and repairs what it can", async (cwd) => {
  const zpaq = (...args: string[]) => sluice(["zpaq", ...args], { cwd });
  await Deno.mkdir(`${cwd}/s`);
  await Deno.writeTextFile(`${cwd}/s/a`, "one\n");
  for (const key of [[], ["-key", "secret"]]) {
    const path = `${cwd}/p.zpaq`;
    assertEquals((await zpaq("a", "p.zpaq", "s", ...key)).code, 0);
    const whole = await Deno.readFile(path);
    assertEquals((await zpaq("check", "p.zpaq", ...key)).code, 0);
    await Deno.writeFile(path, new Uint8Array(500).fill(7), { append: true });
    const found = await zpaq("check", "p.zpaq", ...key);
    assertEquals(found.code, 2);
    assertStringIncludes(found.stderr, `p.zpaq: 500 bytes at ${whole.length} belong to no block`);
    const repaired = await zpaq("check", "p.zpaq", "--repair", ...key);
    assertEquals(repaired.code, 0, repaired.stderr);
    assertEquals(await Deno.readFile(path), whole);
    assertEquals((await Deno.readFile(`${path}.${whole.length}.aside`)).length, 500);
    // The same once more is kept under another name.
    await Deno.writeFile(path, new Uint8Array(400).fill(8), { append: true });
    assertEquals((await zpaq("check", "p.zpaq", "-repair", ...key)).code, 0);
    assertEquals((await Deno.readFile(`${path}.${whole.length}.2.aside`)).length, 400);
    assertEquals((await zpaq("t", "p.zpaq", ...key)).code, 0);
    for await (const { name, isFile } of Deno.readDir(cwd)) if (isFile) await Deno.remove(`${cwd}/${name}`);
  }
});

testInDirectory("zpaq check leaves alone what may be needed", async (cwd) => {
  const zpaq = (...args: string[]) => sluice(["zpaq", ...args], { cwd });
  await Deno.mkdir(`${cwd}/s`);
  for (const [i, name] of ["a", "b", "c"].entries()) {
    await Deno.writeTextFile(`${cwd}/s/${name}`, name);
    assertEquals((await zpaq("a", "m??.zpaq", "s", "-until", `202${i}0101`)).code, i < 1 ? 0 : 0);
  }
  // A part that was lost is no part that was moved aside.
  await Deno.rename(`${cwd}/m02.zpaq`, `${cwd}/elsewhere`);
  const gap = await zpaq("check", "m??.zpaq", "-repair");
  assertEquals(gap.code, 2);
  assertStringIncludes(gap.stderr, "part 2 is missing");
  assert(await Deno.stat(`${cwd}/m03.zpaq`).then(() => true));
  await Deno.rename(`${cwd}/elsewhere`, `${cwd}/m02.zpaq`);
  // Damage in the middle is named, and nothing is cut off.
  const bytes = await Deno.readFile(`${cwd}/m02.zpaq`);
  bytes[bytes.length - 60]! ^= 1;
  await Deno.writeFile(`${cwd}/m02.zpaq`, bytes);
  const damaged = await zpaq("check", "m??.zpaq", "-repair");
  assertEquals(damaged.code, 2);
  assertEquals(await Deno.readFile(`${cwd}/m02.zpaq`), bytes);
  assertEquals((await zpaq("check", "missing.zpaq")).code, 2);
});
