/**
 * What `sluice zpaq` says of files while it works, lists of names, dry runs, and comparing with the disk.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { run, sluice, sluiceArguments } from "./_cli.ts";
import type { Outcome } from "./_cli.ts";
import { inDirectory } from "./_directory.ts";

const hasScript = Deno.build.os === "linux" &&
  await run("script", ["--version"], {}).then(() => true, () => false);
if (!hasScript) console.log("SKIPPED: progress on a terminal: script of util-linux is not installed");

interface Place {
  readonly cwd: string;
  zpaq(args: string[], stdin?: string): Promise<Outcome>;
}

async function withFiles(work: (place: Place) => Promise<void>): Promise<void> {
  await inDirectory(async (cwd) => {
    await Deno.mkdir(`${cwd}/d/sub`, { recursive: true });
    await Deno.writeTextFile(`${cwd}/d/one`, "one\n");
    await Deno.writeTextFile(`${cwd}/d/two.tmp`, "two\n");
    await Deno.writeTextFile(`${cwd}/d/sub/three`, "three\n");
    await work({
      cwd,
      zpaq: (args, stdin) =>
        sluice(["zpaq", ...args], {
          cwd,
          ...(stdin === undefined ? {} : { stdin: new TextEncoder().encode(stdin) }),
        }),
    });
  });
}

function lines({ stderr }: Outcome): string[] {
  return stderr.trimEnd().split("\n").sort();
}

const textOf = ({ stdout }: Outcome): string => new TextDecoder().decode(stdout);

Deno.test("zpaq -v: a line for each file that is added, taken away, restored and tested", () =>
  withFiles(async ({ cwd, zpaq }) => {
    const added = await zpaq(["a", "a.zpaq", "d", "-v"]);
    assertEquals(lines(added).slice(0, 5), [
      "+ d/",
      "+ d/one 4",
      "+ d/sub/",
      "+ d/sub/three 6",
      "+ d/two.tmp 4",
    ]);
    await Deno.writeTextFile(`${cwd}/d/one`, "other");
    await Deno.chmod(`${cwd}/d/sub/three`, 0o600);
    await Deno.remove(`${cwd}/d/two.tmp`);
    const second = lines(await zpaq(["a", "a.zpaq", "d", "-verbose"]));
    for (const line of ["# d/one 5", "# d/sub/three", "- d/two.tmp"]) assert(second.includes(line), line);
    assert(!second.some((line) => line.startsWith("+")), second.join());
    const restored = lines(await zpaq(["x", "a.zpaq", "-to", "out", "-v"]));
    assert(restored.includes("> d/one 5") && restored.includes("> d/sub/three 6"), restored.join());
    const tested = lines(await zpaq(["t", "a.zpaq", "-v"]));
    assert(tested.includes("> d/one 5"), tested.join());
    const streamed = lines(await zpaq(["a", "s.zpaq", "d", "-ms1", "-v"]));
    assert(streamed.includes("+ d/one 5"), streamed.join());
  }));

Deno.test("zpaq a -n says what would be, and writes nothing", () =>
  withFiles(async ({ cwd, zpaq }) => {
    const dry = await zpaq(["a", "a.zpaq", "d", "-n", "-v"]);
    assertEquals(dry.code, 0, dry.stderr);
    assertStringIncludes(dry.stderr, "+ d/sub/three 6");
    assertStringIncludes(dry.stderr, "(dry run)");
    assertEquals(await Array.fromAsync(Deno.readDir(cwd), ({ name }) => name), ["d"]);
    await zpaq(["a", "a.zpaq", "d"]);
    const before = await Deno.readFile(`${cwd}/a.zpaq`);
    await Deno.writeTextFile(`${cwd}/d/new`, "new");
    assertStringIncludes((await zpaq(["a", "a.zpaq", "d", "-dryrun", "-v"])).stderr, "+ d/new 3");
    assertEquals(await Deno.readFile(`${cwd}/a.zpaq`), before);
  }));

Deno.test("zpaq: names and patterns of files", () =>
  withFiles(async ({ cwd, zpaq }) => {
    await Deno.writeTextFile(`${cwd}/names`, "d/one\r\n\nd/sub\n");
    await Deno.writeTextFile(`${cwd}/patterns`, "*.tmp\n");
    assertEquals((await zpaq(["a", "a.zpaq", "-filelist", "names"])).code, 0);
    assertEquals((await zpaq(["a", "b.zpaq", "-filelist", "-"], "d/one\n")).code, 0);
    assertEquals((await zpaq(["a", "c.zpaq", "d", "-exclude-from", "patterns"])).code, 0);
    const files = async (name: string): Promise<string[]> =>
      [...textOf(await zpaq(["l", name])).matchAll(/(d\/\S*)$/gm)].map(([, file]) => file!);
    assertEquals(await files("a.zpaq"), ["d/one", "d/sub/", "d/sub/three"]);
    assertEquals(await files("b.zpaq"), ["d/one"]);
    assertEquals(await files("c.zpaq"), ["d/", "d/one", "d/sub/", "d/sub/three"]);

    await Deno.writeFile(`${cwd}/bytes`, Uint8Array.of(0x64, 0xff, 10));
    await Deno.writeTextFile(`${cwd}/nothing`, "\n");
    for (
      const [args, code, text] of [
        [["-filelist", "missing"], 2, "missing: No such file"],
        [["-filelist", "bytes"], 2, "not UTF-8"],
        [["-filelist", "nothing"], 1, "lists no files"],
        [["-filelist", "-", "-exclude-from", "-"], 1, "read once"],
      ] as const
    ) {
      const { code: got, stderr } = await zpaq(["a", "z.zpaq", ...args]);
      assertEquals(got, code, stderr);
      assertStringIncludes(stderr, text);
    }
    assert(!(await Array.fromAsync(Deno.readDir(cwd))).some(({ name }) => name.startsWith("z.zpaq")));
  }));

Deno.test("zpaq verify reads what is on the disk, whatever dates and sizes say", () =>
  withFiles(async ({ cwd, zpaq }) => {
    const then = new Date("2020-02-02T12:00:00Z");
    await Deno.utime(`${cwd}/d/one`, then, then);
    assertEquals((await zpaq(["a", "a.zpaq", "d"])).code, 0);
    const same = await zpaq(["verify", "a.zpaq"]);
    assertEquals([same.code, textOf(same)], [0, "5 of 5 files and folders are the same\n"]);
    await Deno.writeTextFile(`${cwd}/d/one`, "uno\n");
    await Deno.utime(`${cwd}/d/one`, then, then);
    assertStringIncludes(textOf(await zpaq(["l", "a.zpaq", "d"])), "5 =same");
    await Deno.remove(`${cwd}/d/sub/three`);
    await Deno.writeTextFile(`${cwd}/d/more`, "more");
    const wrong = await zpaq(["verify", "a.zpaq"]);
    const text = ["+ d/more", "# d/one", "- d/sub/three", "3 of 6 files and folders are the same", ""];
    assertEquals([wrong.code, textOf(wrong)], [1, text.join("\n")]);
    assertEquals((await zpaq(["verify", "a.zpaq", "d/two.tmp"])).code, 0);
    assertStringIncludes(textOf(await zpaq(["verify", "a.zpaq", "-v", "-only", "*.tmp"])), "= d/two.tmp");
    assertEquals((await zpaq(["verify", "a.zpaq", "nowhere"])).code, 1);
  }));

Deno.test(
  "zpaq shows how far it is on a terminal",
  { ignore: !hasScript },
  () =>
    withFiles(async ({ cwd }) => {
      const piece = crypto.getRandomValues(new Uint8Array(65_536));
      using file = await Deno.open(`${cwd}/d/large`, { write: true, create: true });
      for (let i = 0; i < 600; i++) {
        piece[0] = i;
        piece[1] = i >>> 8;
        await file.write(piece);
      }
      const command = [Deno.execPath(), ...sluiceArguments(["zpaq", "a", "a.zpaq", "d", "-m3"])].join(" ");
      const { code, stdout } = await run("script", ["-qec", command, "/dev/null"], { cwd });
      const text = new TextDecoder().decode(stdout);
      assertEquals(code, 0, text);
      assert(/a\.zpaq : .*%\), .*\/s, .* left/.test(text), text.slice(0, 500));
    }),
);

Deno.test("zpaq: patterns that are given twice add up, and a version before the first is an error", () =>
  withFiles(async ({ cwd, zpaq }) => {
    assertEquals((await zpaq(["a", "a.zpaq", "d", "-only", "*one", "-only", "*three"])).code, 0);
    const listed = textOf(await zpaq(["l", "a.zpaq"]));
    assert(listed.includes("d/one") && listed.includes("d/sub/three") && !listed.includes("two"), listed);
    assertEquals((await zpaq(["x", "a.zpaq", "-to", "out", "-only", "*one", "-only", "*three"])).code, 0);
    assertEquals(await Deno.readTextFile(`${cwd}/out/d/one`), "one\n");
    assertEquals(await Deno.readTextFile(`${cwd}/out/d/sub/three`), "three\n");
    assertEquals((await zpaq(["x", "a.zpaq", "d/one", "d/sub/three", "-to", "1", "-to", "3"])).code, 0);
    assertEquals(await Deno.readTextFile(`${cwd}/1`) + await Deno.readTextFile(`${cwd}/3`), "one\nthree\n");
    for (const until of ["0", "-3", "2020-01-01"]) {
      for (const command of [["x", "-to", "none"], ["x", "-test"], ["t"], ["verify"]]) {
        const { code, stderr } = await zpaq([command[0]!, "a.zpaq", ...command.slice(1), "-until", until]);
        assertEquals(code, 2, stderr);
        assertStringIncludes(stderr, "no version");
      }
      // A list of nothing is one, as of an empty archive.
      assertEquals((await zpaq(["l", "a.zpaq", "-until", until])).code, 0);
    }
    assertEquals(await Deno.stat(`${cwd}/none`).then(() => true, () => false), false);
  }));
