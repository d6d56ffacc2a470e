/**
 * Copies from plain web servers by an index. Deno only; needs `--allow-read` and `--allow-write` for the files.
 *
 * @module
 */
import { checkInteger, openByteSource } from "@sluice/internal";
import type { ByteSourceLike } from "@sluice/internal";
import { DEFAULT_CONCURRENCY } from "../file/constants.ts";
import { copyByModel, StoreOrigin } from "./_index_copy.ts";
import { modelOf } from "./_index_models.ts";
import { RangeOrigin } from "./_index_source.ts";
import type { PdiffIndex } from "./pdiff_index.ts";

/** What is copied, and where to. */
export interface CopyByIndexOptions {
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
  /** Parts that are worked on at a time. @default {DEFAULT_CONCURRENCY} */
  readonly concurrency?: number | undefined;
  /** How an existing file is replaced; where chunks follow the content it is always replaced as a whole. @default {"auto"} */
  readonly replace?: "auto" | "inplace" | "atomic" | undefined;
  /** Whether the end waits until the disk has everything. @default {true} */
  readonly fsync?: boolean | undefined;
  /** How often a part is tried again. @default {5} */
  readonly retries?: number | undefined;
  /** Bytes a second that are fetched. @default {no limit} */
  readonly maxBytesPerSecond?: number | undefined;
  /** Performs the requests to a store. @default {fetch} */
  readonly fetch?: typeof fetch | undefined;
  /** Hears how many bytes of the file are done. */
  readonly onProgress?: ((doneBytes: number, totalBytes: number) => void) | undefined;
  /** Gives it up. */
  readonly signal?: AbortSignal | undefined;
}

/** What came of it. */
export interface IndexCopyResult {
  /** Bytes of the file. */
  readonly size: number;
  /** Bytes that were fetched. */
  readonly bytesFetched: number;
  /** Bytes that were written. */
  readonly bytesWritten: number;
  /** Whether something was left of an earlier copy. */
  readonly resumed: boolean;
}

/**
 * Makes a file what an index says: what the old file and the seeds have is used, the rest is fetched as few ranges, and
 * every block is verified.
 *
 * @throws {ChecksumMismatchError} If content is not what the index says ("VERIFY_FAILED").
 * @throws {TypeError} If neither `sources` nor `store` is given.
 *
 * @example From bytes in memory, as from a web server
 * ```ts
 * import { buildPdiffIndex, copyByIndex, PdiffIndex } from "@sluice/pdiffcopy";
 * import { byteSourceFromBytes } from "@sluice/internal";
 * import { assertEquals } from "@std/assert";
 *
 * const source = byteSourceFromBytes(new Uint8Array(300_000).fill(1));
 * const index = PdiffIndex.parse(await buildPdiffIndex(source));
 * const directory = await Deno.makeTempDir();
 * const target = `${directory}/copy`;
 * assertEquals((await copyByIndex({ index, sources: [source], target })).bytesFetched, 300_000);
 * assertEquals((await copyByIndex({ index, sources: [source], target })).bytesFetched, 0);
 * await Deno.remove(directory, { recursive: true });
 * ```
 */
export async function copyByIndex(options: CopyByIndexOptions): Promise<IndexCopyResult> {
  const { index, sources = [], store, target, seeds = [], signal, onProgress } = options;
  if (sources.length === 0 && store === undefined) {
    throw new TypeError('Cannot copy by an index: neither "sources" nor "store" is given');
  }
  const model = modelOf(index);
  let done = 0;
  const { written, fetched, resumed } = await copyByModel({
    label: index.url ?? target,
    model,
    origin: store === undefined
      ? new RangeOrigin(await Promise.all(sources.map((source) => openByteSource(source, { signal }))))
      : new StoreOrigin(store, options.fetch ?? fetch),
    target,
    seeds,
    concurrency: checkInteger("concurrency", options.concurrency ?? DEFAULT_CONCURRENCY, 1, 1024),
    replace: options.replace ?? "auto",
    fsync: options.fsync ?? true,
    retries: checkInteger("retries", options.retries ?? 5, 0, 1000),
    maxBytesPerSecond: options.maxBytesPerSecond ?? Infinity,
    signal,
    onStep: (bytes) => {
      done += bytes;
      onProgress?.(done, model.size);
    },
  });
  return { size: model.size, bytesFetched: fetched, bytesWritten: written, resumed };
}
