/**
 * A server that does not answer yet is waited for, whichever request is the first; one that nobody runs is not.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { SluiceError } from "@sluice/internal";
import { inDirectory } from "../../tests/_directory.ts";
import { startRelay } from "../../tests/_relay.ts";
import type { Relay } from "../../tests/_relay.ts";
import { copyPdiffTree, PdiffClient, servePdiff } from "../mod.ts";

/** More attempts than a server gets that can't be reached. */
const FAILURES = 4;

/** Breaks the first connections, each after it has read so much, and passes the others on to a port. */
function startRefusingProxy(port: number, reads: boolean): Relay {
  let failures = 0;
  return startRelay(async (client) => {
    using _client = client;
    if (failures++ < FAILURES) {
      if (reads) await client.read(new Uint8Array(64));
      return;
    }
    using server = await Deno.connect({ hostname: "127.0.0.1", port });
    await Promise.race([
      client.readable.pipeTo(server.writable),
      server.readable.pipeTo(client.writable),
    ]);
  });
}

type Way = "download" | "download by protocol 1" | "upload" | "tree from a server" | "tree to a server";
const WAYS: readonly Way[] = [
  "download",
  "download by protocol 1",
  "upload",
  "tree from a server",
  "tree to a server",
];

/** Copies a file between `here` and what the address serves. */
async function copy(way: Way, url: string, here: string): Promise<void> {
  const log = (): void => {};
  switch (way) {
    case "download":
    case "download by protocol 1": {
      const protocol = way === "download" ? undefined : 1;
      await new PdiffClient({ source: `${url}/file`, target: `${here}/copy`, protocol, log }).synchronize();
      break;
    }
    case "upload":
      await new PdiffClient({ source: `${here}/file`, target: `${url}/copy`, log }).synchronize();
      break;
    case "tree from a server":
      await copyPdiffTree({ source: `${url}/`, target: `${here}/tree`, log });
      break;
    case "tree to a server":
      await copyPdiffTree({ source: here, target: `${url}/tree`, log });
  }
}

for (const way of WAYS) {
  Deno.test(`a server that breaks the first connections is waited for: ${way}`, async () => {
    for (const reads of [false, true]) {
      await inDirectory(async (directory) => {
        for (const name of ["here", "there"]) {
          await Deno.mkdir(`${directory}/${name}`);
          await Deno.writeTextFile(`${directory}/${name}/file`, "content");
        }
        await using server = servePdiff({ root: `${directory}/there`, port: 0, writable: true });
        const proxy = startRefusingProxy(server.port, reads);
        try {
          await copy(way, `http://127.0.0.1:${proxy.port}`, `${directory}/here`);
        } finally {
          await proxy.stop();
        }
      });
    }
  });

  Deno.test(`a server at its limit of connections is waited for: ${way}`, async () => {
    await inDirectory(async (directory) => {
      for (const name of ["here", "there"]) {
        await Deno.mkdir(`${directory}/${name}`);
        await Deno.writeTextFile(`${directory}/${name}/file`, "content");
      }
      await using server = servePdiff({
        root: `${directory}/there`,
        port: 0,
        writable: true,
        maxConnections: 2,
      });
      const { port } = server;
      const others = [await Deno.connect({ port }), await Deno.connect({ port })];
      const timer = setTimeout(() => others.forEach((connection) => connection.close()), 2500);
      try {
        await copy(way, `http://127.0.0.1:${port}`, `${directory}/here`);
      } finally {
        clearTimeout(timer);
        for (const connection of others) {
          try {
            connection.close();
          } catch { /* it was closed above */ }
        }
      }
    });
  });

  Deno.test(`a server that nobody runs, or whose name nobody knows, is an error soon: ${way}`, async () => {
    await inDirectory(async (directory) => {
      await Deno.writeTextFile(`${directory}/file`, "content");
      using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      // Nobody listens on this address.
      const { port } = listener.addr as Deno.NetAddr;
      for (const host of ["127.0.0.78", "name.invalid"]) {
        const started = performance.now();
        const error = await assertRejects(() => copy(way, `http://${host}:${port}`, directory), SluiceError);
        assertEquals(error.code, "NETWORK");
        assert(performance.now() - started < 8000, host);
      }
    });
  });
}
