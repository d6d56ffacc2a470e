import { assert, assertEquals, assertStringIncludes } from "@std/assert";
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

/** Each shell's answer to a line that is being typed, one word a line; `compsys` of zsh is replaced by what prints. */
const ASKED: Readonly<Record<string, (script: string, words: readonly string[]) => readonly string[]>> = {
  bash: (script, words) => [
    "--norc",
    "-c",
    `${script}\nCOMP_WORDS=(${words.map(quoted).join(" ")}) COMP_CWORD=${
      words.length - 1
    }\n_sluice\nprintf '%s\\n' "\${COMPREPLY[@]}"`,
  ],
  zsh: (script, words) => [
    "-f",
    "-c",
    `compdef() { : }; _files() { : }; _describe() { print -l -- "\${(@P)2%%:*}" }\n${script}\n` +
    `words=(${words.map(quoted).join(" ")}) CURRENT=${words.length}\n_sluice`,
  ],
  fish: (script, words) => [
    "--no-config",
    "-c",
    `${script}\ncomplete -C ${quoted(words.join(" "))} | string replace -r '\\t.*' ''`,
  ],
};

function quoted(text: string): string {
  return `'${text}'`;
}

async function temporaryFile(text: string): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await Deno.makeTempFile();
  await Deno.writeTextFile(path, text);
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path) };
}

Deno.test("completions name every option that a help names, in bash, zsh and fish", async (t) => {
  for (const [shell, argumentsFor] of Object.entries(ASKED)) {
    await using file = await temporaryFile((await sluice("completions", shell)).stdout);
    const script = `source ${quoted(file.path)}`; // an argument holds at most 128 KiB
    await t.step(shell, async (step) => {
      let count = 0;
      for (const { name } of COMMANDS) {
        const help = (await sluice(name, "--help")).stdout;
        const options = new Set(
          [...help.matchAll(/^ {2}(-.+?)(?: {2}|$)/gm)].flatMap(([, names]) =>
            names!.split(", ").map((each) => each.split(/[ =[#]/)[0]!).filter((each) =>
              /^-/.test(each) && each !== "-"
            )
          ),
        );
        let stdout: Uint8Array;
        try {
          const args = argumentsFor(script, ["sluice", name, "-"]);
          ({ stdout } = await new Deno.Command(shell, { args: [...args], stdin: "null" }).output());
        } catch (error) {
          if (!(error instanceof Deno.errors.NotFound)) throw error;
          console.log(`SKIPPED: completions in ${shell}, which is not here`);
          return;
        }
        const words = new Set(new TextDecoder().decode(stdout).split("\n"));
        count += options.size;
        assertEquals([...options].filter((option) => !words.has(option)), [], `${step.name}: ${name}`);
      }
      assert(count > 500, `${count} options`);
    });
  }
});

async function syntaxErrors(shell: string, script: string): Promise<string> {
  const child = new Deno.Command(shell, { args: ["-n"], stdin: "piped", stderr: "piped" }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(script));
  await writer.close();
  return new TextDecoder().decode((await child.output()).stderr);
}
