/**
 * A file that is copied onto itself, by whatever names: nothing happens to it, and nothing is left beside it.
 */
import { assertEquals } from "@std/assert";
import { testBackends } from "../../tests/_backends.ts";
import { Random } from "../../tests/_data.ts";
import { inDirectory } from "../../tests/_directory.ts";
import { copyPdiffTree, PdiffClient, servePdiff } from "../mod.ts";

const CONTENT = new Random(71).bytes(3_000_000);
const WAYS = [["upload", 0, 1], ["download", 1, 0], ["on this machine", 0, 0], [
  "on a server",
  1,
  1,
]] as const;

testBackends("a file that is copied onto itself is left alone, and so is what lies beside it", async () => {
  await inDirectory(async (root) => {
    await Deno.mkdir(`${root}/tree`);
    for (const name of ["file", "tree/file"]) await Deno.writeFile(`${root}/${name}`, CONTENT);
    await Deno.link(`${root}/file`, `${root}/other`);
    const names = async (): Promise<string[]> =>
      (await Promise.all([root, `${root}/tree`].map((path) => Array.fromAsync(Deno.readDir(path)))))
        .flat().map(({ name }) => name).sort();
    const before = await names();
    await using server = servePdiff({ root, port: 0, writable: true });
    const places = [root, `http://127.0.0.1:${server.port}`];
    for (const [way, from, to] of WAYS) {
      for (const [old, name] of [["file", "file"], ["file", "other"]]) {
        for (const replace of ["auto", "inplace"] as const) {
          for (const shift of [false, true]) {
            const paths = { source: `${places[from]}/${old}`, target: `${places[to]}/${name}` };
            const delta = shift ? undefined : false;
            const copy = new PdiffClient({
              ...paths,
              delta,
              replace,
              shift,
              blockSize: shift ? undefined : 4096,
            });
            assertEquals((await copy.synchronize()).equal, true, `${way}, ${name}, ${replace}, ${shift}`);
          }
        }
      }
      const trees = { source: `${places[from]}/tree`, target: `${places[to]}/tree` };
      const { filesCopied, faults } = await copyPdiffTree({ ...trees, delta: false, compareContent: true });
      assertEquals([filesCopied, faults], [0, []], way);
      assertEquals(await names(), before, way);
    }
    assertEquals(await Deno.readFile(`${root}/file`), CONTENT);
  });
});
