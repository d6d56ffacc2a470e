/**
 * `sluice zpaq join`: parts that were compressed apart are one archive, which zpaq extracts too.
 */
import { assert, assertEquals } from "@std/assert";
import { compressZpaq, createZpaqArchive, decompressZpaq } from "@sluice/zpaq";
import { sluice } from "../../tests/_cli.ts";
import { text } from "../../tests/_data.ts";
import { testInDirectory } from "../../tests/_directory.ts";

const CONTENT = text(100_000);

testInDirectory("sluice zpaq join makes one archive of parts, in their order", async (cwd) => {
  await Deno.writeFile(`${cwd}/1`, compressZpaq(CONTENT.subarray(0, 60_000), { filename: "a.txt" }));
  await Deno.writeFile(`${cwd}/2`, compressZpaq(CONTENT.subarray(60_000), { method: "5" }));
  await Deno.writeFile(`${cwd}/journal`, await createZpaqArchive([{ name: "a", body: CONTENT }]));
  await Deno.writeTextFile(`${cwd}/junk`, "no block");
  await Deno.writeTextFile(`${cwd}/precious`, "precious");
  const joined = await sluice(["zpaq", "join", "out.zpaq", "1", "2"], { cwd });
  assertEquals(joined.code, 0, joined.stderr);
  assertEquals(decompressZpaq(await Deno.readFile(`${cwd}/out.zpaq`)), CONTENT);
  const extracted = await sluice(["zpaq", "x", "out.zpaq", "-to", "x"], { cwd });
  assertEquals(extracted.code, 0, extracted.stderr);
  assertEquals(await Deno.readFile(`${cwd}/x/a.txt`), CONTENT);
  for (
    const [args, message] of [
      [["join"], "needs"],
      [["join", "new"], "needs an archive to write and its parts"],
      [["join", "new", "1", "junk"], "junk"],
      [["join", "new", "1", "journal"], "journal: Cannot join the block at byte 0"],
      [["join", "precious", "1"], "precious"],
      [["join", "1", "1", "-force"], "overwrite the input"],
      [["join", "new", "1", "-method", "5"], "-m"],
    ] as const
  ) {
    const { code, stderr } = await sluice(["zpaq", ...args], { cwd });
    assert(code !== 0 && stderr.includes(message), `${args.join(" ")}: ${code} ${stderr}`);
  }
  assertEquals(await Deno.readTextFile(`${cwd}/precious`), "precious");
  assert(!await Deno.stat(`${cwd}/new`).then(() => true, () => false));
});
