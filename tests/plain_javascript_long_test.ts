/**
 * The decoders as plain JavaScript: the tests of zstd and lz4 with them in place of WASM, with SLUICE_LONG=1 all, else
 * those that take seconds; and a page of Chromium whose policy forbids WASM.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { compressLz4 } from "@sluice/lz4";
import { compressZstd } from "@sluice/zstd";
import { runDeno } from "../_tools/command.ts";
import { countDenoTests } from "../_tools/test_counts.ts";
import { testInChromium } from "./_chromium.ts";
import { text } from "./_data.ts";
import { inDirectory } from "./_directory.ts";

const FILES = Deno.env.get("SLUICE_LONG") === "1" ? ["zstd", "lz4"] : [
  "zstd/frame/frames_test.ts",
  "zstd/codec/fuzz_test.ts",
  "zstd/codec/stream_test.ts",
  "zstd/codec/pitfalls_test.ts",
  "zstd/codec/dictionary_test.ts",
  "zstd/file/open_zstd_test.ts",
  "lz4/codec/extras_test.ts",
  "lz4/frame/lasting_failures_test.ts",
  "lz4/index/repack_test.ts",
];

/** Run in the page; `ENTRY` is the module's. */
const PROGRAM = `
import { decompressZstd } from "@sluice/zstd/ENTRY";
import { decompressLz4 } from "@sluice/lz4/ENTRY";
globalThis.decode = async () => {
  const get = async (path) => new Uint8Array(await (await fetch(path)).arrayBuffer());
  try {
    const content = await get("/content");
    const isContent = (bytes) => bytes.length === content.length && bytes.every((byte, i) => byte === content[i]);
    return [isContent(decompressZstd(await get("/zstd"))), isContent(decompressLz4(await get("/lz4")))].join();
  } catch (error) {
    return error.code + ": " + error.message;
  }
};
`;

Deno.test("the tests of zstd and lz4 pass with decoders in plain JavaScript", async () => {
  const { success, stdout, stderr } = await runDeno([
    "test",
    "-A",
    "--no-check",
    "--parallel",
    "--preload=tests/_plain_javascript.ts",
    ...FILES,
  ]);
  assert(success, stdout.slice(-4000) + stderr.slice(-1000));
  const { passed } = countDenoTests(stdout)!;
  assert(passed > 150, `${passed} passed`);
});

/** A program bundled from the packages of this checkout. */
async function bundle(folder: string, entry: string): Promise<string> {
  const source = new URL(`./_policy_page_${entry.replace("-", "_")}.gen.ts`, import.meta.url).pathname;
  const output = `${folder}/${entry}.js`;
  await Deno.writeTextFile(source, PROGRAM.replaceAll("ENTRY", entry));
  try {
    const made = await runDeno(["bundle", "-q", "--platform=browser", `--output=${output}`, source]);
    assert(made.success, made.stderr);
  } finally {
    await Deno.remove(source);
  }
  return await Deno.readTextFile(output);
}

testInChromium(
  "a page whose policy forbids WASM decodes with plain JavaScript, and without is told what helps",
  async (browser) => {
    await inDirectory(async (folder) => {
      const content = text(700_000, 6);
      const bodies = new Map<string, BodyInit>([
        ["/content", content],
        ["/zstd", compressZstd(content, { contentChecksum: true })],
        ["/lz4", compressLz4(content)],
      ]);
      for (const entry of ["decode", "decode-js"]) {
        bodies.set(`/${entry}.js`, await bundle(folder, entry));
        bodies.set(`/${entry}`, `<!DOCTYPE html><script type="module" src="/${entry}.js"></script>`);
      }
      await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
        const { pathname } = new URL(request.url);
        const type = pathname.endsWith(".js") ? "text/javascript" : "text/html";
        const headers = { "content-type": type, "content-security-policy": "default-src 'self'" };
        const body = bodies.get(pathname);
        return new Response(body ?? null, { status: body === undefined ? 404 : 200, headers });
      });
      const answers: string[] = [];
      for (const entry of ["decode", "decode-js"]) {
        const page = await browser.newPage();
        await page.goto(`http://127.0.0.1:${server.addr.port}/${entry}`);
        await page.waitForFunction("globalThis.decode");
        answers.push(await page.evaluate<string>("globalThis.decode()"));
      }
      assertStringIncludes(answers[0]!, "WASM_FORBIDDEN");
      assertStringIncludes(answers[0]!, "@sluice/zstd/decode-js");
      assertEquals(answers[1], "true,true");
    });
  },
);
