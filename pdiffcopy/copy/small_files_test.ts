import { assert, assertEquals } from "@std/assert";
import { Random } from "../../tests/_data.ts";
import { inDirectory } from "../../tests/_directory.ts";
import { openDirectory, openFile } from "../file/_files.ts";
import { hashOf } from "../file/_hash_registry.ts";
import { hasNativeFiles } from "../kernel/file.ts";
import { readRecords, RECORD_SIZE } from "../kernel/small_files.ts";
import { copyPdiffTree, createPdiffHandler, servePdiff } from "../mod.ts";
import { BATCH_SIZE, listRecords, readBatch, SMALL_FILE_MAX, writeBatch } from "./_small_files.ts";
import { journalName } from "./_side_files.ts";

const ignore = !hasNativeFiles(undefined);
const OPTIONS = { durable: true, mode: true, time: true, replace: false };
const HASH = hashOf("xxh3-128", "00112233445566aa");

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
      const records = await readBatch(
        source,
        [...paths, "none", "link", "sub", "outside/passwd"],
        HASH,
        true,
      );
      assertEquals(listRecords(records).map(({ path }) => path), [
        "a",
        "sub/c",
        "sub/deep/d",
        "empty",
        "large",
      ]);
      assertEquals(await writeBatch(target, records, HASH, OPTIONS), ["a", "empty", "large"]);
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
      const records = await readBatch(source, paths, HASH, true);
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
      const good = await readBatch(source, ["aaaaaa"], HASH, true);
      using handler = createPdiffHandler({ root, writable: true, durable: false });
      const write = (body: Uint8Array<ArrayBuffer>) =>
        handler(
          new Request(`http://127.0.0.1/v2/files/write?path=/&hash=xxh3-128&seed=${HASH.seed}`, {
            method: "POST",
            body,
          }),
        );
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
        new Request(`http://127.0.0.1/v2/files/write?path=/&hash=xxh3-128&seed=${HASH.seed}`, {
          method: "POST",
          body: good,
        }),
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
      const records = await readBatch(source, [...paths, "sub/free"], HASH, true);
      assertEquals(listRecords(records).map(({ path }) => path), ["sub/free"]);
      assertEquals(readRecords(records)!.map(({ errno }) => errno), [16, 16, 36, 0]);
    }),
});

Deno.test({
  name: "changed small files are replaced, and keep what the old ones had",
  ignore,
  fn: () =>
    inDirectory(async (directory) => {
      const [from, to] = [`${directory}/from`, `${directory}/to`];
      for (const path of [from, to]) await Deno.mkdir(path);
      const names = ["plain", "linked", "locked", "mixed", "link"];
      for (const name of names) {
        await Deno.writeTextFile(`${from}/${name}`, `new ${name}`);
        if (name !== "link") await Deno.writeTextFile(`${to}/${name}`, `old ${name}`);
      }
      await Deno.chmod(`${to}/plain`, 0o640);
      await Deno.link(`${to}/linked`, `${directory}/second`);
      await Deno.writeTextFile(`${directory}/outside`, "outside");
      await Deno.symlink(`${directory}/outside`, `${to}/link`);
      await Deno.writeTextFile(`${to}/.mixed.pdiff-journal`, "{}\n");
      using locked = openFile(`${to}/locked`, { write: true });
      assert(await locked.lock());
      using source = openDirectory(from, false);
      using target = openDirectory(to, true);
      const records = await readBatch(source, names, HASH, true);
      const facts = { durable: true, mode: false, time: true, replace: true };
      assertEquals(await writeBatch(target, records, HASH, facts), ["plain"]);
      assertEquals(await Deno.readTextFile(`${to}/plain`), "new plain");
      assertEquals((await Deno.stat(`${to}/plain`)).mode! & 0o777, 0o640);
      assertEquals((await Deno.stat(`${to}/plain`)).mtime, (await Deno.stat(`${from}/plain`)).mtime);
      assertEquals(await Deno.readTextFile(`${directory}/second`), "old linked");
      assertEquals(await Deno.readTextFile(`${directory}/outside`), "outside");
      const left = [...Deno.readDirSync(to)].map(({ name }) => name).filter((name) =>
        name.includes("pdiff-")
      );
      assertEquals(left, [".mixed.pdiff-journal"]);
    }),
});

Deno.test({
  name: "a tree with changed small files takes few requests, and none of what only looks changed",
  ignore,
  fn: () =>
    inDirectory(async (directory) => {
      await Deno.mkdir(`${directory}/from/sub`, { recursive: true });
      const random = new Random(9);
      for (let i = 0; i < 300; i++) {
        await Deno.writeFile(`${directory}/from/sub/f${i}`, random.bytes(500 + i));
      }
      let requests = 0;
      await using server = servePdiff({
        root: directory,
        port: 0,
        writable: true,
        durable: false,
        log: () => requests++,
      });
      const url = `http://127.0.0.1:${server.port}`;
      for (
        const [source, target] of [[`${url}/from`, `${directory}/to`], [`${directory}/from`, `${url}/up`]]
      ) {
        const options = { source: source!, target: target!, durable: false };
        await copyPdiffTree(options);
        const path = target!.replace(url, directory);
        for (let i = 0; i < 100; i++) {
          if (i % 2 === 0) {
            await Deno.writeFile(`${path}/sub/f${i}`, random.bytes(500 + (i % 3 === 0 ? i : 7)));
          }
          await Deno.utime(`${path}/sub/f${i}`, 1_400_000_000, 1_400_000_000 + i);
        }
        const dry = await copyPdiffTree({ ...options, dryRun: true });
        requests = 0;
        const result = await copyPdiffTree(options);
        assertEquals(result.bytesTransferred, dry.bytesTransferred);
        const changed = Array.from({ length: 50 }, (_, i) => 500 + 2 * i);
        assertEquals(result.bytesTransferred, changed.reduce((sum, size) => sum + size, 0));
        assert(requests <= 8, `${requests} requests`);
        for (let i = 0; i < 300; i++) {
          const [ours, theirs] = [`${path}/sub/f${i}`, `${directory}/from/sub/f${i}`];
          assertEquals(await Deno.readFile(ours), await Deno.readFile(theirs));
          assertEquals((await Deno.stat(ours)).mtime, (await Deno.stat(theirs)).mtime);
        }
        const checked = await copyPdiffTree({ ...options, compareContent: true });
        assertEquals([checked.bytesTransferred, checked.faults.length], [0, 0]);
      }
    }),
});
