/**
 * Copies the small files of a tree many at once: those that are new, and those that have changed.
 */
import { batchesOf } from "./_batches.ts";
import { hashOf, randomSeed } from "../file/_hash_registry.ts";
import type { HashSpec } from "../file/_hash_registry.ts";
import { RateLimiter } from "../file/_rate_limit.ts";
import { retrying, retryPolicyOf } from "../file/_retry.ts";
import type { RetryPolicy } from "../file/_retry.ts";
import { runParts } from "../file/_run_parts.ts";
import { fitsRecords } from "../kernel/small_files.ts";
import { BATCH_COUNT, BATCH_SIZE, digestsOfRecords, SMALL_FILE_MAX } from "../copy/_small_files.ts";
import type { TreeEntry } from "../copy/_tree_entry.ts";
import type { TreeSide } from "./_tree_sides.ts";
import type { PdiffClientOptions } from "./client_options.ts";

/** Batches that are under way: one is read while others travel or are written. */
const BATCHES_IN_FLIGHT = 6;

/** How small files are copied. */
interface SmallFilesOptions extends
  Pick<
    PdiffClientOptions,
    | "hash"
    | "maxBytesPerSecond"
    | "verifyWritten"
    | "replace"
    | "dryRun"
    | "durable"
    | "concurrency"
    | "retries"
    | "retryBudgetMs"
    | "signal"
  > {
  readonly concurrency: number;
  readonly permissions?: boolean | undefined;
  readonly times?: boolean | undefined;
  readonly onEntry?: ((action: "copy", path: string) => void) | undefined;
}

/** What became of small files; the others are copied one by one. */
export interface SmallFilesDone {
  /** Files that were written, with mode and time; in a dry run those that would be. */
  readonly copied: ReadonlySet<string>;
  /** Files whose content was right before. */
  readonly same: ReadonlySet<string>;
  readonly bytes: number;
}

/** One copy of small files. */
export class SmallFilesCopy {
  readonly #from: TreeSide;
  readonly #to: TreeSide;
  readonly #options: SmallFilesOptions;
  readonly #hash: HashSpec;
  readonly #limiter: RateLimiter;
  readonly #retry: RetryPolicy;
  readonly #copied = new Set<string>();
  readonly #same = new Set<string>();
  #bytes = 0;

  constructor(from: TreeSide, to: TreeSide, options: SmallFilesOptions) {
    this.#from = from;
    this.#to = to;
    this.#options = options;
    const { hash, maxBytesPerSecond = Infinity } = options;
    this.#hash = hash === undefined ? hashOf("xxh3-128", randomSeed()) : hashOf(hash);
    this.#limiter = new RateLimiter(maxBytesPerSecond);
    this.#retry = retryPolicyOf(options);
    this.#retry.progress.isConnected = true; // both sides were listed
  }

  /** Copies those of `files` that are small; `there` is what the target has under their names. */
  async run(files: readonly TreeEntry[], there: ReadonlyMap<string, TreeEntry>): Promise<SmallFilesDone> {
    const { verifyWritten, replace, dryRun } = this.#options;
    const small = files.filter(({ size }) => size <= SMALL_FILE_MAX);
    const fresh = small.filter(({ path }) => !there.has(path));
    const changed = small.filter(({ path }) => there.get(path)?.kind === "file" && replace !== "inplace");
    const areUsable = verifyWritten !== true && fitsRecords(this.#hash) && fresh.length + changed.length > 1;
    // What is not there yet in a dry run has no small files either; nothing is asked of it.
    const isDry = dryRun === true;
    if (areUsable && await this.#from.hasSmallFiles() && (isDry || await this.#to.hasSmallFiles())) {
      await this.#copy(fresh, false);
      const sized = changed.filter(({ path, size }) => there.get(path)!.size === size);
      const unknown = new Set(await this.#compare(sized));
      const isOther = (entry: TreeEntry): boolean => !this.#same.has(entry.path);
      // A copy finds out about files without digests; what only says what would be copied looks at them one by one.
      await this.#copy(changed.filter((each) => isOther(each) && !(isDry && unknown.has(each))), true);
    }
    return { copied: this.#copied, same: this.#same, bytes: this.#bytes };
  }

  async #inBatches(
    items: readonly TreeEntry[],
    work: (batch: readonly TreeEntry[], stop: AbortSignal) => Promise<void>,
  ): Promise<void> {
    await runParts({
      parts: batchesOf(items, {
        countMax: BATCH_COUNT,
        sizeMax: BATCH_SIZE,
        sizeOf: ({ size }) => size,
      }),
      concurrency: Math.max(BATCHES_IN_FLIGHT, this.#options.concurrency),
      signal: this.#options.signal,
      work: (batch, stop) => this.#again(batch, (piece) => work(piece, stop)),
    });
  }

  /** Works on a batch, again while that may help: in halves where it failed, for a line that carries no more. */
  async #again(
    batch: readonly TreeEntry[],
    work: (piece: readonly TreeEntry[]) => Promise<void>,
  ): Promise<void> {
    const pieces = [batch];
    await retrying(this.#retry, this.#options.signal, async () => {
      while (pieces.length > 0) {
        const piece = pieces[0]!;
        try {
          await work(piece);
        } catch (error) {
          const middle = piece.length >> 1;
          if (middle > 0) pieces.splice(0, 1, piece.slice(0, middle), piece.slice(middle));
          throw error;
        }
        pieces.shift();
        this.#retry.progress.note();
      }
    });
  }

  /** Finds out which files have the content of the source, by digests that both sides make; returns those that lack one. */
  async #compare(items: readonly TreeEntry[]): Promise<readonly TreeEntry[]> {
    const unknown: TreeEntry[] = [];
    await this.#inBatches(items, async (batch) => {
      const paths = batch.map(({ path }) => path);
      const [ours, theirs] = (await Promise.all([
        this.#from.readSmall(paths, this.#hash, false),
        this.#to.readSmall(paths, this.#hash, false),
      ])).map(digestsOfRecords);
      for (const entry of batch) {
        const [digest, other] = [ours!.get(entry.path), theirs!.get(entry.path)];
        if (digest === undefined || other === undefined) unknown.push(entry);
        else if (digest === other) this.#same.add(entry.path);
      }
    });
    return unknown;
  }

  async #copy(items: readonly TreeEntry[], replace: boolean): Promise<void> {
    const { dryRun, durable = true, permissions = true, times = true } = this.#options;
    if (dryRun === true) return items.forEach((entry) => this.#note(entry));
    await this.#inBatches(items, async (batch, stop) => {
      const records = await this.#from.readSmall(batch.map(({ path }) => path), this.#hash, true);
      await this.#limiter.take(this.#from.isRemote || this.#to.isRemote ? records.length : 0, stop);
      const facts = { durable, mode: permissions, time: times, replace };
      const written = new Set(await this.#to.writeSmall(records, this.#hash, facts));
      for (const entry of batch) if (written.has(entry.path)) this.#note(entry);
    });
  }

  #note({ path, size }: TreeEntry): void {
    this.#copied.add(path);
    this.#bytes += size;
    this.#options.onEntry?.("copy", path);
  }
}
