import { assertEquals, assertStrictEquals } from "@std/assert";
import { OutputBuffers } from "@sluice/internal";

Deno.test("small outputs are copied out of one buffer, which is kept", () => {
  const buffers = new OutputBuffers(100_000);
  const first = buffers.next();
  first[0] = 7;
  const output = buffers.take(first, 1);
  assertEquals([output, output.buffer.byteLength], [new Uint8Array([7]), 1]);
  for (const length of [0, 1, 100, first.length / 2 - 1]) {
    const again = buffers.next();
    assertStrictEquals(again, first);
    buffers.take(again, length);
  }
});

Deno.test("large outputs are handed over without a copy, and the next buffers grow to the limit", () => {
  const buffers = new OutputBuffers(100_000);
  const sizes: number[] = [];
  for (let i = 0; i < 4; i++) {
    const target = buffers.next();
    sizes.push(target.length);
    assertStrictEquals(buffers.take(target, target.length - 1).buffer, target.buffer);
  }
  assertEquals(sizes, [8192, 32_768, 100_000, 100_000]);
});

Deno.test("a buffer has what its output needs at least", () => {
  const buffers = new OutputBuffers(1000);
  assertEquals([buffers.next().length, buffers.next(5000).length], [1000, 5000]);
  buffers.take(buffers.next(), 0);
  assertEquals(buffers.next(2000).length, 2000);
});
