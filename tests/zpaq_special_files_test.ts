/**
 * Pipes, folders and other files that are no regular ones, as archives and as outputs: none is replaced, and none is
 * read without an end. Pipes stand for devices as well, which only root could make.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { ZpaqBackup } from "@sluice/zpaq/backup";
import { run, sluice } from "./_cli.ts";
import type { Outcome } from "./_cli.ts";
import { testBackends } from "./_backends.ts";
import { inDirectory } from "./_directory.ts";

const ignore = Deno.build.os === "windows";

/** A folder with an archive `a.zpaq` of the file `one`, and a pipe. */
async function withPipe(
  work: (cwd: string, zpaq: (...args: string[]) => Promise<Outcome>) => Promise<void>,
): Promise<void> {
  await inDirectory(async (cwd) => {
    const zpaq = (...args: string[]): Promise<Outcome> => sluice(["zpaq", ...args], { cwd });
    await Deno.writeTextFile(`${cwd}/one`, "one\n");
    assertEquals((await zpaq("a", "a.zpaq", "one")).code, 0);
    assertEquals((await run("mkfifo", [`${cwd}/pipe`])).code, 0);
    await work(cwd, zpaq);
  });
}

/** Nothing but what was there before is in the folder, and the pipe is one still. */
async function assertUntouched(cwd: string, message: string): Promise<void> {
  assert((await Deno.lstat(`${cwd}/pipe`)).isFifo, message);
  const names = await Array.fromAsync(Deno.readDir(cwd), ({ name }) => name);
  assertEquals(names.sort(), ["a.zpaq", "one", "pipe"], message);
}

Deno.test({
  name: "zpaq replaces no pipe or device, with -force or without",
  ignore,
  fn: () =>
    withPipe(async (cwd, zpaq) => {
      for (
        const [code, text, args] of [
          [1, "is a device or a pipe", ["x", "a.zpaq", "one", "-to", "pipe", "-force"]],
          [1, "is a device or a pipe", ["x", "a.zpaq", "one", "-to", "pipe"]],
          [2, "no regular file", ["x", "a.zpaq", "-repack", "pipe", "-force"]],
          [2, "no regular file", ["x", "a.zpaq", "-index", "pipe", "-force"]],
          [2, "not overwritten", ["x", "a.zpaq", "-repack", "pipe"]],
        ] as const
      ) {
        const outcome = await zpaq(...args);
        assertEquals(outcome.code, code, `${args.join(" ")}: ${outcome.stderr}`);
        assertStringIncludes(outcome.stderr, text);
        await assertUntouched(cwd, args.join(" "));
      }
    }),
});

Deno.test({
  name: "zpaq reads an archive from a pipe, as long as memory may be taken for it",
  ignore,
  fn: () =>
    withPipe(async (cwd) => {
      const stdin = await Deno.readFile(`${cwd}/a.zpaq`);
      const read = await sluice(["zpaq", "l", "/dev/stdin"], { cwd, stdin });
      assertEquals(read.code, 0, read.stderr);
      assertStringIncludes(new TextDecoder().decode(read.stdout), "1 versions, 1 files, 4 bytes");
      const endless = await sluice(["zpaq", "l", "/dev/stdin", "-memory", "1M"], {
        cwd,
        stdin: new Uint8Array(3 << 20),
      });
      assertEquals(endless.code, 2);
      assertStringIncludes(endless.stderr, "no regular file");
    }),
});

Deno.test({
  name: "zpaq: what can't be opened has zpaq's exit code and names the archive",
  ignore,
  fn: () =>
    withPipe(async (_, zpaq) => {
      for (const args of [["l", "./."], ["a", "nowhere/b.zpaq", "one"], ["a", "./.", "one"], ["x", "."]]) {
        const { code, stderr } = await zpaq(...args);
        assertEquals(code, 2, `${args.join(" ")}: ${stderr}`);
        assert(!stderr.includes(".lock"), stderr);
      }
      const again = await zpaq("a", "a.zpaq", "one", "-force");
      assertStringIncludes(again.stderr, "0 +added, 0 -removed. 4 -> 0 -> 0");
    }),
});

if (!ignore) {
  testBackends("a backup names the pipes and sockets of a folder that it leaves out", async () => {
    await inDirectory(async (cwd) => {
      await Deno.mkdir(`${cwd}/src/sub`, { recursive: true });
      await Deno.writeTextFile(`${cwd}/src/one`, "one\n");
      assertEquals((await run("mkfifo", [`${cwd}/src/sub/pipe`])).code, 0);
      using _listener = Deno.listen({ transport: "unix", path: `${cwd}/src/socket` });
      using backup = await ZpaqBackup.open(`${cwd}/a.zpaq`);
      const left = [`${cwd}/src/socket`, `${cwd}/src/sub/pipe`];
      for (let n = 0; n < 2; n++) {
        const { problems } = await backup.addFolder(`${cwd}/src`);
        assertEquals(
          problems.map(({ code, entry }) => [code, entry]),
          left.map((path) => ["LEFT_OUT", path]),
        );
        assert(problems.every(({ severe }) => !severe));
      }
      assertEquals((await backup.entries()).map(({ name }) => name).sort(), ["src/", "src/one", "src/sub/"]);
      const { problems } = await backup.addFolder(`${cwd}/src`, { exclude: ["*/pipe", "*/socket"] });
      assertEquals(problems, [], "what is excluded is not missed");
      const added = await sluice(["zpaq", "a", "b.zpaq", "src"], { cwd });
      assertEquals(added.code, 0, added.stderr);
      assertStringIncludes(added.stderr, "src/sub/pipe");
    });
  });

  testBackends("a backup names the files whose times it can't keep", async () => {
    await inDirectory(async (cwd) => {
      await Deno.mkdir(`${cwd}/src`);
      const times: readonly [string, string, string][] = [
        ["early", "1960-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"],
        ["eve", "1969-12-31T23:59:59Z", "1970-01-01T00:00:00.000Z"],
        ["first", "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"],
        ["later", "2001-02-03T04:05:06Z", "2001-02-03T04:05:06.000Z"],
      ];
      for (const [name, time] of times) {
        await Deno.writeTextFile(`${cwd}/src/${name}`, name);
        assertEquals((await run("touch", ["-d", time, `${cwd}/src/${name}`])).code, 0);
      }
      using backup = await ZpaqBackup.open(`${cwd}/a.zpaq`);
      const { problems } = await backup.addFolder(`${cwd}/src`);
      const lost = ["early", "eve"].map((name) => `${cwd}/src/${name}`);
      assertEquals(
        problems.map(({ code, entry }) => [code, entry]),
        lost.map((path) => ["LEFT_OUT", path]),
      );
      assertStringIncludes(problems[0]!.message, "from 1970 to 2999, and it gets 1970-01-01");
      await backup.restore([], { to: `${cwd}/out` });
      for (const [name, , restored] of times) {
        assertEquals((await Deno.stat(`${cwd}/out/src/${name}`)).mtime!.toISOString(), restored, name);
      }
    });
  });
}
