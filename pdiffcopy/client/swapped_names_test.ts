/**
 * Names of a tree that become links while it is copied: what they lead to, out of the tree, is neither read nor written.
 */
import { assertEquals } from "@std/assert";
import { testBackends } from "../../tests/_backends.ts";
import { inDirectory } from "../../tests/_directory.ts";
import { copyPdiffTree, servePdiff } from "../mod.ts";
import type { PdiffTreeOptions } from "../mod.ts";

/** Too much to travel with others. */
const SIZE = 300_000;
const SECRET = "of somebody else";

/** What is swapped when the first file was copied. */
const SWAPS: Readonly<Record<string, (side: string, victim: string) => void>> = {
  "a file": (side, victim) => {
    Deno.removeSync(`${side}/d/z`);
    Deno.symlinkSync(`${victim}/z`, `${side}/d/z`);
  },
  "a directory": (side, victim) => {
    Deno.renameSync(`${side}/d`, `${side}/gone`);
    Deno.symlinkSync(victim, `${side}/d`);
  },
};

for (const direction of ["local", "download", "upload"]) {
  for (const [name, swap] of Object.entries(SWAPS)) {
    for (const swapped of ["from", "to"]) {
      testBackends(`${name} becomes a link meanwhile in "${swapped}": ${direction}`, async () => {
        await inDirectory(async (directory) => {
          const [root, victim] = [`${directory}/root`, `${directory}/victim`];
          for (const folder of ["root/from/d", "root/to/d", "victim"]) {
            await Deno.mkdir(`${directory}/${folder}`, { recursive: true });
          }
          await Deno.writeTextFile(`${victim}/z`, SECRET);
          for (const file of ["from/a", "from/d/z"]) {
            await Deno.writeFile(`${root}/${file}`, new Uint8Array(SIZE));
          }
          await Deno.writeFile(`${root}/to/d/z`, new Uint8Array(SIZE + 1));
          await using server = servePdiff({ root, port: 0, writable: true, durable: false });
          const there = `http://127.0.0.1:${server.port}`;
          const options: PdiffTreeOptions = {
            source: `${direction === "download" ? there : root}/from`,
            target: `${direction === "upload" ? there : root}/to`,
            concurrency: 1,
            durable: false,
            onEntry: (_, path) => {
              if (path === "a") swap(`${root}/${swapped}`, victim);
            },
          };
          await copyPdiffTree(options).catch(() => {});
          assertEquals(await Deno.readTextFile(`${victim}/z`), SECRET);
          const copied = await Deno.readFile(`${root}/to/d/z`).catch(() => new Uint8Array());
          if (swapped === "from") assertEquals(new TextDecoder().decode(copied).includes(SECRET), false);
        });
      });
    }
  }
}
