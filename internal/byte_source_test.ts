import {
  byteSourceFromBlob,
  byteSourceFromBytes,
  byteSourceFromUrl,
  TransferError,
  TruncatedDataError,
} from "@sluice/internal";
import type { ByteSource } from "@sluice/internal";
import { openFileSource } from "@sluice/internal/file-source";
import { assertEquals, assertRejects } from "@std/assert";

const DATA = Uint8Array.from({ length: 1000 }, (_, i) => i);

async function check(source: ByteSource): Promise<void> {
  assertEquals(source.size, 1000);
  for (const [offset, length] of [[0, 1000], [0, 1], [999, 1], [1000, 0], [123, 456]] as const) {
    assertEquals(new Uint8Array(await source.read(offset, length)), DATA.slice(offset, offset + length));
  }
  const parallel = await Promise.all([source.read(500, 10), source.read(0, 10), source.read(990, 10)]);
  assertEquals(parallel.map((bytes) => bytes[0]), [DATA[500], DATA[0], DATA[990]]);
  for (const [offset, length] of [[-1, 1], [0, 1001], [1000, 1], [0.5, 1], [NaN, 1]] as const) {
    await assertRejects(() => source.read(offset, length), RangeError, "1000 bytes");
  }
}

Deno.test("byteSourceFromBytes and byteSourceFromBlob read ranges", async () => {
  await check(byteSourceFromBytes(DATA));
  await check(byteSourceFromBlob(new Blob([DATA])));
  const aborted = AbortSignal.abort(new Error("stop"));
  await assertRejects(() => byteSourceFromBytes(DATA).read(0, 1, { signal: aborted }), Error, "stop");
});

Deno.test("openFileSource reads ranges and notices a file that shrinks", async () => {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeFile(path, DATA);
    using source = await openFileSource(path);
    await check(source);
    await Deno.truncate(path, 100);
    const error = await assertRejects(() => source.read(50, 100), TruncatedDataError);
    assertEquals(error.offset, 100);
    source.close();
    source.close();
  } finally {
    await Deno.remove(path);
  }
});

interface Server extends AsyncDisposable {
  readonly url: string;
  requests: number;
}

/** A server on loopback that answers ranges, or does what `answer` says. */
function serve(answer?: (request: Request, range: [number, number]) => Response | undefined): Server {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    state.requests++;
    const match = /^bytes=(\d+)-(\d+)$/.exec(request.headers.get("range") ?? "");
    const range: [number, number] = [Number(match?.[1]), Number(match?.[2])];
    return answer?.(request, range) ?? partial(range, { etag: '"1"' });
  });
  const state = {
    url: `http://127.0.0.1:${server.addr.port}/`,
    requests: 0,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
  return state;
}

function partial(
  [first, last]: [number, number],
  headers: Record<string, string> = {},
  size = 1000,
): Response {
  return new Response(DATA.slice(first, last + 1), {
    status: 206,
    headers: { "content-range": `bytes ${first}-${last}/${size}`, ...headers },
  });
}

Deno.test("byteSourceFromUrl reads ranges with one request each", async () => {
  await using server = serve();
  const source = await byteSourceFromUrl(server.url);
  assertEquals(server.requests, 1);
  await source.read(10, 20);
  assertEquals(server.requests, 2);
  await check(source);
});

Deno.test("byteSourceFromUrl refuses servers that do not serve the range", async () => {
  await using whole = serve(() => new Response(DATA));
  const none = await assertRejects(() => byteSourceFromUrl(whole.url), TransferError);
  assertEquals(none.code, "NO_RANGES");
  await using missing = serve(() => new Response("", { status: 404 }));
  await assertRejects(() => byteSourceFromUrl(missing.url), TransferError, "404");

  let changed = false;
  await using moving = serve((request, range) => {
    if (!changed) return partial(range, { etag: '"1"' });
    assertEquals(request.headers.get("if-range"), '"1"');
    return new Response(DATA, { headers: { etag: '"2"' } });
  });
  const source = await byteSourceFromUrl(moving.url);
  changed = true;
  assertEquals((await assertRejects(() => source.read(0, 5), TransferError)).code, "SOURCE_CHANGED");

  await using wrong = serve((_request, [first, last]) =>
    first === 0 ? undefined : partial([first - 1, last - 1])
  );
  const shifted = await byteSourceFromUrl(wrong.url);
  assertEquals((await assertRejects(() => shifted.read(5, 5), TransferError)).code, "WRONG_RANGE");

  await using short = serve((_request, [first, last]) =>
    first === 0 ? undefined : new Response(DATA.slice(first, last), {
      status: 206,
      headers: { "content-range": `bytes ${first}-${last}/1000` },
    })
  );
  const cut = await byteSourceFromUrl(short.url, { retries: 0 });
  await assertRejects(() => cut.read(5, 5), TruncatedDataError);
});

Deno.test("byteSourceFromUrl asks again when a request fails for a moment", async () => {
  let failures = 0;
  await using server = serve((_request, [first, last]) => {
    if (failures === 0) return undefined;
    failures--;
    if (failures % 2 === 0) return new Response("", { status: 503 });
    const headers = { "content-range": `bytes ${first}-${last}/1000` };
    return new Response(DATA.slice(first, last), { status: 206, headers });
  });
  failures = 1;
  const source = await byteSourceFromUrl(server.url, { retryDelayMs: 1 });
  failures = 2;
  assertEquals(await source.read(5, 5), DATA.slice(5, 10));
  failures = 3;
  assertEquals((await assertRejects(() => source.read(5, 5), TransferError)).code, "SERVER_BUSY");
});
