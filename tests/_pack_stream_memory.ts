/**
 * Reads one object of a pack as a stream, in a process of its own, and prints how many bytes came and by how many the
 * memory of the process grew, once the engine has taken what it takes for any program: `BACKEND PACK INDEX ID BUDGET`.
 */
import { configureBackend } from "@sluice/ffi";
import { PackStore } from "@sluice/gitdb";

const [backend, pack, index, id, budget] = Deno.args;
configureBackend(backend as "native" | "wasm");
await using store = await PackStore.fromSources([{
  name: "one",
  pack: await Deno.readFile(pack!),
  index: await Deno.readFile(index!),
}]);
/** What the engine's compiler and young objects take comes once in a process: natively 11 of 18 MB of growth. */
const WARM_SIZE = 128 << 20;

async function openReader(): Promise<ReadableStreamBYOBReader> {
  const object = await store.read(id!, { maxMemory: Number(budget) });
  return object.body.getReader({ mode: "byob" });
}

let buffer = new Uint8Array(64 << 10);
const warm = await openReader();
for (let left = WARM_SIZE; left > 0;) {
  const { value, done } = await warm.read(buffer);
  if (done) break;
  left -= value.length;
  buffer = new Uint8Array(value.buffer);
}
await warm.cancel();
buffer = new Uint8Array(64 << 10);
const reader = await openReader();
const before = Deno.memoryUsage().rss;
let bytes = 0;
let peak = 0;
while (true) {
  const { value, done } = await reader.read(buffer);
  if (done) break;
  bytes += value.length;
  buffer = new Uint8Array(value.buffer);
  peak = Math.max(peak, Deno.memoryUsage().rss - before);
}
console.log(JSON.stringify({ bytes, peak }));
