/**
 * Protocol 1 as a server: four requests, exactly as the original program answers them where it answers well.
 */
import { SluiceError } from "@sluice/internal";
import { isBlockDevice, isDirectory, isRegular, newTable } from "../file/_block_file.ts";
import { PDIFF_BLOCK_SIZE } from "../file/_defaults.ts";
import { hashOf } from "../file/_hash_registry.ts";
import type { ServerContext } from "./_server_context.ts";
import {
  badRequest,
  BLOCK_MIN,
  bodyChunks,
  numberParameter,
  parseQuery,
  Refusal,
  required,
} from "./_server_request.ts";
import { fileStream, streamOf } from "./_server_stream.ts";
import { formatHashLines } from "../wire/_v1_lines.ts";

const BODY_SIZE_MAX = 256 << 20;
/** Bytes that are hashed before their lines are sent. */
const STRIDE = 64 << 20;
const MAX = Number.MAX_SAFE_INTEGER;

/** What each path answers to. */
const METHODS: Readonly<Record<string, readonly string[]>> = {
  "/info": ["GET", "HEAD", "OPTIONS"],
  "/hashes": ["GET", "HEAD", "OPTIONS"],
  "/blocks": ["GET", "POST", "OPTIONS"],
  "/resize": ["POST", "OPTIONS"],
};

/** Whether a path belongs to this protocol. */
export function isV1(pathname: string): boolean {
  return Object.hasOwn(METHODS, pathname);
}

const EMPTY_PAGE = { "content-type": "text/html; charset=utf-8", "content-length": "0" };

/** Answers one request. */
export async function answerV1(context: ServerContext, request: Request, url: URL): Promise<Response> {
  const methods = METHODS[url.pathname]!;
  const allow = methods.join(", ");
  if (!methods.includes(request.method)) {
    throw new Refusal(405, "UNSUPPORTED", "the method is not allowed", { allow });
  }
  if (request.method === "OPTIONS") return new Response(null, { headers: { ...EMPTY_PAGE, allow } });
  const query = parseQuery(url.search);
  const filename = required(query, "filename");
  switch (`${request.method} ${url.pathname}`) {
    case "POST /blocks":
      return await writeBlock(context, request, query, filename);
    case "POST /resize":
      return await resize(context, query, filename);
    case "GET /blocks":
      return await readBlock(context, query, filename);
    case "GET /info":
    case "HEAD /info":
      return info(context, request, filename);
    default:
      return await hashes(context, request, query, filename);
  }
}

function info(context: ServerContext, request: Request, filename: string): Response {
  try {
    using file = context.root.look(filename);
    const { mode, size } = file.status();
    if (!isRegular(mode) && !isBlockDevice(mode) && !isDirectory(mode)) {
      throw new Refusal(400, "IO", "the name is not that of a file");
    }
    const body = `{"size":${size}}\n`;
    const headers = { "content-type": "application/json", "content-length": `${body.length}` };
    return new Response(request.method === "HEAD" ? null : body, { headers });
  } catch (error) {
    if (!(error instanceof SluiceError) || error.code !== "NOT_FOUND") throw error;
    return new Response(null, { status: 404, headers: EMPTY_PAGE });
  }
}

async function hashes(
  context: ServerContext,
  request: Request,
  query: ReadonlyMap<string, string>,
  filename: string,
): Promise<Response> {
  const blockSize = numberParameter(query, "block_size", BLOCK_MIN, BODY_SIZE_MAX, PDIFF_BLOCK_SIZE);
  const concurrency = numberParameter(query, "concurrency", 1, MAX, 1);
  const hash = hashOf(required(query, "method"));
  const threads = Math.min(concurrency, context.threads);
  const file = await context.root.read(filename);
  const { size, version } = file.status();
  // No layer may compress what is read line by line.
  const headers = { "content-type": "text/plain; charset=utf-8", "cache-control": "no-transform" };
  if (request.method === "HEAD") {
    file.close();
    return new Response(null, { headers });
  }
  const stride = Math.max(1, Math.floor(STRIDE / blockSize)) * blockSize;
  let at = 0;
  return new Response(
    streamOf(file, async (controller) => {
      if (at < size) {
        const end = Math.min(size, at + stride);
        const table = newTable(end - at, blockSize, hash, at);
        using _ = await context.hashTurns.enter(request.signal);
        await file.hash(at, end, table, threads);
        controller.enqueue(new TextEncoder().encode(formatHashLines(table, at, end)));
        at = end;
      }
      if (at < size) return false;
      if (file.status().version !== version) throw new Error("Cannot go on hashing: the file changed");
      return true;
    }),
    { headers },
  );
}

async function readBlock(
  context: ServerContext,
  query: ReadonlyMap<string, string>,
  filename: string,
): Promise<Response> {
  const offset = numberParameter(query, "offset", 0, MAX);
  const wanted = numberParameter(query, "size", 0, BODY_SIZE_MAX);
  const file = await context.root.read(filename);
  const { size } = file.status();
  const end = Math.max(offset, Math.min(size, offset + wanted));
  const headers = { "content-type": "application/octet-stream", "content-length": `${end - offset}` };
  return new Response(fileStream(file, offset, end), { headers });
}

async function writeBlock(
  context: ServerContext,
  request: Request,
  query: ReadonlyMap<string, string>,
  filename: string,
): Promise<Response> {
  const offset = numberParameter(query, "offset", 0, MAX - BODY_SIZE_MAX);
  using file = context.root.write(filename);
  context.noteV1Write(filename);
  let at = offset;
  for await (const chunk of bodyChunks(request, { ...context.bodyLimits, sizeMax: BODY_SIZE_MAX })) {
    await file.write(at, chunk);
    at += chunk.length;
  }
  return new Response(null, { headers: EMPTY_PAGE });
}

async function resize(
  context: ServerContext,
  query: ReadonlyMap<string, string>,
  filename: string,
): Promise<Response> {
  const size = numberParameter(query, "size", 0, MAX);
  if (filename.endsWith("/")) throw badRequest("the name is that of a directory");
  using file = context.root.create(filename);
  await file.resize(size);
  return new Response(null, { headers: EMPTY_PAGE });
}
