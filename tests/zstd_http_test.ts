/**
 * HTTP bodies over a real connection, and beside other decoders.
 */
import { assert, assertEquals } from "@std/assert";
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import {
  compressDcz,
  compressZstdContent,
  DczDecompressionStream,
  DczDictionary,
  decompressDcz,
  decompressZstdContent,
  withZstd,
  ZstdContentDecompressionStream,
} from "@sluice/zstd/http";
import type { WithZstdOptions } from "@sluice/zstd/http";
import { testBackends } from "./_backends.ts";
import { text } from "./_data.ts";
import { ZSTD_TOOL_IS_HERE, zstdTool } from "./_zstd_tool.ts";

/** A server on this machine that runs until the end of the block. */
function serve(
  handler: (request: Request) => Response | Promise<Response>,
  options: WithZstdOptions,
): AsyncDisposable & { url: string } {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    withZstd(handler, options),
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

testBackends("a server and a client exchange zstd and dcz", async () => {
  const previous = text(50_000);
  const page = new Uint8Array([...previous.subarray(0, 20_000), 1, 2, 3, ...previous.subarray(20_100)]);
  using dictionary = await DczDictionary.from(previous);
  await using server = serve(
    async (request) => {
      const body = request.method === "POST" ? await request.bytes() : page;
      return new Response(body, { headers: { "content-type": "text/plain", etag: '"1"' } });
    },
    { dictionaries: [dictionary], maxRequestSize: 100_000 },
  );
  const options = { dictionaries: [dictionary] };

  const zstd = await fetch(server.url, { headers: { "accept-encoding": "zstd" } });
  assertEquals(zstd.headers.get("content-encoding"), "zstd");
  assertEquals(zstd.headers.get("etag"), 'W/"1"');
  assertEquals(decompressZstdContent(await zstd.bytes()), page);

  const headers = { "accept-encoding": "zstd, dcz", "available-dictionary": dictionary.availableDictionary };
  const dcz = await fetch(server.url, { headers });
  assertEquals(dcz.headers.get("content-encoding"), "dcz");
  assertEquals(dcz.headers.get("vary"), "accept-encoding, available-dictionary");
  const body = await dcz.bytes();
  assert(body.length < 300, `${body.length} bytes`);
  assertEquals(await decompressDcz(body, options), page);

  const plain = await fetch(server.url, { headers: { "accept-encoding": "identity" } });
  assertEquals(await plain.bytes(), page);
  const head = await fetch(server.url, { method: "HEAD", headers: { "accept-encoding": "zstd" } });
  assertEquals([head.status, (await head.bytes()).length], [200, 0]);
  assertEquals(head.headers.get("content-encoding"), "zstd");
  assertEquals(head.headers.get("content-length"), null);

  const post = async (body: Uint8Array<ArrayBuffer>, encoding: string): Promise<Response> =>
    await fetch(server.url, {
      method: "POST",
      headers: { "content-encoding": encoding, ...headers },
      body,
    });
  for (
    const [sent, encoding] of [[compressZstdContent(page), "zstd"], [
      await compressDcz(page, { dictionary }),
      "dcz",
    ]] as const
  ) {
    const answer = await post(sent, encoding);
    const echo = answer.body!.pipeThrough(new DczDecompressionStream(options));
    assertEquals(await new Response(echo).bytes(), page);
  }
  const bomb = await post(compressZstdContent(new Uint8Array(100_001)), "zstd");
  assertEquals([bomb.status, await bomb.text()], [
    413,
    "The request body could not be decoded: OUTPUT_LIMIT\n",
  ]);
});

testBackends("events arrive one by one over a connection", async () => {
  let step = Promise.withResolvers<void>();
  const events = async function* (): AsyncGenerator<Uint8Array> {
    for (let i = 0; i < 3; i++) {
      yield new TextEncoder().encode(`data: ${i}\n\n`);
      await step.promise;
      step = Promise.withResolvers();
    }
  };
  await using server = serve(
    () => new Response(ReadableStream.from(events()), { headers: { "content-type": "text/event-stream" } }),
    {},
  );
  const response = await fetch(server.url, { headers: { "accept-encoding": "zstd" } });
  const reader = response.body!.pipeThrough(new ZstdContentDecompressionStream()).getReader();
  for (let i = 0; i < 3; i++) {
    const { value } = await reader.read();
    assertEquals(new TextDecoder().decode(value), `data: ${i}\n\n`);
    step.resolve();
  }
  assertEquals((await reader.read()).done, true);
});

testBackends("bodies go both ways with the runtime's own codec and the zstd tool", async () => {
  const data = text(200_000);
  assertEquals(new Uint8Array(zstdDecompressSync(compressZstdContent(data))), data);
  assertEquals(decompressZstdContent(zstdCompressSync(data)), data);
  if (!ZSTD_TOOL_IS_HERE) return;
  for (const size of [5000, 300_000]) {
    using dictionary = await DczDictionary.from(text(size, 2));
    // A dcz header is a skippable frame: with the dictionary the tool reads the body.
    const files = { body: await compressDcz(data, { dictionary }), dictionary: dictionary.zstd.bytes };
    assertEquals(await zstdTool(["-dcq", "-D", "dictionary", "body"], files), data);
    const frame = await zstdTool(["-cq", "-D", "dictionary", "data"], {
      data,
      dictionary: dictionary.zstd.bytes,
    });
    const header = files.body.slice(0, 40);
    const body = new Uint8Array([...header, ...frame]);
    assertEquals(await decompressDcz(body, { dictionaries: [dictionary] }), data);
  }
});
