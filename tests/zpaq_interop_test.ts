/**
 * Our archives read by Debian's zpaq and its archives read by us, and the command line on files.
 */
import { assert, assertEquals } from "@std/assert";
import { decompressZpaq } from "@sluice/zpaq";
import { BACKENDS } from "./_backends.ts";
import { run, sluice } from "./_cli.ts";
import type { Outcome } from "./_cli.ts";
import { CORPORA, vector } from "./_zpaq_data.ts";

const ignore = !await new Deno.Command("zpaq", { stdout: "null", stderr: "null" }).output().then(
  () => true,
  () => false,
);
if (ignore) console.log("SKIPPED: interop with zpaq: it is not installed");

/** A folder with files of all kinds; removed at the end. */
async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${folder}/src/small`, { recursive: true });
    for (const [name, bytes] of Object.entries(CORPORA)) {
      await Deno.writeFile(`${folder}/src/${name}.bin`, bytes);
    }
    await Deno.writeFile(`${folder}/src/empty`, new Uint8Array());
    for (let i = 0; i < 50; i++) {
      await Deno.writeTextFile(`${folder}/src/small/${i}.txt`, `file ${i} `.repeat(i));
    }
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function same(left: string, right: string): Promise<void> {
  const { code, stdout } = await run("diff", ["-r", left, right]);
  assertEquals(new TextDecoder().decode(stdout), "");
  assertEquals(code, 0);
}

function ok(outcome: Outcome): void {
  assertEquals(outcome.code, 0, outcome.stderr);
}

Deno.test({
  name: "sluice zpaq writes what zpaq extracts, at every level, and the same bytes",
  ignore,
  fn: () =>
    inFolder(async (cwd) => {
      for (const level of ["0", "1", "2", "3", "4", "5"]) {
        const until = ["-until", "20300101000000"];
        ok(await sluice(["zpaq", "a", `o${level}.zpaq`, "src", `-m${level}`, "-715", ...until], { cwd }));
        ok(await run("zpaq", ["x", `o${level}.zpaq`, "-to", `x${level}`], { cwd }));
        await same(`${cwd}/src`, `${cwd}/x${level}/src`);
        ok(
          await run("zpaq", ["a", `z${level}.zpaq`, "src", `-m${level}`, "-t1", ...until], {
            cwd,
            env: { TZ: "UTC" },
          }),
        );
        await same(`${cwd}/o${level}.zpaq`, `${cwd}/z${level}.zpaq`);
      }
    }),
});

Deno.test({
  name: "sluice zpaq reads what zpaq writes: versions, deletions, encryption, streaming archives",
  ignore,
  fn: () =>
    inFolder(async (cwd) => {
      ok(await run("zpaq", ["a", "z.zpaq", "src", "-m3"], { cwd }));
      await Deno.rename(`${cwd}/src`, `${cwd}/first`);
      await Deno.mkdir(`${cwd}/src`);
      await Deno.writeTextFile(`${cwd}/src/new`, "new");
      ok(await run("zpaq", ["a", "z.zpaq", "src", "-m1"], { cwd }));
      ok(await sluice(["zpaq", "x", "z.zpaq", "-to", "b"], { cwd }));
      await same(`${cwd}/src`, `${cwd}/b/src`);
      ok(await sluice(["zpaq", "x", "z.zpaq", "-until", "1", "-to", "a", "-threads", "2"], { cwd }));
      await same(`${cwd}/first`, `${cwd}/a/src`);
      ok(await run("zpaq", ["a", "k.zpaq", "src", "-key", "secret"], { cwd }));
      ok(await sluice(["zpaq", "x", "k.zpaq", "-key", "secret", "-to", "k"], { cwd }));
      await same(`${cwd}/src`, `${cwd}/k/src`);
      assertEquals((await sluice(["zpaq", "l", "k.zpaq", "-key", "wrong"], { cwd })).code, 2);
      ok(await sluice(["zpaq", "a", "o.zpaq", "first", "-key", "secret"], { cwd }));
      ok(await sluice(["zpaq", "a", "o.zpaq", "src", "-key", "secret"], { cwd }));
      ok(await run("zpaq", ["x", "o.zpaq", "-key", "secret", "-to", "ok"], { cwd }));
      await same(`${cwd}/first`, `${cwd}/ok/first`);
      await same(`${cwd}/src`, `${cwd}/ok/src`);
      for (const [folder, until] of [["first", ["-until", "1"]], ["src", []]] as const) {
        const to = `older${until.length}`;
        ok(await run("zpaq", ["x", "o.zpaq", folder, "-key", "secret", ...until, "-to", to], { cwd }));
        await same(`${cwd}/${folder}`, `${cwd}/${to}`);
      }
      ok(await run("zpaq", ["a", "s.zpaq", "first/text.bin", "-ms4,0ci1"], { cwd }));
      ok(await sluice(["zpaq", "x", "s.zpaq", "-to", "s"], { cwd }));
      await same(`${cwd}/first/text.bin`, `${cwd}/s/first/text.bin`);
    }),
});

Deno.test({
  name: "methods of one's own give the same bytes, with every component that a method can name",
  ignore,
  fn: () =>
    inFolder(async (cwd) => {
      // CM and ICM by "c" and "w", ISSE by "i" and "w", MATCH, MIX, SSE and MIX2 in their order.
      const methods = [
        "x1,0w2c0,1010,255i1c256ci1,1,2am16s19t0",
        "x0,0c3,1010,255,1300,127m10s16t0",
        "x0,7ci1",
      ];
      const until = ["-until", "20300101000000"];
      for (const [i, method] of methods.entries()) {
        ok(await sluice(["zpaq", "a", `o${i}.zpaq`, "src", "-method", method, "-715", ...until], { cwd }));
        const theirs = ["a", `z${i}.zpaq`, "src", "-method", method, "-t1", ...until];
        ok(await run("zpaq", theirs, { cwd, env: { TZ: "UTC" } }));
        await same(`${cwd}/o${i}.zpaq`, `${cwd}/z${i}.zpaq`);
        ok(await sluice(["zpaq", "x", `z${i}.zpaq`, "-to", `x${i}`], { cwd }));
        await same(`${cwd}/src`, `${cwd}/x${i}/src`);
        const archive = await Deno.readFile(`${cwd}/z${i}.zpaq`);
        for (const backend of BACKENDS) {
          const compiled = decompressZpaq(archive, { backend, compilePrograms: "always" });
          assertEquals(compiled, decompressZpaq(archive, { backend, compilePrograms: "never" }));
        }
      }
    }),
});

Deno.test({
  name: "a config of all components goes both ways, with its programs",
  ignore,
  fn: () =>
    inFolder(async (cwd) => {
      const { header } = vector("all9");
      await Deno.writeFile(`${cwd}/all9.bin`, header);
      const listing = await sluice(["zpaq", "disasm", "all9.bin"], { cwd });
      await Deno.writeFile(`${cwd}/all9.cfg`, listing.stdout);
      const assembled = await sluice(["zpaq", "asm", "all9.cfg"], { cwd });
      assertEquals(new TextDecoder().decode(assembled.stdout).trim(), header.toHex());
      ok(await sluice(["zpaq", "c", "all9.cfg", "c.zpaq", "src/text.bin"], { cwd }));
      ok(await run("zpaq", ["x", "c.zpaq", "-to", "x"], { cwd }));
      await same(`${cwd}/src/text.bin`, `${cwd}/x/src/text.bin`);
      ok(await sluice(["zpaq", "d", "c.zpaq", "out"], { cwd }));
      await same(`${cwd}/src/text.bin`, `${cwd}/out`);
      const trace = await sluice(["zpaq", "trace", "all9.cfg", "h", "97"], { cwd });
      assert(new TextDecoder().decode(trace.stdout).includes("halt"));
    }),
});

Deno.test({
  name: "what sluice zpaq repacks and indexes, zpaq extracts and lists",
  ignore,
  fn: () =>
    inFolder(async (cwd) => {
      ok(await run("zpaq", ["a", "z.zpaq", "src", "-m1", "-method", "x0,0"], { cwd }));
      await Deno.remove(`${cwd}/src/rnd.bin`);
      ok(await run("zpaq", ["a", "z.zpaq", "src"], { cwd }));
      ok(await sluice(["zpaq", "x", "z.zpaq", "-repack", "r.zpaq"], { cwd }));
      ok(await sluice(["zpaq", "x", "z.zpaq", "-repack", "k.zpaq", "secret"], { cwd }));
      assertEquals((await sluice(["zpaq", "x", "z.zpaq", "-repack", "r.zpaq"], { cwd })).code, 2);
      assert((await Deno.stat(`${cwd}/r.zpaq`)).size < (await Deno.stat(`${cwd}/z.zpaq`)).size);
      ok(await run("zpaq", ["x", "r.zpaq", "-to", "r"], { cwd }));
      ok(await run("zpaq", ["x", "k.zpaq", "-key", "secret", "-to", "k"], { cwd }));
      await same(`${cwd}/src`, `${cwd}/r/src`);
      await same(`${cwd}/src`, `${cwd}/k/src`);
      ok(await sluice(["zpaq", "x", "z.zpaq", "-index", "i.zpaq"], { cwd }));
      ok(await run("zpaq", ["x", "z.zpaq", "-index", "theirs.zpaq"], { cwd }));
      await same(`${cwd}/theirs.zpaq`, `${cwd}/i.zpaq`);
      const { stdout } = await sluice(["zpaq", "l", "i.zpaq"], { cwd });
      assert(new TextDecoder().decode(stdout).includes("src/text.bin"));
    }),
});

Deno.test("sluice zpaq writes nothing outside of the folder", async () => {
  const { createZpaqArchive } = await import("@sluice/zpaq");
  await inFolder(async (cwd) => {
    const body = new TextEncoder().encode("evil");
    const names = ["../up", "/tmp/absolute-zpaq-test", "a/../../b", "link/inside", "good"];
    const archive = await createZpaqArchive(names.map((name) => ({ name, body, size: 4 })));
    await Deno.mkdir(`${cwd}/to`);
    await Deno.mkdir(`${cwd}/elsewhere`);
    await Deno.symlink(`${cwd}/elsewhere`, `${cwd}/to/link`);
    await Deno.writeFile(`${cwd}/evil.zpaq`, archive);
    const { code, stderr } = await sluice(["zpaq", "x", "evil.zpaq", "-to", "to"], { cwd });
    assertEquals(code, 2, stderr);
    assertEquals((await Array.fromAsync(Deno.readDir(`${cwd}/to`))).map(({ name }) => name).sort(), [
      "good",
      "link",
      "tmp",
    ]);
    assertEquals((await Array.fromAsync(Deno.readDir(`${cwd}/elsewhere`))).length, 0);
    const test = await sluice(["zpaq", "t", "evil.zpaq", "good"], { cwd });
    assertEquals(test.code, 0, test.stderr);
  });
});

Deno.test("sluice zpaq changes the password of an archive", async () => {
  await inFolder(async (cwd) => {
    ok(await sluice(["zpaq", "a", "plain.zpaq", "src"], { cwd }));
    ok(await sluice(["zpaq", "e", "", "one", "plain.zpaq", "one.zpaq"], { cwd }));
    ok(await sluice(["zpaq", "e", "one", "two", "one.zpaq", "two.zpaq"], { cwd }));
    ok(await sluice(["zpaq", "e", "two", "", "two.zpaq", "again.zpaq"], { cwd }));
    assertEquals((await sluice(["zpaq", "e", "one", "", "two.zpaq", "wrong.zpaq"], { cwd })).code, 2);
    ok(await sluice(["zpaq", "t", "two.zpaq", "-key", "two"], { cwd }));
    if (!ignore) ok(await run("zpaq", ["x", "two.zpaq", "-key", "two", "-to", "x"], { cwd }));
    ok(await run("cmp", ["plain.zpaq", "again.zpaq"], { cwd }));
  });
});

Deno.test("sluice zpaq keeps several parts, patterns and deletions", async () => {
  await inFolder(async (cwd) => {
    ok(await sluice(["zpaq", "a", "p??.zpaq", "src", "-not", "*.bin"], { cwd }));
    await Deno.remove(`${cwd}/src/small/1.txt`);
    ok(await sluice(["zpaq", "a", "p??.zpaq", "src", "-not", "*.bin"], { cwd }));
    assert((await Deno.stat(`${cwd}/p02.zpaq`)).isFile);
    const { stdout } = await sluice(["zpaq", "l", "p??.zpaq", "-only", "*/1?.txt"], { cwd });
    assertEquals(new TextDecoder().decode(stdout).match(/small\/1\d\.txt/g)?.length, 10);
    const all = await sluice(["zpaq", "l", "p??.zpaq"], { cwd });
    assert(!new TextDecoder().decode(all.stdout).includes("small/1.txt"));
  });
});
