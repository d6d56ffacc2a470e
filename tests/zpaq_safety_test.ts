/**
 * What a backup tool must never do: each case on archives that Debian's zpaq made, where it is installed, or our own.
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { backendInfo } from "@sluice/ffi";
import { run, sluice } from "./_cli.ts";
import type { Outcome } from "./_cli.ts";
import { testInDirectory } from "./_directory.ts";
import { bytesAt, leftovers } from "./_outputs.ts";

const decoder = new TextDecoder();

/** `sluice zpaq` in a folder. */
interface Box {
  readonly cwd: string;
  zpaq(...args: string[]): Promise<Outcome & { readonly text: string }>;
  write(name: string, content: string): Promise<void>;
  has(name: string): Promise<boolean>;
}

function testBox(name: string, work: (box: Box) => Promise<void>): void {
  testInDirectory(`zpaq safety: ${name}`, async (cwd) => {
    const box: Box = {
      cwd,
      async zpaq(...args) {
        const outcome = await sluice(["zpaq", ...args], { cwd });
        return { ...outcome, text: decoder.decode(outcome.stdout) };
      },
      write: (file, content) => Deno.writeTextFile(`${cwd}/${file}`, content),
      has: (file) => Deno.lstat(`${cwd}/${file}`).then(() => true, () => false),
    };
    await Deno.mkdir(`${cwd}/s`);
    await box.write("s/a", "one\n");
    await box.write("s/b", "two\n");
    await work(box);
    assertEquals(leftovers(cwd), []);
  });
}

function ok(outcome: Outcome): void {
  assertEquals(outcome.code, 0, outcome.stderr);
}

/** Runs `a` on a file that must stay as it is. */
async function keeps({ cwd, zpaq }: Box, archive: string, ...options: string[]): Promise<void> {
  const before = await bytesAt(`${cwd}/${archive}`);
  const { code, stderr } = await zpaq("a", archive, "s", ...options);
  assert(code !== 0, `a ${archive} ${options.join(" ")} ended with 0`);
  assertEquals(await bytesAt(`${cwd}/${archive}`), before, stderr);
}

testBox("t reads entries that x would refuse to place", async (box) => {
  ok(await box.zpaq("a", "absolute.zpaq", `${box.cwd}/s`));
  const refused = await box.zpaq("x", "absolute.zpaq");
  assertEquals(refused.code, 2);
  assertStringIncludes(refused.stderr, "has an absolute path: not extracted");
  assertEquals(refused.stderr.split("-unsafe-paths").length, 2, "the hint is given once");
  const tested = await box.zpaq("t", "absolute.zpaq");
  ok(tested);
  assertStringIncludes(tested.text + tested.stderr, "2 files, 8 bytes tested");
});

testBox("a touches only what it has read as an archive to its end", async (box) => {
  ok(await box.zpaq("a", "key.zpaq", "s", "-key", "pw"));
  ok(await box.zpaq("a", "stream.zpaq", "s", "-ms1"));
  ok(await box.zpaq("a", "tail.zpaq", "s"));
  await box.write("noise.zpaq", "no archive has this ".repeat(300));
  await box.write("doc.txt", "precious\n");
  const archive = await Deno.readFile(`${box.cwd}/tail.zpaq`);
  await Deno.writeFile(`${box.cwd}/tail.zpaq`, new TextEncoder().encode("not of the archive"), {
    append: true,
  });
  await Deno.writeFile(`${box.cwd}/cut.zpaq`, archive.subarray(0, archive.length - 20));
  await box.write("s/new", "new");
  for (const name of ["key.zpaq", "stream.zpaq", "tail.zpaq", "cut.zpaq", "noise.zpaq", "doc.txt"]) {
    await keeps(box, name);
  }
  await keeps(box, "key.zpaq", "-key", "no");
  await keeps(box, "tail.zpaq", "-key", "pw");
});

testBox("options are checked before anything is cut off", async (box) => {
  ok(await box.zpaq("a", "p.zpaq", "s"));
  await box.write("s/n", "n");
  ok(await box.zpaq("a", "p.zpaq", "s"));
  for (
    const options of [
      ["-until", "18000101"],
      ["-until", "20260230"],
      ["-until", "one"],
      ["-until", "1", "-mxyz"],
      ["-until", "1", "-index", "i.zpaq"],
      ["-until", "1", "-fragment", "99999999999"],
    ]
  ) await keeps(box, "p.zpaq", ...options);
  const without = await box.zpaq("a", "p.zpaq");
  assertStringIncludes(without.stderr, "needs files");
  assertEquals(without.code, 1);
});

testBox("l, t, x and d fail on what is no archive, and on an encrypted one without its key", async (box) => {
  ok(await box.zpaq("a", "key.zpaq", "s", "-key", "pw"));
  await box.write("none.txt", "plain");
  await box.write("empty.zpaq", "");
  for (const command of ["l", "t", "x", "d"]) {
    for (const name of ["key.zpaq", "none.txt", "empty.zpaq"]) {
      assertEquals((await box.zpaq(command, name)).code, 2, `${command} ${name}`);
    }
  }
});

testBox(
  "an update that was interrupted is named, kept while the next one is made, and replaced",
  async (box) => {
    ok(await box.zpaq("a", "p.zpaq", "s"));
    const whole = await Deno.readFile(`${box.cwd}/p.zpaq`);
    // The first block of an update that is not finished: its size is -1.
    const start = await interruptedStart();
    for (const size of [start.length, 60, 10]) {
      await Deno.writeFile(`${box.cwd}/p.zpaq`, whole);
      await Deno.writeFile(`${box.cwd}/p.zpaq`, start.subarray(0, size), { append: true });
      const tested = await box.zpaq("t", "p.zpaq");
      assertEquals(tested.code, 2);
      assertStringIncludes(tested.stderr, "interrupted");
      await box.write("s/late", `late ${size}`);
      await keepsOnFailure(box);
      const added = await box.zpaq("a", "p.zpaq", "s");
      assertEquals(added.code, 1);
      assertStringIncludes(added.stderr, "interrupted");
      ok(await box.zpaq("t", "p.zpaq"));
      assertStringIncludes((await box.zpaq("l", "p.zpaq")).text, "s/late");
    }
  },
);

testBox("what an interrupted update left is cut off where nothing is added", async (box) => {
  ok(await box.zpaq("a", "p.zpaq", "s"));
  const whole = await Deno.readFile(`${box.cwd}/p.zpaq`);
  await Deno.writeFile(`${box.cwd}/p.zpaq`, await interruptedStart(), { append: true });
  await Deno.writeFile(`${box.cwd}/p.zpaq`, new Uint8Array(1000).fill(7), { append: true });
  assertEquals((await box.zpaq("a", "p.zpaq", "s", "-n")).code, 1);
  assert((await Deno.stat(`${box.cwd}/p.zpaq`)).size > whole.length, "a dry run wrote");
  const added = await box.zpaq("a", "p.zpaq", "s");
  assertEquals(added.code, 1);
  assertStringIncludes(added.stderr, "cut off");
  assertEquals(await Deno.readFile(`${box.cwd}/p.zpaq`), whole);
  ok(await box.zpaq("a", "p.zpaq", "s"));
  ok(await box.zpaq("t", "p.zpaq"));

  ok(await box.zpaq("a", "m??", "s"));
  await Deno.writeFile(`${box.cwd}/m02.zpaq`, await interruptedStart());
  assertEquals((await box.zpaq("a", "m??", "s")).code, 1);
  assert(!await box.has("m02.zpaq"));
  ok(await box.zpaq("t", "m??"));
});

/** A wrong method fails after the archive was read: its tail is still there. */
async function keepsOnFailure(box: Box): Promise<void> {
  await keeps(box, "p.zpaq", "-mxyz");
}

/** The block that starts an update, as it stands while the update is being written. */
async function interruptedStart(): Promise<Uint8Array> {
  const { createZpaqArchive, updateZpaqArchive, ZpaqArchive } = await import("@sluice/zpaq");
  const { byteSourceFromBytes } = await import("@sluice/internal");
  const body = new Uint8Array(1);
  using archive = await ZpaqArchive.open(byteSourceFromBytes(await createZpaqArchive([{ name: "a", body }])));
  let first: Uint8Array | undefined;
  const sink = { write: (bytes: Uint8Array) => void (first ??= bytes.slice()), rewrite(): void {} };
  await updateZpaqArchive(archive, [{ name: "b", body }], sink);
  return first!;
}

testBox(
  "parts: an interrupted one is replaced when it is the last, else named and left alone",
  async (box) => {
    ok(await box.zpaq("a", "m??", "s"));
    await Deno.writeFile(`${box.cwd}/m02.zpaq`, await interruptedStart());
    await box.write("s/late", "late");
    const added = await box.zpaq("a", "m??", "s");
    assertEquals(added.code, 1);
    assertStringIncludes(added.stderr, "m02.zpaq");
    ok(await box.zpaq("x", "m??", "-to", "X"));
    assert(await box.has("X/s/late"));
    await box.write("s/later", "later");
    ok(await box.zpaq("a", "m??", "s"));
    await Deno.writeFile(`${box.cwd}/m02.zpaq`, await interruptedStart());
    for (const command of ["t", "l"]) {
      const outcome = await box.zpaq(command, "m??");
      assertEquals(outcome.code, 2);
      assertStringIncludes(outcome.stderr, "m02.zpaq");
    }
    assertEquals((await box.zpaq("a", "m??", "s")).code, 2);
    await Deno.remove(`${box.cwd}/m02.zpaq`);
    for (const command of ["t", "l"]) {
      const outcome = await box.zpaq(command, "m??");
      assertEquals(outcome.code, 2);
      assertStringIncludes(outcome.stderr, "m03.zpaq");
    }
    assertEquals((await box.zpaq("a", "m??", "s")).code, 2);
    assert(!await box.has("m02.zpaq") && !await box.has("m04.zpaq"));
  },
);

testBox("what can't be read is named, the rest is added, and nothing of it is taken away", async (box) => {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return console.log("SKIPPED: needs root on Linux");
  // Root reads everything: a folder that can't be listed is one that went away while it was scanned.
  ok(await box.zpaq("a", "p.zpaq", "s"));
  await box.write("s/c", "three");
  const { code, stderr } = await box.zpaq("a", "p.zpaq", "s", "missing");
  assertEquals(code, 1);
  assertStringIncludes(stderr, "missing");
  const { text } = await box.zpaq("l", "p.zpaq");
  for (const name of ["s/a", "s/b", "s/c"]) assertStringIncludes(text, name);
  await Deno.symlink("/proc/self/mem", `${box.cwd}/s/link`);
  const unreadable = await box.zpaq("a", "q.zpaq", "s", "/proc/self/mem");
  assertEquals(unreadable.code, 1);
  assertStringIncludes(unreadable.stderr, "/proc/self/mem");
  assertStringIncludes((await box.zpaq("l", "q.zpaq")).text, "s/a");
});

testBox("-repack keeps the selection, and with -all the history", async (box) => {
  await Deno.mkdir(`${box.cwd}/pub`);
  await box.write("pub/p", "p");
  ok(await box.zpaq("a", "all.zpaq", "s", "pub", "-until", "20200101"));
  await box.write("s/a", "two");
  ok(await box.zpaq("a", "all.zpaq", "s", "pub", "-until", "20210101"));
  ok(await box.zpaq("x", "all.zpaq", "pub", "-repack", "share"));
  assertEquals((await box.zpaq("l", "share.zpaq")).code, 2);
  await Deno.rename(`${box.cwd}/share`, `${box.cwd}/share.zpaq`);
  const { text } = await box.zpaq("l", "share.zpaq");
  assert(text.includes("pub/p") && !text.includes("s/a"));
  ok(await box.zpaq("x", "all.zpaq", "-repack", "va.zpaq", "-all"));
  assertStringIncludes((await box.zpaq("l", "va.zpaq")).text, "2 versions");
  ok(await box.zpaq("x", "va.zpaq", "-until", "1", "-to", "old"));
  assertEquals(await Deno.readTextFile(`${box.cwd}/old/s/a`), "one\n");
  ok(await box.zpaq("x", "va.zpaq", "-to", "new"));
  assertEquals(await Deno.readTextFile(`${box.cwd}/new/s/a`), "two");
});

testBox("names: -to both ways, absolute ones, versions, dates of two words", async (box) => {
  ok(await box.zpaq("a", "abs.zpaq", `${box.cwd}/s`));
  ok(await box.zpaq("x", "abs.zpaq", "-to", "out"));
  assert(await box.has(`out${box.cwd}/s/a`));
  assertEquals((await box.zpaq("x", "abs.zpaq")).code, 2);
  ok(await box.zpaq("a", "to.zpaq", "s", "-to", "r"));
  assertStringIncludes((await box.zpaq("l", "to.zpaq")).text, " r/a");
  await Deno.rename(`${box.cwd}/s/a`, `${box.cwd}/s/z`);
  const before = (await Deno.stat(`${box.cwd}/to.zpaq`)).size;
  ok(await box.zpaq("a", "to.zpaq", "s", "-to", "r"));
  const grown = (await Deno.stat(`${box.cwd}/to.zpaq`)).size - before;
  const all = (await box.zpaq("l", "to.zpaq", "-all")).text.split("\n");
  const second = all.findIndex((line) => line.endsWith(` 0002/ +2 -1 -> ${grown}`));
  assert(second > 0, all.join("\n"));
  assertMatch(all[second + 2]!, /^- {32}0 {7}0002\/r\/a$/);
  await Deno.rename(`${box.cwd}/s/z`, `${box.cwd}/s/a`);
  ok(await box.zpaq("a", "v.zpaq", "s", "-until", "20200101"));
  await box.write("s/a", "two");
  ok(await box.zpaq("a", "v.zpaq", "s", "-until", "20210101"));
  const dated = await box.zpaq("l", "v.zpaq", "-until", "2020-06-01", "10:00:00");
  assertStringIncludes(dated.text, "1 versions");
  assertStringIncludes(dated.text, "s/a");
  ok(await box.zpaq("x", "v.zpaq", "-all", "2", "-to", "o2"));
  assert(await box.has("o2/01/s/a") && await box.has("o2/02/s/a"));
  ok(await box.zpaq("a", "v.zpaq", "s", "-until", "0"));
  assertStringIncludes((await box.zpaq("l", "v.zpaq")).text, "1 versions");
});

testBox("names that are not UTF-8, or that a terminal acts on", async (box) => {
  const { createZpaqArchive } = await import("@sluice/zpaq");
  const body = new TextEncoder().encode("x");
  const names = ["f\udcff", "f\udcfe", "red\x1b[31m"];
  await Deno.writeFile(`${box.cwd}/n.zpaq`, await createZpaqArchive(names.map((name) => ({ name, body }))));
  const { code, stderr } = await box.zpaq("x", "n.zpaq", "-to", "out");
  if (Deno.build.os === "linux" && backendInfo().kind === "native") {
    assertEquals(code, 0, stderr);
    const { stdout } = await run("find", ["out", "-type", "f", "-print0"], { cwd: box.cwd });
    const found = new TextDecoder("latin1").decode(stdout).split("\0").sort();
    assertEquals(found, ["", "out/f\xfe", "out/f\xff", "out/red\x1b[31m"]);
  } else {
    assertEquals(code, 1);
    assertStringIncludes(stderr, "not UTF-8");
    assert(await box.has("out/f%FF") && await box.has("out/f%FE"));
  }
  const { text } = await box.zpaq("l", "n.zpaq");
  assert(text.includes("red\\x1b[31m") && !text.includes("\x1b"));
});

testBox("-ms1 makes a streaming archive; limits hold for what declares no size", async (box) => {
  ok(await box.zpaq("a", "st.zpaq", "s", "-ms1"));
  assert(!decoder.decode(await Deno.readFile(`${box.cwd}/st.zpaq`)).includes("jDC"));
  ok(await box.zpaq("x", "st.zpaq", "-to", "out"));
  assertEquals(await Deno.readTextFile(`${box.cwd}/out/s/b`), "two\n");
  const limited = await box.zpaq("x", "st.zpaq", "-to", "less", "-maxsize", "5");
  assertEquals(limited.code, 2);
  assertStringIncludes(limited.stderr, "OUTPUT_LIMIT");
  const whole = await box.zpaq("d", "st.zpaq", "all", "-maxsize", "5");
  assertEquals([whole.code, await box.has("all")], [2, false]);
  for (const args of [["l", "st.zpaq", "-memory", "1"], ["x", "st.zpaq", "-memory", "1", "-to", "m"]]) {
    // Listing needs no model.
    assertEquals((await box.zpaq(...args)).code, args[0] === "l" ? 0 : 2);
  }
});

testBox("bytes that belong to no block are reported by t and l", async (box) => {
  ok(await box.zpaq("a", "p.zpaq", "s"));
  await Deno.writeFile(`${box.cwd}/p.zpaq`, new TextEncoder().encode("extra bytes"), { append: true });
  for (const command of ["t", "l", "x"]) {
    const { code, stderr } = await box.zpaq(command, "p.zpaq", ...(command === "x" ? ["-to", "out"] : []));
    assertEquals(code, 2);
    assertStringIncludes(stderr, "11 bytes");
  }
  assert(await box.has("out/s/a"));
});

testBox("modes keep their sticky and setuid bits", async (box) => {
  if (Deno.build.os === "windows") return;
  await Deno.chmod(`${box.cwd}/s/a`, 0o4755);
  await Deno.chmod(`${box.cwd}/s`, 0o1777);
  ok(await box.zpaq("a", "p.zpaq", "s"));
  ok(await box.zpaq("x", "p.zpaq", "-to", "out"));
  assertEquals((await Deno.stat(`${box.cwd}/out/s/a`)).mode! & 0o7777, 0o4755);
  assertEquals((await Deno.stat(`${box.cwd}/out/s`)).mode! & 0o7777, 0o1777);
});

testBox("a mistyped option names the nearest", async (box) => {
  ok(await box.zpaq("a", "p.zpaq", "s"));
  const typed = await box.zpaq("l", "p.zpaq", "-untill", "1");
  assertEquals(typed.code, 1);
  assertStringIncludes(typed.stderr, 'did you mean "-until"');
});
