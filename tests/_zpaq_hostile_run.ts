/**
 * Decodes all hostile input on one backend, and prints the longest time of the processor and the most memory that took: run as a process
 * of its own, since a peak of memory never goes down.
 */
import process from "node:process";
import { SluiceError } from "@sluice/internal";
import { decompressZpaq } from "@sluice/zpaq";
import { HOSTILE } from "./_zpaq_hostile.ts";

const backend = Deno.args[0] as "native" | "wasm";
let slowest = 0;
for (const { name, input, code } of HOSTILE) {
  const start = process.cpuUsage();
  let actual = "none";
  try {
    decompressZpaq(input, { backend, maxOutputSize: 1 << 24 });
  } catch (error) {
    actual = error instanceof SluiceError ? error.code : `${error}`;
  }
  if (actual !== code) throw new Error(`${name}: ${actual}, expected ${code}`);
  const { user, system } = process.cpuUsage(start);
  slowest = Math.max(slowest, (user + system) / 1000);
}
const status = Deno.build.os === "linux" ? await Deno.readTextFile("/proc/self/status") : "";
const peak = Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0);
console.log(JSON.stringify({ slowest, peak }));
