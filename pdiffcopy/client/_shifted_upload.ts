/**
 * Uploads by chunks: the server copies what its old file has, wherever it is there, and gets the rest.
 */
import { concatBytes, SluiceError } from "@sluice/internal";
import { newTable } from "../file/_block_file.ts";
import type { Table } from "../file/_block_file.ts";
import { FRAME, makeFrame, writeSafe } from "../file/_frames.ts";
import { hashOf, randomSeed } from "../file/_hash_registry.ts";
import type { PdiffLocation } from "../file/location.ts";
import { RateLimiter } from "../file/_rate_limit.ts";
import { retrying } from "../file/_retry.ts";
import type { RetryPolicy } from "../file/_retry.ts";
import { runParts } from "../file/_run_parts.ts";
import type { Part } from "../copy/_engine.ts";
import type { CopySource, SideStatus } from "../copy/_sides.ts";
import type { IndexCopyOutcome } from "../index/_index_copy.ts";
import { chunkAt, readIndex } from "../index/_index_format.ts";
import type { IndexModel } from "../index/_index_format.ts";
import type { ChunkOrigin } from "../index/_index_source.ts";
import type { HttpPeer } from "../wire/_http.ts";
import { RemoteTarget } from "../wire/_remote_target.ts";
import { fetchIndex, statRemoteFile } from "../wire/_remote_v2.ts";
import { isSameDigest } from "../file/_digest.ts";
import type { PdiffClientOptions } from "./client_options.ts";
import type { ProgressReport } from "./_progress.ts";

/** Blocks of the table that the end of the upload is verified by. */
const TABLE_BLOCK = 1 << 20;
/** Content of one request. */
const PIECE_SIZE = 8 << 20;

/** One upload. */
export interface ShiftedUpload {
  readonly target: PdiffLocation;
  readonly concurrency: number;
  readonly options: PdiffClientOptions;
  readonly policy: RetryPolicy;
  readonly peer: HttpPeer;
  readonly chunkSize: number;
  readonly report: ProgressReport;
  readonly chunked: {
    readonly side: CopySource;
    readonly status: SideStatus;
    readonly model: IndexModel;
    readonly origin: ChunkOrigin;
  };
}

/** Chunks that the server has: offsets in its old file by digest, and offsets in its part that hold their chunk. */
class ServerChunks {
  readonly #old = new Map<string, number>();
  readonly #part = new Map<number, Uint8Array>();
  /** Bytes of the old file; undefined where there is none. */
  oldSize: number | undefined;

  addOld(model: IndexModel): void {
    this.oldSize = model.size;
    for (let i = 0; i < model.count; i++) this.#old.set(digestAt(model, i).toHex(), model.offsets[i]!);
  }

  addPart(model: IndexModel): void {
    for (let i = 0; i < model.count; i++) this.#part.set(model.offsets[i]!, digestAt(model, i));
  }

  /** Where the server has a chunk that goes to an offset; undefined where it does not. */
  find(
    digest: Uint8Array,
    offset: number,
  ): { readonly isPart: boolean; readonly offset: number } | undefined {
    const there = this.#part.get(offset);
    if (there !== undefined && isSameDigest(there, digest)) return { isPart: true, offset };
    const found = this.#old.get(digest.toHex());
    return found === undefined ? undefined : { isPart: false, offset: found };
  }
}

function digestAt({ digests, digestSize }: IndexModel, index: number): Uint8Array {
  return digests.subarray(index * digestSize, (index + 1) * digestSize);
}

/** What the old file of the server has. */
async function oldChunks({ peer, target, chunkSize }: ShiftedUpload): Promise<ServerChunks> {
  const chunks = new ServerChunks();
  try {
    const { version } = await statRemoteFile(peer, target.filename);
    const index = await fetchIndex(peer, "/v2/index", { path: target.filename }, chunkSize, version);
    chunks.addOld(readIndex(index));
  } catch (error) {
    // A file that an earlier copy left mixed is no source, and has no chunks that last.
    if (!(error instanceof SluiceError) || !["NOT_FOUND", "DIRTY"].includes(error.code)) throw error;
  }
  return chunks;
}

/** Bytes of chunks that the server lacks, and whether its file is the same. */
function outcomeOf(
  { model }: ShiftedUpload["chunked"],
  chunks: ServerChunks,
): { fetched: number; equal: boolean } {
  let fetched = 0;
  let equal = chunks.oldSize === model.size;
  for (let i = 0; i < model.count; i++) {
    const found = chunks.find(digestAt(model, i), model.offsets[i]!);
    if (found === undefined) fetched += model.offsets[i + 1]! - model.offsets[i]!;
    if (found?.offset !== model.offsets[i]) equal = false;
  }
  return { fetched, equal };
}

/** Does the upload, or finds out what it would take. */
export async function uploadByModel(upload: ShiftedUpload): Promise<IndexCopyOutcome> {
  const { chunked, options, peer, target } = upload;
  const chunks = await oldChunks(upload);
  const { model, status } = chunked;
  const before = outcomeOf(chunked, chunks);
  if (options.dryRun === true || before.equal) return { ...before, written: 0, resumed: false };
  const table = newTable(model.size, TABLE_BLOCK, hashOf("xxh3-128", randomSeed()));
  const { replace = "auto" } = options;
  const plan = {
    size: model.size,
    replace,
    source: chunked.side.label,
    table,
    mode: status.mode,
    fresh: true,
    verifyWritten: options.verifyWritten,
  };
  const session = await RemoteTarget.open(peer, target.filename, plan, undefined);
  try {
    if (session.resumed) chunks.addPart(readIndex(await session.partIndex(upload.chunkSize)));
    const fetched = await sendPieces(upload, chunks, session, table);
    await chunked.side.finish(table);
    await session.commit(table);
    return { fetched, written: model.size, resumed: session.resumed, equal: false };
  } catch (error) {
    await session.abort(error);
    throw error;
  }
}

async function sendPieces(
  { chunked, concurrency, options, policy, report }: ShiftedUpload,
  chunks: ServerChunks,
  session: RemoteTarget,
  table: Table,
): Promise<number> {
  const { model, side, origin } = chunked;
  const { signal, maxBytesPerSecond = Infinity } = options;
  const limiter = new RateLimiter(maxBytesPerSecond);
  let fetched = 0;
  await runParts({
    concurrency,
    parts: piecesOf(model.size),
    signal,
    async work({ start, end }: Part, stop: AbortSignal): Promise<void> {
      await retrying(policy, signal, async () => {
        await side.digests(start, end, table);
        const { body, literal } = await composePiece(model, origin, chunks, start, end, signal);
        await limiter.take(body.length, stop);
        await session.compose(start, end, body);
        policy.progress.reach(start, end);
        fetched += literal;
        report.step(end - start, end - start);
      });
    },
  });
  return fetched;
}

function* piecesOf(size: number): Generator<Part> {
  for (let start = 0; start < size; start += PIECE_SIZE) {
    yield { start, end: Math.min(size, start + PIECE_SIZE) };
  }
}

/** A range that the server has, in its old file or in its part. */
interface Run {
  readonly start: number;
  readonly offset: number;
  readonly isPart: boolean;
  length: number;
}

function copyFrame({ start, offset, isPart, length }: Run): Uint8Array<ArrayBuffer> {
  const payload = new Uint8Array(16);
  writeSafe(payload, 0, offset);
  writeSafe(payload, 8, length);
  return makeFrame(FRAME.COPY, start, payload, isPart ? 1 : 0);
}

/** Frames that put a range together: copies of what the server has, as long as they can be, and literal bytes. */
async function composePiece(
  model: IndexModel,
  origin: ChunkOrigin,
  chunks: ServerChunks,
  start: number,
  end: number,
  signal: AbortSignal | undefined,
): Promise<{ readonly body: Uint8Array<ArrayBuffer>; readonly literal: number }> {
  const frames: Uint8Array<ArrayBuffer>[] = [];
  let literal = 0;
  let run: Run | undefined;
  for (let index = chunkAt(model, start); index < model.count && model.offsets[index]! < end; index++) {
    const at = model.offsets[index]!;
    const [from, to] = [Math.max(at, start), Math.min(model.offsets[index + 1]!, end)];
    const found = chunks.find(digestAt(model, index), at);
    if (found !== undefined) {
      const next: Run = {
        start: from,
        offset: found.offset + from - at,
        isPart: found.isPart,
        length: to - from,
      };
      const follows = run !== undefined && run.isPart === next.isPart &&
        run.offset + run.length === next.offset;
      if (follows) run!.length += next.length;
      else {
        if (run !== undefined) frames.push(copyFrame(run));
        run = next;
      }
      continue;
    }
    if (run !== undefined) frames.push(copyFrame(run));
    run = undefined;
    const bytes = await origin.fetch(model, index, index + 1, signal);
    frames.push(makeFrame(FRAME.LITERAL, from, bytes.subarray(from - at, to - at)));
    literal += to - from;
  }
  if (run !== undefined) frames.push(copyFrame(run));
  return { body: concatBytes(frames), literal };
}
