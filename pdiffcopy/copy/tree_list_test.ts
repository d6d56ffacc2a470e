import { assert, assertEquals } from "@std/assert";
import { inDirectory } from "../../tests/_directory.ts";
import { hasNativeFiles } from "../kernel/file.ts";
import { openDirectory, openFile } from "../file/_files.ts";
import { listTree } from "./_tree_list.ts";

/** One extended attribute, as records of attributes write it. */
function attribute(name: string, value: Uint8Array): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(name);
  const bytes = new Uint8Array(8 + text.length + value.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, text.length, true);
  view.setUint32(4, value.length, true);
  bytes.set(text, 8);
  bytes.set(value, 8 + text.length);
  return bytes;
}

/** Where files take attributes of 64 KiB; undefined where no such place is known. */
function roomyDirectory(): string | undefined {
  try {
    return Deno.makeTempDirSync({ dir: "/dev/shm" });
  } catch {
    return undefined;
  }
}

Deno.test({
  name: "a tree is listed with all attributes, however many a call has room for",
  ignore: !hasNativeFiles(undefined),
  fn: () =>
    inDirectory(async (directory) => {
      const expected = new Map<string, string>();
      for (const folder of ["", "a/", "b/", "b/c/"]) {
        await Deno.mkdir(`${directory}/${folder}`, { recursive: true });
        for (let i = 0; i < 150; i++) {
          const path = `${folder}file ${i} é`;
          using file = openFile(`${directory}/${path}`, { write: true, create: true });
          const bytes = i % 3 === 0 ? new Uint8Array() : attribute("user.x", new Uint8Array(3000).fill(i));
          if (file.setAttributes(bytes) > 0) return; // a file system without attributes
          expected.set(path, bytes.toBase64());
        }
      }
      using top = openDirectory(directory, false);
      const found = await listTree(top, { attributes: true });
      const files = found.filter(({ kind }) => kind === "file");
      assertEquals(files.length, expected.size);
      for (const { path, attributes } of files) {
        assertEquals(attributes!.toBase64(), expected.get(path), path);
      }
      const plain = await listTree(top);
      assertEquals(plain.map(({ path }) => path), found.map(({ path }) => path));
      assert(plain.every(({ attributes }) => attributes === undefined));
    }),
});

Deno.test({
  name: "a name whose attributes are larger than the room of a call is listed",
  ignore: !hasNativeFiles(undefined),
  async fn() {
    const directory = roomyDirectory();
    if (directory === undefined) return;
    try {
      const parts = Array.from(
        { length: 6 },
        (_, i) => attribute(`user.${i}`, new Uint8Array(60_000).fill(i)),
      );
      const all = new Uint8Array(await new Blob(parts).arrayBuffer());
      for (const path of ["a", "sub/b"]) {
        await Deno.mkdir(`${directory}/sub`, { recursive: true });
        using file = openFile(`${directory}/${path}`, { write: true, create: true });
        if (file.setAttributes(all) > 0) return console.log("not tested: attributes are refused there");
      }
      await Deno.writeTextFile(`${directory}/sub/c`, "");
      using top = openDirectory(directory, false);
      const found = await listTree(top, { attributes: true });
      assertEquals(found.map(({ path }) => path), ["a", "sub", "sub/b", "sub/c"]);
      assertEquals(found.map(({ attributes }) => attributes!.length), [all.length, 0, all.length, 0]);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});
