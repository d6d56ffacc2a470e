/**
 * Passwords of archives that no list of processes shows: from a file, the environment or the terminal.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { run, sluice, sluiceArguments } from "./_cli.ts";
import type { Outcome } from "./_cli.ts";
import { inDirectory } from "./_directory.ts";

const hasZpaq = await run("zpaq", [], {}).then(() => true, () => false);
const hasScript = Deno.build.os === "linux" &&
  await run("script", ["--version"], {}).then(() => true, () => false);
if (!hasScript) console.log("SKIPPED: passwords on a terminal: script of util-linux is not installed");

async function withFiles(
  work: (
    cwd: string,
    zpaq: (args: string[], env?: Record<string, string>) => Promise<Outcome>,
  ) => Promise<void>,
): Promise<void> {
  await inDirectory(async (cwd) => {
    await Deno.mkdir(`${cwd}/s`);
    await Deno.writeTextFile(`${cwd}/s/a`, "one\n");
    await work(cwd, (args, env) => sluice(["zpaq", ...args], { cwd, ...(env === undefined ? {} : { env }) }));
  });
}

Deno.test("zpaq: a password from a file or the environment is that of -key", () =>
  withFiles(async (cwd, zpaq) => {
    await Deno.writeTextFile(`${cwd}/key`, "geheim ü\n");
    await Deno.writeTextFile(`${cwd}/dos`, "geheim ü\r\n");
    await Deno.writeTextFile(`${cwd}/bare`, "geheim ü");
    const env = { SLUICE_ZPAQ_KEY: "geheim ü" };
    assertEquals((await zpaq(["a", "p.zpaq", "s", "-key-file", "key"])).code, 0);
    for (const args of [["-key", "geheim ü"], ["-key-file", "bare"], ["-key-file", "dos"]]) {
      assertEquals((await zpaq(["t", "p.zpaq", ...args])).code, 0, args.join(" "));
    }
    assertEquals((await zpaq(["l", "p.zpaq"], env)).code, 0);
    assertEquals((await zpaq(["l", "p.zpaq", "-key", "wrong"], env)).code, 2);
    assertEquals((await zpaq(["l", "p.zpaq"])).code, 2);
    await Deno.writeTextFile(`${cwd}/s/b`, "two\n");
    assertEquals((await zpaq(["a", "p.zpaq", "s"], env)).code, 0);
    if (hasZpaq) {
      const theirs = await run("zpaq", ["x", "p.zpaq", "-key", "geheim ü", "-to", "out"], { cwd });
      assertEquals([theirs.code, await Deno.readTextFile(`${cwd}/out/s/b`)], [0, "two\n"]);
    }
  }));

Deno.test("zpaq: archives under another password, without one on the command line", () =>
  withFiles(async (cwd, zpaq) => {
    await Deno.writeTextFile(`${cwd}/one`, "1\n");
    await Deno.writeTextFile(`${cwd}/two`, "2\n");
    assertEquals((await zpaq(["a", "p.zpaq", "s"])).code, 0);
    const plain = await Deno.readFile(`${cwd}/p.zpaq`);
    const ok = async (...args: string[]): Promise<void> => {
      const { code, stderr } = await zpaq(args);
      assertEquals(code, 0, stderr);
    };
    await ok("e", "p.zpaq", "q.zpaq", "-new-key-file", "one");
    await ok("e", "q.zpaq", "r.zpaq", "-key-file", "one", "-new-key-file", "two");
    await ok("t", "r.zpaq", "-key", "2");
    await ok("e", "r.zpaq", "back.zpaq", "-key-file", "two");
    assertEquals(await Deno.readFile(`${cwd}/back.zpaq`), plain);
    await ok("x", "r.zpaq", "-key-file", "two", "-repack", "s.zpaq", "-new-key-file", "one");
    await ok("t", "s.zpaq", "-key", "1");
  }));

Deno.test("zpaq: what gives no password, or two, is refused", () =>
  withFiles(async (cwd, zpaq) => {
    await Deno.writeTextFile(`${cwd}/empty`, "\n");
    await Deno.writeTextFile(`${cwd}/lines`, "one\ntwo\n");
    await Deno.writeFile(`${cwd}/large`, new Uint8Array(70_000).fill(65));
    const refused: [string[], number, string, Record<string, string>?][] = [
      [["-key-file", "empty"], 2, "there is no password in it"],
      [["-key-file", "lines"], 2, "more than one line"],
      [["-key-file", "large"], 2, "too large"],
      [["-key-file", "missing"], 2, "No such file"],
      [["-key-file", "s"], 2, "Is a directory"],
      [["-key", "a", "-key-file", "lines"], 1, "second password"],
      [["-key-ask"], 1, "on a terminal only"],
      [[], 1, "is empty", { SLUICE_ZPAQ_KEY: "" }],
    ];
    for (const [args, code, text, env] of refused) {
      const outcome = await zpaq(["a", "p.zpaq", "s", ...args], env);
      assertEquals(outcome.code, code, outcome.stderr);
      assertStringIncludes(outcome.stderr, text);
    }
    for (
      const args of [["x", "p.zpaq", "-new-key-ask"], ["x", "p.zpaq", "-repack", "q", "k", "-new-key-ask"]]
    ) {
      assertStringIncludes((await zpaq(args)).stderr, "no effect");
    }
    assertEquals((await zpaq(["e", "a", "b", "c", "d", "-key-file", "lines"])).code, 1);
    assertEquals([...Deno.readDirSync(cwd)].map(({ name }) => name).sort(), ["empty", "large", "lines", "s"]);
  }));

/** Runs `sluice zpaq` on a terminal, and types a line after each question. */
async function onTerminal(
  cwd: string,
  args: string[],
  lines: string[],
): Promise<{ code: number; screen: string }> {
  const command = [Deno.execPath(), ...sluiceArguments(["zpaq", ...args])].map((word) => `'${word}'`).join(
    " ",
  );
  const child = new Deno.Command("script", {
    args: ["-qec", command, "/dev/null"],
    cwd,
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const writer = child.stdin.getWriter();
  let screen = "";
  let asked = 0;
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    screen += text;
    const questions = screen.match(/(?:Password|again):/g)?.length ?? 0;
    while (asked < Math.min(questions, lines.length)) {
      await writer.write(new TextEncoder().encode(`${lines[asked++]}\n`));
    }
  }
  await writer.close().catch(() => {});
  return { code: (await child.status).code, screen };
}

Deno.test({
  name: "zpaq: a password is asked for on a terminal, twice for a new archive, and never shown",
  ignore: !hasScript,
  fn: () =>
    withFiles(async (cwd, zpaq) => {
      const differs = await onTerminal(cwd, ["a", "p.zpaq", "s", "-key-ask"], ["secret", "sceret"]);
      assertEquals(differs.code, 2, differs.screen);
      assertStringIncludes(differs.screen, "the two passwords differ");
      const made = await onTerminal(cwd, ["a", "p.zpaq", "s", "-key-ask"], ["secret", "secret"]);
      assertEquals(made.code, 0, made.screen);
      const read = await onTerminal(cwd, ["t", "p.zpaq", "-key-ask"], ["secret"]);
      assertEquals(read.code, 0, read.screen);
      const added = await onTerminal(cwd, ["a", "p.zpaq", "s", "-key-ask"], ["secret"]);
      assertEquals(added.code, 0, added.screen);
      const wrong = await onTerminal(cwd, ["t", "p.zpaq", "-key-ask"], ["guess"]);
      assertEquals(wrong.code, 2, wrong.screen);
      for (const { screen } of [made, read, added, wrong]) assert(!/secret|guess/.test(screen), screen);
      assertEquals((await zpaq(["t", "p.zpaq", "-key", "secret"])).code, 0);
    }),
});
