import { assertEquals, assertStringIncludes } from "@std/assert";
import { COMMANDS } from "./_commands.ts";
import { SLUICE_VERSION } from "./shared/version.ts";

/** Runs the command line as a program of its own. */
async function sluice(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", new URL("./main.ts", import.meta.url).pathname, ...args],
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

Deno.test("sluice names its version and its commands", async () => {
  assertEquals((await sluice("--version")).stdout, `sluice ${SLUICE_VERSION}\n`);
  const help = await sluice("--help");
  assertEquals(help.code, 0);
  for (const { name, summary } of COMMANDS) {
    assertStringIncludes(help.stdout, `  ${name.padEnd(13)}${summary}\n`);
  }
  assertEquals((await sluice()).code, 1);
});

Deno.test("sluice refuses an unknown command and names the nearest", async () => {
  const near = await sluice("ztsd");
  assertEquals(near.code, 1);
  assertStringIncludes(near.stderr, 'did you mean "zstd"');
  const far = await sluice("frobnicate");
  assertEquals([far.code, far.stderr.includes("did you mean")], [1, false]);
});

for (const { name } of COMMANDS) {
  Deno.test(`sluice ${name} has a help text`, async () => {
    const { code, stdout } = await sluice(name, "--help");
    assertEquals(code, 0);
    assertStringIncludes(stdout, "Usage: sluice ");
  });
}

Deno.test("sluice takes --backend anywhere before --", async () => {
  for (const args of [["--backend=wasm", "native", "status"], ["native", "status", "--backend=wasm"]]) {
    assertStringIncludes((await sluice(...args)).stdout, "backend  wasm\n");
  }
  const unknown = await sluice("native", "status", "--backend=other");
  assertEquals(unknown.code, 1);
  assertStringIncludes(unknown.stderr, "expected auto, native, wasm");
  assertStringIncludes(unknown.stderr, 'Try "sluice --help"');
  assertStringIncludes((await sluice("zstd", "--", "--backend=wasm")).stderr, "can't stat --backend=wasm");
});

Deno.test("sluice completions knows every command and its options", async () => {
  for (const shell of ["bash", "zsh", "fish"]) {
    const { code, stdout } = await sluice("completions", shell);
    assertEquals(code, 0);
    for (const { name } of COMMANDS) assertStringIncludes(stdout, name);
    for (const word of ["--output-dir-mirror", "--backend=wasm", "status"]) {
      assertStringIncludes(stdout, word);
    }
    try {
      assertEquals(await syntaxErrors(shell, stdout), "");
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      console.log(`skipped: syntax of the ${shell} script, there is no ${shell} here`);
    }
  }
  assertEquals((await sluice("completions", "tcsh")).code, 1);
});

async function syntaxErrors(shell: string, script: string): Promise<string> {
  const child = new Deno.Command(shell, { args: ["-n"], stdin: "piped", stderr: "piped" }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(script));
  await writer.close();
  return new TextDecoder().decode((await child.output()).stderr);
}
