import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { liveHandleCount } from "@sluice/ffi";
import {
  compressZstd,
  compressZstdIterable,
  CorruptDataError,
  decompressZstd,
  DictionaryMismatchError,
  LimitExceededError,
  readZstdFrameHeader,
  SluiceError,
  TruncatedDataError,
  UnsupportedFeatureError,
} from "@sluice/zstd";
import {
  addZstdVary,
  compressDcz,
  compressZstdContent,
  DczCompressionStream,
  DczDecompressionStream,
  DczDictionary,
  decompressDcz,
  decompressZstdContent,
  formatDczAvailableDictionary,
  formatDczDictionaryId,
  formatDczDictionaryLink,
  formatDczUseAsDictionary,
  mayUseDczDictionary,
  negotiateZstdContentEncoding,
  parseDczAvailableDictionary,
  parseDczDictionaryId,
  parseDczUseAsDictionary,
  selectDczDictionary,
  withZstd,
  ZstdContentCompressionStream,
  ZstdContentDecompressionStream,
} from "@sluice/zstd/http";
import type { DczDecompressOptions, DczStoredDictionary, WithZstdOptions } from "@sluice/zstd/http";
import { testBackends } from "../../tests/_backends.ts";
import { chunks, join, Random, splits, text } from "../../tests/_data.ts";
import { streamOf } from "../../tests/_shapes.ts";

const encode = (value: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(value);

async function bytesOf(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  return join(...await Array.fromAsync(stream));
}

testBackends("no option makes a frame with a window above 8 MiB", async () => {
  const data = text(9 << 20);
  for (
    const options of [
      { level: 1 },
      { level: 5, windowLog: 23 },
      { level: 1, windowLog: 23, longDistance: true },
      { level: 1, prefix: text(1 << 20) },
    ]
  ) {
    const frame = compressZstdContent(data, options);
    assert(readZstdFrameHeader(frame).windowSize <= 2 ** 23);
    const stream = await bytesOf(streamOf([data]).pipeThrough(new ZstdContentCompressionStream(options)));
    assert(readZstdFrameHeader(stream).windowSize <= 2 ** 23);
  }
  const refused = [{ level: 20 }, { level: 22, longDistance: true }, { windowLog: 24 }, {
    longDistance: true,
  }, {
    longDistance: { hashLog: 20 },
  }];
  for (const options of refused) {
    assertThrows(() => compressZstdContent(data, options), RangeError);
    assertThrows(() => new ZstdContentCompressionStream(options), RangeError);
  }
  assertThrows(() => compressZstdContent(data, { format: "magicless" }), TypeError);
  compressZstdContent(text(100), { level: 20, windowLog: 23 });
});

testBackends("bodies with larger windows are refused unless the caller allows them", async () => {
  const frame = compressZstd(text(9 << 20), { level: 1, windowLog: 24, contentSize: false });
  assertThrows(() => decompressZstdContent(frame), LimitExceededError);
  const read = (options?: { maxWindowLog: number }): Promise<Uint8Array> =>
    bytesOf(streamOf([frame]).pipeThrough(new ZstdContentDecompressionStream(options)));
  await assertRejects(() => read(), LimitExceededError);
  assertEquals((await read({ maxWindowLog: 24 })).length, 9 << 20);
});

testBackends("dcz comes back in every shape, for dictionaries of every size", async () => {
  for (const size of [0, 5, 1000, 300_000, 3 << 20]) {
    using dictionary = await DczDictionary.from(new Random(9).bytes(size));
    const next = join(
      dictionary.zstd.bytes.subarray(0, size / 2),
      encode("!"),
      dictionary.zstd.bytes.subarray(size / 2),
    );
    for (const data of [new Uint8Array(), next]) {
      const body = await compressDcz(data, { dictionary, level: 1 });
      assertEquals([...body.subarray(0, 8)], [0x5e, 0x2a, 0x4d, 0x18, 0x20, 0, 0, 0]);
      assertEquals(body.slice(8, 40), dictionary.sha256);
      const pieces = chunks(data, 100_000);
      const streamed = await bytesOf(
        streamOf(pieces).pipeThrough(new DczCompressionStream({ dictionary, level: 1 })),
      );
      for (const form of [body, streamed]) {
        if (size >= 1000 && data.length > 0) assert(form.length < 500, `${size}: ${form.length} bytes`);
        assertEquals(await decompressDcz(form, { dictionaries: [dictionary] }), data);
        // The header is a skippable frame: any decoder with the dictionary reads the body.
        assertEquals(decompressZstd(form, { dictionary: dictionary.zstd }), data);
      }
    }
  }
});

testBackends("dcz is read at every split, with a look-up that takes a while", async () => {
  using dictionary = await DczDictionary.from(text(500));
  const data = text(300, 2);
  const body = await compressDcz(data, { dictionary });
  const dictionaries = async (sha256: Uint8Array): Promise<DczDictionary | undefined> => {
    await new Promise((resolve) => setTimeout(resolve, 0));
    return dictionary.matches(sha256) ? dictionary : undefined;
  };
  for (const pieces of splits(body)) {
    assertEquals(
      await bytesOf(streamOf(pieces).pipeThrough(new DczDecompressionStream({ dictionaries }))),
      data,
    );
  }
});

testBackends("dcz flushes", async () => {
  using dictionary = await DczDictionary.from(text(500));
  const encoder = new DczCompressionStream({ dictionary });
  const decoded = encoder.readable.pipeThrough(new DczDecompressionStream({ dictionaries: [dictionary] }))
    .getReader();
  const writer = encoder.writable.getWriter();
  for (const message of ["one", "two"]) {
    writer.write(encode(message)).then(() => encoder.flush());
    assertEquals(new TextDecoder().decode((await decoded.read()).value), message);
  }
  writer.close();
  assertEquals((await decoded.read()).done, true);
});

testBackends("bad dcz bodies are refused before anything is decoded", async () => {
  const before = liveHandleCount();
  using dictionary = await DczDictionary.from(text(500));
  using other = await DczDictionary.from(text(500, 2));
  const body = await compressDcz(text(1000, 3), { dictionary });
  const changed = (at: number): Uint8Array => body.with(at, body[at]! ^ 1);
  const cases: [
    string,
    Uint8Array,
    DczDecompressOptions["dictionaries"],
    new (...args: never[]) => Error,
    string,
  ][] = [
    ["empty", new Uint8Array(), [dictionary], TruncatedDataError, "TRUNCATED"],
    ["header cut short", body.slice(0, 39), [dictionary], TruncatedDataError, "TRUNCATED"],
    ["header alone", body.slice(0, 40), [dictionary], TruncatedDataError, "TRUNCATED"],
    ["frame cut short", body.slice(0, -1), [dictionary], TruncatedDataError, "TRUNCATED"],
    ["wrong magic number", changed(0), [dictionary], CorruptDataError, "BAD_MAGIC"],
    ["wrong size of the hash", changed(4), [dictionary], CorruptDataError, "BAD_MAGIC"],
    ["a zstd frame", compressZstd(text(100)), [dictionary], CorruptDataError, "BAD_MAGIC"],
    ["three foreign bytes", new Uint8Array([1, 2, 3]), [dictionary], CorruptDataError, "BAD_MAGIC"],
    ["changed hash", changed(20), [dictionary], DictionaryMismatchError, "DICTIONARY_HASH_MISMATCH"],
    ["another dictionary", body, [other], DictionaryMismatchError, "DICTIONARY_HASH_MISMATCH"],
    ["no dictionary", body, [], DictionaryMismatchError, "DICTIONARY_HASH_MISMATCH"],
    ["a look-up that gives another", body, () => other, DictionaryMismatchError, "DICTIONARY_HASH_MISMATCH"],
    ["junk after", join(body, encode("junk junk junk")), [dictionary], CorruptDataError, "TRAILING_DATA"],
    ["no frame after the header", changed(40), [dictionary], CorruptDataError, "BAD_MAGIC"],
    [
      "reserved bit",
      join(body.slice(0, 44), new Uint8Array([0x08]), body.slice(45)),
      [dictionary],
      UnsupportedFeatureError,
      "FRAME_UNSUPPORTED",
    ],
  ];
  for (const [name, bytes, dictionaries, kind, code] of cases) {
    const attempts = [
      () => decompressDcz(bytes, { dictionaries }),
      () => bytesOf(streamOf([bytes]).pipeThrough(new DczDecompressionStream({ dictionaries }))),
      () => bytesOf(streamOf(chunks(bytes, 1)).pipeThrough(new DczDecompressionStream({ dictionaries }))),
    ];
    for (const attempt of attempts) {
      const error = await assertRejects(attempt, SluiceError, "", name);
      assertEquals(error.code, code, name);
      assertInstanceOf(error, kind, name);
    }
  }
  const failing = new Error("the store is down");
  const stream = streamOf([body]).pipeThrough(
    new DczDecompressionStream({ dictionaries: () => Promise.reject(failing) }),
  );
  await assertRejects(() => bytesOf(stream), Error, "the store is down");
  await assertRejects(
    () => decompressDcz(body, { dictionaries: [dictionary], maxOutputSize: 999 }),
    LimitExceededError,
  );
  for (const held of [dictionary, other]) held.close();
  assertEquals(liveHandleCount() <= before + 4, true, "contexts beyond those kept for the next call");
});

testBackends("windows of dcz follow the size of the dictionary", async () => {
  using small = await DczDictionary.from(text(1000));
  using large = await DczDictionary.from(text(16 << 20));
  assertThrows(() => new DczCompressionStream({ dictionary: small, windowLog: 24 }), RangeError);
  await assertRejects(() => compressDcz(text(1), { dictionary: large, windowLog: 25 }), RangeError);
  for (const [dictionary, limit] of [[small, 8 << 20], [large, 20 << 20]] as const) {
    for (const options of [{}, { longDistance: true }, { level: 1 }, { longDistance: false }]) {
      const encoder = new DczCompressionStream({ dictionary, ...options });
      const body = await bytesOf(streamOf([text(100_000)]).pipeThrough(encoder));
      assert(readZstdFrameHeader(body.subarray(40)).windowSize <= limit);
    }
  }
  const header = (await compressDcz(text(1), { dictionary: large })).slice(0, 40);
  const wide = compressZstdIterable([text(1000)], { windowLog: 25, prefix: large.zstd.bytes });
  const body = join(header, ...await Array.fromAsync(wide));
  assertEquals(readZstdFrameHeader(body.subarray(40)).windowSize, 32 << 20);
  await assertRejects(() => decompressDcz(body, { dictionaries: [large] }), LimitExceededError);
  assertEquals(await decompressDcz(body, { dictionaries: [large], maxWindowLog: 25 }), text(1000));
});

testBackends("dcz bodies with random faults are read or refused, nothing else", async () => {
  const seed = Random.seed(777);
  const random = new Random(seed);
  using dictionary = await DczDictionary.from(text(2000));
  const good = await compressDcz(text(3000, 4), { dictionary, contentChecksum: true });
  for (let i = 0; i < 1500; i++) {
    const body = good.slice(0, random.below(5) === 0 ? random.below(good.length + 1) : good.length);
    for (let faults = random.below(3); faults >= 0; faults--) {
      if (body.length > 0) body[random.below(body.length)] = random.next();
    }
    try {
      const options = { dictionaries: [dictionary], maxOutputSize: 1 << 20 };
      const content = await bytesOf(
        streamOf(chunks(body, 1 + random.below(100))).pipeThrough(new DczDecompressionStream(options)),
      );
      assertEquals(content, text(3000, 4), `seed ${seed}, round ${i}`);
    } catch (error) {
      assertInstanceOf(error, SluiceError, `seed ${seed}, round ${i}: ${error}`);
    }
  }
});

Deno.test("negotiation honours weights, wildcards and refusals", async () => {
  using dictionary = await DczDictionary.from(text(100));
  const available = { "available-dictionary": dictionary.availableDictionary };
  const dictionaries = [dictionary];
  const cases: [Record<string, string>, string | undefined][] = [
    [{}, "identity"],
    [{ "accept-encoding": "" }, "identity"],
    [{ "accept-encoding": "zstd" }, "zstd"],
    [{ "accept-encoding": "ZSTD" }, "zstd"],
    [{ "accept-encoding": "gzip, br" }, "gzip"],
    [{ "accept-encoding": "x-gzip" }, "gzip"],
    [{ "accept-encoding": "gzip, zstd" }, "zstd"],
    [{ "accept-encoding": "gzip;q=1.0, zstd;q=0.9" }, "gzip"],
    [{ "accept-encoding": "zstd;q=0, gzip;q=0.1" }, "gzip"],
    [{ "accept-encoding": "zstd;q=0" }, "identity"],
    [{ "accept-encoding": "*" }, "zstd"],
    [{ "accept-encoding": "*;q=0.1, zstd;q=0" }, "gzip"],
    [{ "accept-encoding": "br" }, "identity"],
    [{ "accept-encoding": "identity;q=1, zstd;q=0.5" }, "identity"],
    [{ "accept-encoding": "identity;q=0" }, undefined],
    [{ "accept-encoding": "*;q=0" }, undefined],
    [{ "accept-encoding": "*;q=0, identity" }, "identity"],
    [{ "accept-encoding": "zstd;q=2, gzip" }, "gzip"],
    [{ "accept-encoding": "zstd ; q=0.5 , gzip;q=0.4" }, "zstd"],
    [{ "accept-encoding": "dcz, zstd" }, "zstd"],
    [{ "accept-encoding": "dcz, zstd", ...available }, "dcz"],
    [{ "accept-encoding": "*", ...available }, "zstd"],
    [{ "accept-encoding": "dcz;q=0.5, zstd", ...available }, "zstd"],
    [
      { "accept-encoding": "dcz", "available-dictionary": formatDczAvailableDictionary(new Uint8Array(32)) },
      "identity",
    ],
    [{ "accept-encoding": "dcz", "available-dictionary": "junk" }, "identity"],
  ];
  for (const [headers, expected] of cases) {
    const found = negotiateZstdContentEncoding({ headers: new Headers(headers) }, { dictionaries });
    assertEquals(found?.encoding, expected, JSON.stringify(headers));
    assertEquals(found?.dictionary, expected === "dcz" ? dictionary : undefined);
  }
  const headers = new Headers({ "accept-encoding": "gzip, zstd" });
  assertEquals(negotiateZstdContentEncoding({ headers }, { encodings: ["gzip", "zstd"] })?.encoding, "gzip");
  assertEquals(negotiateZstdContentEncoding({ headers }, { encodings: [] })?.encoding, "identity");
  assertThrows(() => negotiateZstdContentEncoding({ headers }, { encodings: ["br" as never] }), RangeError);
});

Deno.test("what a client sent to Cloudflare's edge is negotiated", () => {
  const headers = new Headers({ "accept-encoding": "br, gzip" });
  const encodingFor = (cf: unknown) =>
    negotiateZstdContentEncoding(Object.assign(new Request("https://a.test/", { headers }), { cf }))
      ?.encoding;
  assertEquals(encodingFor({ clientAcceptEncoding: "zstd, gzip, br" }), "zstd");
  assertEquals(encodingFor({ clientAcceptEncoding: "br" }), "identity");
  for (const cf of [undefined, null, {}, { clientAcceptEncoding: "" }, { clientAcceptEncoding: 1 }]) {
    assertEquals(encodingFor(cf), "gzip");
  }
});

Deno.test("withZstd tells Workers which bodies are encoded already", async () => {
  const inits: Record<string, unknown>[] = [];
  const Plain = Response;
  class Recorded extends Plain {
    constructor(body?: BodyInit | null, init: ResponseInit = {}) {
      super(body, init);
      inits.push({ ...init });
    }
  }
  const handler = withZstd(() => new Plain("hello ".repeat(1000)));
  globalThis.Response = Recorded;
  try {
    for (const encoding of ["zstd", "gzip", "identity"]) {
      for (const method of ["GET", "HEAD"]) {
        const headers = { "accept-encoding": encoding };
        const response = await handler(new Request("https://a.test/", { method, headers }));
        await response.arrayBuffer();
        const { encodeBody } = inits.pop()!;
        assertEquals(encodeBody, encoding === "identity" ? undefined : "manual", `${method} ${encoding}`);
      }
    }
  } finally {
    globalThis.Response = Plain;
  }
});

Deno.test("headers of dictionaries are read as structured fields", () => {
  const hash = new Uint8Array(32).fill(7);
  assertEquals(parseDczAvailableDictionary(` ${formatDczAvailableDictionary(hash)} `), hash);
  assertEquals(parseDczAvailableDictionary(`${formatDczAvailableDictionary(hash)};a=1;b`), hash);
  const both = `${formatDczAvailableDictionary(hash)}, ${formatDczAvailableDictionary(hash)}`;
  for (
    const value of [
      both,
      "",
      "abc",
      '"abc"',
      ":!:",
      ":AAAA:",
      ":AAA:",
      formatDczAvailableDictionary(hash).slice(1),
    ]
  ) {
    assertEquals(parseDczAvailableDictionary(value), undefined, value);
  }
  assertThrows(() => formatDczAvailableDictionary(new Uint8Array(31)), RangeError);

  assertEquals(formatDczDictionaryId('say "hi" \\'), '"say \\"hi\\" \\\\"');
  assertEquals(parseDczDictionaryId('"say \\"hi\\" \\\\"'), 'say "hi" \\');
  for (const value of ['"a', "a", ":AAAA:", '"a" "b"', '"\u00e9"', '"\\n"', `"${"x".repeat(1025)}"`]) {
    assertEquals(parseDczDictionaryId(value), undefined, value);
  }
  assertThrows(() => formatDczDictionaryId("x".repeat(1025)), RangeError);
  assertThrows(() => formatDczDictionaryId("caf\u00e9"), RangeError);

  const use = { match: "/app/*/main.js", matchDest: ["script", "document"], id: "v 1", type: "raw" };
  assertEquals(parseDczUseAsDictionary(formatDczUseAsDictionary(use)), use);
  assertEquals(
    parseDczUseAsDictionary(formatDczUseAsDictionary({ match: "/", type: "other" }))?.type,
    "other",
  );
  assertEquals(
    parseDczUseAsDictionary(
      'ttl=3.5, match="/a";x, match-dest=( "a"  "b" ), new=?0, more=*/token, d=:AAAA:, match="/b"',
    ),
    { match: "/b", matchDest: ["a", "b"], id: "", type: "raw" },
  );
  for (
    const value of [
      "",
      "match",
      "match=/a",
      'id="a"',
      'match="/a",',
      'match="/a" id="b"',
      'match="/a", match-dest="x"',
      'match="/a", match-dest=(x)',
      'match="/a", match-dest=("x"',
      'match="/a", match-dest=("x""y")',
      'match="/a", id=token',
      'match="/a", type="raw"',
      'MATCH="/a"',
      `match="/a", id="${"x".repeat(1025)}"`,
    ]
  ) assertEquals(parseDczUseAsDictionary(value), undefined, value);

  assertThrows(() => formatDczDictionaryLink("/a b"), TypeError);
  assertThrows(() => formatDczDictionaryLink("/a>"), TypeError);
  const headers = new Headers();
  addZstdVary(headers, "accept-encoding", "available-dictionary");
  addZstdVary(headers, "Accept-Encoding");
  assertEquals(headers.get("vary"), "accept-encoding, available-dictionary");
  const any = new Headers({ vary: "*" });
  addZstdVary(any, "accept-encoding");
  assertEquals(any.get("vary"), "*");
});

Deno.test("the dictionary of a request follows destination, length and age", async () => {
  using dictionary = await DczDictionary.from(text(10));
  const stored = (match: string, fetchedAt: number, more = {}): DczStoredDictionary => ({
    url: "https://example.test/app/v1/main.js",
    use: { match, ...more },
    fetchedAt,
    dictionary,
  });
  const select = (
    all: DczStoredDictionary[],
    destination = "script",
    url = "https://example.test/app/v2/main.js",
  ) => {
    const found = selectDczDictionary(url, all, destination);
    return found === undefined ? -1 : all.indexOf(found);
  };
  assertEquals(select([stored("/*", 1), stored("/app/*", 1)]), 1);
  assertEquals(select([stored("/app/*", 1), stored("/app/*", 2)]), 1);
  assertEquals(select([stored("/app/*/main.js", 1), stored("/*", 1, { matchDest: ["script"] })]), 1);
  assertEquals(select([stored("/*", 1), stored("/*", 9, { matchDest: ["document"] })]), 0);
  assertEquals(select([stored("../v2/*", 1)]), 0);
  assertEquals(select([stored("/other/*", 1)]), -1);
  assertEquals(select([stored("/*", 1, { type: "other" })]), -1);
  assertEquals(select([stored("/app/v(\\d)/main.js", 1)]), -1);
  assertEquals(select([stored("/*", 1)], "script", "https://other.test/app/v2/main.js"), -1);
  assertEquals(select([stored("https://other.test/*", 1)]), -1);
  assertEquals(select([stored("/(", 1)]), -1);
  assertEquals(select([]), -1);
});

Deno.test("a dictionary is used only for who may read the response", () => {
  const cors = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors", origin: "https://a.test" };
  const cases: [Record<string, string>, Record<string, string>, boolean][] = [
    [{}, {}, true],
    [{ "sec-fetch-site": "same-origin", "sec-fetch-mode": "no-cors" }, {}, true],
    [{ "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" }, {}, true],
    [{ "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" }, {}, false],
    [cors, {}, false],
    [cors, { "access-control-allow-origin": "*" }, true],
    [cors, { "access-control-allow-origin": "https://a.test" }, true],
    [cors, { "access-control-allow-origin": "https://b.test" }, false],
  ];
  for (const [request, response, expected] of cases) {
    assertEquals(mayUseDczDictionary(new Headers(request), new Headers(response)), expected);
  }
});

async function ask(
  response: () => Response | Promise<Response>,
  request: RequestInit & { url?: string } = {},
  options: WithZstdOptions = {},
): Promise<Response> {
  const { url = "https://example.test/", ...init } = request;
  const headers = new Headers(init.headers);
  if (!headers.has("accept-encoding")) headers.set("accept-encoding", "zstd, gzip");
  return await withZstd(response, options)(new Request(url, { ...init, headers }));
}

const PAGE = new TextDecoder().decode(text(5000));
const page = (headers: Record<string, string> = {}, status = 200): Response =>
  new Response(PAGE, { status, headers: { "content-type": "text/html", ...headers } });

testBackends("withZstd encodes what a client accepts and leaves the rest alone", async () => {
  const encoded = await ask(() => page({ "content-length": "5000", etag: '"v1"', "accept-ranges": "bytes" }));
  assertEquals(encoded.headers.get("content-encoding"), "zstd");
  assertEquals(encoded.headers.get("vary"), "accept-encoding");
  assertEquals(encoded.headers.get("etag"), 'W/"v1"');
  assertEquals(encoded.headers.has("content-length"), false);
  assertEquals(encoded.headers.has("accept-ranges"), false);
  assertEquals(new TextDecoder().decode(decompressZstdContent(await encoded.arrayBuffer())), PAGE);

  const gzip = await ask(() => page(), { headers: { "accept-encoding": "gzip" } });
  assertEquals(gzip.headers.get("content-encoding"), "gzip");
  assertEquals(await new Response(gzip.body!.pipeThrough(new DecompressionStream("gzip"))).text(), PAGE);

  const plain = await ask(() => page({ etag: '"v1"' }), { headers: { "accept-encoding": "br" } });
  assertEquals([plain.headers.get("content-encoding"), plain.headers.get("vary")], [null, "accept-encoding"]);
  assertEquals(plain.headers.get("etag"), '"v1"');
  assertEquals(await plain.text(), PAGE);

  const refused = await ask(() => page(), { headers: { "accept-encoding": "identity;q=0, br" } });
  assertEquals(refused.status, 406);

  const left: [string, () => Response][] = [
    ["encoded already", () => page({ "content-encoding": "br" })],
    ["no-transform", () => page({ "cache-control": "public, no-transform" })],
    ["partial", () => page({ "content-range": "bytes 0-4999/9999" }, 206)],
    ["a digest", () => page({ "content-digest": "sha-256=:AAAA:" })],
    ["an image", () => page({ "content-type": "image/png" })],
    ["no type", () => new Response(new Uint8Array(5000))],
    ["small", () => page({ "content-length": "255" })],
    ["no content", () => new Response(null, { status: 204 })],
    [
      "an image not modified",
      () => new Response(null, { status: 304, headers: { "content-type": "image/png" } }),
    ],
  ];
  for (const [name, make] of left) {
    const answered = make();
    assertEquals(await ask(() => answered), answered, name);
    await answered.body?.cancel();
  }
  const filtered = await ask(() => page({ "content-type": "image/png" }), {}, { filter: () => true });
  assertEquals(filtered.headers.get("content-encoding"), "zstd");
  await filtered.body!.cancel();
});

testBackends("withZstd answers HEAD with the headers of GET", async () => {
  const given = {
    "content-type": "text/html",
    "content-length": "5000",
    etag: '"v1"',
    "accept-ranges": "bytes",
  };
  const withBody = () => new Response(PAGE, { headers: given });
  const withoutBody = () => new Response(null, { headers: given });
  using dictionary = await DczDictionary.from(encode(PAGE));
  for (const accepted of ["zstd", "dcz", "gzip", "br"]) {
    const headers = {
      "accept-encoding": accepted,
      "available-dictionary": dictionary.availableDictionary,
    };
    for (const options of [{}, { dictionaries: [dictionary] }, { versions: true }]) {
      const get = await ask(withBody, { headers }, options);
      await get.body!.cancel();
      for (const answer of [withBody, withoutBody]) {
        const head = await ask(answer, { method: "HEAD", headers }, options);
        assertEquals([...head.headers], [...get.headers], accepted);
        await head.body?.cancel();
      }
    }
  }
  const small = await ask(() => new Response(null, { headers: { ...given, "content-length": "9" } }), {
    method: "HEAD",
  });
  assertEquals(small.headers.get("content-encoding"), null);
  assertEquals(small.headers.get("content-length"), "9");
});

testBackends("withZstd gives a 304 the Vary and the ETag of what it confirms", async () => {
  const confirm = async (asked: Record<string, string>, tag: string): Promise<Response> => {
    const answer = () => new Response(null, { status: 304, headers: { etag: tag } });
    return await ask(answer, { headers: asked });
  };
  const cases = [
    ['W/"v1"', '"v1"', 'W/"v1"'],
    ['"v0", W/"v1"', '"v1"', 'W/"v1"'],
    ['"v1"', '"v1"', '"v1"'],
    ['W/"v10"', '"v1"', '"v1"'],
    ['W/"v1"', 'W/"v1"', 'W/"v1"'],
  ] as const;
  for (const [held, given, expected] of cases) {
    for (const accepted of ["zstd", "br", "identity;q=0"]) {
      const response = await confirm({ "if-none-match": held, "accept-encoding": accepted }, given);
      assertEquals(response.status, 304);
      assertEquals(response.headers.get("etag"), expected, held);
      assertEquals(response.headers.get("vary"), "accept-encoding");
      assertEquals(response.headers.get("content-encoding"), null);
    }
  }
});

testBackends("withZstd uses a dictionary over TLS and where the client may read the response", async () => {
  using dictionary = await DczDictionary.from(encode(PAGE));
  const options = { dictionaries: [dictionary] };
  const headers = {
    "accept-encoding": "gzip, zstd, dcz",
    "available-dictionary": dictionary.availableDictionary,
  };
  const response = await ask(() => page(), { headers }, options);
  assertEquals(response.headers.get("content-encoding"), "dcz");
  assertEquals(response.headers.get("vary"), "accept-encoding, available-dictionary");
  const body = await response.arrayBuffer();
  assert(body.byteLength < 80);
  assertEquals(new TextDecoder().decode(await decompressDcz(body, options)), PAGE);

  const encodingOf = async (request: RequestInit & { url?: string }, more = {}): Promise<string | null> => {
    const answer = await ask(() => page(), request, { ...options, ...more });
    await answer.body!.cancel();
    return answer.headers.get("content-encoding");
  };
  assertEquals(await encodingOf({ headers, url: "http://example.test/" }), "zstd");
  assertEquals(await encodingOf({ headers, url: "http://127.0.0.1:8000/" }), "dcz");
  assertEquals(await encodingOf({ headers, url: "http://example.test/" }, { isSecure: () => true }), "dcz");
  const foreign = {
    ...headers,
    "sec-fetch-site": "cross-site",
    "sec-fetch-mode": "cors",
    origin: "https://a.test",
  };
  assertEquals(await encodingOf({ headers: foreign }), "zstd");
});

testBackends("withZstd decodes request bodies under a limit", async () => {
  using dictionary = await DczDictionary.from(text(2000));
  const echo = withZstd(
    async (request: Request, suffix: string) => {
      assertEquals(request.headers.get("content-length"), null);
      assertEquals(request.signal.aborted, false);
      return new Response(await request.text() + suffix, {
        headers: { "x-encoding": `${request.headers.get("content-encoding")}` },
      });
    },
    { dictionaries: [dictionary], maxRequestSize: 10_000 },
  );
  const post = (body: Uint8Array, encoding: string): Promise<Response> =>
    echo(
      new Request("https://example.test/", {
        method: "POST",
        headers: { "content-encoding": encoding, "content-length": `${body.length}` },
        body: body.slice(),
      }),
      "!",
    );
  assertEquals(await (await post(compressZstd(encode("hello")), "zstd")).text(), "hello!");
  assertEquals(
    await (await post(await compressDcz(encode("hello"), { dictionary }), " DCZ ")).text(),
    "hello!",
  );
  const outer = await post(compressZstd(encode("still gzip")), "gzip, zstd");
  assertEquals([outer.headers.get("x-encoding"), await outer.text()], ["gzip", "still gzip!"]);

  using other = await DczDictionary.from(text(100, 2));
  const refused: [Uint8Array, string, number][] = [
    [compressZstd(new Uint8Array(10_001)), "zstd", 413],
    [compressZstd(new Uint8Array(100_000_000)), "zstd", 413],
    [compressZstd(new Uint8Array(10), { windowLog: 24, level: 1 }).with(5, 0xff), "zstd", 400],
    [encode("this is no frame"), "zstd", 400],
    [compressZstd(encode("hello")).slice(0, -1), "zstd", 400],
    [await compressDcz(encode("hello"), { dictionary: other }), "dcz", 415],
    [compressZstd(encode("hello")), "dcz", 400],
  ];
  for (const [body, encoding, status] of refused) {
    const response = await post(body, encoding);
    assertEquals(response.status, status);
    await response.body?.cancel();
  }
  const before = liveHandleCount();
  const deaf = withZstd(() => new Response("no"));
  const init = {
    method: "POST",
    headers: { "content-encoding": "zstd" },
    body: compressZstd(encode("unread")),
  };
  assertEquals(await (await deaf(new Request("https://example.test/", init))).text(), "no");
  assertEquals(liveHandleCount(), before, "a body that nobody reads takes no context");
  const own = withZstd(() => {
    throw new Error("the handler's own");
  });
  await assertRejects(() => own(new Request("https://example.test/")), Error, "the handler's own");
});

testBackends("withZstd brings each event of an event stream out at once", async () => {
  let send: (text: string) => void;
  let cancelled: unknown;
  const events = () => {
    const body = new ReadableStream({
      start(controller): void {
        send = (event) => controller.enqueue(encode(event));
      },
      cancel(reason): void {
        cancelled = reason;
      },
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  };
  const response = await ask(events);
  assertEquals(response.headers.get("content-encoding"), "zstd");
  const reader = response.body!.pipeThrough(new ZstdContentDecompressionStream()).getReader();
  for (const event of ["data: 1\n\n", "data: 2\n\n", "data: 3\n\n"]) {
    send!(event);
    assertEquals(new TextDecoder().decode((await reader.read()).value), event);
  }
  await reader.cancel("gone");
  for (let i = 0; i < 50 && cancelled === undefined; i++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assertEquals(cancelled, "gone", "the source is told at once");

  const gzip = await ask(events, { headers: { "accept-encoding": "gzip" } });
  assertEquals(gzip.headers.get("content-encoding"), null);
  await gzip.body!.cancel();
});

testBackends("withZstd brings out what a slow stream of any type has given", async () => {
  using dictionary = await DczDictionary.from(encode('{"line":0}\n'));
  const headers = { "available-dictionary": dictionary.availableDictionary };
  const decoders = {
    zstd: () => new ZstdContentDecompressionStream(),
    dcz: () => new DczDecompressionStream({ dictionaries: [dictionary] }),
  };
  for (const encoding of ["zstd", "dcz"] as const) {
    for (const type of ["application/x-ndjson", "text/plain"]) {
      let send: (text: string) => void;
      const source = new ReadableStream({
        start: (controller) => void (send = (line) => controller.enqueue(encode(line))),
      });
      const response = await ask(
        () => new Response(source, { headers: { "content-type": type } }),
        { headers: { ...headers, "accept-encoding": encoding } },
        { dictionaries: [dictionary] },
      );
      assertEquals(response.headers.get("content-encoding"), encoding);
      const reader = response.body!.pipeThrough(decoders[encoding]()).getReader();
      for (const line of ['{"line":1}\n', '{"line":2}\n', '{"line":3}\n']) {
        send!(line);
        assertEquals(new TextDecoder().decode((await reader.read()).value), line);
      }
      await reader.cancel();
    }
  }
});

testBackends(
  "withZstd holds back a stream of small pieces for a tenth of a second, not for a block",
  async () => {
    let sent = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const source = new ReadableStream({
      async pull(controller): Promise<void> {
        await new Promise((resolve) => timer = setTimeout(resolve, 1));
        controller.enqueue(encode(`{"line":${sent++}}\n`));
      },
      cancel: () => clearTimeout(timer),
    });
    const response = await ask(() => new Response(source, { headers: { "content-type": "text/plain" } }));
    const reader = response.body!.pipeThrough(new ZstdContentDecompressionStream()).getReader();
    assert((await reader.read()).value!.length > 0);
    assert(sent < 1000, `${sent} pieces were held back, and a block takes about 9000`);
    await reader.cancel();
  },
);

testBackends("withZstd makes as few bytes of a stream that is ready as one without flushes", async () => {
  const data = text(1_000_000);
  for (const size of [1000, 65_536]) {
    const type = { headers: { "content-type": "text/plain" } };
    const response = await ask(() => new Response(streamOf(chunks(data, size)), type));
    const plain = streamOf(chunks(data, size)).pipeThrough(new ZstdContentCompressionStream());
    const least = (await bytesOf(plain)).length;
    // Reads that take a while on a busy machine may add up to a flush; one takes some 200 bytes.
    assert((await response.bytes()).length < least * 1.005);
  }
});

testBackends("withZstd passes the fault of a slow stream on", async () => {
  const source = new ReadableStream({
    async pull(controller): Promise<void> {
      controller.enqueue(encode("a line\n"));
      await new Promise((resolve) => setTimeout(resolve, 30));
      controller.error(new Error("the source is gone"));
    },
  });
  const response = await ask(() => new Response(source, { headers: { "content-type": "text/plain" } }));
  await assertRejects(() => response.bytes(), Error, "the source is gone");
});

Deno.test("options of withZstd are checked when the handler is wrapped", () => {
  const handler = () => new Response();
  assertThrows(() => withZstd(handler, { compress: { level: 20 } }), RangeError);
  assertThrows(() => withZstd(handler, { maxRequestSize: -1 }), RangeError);
  assertThrows(() => withZstd(handler, { minSize: 0.5 }), RangeError);
  assertThrows(() => withZstd(handler, { levle: 1 } as never), TypeError);
});
