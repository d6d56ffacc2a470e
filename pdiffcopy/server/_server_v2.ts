/**
 * Protocol 2 as a server: what there is, digests, frames.
 */
import { SluiceError } from "@sluice/internal";
import { digestsOf, newTable } from "../file/_block_file.ts";
import type { BlockFile, Table } from "../file/_block_file.ts";
import { digestOfBlocks } from "../file/_digest.ts";
import { chunkIndex } from "../index/_index_builder.ts";
import { sourceOf } from "../index/_index_source.ts";
import { fileStream } from "./_server_stream.ts";
import { FRAME, FRAME_HEADER_SIZE, makeEnd, makeFrame, readFrame } from "../file/_frames.ts";
import { PLAIN, ZstdFrames } from "../copy/_frame_codec.ts";
import type { FrameCodec } from "../copy/_frame_codec.ts";
import { HASH_NAMES, hashOf } from "../file/_hash_registry.ts";
import { frameBufferSize } from "../copy/_local_source.ts";
import type { ServerContext } from "./_server_context.ts";
import {
  badRequest,
  numberParameter,
  parseQuery,
  readBody,
  readJson,
  Refusal,
  required,
} from "./_server_request.ts";
import { formatEntry, listTree } from "../client/_tree_list.ts";
import type { ServerSessions } from "./_server_sessions.ts";

const BLOCK_MIN = 512;
const BLOCK_MAX = 64 << 20;
/** Digests of one request: 64 MiB, which is 4 million blocks. */
const SIGNATURE_SIZE_MAX = 64 << 20;
const LISTING_CHUNK = 64 << 10;
const FRAMES_SIZE_MAX = (64 << 20) + (1 << 20);

/** The range and the blocks that a request speaks of. */
interface RangeQuery {
  readonly start: number;
  readonly end: number;
  readonly table: Table;
}

function json(value: unknown, status = 200): Response {
  return Response.json(value, { status });
}

/** Answers one request. */
export async function answerV2(
  context: ServerContext,
  sessions: ServerSessions,
  request: Request,
  url: URL,
): Promise<Response> {
  const query = parseQuery(url.search);
  const session = /^\/v2\/sessions\/([0-9a-f]{32})(?:\/(signature|frames|commit))?$/.exec(url.pathname);
  if (session !== null) {
    return await answerSession(context, sessions, request, query, session[1]!, session[2] ?? "");
  }
  switch (`${request.method} ${url.pathname}`) {
    case "GET /v2/caps":
      return json(capabilities(context));
    case "GET /v2/stat":
      return stat(context, query);
    case "GET /v2/file":
      return readRange(context, request, query);
    case "GET /v2/tree":
      return tree(context, query);
    case "GET /v2/index":
      return await chunksOfFile(context, request, query);
    case "POST /v2/signature":
      return await signature(context, request, query);
    case "POST /v2/delta":
      return await delta(context, request, query);
    case "POST /v2/sessions":
      return json(await sessions.create(await readJson(request, context.bodyLimits)));
    default:
      throw new Refusal(404, "NOT_FOUND", "there is no such request");
  }
}

function capabilities(context: ServerContext): Record<string, unknown> {
  return {
    protocol: 2,
    server: "sluice",
    hashes: HASH_NAMES,
    codecs: ["none", "zstd"],
    blockMin: BLOCK_MIN,
    blockMax: BLOCK_MAX,
    maxBodyBytes: FRAMES_SIZE_MAX,
    writable: context.writable,
    features: ["signature", "delta", "session", "holes", "cdc", "read", "tree"],
    threads: context.threads,
  };
}

const KINDS: Readonly<Record<number, string>> = { 0o100000: "file", 0o040000: "dir", 0o060000: "device" };

function stat(context: ServerContext, query: ReadonlyMap<string, string>): Response {
  using file = context.root.look(required(query, "path"));
  const { size, mtimeNs, mode, version } = file.status();
  return json({
    size,
    mtimeNs: `${mtimeNs}`,
    mode: mode & 0o7777,
    kind: KINDS[mode & 0o170000] ?? "other",
    etag: `"${version}"`,
  });
}

/** Opens the file that a request names, which must be the version that it names. */
function openVersion(
  context: ServerContext,
  request: Request,
  query: ReadonlyMap<string, string>,
): BlockFile {
  const file = context.root.read(required(query, "path"));
  const wanted = request.headers.get("if-match");
  if (wanted === null || wanted === `"${file.status().version}"`) return file;
  file.close();
  throw new Refusal(412, "SOURCE_CHANGED", "the file is not that version any more");
}

function rangeOf(query: ReadonlyMap<string, string>, size: number): RangeQuery {
  const blockSize = numberParameter(query, "block", BLOCK_MIN, BLOCK_MAX);
  const hash = hashOf(required(query, "hash"), query.get("seed") ?? "");
  const start = numberParameter(query, "from", 0, size, 0);
  const end = numberParameter(query, "to", start, size, size);
  if (start % blockSize !== 0) throw badRequest("the range does not start with a block");
  if ((end - start) / blockSize * hash.digestSize > SIGNATURE_SIZE_MAX) {
    throw badRequest("the range has too many blocks");
  }
  return { start, end, table: newTable(end - start, blockSize, hash, start) };
}

/** Content by HTTP's own ranges. */
function readRange(context: ServerContext, request: Request, query: ReadonlyMap<string, string>): Response {
  const file = context.root.read(required(query, "path"));
  const { size, version } = file.status();
  const etag = `"${version}"`;
  const condition = request.headers.get("if-range");
  const match = /^bytes=([0-9]{1,16})-([0-9]{0,16})$/.exec(request.headers.get("range") ?? "");
  let [start, end] = [0, size];
  const headers: Record<string, string> = {
    etag,
    "accept-ranges": "bytes",
    "content-type": "application/octet-stream",
  };
  const partial = match !== null && (condition === null || condition === etag);
  if (partial) {
    start = Number(match[1]);
    end = match[2] === "" ? size : Math.min(size, Number(match[2]) + 1);
    if (!(start < end)) {
      file.close();
      return new Response(null, { status: 416, headers: { "content-range": `bytes */${size}` } });
    }
    headers["content-range"] = `bytes ${start}-${end - 1}/${size}`;
  }
  headers["content-length"] = `${end - start}`;
  return new Response(fileStream(file, start, end), { status: partial ? 206 : 200, headers });
}

/** Everything below a directory, one line an entry; the last line is a dot. */
function tree(context: ServerContext, query: ReadonlyMap<string, string>): Response {
  const entries = listTree(context.root.directory(required(query, "path")));
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    pull(controller): void {
      let text = "";
      while (text.length < LISTING_CHUNK) {
        const { value, done } = entries.next();
        if (done) {
          controller.enqueue(encoder.encode(`${text}.`));
          return controller.close();
        }
        text += formatEntry(value);
      }
      controller.enqueue(encoder.encode(text));
    },
  }, { highWaterMark: 0 });
  return new Response(body, {
    headers: { "content-type": "application/x-ndjson", "cache-control": "no-transform" },
  });
}

/** Where chunks of a file end that follow its content, and their digests. */
async function chunksOfFile(
  context: ServerContext,
  request: Request,
  query: ReadonlyMap<string, string>,
): Promise<Response> {
  const average = 2 ** numberParameter(query, "bits", 12, 24, 16);
  using file = openVersion(context, request, query);
  using _ = await context.hashTurns.enter();
  return frameResponse(await chunkIndex(sourceOf(file), average, context.threads, request.signal));
}

async function signature(
  context: ServerContext,
  request: Request,
  query: ReadonlyMap<string, string>,
): Promise<Response> {
  using file = openVersion(context, request, query);
  const { start, end, table } = rangeOf(query, file.status().size);
  using _ = await context.hashTurns.enter();
  await file.hash(start, end, table, context.threads);
  return frameResponse(signatureFrame(table, start, end));
}

function signatureFrame(table: Table, start: number, end: number): Uint8Array<ArrayBuffer> {
  return makeFrame(FRAME.SIG, start / table.blockSize, digestsOf(table, start, end));
}

function frameResponse(body: BodyInit): Response {
  return new Response(body, {
    headers: { "content-type": "application/octet-stream", "cache-control": "no-transform" },
  });
}

/** Takes digests of the client's file; returns up to where they go. */
function takeDigests(body: Uint8Array<ArrayBuffer>, { start, end, table }: RangeQuery): number {
  if (body.length === 0) return start;
  const { blockSize, hash } = table;
  const frame = body.length >= FRAME_HEADER_SIZE ? readFrame(body, 0) : undefined;
  const known = frame === undefined
    ? 0
    : Math.min(end, start + frame.payload.length / hash.digestSize * blockSize);
  const fits = frame?.type === FRAME.SIG && frame.end === body.length &&
    frame.position === start / blockSize &&
    frame.payload.length % hash.digestSize === 0 &&
    frame.payload.length <= digestsOf(table, start, end).length;
  if (!fits) throw badRequest("the digests do not fit the range");
  digestsOf(table, start, known).set(frame!.payload);
  return known;
}

function codecOf(query: ReadonlyMap<string, string>): FrameCodec {
  const name = query.get("codec") ?? "none";
  if (name === "none") return PLAIN;
  if (name === "zstd") return new ZstdFrames(numberParameter(query, "level", 1, 19, 1));
  throw badRequest(`the codec "${name}" is not known`);
}

async function delta(
  context: ServerContext,
  request: Request,
  query: ReadonlyMap<string, string>,
): Promise<Response> {
  const file = openVersion(context, request, query);
  try {
    const { size, version } = file.status();
    const range = rangeOf(query, size);
    const codec = codecOf(query);
    const limits = { ...context.bodyLimits, sizeMax: SIGNATURE_SIZE_MAX + FRAME_HEADER_SIZE };
    const knownEnd = takeDigests(await readBody(request, limits), range);
    return frameResponse(deltaStream(context, file, version, range, knownEnd, codec));
  } catch (error) {
    file.close();
    throw error;
  }
}

/** Frames as they are read; ends with END, or with ERROR when something went wrong on the way. */
function deltaStream(
  context: ServerContext,
  file: BlockFile,
  version: string,
  { start, end, table }: RangeQuery,
  knownEnd: number,
  codec: FrameCodec,
): ReadableStream<Uint8Array> {
  let at = start;
  let bytes = 0;
  return new ReadableStream({
    async pull(controller): Promise<void> {
      try {
        if (at < end) {
          const buffer = new Uint8Array(frameBufferSize(table.blockSize));
          using _ = await context.hashTurns.enter();
          const { next, produced } = await file.compare(at, end, knownEnd, table, buffer);
          const frames = await codec.encode(buffer.subarray(0, produced), table);
          bytes += frames.length;
          at = next;
          controller.enqueue(frames);
          return;
        }
        if (file.status().version !== version) {
          throw new Refusal(412, "SOURCE_CHANGED", "the file changed meanwhile");
        }
        controller.enqueue(makeEnd(end, { bytes, digest: digestOfBlocks(table, start, end) }));
      } catch (error) {
        const code = error instanceof SluiceError || error instanceof Refusal ? error.code : "SERVER";
        const message = error instanceof Refusal ? error.message : "the file can not be read to its end";
        controller.enqueue(
          makeFrame(FRAME.ERROR, 0, new TextEncoder().encode(JSON.stringify({ code, message }))),
        );
      }
      file.close();
      controller.close();
    },
    cancel(): void {
      file.close();
    },
  }, { highWaterMark: 0 });
}

async function answerSession(
  context: ServerContext,
  sessions: ServerSessions,
  request: Request,
  query: ReadonlyMap<string, string>,
  id: string,
  action: string,
): Promise<Response> {
  const session = sessions.get(id);
  using _use = sessions.use(session);
  switch (`${request.method} ${action}`) {
    case "GET ":
      return json(session.state());
    case "DELETE ":
      await sessions.abort(id);
      return json({});
    case "POST signature": {
      const { start, end } = session.range(query);
      using _ = await context.hashTurns.enter();
      return frameResponse(signatureFrame(await session.digests(start, end), start, end));
    }
    case "PUT frames": {
      const { start, end } = session.range(query);
      const body = await readBody(request, {
        ...context.bodyLimits,
        sizeMax: FRAMES_SIZE_MAX + session.blockSize,
      });
      return json(await session.apply(start, end, body));
    }
    case "POST commit":
      return json(await sessions.commit(id, await readJson(request, context.bodyLimits)));
    default:
      throw new Refusal(405, "UNSUPPORTED", "the method is not allowed");
  }
}
