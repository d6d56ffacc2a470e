/**
 * Copies by chunks that follow the content, so that content is found again where it has moved: to a file here, or to a
 * server.
 */
import { newTable } from "../file/_block_file.ts";
import { failure } from "../file/_errors.ts";
import type { PdiffLocation } from "../file/location.ts";
import type { RetryPolicy } from "../file/_retry.ts";
import { LocalSource } from "../copy/_local_source.ts";
import type { CopySource, SideStatus } from "../copy/_sides.ts";
import { chunkIndex } from "../index/_index_builder.ts";
import { copyByModel } from "../index/_index_copy.ts";
import { readIndex } from "../index/_index_format.ts";
import type { IndexModel } from "../index/_index_format.ts";
import { RangeOrigin, sourceOf } from "../index/_index_source.ts";
import type { ChunkOrigin } from "../index/_index_source.ts";
import type { HttpPeer } from "../wire/_http.ts";
import { fetchIndex, statRemoteFile } from "../wire/_remote_v2.ts";
import type { PdiffClientOptions, PdiffSyncResult } from "./client_options.ts";
import type { CopySides } from "./_copy_sides.ts";
import type { ProgressReport } from "./_progress.ts";
import { uploadByModel } from "./_shifted_upload.ts";
import { summarize } from "./_summary.ts";

const CHUNK_SIZE = 64 << 10;

/** One such copy. */
export interface ShiftedCopy {
  readonly sides: CopySides;
  readonly source: PdiffLocation;
  readonly target: PdiffLocation;
  readonly concurrency: number;
  readonly options: PdiffClientOptions;
  readonly policy: RetryPolicy;
  readonly report: (size: number) => ProgressReport;
}

/** The source as chunks, and where their content is read from. */
interface Chunked {
  readonly side: CopySource;
  readonly status: SideStatus;
  readonly model: IndexModel;
  readonly origin: ChunkOrigin;
}

async function peerOf(sides: CopySides, origin: string): Promise<HttpPeer> {
  const { peer, protocol } = await sides.connect(origin);
  if (protocol === 2) return peer;
  throw failure("UNSUPPORTED", `Cannot find moved content: ${origin} speaks protocol 1`);
}

async function chunkSource({ sides, source, concurrency, options }: ShiftedCopy): Promise<Chunked> {
  const { chunkSize = CHUNK_SIZE, signal } = options;
  const side = await sides.openSource();
  try {
    const status = await side.stat();
    if (side instanceof LocalSource) {
      const content = sourceOf(side.file);
      const model = readIndex(await chunkIndex(content, chunkSize, concurrency, signal));
      return { side, status, model, origin: new RangeOrigin([content]) };
    }
    const { filename, origin } = source;
    const peer = await peerOf(sides, origin!);
    const { version, size } = await statRemoteFile(peer, filename);
    const model = readIndex(await fetchIndex(peer, "/v2/index", { path: filename }, chunkSize, version));
    const content = peer.ranges("/v2/file", { path: filename }, version, size);
    return { side, status, model, origin: new RangeOrigin([content]) };
  } catch (error) {
    side.close();
    throw error;
  }
}

/** Does the copy, or finds out what it would take. */
export async function copyShifted(copy: ShiftedCopy): Promise<PdiffSyncResult> {
  const started = performance.now();
  const { sides, source, target, options, policy } = copy;
  const { chunkSize = CHUNK_SIZE, dryRun = false } = options;
  const isUpload = target.origin !== undefined;
  if (isUpload && (options.seeds ?? []).length > 0) {
    throw new RangeError('Cannot use option "seeds": the target is on a server');
  }
  const peer = isUpload ? await peerOf(sides, target.origin!) : undefined;
  const chunked = await chunkSource(copy);
  try {
    policy.progress.isConnected = true;
    const { model, status } = chunked;
    const report = copy.report(model.size);
    const outcome = peer === undefined
      ? await copyByModel({
        label: source.expression,
        model,
        origin: chunked.origin,
        target: target.filename,
        seeds: options.seeds ?? [],
        concurrency: copy.concurrency,
        replace: options.replace ?? "auto",
        durable: options.durable ?? true,
        dryRun,
        mode: status.mode,
        verifyWritten: options.verifyWritten,
        policy,
        maxBytesPerSecond: options.maxBytesPerSecond ?? Infinity,
        signal: options.signal,
        onStep: report.step,
        finish: () => chunked.side.finish(newTable(0, chunkSize, model.hash)),
      })
      : await uploadByModel({ ...copy, peer, chunked, report, chunkSize });
    report.finish();
    const { fetched, resumed, equal } = outcome;
    const table = newTable(0, chunkSize, model.hash);
    const protocol = source.origin === undefined && !isUpload ? 0 : 2;
    const facts = { protocol, resumed, dryRun, equal } as const;
    return { ...summarize(table, model.size, fetched, sides, started, facts), blocksTotal: model.count };
  } finally {
    chunked.side.close();
  }
}
