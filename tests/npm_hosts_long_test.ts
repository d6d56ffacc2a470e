/**
 * The packages for npm where others build and run them: in other versions of Node, bundled by Vite and webpack, and by a
 * worker host that compiles no WASM, in workerd itself and in miniflare. The tools are installed from npm, so that this
 * is done in the long form alone.
 */
import { get } from "node:http";
import { assert, assertEquals } from "@std/assert";
import { concatBytes } from "@sluice/internal";
import { decompressZstd } from "@sluice/zstd";
import { runCommand } from "../_tools/command.ts";
import { EXPECTED, installed, PROGRAM } from "./_npm_packages.ts";

const LONG = Deno.env.get("SLUICE_LONG") === "1";

/** What is installed; the first part of a name is the folder that it comes to. */
const TOOLS = [
  "esbuild@0.27",
  "miniflare@4",
  "node22@npm:node@22",
  "node24@npm:node@24",
  "vite@7",
  "webpack@5",
];

const VITE = `
import { build } from "./tools/node_modules/vite/dist/node/index.js";
await build({
  configFile: false,
  logLevel: "error",
  build: {
    target: "es2022",
    outDir: "vite",
    rollupOptions: { input: "program.mjs", output: { entryFileNames: "page.mjs" } },
  },
});
`;

const WEBPACK = `
import webpack from "./tools/node_modules/webpack/lib/index.js";
const output = { filename: "page.mjs", module: true, chunkFormat: "module", chunkLoading: "import", publicPath: "" };
webpack({
  mode: "production",
  context: import.meta.dirname,
  entry: "./program.mjs",
  target: ["web", "es2022"],
  experiments: { outputModule: true },
  output: { path: import.meta.dirname + "/webpack", ...output },
}, (error, stats) => {
  if (error) throw error;
  if (stats.hasErrors()) throw new Error(stats.toString({ all: false, errors: true }));
});
`;

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

const WORKER_BUILD = `
import { build } from "./tools/node_modules/esbuild/lib/main.js";
await build({
  entryPoints: ["worker.mjs"],
  bundle: true,
  format: "esm",
  outdir: "out",
  target: "es2022",
  conditions: ["workerd"],
  loader: { ".wasm": "copy" },
  assetNames: "[name]",
});
`;

/** Serves the worker until its standard input ends, and prints the address first. */
const MINIFLARE = `
import { readdirSync } from "node:fs";
import { Miniflare } from "./tools/node_modules/miniflare/dist/src/index.js";
const wasm = readdirSync("out").filter((name) => name.endsWith(".wasm"));
const server = new Miniflare({
  host: "127.0.0.1",
  port: 0,
  modulesRoot: "out",
  compatibilityDate: "2026-01-01",
  modules: [
    { type: "ESModule", path: "out/worker.js" },
    ...wasm.map((name) => ({ type: "CompiledWasm", path: "out/" + name })),
  ],
});
console.log((await server.ready).href);
for await (const _ of process.stdin);
await server.dispose();
`;

/** Runs a program of the folder with Node. */
async function runScript(folder: string, name: string, content: string): Promise<void> {
  await Deno.writeTextFile(`${folder}/${name}`, content);
  const { success, stdout, stderr } = await runCommand("node", [name], { cwd: folder });
  assert(success, stdout + stderr);
}

/** What a worker answers, decoded as the header says and no further: a body that is encoded twice is not the text. */
async function askWorker(url: string): Promise<void> {
  for (const path of ["zstd", "lz4", "git"]) {
    const answer = await fetch(new URL(path, url));
    assertEquals([answer.status, await answer.text()], [200, "hello"], path);
  }
  const text = "hello ".repeat(1000);
  for (const encoding of ["zstd", "gzip", "identity"]) {
    // A client of bytes: fetch would decode gzip and not say so.
    const { headers, body } = await requestBytes(new URL("text", url), encoding);
    assertEquals(headers["content-encoding"] ?? "identity", encoding);
    assertEquals(new TextDecoder().decode(await decoded(encoding, body)), text, encoding);
  }
}

async function decoded(encoding: string, body: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  if (encoding === "zstd") return decompressZstd(body);
  if (encoding === "identity") return body;
  const plain = new Blob([body]).stream().pipeThrough(new DecompressionStream("gzip"));
  return await new Response(plain).bytes();
}

interface Answer {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Uint8Array<ArrayBuffer>;
}

function requestBytes(url: URL, encoding: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    get(url, { headers: { "accept-encoding": encoding }, agent: false }, (answer) => {
      const chunks: Uint8Array<ArrayBuffer>[] = [];
      answer.on("data", (chunk: Uint8Array<ArrayBuffer>) => chunks.push(chunk));
      answer.on("end", () => resolve({ headers: answer.headers, body: concatBytes(chunks) }));
      answer.on("error", reject);
    }).on("error", reject);
  });
}

/** workerd alone, which starts without saying so. */
async function checkWorkerd(folder: string): Promise<void> {
  const modules = ['(name = "worker.js", esModule = embed "worker.js")'];
  for await (const { name } of Deno.readDir(`${folder}/out`)) {
    if (name.endsWith(".wasm")) modules.push(`(name = "${name}", wasm = embed "${name}")`);
  }
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  await Deno.writeTextFile(
    `${folder}/out/config.capnp`,
    `using Workerd = import "/workerd/workerd.capnp";
     const config :Workerd.Config = (
       services = [(name = "main", worker = .main)],
       sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")]);
     const main :Workerd.Worker = (modules = [${modules.join(", ")}], compatibilityDate = "2026-01-01");`,
  );
  const server = new Deno.Command(`${folder}/tools/node_modules/.bin/workerd`, {
    args: ["serve", `${folder}/out/config.capnp`],
    stdout: "null",
    stderr: "null",
  }).spawn();
  try {
    const url = `http://127.0.0.1:${port}/`;
    for (let attempt = 0;; attempt++) {
      try {
        await (await fetch(url)).body?.cancel();
        break;
      } catch (error) {
        if (attempt === 100) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
    await askWorker(url);
  } finally {
    server.kill();
    await server.status;
  }
}

/** miniflare, which puts the edge's own answers to `Accept-Encoding` around workerd. */
async function checkMiniflare(folder: string): Promise<void> {
  await Deno.writeTextFile(`${folder}/miniflare.mjs`, MINIFLARE);
  const server = new Deno.Command("node", {
    args: ["miniflare.mjs"],
    cwd: folder,
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const lines = server.stdout.pipeThrough(new TextDecoderStream()).getReader();
  try {
    const { value: url } = await lines.read();
    assert(url !== undefined, "miniflare ended before it listened");
    await askWorker(url.trim());
  } finally {
    await server.stdin.close();
    await lines.cancel();
    await server.status;
  }
}

Deno.test({
  name: "packages for npm run in every Node, from other bundlers and on workers",
  ignore: !LONG,
  async fn(t) {
    await installed(async (folder) => {
      const flags = ["--no-save", "--no-audit", "--no-fund", `--prefix=${folder}/tools`];
      const { success, stderr } = await runCommand("npm", ["install", ...flags, ...TOOLS]);
      if (!success) {
        console.log(`SKIPPED: bundlers and workers, which can not be had here: ${stderr.split("\n", 1)[0]}`);
        return;
      }
      await Deno.writeTextFile(`${folder}/program.mjs`, PROGRAM);
      const runs = async (command: string, path: string): Promise<void> => {
        const { stdout, stderr } = await runCommand(command, [path], { cwd: folder });
        assertEquals(stdout, EXPECTED, stderr);
      };
      for (const version of [22, 24]) {
        await t.step(
          `on Node ${version}`,
          () => runs(`${folder}/tools/node_modules/node${version}/bin/node`, "program.mjs"),
        );
      }
      for (const [name, script] of Object.entries({ vite: VITE, webpack: WEBPACK })) {
        await t.step(`bundled by ${name}`, async () => {
          await runScript(folder, `${name}.mjs`, script);
          await runs("node", `${name}/page.mjs`);
        });
      }
      await Deno.writeTextFile(`${folder}/worker.mjs`, WORKER);
      await runScript(folder, "build.mjs", WORKER_BUILD);
      await t.step("on workerd, which compiles nothing", () => checkWorkerd(folder));
      await t.step("on miniflare", () => checkMiniflare(folder));
    });
  },
});
