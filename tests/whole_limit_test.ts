import { assert, assertEquals, assertStringIncludes } from "@std/assert";

const LIMIT = 256 << 20;
const SPARE = 32 << 20;
const RUN = new URL("./_whole_limit_run.ts", import.meta.url).pathname;

for (const name of ["decompressZstd", "decompressZstdAsync", "decompressLz4", "decompressLz4Async"]) {
  for (const backend of ["native", "wasm"]) {
    Deno.test({
      name: `${name} stops a bomb at the default limit, in bounded memory [${backend}]`,
      ignore: Deno.build.os !== "linux",
      async fn() {
        const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
          args: ["run", "-A", "--no-check", RUN, name, backend],
        }).output();
        const text = new TextDecoder().decode(stdout);
        assert(text !== "", new TextDecoder().decode(stderr));
        const { code, message, grown } = JSON.parse(text) as { code: string; message: string; grown: number };
        assertEquals(code, "OUTPUT_LIMIT");
        assertStringIncludes(message, `at most ${LIMIT} bytes (raise "maxOutputSize")`);
        assert(grown <= LIMIT + SPARE, `${grown} bytes`);
      },
    });
  }
}
