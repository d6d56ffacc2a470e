/**
 * Writing journaling archives.
 *
 * @module
 */
import { concatBytes } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { ArchiveUpdate } from "./_archive_update.ts";
import type { ZpaqAttributes } from "./_journal_format.ts";
import type { ZpaqArchive } from "./archive.ts";

/** A file or folder to archive. */
export interface ZpaqFile {
  /** Its name; a folder's ends in "/". */
  readonly name: string;
  /** When it was changed last. @default {the update's date} */
  readonly date?: Date | undefined;
  /** System attributes to keep. */
  readonly attributes?: ZpaqAttributes | undefined;
  /** The size of its content, where it is known: it decides on the order and the blocks. @default {0} */
  readonly size?: number | undefined;
  /** Its content; nothing for a folder. A function is called when the content is needed. */
  readonly body?: ZpaqFileBody | (() => ZpaqFileBody | Promise<ZpaqFileBody>) | undefined;
}

/** Content of a file to archive. */
export type ZpaqFileBody = BytesSource | ReadableStream<BytesSource> | AsyncIterable<BytesSource>;

/** How an update is written. */
export interface ZpaqUpdateOptions {
  /** A level "0" to "5" with an optional block exponent, as "-m" of zpaq takes it, or an expanded method. @default {"1"} */
  readonly method?: string | undefined;
  /** The date of the update; moved on where the archive has a later one. @default {now} */
  readonly date?: Date | undefined;
  /** log2 of the mean size of fragments in KiB. @default {6} */
  readonly fragment?: number | undefined;
  /** Blocks that are compressed at the same time, natively. @default {1} */
  readonly threads?: number | undefined;
  /** Names to take away from what the archive shows. */
  readonly delete?: Iterable<string> | undefined;
  /** Archive files whose date and size have not changed. @default {false} */
  readonly force?: boolean | undefined;
  /**
   * Called with the error of a file whose content can't be read, instead of throwing it: the file is left out, and the
   * archive shows its earlier version, if there is one.
   */
  readonly onUnreadable?: ((error: unknown, file: ZpaqFile) => void) | undefined;
}

/** What an update came to. */
export interface ZpaqUpdateResult {
  /** Files that were written to the index. */
  readonly updated: number;
  /** Files that were taken away. */
  readonly deleted: number;
  /** Bytes of content that was looked at, and those of it that were new. */
  readonly bytesIn: number;
  /** Bytes of new fragments. */
  readonly bytesNew: number;
  /** Bytes that were written. */
  readonly bytesOut: number;
}

/** Where an update goes: behind the archive, but for the first block, which is written once more at the end. */
export interface ZpaqUpdateSink {
  /** Appends bytes. */
  write(bytes: Uint8Array<ArrayBuffer>): Promise<void> | void;
  /** Writes over bytes that were appended; `offset` counts from the start of the update. */
  rewrite(offset: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> | void;
}

/**
 * Writes an update of an archive: files that are new or have changed, and deletions. Fragments that the archive has are
 * not stored again. With the same files, dates and method the bytes are those that zpaq 7.15 writes.
 *
 * @throws {TypeError} If a name has a zero, or a lone surrogate that no archive's name has.
 * @throws {RangeError} If a name is longer than 65,535 bytes, or the method is none.
 * @throws {UnsupportedFeatureError} With code "STREAMING" if the archive is a streaming archive.
 *
 * @example A second version
 * ```ts
 * import { byteSourceFromBytes, concatBytes } from "@sluice/internal";
 * import { createZpaqArchive, updateZpaqArchive, ZpaqArchive } from "@sluice/zpaq";
 * import { assertEquals } from "@std/assert";
 *
 * const first = await createZpaqArchive([{ name: "a", body: new Uint8Array(10) }]);
 * using archive = await ZpaqArchive.open(byteSourceFromBytes(first));
 * const parts: Uint8Array<ArrayBuffer>[] = [];
 * const sink = {
 *   write: (bytes: Uint8Array<ArrayBuffer>): void => void parts.push(bytes),
 *   rewrite: (_: number, bytes: Uint8Array<ArrayBuffer>): void => void (parts[0] = bytes),
 * };
 * await updateZpaqArchive(archive, [{ name: "b", body: new Uint8Array(10) }], sink);
 * using second = await ZpaqArchive.open(byteSourceFromBytes(concatBytes([first, ...parts])));
 * assertEquals(second.entries().map(({ name }) => name), ["a", "b"]);
 * ```
 */
export async function updateZpaqArchive(
  archive: ZpaqArchive | undefined,
  files: Iterable<ZpaqFile>,
  sink: ZpaqUpdateSink,
  options: ZpaqUpdateOptions = {},
): Promise<ZpaqUpdateResult> {
  return await new ArchiveUpdate(archive, sink, options).run([...files]);
}

/**
 * A new archive of files, in memory.
 *
 * @example One file
 * ```ts
 * import { createZpaqArchive } from "@sluice/zpaq";
 * import { assert } from "@std/assert";
 *
 * const archive = await createZpaqArchive([{ name: "zeros", body: new Uint8Array(100_000) }], { method: "3" });
 * assert(archive.length < 1500);
 * ```
 */
export async function createZpaqArchive(
  files: Iterable<ZpaqFile>,
  options: ZpaqUpdateOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  await updateZpaqArchive(undefined, files, {
    write: (bytes) => void parts.push(bytes),
    rewrite: (_, bytes) => void (parts[0] = bytes),
  }, options);
  return concatBytes(parts);
}
