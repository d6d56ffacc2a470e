import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { inDirectory } from "../../tests/_directory.ts";
import { hasNativeFiles } from "../kernel/file.ts";
import { openDirectory } from "../file/_files.ts";
import type { TreeEntry } from "./_tree_entry.ts";
import { listTree } from "./_tree_list.ts";
import { listDirectories, outlineTree } from "./_tree_outline.ts";
import type { OutlineEntry } from "./_tree_outline.ts";

const ignore = !hasNativeFiles(undefined);
const DAY = new Date(86_400_000);

async function outlineOf(path: string, attributes = false): Promise<OutlineEntry[]> {
  using directory = openDirectory(path, false);
  return (await Array.fromAsync(outlineTree(directory, { attributes }))).flat();
}

async function digestAt(root: string, path: string, attributes = false): Promise<string | undefined> {
  const found = (await outlineOf(root, attributes)).find(({ entry }) => entry.path === path);
  assert(found?.content !== undefined, path);
  return found.content.digest;
}

async function makeTree(root: string): Promise<void> {
  await Deno.mkdir(`${root}/a/b`, { recursive: true });
  for (const name of ["one", "two", "a/three", "a/b/four"]) {
    await Deno.writeTextFile(`${root}/${name}`, name);
    await Deno.utime(`${root}/${name}`, DAY, DAY);
  }
  await Deno.symlink("one", `${root}/link`);
  assert(
    (await new Deno.Command("touch", { args: ["-h", "-d", "@86400", `${root}/link`] }).output()).success,
  );
}

/** What is done to a tree, and which of its directories then has another digest. */
const CHANGES: readonly (readonly [name: string, folder: string, change: (root: string) => Promise<void>])[] =
  [
    ["a new name", "", (root) => Deno.writeTextFile(`${root}/new`, "")],
    ["a name less", "", (root) => Deno.remove(`${root}/two`)],
    ["another name", "", (root) => Deno.rename(`${root}/two`, `${root}/tWo`)],
    ["a nanosecond-sized step of time", "a", async (root) => {
      const args = ["-d", "1970-01-02T00:00:00.000000001Z", `${root}/a/three`];
      assert((await new Deno.Command("touch", { args }).output()).success);
    }],
    ["a mode", "a/b", (root) => Deno.chmod(`${root}/a/b/four`, 0o640)],
    ["a size", "a/b", async (root) => {
      await Deno.writeTextFile(`${root}/a/b/four`, "longer than before");
      await Deno.utime(`${root}/a/b/four`, DAY, DAY);
    }],
    ["where a link leads", "", async (root) => {
      await Deno.remove(`${root}/link`);
      await Deno.symlink("two", `${root}/link`);
      await new Deno.Command("touch", { args: ["-h", "-d", "@86400", `${root}/link`] }).output();
    }],
    ["a file in place of a directory", "a", async (root) => {
      await Deno.remove(`${root}/a/b`, { recursive: true });
      await Deno.writeTextFile(`${root}/a/b`, "");
    }],
  ];

for (const [name, folder, change] of CHANGES) {
  Deno.test({
    name: `the digest of a directory tells ${name}`,
    ignore,
    fn: () =>
      inDirectory(async (directory) => {
        const [root, other] = [`${directory}/root`, `${directory}/other`];
        for (const path of [root, other]) await makeTree(path);
        for (const path of ["", "a", "a/b"]) {
          assertNotEquals(await digestAt(root, path), undefined);
          assertEquals(await digestAt(root, path), await digestAt(other, path), path);
        }
        await change(other);
        for (const { entry: { path } } of await outlineOf(other)) {
          const [before, after] = [await digestAt(root, path), await digestAt(other, path)];
          assertEquals(before === after, path !== folder, path);
        }
      }),
  });
}

Deno.test({
  name: "names that have to be looked at leave a directory without a digest",
  ignore,
  fn: () =>
    inDirectory(async (directory) => {
      await makeTree(directory);
      await Deno.link(`${directory}/a/three`, `${directory}/a/again`);
      assertEquals(await digestAt(directory, "a", true), undefined, "several names in an archive");
      assertNotEquals(await digestAt(directory, "a"), undefined, "several names");
      await Deno.writeTextFile(`${directory}/a/b/.four.pdiff-journal`, "");
      assertEquals(await digestAt(directory, "a/b"), undefined, "an unfinished copy");
      await Deno.mkdir(`${directory}/c/.d.pdiff-part`, { recursive: true });
      assertEquals(await digestAt(directory, "c"), undefined, "a directory with such a name");
      assert((await new Deno.Command("mkfifo", { args: [`${directory}/pipe`] }).output()).success);
      assertEquals(await digestAt(directory, ""), undefined, "a pipe");
    }),
});

Deno.test({
  name:
    "an outline and the names in its directories are what a list has, in directories with any number of names",
  ignore,
  fn: () =>
    inDirectory(async (directory) => {
      await makeTree(directory);
      // The records of more names than a call has room for, and many directories beside each other.
      await Deno.mkdir(`${directory}/many`);
      const long = "n".repeat(200);
      for (let i = 0; i < 5000; i++) Deno.writeTextFileSync(`${directory}/many/${long}${i}`, "");
      for (let i = 0; i < 600; i++) {
        Deno.mkdirSync(`${directory}/wide/d${i}`, { recursive: true });
        Deno.writeTextFileSync(`${directory}/wide/d${i}/f`, "");
      }
      const outline = await outlineOf(directory);
      const paths = outline.map(({ entry }) => entry.path);
      assert(outline.every(({ content }) => content?.digest !== undefined));
      assertEquals(outline.reduce((sum, { content }) => sum + content!.files, 0), 4 + 5000 + 600);
      using opened = openDirectory(directory, false);
      const names = (await Array.fromAsync(listDirectories(opened, paths, {}))).flat();
      const byPath = (entries: readonly TreeEntry[]): TreeEntry[] =>
        entries.toSorted((a, b) => a.path < b.path ? -1 : a.path > b.path ? 1 : 0);
      assertEquals(
        byPath([...outline.map(({ entry }) => entry), ...names]),
        byPath(await listTree(opened, { top: true })),
      );
    }),
});
