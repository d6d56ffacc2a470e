/**
 * The packages for npm in a folder of their own: run by Node, type-checked the ways that TypeScript resolves packages, and
 * bundled.
 */
import ts from "typescript";
import { assert, assertEquals } from "@std/assert";
import { runCommand, runDeno } from "../_tools/command.ts";
import { EXPECTED, installed, PROGRAM } from "./_npm_packages.ts";
import { listRuntimes } from "./_runtimes.ts";

/** For an engine that may not write code: one decoder is plain JavaScript, the other is missed. */
const JITLESS_PROGRAM = `
import { decompressZstd } from "@sluice/zstd/decode-js";
import { decompressLz4 } from "@sluice/lz4/decode";
const content = decompressZstd(Buffer.from("KLUv/SAFKQAAaGVsbG8=", "base64"));
console.log(typeof WebAssembly, new TextDecoder().decode(content));
try {
  decompressLz4(new Uint8Array([0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82, 0, 0, 0, 0]));
} catch (error) {
  console.log(error.code, /@sluice.*/.exec(error.message)[0]);
}
`;

/** What TypeScript says of a program, nothing left unchecked. */
function diagnose(path: string, moduleResolution: ts.ModuleResolutionKind, module: ts.ModuleKind): string[] {
  const program = ts.createProgram([path], {
    target: ts.ScriptTarget.ES2022,
    lib: ["lib.es2022.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"],
    module,
    moduleResolution,
    strict: true,
    noEmit: true,
    types: [],
  });
  return ts.getPreEmitDiagnostics(program).map(({ file, messageText }) =>
    `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`
  );
}

Deno.test("packages for npm run elsewhere and have types", async (t) => {
  await installed(async (folder) => {
    await Deno.writeTextFile(`${folder}/program.mjs`, PROGRAM);
    for (const { name, command } of await listRuntimes()) {
      await t.step({
        name: `on ${name}`,
        ignore: command === undefined,
        async fn(): Promise<void> {
          const { stdout, stderr } = await runCommand(command!, [`${folder}/program.mjs`], { cwd: folder });
          assertEquals(stdout, EXPECTED, stderr);
        },
      });
    }
    await t.step("types for bundlers and for Node", async () => {
      await Deno.writeTextFile(`${folder}/program.mts`, PROGRAM);
      const { Bundler, Node16 } = ts.ModuleResolutionKind;
      assertEquals(diagnose(`${folder}/program.mts`, Bundler, ts.ModuleKind.ESNext), []);
      assertEquals(diagnose(`${folder}/program.mts`, Node16, ts.ModuleKind.Node16), []);
    });
    await t.step({
      name: "on Node without WebAssembly",
      ignore: (await listRuntimes()).find(({ name }) => name === "Node")?.command === undefined,
      async fn(): Promise<void> {
        await Deno.writeTextFile(`${folder}/jitless.mjs`, JITLESS_PROGRAM);
        const node = (await listRuntimes()).find(({ name }) => name === "Node")!.command!;
        const { stdout, stderr } = await runCommand(node, ["--jitless", `${folder}/jitless.mjs`], {
          cwd: folder,
        });
        assertEquals(stdout, "undefined hello\nWASM_FORBIDDEN @sluice/lz4/decode-js\n", stderr);
      },
    });
    await t.step("bundles", async () => await checkBundles(folder));
  });
});

/**
 * The most bytes, after gzip, of what a page loads to use one export: all in one file, and what comes first where the
 * bundler makes a file of its own for what is imported later.
 */
const BUNDLES: readonly (readonly [what: string, from: string, max: number, first?: number])[] = [
  ["ZstdDecompressionStream", "@sluice/zstd/decode", 39_500],
  ["decompressZstd", "@sluice/zstd/decode", 39_000],
  ["decompressZstd", "@sluice/zstd", 39_000],
  ["decompressZstd", "@sluice/zstd/decode-js", 76_500],
  ["decompressLz4", "@sluice/lz4/decode", 24_000],
  ["decompressLz4", "@sluice/lz4", 24_000],
  ["decompressLz4", "@sluice/lz4/decode-js", 35_200],
  ["ZpaqDecompressionStream", "@sluice/zpaq", 98_000, 63_500],
  ["PackStore", "@sluice/gitdb", 108_200],
];

async function checkBundles(folder: string): Promise<void> {
  for (const [what, from, max, first] of BUNDLES) {
    const program = `import { ${what} } from "${from}"; console.log(${what});`;
    await Deno.writeTextFile(`${folder}/page.mjs`, program);
    await checkBundle(folder, `${what} of ${from}`, [], max);
    if (first !== undefined) {
      await checkBundle(folder, `${what} of ${from}, what comes first`, ["--code-splitting"], first);
    }
  }
}

async function checkBundle(folder: string, what: string, options: string[], max: number): Promise<void> {
  const args = ["bundle", "-q", "--minify", "--platform=browser", ...options, "--outdir=page", "page.mjs"];
  const { success, stderr } = await runDeno(args, { cwd: folder });
  assert(success, stderr);
  const size = await loadedSize(`${folder}/page`, "page.js");
  console.log(`${what}: ${size} bytes after gzip, at most ${max}`);
  assert(size <= max, `${what} takes ${size} bytes, expected at most ${max}`);
  await Deno.remove(`${folder}/page`, { recursive: true });
}

/** Bytes after gzip of a file and of all that it imports before it runs. */
async function loadedSize(folder: string, entry: string): Promise<number> {
  const names = new Set([entry]);
  let size = 0;
  for (const name of names) {
    const text = await Deno.readTextFile(`${folder}/${name}`);
    for (const [, imported] of text.matchAll(/\b(?:import|from)"\.\/([^"]+)"/g)) names.add(imported!);
    const packed = new Response(text).body!.pipeThrough(new CompressionStream("gzip"));
    size += (await new Response(packed).arrayBuffer()).byteLength;
  }
  return size;
}
