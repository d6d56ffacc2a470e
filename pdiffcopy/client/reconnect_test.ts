import { assert, assertEquals, assertRejects } from "@std/assert";
import { SluiceError } from "@sluice/internal";
import { Random } from "../../tests/_data.ts";
import { inDirectory } from "../../tests/_directory.ts";
import { startRelay } from "../../tests/_relay.ts";
import type { Relay } from "../../tests/_relay.ts";
import { sluiceArguments } from "../../tests/_cli.ts";
import { copyPdiffTree, PdiffClient, servePdiff } from "../mod.ts";

const UPLOADED = new Random(12).bytes(3 << 20);
/** More than what sockets hold. */
const DOWNLOADED = new Random(13).bytes(24 << 20);

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}

/** A server in a process of its own, which can be killed. */
async function spawnServer(root: string, port: number): Promise<Deno.ChildProcess> {
  const child = new Deno.Command(Deno.execPath(), {
    args: sluiceArguments(["pdiffcopy", "-q", "-l", `127.0.0.1:${port}`, "--root", root, "--writable"]),
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  for (;;) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return child;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function kill(child: Deno.ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  await child.status;
}

for (const kind of ["upload", "upload with shift", "upload in place", "download"] as const) {
  Deno.test(`a copy goes on when its server comes back: ${kind}`, async () => {
    await inDirectory(async (directory) => {
      const content = kind === "download" ? DOWNLOADED : UPLOADED;
      await Deno.mkdir(`${directory}/served`);
      await Deno.writeFile(`${directory}/served/source`, content);
      await Deno.writeFile(`${directory}/source`, content);
      if (kind === "upload in place") {
        await Deno.writeFile(`${directory}/served/copy`, content.slice().reverse());
      }
      const port = freePort();
      let server = await spawnServer(`${directory}/served`, port);
      const url = `http://127.0.0.1:${port}`;
      const [source, target] = kind === "download"
        ? [`${url}/source`, `${directory}/copy`]
        : [`${directory}/source`, `${url}/copy`];
      const written: number[] = [];
      const client = new PdiffClient({
        source,
        target,
        shift: kind === "upload with shift",
        concurrency: 1,
        blockSize: kind === "upload with shift" ? undefined : 65_536,
        ...(kind === "upload in place" ? { replace: "inplace" } : {}),
        maxBytesPerSecond: content.length / 1.5,
        onProgress: ({ bytesOut }) => written.push(bytesOut),
      });
      const copy = client.synchronize();
      try {
        await new Promise((resolve) => setTimeout(resolve, 900));
        await kill(server);
        await new Promise((resolve) => setTimeout(resolve, 700));
        server = await spawnServer(`${directory}/served`, port);
        const result = await copy;
        assertEquals(result.size, content.length);
        const made = kind === "download" ? `${directory}/copy` : `${directory}/served/copy`;
        assertEquals(await Deno.readFile(made), content);
        assert(written.length > 0);
      } finally {
        await kill(server);
        await copy.catch(() => {});
      }
    });
  });
}

/** Passes bytes on to a port, and closes each connection after so many in either direction. */
function startBreakingProxy(
  port: number,
  bytesMax: number,
): Relay {
  return startRelay(async (client) => {
    using _client = client;
    using server = await Deno.connect({ hostname: "127.0.0.1", port });
    const pass = async (from: Deno.Conn, to: Deno.Conn): Promise<void> => {
      const buffer = new Uint8Array(16_384);
      for (let sum = 0; sum < bytesMax;) {
        const count = await from.read(buffer);
        if (count === null) break;
        sum += count;
        for (let done = 0; done < count;) done += await to.write(buffer.subarray(done, count));
      }
    };
    await Promise.race([pass(client, server).catch(() => {}), pass(server, client).catch(() => {})]);
  });
}

for (const kind of ["download", "upload"] as const) {
  Deno.test(`a line that breaks again and again still carries a copy on: ${kind}`, async () => {
    await inDirectory(async (directory) => {
      const content = DOWNLOADED.subarray(0, 8 << 20);
      await Deno.mkdir(`${directory}/served`);
      await Deno.writeFile(`${directory}/${kind === "download" ? "served/" : ""}source`, content);
      await using server = servePdiff({ root: `${directory}/served`, port: 0, writable: true });
      const proxy = startBreakingProxy(server.port, 900_000);
      const url = `http://127.0.0.1:${proxy.port}`;
      const made = `${directory}/${kind === "download" ? "" : "served/"}copy`;
      let carried = 0;
      const client = new PdiffClient({
        source: kind === "download" ? `${url}/source` : `${directory}/source`,
        target: kind === "download" ? made : `${url}/copy`,
        concurrency: 1,
        retryBudgetMs: 20_000,
        onProgress: ({ bytesOut }) => carried = bytesOut,
      });
      try {
        await client.synchronize();
        assertEquals(await Deno.readFile(made), content);
        assert(carried < 2 * content.length, `${carried} bytes were written`);
      } finally {
        await proxy.stop();
      }
    });
  });
}

for (const kind of ["download", "upload"] as const) {
  Deno.test(`a line that breaks again and again still carries small files on: ${kind}`, async () => {
    await inDirectory(async (directory) => {
      const root = `${directory}/${kind === "download" ? "served/" : ""}source`;
      await Deno.mkdir(`${directory}/served`);
      await Deno.mkdir(root);
      for (let i = 0; i < 40; i++) {
        await Deno.writeFile(`${root}/${i}`, DOWNLOADED.subarray(i * 100_000, (i + 1) * 100_000));
      }
      await using server = servePdiff({ root: `${directory}/served`, port: 0, writable: true });
      const proxy = startBreakingProxy(server.port, 900_000);
      const url = `http://127.0.0.1:${proxy.port}`;
      try {
        const made = `${directory}/${kind === "download" ? "" : "served/"}copy`;
        const result = await copyPdiffTree({
          source: kind === "download" ? `${url}/source` : root,
          target: kind === "download" ? made : `${url}/copy`,
          retryBudgetMs: 20_000,
        });
        assertEquals([result.filesCopied, result.faults], [40, []]);
        for (let i = 0; i < 40; i++) {
          assertEquals(await Deno.readFile(`${made}/${i}`), await Deno.readFile(`${root}/${i}`));
        }
      } finally {
        await proxy.stop();
      }
    });
  });
}

Deno.test("a server that never answered is not waited for, and one that stays away only for the budget", async () => {
  await inDirectory(async (directory) => {
    await Deno.writeFile(`${directory}/source`, UPLOADED);
    const port = freePort();
    // Another test may get the port meanwhile, and not on this address.
    const target = `http://127.0.0.77:${port}/copy`;
    const started = performance.now();
    const error = await assertRejects(
      () => new PdiffClient({ source: `${directory}/source`, target }).synchronize(),
      SluiceError,
      `127.0.0.77:${port}`,
    );
    assertEquals(error.code, "NETWORK");
    assert(performance.now() - started < 5000);

    const server = servePdiff({ root: directory, port: 0, writable: true });
    const lost = new PdiffClient({
      source: `${directory}/source`,
      target: `http://127.0.0.1:${server.port}/copy`,
      maxBytesPerSecond: 1_000_000,
      blockSize: 65_536,
      concurrency: 1,
      retryBudgetMs: 1000,
    }).synchronize();
    const rejected = assertRejects(() => lost, SluiceError);
    await new Promise((resolve) => setTimeout(resolve, 500));
    await server.shutdown();
    const stopped = performance.now();
    await rejected;
    assert(performance.now() - stopped < 10_000);
  });
});
