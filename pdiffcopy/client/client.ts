/**
 * Copying a file that is mostly there already. Deno only; needs `--allow-read` and `--allow-write` for local files,
 * `--allow-net` for servers.
 *
 * @module
 */
import { checkArgument, SluiceError } from "@sluice/internal";
import { requireDeno } from "@sluice/internal/file-source";
import { PDIFF_BLOCK_SIZE, PDIFF_CONCURRENCY } from "../file/constants.ts";
import { newTable } from "../file/_block_file.ts";
import type { Table } from "../file/_block_file.ts";
import { failure, isRetryable } from "../file/_errors.ts";
import { hashOf, randomSeed } from "../file/_hash_registry.ts";
import { parsePdiffLocation } from "../file/location.ts";
import type { PdiffLocation } from "../file/location.ts";
import { delay, mayMeet, retryPolicyOf } from "../file/_retry.ts";
import type { RetryPolicy } from "../file/_retry.ts";
import type { Part } from "../copy/_engine.ts";
import type { CopySource, SideStatus } from "../copy/_sides.ts";
import { checkClientOptions } from "./_client_options.ts";
import type { PdiffChangeSet, PdiffClientOptions, PdiffSyncResult } from "./client_options.ts";
import { compareSides } from "./_comparison.ts";
import type { Comparison } from "./_comparison.ts";
import { CopySides } from "./_copy_sides.ts";
import { ProgressReport } from "./_progress.ts";
import { copyShifted } from "./_shifted_copy.ts";
import { percent, summarize } from "./_summary.ts";
import { transferParts } from "./_transfer.ts";

const ROUNDS = 3;
const ROUND_DELAY_MS = 500;
const AUTO_BLOCK_MIN = 64 << 10;
const AUTO_BLOCK_MAX = 4 << 20;

/** A power of two near 16 times the root of the size. */
function autoBlockSize(size: number): number {
  const exponent = Math.round(Math.log2(Math.max(1, Math.sqrt(size) * 16)));
  return Math.min(AUTO_BLOCK_MAX, Math.max(AUTO_BLOCK_MIN, 2 ** exponent));
}

function locationOf(
  name: "source" | "target",
  value: string | URL | PdiffLocation | undefined,
  literalPaths: boolean | undefined,
): PdiffLocation {
  if (value === undefined) {
    throw new TypeError(`Cannot use option "${name}": it is not given, expected a path or a URL`);
  }
  return typeof value === "string" || value instanceof URL
    ? parsePdiffLocation(value, { literalPaths })
    : value;
}

/**
 * The bytes of all ranges of a change set.
 *
 * @example Two ranges
 * ```ts
 * import { pdiffTransferSize } from "@sluice/pdiffcopy";
 * import { assertEquals } from "@std/assert";
 *
 * const ranges = [{ offset: 0, length: 512 }, { offset: 1024, length: 100 }];
 * assertEquals(pdiffTransferSize({ ranges }), 612);
 * ```
 */
export function pdiffTransferSize(changes: Pick<PdiffChangeSet, "ranges">): number {
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
  readonly source: PdiffLocation;
  /** Where bytes go. */
  readonly target: PdiffLocation;
  /** How many parts of the file are worked on at a time. */
  readonly concurrency: number;
  readonly #options: PdiffClientOptions;

  /**
   * Prepares a copy; nothing is opened yet.
   *
   * @throws {TypeError} If an option is not known or has another type.
   * @throws {RangeError} If a location or a number makes no sense.
   * @throws {UnsupportedFeatureError} If the hash is not known.
   */
  constructor(options: PdiffClientOptions) {
    checkClientOptions(options);
    requireDeno("copy a file");
    this.#options = options;
    this.source = locationOf("source", options.source, options.literalPaths);
    this.target = locationOf("target", options.target, options.literalPaths);
    this.concurrency = options.concurrency ?? PDIFF_CONCURRENCY;
    if (options.hash !== undefined) hashOf(options.hash);
  }

  #policy(): RetryPolicy {
    return retryPolicyOf(this.#options);
  }

  #sides(policy: RetryPolicy): CopySides {
    return new CopySides(this.source, this.target, this.concurrency, this.#options, policy);
  }

  /** The blocks and their hash: as asked for, else what suits the protocol and the size. */
  #table(size: number, protocol: number): Table {
    const { hash, blockSize } = this.#options;
    const plain = hash ?? (protocol === 1 ? "sha1" : "xxh3-128");
    const spec = hashOf(plain, protocol === 1 || hash !== undefined ? "" : randomSeed());
    return newTable(size, blockSize ?? (protocol === 1 ? PDIFF_BLOCK_SIZE : autoBlockSize(size)), spec);
  }

  #report(phase: "compare" | "transfer", size: number, sides: CopySides): ProgressReport {
    const wireBytes = (): number => sides.wireBytesIn + sides.wireBytesOut;
    return new ProgressReport(phase, size, wireBytes, this.#options.onProgress);
  }

  /**
   * Makes the target identical to the source, or says what that would take.
   *
   * A server that is busy (502 to 504), breaks connections, or goes away once it has answered, is waited for, as long as
   * `retryBudgetMs` says; one that has never answered and can't be reached is tried twice more. An upload whose session it
   * forgot is resumed from what it has.
   *
   * @throws {NotFoundError} If the source does not exist.
   * @throws {TransferError} If a server can't be reached, or the source keeps changing ("SOURCE_CHANGED").
   * @throws {ChecksumMismatchError} If content does not match its digest ("VERIFY_FAILED").
   * @throws {SluiceError} If the target can't be written: codes "PERMISSION", "NO_SPACE", "LOCKED", "TARGET_CHANGED".
   */
  async synchronize(): Promise<PdiffSyncResult> {
    const { shift, dryRun } = this.#options;
    return await this.#inRounds((policy) =>
      shift === true ? this.#copyShifted(policy) : dryRun === true ? this.#dryRun(policy) : this.#copy(policy)
    );
  }

  /** Begins again where the source changed, and where a connection was lost after it had worked. */
  async #inRounds<T>(work: (policy: RetryPolicy) => Promise<T>): Promise<T> {
    const policy = this.#policy();
    const { log, signal } = this.#options;
    for (let [changes, failures, seen] = [0, 0, 0];;) {
      try {
        return await work(policy);
      } catch (error) {
        signal?.throwIfAborted();
        if (!(error instanceof SluiceError)) throw error;
        if (policy.progress.count !== seen) [failures, seen] = [0, policy.progress.count];
        if (error.code === "SOURCE_CHANGED" && ++changes < ROUNDS) {
          log?.("the source changed, beginning again");
          continue;
        }
        const isLost = error.code === "SESSION_LOST" ||
          (isRetryable(error) && mayMeet(error, failures, policy));
        if (!isLost || !this.#mayBeginAgain(policy, failures++)) throw error;
        log?.(`${error.message}; beginning again`);
        await delay(Math.min(10, failures) * ROUND_DELAY_MS, signal);
      }
    }
  }

  #mayBeginAgain({ retries = Infinity, budgetMs, progress }: RetryPolicy, failures: number): boolean {
    return failures < retries && performance.now() - progress.at <= budgetMs;
  }

  /**
   * Which blocks of the target differ from the source. A target that does not exist differs wholly.
   *
   * @throws {SluiceError} As `synchronize`.
   */
  async findChanges(): Promise<PdiffChangeSet> {
    return await this.#inRounds(async (policy) => {
      using sides = this.#sides(policy);
      const source = await sides.openSource();
      try {
        const { size } = await source.stat();
        const table = this.#table(size, await sides.protocol());
        const found = await this.#compare(sides, source, table, size);
        const changed = found.ranges.reduce((sum, range) => sum + range.length, 0);
        const similarity = percent(size - changed, size);
        return { ...found, size, blockSize: table.blockSize, similarity };
      } finally {
        source.close();
      }
    });
  }

  async #compare(sides: CopySides, source: CopySource, table: Table, size: number): Promise<Comparison> {
    const { delta = true, signal } = this.#options;
    const target = await sides.openTargetToRead();
    try {
      const report = this.#report("compare", size, sides);
      const found = await compareSides({
        source,
        size,
        table,
        target,
        delta,
        concurrency: this.concurrency,
        signal,
        onStep: report.step,
      });
      report.finish();
      await source.finish(table);
      return found;
    } finally {
      target?.side.close();
    }
  }

  async #dryRun(policy: RetryPolicy): Promise<PdiffSyncResult> {
    const started = performance.now();
    using sides = this.#sides(policy);
    const source = await sides.openSource();
    try {
      const { size } = await source.stat();
      const protocol = await sides.protocol();
      const table = this.#table(size, protocol);
      const found = await this.#compare(sides, source, table, size);
      const changed = found.ranges.reduce((sum, range) => sum + range.length, 0);
      const equal = this.#options.delta === false ? undefined : found.equal;
      const refusal = equal === true ? undefined : await sides.askRights();
      const facts = { protocol, resumed: false, dryRun: true, equal, ...(refusal && { refusal }) };
      return summarize(table, size, changed, sides, started, facts);
    } finally {
      source.close();
    }
  }

  async #copyShifted(policy: RetryPolicy): Promise<PdiffSyncResult> {
    using sides = this.#sides(policy);
    const report = (size: number): ProgressReport => this.#report("transfer", size, sides);
    const { source, target, concurrency } = this;
    return await copyShifted({ sides, source, target, concurrency, options: this.#options, policy, report });
  }

  /**
   * Copies the given ranges, whatever the target has there; the target then has the size of the source.
   *
   * @throws {SluiceError} As `synchronize`.
   */
  async transferChanges(changes: PdiffChangeSet): Promise<PdiffSyncResult> {
    if (this.#options.dryRun === true) {
      throw new RangeError('Cannot transfer changes: option "dryRun" is set');
    }
    checkArgument(Array.isArray(changes?.ranges), "transfer changes", changes, "what findChanges returns");
    return await this.#inRounds((policy) => this.#copy(policy, changes));
  }

  async #copy(policy: RetryPolicy, changes?: PdiffChangeSet): Promise<PdiffSyncResult> {
    const started = performance.now();
    const { delta = true } = this.#options;
    using sides = this.#sides(policy);
    const source = await sides.openSource();
    try {
      const status = await source.stat();
      const protocol = await sides.protocol();
      const table = this.#tableFor(status, changes, protocol, source.label);
      const report = this.#report("transfer", status.size, sides);
      // A file would change under its own copy.
      const compared = (delta && changes === undefined) || await sides.isItself(status);
      const { resumed, equal } = await transferParts({
        sides,
        source,
        status,
        table,
        protocol,
        delta: compared,
        parts: changes?.ranges.map(({ offset, length }): Part => ({ start: offset, end: offset + length })),
        options: this.#options,
        policy,
        report,
      });
      const facts = { protocol, resumed, dryRun: false, equal: compared ? equal : undefined };
      return summarize(table, status.size, report.written, sides, started, facts);
    } finally {
      source.close();
    }
  }

  #tableFor(
    { size }: SideStatus,
    changes: PdiffChangeSet | undefined,
    protocol: number,
    label: string,
  ): Table {
    if (changes === undefined) return this.#table(size, protocol);
    if (changes.size === size) return newTable(size, changes.blockSize, this.#table(0, protocol).hash);
    throw failure("SOURCE_CHANGED", `Cannot copy ${label}: it has ${size} bytes, expected ${changes.size}`);
  }
}
