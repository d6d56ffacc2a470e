/**
 * Journaling and streaming archives, over any source of bytes.
 *
 * @module
 */
import {
  checkArgument,
  checkBoolean,
  checkInteger,
  checkKeys,
  checkLimit,
  checkNumber,
  isAnyIterable,
  openByteSource,
  toHex,
} from "@sluice/internal";
import type { ByteSource, ByteSourceLike, SluiceError } from "@sluice/internal";
import { copyIndex, repackVersions } from "./_archive_copy.ts";
import { readIndex } from "./_archive_index.ts";
import type { ArchiveIndex, IndexedFile, IndexedVersion } from "./_index_facts.ts";
import { openEncrypted } from "./_cipher.ts";
import { BlockStore } from "./_block_store.ts";
import { resolveDecompressOptions } from "../block/_decompress_options.ts";
import type { DecompressSettings } from "../block/_decompress_options.ts";
import { extractPieces } from "./_extraction.ts";
import { Entry } from "./_entry.ts";
import { dateNumber, dateOf, digestAt } from "./_journal_format.ts";
import type { ZpaqDecompressOptions } from "../block/decompress_options.ts";
import type { ZpaqUpdateSink } from "./_types.ts";
import type { ZpaqArchiveEntry, ZpaqPiece } from "./_types.ts";

export type { ZpaqArchiveEntry, ZpaqPiece } from "./_types.ts";

/** How an archive is opened. */
export interface ZpaqArchiveOptions extends ZpaqDecompressOptions {
  /** The password of an encrypted archive. */
  readonly password?: string | Uint8Array | undefined;
  /**
   * What is seen of the archive: versions up to a number, from the end where it is negative, or up to a date; none
   * with 0.
   * @default {all versions}
   */
  readonly until?: number | Date | undefined;
}

/** How files are extracted. */
export interface ZpaqExtractOptions {
  /** Blocks that are decoded at the same time. @default {1} */
  readonly threads?: number | undefined;
  /** The most bytes of output of all files together. @default {what the archive was opened with} */
  readonly maxOutputSize?: number | undefined;
  /** Aborts the work. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Called with the error of each file whose content can't be extracted, instead of throwing it: its pieces from there
   * on are left out, and those of other files follow.
   * @default {the onDamage that the archive was opened with}
   */
  readonly onDamage?: ((error: SluiceError, entry: ZpaqArchiveEntry) => void) | undefined;
}

/** What of an archive is repacked. */
export interface ZpaqRepackOptions {
  /** Which files are kept, by their name. @default {all} */
  readonly filter?: ((name: string) => boolean) | undefined;
  /** Keep every version that is seen instead of the last one alone. @default {false} */
  readonly all?: boolean | undefined;
}

/** Which files are listed. */
export interface ZpaqEntriesOptions {
  /** Files of every version, under its number in that many digits; 4 for true. @default {false} */
  readonly all?: boolean | number | undefined;
  /** The last version that is seen: its number, from the end where it is negative, or a date. @default {all versions} */
  readonly until?: number | Date | undefined;
}

/** A name that a version took away. */
export interface ZpaqDeletion {
  /** The name; under the version's number where all versions are listed. */
  readonly name: string;
  /** The version. */
  readonly version: number;
}

/** One version of an archive. */
export interface ZpaqVersion {
  /** Counted from 1. */
  readonly number: number;
  /** When it was made; undefined in a streaming archive. */
  readonly date: Date | undefined;
  /** Where its update starts. */
  readonly offset: number;
  /** Bytes of its update: what the archive grew by. */
  readonly size: number;
  /** Bytes of its data blocks. */
  readonly dataSize: number;
  /** Files that it wrote. */
  readonly updated: number;
  /** Files that it took away. */
  readonly deleted: number;
  /** Fragments that are new in it. */
  readonly fragments: number;
}

const DIGEST_SIZE = 20;
const VERSION_DIGITS = 4;
const VERSION_DIGITS_MAX = 12;
const THREADS_MAX = 64;
const DATE_LIMITS: readonly [number, number] = [Date.UTC(1900, 0), Date.UTC(3000, 0) - 1];
const EXTRACT_KEYS: ReadonlySet<string> = new Set<keyof ZpaqExtractOptions>([
  "threads",
  "maxOutputSize",
  "signal",
  "onDamage",
]);
const REPACK_KEYS: ReadonlySet<string> = new Set<keyof ZpaqRepackOptions>(["filter", "all"]);
const ENTRIES_KEYS: ReadonlySet<string> = new Set<keyof ZpaqEntriesOptions>(["all", "until"]);

/** Refuses what is neither a number of versions nor a date of one. */
function checkUntil(until: unknown): void {
  if (until === undefined) return;
  if (until instanceof Date) {
    const [min, max] = DATE_LIMITS;
    const time = until.getTime();
    if (time >= min && time <= max) return;
    throw new RangeError('Cannot use option "until": it is no date from 1900 to 2999');
  }
  checkInteger("until", until, -Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
}

/** Whether a line of the index says that its name is gone. */
function isDeletion({ date, segments }: IndexedFile): boolean {
  return date === 0 && segments.length === 0;
}

/** How many versions are seen. */
function countUntil(versions: ArchiveIndex["versions"], until: number | Date | undefined): number {
  if (until === undefined) return versions.length;
  if (typeof until === "number") {
    return until < 0 ? Math.max(0, versions.length + until) : Math.min(versions.length, until);
  }
  const limit = dateNumber(until);
  const first = versions.findIndex(({ date }) => date > limit);
  return first < 0 ? versions.length : first;
}

/**
 * An archive whose index was read. A journaling archive is listed without its data being read; content is decoded block
 * by block, and each fragment is compared with its SHA-1.
 *
 * @example Files in memory
 * ```ts
 * import { byteSourceFromBytes } from "@sluice/zpaq";
 * import { createZpaqArchive, ZpaqArchive } from "@sluice/zpaq";
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = await createZpaqArchive([{ name: "a.txt", body: new TextEncoder().encode("text") }]);
 * using archive = await ZpaqArchive.open(byteSourceFromBytes(bytes));
 * const [entry] = archive.entries();
 * assertEquals(entry!.name, "a.txt");
 * assertEquals(await new Response(entry!.body).text(), "text");
 * ```
 */
export class ZpaqArchive implements Disposable {
  readonly #source: ByteSource;
  readonly #index: ArchiveIndex;
  readonly #settings: DecompressSettings;
  readonly #store: BlockStore;
  /** What is seen of the archive. */
  readonly #versions: ArchiveIndex["versions"];

  private constructor(source: ByteSource, index: ArchiveIndex, settings: DecompressSettings, count: number) {
    this.#source = source;
    this.#index = index;
    this.#settings = settings;
    this.#store = new BlockStore(source, index, settings);
    this.#versions = index.versions.slice(0, count);
  }

  /**
   * Reads the index of an archive, wherever it is: bytes, a Blob, a URL, a path or a source.
   *
   * @throws {SluiceError} With code "BAD_MAGIC" if there is no block at all, with code "PASSWORD" if the password does
   *   not fit, or if the archive is damaged and there is no `onDamage`.
   */
  static async open(data: ByteSourceLike, options: ZpaqArchiveOptions = {}): Promise<ZpaqArchive> {
    checkArgument(typeof options === "object" && options !== null, "open an archive", options, "options");
    const { password, until, ...rest } = options;
    const settings = resolveDecompressOptions(rest);
    checkUntil(until);
    checkArgument(
      password === undefined || typeof password === "string" || password instanceof Uint8Array,
      "open an archive",
      password,
      "a password as a string or bytes",
    );
    const source = await openByteSource(data);
    const plain = password === undefined ? source : await openEncrypted(source, password);
    const limit = until instanceof Date ? dateNumber(until) : undefined;
    const count = typeof until === "number" && until >= 0 ? until : Infinity;
    const index = await readIndex(
      plain,
      settings,
      (version) => version.number > count || limit !== undefined && version.date > limit,
    );
    const seen = countUntil(index.versions, until);
    return new ZpaqArchive(plain, index, settings, seen);
  }

  /** The versions that are seen. */
  get versions(): ZpaqVersion[] {
    const { versions, end } = this.#index;
    return this.#versions.map(({ number, date, offset, dataSize, fragments, lines }) => {
      const deleted = lines.filter(isDeletion).length;
      return {
        number,
        date: date === 0 ? undefined : dateOf(date),
        offset,
        size: (versions[number]?.offset ?? end) - offset,
        dataSize,
        updated: lines.length - deleted,
        deleted,
        fragments: fragments.count,
      };
    });
  }

  /** Where the next update goes: after the last version that is seen. */
  get end(): number {
    const next = this.#index.versions[this.#versions.length];
    return next?.offset ?? this.#index.end;
  }

  /** Bytes that belong to no block: nothing of them was read. */
  get junk(): readonly { readonly offset: number; readonly size: number }[] {
    return this.#index.junk;
  }

  /** Where an update starts that was interrupted; nothing after it is seen. Undefined where every update is complete. */
  get incomplete(): number | undefined {
    return this.#index.incomplete;
  }

  /** Whether it is the index of an archive alone, which lists its files and has none of their data. */
  get isIndex(): boolean {
    const { versions, blocks } = this.#index;
    return blocks.length > 0 && versions.every(({ dataSize }) => dataSize === 0);
  }

  /** Whether files of a streaming archive are among what is seen. */
  get streaming(): boolean {
    return this.#versions.some(({ lines }) => lines.some(({ segments }) => segments.length > 0));
  }

  /** Errors of damaged parts that were passed over. */
  get damages(): readonly Error[] {
    return this.#index.damages;
  }

  /**
   * Files as they are in the last version that is seen, sorted by name. With `all`, files of every version: their names
   * start with the version's number, as in "0001/name"; a number as `all` says how many digits it has at least. With `until`
   * fewer versions are seen, as when the archive is opened.
   */
  entries(options: ZpaqEntriesOptions = {}): ZpaqArchiveEntry[] {
    const { versions, nameIn } = this.#listed(options);
    const archive = { store: this.#store, index: this.#index };
    if (nameIn !== undefined) {
      return versions.flatMap(({ number, lines }) =>
        lines.filter((line) => !isDeletion(line)).map((line) =>
          new Entry(archive, line, nameIn(number, line.name))
        )
      );
    }
    const files = new Map<string, IndexedFile>();
    for (const { lines } of versions) {
      for (const line of lines) {
        if (isDeletion(line)) files.delete(line.name);
        else files.set(line.name, line);
      }
    }
    return [...files.values()].sort((a, b) => a.name < b.name ? -1 : 1).map((file) =>
      new Entry(archive, file)
    );
  }

  /** Names that versions took away, the oldest version first; with `all` under the version's number, as in `entries`. */
  deletions(options: ZpaqEntriesOptions = {}): ZpaqDeletion[] {
    const { versions, nameIn } = this.#listed(options);
    return versions.flatMap(({ number, lines }) =>
      lines.filter(isDeletion).map(({ name }) => ({ name: nameIn?.(number, name) ?? name, version: number }))
    );
  }

  /** The versions that options ask for, and the names that files have in them if versions are told apart. */
  #listed(options: ZpaqEntriesOptions): {
    readonly versions: readonly IndexedVersion[];
    readonly nameIn: ((version: number, name: string) => string) | undefined;
  } {
    checkKeys(options, ENTRIES_KEYS);
    checkUntil(options.until);
    const versions = this.#versions.slice(0, countUntil(this.#versions, options.until));
    const { all = false } = options;
    if (all === false) return { versions, nameIn: undefined };
    const digits = all === true ? VERSION_DIGITS : checkInteger("all", all, 1, VERSION_DIGITS_MAX);
    return { versions, nameIn: (version, name) => `${version.toString().padStart(digits, "0")}/${name}` };
  }

  /**
   * The content of files, piece by piece in the order of the archive, so that each block is decoded once. Pieces of one
   * file may come in any order. An empty file has one piece without bytes; folders have none.
   *
   * @throws {ChecksumMismatchError} With code "FRAGMENT" if a fragment is not what the index says, unless there is an
   *   `onDamage`; its pieces are then left out.
   */
  async *extract(
    entries: Iterable<ZpaqArchiveEntry>,
    options: ZpaqExtractOptions = {},
  ): AsyncGenerator<ZpaqPiece, void, undefined> {
    checkKeys(options, EXTRACT_KEYS);
    checkArgument(isAnyIterable(entries), "extract files", entries, "an iterable of entries of the archive");
    const files = [...entries].map((entry) => {
      checkArgument(entry instanceof Entry, "extract a file", entry, "an entry of the archive");
      return { entry, file: (entry as Entry).file };
    });
    const threads = checkInteger("threads", options.threads ?? 1, 1, THREADS_MAX);
    const { signal, onDamage } = options;
    const maxOutputSize = checkLimit("maxOutputSize", options.maxOutputSize ?? this.#settings.maxOutputSize);
    const settings = { ...this.#settings, maxOutputSize };
    yield* extractPieces(this.#store, files, settings, { threads, signal, onDamage });
  }

  /** Whether a data block has a fragment; its content is not looked at. */
  hasFragment(id: number): boolean {
    return this.#store.find(checkNumber("id", id)) !== undefined;
  }

  /** Bytes of a fragment; 0 where no data block has it. */
  fragmentSize(id: number): number {
    return this.#store.fragmentSize(checkNumber("id", id));
  }

  /** Every fragment that is seen, with its size and its SHA-1 in hexadecimal: what an update need not store again. */
  *knownFragments(): Generator<
    { readonly id: number; readonly digest: string; readonly size: number },
    void,
    undefined
  > {
    const { end } = this;
    const { versions, blocks } = this.#index;
    // An index alone has no data: its blocks are at no place of it.
    const limit = this.isIndex ? versions[this.#versions.length]?.fragments.first ?? Infinity : undefined;
    for (const { first, offset, sizes, rows } of blocks) {
      if (limit === undefined ? offset >= end : first >= limit) continue;
      for (let i = 0; i < sizes.length; i++) {
        yield {
          id: first + i,
          digest: toHex(rows.subarray(digestAt(i), digestAt(i) + DIGEST_SIZE)),
          size: sizes[i]!,
        };
      }
    }
  }

  /**
   * Writes an archive of the files that are seen, and those data blocks as they are that have their content. It has one
   * version, or with `all` those of this archive. Nothing is decoded.
   *
   * @throws {UnsupportedFeatureError} With code "STREAMING" if this is a streaming archive.
   *
   * @example Without what was deleted
   * ```ts
   * import { createZpaqArchive, ZpaqArchive } from "@sluice/zpaq";
   * import { assertEquals } from "@std/assert";
   *
   * const bytes = await createZpaqArchive([{ name: "a", body: new Uint8Array(10) }]);
   * using archive = await ZpaqArchive.open(bytes);
   * const parts: Uint8Array<ArrayBuffer>[] = [];
   * await archive.repack({
   *   write: (bytes) => void parts.push(bytes),
   *   rewrite: (_, bytes) => void (parts[0] = bytes),
   * });
   * assertEquals(await new Blob(parts).bytes(), bytes);
   * ```
   */
  async repack(sink: ZpaqUpdateSink, options: ZpaqRepackOptions = {}): Promise<void> {
    checkKeys(options, REPACK_KEYS);
    checkArgument(typeof sink?.write === "function", "repack an archive", sink, "a sink");
    const { filter = (): boolean => true } = options;
    const all = checkBoolean("all", options.all ?? false);
    checkArgument(typeof filter === "function", "repack an archive", filter, "a function as filter");
    const isKept = ({ name }: { readonly name: string }): boolean => checkBoolean("filter", filter(name));
    const versions = all
      ? this.#versions.map(({ date, lines }) => ({ date, files: lines.filter(isKept) }))
      : [{
        date: this.#versions.at(-1)?.date ?? 0,
        files: this.entries().filter(isKept).map((entry) => (entry as Entry).file),
      }];
    await repackVersions(this.#source, this.#store, versions, sink);
  }

  /**
   * Writes the archive's index: all versions that are seen, without their data. It lists as the archive does.
   *
   * @throws {UnsupportedFeatureError} With code "STREAMING" if this is a streaming archive.
   */
  async writeIndex(sink: ZpaqUpdateSink): Promise<void> {
    checkArgument(typeof sink?.write === "function", "write an index", sink, "a sink");
    await copyIndex(this.#source, this.#index, this.#versions.length, sink);
  }

  /** Frees what decoding holds; calling it again does nothing. */
  close(): void {
    this.#store.close();
  }

  /** Frees what decoding holds. */
  [Symbol.dispose](): void {
    this.close();
  }
}
