import { assert, assertEquals, assertRejects } from "@std/assert";
import { SluiceError } from "@sluice/internal";
import { Random } from "../../tests/_data.ts";
import { inDirectory } from "../../tests/_directory.ts";
import { sluiceArguments } from "../../tests/_cli.ts";
import { PdiffClient, servePdiff } from "../mod.ts";

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

Deno.test("a server that never answered is not waited for, and one that stays away only for the budget", async () => {
  await inDirectory(async (directory) => {
    await Deno.writeFile(`${directory}/source`, UPLOADED);
    const port = freePort();
    const target = `http://127.0.0.1:${port}/copy`;
    const started = performance.now();
    const error = await assertRejects(
      () => new PdiffClient({ source: `${directory}/source`, target }).synchronize(),
      SluiceError,
      `127.0.0.1:${port}`,
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
