import { GitDatabase, GitLooseStore, GitMemoryStore, PackWriter } from "@sluice/gitdb";
import type { GitObjectInput } from "@sluice/gitdb";
import { CorruptDataError } from "@sluice/internal";
import { assertEquals, assertRejects } from "@std/assert";
import { run } from "../../tests/_cli.ts";
import { inDirectory } from "../../tests/_directory.ts";

Deno.test("every store refuses a body of another size than was announced", async () => {
  await inDirectory(async (folder) => {
    await run("git", ["init", "-q", "--bare", folder]);
    await using database = await GitDatabase.open(folder);
    const loose = new GitLooseStore(`${folder}/objects`);
    const memory = new GitMemoryStore();
    const pack = new PackWriter();
    const writers: Record<string, (input: GitObjectInput) => Promise<unknown>> = {
      database: (input) => database.write(input),
      loose: (input) => loose.write(input),
      memory: (input) => memory.write(input),
      pack: (input) => pack.add(input),
    };
    const body = new Uint8Array([1, 2, 3]);
    for (const [name, write] of Object.entries(writers)) {
      for (const form of [body, new Blob([body]), new Blob([body]).stream()]) {
        const input: GitObjectInput = { type: "blob", body: form, size: 5 };
        assertEquals(
          (await assertRejects(() => write(input), CorruptDataError, "expected 5", name)).code,
          "SIZE_MISMATCH",
        );
      }
      await write({ type: "blob", body, size: 3 });
    }
  });
});
