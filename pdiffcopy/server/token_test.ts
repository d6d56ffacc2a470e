import { createPdiffHandler, PdiffClient } from "@sluice/pdiffcopy";
import { assertRejects, assertThrows } from "@std/assert";

Deno.test("an empty secret, or none of text, is refused on both sides", async () => {
  const root = await Deno.makeTempDir();
  try {
    assertThrows(() => createPdiffHandler({ root, token: "" }), RangeError, "empty");
    for (const token of [null, 7, new Uint8Array(3)]) {
      assertThrows(
        () => createPdiffHandler({ root, token: token as unknown as string }),
        TypeError,
        "a string",
      );
    }
    const source = "http://127.0.0.1:9/a";
    const client = new PdiffClient({ source, target: `${root}/a`, token: "" });
    await assertRejects(() => client.synchronize(), RangeError, "empty");
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
