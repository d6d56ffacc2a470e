/**
 * Copying a file that is mostly there already. Deno only; needs `--allow-read` and `--allow-write` for local files,
 * `--allow-net` for servers.
 *
 * @module
 */
import { checkInteger, SluiceError } from "@sluice/internal";
import { BLOCK_SIZE, DEFAULT_CONCURRENCY } from "../file/constants.ts";
import type { ChangedRange, ChangeSet, CopyPhase, PdiffClientOptions, SyncResult } from "./client_options.ts";
import { digestsOf, newTable } from "../file/_block_file.ts";
import type { Table } from "../file/_block_file.ts";
import { isSameDigest } from "../file/_digest.ts";
import { copyPart, partsOf } from "../copy/_engine.ts";
import type { EngineOptions, Part } from "../copy/_engine.ts";
import { failure } from "../file/_errors.ts";
import { hashOf, randomSeed } from "../file/_hash_registry.ts";
import type { HashSpec } from "../file/_hash_registry.ts";
import { copyByModel } from "../index/_index_copy.ts";
import { RateLimiter } from "../file/_rate_limit.ts";
import { CopySides } from "./_copy_sides.ts";
import type { CopySource } from "../copy/_sides.ts";
import { parseLocation } from "../file/location.ts";
import type { Location } from "../file/location.ts";
import { WorkerPool } from "../file/worker_pool.ts";

const ROUNDS = 3;
const CHUNK_SIZE = 64 << 10;
const RETRY_DELAY_MS = 100;
const PROGRESS_INTERVAL_MS = 100;
const BLOCK_MIN = 512;
const BLOCK_MAX = 64 << 20;
const AUTO_BLOCK_MIN = 64 << 10;
const AUTO_BLOCK_MAX = 4 << 20;

/** A power of two near 16 times the root of the size. */
function autoBlockSize(size: number): number {
  const exponent = Math.round(Math.log2(Math.max(1, Math.sqrt(size) * 16)));
  return Math.min(AUTO_BLOCK_MAX, Math.max(AUTO_BLOCK_MIN, 2 ** exponent));
}

function locationOf(value: string | URL | Location, literalPaths: boolean | undefined): Location {
  return typeof value === "string" || value instanceof URL ? parseLocation(value, { literalPaths }) : value;
}

/**
 * The bytes of all ranges of a change set.
 *
 * @example Two ranges
 * ```ts
 * import { transferSize } from "@sluice/pdiffcopy";
 * import { assertEquals } from "@std/assert";
 *
 * const ranges = [{ offset: 0, length: 512 }, { offset: 1024, length: 100 }];
 * assertEquals(transferSize({ ranges, size: 1124, blockSize: 512, similarity: 50 }), 612);
 * ```
 */
export function transferSize(changes: ChangeSet): number {
  return changes.ranges.reduce((sum, { length }) => sum + length, 0);
}

/**
 * Makes a target file identical to a source file, transferring only blocks that differ. Either may be local or on a
 * server. Whatever interrupts it, the target is the old file, the new one, or has a journal beside it and is completed by
 * the next run.
 *
 * @example Between two local files
 * ```ts
 * import { PdiffClient } from "@sluice/pdiffcopy";
 * import { assertEquals } from "@std/assert";
 *
 * const directory = await Deno.makeTempDir();
 * const [source, target] = [`${directory}/source`, `${directory}/target`];
 * await Deno.writeTextFile(source, "new content");
 * await Deno.writeTextFile(target, "old content");
 * const result = await new PdiffClient({ source, target }).synchronize();
 * assertEquals(result.blocksDiffering, 1);
 * assertEquals(await Deno.readTextFile(target), "new content");
 * await Deno.remove(directory, { recursive: true });
 * ```
 */
export class PdiffClient {
  /** Where bytes come from. */
  readonly source: Location;
  /** Where bytes go. */
  readonly target: Location;
  /** How many parts of the file are worked on at a time. */
  readonly concurrency: number;
  readonly #options: PdiffClientOptions;

  /**
   * Prepares a copy; nothing is opened yet.
   *
   * @throws {RangeError} If a location or a number makes no sense.
   * @throws {UnsupportedFeatureError} If the hash is not known.
   */
  constructor(options: PdiffClientOptions) {
    this.#options = options;
    this.source = locationOf(options.source, options.literalPaths);
    this.target = locationOf(options.target, options.literalPaths);
    this.concurrency = checkInteger("concurrency", options.concurrency ?? DEFAULT_CONCURRENCY, 1, 1024);
    if (options.blockSize !== undefined) checkInteger("blockSize", options.blockSize, BLOCK_MIN, BLOCK_MAX);
    checkInteger("compressionLevel", options.compressionLevel ?? 0, 0, 19);
    checkInteger("retries", options.retries ?? 5, 0, 1000);
    if (options.hash !== undefined) hashOf(options.hash);
  }

  #sides(): CopySides {
    return new CopySides(this.source, this.target, this.concurrency, this.#options);
  }

  /** The blocks and their hash: as asked for, else what suits the protocol and the size. */
  #table(size: number, protocol: number): Table {
    const { hash, blockSize } = this.#options;
    const plain = hash ?? (protocol === 1 ? "sha1" : "xxh3-128");
    const spec: HashSpec = protocol === 1
      ? hashOf(plain)
      : hashOf(plain, hash === undefined ? randomSeed() : "");
    return newTable(size, blockSize ?? (protocol === 1 ? BLOCK_SIZE : autoBlockSize(size)), spec);
  }

  /**
   * Makes the target identical to the source, or says what that would take.
   *
   * @throws {NotFoundError} If the source does not exist.
   * @throws {TransferError} If a server can't be reached, or the source keeps changing ("SOURCE_CHANGED").
   * @throws {ChecksumMismatchError} If content does not match its digest ("VERIFY_FAILED").
   * @throws {SluiceError} If the target can't be written: codes "PERMISSION", "NO_SPACE", "LOCKED", "TARGET_CHANGED".
   */
  async synchronize(): Promise<SyncResult> {
    for (let round = 1;; round++) {
      try {
        if (this.#options.dryRun === true) return await this.#dryRun();
        return this.#options.shift === true ? await this.#copyShifted() : await this.#copy();
      } catch (error) {
        const again = error instanceof SluiceError && error.code === "SOURCE_CHANGED" && round < ROUNDS;
        if (!again) throw error;
        this.#options.log?.("the source changed, beginning again");
      }
    }
  }

  /**
   * Which blocks of the target differ from the source. A target that does not exist differs wholly.
   *
   * @throws {SluiceError} As `synchronize`.
   */
  async findChanges(): Promise<ChangeSet> {
    using sides = this.#sides();
    const source = await sides.openSource();
    try {
      const { size } = await source.stat();
      const table = this.#table(size, await sides.protocol());
      const ranges = await this.#compare(sides, source, table, size);
      const changed = ranges.reduce((sum, range) => sum + range.length, 0);
      return { ranges, size, blockSize: table.blockSize, similarity: percent(size - changed, size) };
    } finally {
      source.close();
    }
  }

  async #compare(sides: CopySides, source: CopySource, table: Table, size: number): Promise<ChangedRange[]> {
    const { blockSize } = table;
    const found = await sides.openTargetToRead();
    if (found === undefined) return size === 0 ? [] : [{ offset: 0, length: size }];
    const { side, size: targetSize } = found;
    const theirs = newTable(size, blockSize, table.hash);
    const whole = targetSize >= size ? size : Math.floor(targetSize / blockSize) * blockSize;
    try {
      const tracker = this.#tracker("compare", size, sides);
      const work = async ({ start, end }: Part): Promise<void> => {
        const known = Math.max(start, Math.min(end, whole));
        const both = [source.digests(start, end, table)];
        if (known > start) both.push(side.digests(start, known, theirs));
        await Promise.all(both);
        tracker.step(end - start, 0);
      };
      await drain(
        new WorkerPool({
          concurrency: this.concurrency,
          items: partsOf(size, blockSize, this.concurrency),
          work,
          signal: this.#options.signal,
        }),
      );
      tracker.finish();
    } finally {
      side.close();
    }
    const ranges: { offset: number; length: number }[] = [];
    for (let at = 0; at < size; at += blockSize) {
      const end = Math.min(size, at + blockSize);
      if (end <= whole && isSameDigest(digestsOf(table, at, end), digestsOf(theirs, at, end))) continue;
      const last = ranges.at(-1);
      if (last !== undefined && last.offset + last.length === at) last.length += end - at;
      else ranges.push({ offset: at, length: end - at });
    }
    return ranges;
  }

  async #dryRun(): Promise<SyncResult> {
    const started = performance.now();
    using sides = this.#sides();
    const source = await sides.openSource();
    try {
      const { size } = await source.stat();
      const protocol = await sides.protocol();
      const table = this.#table(size, protocol);
      const ranges = this.#options.delta === false
        ? (size === 0 ? [] : [{ offset: 0, length: size }])
        : await this.#compare(sides, source, table, size);
      const changed = ranges.reduce((sum, range) => sum + range.length, 0);
      return summary(table, size, changed, sides, started, { protocol, resumed: false, dryRun: true });
    } finally {
      source.close();
    }
  }

  /** By chunks that follow the content: what the old file has is taken from there, wherever it is. */
  async #copyShifted(): Promise<SyncResult> {
    const started = performance.now();
    const {
      chunkSize = CHUNK_SIZE,
      seeds = [],
      fsync = true,
      retries = 5,
      maxBytesPerSecond = Infinity,
      signal,
    } = this.#options;
    checkInteger("chunkSize", chunkSize, 4 << 10, 16 << 20);
    using sides = this.#sides();
    const { model, origin } = await sides.openShifted(chunkSize);
    const tracker = this.#tracker("transfer", model.size, sides);
    const { fetched, resumed } = await copyByModel({
      label: this.source.expression,
      model,
      origin,
      target: this.target.filename,
      seeds,
      concurrency: this.concurrency,
      replace: "atomic",
      fsync,
      retries,
      maxBytesPerSecond,
      signal,
      onStep: tracker.step,
    });
    tracker.finish();
    const table = newTable(0, chunkSize, model.hash);
    const facts = { protocol: 2, resumed, dryRun: false } as const;
    return { ...summary(table, model.size, fetched, sides, started, facts), blocksTotal: model.count };
  }

  /**
   * Copies the given ranges, whatever the target has there; the target then has the size of the source.
   *
   * @throws {SluiceError} As `synchronize`.
   */
  async transferChanges(changes: ChangeSet): Promise<SyncResult> {
    return await this.#copy(changes);
  }

  async #copy(changes?: ChangeSet): Promise<SyncResult> {
    const started = performance.now();
    const { delta = true, signal, log } = this.#options;
    using sides = this.#sides();
    const source = await sides.openSource();
    try {
      const { size } = await source.stat();
      if (changes !== undefined && changes.size !== size) {
        throw failure(
          "SOURCE_CHANGED",
          `Cannot copy ${source.label}: it has ${size} bytes, expected ${changes.size}`,
        );
      }
      const protocol = await sides.protocol();
      const table = changes === undefined
        ? this.#table(size, protocol)
        : newTable(size, changes.blockSize, this.#table(0, protocol).hash);
      const target = await sides.openTarget(size, table);
      const tracker = this.#tracker("transfer", size, sides);
      try {
        if (target.resumed) log?.("going on with an earlier copy that was interrupted");
        const options: EngineOptions = {
          concurrency: sides.connections(protocol),
          delta: delta && changes === undefined,
          retry: { retries: this.#options.retries ?? 5, delayMs: RETRY_DELAY_MS },
          limiter: new RateLimiter(this.#options.maxBytesPerSecond ?? Infinity),
          signal,
          onStep: tracker.step,
        };
        const items = changes === undefined
          ? partsOf(size, table.blockSize, options.concurrency)
          : changes.ranges.map(({ offset, length }) => ({ start: offset, end: offset + length }));
        const work = async (part: Part, stop: AbortSignal): Promise<void> => {
          if (await sides.copyDirectly(source, target, part, tracker.step)) return;
          await copyPart(source, target, part, table, options, stop);
        };
        await drain(new WorkerPool({ concurrency: options.concurrency, items, work, signal }));
        sides.checkSource(source);
        tracker.finish();
        await target.commit(table);
        return summary(table, size, tracker.written, sides, started, {
          protocol,
          resumed: target.resumed,
          dryRun: false,
        });
      } catch (error) {
        const mixed = target.isMixed;
        await target.abort(error);
        if (mixed && error instanceof Error) Object.assign(error, { targetIsMixed: true });
        throw error;
      }
    } finally {
      source.close();
    }
  }

  #tracker(phase: CopyPhase, totalBytes: number, sides: CopySides) {
    const started = performance.now();
    const { onProgress } = this.#options;
    let last = -Infinity;
    let done = 0;
    const tracker = {
      written: 0,
      step(bytes: number, written: number): void {
        done += bytes;
        tracker.written += written;
        const now = performance.now();
        if (now - last < PROGRESS_INTERVAL_MS) return;
        last = now;
        tracker.tell(now);
      },
      tell(now: number): void {
        onProgress?.({
          phase,
          doneBytes: done,
          totalBytes,
          writtenBytes: tracker.written,
          wireBytes: sides.wireBytesIn + sides.wireBytesOut,
          seconds: (now - started) / 1000,
        });
      },
      finish(): void {
        tracker.tell(performance.now());
      },
    };
    return tracker;
  }
}

async function drain(pool: AsyncIterable<void>): Promise<void> {
  for await (const _ of pool) {
    // Results are counted where they come to be.
  }
}

function percent(part: number, whole: number): number {
  return whole === 0 ? 100 : Math.floor(part / whole * 100);
}

function summary(
  table: Table,
  size: number,
  changed: number,
  sides: CopySides,
  started: number,
  facts: { readonly protocol: 0 | 1 | 2; readonly resumed: boolean; readonly dryRun: boolean },
): SyncResult {
  return {
    size,
    blockSize: table.blockSize,
    hash: table.hash.name,
    blocksTotal: Math.ceil(size / table.blockSize),
    blocksDiffering: Math.ceil(changed / table.blockSize),
    bytesMatched: Math.max(0, size - changed),
    bytesTransferred: changed,
    wireBytesIn: sides.wireBytesIn,
    wireBytesOut: sides.wireBytesOut,
    similarity: percent(Math.max(0, size - changed), size),
    seconds: (performance.now() - started) / 1000,
    ...facts,
  };
}
