/**
 * Protocol 2 as a server: which answer belongs to which request, and what there is.
 */
import { isBlockDevice, isDirectory, isRegular } from "../file/_block_file.ts";
import { setsOwners } from "../copy/_tree_target.ts";
import { HASH_NAMES } from "../file/_hash_registry.ts";
import { foundBlocks, signedBlocks } from "./_block_answers.ts";
import { delta, openVersion, signature } from "./_frame_answers.ts";
import type { ServerContext } from "./_server_context.ts";
import { answerRights } from "./_server_rights.ts";
import { BLOCK_MAX, BLOCK_MIN, parseQuery, readJson, Refusal, required } from "./_server_request.ts";
import type { ServerSessions } from "./_server_sessions.ts";
import { fileStream } from "./_server_stream.ts";
import { answerSession, FRAMES_SIZE_MAX } from "./_session_answers.ts";
import { readSmallFiles, writeSmallFiles } from "./_small_file_answers.ts";
import { changeTree, directoryNames, listing } from "./_tree_answers.ts";

/** Answers one request. */
export async function answerV2(
  context: ServerContext,
  sessions: ServerSessions,
  request: Request,
  url: URL,
): Promise<Response> {
  const query = parseQuery(url.search, true);
  const session = /^\/v2\/sessions\/([0-9a-f]{32})(?:\/(signature|frames|pieces|blocks|commit))?$/.exec(
    url.pathname,
  );
  if (session !== null) {
    return await answerSession(context, sessions, request, query, session[1]!, session[2] ?? "");
  }
  switch (`${request.method} ${url.pathname}`) {
    case "GET /v2/caps":
      return Response.json(capabilities(context));
    case "GET /v2/rights":
      return answerRights(context, query);
    case "GET /v2/stat":
      return stat(context, query);
    case "GET /v2/file":
      return await readRange(context, request, query);
    case "GET /v2/tree":
      return listing(context, request, query);
    case "POST /v2/tree":
      return await changeTree(context, request, query);
    case "POST /v2/tree/names":
      return await directoryNames(context, request, query);
    case "POST /v2/files/read":
      return await readSmallFiles(context, request, query);
    case "POST /v2/files/write":
      return await writeSmallFiles(context, request, query);
    case "POST /v2/blocks":
      return await signedBlocks(context, request, query);
    case "POST /v2/search":
      return await foundBlocks(context, request, query);
    case "POST /v2/signature":
      return await signature(context, request, query);
    case "POST /v2/delta":
      return await delta(context, request, query);
    case "POST /v2/sessions":
      // Before the body: a client that may not write need not send it.
      context.root.checkWritable();
      return Response.json(await sessions.create(await readJson(request, context.bodyLimits)));
    default:
      throw new Refusal(404, "NOT_FOUND", "there is no such request");
  }
}

function capabilities(context: ServerContext): Record<string, unknown> {
  const features = [
    "signature",
    "delta",
    "session",
    "holes",
    "read",
    "tree",
    "moved-blocks",
    "tree-changes",
    "tree-top",
    "tree-outline",
    "tree-specials",
    "rights",
  ];
  if (context.root.hasSmallFiles) features.push("small-files");
  if (setsOwners()) features.push("tree-owners");
  return {
    protocol: 2,
    server: "sluice",
    hashes: HASH_NAMES,
    codecs: ["none", "zstd"],
    blockMin: BLOCK_MIN,
    blockMax: BLOCK_MAX,
    maxBodyBytes: FRAMES_SIZE_MAX,
    writable: context.writable,
    features,
    threads: context.threads,
  };
}

function stat(context: ServerContext, query: ReadonlyMap<string, string>): Response {
  const path = required(query, "path");
  using file = context.root.look(path);
  const { size, mtimeNs, mode, version } = file.status();
  const kind = isRegular(mode)
    ? "file"
    : isDirectory(mode)
    ? "dir"
    : isBlockDevice(mode)
    ? "device"
    : "other";
  const mixed = kind === "file" && context.root.isMixed(path, mode);
  return Response.json({
    size,
    mtimeNs: `${mtimeNs}`,
    mode: mode & 0o7777,
    kind,
    etag: `"${version}"`,
    mixed,
  });
}

/** Content by HTTP's own ranges. */
async function readRange(
  context: ServerContext,
  request: Request,
  query: ReadonlyMap<string, string>,
): Promise<Response> {
  const file = await openVersion(context, request, query);
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
