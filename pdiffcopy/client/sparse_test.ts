import { assert, assertEquals } from "@std/assert";
import { inDirectory } from "../../tests/_directory.ts";
import { hasNativeFiles } from "../kernel/file.ts";
import { PdiffClient, servePdiff } from "../mod.ts";

/** Bytes that a file takes on the disk. */
function allocated(path: string): number {
  return Deno.statSync(path).blocks! * 512;
}

/** A file of a size with a few blocks of data in it. */
function makeSparse(path: string, size: number, places: readonly number[]): void {
  using file = Deno.openSync(path, { write: true, create: true, truncate: true });
  file.truncateSync(size);
  for (const place of places) {
    file.seekSync(place, Deno.SeekMode.Start);
    file.writeSync(new Uint8Array(10_000).fill(place % 251 + 1));
  }
}

const ignore = Deno.build.os !== "linux";

for (const kind of ["download", "upload", "local"] as const) {
  Deno.test({
    name: `holes are neither read nor written: ${kind} of 64 GiB with 30 KB of data`,
    ignore,
    fn: () =>
      inDirectory(async (directory) => {
        const size = 64 * 2 ** 30 + 77;
        makeSparse(`${directory}/source`, size, [0, 5_000_000_000, size - 10_000]);
        await using server = servePdiff({ root: directory, port: 0, writable: true });
        const url = `http://127.0.0.1:${server.port}`;
        const source = kind === "download" ? `${url}/source` : `${directory}/source`;
        const target = kind === "upload" ? `${url}/target` : `${directory}/target`;
        const started = performance.now();
        const client = new PdiffClient({ source, target });
        const result = await client.synchronize();
        assertEquals(result.size, size);
        assertEquals((await Deno.stat(`${directory}/target`)).size, size);
        assert(allocated(`${directory}/target`) < 40 << 20, `${allocated(`${directory}/target`)}`);
        for (const place of [0, 5_000_000_000, size - 10_000]) {
          const block = new Uint8Array(10_000);
          using file = Deno.openSync(`${directory}/target`);
          file.seekSync(place, Deno.SeekMode.Start);
          file.readSync(block);
          assertEquals(block, new Uint8Array(10_000).fill(place % 251 + 1));
        }
        assertEquals((await client.findChanges()).ranges, []);
        assert(performance.now() - started < 20_000, "in seconds, not minutes");
      }),
  });
}

for (const kind of ["download", "upload", "local", "shift"] as const) {
  Deno.test({
    name: `a sparse file stays sparse inside blocks too: ${kind}`,
    ignore: ignore || !hasNativeFiles(undefined),
    fn: () =>
      inDirectory(async (directory) => {
        const places = Array.from({ length: 200 }, (_, index) => index * 262_144 + 8192);
        makeSparse(`${directory}/source`, 64 << 20, places);
        await using server = servePdiff({ root: directory, port: 0, writable: true });
        const url = `http://127.0.0.1:${server.port}`;
        const source = kind === "download" ? `${url}/source` : `${directory}/source`;
        const target = kind === "upload" ? `${url}/target` : `${directory}/target`;
        await new PdiffClient({ source, target, shift: kind === "shift" }).synchronize();
        assertEquals(await Deno.readFile(`${directory}/target`), await Deno.readFile(`${directory}/source`));
        const [ours, theirs] = [allocated(`${directory}/target`), allocated(`${directory}/source`)];
        assert(ours <= theirs * 1.1 + (1 << 20), `${ours} bytes on the disk, the source has ${theirs}`);
      }),
  });
}

Deno.test({
  name: "data where the source has a hole becomes a hole again",
  ignore,
  fn: () =>
    inDirectory(async (directory) => {
      const [source, target] = [`${directory}/source`, `${directory}/target`];
      makeSparse(source, 8 << 20, [0]);
      await using server = servePdiff({ root: directory, port: 0 });
      for (const from of [`http://127.0.0.1:${server.port}/source`, source]) {
        await Deno.writeFile(target, new Uint8Array(8 << 20).fill(7));
        await new PdiffClient({ source: from, target, blockSize: 64 << 10 }).synchronize();
        assertEquals(await Deno.readFile(target), await Deno.readFile(source));
        assert(allocated(target) <= 1 << 20, `${from}: ${allocated(target)}`);
      }
    }),
});
