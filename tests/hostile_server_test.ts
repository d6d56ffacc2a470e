/**
 * Servers that misbehave, over everything that reads from one: the right bytes or a typed error, in bounded time, and
 * never a secret in a message.
 */
import { buildGitPackIndex, PackStore, PackWriter } from "@sluice/gitdb";
import { buildLz4Index, compressLz4, Lz4Archive } from "@sluice/lz4";
import { byteSourceFromUrl, SluiceError } from "@sluice/internal";
import type { ByteSource } from "@sluice/internal";
import { buildPdiffIndex, copyByPdiffIndex, PdiffIndex } from "@sluice/pdiffcopy";
import { createZpaqArchive, ZpaqArchive } from "@sluice/zpaq";
import { ZpaqBackup } from "@sluice/zpaq/backup";
import { compressZstdSeekable, ZstdSeekableReader } from "@sluice/zstd/seekable";
import { assert, assertEquals } from "@std/assert";
import { Random } from "./_data.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const CONTENT = new Random(3).bytes(150_000);

/** A file on a server, and a program that reads all of its content. */
interface Reader {
  readonly file: Bytes;
  readonly read: (source: ByteSource) => Promise<Uint8Array>;
}

async function readers(target: string): Promise<Record<string, Reader>> {
  const lz4 = compressLz4(CONTENT, { blockSize: 65536, linked: false });
  const index = await buildLz4Index(lz4);
  const writer = new PackWriter();
  const id = await writer.add({ type: "blob", body: CONTENT });
  const pack = await writer.finish();
  const model = PdiffIndex.parse(await buildPdiffIndex(CONTENT));
  return {
    zstd: {
      file: compressZstdSeekable(CONTENT, { frameSize: 20_000 }),
      read: async (source) => {
        const reader = await ZstdSeekableReader.open(source);
        return await reader.read(0, reader.size);
      },
    },
    lz4: {
      file: lz4,
      read: async (source) => {
        using archive = await Lz4Archive.open(source, { index });
        return await archive.read(0);
      },
    },
    gitdb: {
      file: pack.pack,
      read: async (source) => {
        const { index } = await buildGitPackIndex(source);
        await using store = await PackStore.fromSources([{ name: "pack", pack: source, index }]);
        return await (await store.read(id)).bytes();
      },
    },
    zpaq: {
      file: await createZpaqArchive([{ name: "content", body: CONTENT }]),
      read: async (source) => {
        using archive = await ZpaqArchive.open(source);
        return await new Response(archive.entries()[0]!.body).bytes();
      },
    },
    "zpaq backup": {
      file: await createZpaqArchive([{ name: "content", body: CONTENT }]),
      read: async (source) => {
        await Deno.remove(target).catch(() => {});
        using backup = await ZpaqBackup.open(source);
        await backup.restore("content", { to: target });
        return await Deno.readFile(target);
      },
    },
    pdiffcopy: {
      file: CONTENT,
      read: async (source) => {
        await Deno.remove(target).catch(() => {});
        await copyByPdiffIndex({ index: model, sources: [source], target, retries: 0, durable: false });
        return await Deno.readFile(target);
      },
    },
  };
}

/** One request, as far as a server looks at it. */
interface Asked {
  readonly file: Bytes;
  readonly first: number;
  readonly last: number;
  /** Which request it is, from 1. */
  readonly count: number;
  readonly url: string;
}

function answer({ file, first, last }: Asked, etag = '"1"', body?: BodyInit): Response {
  return new Response(body ?? file.slice(first, last + 1), {
    status: 206,
    headers: { "content-range": `bytes ${first}-${last}/${file.length}`, etag },
  });
}

/** A body that sends bytes and then nothing. */
function hanging(bytes: Bytes): ReadableStream<Uint8Array> {
  return new ReadableStream({ start: (controller) => controller.enqueue(bytes) });
}

/** What servers do; `codes` are the errors that may come of it, "content" where the right bytes may come as well; none where they have to. */
const SERVERS: Readonly<
  Record<string, { answer: (asked: Asked) => Response | Promise<Response>; codes: string[] }>
> = {
  "as they should": { answer: (asked) => answer(asked), codes: [] },
  "ranges ignored": { answer: ({ file }) => new Response(file, { headers: { etag: '"1"' } }), codes: [] },
  "ranges ignored later": {
    answer: (asked) =>
      asked.count > 2 ? new Response(asked.file, { headers: { etag: '"1"' } }) : answer(asked),
    codes: ["SOURCE_CHANGED", "content"], // a reader of one request does not meet it
  },
  "short, said so": {
    answer: (asked) => answer({ ...asked, last: Math.min(asked.last, asked.first + 9999) }),
    codes: [],
  },
  "short, not said": {
    answer: (asked) =>
      answer(asked, '"1"', asked.file.slice(asked.first, Math.min(asked.last + 1, asked.first + 9000))),
    codes: [],
  },
  long: {
    answer: (asked) =>
      asked.count === 1 ? answer(asked) : answer(asked, '"1"', hanging(asked.file.slice(asked.first))),
    codes: ["WRONG_RANGE", "content"], // a range up to the end cannot be too long
  },
  shifted: {
    answer: (asked) =>
      asked.count === 1 ? answer(asked) : answer({ ...asked, first: asked.first + 1, last: asked.last + 1 }),
    codes: ["WRONG_RANGE"],
  },
  "shifted, not said": {
    answer: (asked) => {
      const wrong = asked.file.slice(asked.first + 1, asked.last + 2);
      return answer(asked, '"1"', wrong);
    },
    codes: ["*"], // only checksums can tell
  },
  "another ETag": {
    answer: (asked) => answer(asked, asked.count > 1 ? '"2"' : '"1"'),
    codes: ["SOURCE_CHANGED"],
  },
  "another size": {
    answer: (asked) => {
      const response = answer(asked);
      if (asked.count > 1) {
        response.headers.set("content-range", `bytes ${asked.first}-${asked.last}/${2 ** 40}`);
      }
      return response;
    },
    codes: ["SOURCE_CHANGED"],
  },
  gzip: {
    answer: async (asked) => {
      const body = new Blob([asked.file.slice(asked.first, asked.last + 1)]).stream()
        .pipeThrough(new CompressionStream("gzip"));
      const response = answer(asked, '"1"', await new Response(body).bytes());
      response.headers.set("content-encoding", "gzip");
      return response;
    },
    codes: ["WRONG_ENCODING", "WRONG_RANGE", "NETWORK", "TRUNCATED"],
  },
  redirects: {
    answer: (asked) =>
      asked.url.includes("moved")
        ? answer(asked)
        : new Response(null, { status: 307, headers: { location: "/moved?signature=secret" } }),
    codes: [],
  },
  "redirects without end": {
    answer: () => new Response(null, { status: 307, headers: { location: "/moved?signature=secret" } }),
    codes: ["NETWORK"],
  },
  hangs: { answer: (asked) => asked.count === 1 ? answer(asked) : new Promise(() => {}), codes: ["TIMEOUT"] },
  "hangs in each body": {
    answer: (asked) =>
      answer(
        asked,
        '"1"',
        hanging(asked.file.slice(asked.first, Math.min(asked.last + 1, asked.first + 30_000))),
      ),
    codes: [],
  },
  "breaks in each body": {
    answer: (asked) =>
      answer(
        asked,
        '"1"',
        new ReadableStream({
          start(controller) {
            controller.enqueue(asked.file.slice(asked.first, Math.min(asked.last + 1, asked.first + 30_000)));
          },
          pull(controller) {
            if (asked.last - asked.first < 30_000) controller.close();
            else controller.error(new Error("broken"));
          },
        }),
      ),
    codes: [],
  },
  "403": {
    answer: (asked) => asked.count > 1 ? new Response(null, { status: 403 }) : answer(asked),
    codes: ["AUTH"],
  },
  "404": { answer: () => new Response(null, { status: 404 }), codes: ["NOT_FOUND"] },
  "416": {
    answer: (asked) => asked.count > 1 ? new Response(null, { status: 416 }) : answer(asked),
    codes: ["SERVER"],
  },
  "500 each 7th": {
    answer: (asked) => asked.count % 7 === 0 ? new Response(null, { status: 500 }) : answer(asked),
    codes: [],
  },
  "500 each": { answer: () => new Response(null, { status: 500 }), codes: ["SERVER_BUSY"] },
  "503 with Retry-After": {
    answer: (asked) =>
      asked.count === 2
        ? new Response(null, { status: 503, headers: { "retry-after": "0" } })
        : answer(asked),
    codes: [],
  },
};

function serve(
  file: Bytes,
  respond: (asked: Asked) => Response | Promise<Response>,
): AsyncDisposable & { url: string } {
  const stop = new AbortController();
  let count = 0;
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    signal: stop.signal,
    onListen() {},
    onError: () => new Response(null, { status: 500 }),
  }, (request) => {
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.get("range") ?? "")!;
    if (!request.url.includes("moved")) count++;
    return respond({ file, first: Number(first), last: Number(last), count, url: request.url });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}/file?signature=secret`,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await server.finished;
    },
  };
}

/** What is wrong with an outcome; undefined where it is as it should be. */
function fault(codes: readonly string[], outcome: Uint8Array | Error): string | undefined {
  if (outcome instanceof Error) {
    if (Deno.inspect(outcome).includes("secret")) return `shows the signature: ${outcome.message}`;
    if (!(outcome instanceof SluiceError)) return `${outcome}`;
    const expected = codes.includes("*") || codes.includes(outcome.code);
    return expected ? undefined : `${outcome.code}: ${outcome.message}`;
  }
  if (codes.length > 0 && !codes.includes("content")) return "gave content";
  const same = outcome.length === CONTENT.length && outcome.every((byte, i) => byte === CONTENT[i]);
  return same ? undefined : `gave ${outcome.length} other bytes`;
}

Deno.test("no server makes a reader hang, give wrong bytes or leak a secret", async () => {
  const directory = await Deno.makeTempDir();
  const failures: string[] = [];
  let cases = 0;
  let contents = 0;
  for (const [module, { file, read }] of Object.entries(await readers(`${directory}/target`))) {
    for (const [name, { answer, codes }] of Object.entries(SERVERS)) {
      await using server = serve(file, answer);
      const started = performance.now();
      let outcome: Uint8Array | Error;
      try {
        const source = await byteSourceFromUrl(server.url, {
          retryDelayMs: 1,
          stallTimeoutMs: 100,
          retries: 2,
        });
        outcome = await read(source);
        contents++;
      } catch (error) {
        outcome = error as Error;
      }
      const wrong = fault(codes, outcome);
      if (wrong !== undefined) failures.push(`${module}, ${name}: ${wrong}`);
      const seconds = (performance.now() - started) / 1000;
      if (seconds > 20) failures.push(`${module}, ${name}: took ${Math.round(seconds)} s`);
      cases++;
    }
  }
  await Deno.remove(directory, { recursive: true });
  console.log(`hostile servers: ${cases} cases, ${contents} with content, ${failures.length} failed`);
  assertEquals(failures, []);
  assert(contents > 40);
});
