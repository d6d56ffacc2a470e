import { compressLz4 } from "@sluice/lz4";
import { assert, assertEquals } from "@std/assert";
import { xray } from "../examples/playground/jobs/xray.ts";

Deno.test("the X-ray of a file with more parts than a page shows says where its list ends", async () => {
  const frame = compressLz4(new TextEncoder().encode("x"));
  const frames = 20_000;
  const file = new Uint8Array(frames * frame.length);
  for (let i = 0; i < frames; i++) file.set(frame, i * frame.length);
  let [count, end, verified] = [0, 0, 0];
  for await (const step of xray({ file: new Blob([file]) })) {
    if ("regions" in step) count += step.regions.length;
    if ("listedTo" in step) end = step.listedTo;
    if ("verified" in step) verified = step.verified;
  }
  assert(count >= 20_000 && end > 0 && end < file.length, `${count} parts up to ${end}`);
  assertEquals(verified, frames);
});
