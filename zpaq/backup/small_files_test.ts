/**
 * Small files, natively read and written many at a time: what happens to each is what happens to a file by itself.
 */
import { assert, assertEquals } from "@std/assert";
import { testBackends } from "../../tests/_backends.ts";
import { Random } from "../../tests/_data.ts";
import { inDirectory } from "../../tests/_directory.ts";
import { ZpaqBackup } from "./backup.ts";
import type { ZpaqBackupError } from "./backup.ts";
import { smallFileReader } from "./_small_files.ts";
import { walk } from "./_walk.ts";

async function filesBelow(folder: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) {
      for (const [inner, hex] of await filesBelow(`${folder}/${name}`)) found.set(`${name}/${inner}`, hex);
    } else found.set(name, (await Deno.readFile(`${folder}/${name}`)).toHex());
  }
  return new Map([...found].sort());
}

/** Sizes around what one call and one fragment hold. */
const SIZES = [0, 1, 4095, 4096, 4097, 65_536, 520_191, 520_192, 1 << 20, (1 << 20) + 1, 5 << 20];

testBackends(
  "zpaq: files of all sizes and more than a batch come back, and are stored once",
  () =>
    inDirectory(async (folder) => {
      const random = new Random(3);
      await Deno.mkdir(`${folder}/s/many/more`, { recursive: true });
      for (const size of SIZES) await Deno.writeFile(`${folder}/s/${size}`, random.bytes(size));
      await Deno.writeFile(`${folder}/s/zeros`, new Uint8Array(20_000));
      for (let i = 0; i < 1100; i++) {
        await Deno.writeFile(`${folder}/s/many/${i % 3 === 0 ? "more/" : ""}${i}`, random.bytes(i % 50));
      }
      await Deno.chmod(`${folder}/s/1`, 0o640);
      using backup = await ZpaqBackup.open(`${folder}/b.zpaq`, { method: 0 });
      const { updated, problems } = await backup.addFolder(`${folder}/s`);
      assertEquals([updated, problems], [1100 + SIZES.length + 1 + 3, []]);
      // Read once more, every fragment is known.
      const again = await backup.addFolder(`${folder}/s`, { force: true });
      assertEquals([again.updated, again.bytesNew], [0, 0]);
      const restored = await backup.restore([], { to: `${folder}/out` });
      assertEquals([restored.files, restored.problems], [1100 + SIZES.length + 1, []]);
      assertEquals(await filesBelow(`${folder}/out/s`), await filesBelow(`${folder}/s`));
      assertEquals((await Deno.stat(`${folder}/out/s/1`)).mode! & 0o777, 0o640);
      for (const name of ["1", "zeros", "many/7"]) {
        const [before, after] = await Promise.all(
          [`${folder}/s/${name}`, `${folder}/out/s/${name}`].map((path) => Deno.stat(path)),
        );
        assertEquals(Math.floor(after!.mtime!.getTime() / 1000), Math.floor(before!.mtime!.getTime() / 1000));
      }
    }),
);

testBackends(
  "zpaq: small fragments of a small file are more than a batch holds",
  () =>
    inDirectory(async (folder) => {
      await Deno.mkdir(`${folder}/s`);
      await Deno.writeFile(`${folder}/s/a`, new Random(4).bytes(1 << 20));
      await Deno.writeFile(`${folder}/s/b`, new Random(5).bytes(100_000));
      // Only size cuts zeros: there are more of their fragments than rows.
      await Deno.writeFile(`${folder}/s/c`, new Uint8Array(1 << 20));
      using backup = await ZpaqBackup.open(`${folder}/b.zpaq`, { fragment: 0 });
      assertEquals((await backup.addFolder(`${folder}/s`)).problems, []);
      await backup.restore([], { to: `${folder}/out` });
      assertEquals(await filesBelow(`${folder}/out/s`), await filesBelow(`${folder}/s`));
    }),
);

testBackends(
  "zpaq: each small file that is in the way is kept, and named",
  () =>
    inDirectory(async (folder) => {
      await Deno.mkdir(`${folder}/s`);
      for (const name of ["a", "b", "c", "d"]) await Deno.writeTextFile(`${folder}/s/${name}`, name);
      const problems: ZpaqBackupError[] = [];
      using backup = await ZpaqBackup.open(`${folder}/b.zpaq`, {
        onProblem: (problem) => problems.push(problem),
      });
      await backup.addFolder(`${folder}/s`);
      const out = `${folder}/out/s`;
      await Deno.mkdir(`${out}/b`, { recursive: true });
      await Deno.writeTextFile(`${out}/a`, "mine");
      await Deno.symlink("nowhere", `${out}/c`);
      const restored = await backup.restore([], { to: `${folder}/out` });
      assertEquals([restored.files, restored.bytes, restored.skipped], [1, 1, ["s/a", "s/c"]]);
      assertEquals(problems.map(({ entry, message }) => [entry, /is a folder/.test(message)]), [[
        "s/b",
        true,
      ]]);
      assertEquals(await Deno.readTextFile(`${out}/a`), "mine");
      const forced = await backup.restore([], { to: `${folder}/out`, force: true });
      assertEquals([forced.files, forced.skipped], [3, []]);
      assert(!(await Deno.lstat(`${out}/c`)).isSymlink);
      assertEquals(await Deno.readTextFile(`${out}/a`), "a");
      assertEquals([...Deno.readDirSync(out)].map(({ name }) => name).sort(), ["a", "b", "c", "d"]);
    }),
);

testBackends(
  "zpaq: small files that can't be read are named, and all others are added",
  (backend) =>
    inDirectory(async (folder) => {
      const at = (name: string): string => `${folder}/${name}`;
      for (const name of ["first", "grows", "link", "vanishes"]) await Deno.writeTextFile(at(name), name);
      const paths = ["first", "grows", "link", "vanishes"].map(at);
      const walked = await walk({ paths, to: [], attributes: "all", archive: new Set(), report: fail });
      const { files } = walked;
      const reader = smallFileReader();
      assertEquals(reader !== undefined, backend === "native");
      if (reader === undefined) return;
      assertEquals(files.map((file) => reader.takes(file)), [true, true, true, true]);
      // What happens to files between being looked at and being read.
      await Deno.writeFile(at("grows"), new Uint8Array(5 << 20));
      await Deno.remove(at("vanishes"));
      await Deno.remove(at("link"));
      await Deno.symlink("first", at("link"));
      const limits = { sizeMin: 4096, sizeMax: 520_192, fragment: 6, second: true };
      const found: unknown[] = [];
      for await (const cut of reader.read(files, limits)) {
        found.push(
          cut === undefined ? "by itself" : cut.error?.message ?? new TextDecoder().decode(cut.bytes),
        );
      }
      assertEquals(found, [
        "first",
        "by itself",
        "Too many levels of symbolic links",
        "No such file or directory",
      ]);
    }),
);

function fail(problem: ZpaqBackupError): never {
  throw problem;
}
