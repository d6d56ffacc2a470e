import type { GitObjectInput } from "@sluice/gitdb";
import { CorruptDataError } from "@sluice/internal";
import { assertEquals, assertRejects } from "@std/assert";
import { withGitWriters } from "../../tests/_git_writers.ts";

Deno.test("every store refuses a body of another size than was announced", async () => {
  await withGitWriters(async (writers) => {
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
