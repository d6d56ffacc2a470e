import { assertEquals, assertNotEquals } from "@std/assert";
import { RunningHash } from "./_running_hash.ts";

async function hashOf(bytes: Uint8Array, step: number): Promise<string> {
  const hash = new RunningHash();
  for (let at = 0; at < bytes.length; at += step) {
    await hash.update(bytes.subarray(at, at + step));
    if (step > 1 << 18) await hash.digest();
  }
  return await hash.digest();
}

Deno.test("RunningHash depends on the content and not on its pieces", async () => {
  const bytes = new Uint8Array(3_000_000).map((_, i) => i * 7);
  const whole = await hashOf(bytes, bytes.length);
  for (const step of [4097, 1 << 20, 777_777]) assertEquals(await hashOf(bytes, step), whole);
  bytes[1_500_000]! ^= 1;
  assertNotEquals(await hashOf(bytes, bytes.length), whole);
  assertNotEquals(await hashOf(bytes.subarray(1), bytes.length), await hashOf(bytes, bytes.length));
});
