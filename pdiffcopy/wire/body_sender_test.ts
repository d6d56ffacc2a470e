import { assert, assertEquals, assertRejects } from "@std/assert";
import { Random } from "../../tests/_data.ts";
import { BodySender } from "./_body_sender.ts";
import { HttpReader } from "./_http_reader.ts";
import { HttpPeer } from "./_http.ts";

const BODY = new Random(5).bytes(3 << 20);

/** A server that answers each request of a connection with a text, and then ends the connection where there is none. */
async function withServer(
  answers: readonly (readonly string[])[],
  test: (origin: string, seen: Uint8Array[]) => Promise<void>,
): Promise<void> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const seen: Uint8Array[] = [];
  const served = (async (): Promise<void> => {
    for (const texts of answers) {
      using connection = await listener.accept();
      const reader = new HttpReader(connection);
      for (const text of texts) {
        const head = await reader.head();
        if (head === undefined) break;
        const body = new Uint8Array(head.bodySize!);
        for (let at = 0; at < body.length;) at += await reader.readInto(body.subarray(at));
        seen.push(body);
        await connection.write(new TextEncoder().encode(text));
      }
    }
  })();
  await test(`http://127.0.0.1:${listener.addr.port}`, seen);
  await served;
}

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx-a: "b"\r\n\r\n{}';
const CHUNKED =
  "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 C\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n";

function send(sender: BodySender, origin: string, signal = new AbortController().signal): Promise<Response> {
  return sender.send({ method: "PUT", url: `${origin}/a?b=c`, headers: {}, body: BODY, signal });
}

Deno.test("bodies are sent over one connection, and again where the server closed it", async () => {
  await withServer([[OK, CHUNKED], [OK]], async (origin, seen) => {
    using sender = BodySender.for(origin)!;
    const first = await send(sender, origin);
    assertEquals([first.status, first.headers.get("x-a"), await first.text()], [200, '"b"', "{}"]);
    const second = await send(sender, origin);
    assertEquals([second.status, await second.text()], [201, "{}"]);
    assertEquals((await send(sender, origin)).status, 200, "over a second connection");
    assertEquals(seen.length, 3);
    for (const body of seen) assertEquals(body, BODY);
  });
});

Deno.test("answers that are no HTTP, or do not come, are errors", async () => {
  for (const answer of ["SSH-2.0\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}", ""]) {
    await withServer([[answer]], async (origin) => {
      using sender = BodySender.for(origin)!;
      await assertRejects(() => send(sender, origin));
    });
  }
});

Deno.test("a refusal is heard before the body is through, and an abort ends it", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const origin = `http://127.0.0.1:${listener.addr.port}`;
  const body = new Uint8Array(64 << 20);
  const controller = new AbortController();
  using sender = BodySender.for(origin)!;
  {
    const answer = sender.send({ method: "PUT", url: origin, headers: {}, body, signal: controller.signal });
    using connection = await listener.accept();
    await connection.write(
      new TextEncoder().encode("HTTP/1.1 413 L\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"),
    );
    assertEquals((await answer).status, 413);
  }
  const answer = sender.send({ method: "PUT", url: origin, headers: {}, body, signal: controller.signal });
  using _ = await listener.accept();
  const reason = new Error("enough");
  controller.abort(reason);
  assertEquals(await assertRejects(() => answer), reason);
});

Deno.test("HTTPS, and servers that may be reached over a proxy, are left to fetch", () => {
  assertEquals(BodySender.for("https://host"), undefined);
  assertEquals(BodySender.for("nonsense"), undefined);
  const before = Deno.env.get("http_proxy");
  Deno.env.set("http_proxy", "http://127.0.0.1:1");
  try {
    assertEquals(BodySender.for("http://host"), undefined);
  } finally {
    if (before === undefined) Deno.env.delete("http_proxy");
    else Deno.env.set("http_proxy", before);
  }
});

Deno.test("a peer sends large bodies this way, with its headers and as its errors", async () => {
  await withServer(
    [[OK], ['HTTP/1.1 409 C\r\ncontent-length: 33\r\n\r\n{"code":"LOCKED","message":"busy"}']],
    async (origin) => {
      using peer = new HttpPeer(origin, { stallTimeoutMs: 5000, token: "secret" });
      assertEquals(await peer.send("PUT", "/x", { a: 1 }, BODY), {});
      await assertRejects(() => peer.send("PUT", "/x", { a: 1 }, BODY), Error);
      assert(peer.bytesOut >= BODY.length);
    },
  );
});
