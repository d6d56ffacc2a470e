/**
 * Copies the content that an index describes to a file on this machine.
 */
import { BlockHasherKernel } from "../kernel/hash.ts";
import { concatBytes, SluiceError } from "@sluice/internal";
import { isRegular, newTable } from "../file/_block_file.ts";
import type { BlockDirectory, BlockFile } from "../file/_block_file.ts";
import { copyPart, partsOf } from "../copy/_engine.ts";
import { failure, networkFailure } from "../file/_errors.ts";
import { followLink, makeFolder, openFile, openTargetDirectory, splitPath } from "../file/_files.ts";
import { hashOf } from "../file/_hash_registry.ts";
import { runParts } from "../file/_run_parts.ts";
import type { IndexModel } from "./_index_format.ts";
import { IndexSource } from "./_index_source.ts";
import type { ChunkOrigin } from "./_index_source.ts";
import { RateLimiter } from "../file/_rate_limit.ts";
import type { CopyTarget } from "../copy/_sides.ts";
import { openIfThere, partName } from "../copy/_side_files.ts";
import { LocalTarget } from "../copy/_target.ts";
import type { RetryPolicy } from "../file/_retry.ts";

/** Blocks of the table where chunks follow the content. */
const TABLE_BLOCK = 1 << 20;
const READ_SIZE = 4 << 20;

/** What is copied where. */
export interface IndexCopyPlan {
  readonly label: string;
  readonly model: IndexModel;
  readonly origin: ChunkOrigin;
  readonly target: string;
  readonly seeds: readonly string[];
  readonly concurrency: number;
  readonly replace: "auto" | "inplace" | "atomic";
  readonly durable: boolean;
  /** Whether it only finds out what it would take. */
  readonly dryRun: boolean;
  /** Whether the file is read back from the disk at the end. */
  readonly verifyWritten?: boolean | undefined;
  /** Permission bits of a new file. */
  readonly mode: number | undefined;
  readonly policy: RetryPolicy;
  readonly maxBytesPerSecond: number;
  readonly signal: AbortSignal | undefined;
  readonly onStep: (done: number, written: number) => void;
  /** Fails where the source is no longer what the index says. */
  readonly finish?: () => Promise<void>;
}

/** What came of it. */
export interface IndexCopyOutcome {
  readonly written: number;
  readonly fetched: number;
  readonly resumed: boolean;
  /** Whether the target was what the index says before. */
  readonly equal: boolean;
}

/** The old content and what an earlier copy left, to take chunks from. */
function ownSeeds(directory: BlockDirectory, name: string): BlockFile[] {
  const found = [name, partName(name)].map((own) => openIfThere(directory, own, false, false));
  return found.filter((file) => file !== undefined && isRegular(file.status().mode)) as BlockFile[];
}

/** Does the copy, or finds out what it would take. */
export async function copyByModel(plan: IndexCopyPlan): Promise<IndexCopyOutcome> {
  const { model, concurrency, signal, dryRun } = plan;
  const follows = model.blockSize === undefined;
  const { folder, name } = splitPath(followLink(plan.target));
  if (!dryRun) makeFolder(folder);
  const directory = openTargetDirectory(folder, !dryRun);
  if (directory === undefined) return { written: 0, fetched: model.size, resumed: false, equal: false };
  using _ = directory;
  const seeds: BlockFile[] = [];
  const source = new IndexSource(plan.label, model, plan.origin, seeds, signal);
  try {
    for (const path of plan.seeds) seeds.push(openFile(path));
    if (follows) seeds.push(...ownSeeds(directory, name));
    await source.scanSeeds(concurrency);
    const target = await LocalTarget.open(directory, name, {
      size: model.size,
      replace: plan.replace,
      fresh: follows,
      source: plan.label,
      durable: plan.durable,
      punch: true,
      threads: concurrency,
      confined: false,
      mode: plan.mode,
      dryRun,
    });
    if (dryRun || (follows && target.hasLength)) {
      const before = await closingOnFailure(target, () => source.missing(target));
      if (dryRun) target.close();
      else if (before.equal) await target.commit();
      if (dryRun || before.equal) return { ...before, written: 0, resumed: target.resumed };
    }
    const equal = target.hasLength;
    const { written, resumed } = await run(plan, source, target);
    return { written, resumed, fetched: source.fetched, equal: equal && written === 0 };
  } finally {
    source.close();
  }
}

async function closingOnFailure<T>(target: LocalTarget, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    target.close();
    throw error;
  }
}

async function run(
  plan: IndexCopyPlan,
  source: IndexSource,
  target: LocalTarget,
): Promise<{ readonly written: number; readonly resumed: boolean }> {
  const { model, signal } = plan;
  const follows = model.blockSize === undefined;
  const table = newTable(
    model.size,
    model.blockSize ?? TABLE_BLOCK,
    follows ? hashOf("xxh3-128") : model.hash,
  );
  const side: CopyTarget = {
    label: plan.target,
    remote: false,
    resumed: target.resumed,
    isMixed: false,
    hasLength: target.hasLength,
    digests: (start, end, digests) => target.digests(start, end, digests),
    apply: (next, end, digests, frames) => target.apply(next, end, digests, frames),
    commit: () => target.commit(),
    abort: (reason) => Promise.resolve(target.abort(reason)),
  };
  let written = 0;
  const options = {
    concurrency: plan.concurrency,
    delta: !follows,
    retry: plan.policy,
    limiter: new RateLimiter(plan.maxBytesPerSecond),
    signal,
    onStep: (done: number, bytes: number): void => {
      written += bytes;
      plan.onStep(done, bytes);
    },
  };
  try {
    await runParts({
      parts: partsOf(model.size, table.blockSize, plan.concurrency),
      concurrency: plan.concurrency,
      signal,
      work: (part, stop) => copyPart(source, side, part, table, options, stop),
    });
    await plan.finish?.();
    if (model.sha1 !== undefined) await verifySha1(target, model, plan.label);
    await target.commit(plan.verifyWritten === true ? table : undefined);
    return { written, resumed: target.resumed };
  } catch (error) {
    const mixed = target.isMixed;
    target.abort(error);
    if (mixed && error instanceof Error) Object.assign(error, { targetIsMixed: true });
    throw error;
  }
}

/** Digests of blocks may be short; the one of the whole file is not. */
async function verifySha1(target: LocalTarget, model: IndexModel, label: string): Promise<void> {
  const hasher = new BlockHasherKernel(hashOf("sha1"), undefined);
  try {
    const buffer = new Uint8Array(Math.min(READ_SIZE, model.size));
    for (let at = 0; at < model.size; at += buffer.length) {
      const count = await target.read(at, buffer.subarray(0, Math.min(buffer.length, model.size - at)));
      hasher.update(buffer.subarray(0, count));
    }
    if (hasher.finish().toHex() === model.sha1) return;
  } finally {
    hasher[Symbol.dispose]();
  }
  throw failure("VERIFY_FAILED", `Cannot use ${label}: the whole does not match its SHA-1`);
}

/** Chunks in a store of casync: one compressed file each, named by its digest. */
export class StoreOrigin implements ChunkOrigin {
  readonly #url: string;
  readonly #fetch: typeof fetch;
  readonly single = true;

  constructor(url: string, request: typeof fetch) {
    this.#url = url.replace(/\/$/, "");
    this.#fetch = request;
  }

  async fetch(
    model: IndexModel,
    first: number,
    _last: number,
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array> {
    const id = model.digests.subarray(first * model.digestSize, (first + 1) * model.digestSize).toHex();
    const path = `${this.#url}/${id.slice(0, 4)}/${id}.cacnk`;
    const response = await this.#fetch(path, signal === undefined ? {} : { signal }).catch((error) => {
      throw networkFailure(path, error);
    });
    if (!response.ok) {
      await response.body?.cancel();
      throw failure(
        response.status === 404 ? "NOT_FOUND" : "SERVER",
        `Cannot read ${path}: the server answered ${response.status}`,
      );
    }
    const { decompressZstdAsync } = await import("@sluice/zstd");
    const size = model.offsets[first + 1]! - model.offsets[first]!;
    const packed = await boundedBody(response, path, 2 * size + PACKED_ROOM);
    return await decompressZstdAsync(packed, { maxOutputSize: size });
  }
}

/** Bytes that a packed chunk may have beside twice those of the chunk. */
const PACKED_ROOM = 64 << 10;

/** The body of an answer, which may not be larger than it can make sense. */
async function boundedBody(
  response: Response,
  path: string,
  sizeMax: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  try {
    for await (const part of response.body ?? []) {
      size += part.length;
      if (size > sizeMax) throw failure("PROTOCOL", `Cannot read ${path}: it has more than ${sizeMax} bytes`);
      parts.push(part as Uint8Array<ArrayBuffer>);
    }
  } catch (error) {
    if (error instanceof SluiceError) throw error;
    throw failure("NETWORK", `Cannot read ${path}: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  }
  return concatBytes(parts);
}
