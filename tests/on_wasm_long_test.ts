/**
 * Runs tests that name no backend a second time, on WASM; in the short form a few of them. Each runs in its own short form:
 * the long ones prove TypeScript with ever more seeds, 45 minutes for programs of the compiler alone, not another kernel.
 */
import { assertEquals } from "@std/assert";
import { run } from "./_cli.ts";
import { ON_WASM } from "./_on_wasm_files.ts";

const SHORT = ["gitdb/pack/format_test.ts", "pdiffcopy/server/http_test.ts", "zpaq/compiler/hash_test.ts"];
const ROOT = new URL("..", import.meta.url).pathname;

for (const path of Deno.env.get("SLUICE_LONG") === "1" ? ON_WASM : SHORT) {
  Deno.test(`${path} on WASM`, async () => {
    const args = ["test", "-A", "--no-check", "--preload=tests/_on_wasm.ts", path];
    const env = { NO_COLOR: "1", SLUICE_LONG: "" };
    const { code, stdout, stderr } = await run(Deno.execPath(), args, { cwd: ROOT, env });
    assertEquals(code, 0, `${new TextDecoder().decode(stdout)}\n${stderr}`);
  });
}
