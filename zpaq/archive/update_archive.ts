/**
 * Writing journaling archives.
 *
 * @module
 */
import { checkArgument, checkKeys, concatBytes, isAnyIterable } from "@sluice/internal";
import { ArchiveUpdate } from "./_archive_update.ts";
import { ZpaqArchive } from "./archive.ts";
import type { ZpaqFile, ZpaqUpdateOptions, ZpaqUpdateResult, ZpaqUpdateSink } from "./_types.ts";

export type {
  ZpaqFile,
  ZpaqFileBody,
  ZpaqUpdatedFile,
  ZpaqUpdateOptions,
  ZpaqUpdateResult,
  ZpaqUpdateSink,
} from "./_types.ts";

const UPDATE_OPTIONS: ReadonlySet<string> = new Set([
  "method",
  "date",
  "fragment",
  "threads",
  "delete",
  "force",
  "fileDigests",
  "onCollision",
  "onUnreadable",
  "signal",
  "onFile",
  "onProgress",
]);

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
 * import { createZpaqArchive, updateZpaqArchive, ZpaqArchive } from "@sluice/zpaq";
 * import { assertEquals } from "@std/assert";
 *
 * const first = await createZpaqArchive([{ name: "a", body: new Uint8Array(10) }]);
 * using archive = await ZpaqArchive.open(first);
 * const parts: Uint8Array<ArrayBuffer>[] = [];
 * const sink = {
 *   write: (bytes: Uint8Array<ArrayBuffer>): void => void parts.push(bytes),
 *   rewrite: (_: number, bytes: Uint8Array<ArrayBuffer>): void => void (parts[0] = bytes),
 * };
 * await updateZpaqArchive(archive, [{ name: "b", body: new Uint8Array(10) }], sink);
 * using second = await ZpaqArchive.open(new Blob([first, ...parts]));
 * assertEquals(second.entries().map(({ name }) => name), ["a", "b"]);
 * ```
 */
export async function updateZpaqArchive(
  archive: ZpaqArchive | undefined,
  files: Iterable<ZpaqFile>,
  sink: ZpaqUpdateSink,
  options: ZpaqUpdateOptions = {},
): Promise<ZpaqUpdateResult> {
  checkKeys(options, UPDATE_OPTIONS);
  checkArgument(
    archive === undefined || archive instanceof ZpaqArchive,
    "update an archive",
    archive,
    "a ZpaqArchive",
  );
  checkArgument(isAnyIterable(files), "update an archive", files, "an iterable of files");
  return await new ArchiveUpdate(archive, sink, options, undefined).run([...files]);
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
