import { assertEquals, assertThrows } from "@std/assert";
import { AtomicFile } from "./atomic_file.ts";
import { inDirectory, testInDirectory } from "../../tests/_directory.ts";

function names(directory: string): string[] {
  return [...Deno.readDirSync(directory)].map((entry) => entry.name).sort();
}

testInDirectory("AtomicFile has its name only when it is complete", async (directory) => {
  await Deno.writeTextFile(`${directory}/out`, "before");
  const file = AtomicFile.create(`${directory}/out`);
  await file.write(new TextEncoder().encode("after"));
  assertEquals(await Deno.readTextFile(`${directory}/out`), "before");
  await file.commit();
  assertEquals(await Deno.readTextFile(`${directory}/out`), "after");
  assertEquals(names(directory), ["out"]);
});

testInDirectory("AtomicFile leaves nothing when it is given up", async (directory) => {
  const file = AtomicFile.create(`${directory}/out`, { durable: true });
  await file.write(new Uint8Array(10));
  assertEquals(names(directory).length, 1);
  await file.discard();
  await file.discard();
  assertEquals(names(directory), []);
});

testInDirectory("AtomicFile carries mode and time over", async (directory) => {
  const file = AtomicFile.create(`${directory}/out`, { mode: 0o600 });
  const time = new Date("2001-02-03T04:05:06Z");
  await file.commit({ mode: 0o100640, atime: time, mtime: time, uid: null, gid: null });
  const info = await Deno.stat(`${directory}/out`);
  assertEquals(info.mtime, time);
  if (Deno.build.os !== "windows") assertEquals(info.mode! & 0o777, 0o640);
});

Deno.test("AtomicFile fails where the directory is missing", () => {
  assertThrows(() => AtomicFile.create("no-such-directory/out"), Deno.errors.NotFound);
});

testInDirectory("AtomicFile with holes reads as what was written", async (directory) => {
  const content = new Uint8Array(400_000);
  content.fill(7, 100_000, 200_001);
  for (const end of [400_000, 150_000, 99_000]) {
    const file = AtomicFile.create(`${directory}/out`, { sparse: true });
    for (let at = 0; at < end; at += 70_001) {
      await file.write(content.subarray(at, Math.min(at + 70_001, end)));
    }
    await file.commit();
    assertEquals(await Deno.readFile(`${directory}/out`), content.slice(0, end));
  }
});

Deno.test("AtomicFile is removed when a signal ends the process", async () => {
  if (Deno.build.os === "windows") return;
  await inDirectory(async (directory) => {
    const module = new URL("./atomic_file.ts", import.meta.url);
    const script = `
      const { AtomicFile } = await import(${JSON.stringify(module.href)});
      AtomicFile.create(${JSON.stringify(`${directory}/out`)});
      console.log("open");
      setInterval(() => {}, 1000);`;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["eval", script],
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const reader = child.stdout.getReader();
    await reader.read();
    assertEquals(names(directory).length, 1);
    child.kill("SIGTERM");
    assertEquals((await child.status).code, 143);
    await reader.cancel();
    assertEquals(names(directory), []);
  });
});
