import { assert, assertEquals } from "@std/assert";
import { Random } from "../../tests/_data.ts";
import { inDirectory } from "../../tests/_directory.ts";
import { openDirectory } from "../file/_files.ts";
import { hasNativeFiles } from "../kernel/file.ts";
import { readRecords, RECORD_SIZE } from "../kernel/small_files.ts";
import { copyPdiffTree, createPdiffHandler } from "../mod.ts";
import { BATCH_SIZE, listRecords, readBatch, SMALL_FILE_MAX, writeBatch } from "./_small_files.ts";
import { journalName } from "./_side_files.ts";

const ignore = !hasNativeFiles(undefined);
const OPTIONS = { durable: true, mode: true, time: true };

Deno.test({
  name: "small files are read and written with mode and time, and what can't be is left out",
  ignore,
  fn: () =>
    inDirectory(async (directory) => {
      const [from, to] = [`${directory}/from`, `${directory}/to`];
      const random = new Random(4);
      await Deno.mkdir(`${from}/sub/deep`, { recursive: true });
      await Deno.mkdir(`${to}/sub/deep`, { recursive: true });
      const paths = ["a", "b", "sub/c", "sub/deep/d", "empty", "large"];
      for (const [index, path] of paths.entries()) {
        const size = path === "empty" ? 0 : path === "large" ? SMALL_FILE_MAX : 1000 * index + 5;
        await Deno.writeFile(`${from}/${path}`, random.bytes(size));
        await Deno.chmod(`${from}/${path}`, 0o600 + index);
        await Deno.utime(`${from}/${path}`, 1_500_000_000, 1_500_000_000 + index);
      }
      await Deno.symlink("a", `${from}/link`);
      await Deno.symlink("/etc", `${from}/outside`);
      await Deno.writeTextFile(`${from}/.b.pdiff-journal`, "{}\n");
      await Deno.writeTextFile(`${to}/sub/c`, "is there");
      await Deno.writeTextFile(`${to}/sub/deep/.d.pdiff-part`, "left by an earlier run");
      using source = openDirectory(from, false);
      using target = openDirectory(to, true);
      const records = await readBatch(source, [...paths, "none", "link", "sub", "outside/passwd"]);
      assertEquals(listRecords(records).map(({ path }) => path), [
        "a",
        "sub/c",
        "sub/deep/d",
        "empty",
        "large",
      ]);
      assertEquals(await writeBatch(target, records, OPTIONS), ["a", "empty", "large"]);
      for (const path of ["a", "empty", "large"]) {
        assertEquals(await Deno.readFile(`${to}/${path}`), await Deno.readFile(`${from}/${path}`));
        const [ours, theirs] = [await Deno.stat(`${to}/${path}`), await Deno.stat(`${from}/${path}`)];
        assertEquals([ours.mode, ours.mtime], [theirs.mode, theirs.mtime]);
      }
      assertEquals(await Deno.readTextFile(`${to}/sub/c`), "is there");
      const { faults } = await copyPdiffTree({ source: from, target: to });
      assertEquals(faults.map(({ path, code }) => [path, code]), [["b", "DIRTY"]]);
      assertEquals(await Deno.readFile(`${to}/sub/deep/d`), await Deno.readFile(`${from}/sub/deep/d`));
      assertEquals(await Deno.readFile(`${to}/sub/c`), await Deno.readFile(`${from}/sub/c`));
    }),
});

Deno.test({
  name: "more files than one buffer holds come in several",
  ignore,
  fn: () =>
    inDirectory(async (directory) => {
      const paths: string[] = [];
      for (let i = 0; i < 24; i++) {
        paths.push(`f${i}`);
        await Deno.writeFile(`${directory}/f${i}`, new Uint8Array(SMALL_FILE_MAX).fill(i));
      }
      using source = openDirectory(directory, false);
      const records = await readBatch(source, paths);
      assert(records.length > BATCH_SIZE);
      assertEquals(listRecords(records).map(({ path }) => path), paths);
    }),
});

Deno.test({
  name: "records that were damaged or lead elsewhere are not written",
  ignore,
  fn: () =>
    inDirectory(async (directory) => {
      const root = `${directory}/root`;
      await Deno.mkdir(`${directory}/from/sub`, { recursive: true });
      await Deno.mkdir(root);
      await Deno.symlink("..", `${root}/up`);
      for (const path of ["aaaaaa", "sub/b"]) {
        await Deno.writeTextFile(`${directory}/from/${path}`, "content");
      }
      using source = openDirectory(`${directory}/from`, false);
      const good = await readBatch(source, ["aaaaaa"]);
      using handler = createPdiffHandler({ root, writable: true, durable: false });
      const write = (body: Uint8Array<ArrayBuffer>) =>
        handler(new Request("http://127.0.0.1/v2/files/write?path=/", { method: "POST", body }));
      const changed = (at: number, bytes: Uint8Array): Uint8Array<ArrayBuffer> => {
        const copy = good.slice();
        copy.set(bytes, at);
        return copy;
      };
      const named = (name: string): Uint8Array<ArrayBuffer> =>
        changed(RECORD_SIZE, new TextEncoder().encode(name));
      for (let size = 1; size < good.length; size++) {
        assertEquals(readRecords(good.subarray(0, size)), undefined);
      }
      for (
        const body of [
          changed(good.length - 1, new Uint8Array([0])),
          changed(0, new Uint8Array([1])),
          named("../abc"),
          named("/abcde"),
          named("up/abc"),
          named("a\0bcde"),
          named("no/abc"),
          good.subarray(0, good.length - 1),
          new Random(1).bytes(500),
        ]
      ) {
        const answer = await write(body.slice());
        if (answer.status === 200) {
          assertEquals(await answer.json(), { written: [] });
        } else assert(answer.status >= 400 && answer.status < 500, `${answer.status}`);
      }
      assertEquals([...Deno.readDirSync(root)].map(({ name }) => name), ["up"]);
      assertEquals([...Deno.readDirSync(directory)].length, 2);
      assertEquals(await (await write(good)).json(), { written: ["aaaaaa"] });
      assertEquals(await (await write(good)).json(), { written: [] }, "nothing is replaced");
      using reader = createPdiffHandler({ root });
      const refused = await reader(
        new Request("http://127.0.0.1/v2/files/write?path=/", { method: "POST", body: good }),
      );
      assertEquals(refused.status, 403);
    }),
});

Deno.test({
  name: "records of files that a copy left mixed are refused however their names are written",
  ignore,
  fn: () =>
    inDirectory(async (directory) => {
      const long = "n".repeat(220);
      await Deno.mkdir(`${directory}/sub`);
      const paths = ["a", "sub/b", `sub/${long}`];
      for (const path of paths) {
        await Deno.writeTextFile(`${directory}/${path}`, path);
        const journal = journalName(path.slice(path.lastIndexOf("/") + 1));
        await Deno.writeTextFile(`${directory}/${path.replace(/[^/]+$/, journal)}`, "{}\n");
      }
      await Deno.writeTextFile(`${directory}/sub/free`, "free");
      using source = openDirectory(directory, false);
      const records = await readBatch(source, [...paths, "sub/free"]);
      assertEquals(listRecords(records).map(({ path }) => path), ["sub/free"]);
      assertEquals(readRecords(records)!.map(({ errno }) => errno), [16, 16, 16, 0]);
    }),
});
