import { assertEquals, assertStringIncludes } from "@std/assert";
import { compressLz4 } from "@sluice/lz4";
import { run } from "./_cli.ts";
import { text } from "./_data.ts";
import { testInDirectory } from "./_directory.ts";
import { objectOf, startRangeServer } from "./_range_server.ts";

const EXAMPLE = new URL("../examples/lz4_download/main.ts", import.meta.url).pathname;

testInDirectory("the example of a download runs", async (folder) => {
  const content = text(200_000);
  await using server = startRangeServer(objectOf(compressLz4(content)));
  const example = (...args: string[]) => run(Deno.execPath(), ["run", "-A", EXAMPLE, ...args]);
  const { code, stdout, stderr } = await example(server.url, `${folder}/out`);
  assertEquals(code, 0, stderr);
  assertStringIncludes(new TextDecoder().decode(stdout), "200000 bytes");
  assertEquals(await Deno.readFile(`${folder}/out`), content);
  assertEquals((await example()).code, 1);
});
