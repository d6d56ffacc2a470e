import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { byteSourceFromBytes, SluiceError } from "@sluice/internal";
import type { ByteSource } from "@sluice/internal";
import { compressLz4 } from "../mod.ts";
import { downloadLz4 } from "./download.ts";
import { sluice, sluiceArguments } from "../../tests/_cli.ts";
import { text } from "../../tests/_data.ts";
import { testInDirectory } from "../../tests/_directory.ts";
import { objectOf, startRangeServer } from "../../tests/_range_server.ts";

const CONTENT = text(900_000);
const FILE = compressLz4(CONTENT, { blockSize: 65536 });

/** A source whose reads after the first wait for `go`; `reached` resolves when one waits. */
function gated(): { source: ByteSource; reached: Promise<void>; go: () => void } {
  const [reached, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const inner = byteSourceFromBytes(FILE);
  let reads = 0;
  return {
    source: {
      size: inner.size,
      async read(offset, length): Promise<Uint8Array> {
        if (++reads > 1) {
          reached.resolve();
          await gate.promise;
        }
        return await inner.read(offset, length);
      },
    },
    reached: reached.promise,
    go: gate.resolve,
  };
}

async function codeOf(call: Promise<unknown>): Promise<string> {
  return (await assertRejects(() => call, SluiceError)).code;
}

function names(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

testInDirectory(
  "a second download into the same output or with the same state is refused",
  async (folder) => {
    const { source, reached, go } = gated();
    const first = downloadLz4(source, `${folder}/out`, { state: `${folder}/state` });
    await reached;
    assertEquals(await codeOf(downloadLz4(FILE, `${folder}/out`)), "LOCKED");
    assertEquals(await codeOf(downloadLz4(FILE, `${folder}/out`, { state: `${folder}/own` })), "LOCKED");
    const sharesState = downloadLz4(FILE, `${folder}/two`, { state: `${folder}/state` });
    assertEquals(await codeOf(sharesState), "LOCKED");
    assertEquals(names(folder), ["out.s4lock", "out.s4part", "state", "state.s4lock"]);
    await downloadLz4(FILE, `${folder}/other`); // has nothing to do with them
    go();
    await first;
    assertEquals(await Deno.readFile(`${folder}/out`), CONTENT);
    assertEquals(names(folder), ["other", "out"]);
  },
);

testInDirectory(
  "of many downloads at once one writes, and the others leave what it writes alone",
  async (folder) => {
    for (let round = 0; round < 20; round++) {
      const path = `${folder}/out`;
      const ends = await Promise.allSettled(Array.from({ length: 8 }, () => downloadLz4(FILE, path)));
      const codes = ends.map((end) => end.status === "fulfilled" ? "done" : end.reason.code);
      assertEquals(codes.filter((code) => code === "done"), ["done"], codes.join(" "));
      assertEquals(codes.filter((code) => !["done", "LOCKED", "EXISTS"].includes(code)), [], codes.join(" "));
      assertEquals(await Deno.readFile(path), CONTENT);
      assertEquals(names(folder), ["out"]);
      await Deno.remove(path);
    }
  },
);

testInDirectory("a file of the lock's name that is no lock is left alone", async (folder) => {
  const lock = `${folder}/out.s4lock`;
  await Deno.writeTextFile(lock, "precious");
  assertEquals(await codeOf(downloadLz4(FILE, `${folder}/out`)), "EXISTS");
  assertEquals(await Deno.readTextFile(lock), "precious");
  await Deno.remove(lock);
  await Deno.mkdir(lock);
  assertEquals(await codeOf(downloadLz4(FILE, `${folder}/out`)), "EXISTS");
  await Deno.remove(lock);
  await Deno.writeTextFile(`${folder}/empty`, "");
  await Deno.symlink(`${folder}/empty`, lock);
  assertEquals(await codeOf(downloadLz4(FILE, `${folder}/out`)), "EXISTS");
  assertEquals(names(folder), ["empty", "out.s4lock"]);
  await Deno.remove(lock);
  await Deno.writeTextFile(lock, ""); // as a process leaves it that was killed
  await downloadLz4(FILE, `${folder}/out`);
  assertEquals(names(folder), ["empty", "out"]);
  assertEquals(await codeOf(downloadLz4(`${folder}/missing`, `${folder}/other`)), "NOT_FOUND");
  assertEquals(await codeOf(downloadLz4(FILE, `${folder}/missing/out`)), "NOT_FOUND");
  assertEquals(names(folder), ["empty", "out"]);
});

testInDirectory("sluice lz4 get refuses an output that another process writes, until that one is killed", {
  ignore: Deno.build.os === "windows",
}, async (folder) => {
  await using server = startRangeServer(objectOf(FILE));
  const stalling = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.get("range") ?? "");
    const [start, end] = range === null ? [0, FILE.length] : [Number(range[1]), Number(range[2]) + 1];
    const headers = { "content-range": `bytes ${start}-${end - 1}/${FILE.length}`, etag: '"1"' };
    // The first bytes identify the source; nothing more ever comes.
    const body = end <= 65536 ? FILE.slice(start, end) : new ReadableStream();
    return new Response(body, { status: 206, headers });
  });
  const args = (url: string) => ["lz4", "get", url, "-o", `${folder}/out`];
  const child = new Deno.Command(Deno.execPath(), {
    args: sluiceArguments(args(`http://127.0.0.1:${stalling.addr.port}/object`)),
    stdout: "null",
    stderr: "null",
  }).spawn();
  while (!names(folder).includes("out.s4part")) await new Promise((resolve) => setTimeout(resolve, 10));
  const refused = await sluice(args(server.url));
  assertEquals(refused.code, 1, refused.stderr);
  assertStringIncludes(refused.stderr, "another download is writing it (LOCKED)");
  child.kill("SIGKILL");
  await child.status;
  assert(names(folder).includes("out.s4lock"));
  const taken = await sluice(args(server.url));
  assertEquals(taken.code, 0, taken.stderr);
  assertEquals(await Deno.readFile(`${folder}/out`), CONTENT);
  assertEquals(names(folder), ["out"]);
  await stalling.shutdown();
});
