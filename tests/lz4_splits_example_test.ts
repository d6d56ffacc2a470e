import { assertEquals, assertStringIncludes } from "@std/assert";
import { buildLz4Index, compressLz4, encryptLz4AesGcmIterable } from "@sluice/lz4";
import { run } from "./_cli.ts";
import { join } from "./_data.ts";
import { testInDirectory } from "./_directory.ts";
import { objectOf, startRangeServer } from "./_range_server.ts";

const EXAMPLE = new URL("../examples/lz4_splits/main.ts", import.meta.url).pathname;

testInDirectory(
  "the example of splits counts the lines that match, of encrypted files too",
  async (folder) => {
    const lines = Array.from({ length: 40_000 }, (_, i) => `line ${i}${i % 3 === 0 ? " fizz" : ""}\n`);
    const file = compressLz4(new TextEncoder().encode(lines.join("")), { linked: true, blockSize: 65536 });
    const index = await buildLz4Index(file, { spacing: 65536 });
    await Deno.writeFile(`${folder}/index`, index.toBytes());
    const expected = `${lines.filter((line) => line.includes("fizz")).length} lines match`;
    const key = new Uint8Array(32).fill(9);
    const sealed = join(...await Array.fromAsync(encryptLz4AesGcmIterable(file, { key })));
    for (const [object, env] of [[file, {}], [sealed, { KEY: key.toHex() }]] as const) {
      await using server = startRangeServer(objectOf(object));
      const args = ["run", "-A", EXAMPLE, server.url, `${folder}/index`, "fizz$"];
      const { code, stdout, stderr } = await run(Deno.execPath(), args, {
        env: { SPLIT_SIZE: "100000", ...env },
      });
      assertEquals(code, 0, stderr);
      assertStringIncludes(new TextDecoder().decode(stdout), expected);
      assertStringIncludes(new TextDecoder().decode(stdout), "4 splits");
    }
    assertEquals((await run(Deno.execPath(), ["run", "-A", EXAMPLE])).code, 1);
  },
);
