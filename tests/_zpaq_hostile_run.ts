/**
 * Decodes all hostile input on one backend, and prints the longest time and the most memory that took: run as a process
 * of its own, since a peak of memory never goes down.
 */
import { SluiceError } from "@sluice/internal";
import { decompressZpaq } from "@sluice/zpaq";
import { HOSTILE } from "./_zpaq_hostile.ts";

const backend = Deno.args[0] as "native" | "wasm";
let slowest = 0;
for (const { name, input, code } of HOSTILE) {
  const start = performance.now();
  let actual = "none";
  try {
    decompressZpaq(input, { backend, maxOutputSize: 1 << 24 });
  } catch (error) {
    actual = error instanceof SluiceError ? error.code : `${error}`;
  }
  if (actual !== code) throw new Error(`${name}: ${actual}, expected ${code}`);
  slowest = Math.max(slowest, performance.now() - start);
}
const status = Deno.build.os === "linux" ? await Deno.readTextFile("/proc/self/status") : "";
const peak = Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0);
console.log(JSON.stringify({ slowest, peak }));
