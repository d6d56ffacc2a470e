/**
 * Many small files in one request, by protocol 2.
 */
import { BATCH_COUNT, readBatch, RECORDS_SIZE_MAX, writeBatch } from "../copy/_small_files.ts";
import { hashOf } from "../file/_hash_registry.ts";
import type { HashSpec } from "../file/_hash_registry.ts";
import { fitsRecords } from "../kernel/small_files.ts";
import { frameResponse } from "./_frame_answers.ts";
import type { ServerContext } from "./_server_context.ts";
import { badRequest, numberParameter, readBody, readJson, Refusal, required } from "./_server_request.ts";

const PATHS_SIZE_MAX = 8 << 20;

function hashQuery(query: ReadonlyMap<string, string>): HashSpec {
  const hash = hashOf(required(query, "hash"), query.get("seed") ?? "");
  if (fitsRecords(hash)) return hash;
  throw badRequest("the digests of the hash are too long");
}

/** Records of the files that a client names. */
export async function readSmallFiles(
  context: ServerContext,
  request: Request,
  query: ReadonlyMap<string, string>,
): Promise<Response> {
  const { paths } = await readJson(request, context.bodyLimits, PATHS_SIZE_MAX);
  const isList = Array.isArray(paths) && paths.length <= BATCH_COUNT &&
    paths.every((path) => typeof path === "string");
  if (!isList) throw badRequest('"paths" is no list of names');
  using directory = context.root.directory(required(query, "path"));
  if (directory.smallFiles === undefined) throw new Refusal(404, "NOT_FOUND", "there is no such request");
  using _ = await context.hashTurns.enter(request.signal);
  const content = numberParameter(query, "content", 0, 1, 1) === 1;
  return frameResponse(await readBatch(directory, paths as string[], hashQuery(query), content));
}

/** Writes the files of records that a client sends. */
export async function writeSmallFiles(
  context: ServerContext,
  request: Request,
  query: ReadonlyMap<string, string>,
): Promise<Response> {
  const path = required(query, "path");
  context.root.checkWritable(path);
  const mode = numberParameter(query, "mode", 0, 1, 0) === 1;
  const time = numberParameter(query, "time", 0, 1, 0) === 1;
  const replace = numberParameter(query, "replace", 0, 1, 0) === 1;
  const hash = hashQuery(query);
  const records = await readBody(request, { ...context.bodyLimits, sizeMax: RECORDS_SIZE_MAX });
  using directory = context.root.writableDirectory(path);
  if (directory.smallFiles === undefined) throw new Refusal(404, "NOT_FOUND", "there is no such request");
  const written = await writeBatch(directory, records, hash, {
    durable: context.durable,
    mode,
    time,
    replace,
  });
  return Response.json({ written });
}
