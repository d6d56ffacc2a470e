/**
 * What an edge function does with sluice, without native code, files or subprocesses: it takes uploads that are
 * compressed with zstd, dcz or lz4 and serves responses in the encoding that the client wants most.
 *
 * Run `deno serve --allow-net examples/edge/main.ts`, then for example
 * `sluice zstd -c FILE | curl --data-binary @- -H 'content-type: application/zstd' localhost:8000/decode`.
 */
import { DczDictionary, withZstd } from "@sluice/zstd/http";
import { ZstdDecompressionStream } from "@sluice/zstd/decode";
import { Lz4DecompressionStream } from "@sluice/lz4";
import { SluiceError } from "@sluice/lz4";

/** The most bytes that an upload may decode to. */
const MAX_OUTPUT_SIZE = 64 << 20;
/** The largest window that a zstd upload may ask for, as its logarithm: 8 MiB. */
const MAX_WINDOW_LOG = 23;

/** The report that is served, and its last version, which clients keep as a dictionary for the next. */
const REPORT = makeReport(2);
const LAST_REPORT = new TextEncoder().encode(makeReport(1));

function makeReport(version: number): string {
  const rows = Array.from({ length: 5000 }, (_, i) => `${i}\t${(i * i * 7919) % 100_003}\tregion ${i % 17}`);
  return [`report ${version}`, ...rows].join("\n");
}

/** The decoder for an upload that is a compressed file; undefined for any other. */
function decoderOf(
  contentType: string | null,
): ReadableWritablePair<Uint8Array<ArrayBuffer>, BufferSource> | undefined {
  if (contentType === "application/zstd") {
    return new ZstdDecompressionStream({ maxOutputSize: MAX_OUTPUT_SIZE, maxWindowLog: MAX_WINDOW_LOG });
  }
  return contentType === "application/x-lz4"
    ? new Lz4DecompressionStream({ maxOutputSize: MAX_OUTPUT_SIZE })
    : undefined;
}

/** Reads a decoder's output to its end through one buffer, so that no memory is left for the collector. */
async function countDecoded(body: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<number> {
  const reader = body.getReader({ mode: "byob" });
  let buffer = new Uint8Array(64 << 10);
  let size = 0;
  while (true) {
    const { value, done } = await reader.read(buffer);
    if (done) return size;
    size += value.length;
    buffer = new Uint8Array(value.buffer);
  }
}

/** Reads any other body to its end: what a runtime hands over need not be a byte stream. */
async function count(body: ReadableStream<Uint8Array>): Promise<number> {
  let size = 0;
  for await (const chunk of body) size += chunk.length;
  return size;
}

/** Counts what an upload decodes to; nothing is kept of it. */
async function measure(request: Request): Promise<Response> {
  const { body } = request;
  const decoder = decoderOf(request.headers.get("content-type"));
  let size = 0;
  try {
    if (body !== null) {
      size = decoder === undefined ? await count(body) : await countDecoded(body.pipeThrough(decoder));
    }
  } catch (error) {
    if (!(error instanceof SluiceError) || decoder === undefined) throw error; // withZstd answers for encodings
    return Response.json({ error: error.code, offset: error.offset }, { status: 400 });
  }
  return Response.json({ size });
}

/** Sends an upload back as it decodes: a fault in the middle breaks the response off. */
function decode(request: Request): Response {
  const decoder = decoderOf(request.headers.get("content-type"));
  const body = decoder === undefined ? request.body : request.body?.pipeThrough(decoder);
  return new Response(body ?? null, { headers: { "content-type": "application/octet-stream" } });
}

function route(request: Request): Response | Promise<Response> {
  const { pathname } = new URL(request.url);
  // withZstd has taken off the encodings that it knows.
  const encoding = request.headers.get("content-encoding");
  if (encoding !== null) return new Response(`encoding ${encoding} is not known`, { status: 415 });
  if (request.method === "POST" && pathname === "/measure") return measure(request);
  if (request.method === "POST" && pathname === "/decode") return decode(request);
  if (pathname === "/report") return new Response(REPORT, { headers: { "content-type": "text/plain" } });
  if (pathname === "/dictionary") {
    return new Response(LAST_REPORT, { headers: { "use-as-dictionary": 'match="/report"' } });
  }
  return new Response("not here", { status: 404 });
}

let handler: ((request: Request) => Promise<Response>) | undefined;

export default {
  /** Answers a request; the dictionary is digested at the first. */
  async fetch(request: Request): Promise<Response> {
    handler ??= withZstd(route, { dictionaries: [await DczDictionary.from(LAST_REPORT)] });
    return await handler(request);
  },
} satisfies Deno.ServeDefaultExport;
