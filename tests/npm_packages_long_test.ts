/**
 * The packages for npm in folders of their own: run by Node, type-checked the ways that TypeScript resolves packages,
 * and, in the long form, bundled and run by a worker host that compiles no WASM.
 */
import ts from "typescript";
import { assert, assertEquals } from "@std/assert";
import { runCommand, runDeno } from "../_tools/command.ts";
import { inDirectory } from "./_directory.ts";
import { listRuntimes } from "./_runtimes.ts";

const LONG = Deno.env.get("SLUICE_LONG") === "1";

const PROGRAM = `
import {
  compressZstd, compressZstdBatch, decompressZstd, decompressZstdAsync, decompressZstdBatch, ZstdDecompressionStream,
  ZstdDecompressor, ZstdEncoder,
} from "@sluice/zstd";
import { compressZstdSeekable, ZstdSeekableReader } from "@sluice/zstd/seekable";
import { compressLz4, decompressLz4 } from "@sluice/lz4";
import { GitRepository, PackWriter } from "@sluice/gitdb";
import { byteSourceFromBytes, compressZpaq, createZpaqArchive, ZpaqArchive } from "@sluice/zpaq";
import { compileZpaqlPy } from "@sluice/zpaq/compiler";
import { PdiffBlockHashStream } from "@sluice/pdiffcopy/portable";
import { configureBackend } from "@sluice/ffi";
import { zstd } from "@sluice/sluice";
configureBackend({ backend: "wasm" });
const data = new TextEncoder().encode("from a package ".repeat(1000));
const pair = new ZstdDecompressionStream();
const sizes = [decompressZstd(compressZstd(data)), decompressLz4(compressLz4(data))].map((bytes) => bytes.length);
const kinds = [ZstdSeekableReader, GitRepository, PackWriter, ZpaqArchive, compressZpaq, compileZpaqlPy];
console.log(sizes.join(), kinds.every((kind) => typeof kind === "function"), pair.readable instanceof ReadableStream);
console.log(typeof PdiffBlockHashStream, typeof zstd.compressZstd);
const encoder = new ZstdEncoder();
const streamed = new Uint8Array([...encoder.push(data), ...encoder.finish()]);
const batch = decompressZstdBatch(compressZstdBatch([data, data], { threads: 1 }), { threads: 1 });
const reader = await ZstdSeekableReader.open(compressZstdSeekable(data, { frameSize: 1000 }));
const archive = await ZpaqArchive.open(byteSourceFromBytes(await createZpaqArchive([{ name: "a", body: data }])));
console.log(
  decompressZstd(streamed).length,
  (await decompressZstdAsync(streamed)).length,
  new ZstdDecompressor().decompress(streamed).length,
  batch.byteLength,
  (await reader.read(5, 5)).length,
  (await new Response(archive.entries()[0].body).arrayBuffer()).byteLength,
);
`;
const EXPECTED = "15000,15000 true true\nfunction function\n15000 15000 15000 30000 5 15000\n";

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

/** Makes the packages and calls `body` with a folder where they are installed. */
async function installed(body: (folder: string) => Promise<void>): Promise<void> {
  await inDirectory(async (folder) => {
    const made = await runDeno(["run", "-A", "_tools/npm.ts", `${folder}/node_modules`]);
    assert(made.success, made.stderr);
    await Deno.writeTextFile(`${folder}/package.json`, '{"type":"module"}');
    await body(folder);
  });
}

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
    await t.step({
      name: "on workerd, which compiles nothing",
      ignore: !LONG,
      fn: async () => await checkWorkerd(folder),
    });
  });
});

/** The most bytes, after gzip, of what a page loads to use one export. */
const BUNDLES: readonly (readonly [what: string, from: string, max: number])[] = [
  ["ZstdDecompressionStream", "@sluice/zstd/decode", 42_500],
  ["decompressZstd", "@sluice/zstd/decode", 42_000],
  ["decompressZstd", "@sluice/zstd", 42_000],
  ["decompressLz4", "@sluice/lz4", 36_000],
  ["ZpaqDecompressionStream", "@sluice/zpaq", 128_000],
  ["PackStore", "@sluice/gitdb", 127_500],
];

async function checkBundles(folder: string): Promise<void> {
  for (const [what, from, max] of BUNDLES) {
    await Deno.writeTextFile(
      `${folder}/page.mjs`,
      `import { ${what} } from "${from}"; console.log(${what});`,
    );
    const args = ["bundle", "-q", "--minify", "--platform=browser", "--output=page.out.js", "page.mjs"];
    const { success, stderr } = await runDeno(args, { cwd: folder });
    assert(success, stderr);
    const { body } = new Response(await Deno.readFile(`${folder}/page.out.js`));
    const { byteLength } = await new Response(body!.pipeThrough(new CompressionStream("gzip"))).arrayBuffer();
    console.log(`${what} of ${from}: ${byteLength} bytes after gzip, at most ${max}`);
    assert(byteLength <= max, `${what} of ${from} takes ${byteLength} bytes, expected at most ${max}`);
  }
}

const WORKER = `
import { decompressZstd } from "@sluice/zstd/decode";
import { compressLz4, decompressLz4 } from "@sluice/lz4";
import { withZstd } from "@sluice/zstd/http";
import { PackWriter, PackStore } from "@sluice/gitdb";
const routes = {
  "/zstd": () => decompressZstd(Uint8Array.from(atob("KLUv/SAFKQAAaGVsbG8="), (c) => c.charCodeAt(0))),
  "/lz4": () => decompressLz4(compressLz4(new TextEncoder().encode("hello"))),
  async "/git"() {
    const writer = new PackWriter();
    const id = await writer.add({ type: "blob", body: "hello" });
    const { pack, index } = await writer.finish();
    const store = await PackStore.fromSources([{ name: "one", pack, index }]);
    return await (await store.read(id)).text();
  },
};
const http = withZstd(() => new Response("hello ".repeat(1000), { headers: { "content-type": "text/plain" } }));
export default {
  async fetch(request) {
    const route = routes[new URL(request.url).pathname];
    return route === undefined ? await http(request) : new Response(await route());
  },
};
`;

async function checkWorkerd(folder: string): Promise<void> {
  const { success, stderr } = await runCommand(
    "npm",
    [
      "install",
      "--no-save",
      "--no-audit",
      "--no-fund",
      `--prefix=${folder}/tools`,
      "esbuild@0.27",
      "workerd@1",
    ],
  );
  if (!success) {
    console.log(`SKIPPED: workerd, which can not be had here: ${stderr.split("\n", 1)[0]}`);
    return;
  }
  await Deno.writeTextFile(`${folder}/worker.mjs`, WORKER);
  const build = `import { build } from "./tools/node_modules/esbuild/lib/main.js";
    await build({ entryPoints: ["worker.mjs"], bundle: true, format: "esm", outdir: "out", target: "es2022",
      conditions: ["workerd"], loader: { ".wasm": "copy" }, assetNames: "[name]" });`;
  await Deno.writeTextFile(`${folder}/build.mjs`, build);
  const built = await runCommand("node", ["build.mjs"], { cwd: folder });
  assert(built.success, built.stderr);
  const modules = ['(name = "worker.js", esModule = embed "worker.js")'];
  for await (const { name } of Deno.readDir(`${folder}/out`)) {
    if (name.endsWith(".wasm")) modules.push(`(name = "${name}", wasm = embed "${name}")`);
  }
  const port = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const address = `127.0.0.1:${(port.addr as Deno.NetAddr).port}`;
  port.close();
  await Deno.writeTextFile(
    `${folder}/out/config.capnp`,
    `using Workerd = import "/workerd/workerd.capnp";
     const config :Workerd.Config = (
       services = [(name = "main", worker = .main)],
       sockets = [(name = "http", address = "${address}", http = (), service = "main")]);
     const main :Workerd.Worker = (modules = [${modules.join(", ")}], compatibilityDate = "2026-01-01");`,
  );
  const server = new Deno.Command(`${folder}/tools/node_modules/.bin/workerd`, {
    args: ["serve", `${folder}/out/config.capnp`],
    stdout: "null",
    stderr: "null",
  }).spawn();
  try {
    const ask = async (path: string): Promise<string> => {
      for (let attempt = 0;; attempt++) {
        try {
          const answer = await fetch(`http://${address}${path}`, { headers: { "accept-encoding": "zstd" } });
          return `${answer.status} ${answer.headers.get("content-encoding")} ${
            (await answer.text()).slice(0, 5)
          }`;
        } catch (error) {
          if (attempt === 50) throw error;
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      }
    };
    for (const path of ["/zstd", "/lz4", "/git"]) assertEquals(await ask(path), "200 null hello", path);
    const packed = await ask("/text");
    assert(/^200 (?:zstd|null) /.test(packed), packed);
  } finally {
    server.kill();
    await server.status;
  }
}
