import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { SluiceError } from "@sluice/internal";
import { Random } from "../../tests/_data.ts";
import { inDirectory } from "../../tests/_directory.ts";
import { copyTree, servePdiff } from "../mod.ts";
import { EntryReader, formatEntry, listTree } from "./_tree_list.ts";

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
  await Deno.chmod(`${root}/top`, 0o600);
  await Deno.symlink("../top", `${root}/a/link`);
  await Deno.symlink("/nowhere", `${root}/dangling`);
}

function entries(root: string): string {
  return [...listTree(root)].map((entry) =>
    formatEntry({ ...entry, mtimeMs: entry.kind === "link" ? 0 : entry.mtimeMs })
  ).join("");
}

for (const kind of ["local", "download"] as const) {
  Deno.test(`copyTree makes a directory like another: ${kind}`, async () => {
    await inDirectory(async (directory) => {
      const root = `${directory}/root`;
      await makeTree(root);
      await using server = servePdiff({ root: directory, port: 0 });
      const source = kind === "local" ? root : `http://127.0.0.1:${server.port}/root`;
      const target = `${directory}/target`;
      const options = { source, target, fsync: false };
      const dry = await copyTree({ ...options, dryRun: true });
      assertEquals(dry.filesCopied, 5);
      await assertRejects(() => Deno.stat(target), Deno.errors.NotFound);
      assertEquals((await copyTree(options)).filesCopied, 5);
      assertEquals(entries(target), entries(root));
      for (const { path, kind } of listTree(root)) {
        if (kind === "file") {
          assertEquals(await Deno.readFile(`${target}/${path}`), await Deno.readFile(`${root}/${path}`));
        }
      }
      assertEquals((await copyTree(options)).filesCopied, 0);

      await Deno.writeTextFile(`${target}/top`, "changed!!!");
      await Deno.utime(`${target}/top`, 1_500_000_000, 1_500_000_000);
      assertEquals((await copyTree(options)).filesCopied, 0, "size and time are the same");
      assertEquals((await copyTree({ ...options, checksum: true })).bytesTransferred, 10);
      assertEquals(await Deno.readFile(`${target}/top`), await Deno.readFile(`${root}/top`));

      await Deno.mkdir(`${target}/extra/sub`, { recursive: true });
      await Deno.writeTextFile(`${target}/extra/sub/file`, "x");
      await assertRejects(() => copyTree({ ...options, delete: true, maxDelete: 2 }), SluiceError);
      assertEquals((await copyTree({ ...options, delete: true, dryRun: true })).removed, 3);
      assertEquals((await copyTree({ ...options, delete: true })).removed, 3);
      assertEquals(entries(target), entries(root));
    });
  });
}

Deno.test("copyTree uploads names and contents", async () => {
  await inDirectory(async (directory) => {
    const root = `${directory}/root`;
    await makeTree(root);
    await Deno.mkdir(`${directory}/served`);
    await using server = servePdiff({ root: `${directory}/served`, port: 0, writable: true, fsync: false });
    await copyTree({ source: root, target: `http://127.0.0.1:${server.port}/copy` });
    for (const { path, kind } of listTree(root)) {
      if (kind === "file") {
        assertEquals(
          await Deno.readFile(`${directory}/served/copy/${path}`),
          await Deno.readFile(`${root}/${path}`),
        );
      }
    }
  });
});

Deno.test("copyTree does not write through links of the target", async () => {
  await inDirectory(async (directory) => {
    const [source, target] = [`${directory}/source`, `${directory}/target`];
    await Deno.mkdir(`${source}/sub`, { recursive: true });
    await Deno.mkdir(target);
    await Deno.mkdir(`${directory}/outside`);
    await Deno.writeTextFile(`${source}/file`, "new");
    await Deno.writeTextFile(`${directory}/outside/victim`, "old");
    await Deno.symlink("../outside/victim", `${target}/file`);
    await copyTree({ source, target });
    assertEquals(await Deno.readTextFile(`${directory}/outside/victim`), "old");
    assertEquals(await Deno.readTextFile(`${target}/file`), "new");
    await Deno.remove(`${target}/sub`);
    await Deno.symlink("../outside", `${target}/sub`);
    await assertRejects(() => copyTree({ source, target }), SluiceError);
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
      line({ p: "" }),
      line({ p: "a/../f" }),
      line({ p: "a\0b" }),
      line({ p: "missing/f" }),
      line({ p: 5 }),
      line({ k: "x" }),
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
