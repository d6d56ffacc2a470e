/**
 * Copies of content that has moved: the source is searched for the blocks that the target's side has, wherever they are.
 */
import { SluiceError } from "@sluice/internal";
import { newTable } from "../file/_block_file.ts";
import type { Table } from "../file/_block_file.ts";
import { failure } from "../file/_errors.ts";
import { FRAME, readFrame, readSafe } from "../file/_frames.ts";
import { hashOf, randomSeed } from "../file/_hash_registry.ts";
import type { PdiffLocation } from "../file/location.ts";
import { RateLimiter } from "../file/_rate_limit.ts";
import type { RetryPolicy } from "../file/_retry.ts";
import { searchPieces } from "../copy/_block_search.ts";
import { LocalSource } from "../copy/_local_source.ts";
import { movedBlockSize } from "../copy/_signature.ts";
import type { Signature } from "../copy/_signature.ts";
import type { CopySource, SideStatus } from "../copy/_sides.ts";
import type { HttpPeer } from "../wire/_http.ts";
import { remotePieces } from "../wire/_remote_blocks.ts";
import type { PdiffClientOptions, PdiffSyncResult } from "./client_options.ts";
import type { CopySides } from "./_copy_sides.ts";
import { LocalMovedTarget, RemoteMovedTarget } from "./_moved_target.ts";
import type { MovedPlan, MovedTarget } from "./_moved_target.ts";
import type { ProgressReport } from "./_progress.ts";
import { summarize } from "./_summary.ts";

/** How often content that does not match its sum is sent again. */
const ATTEMPTS = 3;

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

/** What came of it. */
interface Outcome {
  readonly fetched: number;
  readonly resumed: boolean;
  readonly equal: boolean;
}

async function peerOf(sides: CopySides, origin: string): Promise<HttpPeer> {
  const { peer, protocol } = await sides.connect(origin);
  if (protocol === 2) return peer;
  throw failure("UNSUPPORTED", `Cannot find moved content: ${origin} speaks protocol 1`);
}

/** What frames do to a target. */
interface FrameFacts {
  /** Literal bytes. */
  readonly literal: number;
  /** Bytes of content. */
  readonly size: number;
  /** Whether they leave the old file as it is, whose blocks are the first ones. */
  readonly areSame: boolean;
}

function factsOf(frames: Uint8Array, { places, blockSize }: Signature): FrameFacts {
  const [old] = places;
  let [literal, size, areSame] = [0, 0, true];
  for (let pos = 0; pos < frames.length;) {
    const { type, position, payload, end } = readFrame(frames, pos);
    pos = end;
    if (type === FRAME.SUM) continue;
    if (type === FRAME.LITERAL) literal += payload.length;
    size += type === FRAME.LITERAL ? payload.length : readSafe(payload, payload.length - 8);
    const block = type === FRAME.COPY ? readSafe(payload, 0) : NaN;
    areSame &&= old?.kind === "old" && block < old.limit && block * blockSize === position;
  }
  return { literal, size, areSame };
}

/** The pieces of a source. */
async function piecesOf(
  { sides, source, options }: ShiftedCopy,
  side: CopySource,
  { size, version }: SideStatus,
  signature: Signature,
): Promise<AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined>> {
  if (side instanceof LocalSource) return searchPieces(side.file, size, signature.blocks, options.signal);
  return remotePieces(await peerOf(sides, source.origin!), source.filename, version, signature);
}

/** One search from the start of the source to its end. */
class Pass {
  readonly #copy: ShiftedCopy;
  readonly #target: MovedTarget;
  readonly #report: ProgressReport;
  readonly #limiter: RateLimiter;
  readonly #isLimited: boolean;
  /** Pieces that change nothing, as long as none does. */
  readonly #held: Uint8Array<ArrayBuffer>[] = [];
  #begun = false;
  #position = 0;
  fetched = 0;
  isSame = true;

  constructor(copy: ShiftedCopy, target: MovedTarget, report: ProgressReport) {
    this.#copy = copy;
    this.#target = target;
    this.#report = report;
    this.#limiter = new RateLimiter(copy.options.maxBytesPerSecond ?? Infinity);
    this.#isLimited = target.remote || copy.source.origin !== undefined;
  }

  /** Runs to the end; a longer signature to begin again with where the target turns out to have more. */
  async run(
    pieces: AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined>,
    signature: Signature,
    hasLength: boolean,
  ): Promise<Signature | undefined> {
    const { signal, dryRun } = this.#copy.options;
    this.isSame = hasLength;
    try {
      for await (const piece of pieces) {
        signal?.throwIfAborted();
        const facts = factsOf(piece, signature);
        this.fetched += facts.literal;
        this.isSame &&= facts.areSame;
        if (this.isSame) this.#held.push(piece.slice());
        else if (dryRun !== true) {
          const longer = await this.#begin(signature);
          if (longer !== undefined) return longer;
          await this.#take(piece, facts.size, signature);
        }
      }
      return this.isSame || dryRun === true ? undefined : await this.#begin(signature);
    } finally {
      await pieces.return();
    }
  }

  async #begin(signature: Signature): Promise<Signature | undefined> {
    if (this.#begun) return undefined;
    this.#begun = true;
    const longer = await this.#target.begin(signature);
    if (longer !== undefined) return longer;
    for (const piece of this.#held.splice(0)) {
      await this.#take(piece, factsOf(piece, signature).size, signature);
    }
    return undefined;
  }

  async #take(piece: Uint8Array<ArrayBuffer>, size: number, signature: Signature): Promise<void> {
    const { signal } = this.#copy.options;
    await this.#limiter.take(this.#isLimited ? piece.length : 0, signal ?? new AbortController().signal);
    const written = await this.#target.take(piece, signature);
    this.#position += size;
    this.#copy.policy.progress.reach(0, this.#position);
    this.#report.step(size, written);
  }
}

/** Does the copy once. */
async function attempt(
  copy: ShiftedCopy,
  side: CopySource,
  status: SideStatus,
  target: MovedTarget,
  report: ProgressReport,
  plan: MovedPlan,
): Promise<Outcome> {
  const { dryRun = false, verifyWritten } = copy.options;
  try {
    const { signature, hasLength } = await target.start();
    copy.policy.progress.isConnected = true;
    let next: Signature | undefined = signature;
    let pass: Pass;
    do {
      pass = new Pass(copy, target, report);
      const using = next;
      next = await pass.run(await piecesOf(copy, side, status, using), using, hasLength);
    } while (next !== undefined);
    await side.finish(newTable(0, plan.signing.blockSize, plan.signing.hash));
    const equal = pass.isSame;
    let table: Table | undefined;
    if (verifyWritten === true && !dryRun) {
      table = newTable(status.size, plan.signing.blockSize, plan.signing.hash);
      await side.digests(0, status.size, table);
    }
    if (dryRun) await target.abort(undefined);
    else await target.commit(table);
    const refusal = dryRun && !equal ? await copy.sides.askRights() : undefined;
    return { fetched: pass.fetched, resumed: target.resumed, equal, ...(refusal && { refusal }) };
  } catch (error) {
    if (target.isMixed && error instanceof Error) Object.assign(error, { targetIsMixed: true });
    await target.abort(error);
    throw error;
  }
}

/** Does the copy, or finds out what it would take. */
export async function copyShifted(copy: ShiftedCopy): Promise<PdiffSyncResult> {
  const started = performance.now();
  const { sides, source, target, concurrency, options } = copy;
  const { dryRun = false, durable = true, replace = "auto", seeds = [], hash, signal } = options;
  const isUpload = target.origin !== undefined;
  if (isUpload && seeds.length > 0) {
    throw new RangeError('Cannot use option "seeds": the target is on a server');
  }
  const peer = isUpload ? await peerOf(sides, target.origin!) : undefined;
  if (source.origin !== undefined) await peerOf(sides, source.origin);
  const side = await sides.openSource();
  try {
    const status = await side.stat();
    const { size, mode } = status;
    const blockSize = options.chunkSize ?? movedBlockSize(size);
    const spec = hash === undefined ? hashOf("xxh3-128", randomSeed()) : hashOf(hash);
    const signing = { blockSize, hash: spec, threads: concurrency, signal };
    const verifyWritten = options.verifyWritten === true;
    const plan = { size, mode, source: source.expression, replace, durable, dryRun, verifyWritten, signing };
    const report = copy.report(size);
    for (let count = 1;; count++) {
      const place = peer === undefined
        ? new LocalMovedTarget(target, plan, seeds)
        : new RemoteMovedTarget(peer, target, plan);
      try {
        const { fetched, ...outcome } = await attempt(copy, side, status, place, report, plan);
        report.finish();
        const facts = {
          protocol: source.origin === undefined && !isUpload ? 0 : 2,
          dryRun,
          ...outcome,
        } as const;
        return summarize(newTable(0, blockSize, spec), size, fetched, sides, started, facts);
      } catch (error) {
        const mayHelp = error instanceof SluiceError && error.code === "VERIFY_FAILED" && count < ATTEMPTS;
        if (!mayHelp) throw error;
        options.log?.(`${error.message}; beginning again`);
      }
    }
  } finally {
    side.close();
  }
}
