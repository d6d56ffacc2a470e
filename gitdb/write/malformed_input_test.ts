import { checkGitObject, GitMemoryStore } from "@sluice/gitdb";
import type { GitObjectType } from "@sluice/gitdb";
import { CorruptDataError } from "@sluice/internal";
import { assertEquals, assertRejects } from "@std/assert";
import { withGitWriters } from "../../tests/_git_writers.ts";

const ID = "0123456789abcdef0123456789abcdef01234567";
const MALFORMED: readonly (readonly [GitObjectType, string])[] = [
  ["tree", "no tree"],
  ["tree", "100644 a\0short"],
  ["tree", "\0".repeat(30)],
  ["commit", "no commit"],
  ["commit", `tree ${ID.slice(1)}\n`],
  ["tag", "no tag"],
];
const SOUND: readonly (readonly [GitObjectType, string])[] = [
  ["blob", "anything"],
  ["tree", ""],
  ["tree", "100644 a\0" + "x".repeat(20)],
  ["commit", `tree ${ID}\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n\nwhy\n`],
  ["tag", `object ${ID}\ntype commit\ntag v1\ntagger A <a@b> 1 +0000\n\nwhat\n`],
];

Deno.test("trees, commits and tags that git can't read are not stored unless they are asked for", async () => {
  await withGitWriters(async (writers, memory) => {
    for (const [name, write] of Object.entries(writers)) {
      for (const [type, text] of MALFORMED) {
        const forms = [text, new Blob([text]), new Blob([text]).stream()];
        for (const body of forms) {
          await assertRejects(() => write({ type, body }), CorruptDataError, "", `${name}: ${type} ${text}`);
        }
        await write({ type, body: text, strict: false });
      }
      for (const [type, text] of SOUND) {
        checkGitObject(type, new TextEncoder().encode(text));
        await write({ type, body: text });
      }
    }
    // What is stored already is copied as it is.
    const other = new GitMemoryStore();
    const ids = await Array.fromAsync(memory.ids());
    assertEquals(await memory.copyTo(other, ids), ids.length);
  });
});
