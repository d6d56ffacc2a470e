import { assertEquals, assertRejects } from "@std/assert";
import { pipeFlushing } from "./_response_rules.ts";

Deno.test("a source that fails while a flush does fails nothing but its stream", async () => {
  let flushes = 0;
  let errored = false;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller): Promise<void> {
      // Pieces come quickly enough until content has been held back for as long as that is done.
      await new Promise((resolve) => setTimeout(resolve, flushes === 0 ? 3 : 20));
      if (flushes === 0) return controller.enqueue(new Uint8Array(1));
      errored = true;
      controller.error(new Error("the source is gone"));
    },
  });
  const { readable, writable } = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>();
  const flush = (): Promise<void> => {
    flushes++;
    return new Promise((_, reject) => setTimeout(() => reject(new Error("no flush")), 5));
  };
  const output = pipeFlushing(body, { readable, writable, flush }, false);
  await assertRejects(() => new Response(output).bytes(), Error, "no flush");
  await new Promise((resolve) => setTimeout(resolve, 60));
  assertEquals([flushes, errored], [1, true]);
});
