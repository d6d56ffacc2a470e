import { assert, assertEquals } from "@std/assert";
import { testBackends } from "../../tests/_backends.ts";
import { Random } from "../../tests/_data.ts";
import { inDirectory } from "../../tests/_directory.ts";
import { PdiffClient, servePdiff } from "../mod.ts";

const OLD = new Random(7).bytes(6 << 20);
const NEW = new Uint8Array([...new TextEncoder().encode("inserted"), ...OLD]);
const isWindows = Deno.build.os === "windows";

/** A served directory with the source, and a place for targets; runs with every pair of sides. */
async function withSides(
  run: (
    options: { readonly source: string; readonly target: string; readonly shift: true },
    path: string,
    kind: string,
  ) => Promise<void>,
): Promise<void> {
  await inDirectory(async (directory) => {
    await Deno.writeFile(`${directory}/source`, NEW);
    await using server = servePdiff({ root: directory, port: 0, writable: true, durable: false });
    const url = `http://127.0.0.1:${server.port}`;
    for (const kind of ["local", "download", "upload", "remote"]) {
      const path = `${directory}/${kind}`;
      const source = kind === "local" || kind === "upload" ? `${directory}/source` : `${url}/source`;
      const target = kind === "local" || kind === "download" ? path : `${url}/${kind}`;
      await run({ source, target, shift: true }, path, kind);
    }
    assertEquals([...Deno.readDirSync(directory)].filter(({ name }) => name.includes("pdiff-")), []);
  });
}

testBackends("moved content is found again in every direction", async () => {
  await withSides(async (options, path, kind) => {
    await Deno.writeFile(path, OLD);
    const result = await new PdiffClient(options).synchronize();
    assertEquals(await Deno.readFile(path), NEW, kind);
    assert(result.bytesTransferred < 400_000, `${kind}: ${result.bytesTransferred} bytes`);
    assertEquals((await new PdiffClient(options).synchronize()).equal, true, kind);
    await Deno.remove(path);
    await new PdiffClient(options).synchronize();
    assertEquals(await Deno.readFile(path), NEW, `${kind} to a new file`);
  });
});

testBackends("moved content goes through links, and to all names of a file", async () => {
  if (isWindows) return;
  await withSides(async (options, path, kind) => {
    const isRemote = options.target.startsWith("http");
    for (const replace of ["auto", "inplace"] as const) {
      await Deno.writeFile(path, OLD);
      await Deno.link(path, `${path}-second`);
      if (!isRemote) await Deno.symlink(path, `${path}-link`);
      const target = isRemote ? options.target : `${path}-link`;
      await new PdiffClient({ ...options, target, replace }).synchronize();
      assertEquals(await Deno.readFile(`${path}-second`), NEW, `${kind} ${replace}`);
      if (!isRemote) assert((await Deno.lstat(`${path}-link`)).isSymlink);
      if (!isRemote) await Deno.remove(`${path}-link`);
      await Deno.remove(`${path}-second`);
    }
    await Deno.remove(path);
  });
});

testBackends("what an interrupted copy left is used by the next", async () => {
  await withSides(async (options, path, kind) => {
    const part = path.replace(/([^/]+)$/, ".$1.pdiff-part");
    for (const old of [undefined, new Random(8).bytes(1 << 20)]) {
      if (old !== undefined) await Deno.writeFile(path, old);
      await Deno.writeFile(part, NEW.subarray(0, 5 << 20));
      const result = await new PdiffClient(options).synchronize();
      assertEquals(await Deno.readFile(path), NEW, kind);
      assert(result.resumed, kind);
      assert(result.bytesTransferred < 2 << 20, `${kind}: ${result.bytesTransferred} bytes`);
      await Deno.remove(path);
    }
  });
});

testBackends("an upload names long ranges that the server has, not each block of them", async () => {
  await withSides(async (options, path, kind) => {
    if (kind !== "upload") return;
    await Deno.writeFile(path, OLD);
    const { bytesTransferred, wireBytesOut } = await new PdiffClient({ ...options, chunkSize: 4096 })
      .synchronize();
    assertEquals(await Deno.readFile(path), NEW);
    // About 1,500 blocks: a frame for each would be 48 kB.
    assert(wireBytesOut - bytesTransferred < 2000, `${wireBytesOut} bytes for ${bytesTransferred}`);
  });
});

/** Passes connections on to a port and changes one bit of each body at the given place, as often as it may. */
async function flipping(port: number, way: "up" | "down", place: number, times: number): Promise<{
  readonly port: number;
  close(): void;
}> {
  let left = times;
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const pump = async (from: Deno.TcpConn, to: Deno.TcpConn, flips: boolean): Promise<void> => {
    const buffer = new Uint8Array(64 << 10);
    try {
      for (let at = 0;;) {
        const count = await from.read(buffer);
        if (count === null) break;
        if (flips && left > 0 && place >= at && place < at + count) {
          buffer[place - at]! ^= 4;
          left--;
        }
        at += count;
        for (let done = 0; done < count;) done += await to.write(buffer.subarray(done, count));
      }
      await to.closeWrite();
    } catch {
      // One of both is gone.
    }
  };
  const accept = async (): Promise<void> => {
    for await (const client of listener) {
      const server = await Deno.connect({ hostname: "127.0.0.1", port });
      const both = [pump(client, server, way === "up"), pump(server, client, way === "down")];
      void Promise.all(both).finally(() => [client, server].forEach((connection) => connection.close()));
    }
  };
  void accept();
  await Promise.resolve();
  return { port: listener.addr.port, close: () => listener.close() };
}

Deno.test("a bit that changes on the way never ends in wrong content", async () => {
  await inDirectory(async (directory) => {
    await Deno.writeFile(`${directory}/source`, NEW);
    await using server = servePdiff({ root: directory, port: 0, writable: true, durable: false });
    let repaired = 0;
    for (const kind of ["download", "upload"] as const) {
      // The heads of requests and answers have some hundred bytes; after them come signatures, frames and literals.
      for (const place of [900, 1100, 1300, 1500, 2000, 20_000, 60_000]) {
        const proxy = await flipping(server.port, kind === "download" ? "down" : "up", place, 1);
        const path = `${directory}/${kind}`;
        await Deno.writeFile(path, OLD.subarray(0, 5 << 20));
        const url = `http://127.0.0.1:${proxy.port}`;
        const source = kind === "download" ? `${url}/source` : `${directory}/source`;
        const target = kind === "download" ? path : `${url}/upload`;
        const failed = await new PdiffClient({ source, target, shift: true, retryBudgetMs: 3000 })
          .synchronize().then(() => undefined, (error) => error);
        proxy.close();
        const found = await Deno.readFile(path);
        if (failed === undefined) {
          assertEquals(found, NEW, `${kind}, ${place}`);
          repaired++;
        } else {
          assert(failed instanceof Error, `${failed}`);
          assertEquals(found, OLD.subarray(0, 5 << 20), `${kind}, ${place}: ${failed}`);
        }
        await Deno.remove(`${directory}/.${kind}.pdiff-part`).catch(() => {});
      }
    }
    assert(repaired >= 7, `${repaired} of 14`);
  });
});
