import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { assembleZpaq, decompressZpaq } from "@sluice/zpaq";
import { UsageFailure } from "../shared/exit.ts";
import { parseOptions, refuseIdle } from "../shared/options.ts";
import type { GivenOption } from "../shared/options.ts";
import { defaultPythonSettings, PYTHON_OPTIONS } from "./python_options.ts";

const MAIN = new URL("../main.ts", import.meta.url).pathname;
const SOURCE = `hh = hm = ph = pm = 0
n = len({0: "cm 16 24"})
pcomp_invocation = "./double"
def hcomp(c):
  hH[0] = c << 9
def pcomp(c):
  if c != NONE:
    out(c)
    out(c)
`;

async function py(cwd: string, ...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", MAIN, "zpaq", "py", ...args],
    cwd,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

Deno.test("sluice zpaq py compiles, checks and runs a source", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/model.py`, SOURCE);
    await Deno.writeTextFile(`${folder}/wrong.py`, SOURCE.replace("<<", "/"));
    await Deno.writeTextFile(`${folder}/data`, "AB");
    const compiled = await py(folder, "compile", "model.py");
    assertEquals([compiled.code, compiled.stderr], [0, ""]);
    const config = await Deno.readTextFile(`${folder}/model.cfg`);
    assertEquals(assembleZpaq(config).command.trim(), "./double");
    assertEquals((await py(folder, "run", "model.py", "hcomp", "data")).stdout, "65: [33280]\n66: [33792]\n");
    assertEquals((await py(folder, "run", "model.py", "pcomp", "data")).stdout, "AABB");
    assertEquals((await py(folder, "run", "model.py", "pcomp", "data", "--append=data")).stdout, "AABBAABB");
    assertEquals((await py(folder, "pcomp", "model.py", "data")).stdout, "AABB");
    assertEquals((await py(folder, "check", "model.py")).code, 0);
    const extended = await py(folder, "fmt-check", "model.py");
    assertEquals(extended.code, 1);
    assertStringIncludes(extended.stderr, "ZPY0130");
    await py(folder, "template", "-o", "template.py");
    assertEquals((await py(folder, "fmt-check", "template.py")).code, 0);
    for (const action of ["check", "compile"]) {
      const wrong = await py(folder, action, "wrong.py");
      assertEquals(wrong.code, 1);
      assertStringIncludes(wrong.stderr, "wrong.py:5:13: error[ZPY0203]");
    }
    assertEquals(JSON.parse((await py(folder, "check", "--lsp", "wrong.py")).stdout)[0].range.start, {
      line: 4,
      character: 12,
    });
    assertEquals((await py(folder, "diff", "model.py", "pcomp", "data")).code, 0);
    await Deno.writeTextFile(`${folder}/negative.py`, SOURCE.replace("c != NONE", "c - 66 < 5"));
    const difference = await py(folder, "diff", "negative.py", "pcomp", "data");
    assertEquals(difference.code, 1);
    assertStringIncludes(difference.stdout, "segment 0, byte 0:");
    assertStringIncludes(
      (await py(folder, "trace", "model.py", "pcomp", "data")).stdout,
      "   8 |     out(c)",
    );
    assertStringIncludes(
      (await py(folder, "stats", "model.py", "data")).stdout,
      "hcomp: 6 instructions for 2 bytes",
    );
    assertEquals((await py(folder, "template", "-o", "new.py")).code, 0);
    for (const kind of ["ir", "asm", "bytes", "map", "json", "cfg"]) {
      const { code, stdout } = await py(folder, "compile", "-Os", `--emit=${kind}`, "-o", "-", "model.py");
      assertEquals(code, 0, kind);
      assert(stdout.length > 0, kind);
    }
    assertEquals((await py(folder, "run", "model.py", "pcomp", "data", "--compare=data")).code, 1);
    const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
    assert(!names.includes("wrong.cfg"), "a source with errors gives no file");
    assertEquals((await py(folder, "wrong.py")).code, 1);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("sluice zpaq py names the file or the option that is wrong", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/model.py`, SOURCE);
    const cases: readonly (readonly [code: number, message: string, ...args: string[]])[] = [
      [2, "missing.py: No such file", "check", "missing.py"],
      [2, "missing: No such file", "run", "model.py", "pcomp", "missing"],
      [2, "missing: No such file", "run", "model.py", "pcomp", "model.py", "--append=missing"],
      [1, 'Option -O takes 0, 1, 2 (speed) or s (size), not "3"', "compile", "-O3", "model.py"],
      [1, "Option -O takes 0, 1, 2", "compile", "-O", "model.py"],
      [1, "Option --bad is not known", "compile", "--bad", "model.py"],
      [1, '"bogus" is no command', "bogus", "model.py"],
    ];
    for (const [code, message, ...args] of cases) {
      const result = await py(folder, ...args);
      assertEquals(result.code, code, args.join(" "));
      assertStringIncludes(result.stderr, message);
    }
    assertEquals((await py(folder, "--version")).code, 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("sluice zpaqlpy takes the options of the original", async () => {
  const folder = await Deno.makeTempDir();
  const zpaqlpy = async (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> => {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", MAIN, "zpaqlpy", ...args],
      cwd: folder,
      stdin: "null",
      env: { NO_COLOR: "1" },
    }).output();
    const decoder = new TextDecoder();
    return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  };
  try {
    await Deno.writeTextFile(`${folder}/model.py`, SOURCE.replace("c << 9", "c * 1024 / 2"));
    await Deno.writeTextFile(`${folder}/wrong.py`, SOURCE.replace("c << 9", "d"));
    await Deno.writeTextFile(`${folder}/data`, "AB");
    const options = ["--fixed-global-access", "--no-pc-comments"];
    const printed = await zpaqlpy("-v", ...options, "--run-hcomp=data", "model.py");
    for (const option of options) {
      assertStringIncludes(printed.stderr, `${option} of the original has no effect`);
    }
    assertStringIncludes(printed.stderr, "zpaqlpy: hcomp: ");
    assertEquals([printed.code, printed.stdout], [0, "65: [33280]\n66: [33792]\n"]);
    assertStringIncludes(await Deno.readTextFile(`${folder}/model.cfg`), "pcomp ./double ;");
    const bare = await zpaqlpy("--suppress-pcomp", "--disable-comp", "--no-comments", "-o", "-", "model.py");
    assertEquals(bare.stdout, "comp 0 0 0 0 0\nhcomp\n  halt\nend\n");
    assertStringIncludes((await zpaqlpy("-S", "--output=-", "model.py")).stdout, "H[0] = ");
    assertStringIncludes((await zpaqlpy("--info-zpaql")).stdout, "Registers A");
    assertStringIncludes((await zpaqlpy("--emit-template")).stdout, "### BEGIN OF EDITABLE SECTION");
    const codes = [
      await zpaqlpy(),
      await zpaqlpy("missing.py"),
      await zpaqlpy("-o", "no/where.cfg", "model.py"),
      await zpaqlpy("wrong.py"),
      await zpaqlpy("--bad", "model.py"),
      await zpaqlpy("-f", "-o", "model.cfg", "--run-hcomp=missing", "model.py"),
    ];
    assertEquals(codes.map(({ code }) => code), [1, 2, 3, 1, 64, 2]);
    assertStringIncludes(codes.at(-1)!.stderr, "missing: No such file");
    assertStringIncludes((await zpaqlpy("--info-zpaq")).stdout, "mix2 SIZE J K RATE MASK");
    const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
    assertEquals(names.sort(), ["data", "model.cfg", "model.py", "wrong.py"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("sluice zpaq c makes archives with models in Python and the commands that prepare files for them", async () => {
  const folder = await Deno.makeTempDir();
  const zpaq = async (...args: string[]): Promise<{ code: number; stderr: string }> => {
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", MAIN, "zpaq", ...args],
      cwd: folder,
      env: { NO_COLOR: "1" },
      stdin: "null",
    }).output();
    return { code, stderr: new TextDecoder().decode(stderr) };
  };
  try {
    await Deno.writeTextFile(`${folder}/model.py`, SOURCE);
    await Deno.writeTextFile(
      `${folder}/half`,
      '#!/bin/sh\nsed "s/\\(.\\)\\1/\\1/g" "$1" | tr -d "\\n" > "$2"\n',
    );
    await Deno.chmod(`${folder}/half`, 0o755);
    await Deno.writeTextFile(`${folder}/data`, "AABBCCAA");
    assertEquals((await zpaq("c", "model.py", "a.zpaq", "data", "-preprocess", "./half")).code, 0);
    assertEquals((await zpaq("d", "a.zpaq", "out")).code, 0);
    assertEquals(await Deno.readTextFile(`${folder}/out`), "AABBCCAA");
    const named = await zpaq("c", "model.py", "b.zpaq", "data", "-preprocess", "");
    assertStringIncludes(named.stderr, "./double");
    const unprepared = await zpaq("c", "model.py", "b.zpaq", "data");
    assertStringIncludes(unprepared.stderr, "POST_MISMATCH");
    const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
    assertEquals(names.sort(), ["a.zpaq", "data", "half", "model.py", "out"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("sluice zpaq py trace shows variables as the source has them", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const source = `hh = 0\nhm = 1\nph = pm = 0\nn = len({0: "icm 5"})\npcomp_invocation = ""\nat = 0\n` +
      `def hcomp(c):\n  global at\n  at = (at + 1) & 1\n  hM[at] = c\n  hH[0] = hash(hM[at], hM[at - 1 & 1])\n` +
      `def pcomp(c):\n  pass\n`;
    await Deno.writeTextFile(`${folder}/model.py`, source);
    await Deno.writeTextFile(`${folder}/data`, "abcd");
    const { stdout } = await py(folder, "trace", "model.py", "hcomp", "data", "--watch", "at");
    assertEquals(stdout.match(/at = \d/g), ["at = 1", "at = 0", "at = 1", "at = 0"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("sluice zpaq py report and tune look at a model and make a better one, which zpaq extracts", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const model = `hh = hm = ph = pm = 0\nn = len({0: "icm 14"})\npcomp_invocation = ""\nlast = 0\n` +
      `def hcomp(c):\n  global last\n  hH[0] = hash(hash(last), c)\n  last = c\ndef pcomp(c):\n  pass\n`;
    const rows = Array.from(
      { length: 400 },
      (_, i) => `${1000 + i},${i * 37 % 91},${["up", "down"][i % 7 % 2]}\n`,
    );
    await Deno.writeTextFile(`${folder}/model.py`, model);
    await Deno.writeTextFile(`${folder}/data.csv`, rows.join(""));
    const shown = await py(folder, "report", "model.py", "data.csv", "--svg", "network.svg");
    assertEquals(shown.code, 0, shown.stderr);
    assertStringIncludes(shown.stdout, "0 icm 14");
    assertStringIncludes(await Deno.readTextFile(`${folder}/network.svg`), "<svg");
    const { components, bytes } = JSON.parse(
      (await py(folder, "report", "model.py", "data.csv", "--json")).stdout,
    );
    assertEquals([components.length, bytes], [1, rows.join("").length]);
    assertStringIncludes((await py(folder, "report", "model.py")).stderr, "Expected files after the source");
    assertStringIncludes((await py(folder, "tune", "model.py", "data.csv")).stderr, "tune needs -o TUNED.py");
    const tune = ["tune", "model.py", "data.csv", "-o", "tuned.py", "--seconds"];
    const tuned = await py(folder, ...tune, "4");
    assertEquals(tuned.code, 0, tuned.stderr);
    const first = await Deno.readTextFile(`${folder}/tuned.py`);
    const refused = await py(folder, ...tune, "1");
    assertEquals([refused.code !== 0, await Deno.readTextFile(`${folder}/tuned.py`)], [true, first]);
    assertEquals((await py(folder, ...tune, "1", "--resume")).code, 0);
    const sizeOf = (source: string): number => Number(/tuned: (\d+) bytes/.exec(source)![1]);
    assert(sizeOf(await Deno.readTextFile(`${folder}/tuned.py`)) <= sizeOf(first));
    const made = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", MAIN, "zpaq", "c", "tuned.py", "archive.zpaq", "data.csv"],
      cwd: folder,
      stdin: "null",
    }).output();
    assertEquals(made.code, 0, new TextDecoder().decode(made.stderr));
    try {
      const zpaq = new Deno.Command("zpaq", { args: ["x", "archive.zpaq", "-to", "out/"], cwd: folder });
      assertEquals((await zpaq.output()).code, 0);
      assertEquals(await Deno.readTextFile(`${folder}/out/data.csv`), rows.join(""));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      console.log("SKIPPED: zpaq is not installed");
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("sluice zpaq c prepares files by the model's own encode", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const encode = "def encode(reader, writer):\n  c = reader()\n  while c != NONE:\n    writer(c)\n" +
      "    if c != reader():\n      error()\n    c = reader()\n";
    await Deno.writeTextFile(`${folder}/model.py`, SOURCE + encode);
    await Deno.writeTextFile(`${folder}/data`, "aabbcc");
    const compress = async (input: string): Promise<boolean> => {
      const args = ["run", "-A", MAIN, "zpaq", "c", "model.py", "archive.zpaq", input];
      return (await new Deno.Command(Deno.execPath(), { args, cwd: folder, stdin: "null" }).output()).success;
    };
    assert(await compress("data"));
    const archive = await Deno.readFile(`${folder}/archive.zpaq`);
    assertEquals(new TextDecoder().decode(decompressZpaq(archive)), "aabbcc");
    // What encode refuses is not stored.
    await Deno.remove(`${folder}/archive.zpaq`);
    await Deno.writeTextFile(`${folder}/odd`, "abc");
    assertEquals(await compress("odd"), false);
    assertEquals(
      await Array.fromAsync(Deno.readDir(folder), ({ name }) => name).then((names) =>
        names.includes("archive.zpaq")
      ),
      false,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** Values of options that take one. */
const VALUES: Readonly<Record<string, string>> = { engine: "compiled", emit: "cfg" };

Deno.test("an option of sluice zpaq py has an effect or is a usage error, in every command", () => {
  const commands = [
    "compile",
    "check",
    "fmt-check",
    "run",
    "hcomp",
    "pcomp",
    "diff",
    "trace",
    "stats",
    "report",
    "tune",
  ];
  let count = 0;
  for (const command of [...commands, "template", "info"]) {
    for (const { long, short, value, modes } of PYTHON_OPTIONS.flatMap(({ rows }) => rows)) {
      if (long?.[0] === "help" || long?.[0] === "version") continue;
      assert(modes !== undefined, `--${long} names no command`);
      const words = long === undefined ? [`-${short}2`] : [`--${long[0]}`];
      if (value === "next") words.push(VALUES[long![0]!] ?? "1");
      const given: GivenOption[] = [];
      parseOptions(PYTHON_OPTIONS, [command, ...words], defaultPythonSettings(), given);
      if (modes.includes(command)) refuseIdle(given, command);
      else assertThrows(() => refuseIdle(given, command), UsageFailure, "no effect");
      count++;
    }
  }
  console.log(`zpaq py options: ${count} pairs of command and option, 0 failed`);
});

Deno.test("sluice zpaq py refuses options without effect before anything is read", async () => {
  const cases: readonly (readonly [args: string[], text: string])[] = [
    [["check", "nowhere.py", "--seconds", "5"], "--seconds has no effect with check"],
    [["compile", "nowhere.py", "--engine", "python"], "--engine has no effect with compile"],
    [["run", "nowhere.py", "pcomp", "--engine", "python", "-O2"], "--engine python"],
    [["tune", "nowhere.py", "x", "-o", "y", "--json"], "--json has no effect with tune"],
  ];
  for (const [args, text] of cases) {
    const { code, stderr } = await py(".", ...args);
    assertEquals(code, 1, stderr);
    assertStringIncludes(stderr, text);
  }
});
