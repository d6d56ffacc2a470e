/**
 * A server, or a proxy in front of it, that fails one request: whichever that is, the copy is made.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { SluiceError } from "@sluice/internal";
import { Random } from "../../tests/_data.ts";
import { inDirectory } from "../../tests/_directory.ts";
import { copyPdiffTree, createPdiffHandler, PdiffClient } from "../mod.ts";

type Fault = 502 | 503 | 504 | "cut";
const FAULTS: readonly Fault[] = [502, 503, 504, "cut"];

/** An answer that breaks off in the middle. */
async function cutShort(answer: Response): Promise<Response> {
  const bytes = new Uint8Array(await answer.arrayBuffer());
  let pulls = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller): void {
      if (pulls++ > 0) controller.error(new Error("cut"));
      else controller.enqueue(bytes.subarray(0, bytes.length >> 1));
    },
  });
  const headers = [...answer.headers].filter(([name]) => name !== "content-length");
  return new Response(body, { status: answer.status, headers });
}

/** Serves a directory; request `failing`, counted from 1, fails. Calls `body` with the address and a count of requests. */
async function whileServed(
  root: string,
  failing: number,
  fault: Fault,
  body: (url: string, requests: () => number) => Promise<void>,
): Promise<void> {
  using handler = createPdiffHandler({ root, writable: true });
  let requests = 0;
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen: () => {},
    onError: () => new Response(null, { status: 500 }),
  }, async (request) => {
    const fails = ++requests === failing;
    if (fails && fault !== "cut") {
      await request.body?.cancel();
      return new Response("busy", { status: fault });
    }
    const answer = await handler(request);
    return fails ? await cutShort(answer) : answer;
  });
  try {
    await body(`http://127.0.0.1:${server.addr.port}`, () => requests);
  } finally {
    await server.shutdown();
  }
}

const CONTENT = new Random(31).bytes(300_000);
const OLD = CONTENT.map((byte, i) => i % 100_000 === 5 ? byte ^ 1 : byte);

for (const fault of FAULTS) {
  Deno.test(`one request that fails with ${fault} does not end a copy, whichever it is`, async () => {
    let copies = 0;
    for (const way of ["download", "upload", "tree"] as const) {
      for (let failing = 1; failing < 20; failing++) {
        let needed = 0;
        await inDirectory(async (directory) => {
          const [here, there] = [`${directory}/here`, `${directory}/there`];
          await Deno.mkdir(here);
          await Deno.mkdir(there);
          const [from, to] = way === "upload" ? [here, there] : [there, here];
          await Deno.writeFile(`${from}/file`, CONTENT);
          await Deno.writeFile(`${to}/file`, way === "tree" ? OLD.subarray(1) : OLD);
          if (way === "tree") {
            await Deno.mkdir(`${from}/folder`);
            await Deno.writeFile(`${from}/folder/small`, CONTENT.subarray(0, 1000));
          }
          await whileServed(there, failing, fault, async (url, requests) => {
            if (way === "tree") {
              const { faults } = await copyPdiffTree({ source: `${url}/`, target: here });
              assertEquals(faults, []);
              assertEquals(await Deno.readFile(`${to}/folder/small`), CONTENT.slice(0, 1000));
            } else {
              const [source, target] = way === "upload"
                ? [`${here}/file`, `${url}/file`]
                : [`${url}/file`, `${here}/file`];
              await new PdiffClient({ source, target }).synchronize();
            }
            needed = requests();
          });
          assertEquals(await Deno.readFile(`${to}/file`), CONTENT, `${way}, request ${failing}`);
        });
        if (needed < failing) break;
        copies++;
      }
    }
    assert(copies > 8, `${copies} copies`);
  });
}

Deno.test("a server that nobody runs is an error soon, in spite of a budget of minutes", async () => {
  await inDirectory(async (directory) => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr as Deno.NetAddr;
    listener.close();
    const started = performance.now();
    const source = `http://127.0.0.1:${port}`;
    const client = new PdiffClient({ source: `${source}/file`, target: `${directory}/file` });
    assertEquals((await assertRejects(() => client.synchronize(), SluiceError)).code, "NETWORK");
    await assertRejects(() => copyPdiffTree({ source: `${source}/`, target: directory }), SluiceError);
    assert(performance.now() - started < 20_000);
  });
});
