import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { SluiceError } from "@sluice/internal";
import { Random } from "../../tests/_data.ts";
import { testBackends } from "../../tests/_backends.ts";
import { inDirectory } from "../../tests/_directory.ts";
import { hasNativeFiles } from "../kernel/file.ts";
import { copyPdiffTree, servePdiff } from "../mod.ts";
import type { PdiffTreeOptions } from "../mod.ts";
import { EntryReader, formatEntry } from "../copy/_tree_entry.ts";
import type { TreeEntry } from "../copy/_tree_entry.ts";
import { listTree } from "../copy/_tree_list.ts";
import { openDirectory, openFile } from "../file/_files.ts";

/** Files of all sizes, an empty directory, links, odd names. */
async function makeTree(root: string): Promise<void> {
  const random = new Random(17);
  await Deno.mkdir(`${root}/a/b/c`, { recursive: true });
  await Deno.mkdir(`${root}/empty`);
  for (
    const [path, size] of [["top", 10], ["a/zero", 0], ["a/b/big", 300_000], ["a/b/c/deep", 5000], [
      "odd name\n?#%20é",
      3,
    ]] as const
  ) {
    await Deno.writeFile(`${root}/${path}`, random.bytes(size));
    await Deno.utime(`${root}/${path}`, 1_500_000_000, 1_500_000_000);
  }
  // Years that 64-bit nanoseconds do not reach, and one before 1970.
  await Deno.utime(`${root}/a/zero`, 10_413_792_000, 10_413_792_000);
  await Deno.utime(`${root}/a/b/c/deep`, -1_000_000_000, -1_000_000_000);
  await Deno.chmod(`${root}/top`, 0o600);
  await Deno.symlink("../top", `${root}/a/link`);
  await Deno.symlink("/nowhere", `${root}/dangling`);
}

async function list(root: string): Promise<TreeEntry[]> {
  using directory = openDirectory(root, false);
  return await listTree(directory);
}

/** Everything that a copy carries by default: the times of links too. */
async function entries(root: string): Promise<string> {
  const found = await list(root);
  return found.map((entry) => formatEntry({ ...entry, uid: 0, gid: 0, identity: undefined })).join("");
}

for (const kind of ["local", "download", "upload"] as const) {
  Deno.test(`copyPdiffTree makes a directory like another: ${kind}`, async () => {
    await inDirectory(async (directory) => {
      const root = `${directory}/root`;
      await makeTree(root);
      await using server = servePdiff({ root: directory, port: 0, writable: true, durable: false });
      const there = `http://127.0.0.1:${server.port}`;
      const source = kind === "download" ? `${there}/root` : root;
      const path = `${directory}/target`;
      const options = { source, target: kind === "upload" ? `${there}/target` : path, durable: false };
      const dry = await copyPdiffTree({ ...options, dryRun: true });
      assertEquals(dry.filesCopied, 5);
      await assertRejects(() => Deno.stat(path), Deno.errors.NotFound);
      assertEquals((await copyPdiffTree(options)).filesCopied, 5);
      assertEquals(await entries(path), await entries(root));
      for (const entry of await list(root)) {
        if (entry.kind !== "file") continue;
        assertEquals(
          await Deno.readFile(`${path}/${entry.path}`),
          await Deno.readFile(`${root}/${entry.path}`),
        );
      }
      const again = await copyPdiffTree(options);
      assertEquals([again.filesCopied, again.faults], [0, []]);

      await Deno.writeTextFile(`${path}/top`, "changed!!!");
      await Deno.utime(`${path}/top`, 1_500_000_000, 1_500_000_000);
      assertEquals((await copyPdiffTree(options)).filesCopied, 0, "size and time are the same");
      assertEquals((await copyPdiffTree({ ...options, compareContent: true })).bytesTransferred, 10);
      assertEquals(await Deno.readFile(`${path}/top`), await Deno.readFile(`${root}/top`));

      await Deno.mkdir(`${path}/extra/sub`, { recursive: true });
      await Deno.writeTextFile(`${path}/extra/sub/file`, "x");
      const limited = await assertRejects(
        () => copyPdiffTree({ ...options, delete: true, maxDelete: 2 }),
        SluiceError,
      );
      assertEquals(limited.code, "DELETE_LIMIT");
      assertEquals((await copyPdiffTree({ ...options, delete: true, dryRun: true })).deleted, 3);
      assert((await Deno.stat(`${path}/extra/sub/file`)).isFile);
      assertEquals((await copyPdiffTree({ ...options, delete: true })).deleted, 3);
      assertEquals(await entries(path), await entries(root));
    });
  });

  Deno.test(`copyPdiffTree gives names to what they became: ${kind}`, async () => {
    await inDirectory(async (directory) => {
      await using server = servePdiff({ root: directory, port: 0, writable: true, durable: false });
      const there = `http://127.0.0.1:${server.port}`;
      const [root, path] = [`${directory}/root`, `${directory}/target`];
      for (const base of [root, path]) {
        await Deno.mkdir(`${base}/dir/sub`, { recursive: true });
        await Deno.writeTextFile(`${base}/dir/sub/file`, "x");
        await Deno.writeTextFile(`${base}/file`, "x");
        await Deno.symlink("file", `${base}/link`);
      }
      await Deno.remove(`${root}/dir`, { recursive: true });
      await Deno.writeTextFile(`${root}/dir`, "now a file");
      await Deno.remove(`${root}/file`);
      await Deno.mkdir(`${root}/file`);
      await Deno.writeTextFile(`${root}/file/below`, "y");
      await Deno.remove(`${root}/link`);
      await Deno.writeTextFile(`${root}/link`, "z");
      const options = {
        source: kind === "download" ? `${there}/root` : root,
        target: kind === "upload" ? `${there}/target` : path,
        durable: false,
      };
      const kept = await copyPdiffTree(options);
      assertEquals(kept.faults.map(({ path }) => path), ["dir"], "a full directory stays without delete");
      assertEquals(await Deno.readTextFile(`${path}/file/below`), "y");
      assertEquals(await Deno.readTextFile(`${path}/dir/sub/file`), "x");
      assertEquals((await copyPdiffTree({ ...options, delete: true })).faults, []);
      assertEquals(await entries(path), await entries(root));
    });
  });

  Deno.test({
    name: `copyPdiffTree carries owners, hard links and attributes with archive: ${kind}`,
    ignore: !hasNativeFiles(undefined) || Deno.uid() !== 0,
    async fn() {
      await inDirectory(async (directory) => {
        await using server = servePdiff({ root: directory, port: 0, writable: true, durable: false });
        const there = `http://127.0.0.1:${server.port}`;
        const [root, path] = [`${directory}/root`, `${directory}/target`];
        await Deno.mkdir(root);
        await Deno.writeTextFile(`${root}/a`, "x");
        await Deno.link(`${root}/a`, `${root}/b`);
        {
          using file = openFile(`${root}/a`, { write: true });
          const attribute = new Uint8Array([6, 0, 0, 0, 1, 0, 0, 0, ...new TextEncoder().encode("user.kv")]);
          assertEquals(file.setAttributes(attribute), 0);
          file.setFacts({ owner: { uid: 107, gid: 36 }, mode: 0o640, mtimeNs: 1_500_000_000_123_456_789n });
        }
        const options = {
          source: kind === "download" ? `${there}/root` : root,
          target: kind === "upload" ? `${there}/target` : path,
          durable: false,
          archive: true,
        };
        assertEquals((await copyPdiffTree(options)).faults, []);
        const info = await Deno.stat(`${path}/a`);
        assertEquals([info.uid, info.gid, info.mode! & 0o7777, info.nlink], [107, 36, 0o640, 2]);
        using file = openFile(`${path}/a`);
        assertEquals(file.status().mtimeNs, 1_500_000_000_123_456_789n);
        assert(new TextDecoder().decode(file.attributes()).includes("user.kv"));
        assertEquals((await copyPdiffTree(options)).filesCopied, 0);
        assertEquals((await Deno.stat(`${path}/b`)).ino, info.ino);
      });
    },
  });

  Deno.test({
    name: `copyPdiffTree copies the rest when a name can't be copied: ${kind}`,
    ignore: Deno.build.os === "windows",
    async fn() {
      await inDirectory(async (directory) => {
        await using server = servePdiff({ root: directory, port: 0, writable: true, durable: false });
        const there = `http://127.0.0.1:${server.port}`;
        const [root, path] = [`${directory}/root`, `${directory}/target`];
        await Deno.mkdir(root);
        for (const name of ["a", "b", "c"]) await Deno.writeTextFile(`${root}/${name}`, name);
        assert((await new Deno.Command("mkfifo", { args: [`${root}/pipe`] }).output()).success);
        await Deno.writeTextFile(`${root}/.b.pdiff-journal`, "{}\n");
        const source = kind === "download" ? `${there}/root` : root;
        const target = kind === "upload" ? `${there}/target` : path;
        const { faults, filesCopied } = await copyPdiffTree({ source, target, durable: false });
        assertEquals(faults.map(({ path, code }) => [path, code]), [["pipe", "UNSUPPORTED"], ["b", "DIRTY"]]);
        assertEquals(filesCopied, 2);
        assertEquals((await list(path)).map((entry) => entry.path), ["a", "c"]);
      });
    },
  });

  Deno.test({
    name: `copyPdiffTree reports names of unfinished copies that are none: ${kind}`,
    ignore: Deno.build.os === "windows",
    async fn() {
      await inDirectory(async (directory) => {
        await using server = servePdiff({ root: directory, port: 0, writable: true, durable: false });
        const there = `http://127.0.0.1:${server.port}`;
        const [root, path] = [`${directory}/root`, `${directory}/target`];
        await Deno.mkdir(`${root}/sub/.photos.pdiff-part`, { recursive: true });
        for (const name of ["a", "sub/.photos.pdiff-part/x", ".left.pdiff-part"]) {
          await Deno.writeTextFile(`${root}/${name}`, name);
        }
        await Deno.symlink("a", `${root}/.l.pdiff-journal`);
        const source = kind === "download" ? `${there}/root` : root;
        const target = kind === "upload" ? `${there}/target` : path;
        const { faults, filesCopied } = await copyPdiffTree({ source, target, durable: false });
        assertEquals(faults.map(({ path }) => path).sort(), [".l.pdiff-journal", "sub/.photos.pdiff-part"]);
        assertEquals(filesCopied, 1);
        assertEquals((await list(path)).map((entry) => entry.path), ["a", "sub"]);
      });
    },
  });

  Deno.test({
    name: `copyPdiffTree copies names that are not UTF-8: ${kind}`,
    ignore: !hasNativeFiles(undefined),
    async fn() {
      await inDirectory(async (directory) => {
        await using server = servePdiff({ root: directory, port: 0, writable: true, durable: false });
        const there = `http://127.0.0.1:${server.port}`;
        const [root, path] = [`${directory}/root`, `${directory}/target`];
        await Deno.mkdir(root);
        {
          using folder = openDirectory(root, true);
          folder.makeDirectory("d\udcfe", 0o755);
          using below = folder.openDirectory("d\udcfe", true);
          using file = below.open("é\udcff", { write: true, create: true });
          await file.write(0, new TextEncoder().encode("content"));
        }
        const source = kind === "download" ? `${there}/root` : root;
        const target = kind === "upload" ? `${there}/target` : path;
        assertEquals((await copyPdiffTree({ source, target, durable: false })).faults, []);
        assertEquals((await list(path)).map((entry) => entry.path), ["d\udcfe", "d\udcfe/é\udcff"]);
        assertEquals(await entries(path), await entries(root));
      });
    },
  });
}

Deno.test("copyPdiffTree refuses options that trees have no use for", async () => {
  const options = { source: "a", target: "b" };
  for (const more of [{ shift: true }, { seeds: [] }, { unknown: 1 }, { archive: "yes" }]) {
    await assertRejects(
      () => copyPdiffTree({ ...options, ...more } as unknown as PdiffTreeOptions),
      TypeError,
    );
  }
});

Deno.test("copyPdiffTree does not write through links of the target", async () => {
  await inDirectory(async (directory) => {
    const [source, target] = [`${directory}/source`, `${directory}/target`];
    await Deno.mkdir(`${source}/sub`, { recursive: true });
    await Deno.mkdir(target);
    await Deno.mkdir(`${directory}/outside`);
    await Deno.writeTextFile(`${source}/file`, "new");
    await Deno.writeTextFile(`${directory}/outside/victim`, "old");
    await Deno.symlink("../outside/victim", `${target}/file`);
    await copyPdiffTree({ source, target });
    assertEquals(await Deno.readTextFile(`${directory}/outside/victim`), "old");
    assertEquals(await Deno.readTextFile(`${target}/file`), "new");
    await Deno.remove(`${target}/sub`);
    await Deno.symlink("../outside", `${target}/sub`);
    await Deno.writeTextFile(`${source}/sub/inner`, "inner");
    assertEquals((await copyPdiffTree({ source, target })).faults, []);
    assert((await Deno.lstat(`${target}/sub`)).isDirectory);
    assertEquals([...Deno.readDirSync(`${directory}/outside`)].map(({ name }) => name), ["victim"]);
  });
});

Deno.test("entries that lead out of the directory are refused", () => {
  const line = (fields: object): string =>
    JSON.stringify({ p: "f", k: "f", s: 1, m: 0, t: 0o644, ...fields });
  const link = new EntryReader();
  link.read(line({ p: "l", k: "l", l: "/etc" }));
  assertThrows(() => link.read(line({ p: "l/passwd" })), SluiceError);
  for (
    const bad of [
      line({ p: "../f" }),
      line({ p: "/f" }),
      line({ p: "", k: "l", l: "x" }),
      line({ p: "a/../f" }),
      line({ p: "a\0b" }),
      line({ p: "missing/f" }),
      line({ p: 5 }),
      line({ k: "z" }),
      line({ k: "l" }),
      line({ s: -1 }),
      line({ s: 1.5 }),
      line({ m: "now" }),
      line({ p: ".f.pdiff-part" }),
      "null",
      "[]",
      "x",
      "",
    ]
  ) {
    assertThrows(() => new EntryReader().read(bad), SluiceError, "Cannot read the entry");
  }
  const twice = new EntryReader();
  assert(twice.read(line({})).path === "f");
  assertThrows(() => twice.read(line({})), SluiceError);
});

testBackends("directories of many sizes are listed whole, each before what it has", async () => {
  await inDirectory(async (directory) => {
    const expected: string[] = [];
    const sizes = [3, 0, 9000, 1, 7000, 2];
    for (const [index, size] of sizes.entries()) {
      await Deno.mkdir(`${directory}/d${index}`);
      expected.push(`d${index}`);
      for (const name of Array.from({ length: size }, (_, i) => `${"n".repeat(60)}${i}`).sort()) {
        await Deno.writeFile(`${directory}/d${index}/${name}`, new Uint8Array());
        expected.push(`d${index}/${name}`);
      }
    }
    await Deno.mkdir(`${directory}/d5/x/y/z`, { recursive: true });
    await Deno.writeTextFile(`${directory}/d5/x/y/z/f`, "");
    expected.push("d5/x", "d5/x/y", "d5/x/y/z", "d5/x/y/z/f");
    using root = openDirectory(directory, false);
    assertEquals((await listTree(root)).map(({ path }) => path), expected);
  });
});
