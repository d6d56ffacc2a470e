/**
 * Reads one large object in a process of its own and prints CPU seconds and how far the memory grew.
 * Arguments: repository, id, budget in bytes; without a budget the object is read in one piece.
 */
import { GitDatabase } from "@sluice/gitdb";
import process from "node:process";

const [repository, id, budget] = Deno.args;

/** The most memory that the process has held, in bytes. */
function peak(): number {
  return Number(/VmHWM:\s+(\d+)/.exec(Deno.readTextFileSync("/proc/self/status"))?.[1] ?? 0) * 1024;
}

await using database = await GitDatabase.open(repository!);
// What the first read of any object loads is not the object's own.
for await (const small of database.ids()) {
  await database.has(small);
  break;
}
const before = peak();
const start = process.cpuUsage();
let size = 0;
const object = await database.read(id!);
if (budget === undefined) size = (await object.bytes()).length;
else {
  await using limited = await database.read(id!, { maxMemory: Number(budget) });
  const reader = limited.body.getReader({ mode: "byob" });
  let buffer = new Uint8Array(256 << 10);
  while (true) {
    const { value, done } = await reader.read(buffer);
    if (done) break;
    size += value.length;
    buffer = new Uint8Array(value.buffer);
  }
}
const cpu = process.cpuUsage(start);
console.log(JSON.stringify({ size, cpu: (cpu.user + cpu.system) / 1e6, growth: peak() - before }));
