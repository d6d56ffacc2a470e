import { assert, assertEquals } from "@std/assert";
import { compressZstd } from "@sluice/zstd";
import { compressDcz, DczDictionary, zstdNode } from "@sluice/zstd/http";
import type { WithZstdOptions } from "@sluice/zstd/http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { ROOT } from "../_tools/zig.ts";
import { testInDirectory } from "./_directory.ts";
import { bundle, listRuntimes } from "./_runtimes.ts";

// deno-lint-ignore no-explicit-any -- Node's request and response
type NodeObject = any;

interface Site extends AsyncDisposable {
  readonly url: string;
}

/** A server that answers with what it reads of a body, its length and the headers that are left. */
async function echo(options: WithZstdOptions, delayMs = 0): Promise<Site> {
  const zstd = zstdNode(options);
  const server = createServer((request: NodeObject, response: NodeObject) =>
    zstd(request, response, async () => {
      let size = 0;
      const parts: Uint8Array[] = [];
      try {
        for await (const chunk of request) {
          size += chunk.length;
          if (size < 10_000) parts.push(chunk);
          if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
        }
      } catch {
        return; // refused, or the client has left
      }
      const { "content-encoding": encoding, "content-length": length } = request.headers;
      response.setHeader("content-type", "application/json");
      const text = new TextDecoder().decode(parts[0]?.slice(0, 20));
      response.end(JSON.stringify({ size, text, encoding, length }));
    })
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => void server.close(() => resolve())),
  };
}

async function post(url: string, encoding: string, body: BodyInit): Promise<Response> {
  return await fetch(url, { method: "POST", headers: { "content-encoding": encoding }, body });
}

const TEXT = new TextEncoder().encode("a body of text; ".repeat(5000));
const DICTIONARY = await DczDictionary.from(TEXT.subarray(0, 8000));

Deno.test("zstdNode decodes request bodies, whatever they came as", async () => {
  await using site = await echo({ dictionaries: [DICTIONARY] });
  const whole = { size: TEXT.length, text: "a body of text; a bo" };
  const zstd = compressZstd(TEXT);
  assertEquals(await (await post(site.url, "zstd", zstd)).json(), whole);
  const dcz = await compressDcz(TEXT, { dictionary: DICTIONARY });
  assertEquals(await (await post(site.url, "dcz", dcz)).json(), whole);
  const pieces = ReadableStream.from([zstd.subarray(0, 5), zstd.subarray(5, 60), zstd.subarray(60)]);
  assertEquals(await (await post(site.url, "ZSTD", pieces)).json(), whole);
  const inner = { ...whole, encoding: "other" };
  assertEquals(await (await post(site.url, "other, zstd", zstd)).json(), inner);
  const plain = await (await post(site.url, "identity", TEXT)).json();
  assertEquals([plain.size, plain.encoding], [TEXT.length, "identity"]);
});

Deno.test("zstdNode decodes a body that is larger than all buffers for a handler that takes its time", async () => {
  const size = 8 << 20;
  const body = compressZstd(crypto.getRandomValues(new Uint8Array(65536)));
  const many = new Uint8Array(size / 65536 * body.length);
  for (let at = 0; at < many.length; at += body.length) many.set(body, at);
  await using site = await echo({}, 1);
  assertEquals((await (await post(site.url, "zstd", many)).json()).size, size);
});

Deno.test("zstdNode answers for the handler where a body can't be decoded", async () => {
  await using site = await echo({ maxRequestSize: 10_000 });
  const frame = compressZstd(TEXT.subarray(0, 9000));
  const statusOf = async (encoding: string, body: Uint8Array<ArrayBuffer>): Promise<number> => {
    const response = await post(site.url, encoding, body);
    assert((await response.text()).startsWith("The request body could not be decoded"));
    return response.status;
  };
  assertEquals(await statusOf("zstd", new TextEncoder().encode("no frame at all")), 400);
  assertEquals(await statusOf("zstd", frame.subarray(0, frame.length - 3)), 400);
  assertEquals(await statusOf("zstd", compressZstd(TEXT)), 413);
  const dcz = await compressDcz(TEXT.subarray(0, 9000), { dictionary: DICTIONARY });
  assertEquals(await statusOf("dcz", dcz), 415);
  assertEquals((await (await post(site.url, "zstd", frame)).json()).size, 9000);
});

Deno.test("zstdNode lets the answer of a handler through that does not read the body", async () => {
  const zstd = zstdNode({ maxRequestSize: 10_000 });
  const page = "<p>hello</p>".repeat(999);
  const server = createServer((request: NodeObject, response: NodeObject) =>
    zstd(request, response, () => {
      response.setHeader("content-type", "text/html");
      const answer = () => void response.end(page);
      if (request.url === "/later") setTimeout(answer, 50);
      else answer();
    })
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const bodies = {
    good: compressZstd(TEXT.subarray(0, 9000)),
    junk: new TextEncoder().encode("no frame at all"),
    cut: compressZstd(TEXT).subarray(0, 12),
    bomb: compressZstd(new Uint8Array(5e6)),
    empty: new Uint8Array(),
    large: crypto.getRandomValues(new Uint8Array(65536)),
  };
  for (const path of ["/", "/later"]) {
    for (const [name, body] of Object.entries(bodies)) {
      const answer = await post(`http://127.0.0.1:${port}${path}`, "zstd", body);
      assertEquals([answer.status, await answer.text()], [200, page], `${name} ${path}`);
    }
  }
  await new Promise<void>((resolve) => void server.close(() => resolve()));
});

Deno.test("zstdNode lets an answer through whose handler reads on after it has ended it", async () => {
  const zstd = zstdNode();
  const server = createServer((request: NodeObject, response: NodeObject) =>
    zstd(request, response, () => {
      response.end("taken");
      request.on("error", () => {});
      request.resume();
    })
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const answer = await post(`http://127.0.0.1:${port}/`, "zstd", new TextEncoder().encode("no frame at all"));
  assertEquals([answer.status, await answer.text()], [200, "taken"]);
  await new Promise<void>((resolve) => void server.close(() => resolve()));
});

/** A server and its client on another runtime; prints what the client gets for each body. */
const PROGRAM = `
import { zstdNode } from "./bundle.mjs";
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
const zstd = zstdNode({ maxRequestSize: 9 << 20 });
const server = createServer((request, response) => zstd(request, response, async () => {
  let size = 0;
  if (request.url === "/unread") return response.end("unread");
  try {
    for await (const chunk of request) size += chunk.length;
  } catch {
    return;
  }
  response.end(JSON.stringify([size, request.headers["content-encoding"] ?? null]));
}));
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
for (const name of ["text", "large", "bomb", "junk", "cut", "empty"]) {
  const headers = { "content-encoding": "zstd" };
  const body = readFileSync(new URL(name, import.meta.url));
  const address = "http://127.0.0.1:" + server.address().port;
  const answer = await fetch(address, { method: "POST", headers, body });
  const unread = await fetch(address + "/unread", { method: "POST", headers, body });
  console.log(name, answer.status, answer.ok ? await answer.text() : "", unread.status, await unread.text());
}
process.exit(0);
`;

const ANSWERS = `text 200 [${TEXT.length},null] 200 unread
large 200 [${9 << 20},null] 200 unread
bomb 413  200 unread
junk 400  200 unread
cut 400  200 unread
empty 400  200 unread`;

for (const { name, command } of await listRuntimes()) {
  testInDirectory(
    `zstdNode decodes request bodies on ${name}`,
    { ignore: command === undefined },
    async (folder) => {
      await bundle(new URL("zstd/http.ts", ROOT).pathname, folder);
      const zstd = compressZstd(TEXT);
      const noise = compressZstd(crypto.getRandomValues(new Uint8Array(65536)));
      const files = {
        "program.mjs": new TextEncoder().encode(PROGRAM),
        text: zstd,
        large: await new Blob(Array.from({ length: (9 << 20) / 65536 }, () => noise)).bytes(),
        bomb: compressZstd(new Uint8Array(20 << 20)),
        junk: TEXT.subarray(0, 100),
        cut: zstd.subarray(0, zstd.length - 2),
        empty: new Uint8Array(),
      };
      for (const [file, bytes] of Object.entries(files)) await Deno.writeFile(`${folder}/${file}`, bytes);
      const { stdout, stderr } = await new Deno.Command(command!, { args: [`${folder}/program.mjs`] })
        .output();
      const lines = new TextDecoder().decode(stdout).trim().split("\n").map((line) => line.trim());
      assertEquals(lines.join("\n"), ANSWERS, new TextDecoder().decode(stderr));
    },
  );
}
