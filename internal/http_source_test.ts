import { byteSourceFromUrl, SluiceError, TransferError } from "@sluice/internal";
import type { HttpSourceOptions } from "@sluice/internal";
import { assert, assertEquals, assertRejects } from "@std/assert";

const DATA = Uint8Array.from({ length: 1000 }, (_, i) => i);

interface Server extends AsyncDisposable {
  readonly url: string;
  requests: [number, number][];
}

type Answer = (
  range: [number, number],
  count: number,
  request: Request,
) => Response | undefined | Promise<Response>;

/** A server on loopback that answers ranges, or does what `answer` says. */
function serve(answer?: Answer): Server {
  const stop = new AbortController();
  const server = Deno.serve(
    {
      hostname: "127.0.0.1",
      port: 0,
      onListen() {},
      signal: stop.signal,
      onError: () => new Response(null, { status: 500 }),
    },
    (request) => {
      const match = /^bytes=(\d+)-(\d+)$/.exec(request.headers.get("range") ?? "");
      const range: [number, number] = [Number(match?.[1]), Number(match?.[2])];
      state.requests.push(range);
      return answer?.(range, state.requests.length, request) ?? partial(range, { etag: '"1"' });
    },
  );
  const state: Server = {
    url: `http://127.0.0.1:${server.addr.port}/object?signature=secret`,
    requests: [],
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await server.finished;
    },
  };
  return state;
}

function partial(
  [first, last]: [number, number],
  headers: Record<string, string> = {},
  body: BodyInit = DATA.slice(first, last + 1),
): Response {
  return new Response(body, {
    status: 206,
    headers: { "content-range": `bytes ${first}-${last}/1000`, ...headers },
  });
}

/** A body that sends these bytes and then waits for ever. */
function stalling(bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array> {
  return new ReadableStream({ start: (controller) => controller.enqueue(bytes) });
}

const QUICK: HttpSourceOptions = { retryDelayMs: 1, stallTimeoutMs: 60 };

async function codeOf(action: () => Promise<unknown>): Promise<string> {
  const error = await assertRejects(action, SluiceError);
  assert(!error.message.includes("secret"), error.message);
  assert(!Deno.inspect(error).includes("secret"), Deno.inspect(error));
  return error.code;
}

Deno.test("a source asks for one byte first and for what is read then", async () => {
  await using server = serve();
  const source = await byteSourceFromUrl(server.url);
  assertEquals([source.size, source.validator], [1000, '"1"']);
  assertEquals(await source.read(10, 20), DATA.slice(10, 30));
  assertEquals(await source.read(10, 0), new Uint8Array());
  await assertRejects(() => source.read(999, 2), RangeError);
  assertEquals(server.requests, [[0, 0], [10, 29]]);
});

Deno.test("a tail is read when the source is opened, with or without suffix ranges", async () => {
  const answers: Record<string, () => Response | undefined> = {
    "as it should": () => partial([900, 999], { etag: '"1"' }),
    "with everything": () => new Response(DATA),
    "with 416": () => new Response(null, { status: 416, headers: { "content-range": "bytes */1000" } }),
    "with 400": () => new Response(null, { status: 400 }),
    "with the start": () => partial([0, 99], { etag: '"1"' }),
  };
  for (const [name, answer] of Object.entries(answers)) {
    const ranges: string[] = [];
    await using server = serve((_range, _count, request) => {
      ranges.push(request.headers.get("range")!);
      return ranges.length === 1 ? answer() : undefined;
    });
    const source = await byteSourceFromUrl(server.url, { tailSize: 100 });
    assertEquals(await source.read(950, 50), DATA.slice(950), name);
    const rest = name === "as it should" ? [] : ["bytes=0-0", "bytes=900-999"];
    assertEquals(ranges, ["bytes=-100", ...rest], name);
  }
});

Deno.test("a server that sends all where one byte is asked for is opened, and nothing of that is read", async () => {
  await using server = serve(([first, last]) => first === 0 && last === 0 ? partial([0, 999]) : undefined);
  const source = await byteSourceFromUrl(server.url);
  assertEquals(source.size, 1000);
  assertEquals(await source.read(0, 2), DATA.slice(0, 2));
  assertEquals(server.requests, [[0, 0], [0, 1]]);
});

Deno.test("reads that are made together and touch share a request", async () => {
  await using server = serve();
  const source = await byteSourceFromUrl(server.url);
  const reads = await Promise.all(
    [[20, 10], [0, 10], [10, 10], [25, 20], [500, 5]].map(async ([offset, length]) => {
      assertEquals(await source.read(offset!, length!), DATA.slice(offset, offset! + length!));
    }),
  );
  assertEquals(reads.length, 5);
  assertEquals(server.requests, [[0, 0], [0, 44], [500, 504]]);
});

Deno.test("another version is refused, however it shows", async () => {
  const versions: Record<string, Answer> = {
    "a whole answer to If-Range": (_range, _count, request) => {
      assertEquals(request.headers.get("if-range"), '"1"');
      return new Response(DATA, { headers: { etag: '"2"' } });
    },
    "another ETag": (range) => partial(range, { etag: '"2"' }),
    "another size": (range) =>
      partial(range, { "content-range": `bytes ${range[0]}-${range[1]}/1001`, etag: '"1"' }),
    "a size that is too small": () =>
      new Response(null, { status: 416, headers: { "content-range": "bytes */5" } }),
  };
  for (const [name, answer] of Object.entries(versions)) {
    await using server = serve((range, count, request) =>
      count === 1 ? undefined : answer(range, count, request)
    );
    const source = await byteSourceFromUrl(server.url, QUICK);
    assertEquals(await codeOf(() => source.read(9, 3)), "SOURCE_CHANGED", name);
    assertEquals(server.requests.length, 2, name);
  }
  await using dated = serve((range, count) =>
    partial(range, { "last-modified": `Sat, 0${count} Nov 2025 00:00:00 GMT` })
  );
  const source = await byteSourceFromUrl(dated.url, QUICK);
  assertEquals(await codeOf(() => source.read(9, 3)), "SOURCE_CHANGED");
});

Deno.test("a validator of an earlier process is held against the object", async () => {
  await using server = serve();
  const { validator } = await byteSourceFromUrl(server.url);
  await byteSourceFromUrl(server.url, { ifMatch: validator });
  assertEquals(await codeOf(() => byteSourceFromUrl(server.url, { ifMatch: '"0"' })), "SOURCE_CHANGED");
  await using plain = serve((range) => partial(range));
  assertEquals(await codeOf(() => byteSourceFromUrl(plain.url, { ifMatch: '"0"' })), "SOURCE_CHANGED");
});

Deno.test("answers that do not fit are refused and not asked for again", async () => {
  const answers: Record<string, [string, Answer]> = {
    shifted: ["WRONG_RANGE", ([first, last]) => partial([first + 1, last + 1])],
    wide: ["WRONG_RANGE", ([first, last]) => partial([first, last + 1])],
    long: ["WRONG_RANGE", (range) => partial(range, {}, stalling(DATA))],
    bare: ["WRONG_RANGE", () => new Response(DATA, { status: 206 })],
    forbidden: ["AUTH", () => new Response(null, { status: 403 })],
    gone: ["NOT_FOUND", () => new Response(null, { status: 410 })],
  };
  for (const [name, [code, answer]] of Object.entries(answers)) {
    await using server = serve((range, count, request) =>
      count === 1 ? undefined : answer(range, count, request)
    );
    const source = await byteSourceFromUrl(server.url, QUICK);
    assertEquals(await codeOf(() => source.read(9, 3)), code, name);
    assertEquals(server.requests.length, 2, name);
  }
});

Deno.test("answers with less than was asked for are continued", async () => {
  await using short = serve(([first, last]) => partial([first, Math.min(last, first + 6)]));
  const source = await byteSourceFromUrl(short.url, { ...QUICK, retries: 0 });
  assertEquals(await source.read(3, 200), DATA.slice(3, 203));

  // Each answer breaks off or stalls after seven bytes: progress, so that even one retry is enough.
  for (
    const broken of [
      (bytes: Uint8Array<ArrayBuffer>) => bytes.slice(0, 7),
      (bytes: Uint8Array<ArrayBuffer>) => stalling(bytes.slice(0, 7)),
    ]
  ) {
    await using server = serve((range) => partial(range, {}, broken(DATA.slice(range[0], range[1] + 1))));
    const source = await byteSourceFromUrl(server.url, { ...QUICK, retries: 1 });
    assertEquals(await source.read(3, 40), DATA.slice(3, 43));
  }
});

Deno.test("what can pass is tried again, counted from the last progress", async () => {
  await using failing = serve((_range, count) =>
    count % 7 === 0 ? new Response(null, { status: 500 }) : undefined
  );
  const source = await byteSourceFromUrl(failing.url, QUICK);
  for (let i = 0; i < 30; i++) assertEquals(await source.read(i, 5), DATA.slice(i, i + 5));

  await using busy = serve((_range, count) => count === 1 ? undefined : new Response(null, { status: 503 }));
  const refused = await byteSourceFromUrl(busy.url, { ...QUICK, retries: 2 });
  assertEquals(await codeOf(() => refused.read(0, 5)), "SERVER_BUSY");
  assertEquals(busy.requests.length, 4);

  await using polite = serve((_range, count) =>
    count === 2 ? new Response(null, { status: 429, headers: { "retry-after": "0" } }) : undefined
  );
  const waiting = await byteSourceFromUrl(polite.url, { retryDelayMs: 60_000 });
  assertEquals(await waiting.read(0, 5), DATA.slice(0, 5));
});

Deno.test("a server that is silent is given up, an aborted read at once", async () => {
  await using server = serve((_range, count) => count === 1 ? undefined : new Promise(() => {}));
  const source = await byteSourceFromUrl(server.url, { ...QUICK, retries: 1 });
  assertEquals(await codeOf(() => source.read(0, 5)), "TIMEOUT");
  assertEquals(server.requests.length, 3);

  await using silent = serve((_range, count) => count === 1 ? undefined : new Promise(() => {}));
  for (const own of [true, false]) {
    const controller = new AbortController();
    const slow = await byteSourceFromUrl(silent.url, own ? {} : { signal: controller.signal });
    silent.requests.length = 1;
    const reading = slow.read(0, 5, own ? { signal: controller.signal } : {});
    reading.catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 20));
    controller.abort(new Error("enough"));
    await assertRejects(() => reading, Error, "enough");
    silent.requests.length = 0;
  }
});

Deno.test("a server that ignores ranges is read as a whole up to a limit", async () => {
  await using whole = serve(() => new Response(DATA, { headers: { etag: '"1"' } }));
  const source = await byteSourceFromUrl(whole.url);
  assertEquals([source.size, source.validator], [1000, '"1"']);
  assertEquals(await source.read(10, 5), DATA.slice(10, 15));
  assertEquals(whole.requests.length, 1);
  assertEquals(await codeOf(() => byteSourceFromUrl(whole.url, { maxWholeSize: 999 })), "NO_RANGES");
  await using endless = serve(() => new Response(new Blob([DATA]).stream()));
  assertEquals(await codeOf(() => byteSourceFromUrl(endless.url, { maxWholeSize: 999 })), "NO_RANGES");
  await using empty = serve(() =>
    new Response(null, { status: 416, headers: { "content-range": "bytes */0" } })
  );
  assertEquals((await byteSourceFromUrl(empty.url)).size, 0);
});

Deno.test("credentials go into a header, and nothing secret into a message", async () => {
  let seen: string | null = null;
  await using server = serve((_range, _count, request) => {
    seen = request.headers.get("authorization");
    return new Response(null, { status: 404 });
  });
  const url = new URL(server.url);
  url.username = "user";
  url.password = "secret";
  assertEquals(await codeOf(() => byteSourceFromUrl(url)), "NOT_FOUND");
  assertEquals(seen, `Basic ${btoa("user:secret")}`);
  // Escapes are bytes, of UTF-8 or not; a percent sign that starts none is one.
  const escaped = server.url.replace("//", "//a%FFb%2:%C3%A9%3A@");
  assertEquals(await codeOf(() => byteSourceFromUrl(escaped)), "NOT_FOUND");
  assertEquals(seen, `Basic ${btoa("a\xffb%2:\xc3\xa9:")}`);
  await assertRejects(() => byteSourceFromUrl("not a url"), TypeError);
  const closed = `http://127.0.0.1:1/?signature=secret`;
  assertEquals(await codeOf(() => byteSourceFromUrl(closed, { retries: 0 })), "NETWORK");
  const error = await assertRejects(() => byteSourceFromUrl(closed, { retries: 0 }), TransferError);
  assert(error.message.startsWith("Cannot read http://127.0.0.1:1/"), error.message);
});

Deno.test("a server that never answers is given up soon, one that did is waited for", async () => {
  let requests = 0;
  const silent = (): Promise<Response> => {
    requests++;
    return Promise.reject(new TypeError("connection refused"));
  };
  const options = { ...QUICK, retries: 10, fetch: silent };
  assertEquals(await codeOf(() => byteSourceFromUrl("http://127.0.0.1:1/", options)), "NETWORK");
  assertEquals(requests, 3);
  requests = 0;
  assertEquals(
    await codeOf(() => byteSourceFromUrl("http://127.0.0.1:1/", { ...options, tailSize: 9 })),
    "NETWORK",
  );
  assertEquals(requests, 3);

  let drops = 6;
  const dropping = (_url: unknown, init?: RequestInit): Promise<Response> => {
    const range = new Headers(init?.headers).get("range")!.slice("bytes=".length).split("-").map(Number);
    if (range[0] !== 0 && drops-- > 0) return silent();
    const headers = { "content-range": `bytes ${range[0]}-${range[1]}/8` };
    return Promise.resolve(new Response(new Uint8Array(range[1]! - range[0]! + 1), { status: 206, headers }));
  };
  const source = await byteSourceFromUrl("http://127.0.0.1:1/", { ...options, fetch: dropping });
  assertEquals(await source.read(4, 4), new Uint8Array(4));
  assertEquals(drops, -1);
});
