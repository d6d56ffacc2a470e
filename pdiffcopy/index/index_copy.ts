/**
 * Copies from plain web servers by an index. Deno only; needs `--allow-read` and `--allow-write` for the files.
 *
 * @module
 */
import { checkBoolean, checkChoice, checkInteger, checkKeys, openByteSource } from "@sluice/internal";
import type { ByteSource, ByteSourceLike, SluiceProgress } from "@sluice/internal";
import { PDIFF_CONCURRENCY } from "../file/constants.ts";
import { retryPolicyOf } from "../file/_retry.ts";
import { copyByModel, StoreOrigin } from "./_index_copy.ts";
import { modelOf } from "./_index_models.ts";
import { RangeOrigin } from "./_index_source.ts";
import type { PdiffIndex } from "./pdiff_index.ts";

/** What is copied, and where to. */
export interface PdiffIndexCopyOptions {
  /** What the file is made of. */
  readonly index: PdiffIndex;
  /** The file itself, from one or several places: the next takes over when one fails. */
  readonly sources?: readonly ByteSourceLike[] | undefined;
  /** For indexes of casync: the address of the store that has the chunks. */
  readonly store?: string | undefined;
  /** The file to write. */
  readonly target: string;
  /** Other files on this machine that may have some of the content. */
  readonly seeds?: readonly string[] | undefined;
  /** Parts that are worked on at a time. @default {PDIFF_CONCURRENCY} */
  readonly concurrency?: number | undefined;
  /** How an existing file is replaced. @default {"auto"} */
  readonly replace?: "auto" | "inplace" | "atomic" | undefined;
  /** Whether it only finds out what it would take. @default {false} */
  readonly dryRun?: boolean | undefined;
  /** Whether the end waits until the disk has everything. @default {true} */
  readonly durable?: boolean | undefined;
  /** How often a part is tried again. @default {5} */
  readonly retries?: number | undefined;
  /** Bytes a second that are fetched. @default {no limit} */
  readonly maxBytesPerSecond?: number | undefined;
  /** Performs the requests to a store. @default {fetch} */
  readonly fetch?: typeof fetch | undefined;
  /** Receives how far the copy is: bytes of the file that are done, and those that were written. */
  readonly onProgress?: ((progress: SluiceProgress) => void) | undefined;
  /** Gives it up. */
  readonly signal?: AbortSignal | undefined;
}

/** What came of it. */
export interface PdiffIndexCopyResult {
  /** Bytes of the file. */
  readonly size: number;
  /** Bytes that were fetched, or would be. */
  readonly bytesFetched: number;
  /**
   * Bytes that servers sent as a whole when the sources were opened, because they do not answer ranges; 0 with others. What
   * was fetched is among them.
   */
  readonly bytesSentWhole: number;
  /** Bytes that were written. */
  readonly bytesWritten: number;
  /** Whether something was left of an earlier copy. */
  readonly resumed: boolean;
  /** Whether the target was what the index says before. */
  readonly equal: boolean;
  /** Whether nothing was written because that was only asked about. */
  readonly dryRun: boolean;
}

const OPTION_NAMES: ReadonlySet<string> = new Set(
  [
    "index",
    "sources",
    "store",
    "target",
    "seeds",
    "concurrency",
    "replace",
    "dryRun",
    "durable",
    "retries",
    "maxBytesPerSecond",
    "fetch",
    "onProgress",
    "signal",
  ] satisfies (keyof PdiffIndexCopyOptions)[],
);

/**
 * Makes a file what an index says: what the old file and the seeds have is used, the rest is fetched as few ranges, and
 * every block is verified.
 *
 * @throws {ChecksumMismatchError} If content is not what the index says ("VERIFY_FAILED").
 * @throws {TypeError} If an option is not known, or neither `sources` nor `store` is given.
 *
 * @example From bytes in memory, as from a web server
 * ```ts
 * import { buildPdiffIndex, copyByPdiffIndex, PdiffIndex } from "@sluice/pdiffcopy";
 * import { byteSourceFromBytes } from "@sluice/pdiffcopy";
 * import { assertEquals } from "@std/assert";
 *
 * const source = byteSourceFromBytes(new Uint8Array(300_000).fill(1));
 * const index = PdiffIndex.parse(await buildPdiffIndex(source));
 * const directory = await Deno.makeTempDir();
 * const target = `${directory}/copy`;
 * assertEquals((await copyByPdiffIndex({ index, sources: [source], target })).bytesFetched, 300_000);
 * assertEquals((await copyByPdiffIndex({ index, sources: [source], target })).bytesFetched, 0);
 * await Deno.remove(directory, { recursive: true });
 * ```
 */
export async function copyByPdiffIndex(options: PdiffIndexCopyOptions): Promise<PdiffIndexCopyResult> {
  checkKeys(options, OPTION_NAMES);
  const { dryRun = false, durable = true, replace = "auto" } = options;
  checkBoolean("dryRun", dryRun);
  checkBoolean("durable", durable);
  checkChoice("replace", replace, ["auto", "inplace", "atomic"]);
  const { index, sources = [], store, target, seeds = [], signal, onProgress } = options;
  if (sources.length === 0 && store === undefined) {
    throw new TypeError('Cannot copy by an index: neither "sources" nor "store" is given');
  }
  const model = modelOf(index);
  const opened = store === undefined
    ? await Promise.all(sources.map((source) => openCounting(source, signal)))
    : [];
  const policy = retryPolicyOf({ retries: checkInteger("retries", options.retries ?? 5, 0, 1000) });
  policy.progress.isConnected = store === undefined; // sources were opened
  let [bytesIn, bytesOut] = [0, 0];
  const { written, fetched, resumed, equal } = await copyByModel({
    label: index.url ?? target,
    model,
    origin: store === undefined
      ? new RangeOrigin(opened.map(({ source }) => source))
      : new StoreOrigin(store, options.fetch ?? fetch),
    target,
    seeds,
    concurrency: checkInteger("concurrency", options.concurrency ?? PDIFF_CONCURRENCY, 1, 1024),
    replace,
    durable,
    dryRun,
    mode: undefined,
    policy,
    maxBytesPerSecond: options.maxBytesPerSecond ?? Infinity,
    signal,
    onStep: (done, written) => {
      bytesIn += done;
      bytesOut += written;
      onProgress?.({ bytesIn, bytesOut, total: model.size });
    },
  });
  const bytesSentWhole = opened.reduce((sum, { sentWhole }) => sum + sentWhole, 0);
  return {
    size: model.size,
    bytesFetched: fetched,
    bytesSentWhole,
    bytesWritten: written,
    resumed,
    equal,
    dryRun,
  };
}

/** Opens a source; counts what a server sends that does not answer ranges. */
async function openCounting(
  like: ByteSourceLike,
  signal: AbortSignal | undefined,
): Promise<{ readonly source: ByteSource; readonly sentWhole: number }> {
  let isWhole = false;
  const source = await openByteSource(like, {
    signal,
    async fetch(input, init): Promise<Response> {
      const response = await fetch(input, init);
      isWhole ||= response.status === 200;
      return response;
    },
  });
  return { source, sentWhole: isWhole ? source.size : 0 };
}
