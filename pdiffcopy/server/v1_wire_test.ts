/**
 * Protocol 1 by its bytes: what the original client sends goes to our server, what the original server sends goes to our
 * client.
 */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { createHash } from "node:crypto";
import { SluiceError } from "@sluice/internal";
import { inDirectory } from "../../tests/_directory.ts";
import { exchange, startRawServer } from "../../tests/_raw_http.ts";
import type { RawRequest } from "../../tests/_raw_http.ts";
import { PdiffClient, servePdiff } from "../mod.ts";

/** Headers of the original client. */
const HEADERS =
  "User-Agent: python-requests/2.28.1\r\nAccept-Encoding: gzip, deflate\r\nAccept: */*\r\nConnection: keep-alive\r\n";

function request(line: string, port: number, body = ""): string {
  const length = line.startsWith("POST") ? `Content-Length: ${body.length}\r\n` : "";
  return `${line} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${HEADERS}${length}\r\n${body}`;
}

interface Answer {
  readonly status: number;
  readonly type: string | undefined;
  readonly body: string;
}

function parse(text: string): Answer {
  const [head, ...rest] = text.split("\r\n\r\n");
  let body = rest.join("\r\n\r\n");
  if (/transfer-encoding: chunked/i.test(head!)) {
    let plain = "";
    for (let at = 0; at < body.length;) {
      const end = body.indexOf("\r\n", at);
      const size = Number.parseInt(body.slice(at, end), 16);
      plain += body.slice(end + 2, end + 2 + size);
      at = end + 2 + size + 2;
    }
    body = plain;
  }
  return {
    status: Number(head!.split(" ")[1]),
    type: /^content-type: (.*?)\r?$/im.exec(head!)?.[1],
    body,
  };
}

const sha1 = (text: string): string => createHash("sha1").update(text).digest("hex");

Deno.test("our server answers the requests of the original client", async () => {
  await inDirectory(async (root) => {
    const content = "0123456789".repeat(100);
    await Deno.writeTextFile(`${root}/a b`, content);
    await Deno.writeTextFile(`${root}/empty`, "");
    await using server = servePdiff({ root, port: 0, writable: true });
    const ask = async (line: string, body?: string): Promise<Answer> =>
      parse(await exchange(server.port, request(line, server.port, body)));

    assertEquals(await ask("GET /info?filename=%2Fa+b"), {
      status: 200,
      type: "application/json",
      body: '{"size":1000}\n',
    });
    const missing = await exchange(server.port, request("GET /info?filename=%2Fnone", server.port));
    assertMatch(missing, /^HTTP\/1\.1 404 [\s\S]*content-length: 0/i);
    assertEquals(parse(missing).body, "");

    const hashes = await ask("GET /hashes?block_size=512&concurrency=2&method=sha1&filename=%2Fa+b");
    assertEquals([hashes.status, hashes.type], [200, "text/plain; charset=utf-8"]);
    assertEquals(hashes.body.trim().split("\n").sort(), [
      `0\t${sha1(content.slice(0, 512))}`,
      `512\t${sha1(content.slice(512))}`,
    ]);
    const upper = await ask("GET /hashes?filename=%2Fa+b&method=SHA1&block_size=512");
    assertEquals(upper.body, hashes.body);
    assertEquals((await ask("GET /hashes?block_size=512&method=md5&filename=%2Fempty")).body, "");

    const block = await ask("GET /blocks?filename=%2Fa+b&offset=512&size=512");
    assertEquals(block, { status: 200, type: "application/octet-stream", body: content.slice(512) });
    assertEquals((await ask("GET /blocks?filename=%2Fa+b&offset=5000&size=512")).body, "");

    assertEquals((await ask("POST /resize?filename=%2Fnew%2Fdir%2Ff&size=20")).status, 200);
    const written = await ask("POST /blocks?filename=%2Fnew%2Fdir%2Ff&offset=10", "hello");
    assertEquals(written, { status: 200, type: "text/html; charset=utf-8", body: "" });
    assertEquals(await Deno.readTextFile(`${root}/new/dir/f`), `${"\0".repeat(10)}hello${"\0".repeat(5)}`);
    assertEquals((await ask("POST /resize?filename=%2Fnew%2Fdir%2Ff&size=12")).status, 200);
    assertEquals((await Deno.stat(`${root}/new/dir/f`)).size, 12);

    const form = `POST /blocks?filename=%2Fnew%2Fdir%2Ff&offset=0 HTTP/1.1\r\nHost: 127.0.0.1\r\n` +
      "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 2\r\n\r\nok";
    assertEquals(parse(await exchange(server.port, form)).status, 200);
    const chunked = `POST /blocks?filename=%2Fnew%2Fdir%2Ff&offset=2 HTTP/1.1\r\nHost: 127.0.0.1\r\n` +
      "Transfer-Encoding: chunked\r\n\r\n2\r\nay\r\n0\r\n\r\n";
    assertEquals(parse(await exchange(server.port, chunked)).status, 200);
    assertEquals((await Deno.readTextFile(`${root}/new/dir/f`)).slice(0, 4), "okay");
  });
});

Deno.test("our server refuses what makes the original one hang or lie", async () => {
  await inDirectory(async (root) => {
    await Deno.writeTextFile(`${root}/f`, "content");
    await using server = servePdiff({ root, port: 0, writable: true });
    const status = async (line: string): Promise<number> =>
      parse(await exchange(server.port, request(line, server.port))).status;
    const cases: readonly (readonly [string, number])[] = [
      ["GET /hashes?method=nonsense&filename=%2Ff", 400],
      ["GET /hashes?filename=%2Ff", 400],
      ["GET /hashes?method=sha1&block_size=0&filename=%2Ff", 400],
      ["GET /hashes?method=sha1&concurrency=0&filename=%2Ff", 400],
      ["GET /hashes?method=shake_128&filename=%2Ff", 400],
      ["GET /hashes?method=sha1&filename=%2Fnone", 404],
      ["GET /blocks?filename=%2Ff&offset=0&size=-1", 400],
      ["GET /blocks?filename=%2Ff&offset=-1&size=1", 400],
      ["GET /blocks?filename=%2Ff&offset=1e3&size=1", 400],
      ["GET /blocks?filename=%2Ff&offset=0", 400],
      ["GET /blocks?offset=0&size=1", 400],
      ["GET /blocks?filename=%2Ff&offset=0&size=99999999999", 400],
      ["GET /blocks?filename=%2Ff&filename=%2Ff&offset=0&size=1", 400],
      ["GET /blocks?filename=%ff&offset=0&size=1", 400],
      ["POST /resize?filename=%2Fnew&size=-5", 400],
      ["POST /resize?filename=%2Fnew", 400],
      ["POST /blocks?filename=%2Fnone&offset=0", 404],
      ["HEAD /info?filename=%2Ff", 200],
      ["HEAD /blocks?filename=%2Ff&offset=0&size=1", 405],
      ["OPTIONS /info?filename=%2Ff", 200],
      ["PUT /info?filename=%2Ff", 405],
      ["GET /other", 404],
    ];
    for (const [line, expected] of cases) assertEquals(await status(line), expected, line);
    assertEquals([...Deno.readDirSync(root)].map(({ name }) => name), ["f"]);
  });
});

/** The original server, as far as one file of its own. */
function originalServer(
  content: () => string,
  answers: Partial<Record<string, (request: RawRequest) => string | undefined>> = {},
) {
  const answer = (status: string, type: string, body: string): string =>
    `HTTP/1.1 ${status}\r\nServer: gunicorn\r\nDate: Fri, 06 Mar 2020 12:00:00 GMT\r\nConnection: close\r\n` +
    `Content-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  return startRawServer((request) => {
    const url = new URL(request.target, "http://host");
    const special = answers[`${request.method} ${url.pathname}`];
    if (special !== undefined) return special(request);
    const query = url.searchParams;
    switch (`${request.method} ${url.pathname}`) {
      case "GET /info":
        return answer("200 OK", "application/json", `{"size":${content().length}}\n`);
      case "GET /hashes": {
        const size = Number(query.get("block_size"));
        const text = content();
        const lines: string[] = [];
        for (let at = 0; at < text.length; at += size) {
          lines.push(`${at}\t${sha1(text.slice(at, at + size))}\n`);
        }
        const chunks = lines.reverse().map((line) => `${line.length.toString(16)}\r\n${line}\r\n`).join("");
        return "HTTP/1.1 200 OK\r\nServer: gunicorn\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n" +
          `Content-Type: text/plain; charset=utf-8\r\n\r\n${chunks}0\r\n\r\n`;
      }
      case "GET /blocks": {
        const offset = Number(query.get("offset"));
        return answer(
          "200 OK",
          "application/octet-stream",
          content().slice(offset, offset + Number(query.get("size"))),
        );
      }
      default:
        return answer(
          "404 NOT FOUND",
          "text/html; charset=utf-8",
          "<!doctype html>\n<title>404 Not Found</title>\n",
        );
    }
  });
}

const OLD = "a".repeat(3000);
const NEW = `${"a".repeat(1024)}${"b".repeat(600)}${"a".repeat(1376)}tail`;

Deno.test("our client copies from the original server", async () => {
  await inDirectory(async (directory) => {
    await using server = originalServer(() => NEW);
    await Deno.writeTextFile(`${directory}/target`, OLD);
    const source = `http://127.0.0.1:${server.port}/srv/a%20b`;
    const result = await new PdiffClient({ source, target: `${directory}/target`, blockSize: 512 })
      .synchronize();
    assertEquals(await Deno.readTextFile(`${directory}/target`), NEW);
    assertEquals([result.protocol, result.hash, result.blocksTotal, result.blocksDiffering], [
      1,
      "sha1",
      6,
      3,
    ]);
    const lines = server.requests.map(({ method, target }) => `${method} ${target.replace(/\?.*/, "")}`);
    assertEquals(lines.filter((line) => line === "GET /hashes").length, 1);
    assertEquals(lines.filter((line) => line === "GET /blocks").length, 3);
    assert(server.requests.some(({ target }) => target.includes("filename=%2Fsrv%2Fa+b")));
    assert(
      server.requests.some(({ target }) =>
        /^\/hashes\?block_size=512&concurrency=\d+&method=sha1&filename=/.test(target)
      ),
    );
  });
});

Deno.test("our client uploads to the original server and verifies", async () => {
  await inDirectory(async (directory) => {
    let stored = OLD;
    const ok =
      "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 0\r\n\r\n";
    await using server = originalServer(() => stored, {
      "POST /resize": ({ target }) => {
        const size = Number(new URL(target, "http://host").searchParams.get("size"));
        stored = stored.slice(0, size).padEnd(size, "\0");
        return ok;
      },
      "POST /blocks": ({ target, body }) => {
        const offset = Number(new URL(target, "http://host").searchParams.get("offset"));
        stored = stored.slice(0, offset) + new TextDecoder().decode(body) +
          stored.slice(offset + body.length);
        return ok;
      },
    });
    await Deno.writeTextFile(`${directory}/source`, NEW);
    const target = `http://127.0.0.1:${server.port}/srv/f`;
    await new PdiffClient({ source: `${directory}/source`, target, blockSize: 512 }).synchronize();
    assertEquals(stored, NEW);
    const posts = server.requests.filter(({ method }) => method === "POST");
    assert(posts[0]!.target.startsWith("/resize"), "the size comes first");
    for (const { head } of posts) {
      assertMatch(head, /content-length: \d+/i);
      assert(!/content-type/i.test(head), head);
    }
    assertEquals(server.requests.filter(({ target }) => target.startsWith("/hashes")).length, 2);
  });
});

/** A copy from a server with one fault must fail or end with the right content. */
async function expectNoLie(
  answers: Parameters<typeof originalServer>[1],
  code: string | undefined,
  old = OLD,
): Promise<void> {
  await inDirectory(async (directory) => {
    await using server = originalServer(() => NEW, answers);
    await Deno.writeTextFile(`${directory}/target`, old);
    const source = `http://127.0.0.1:${server.port}/f`;
    const client = new PdiffClient({
      source,
      target: `${directory}/target`,
      blockSize: 512,
      retries: 2,
      stallTimeoutMs: 2000,
      protocol: 1,
    });
    if (code === undefined) {
      await client.synchronize();
      assertEquals(await Deno.readTextFile(`${directory}/target`), NEW);
    } else {
      const error = await assertRejects(() => client.synchronize(), SluiceError);
      assertEquals(error.code, code, error.message);
    }
  });
}

function linesOf(edit: (lines: string[]) => string[]): () => string {
  return () => {
    const lines: string[] = [];
    for (let at = 0; at < NEW.length; at += 512) lines.push(`${at}\t${sha1(NEW.slice(at, at + 512))}`);
    const body = edit(lines).map((line) => `${line}\n`).join("");
    return `HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  };
}

Deno.test("a block request that fails again and again fails the copy", async () => {
  const error = "HTTP/1.1 500 INTERNAL SERVER ERROR\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
  await expectNoLie({ "GET /blocks": () => error }, "SERVER");
  await expectNoLie({ "GET /blocks": () => undefined }, "NETWORK");
  let count = 0;
  await expectNoLie({
    "GET /blocks": ({ target }) => {
      if (count++ % 2 === 0) return error;
      const query = new URL(target, "http://host").searchParams;
      const body = NEW.slice(
        Number(query.get("offset")),
        Number(query.get("offset")) + Number(query.get("size")),
      );
      return `HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    },
  }, undefined);
});

Deno.test("a block that changes on its way is noticed where no digest was announced", async () => {
  const flipped = ({ target }: RawRequest): string => {
    const query = new URL(target, "http://host").searchParams;
    const [offset, size] = [Number(query.get("offset")), Number(query.get("size"))];
    const body = NEW.slice(offset, offset + size).replace(/^./, (letter) => letter === "x" ? "y" : "x");
    return `HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  };
  for (const delta of [true, false]) {
    await inDirectory(async (directory) => {
      await using server = originalServer(() => NEW, { "GET /blocks": flipped });
      const target = `${directory}/target`;
      const source = `http://127.0.0.1:${server.port}/f`;
      const options = { source, target, protocol: 1, blockSize: 512, delta, retries: 0 } as const;
      const error = await assertRejects(() => new PdiffClient(options).synchronize(), SluiceError);
      assertEquals(error.code, "VERIFY_FAILED");
      await assertRejects(() => Deno.stat(target), Deno.errors.NotFound);
    });
  }
});

Deno.test("a missing line of hashes means a block that differs", async () => {
  await expectNoLie(
    { "GET /hashes": linesOf((lines) => lines.filter((_, index) => index !== 2)) },
    undefined,
  );
  await expectNoLie({ "GET /hashes": linesOf(() => []) }, undefined, OLD.slice(0, 700));
});

Deno.test("lines of hashes that make no sense are refused", async () => {
  for (
    const line of [
      "abc\tdef",
      "1\t" + "0".repeat(40),
      "0\t00",
      `0\t${"0".repeat(40)}`,
      `-512\t${"0".repeat(40)}`,
      "x".repeat(200),
    ]
  ) {
    await expectNoLie({ "GET /hashes": linesOf((lines) => [...lines, line]) }, "PROTOCOL");
  }
  await expectNoLie(
    { "GET /hashes": linesOf((lines) => [...lines, `5120\t${"0".repeat(40)}`]) },
    "SOURCE_CHANGED",
  );
});

Deno.test("a short block or one with other content is not written", async () => {
  const answer = (body: string): string =>
    `HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  await expectNoLie({ "GET /blocks": () => answer("short") }, "SOURCE_CHANGED");
  await expectNoLie({ "GET /blocks": () => answer("x".repeat(512)) }, "SOURCE_CHANGED");
  await expectNoLie({
    "GET /blocks": () => "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 512\r\n\r\nshort",
  }, "NETWORK");
});

Deno.test("a server that says nothing is given up", async () => {
  await inDirectory(async (directory) => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const accepted: Deno.Conn[] = [];
    const accepting = (async (): Promise<void> => {
      try {
        for await (const connection of listener) accepted.push(connection);
      } catch {
        // The listener was closed.
      }
    })();
    const source = `http://127.0.0.1:${(listener.addr as Deno.NetAddr).port}/f`;
    const client = new PdiffClient({ source, target: `${directory}/t`, retries: 0, stallTimeoutMs: 200 });
    const error = await assertRejects(() => client.synchronize(), SluiceError);
    assertEquals(error.code, "TIMEOUT");
    for (const connection of accepted) connection.close();
    listener.close();
    await accepting;
  });
});
