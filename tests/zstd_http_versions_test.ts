/**
 * Routes whose next version is sent as what changed: with Deno.serve, Hono, Node's http and Express, each as it comes from
 * npm.
 */
import { assert, assertEquals } from "@std/assert";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import {
  compressDcz,
  compressZstdContent,
  DczDictionary,
  decompressDcz,
  decompressZstdContent,
  parseDczUseAsDictionary,
  withZstd,
  ZstdDictionaryStore,
  zstdHono,
  zstdNode,
} from "@sluice/zstd/http";
import type { WithZstdOptions } from "@sluice/zstd/http";
import { text } from "./_data.ts";

/** What a route sends, by the number of the version. */
const VERSIONS = [1, 2, 3].map((n) => {
  const bytes = text(60_000);
  bytes.set(new TextEncoder().encode(`version ${n}`), 30_000);
  return bytes;
});

interface Site extends AsyncDisposable {
  readonly url: string;
}

/** The version that all servers send at present. */
let current = 0;

// deno-lint-ignore no-explicit-any
type Package = any;

/** A package from npm; undefined, with a line that says so, where it can't be had. */
async function npmPackage(name: string): Promise<Package> {
  try {
    return await import(name);
  } catch {
    console.log(`skipped: ${name} with zstd, it is not installed`);
    return undefined;
  }
}

const HEADERS = { "content-type": "text/plain", "cache-control": "max-age=60", etag: '"1"' };

function serveDeno(handler: (request: Request) => Response | Promise<Response>): Site {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, handler);
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

// deno-lint-ignore no-explicit-any
async function serveNode(handler: any): Promise<Site> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => void server.close(() => resolve())),
  };
}

type Make = (options: WithZstdOptions) => Site | Promise<Site>;

const SITES: Record<string, Make> = {
  "Deno.serve": (options) =>
    serveDeno(withZstd(() => new Response(VERSIONS[current], { headers: HEADERS }), options)),
  "Node's http": (options) => {
    const zstd = zstdNode(options);
    return serveNode((request: Package, response: Package) =>
      zstd(request, response, () => {
        response.writeHead(200, HEADERS);
        response.write(VERSIONS[current]!.subarray(0, 7));
        response.end(VERSIONS[current]!.subarray(7));
      })
    );
  },
};

const hono = await npmPackage("npm:hono@4.10.4");
if (hono !== undefined) {
  SITES.Hono = (options) => {
    const app = new hono.Hono();
    app.use(zstdHono(options));
    app.onError((_error: unknown, context: Package) => context.text("failed", 500));
    app.get("*", (context: Package) => context.body(VERSIONS[current]!.slice().buffer, 200, HEADERS));
    app.post("*", async (context: Package) => context.text(await context.req.text()));
    return serveDeno(app.fetch);
  };
}
const express = await npmPackage("npm:express@5.1.0");
if (express !== undefined) {
  SITES.Express = (options) => {
    const app = express.default();
    app.use(zstdNode(options));
    app.get("/*path", (_request: Package, response: Package) => {
      response.set(HEADERS).send(new TextDecoder("latin1").decode(VERSIONS[current]));
    });
    return serveNode(app);
  };
}

/** What a browser does with a route: offers the dictionary that it has, and keeps what comes. */
class Client {
  dictionary: DczDictionary | undefined;
  use: ReturnType<typeof parseDczUseAsDictionary>;

  async get(url: string): Promise<{ content: Uint8Array; size: number; response: Response }> {
    const offer = this.dictionary === undefined
      ? {}
      : { "available-dictionary": this.dictionary.availableDictionary };
    const response = await fetch(url, { headers: { "accept-encoding": "gzip, zstd, dcz", ...offer } });
    const body = await response.bytes();
    const encoding = response.headers.get("content-encoding");
    const content = encoding === "dcz"
      ? await decompressDcz(body, { dictionaries: [this.dictionary!] })
      : encoding === "zstd"
      ? decompressZstdContent(body)
      : body;
    this.use = parseDczUseAsDictionary(response.headers.get("use-as-dictionary"));
    this.dictionary = await DczDictionary.from(content);
    return { content, size: body.length, response };
  }
}

for (const [name, make] of Object.entries(SITES)) {
  Deno.test(`the next version of a route is what changed, with ${name}`, async () => {
    using store = new ZstdDictionaryStore();
    await using site = await make({ versions: store });
    const client = new Client();
    current = 0;
    const first = await client.get(`${site.url}/a(b)/page*?x=1`);
    assertEquals(first.content, VERSIONS[0]);
    assertEquals(first.response.headers.get("content-encoding"), "zstd");
    assertEquals(first.response.headers.get("vary"), "accept-encoding, available-dictionary");
    assert(first.response.headers.get("etag")!.startsWith("W/"));
    const pattern = new URLPattern(client.use!.match, site.url);
    assert(pattern.test(`${site.url}/a(b)/page*?x=2`) && !pattern.test(`${site.url}/a(b)/page2`));
    assertEquals([store.count, store.size], [1, 60_000]);

    current = 1;
    const second = await client.get(`${site.url}/a(b)/page*?x=1`);
    assertEquals(second.content, VERSIONS[1]);
    assertEquals(second.response.headers.get("content-encoding"), "dcz");
    assert(second.size < 150, `${second.size} bytes`);
    assertEquals(store.count, 2);
    const stranger = new Client();
    stranger.dictionary = await DczDictionary.from(text(100, 9));
    assertEquals(
      (await stranger.get(`${site.url}/a(b)/page*?x=1`)).response.headers.get("content-encoding"),
      "zstd",
    );

    const plain = await fetch(`${site.url}/a(b)/page*`, { headers: { "accept-encoding": "identity" } });
    assertEquals(await plain.bytes(), VERSIONS[1]);
    assertEquals(plain.headers.get("content-encoding"), null);
    const head = await fetch(`${site.url}/x`, { method: "HEAD", headers: { "accept-encoding": "zstd" } });
    assertEquals([head.status, (await head.bytes()).length], [200, 0]);
    const none = await fetch(`${site.url}/x`, { headers: { "accept-encoding": "identity;q=0" } });
    assertEquals([none.status, (await none.bytes()).length], [406, 0]);
  });
}

if (hono !== undefined) {
  Deno.test("a body that can't be decoded is the client's fault, with Hono", async () => {
    await using site = await SITES.Hono!({ maxRequestSize: 100_000 });
    const post = async (body: Uint8Array<ArrayBuffer>): Promise<[number, string]> => {
      const answer = await fetch(site.url, { method: "POST", headers: { "content-encoding": "zstd" }, body });
      return [answer.status, await answer.text()];
    };
    assertEquals(await post(compressZstdContent(new TextEncoder().encode("hello"))), [200, "hello"]);
    assertEquals((await post(Uint8Array.of(1, 2, 3, 4)))[0], 400);
    assertEquals((await post(compressZstdContent(new Uint8Array(100_001))))[0], 413);
  });
}

Deno.test("a store keeps what was used last, within its bounds", async () => {
  using store = new ZstdDictionaryStore({ maxSize: 1000, maxVersionSize: 400, maxVersions: 2 });
  const add = async (route: string, size: number, seed: number) => await store.add(route, text(size, seed));
  const first = (await add("/a", 300, 1))!;
  assertEquals(await add("/a", 300, 1), first);
  assertEquals(await add("/a", 401, 2), undefined);
  assertEquals(await add("/a", 0, 2), undefined);
  await add("/b", 300, 3);
  await add("/c", 300, 4);
  assert(store.find("/a", first.sha256) === first);
  assertEquals(store.find("/b", first.sha256), undefined);
  await add("/d", 300, 5); // drops /b, the one that was used longest ago
  assertEquals([store.count, store.size], [3, 900]);
  assert(store.find("/a", first.sha256) === first);
  await add("/a", 10, 6);
  await add("/a", 20, 7); // the third version of /a
  assertEquals(store.find("/a", first.sha256), undefined);
  store.close();
  assertEquals([store.count, store.size], [0, 0]);
});

Deno.test("responses that no client may keep are no versions", async () => {
  using store = new ZstdDictionaryStore({ maxVersionSize: 1000 });
  const send = async (
    init: RequestInit,
    headers: Record<string, string>,
    size = 500,
    host = "https://a.test",
  ) => {
    const handler = withZstd(
      () => new Response(text(size), { headers: { "content-type": "text/plain", ...headers } }),
      { versions: store },
    );
    const response = await handler(
      new Request(`${host}/page`, { ...init, headers: { "accept-encoding": "zstd" } }),
    );
    await response.bytes();
    return response.headers.has("use-as-dictionary");
  };
  assertEquals(await send({}, { "cache-control": "private, no-store" }), false);
  assertEquals(await send({ method: "POST" }, {}), false);
  assertEquals(await send({}, {}, 500, "http://a.test"), false);
  assertEquals(await send({}, { "content-length": "1001" }, 1001), false);
  assertEquals(await send({}, { "content-type": "text/event-stream" }), false);
  assertEquals(store.count, 0);
  assertEquals(await send({}, {}, 1001), true); // no length is declared
  assertEquals(store.count, 0);
  assertEquals(await send({}, {}), true);
  assertEquals(store.count, 1);
});

Deno.test("private responses are no versions, and are never sent as what changed from one", async () => {
  const page = new Uint8Array(text(5000));
  const guess = await DczDictionary.from(page);
  const cases: [name: string, response: Record<string, string>, request: Record<string, string>, boolean][] =
    [
      ["shared", {}, {}, true],
      ["shared, with a cookie that changes nothing", { "cache-control": "public" }, { cookie: "a=1" }, true],
      ["other Vary", { vary: "origin, x-cookie" }, {}, true],
      ["private", { "cache-control": "max-age=9, Private" }, {}, false],
      ["private fields", { "cache-control": 'private="x-user"' }, {}, false],
      ["no-store", { "cache-control": "no-store" }, {}, false],
      ["Set-Cookie", { "set-cookie": "id=1" }, {}, false],
      ["Vary: Cookie", { vary: "Origin, Cookie" }, {}, false],
      ["Vary: *", { vary: "*" }, {}, false],
      ["Authorization", {}, { authorization: "Bearer x" }, false],
    ];
  for (const [name, responseHeaders, requestHeaders, shared] of cases) {
    const ask = async (store: ZstdDictionaryStore): Promise<Response> => {
      const handler = withZstd(
        () => new Response(page, { headers: { "content-type": "text/plain", ...responseHeaders } }),
        { versions: store },
      );
      const headers = {
        "accept-encoding": "zstd, dcz",
        "available-dictionary": guess.availableDictionary,
        ...requestHeaders,
      };
      const response = await handler(new Request("https://a.test/account", { headers }));
      await response.bytes();
      return response;
    };
    using own = new ZstdDictionaryStore();
    const first = await ask(own);
    assertEquals(first.headers.has("use-as-dictionary"), shared, name);
    assertEquals(own.count, shared ? 1 : 0, name);
    assertEquals((await ask(own)).headers.get("content-encoding"), shared ? "dcz" : "zstd", name);
    // Not even with a version that a shared response of the same path became.
    using others = new ZstdDictionaryStore();
    await others.add("https://a.test/account", page);
    assertEquals((await ask(others)).headers.get("content-encoding"), shared ? "dcz" : "zstd", name);
  }
  guess.close();
});

Deno.test("a version serves its own route alone", async () => {
  using store = new ZstdDictionaryStore();
  const page = new Uint8Array(text(5000));
  using dictionary = await DczDictionary.from(page);
  const handler = withZstd(async (request: Request) => {
    await request.bytes();
    return new Response(page, { headers: { "content-type": "text/plain" } });
  }, { versions: store });
  const encodingAt = async (url: string): Promise<string | null> => {
    const headers = {
      "accept-encoding": "zstd, dcz",
      "available-dictionary": dictionary.availableDictionary,
    };
    const response = await handler(new Request(url, { headers }));
    await response.bytes();
    return response.headers.get("content-encoding");
  };
  assertEquals(await encodingAt("https://a.test/one"), "zstd");
  assertEquals(await encodingAt("https://a.test/one?x=1"), "dcz");
  assertEquals(await encodingAt("https://a.test/two"), "zstd");
  assertEquals(await encodingAt("https://b.test/one"), "zstd");
  assertEquals(await encodingAt("https://a.test/two"), "dcz"); // the same content is a version of both
  assertEquals(store.count, 3);

  // A request's body is not decoded with a version: its status would tell what others were sent.
  const body = await compressDcz(page, { dictionary });
  const init = { method: "POST", headers: { "content-encoding": "dcz" }, body };
  assertEquals((await handler(new Request("https://a.test/one", init))).status, 415);
});

Deno.test("an empty body of Node's is no dictionary", async () => {
  const zstd = zstdNode({ versions: true, minSize: 0 });
  const ends: ((response: Package) => void)[] = [
    (response) => response.end(),
    (response) => response.end(""),
    (response) => response.end(new Uint8Array()),
    (response) => response.writeHead(200, { "content-length": "0" }).end(""),
  ];
  await using site = await serveNode((request: Package, response: Package) =>
    zstd(request, response, () => {
      response.setHeader("content-type", "text/plain");
      ends[Number(request.url.slice(1))]!(response);
    })
  );
  for (const index of ends.keys()) {
    const response = await fetch(`${site.url}/${index}`, { headers: { "accept-encoding": "zstd" } });
    assertEquals((await response.bytes()).length, 0);
    assertEquals(response.headers.has("use-as-dictionary"), false, `${ends[index]}`);
  }
});
