/**
 * Adding a version.
 */
import type { NewNames } from "./_checks.ts";
import { checkBoolean } from "@sluice/internal";
import { ArchiveUpdate } from "../archive/_archive_update.ts";
import type { ZpaqArchive } from "../archive/archive.ts";
import type { ZpaqUpdateOptions, ZpaqUpdateSink } from "../archive/_types.ts";
import { isMultiPart, partPath } from "./_archive_files.ts";
import type { BackupState, Opened } from "./_backup_state.ts";
import { encryptedFromStart, SALT_SIZE } from "./_encrypted_sink.ts";
import type { ZpaqBackupAdded, ZpaqBackupAddOptions } from "./options.ts";
import { appendIndex, placeOfPart } from "./_indexed_archive.ts";
import { withLock } from "./_lock.ts";
import { ifThere } from "./_paths.ts";
import { isWanted, renamed } from "./_patterns.ts";
import { failure, warning } from "./_problems.ts";
import type { ZpaqBackupError } from "./_problems.ts";
import { smallFileReader } from "./_small_files.ts";
import { addStreaming, streamingMethod } from "./_streaming_update.ts";
import { cutOff, openUpdate } from "./_update_file.ts";
import type { UpdatePlace } from "./_update_file.ts";
import { walk } from "./_walk.ts";
import type { Walked } from "./_walk.ts";

const NOWHERE: ZpaqUpdateSink = { write(): void {}, rewrite(): void {} };

/** What adding came to, without its problems. */
type Added = Omit<ZpaqBackupAdded, "problems">;

/** Adds a version of files and folders. */
export async function addVersion(
  backup: BackupState,
  list: readonly string[],
  to: NewNames,
  options: ZpaqBackupAddOptions,
): Promise<Added> {
  backup.checkWritable();
  if (options.dryRun === true) return await addLocked(backup, list, to, options, undefined);
  return await withLock(
    backup.path,
    backup.undoing,
    (identity) => addLocked(backup, list, to, options, identity),
  );
}

/** Adds a version while nobody else writes the archive; `lock` is the identity of the lock's file. */
async function addLocked(
  backup: BackupState,
  list: readonly string[],
  to: NewNames,
  options: ZpaqBackupAddOptions,
  lock: string | undefined,
): Promise<Added> {
  await backup.refresh();
  const opened = await backup.open();
  checkUpdatable(backup, opened);
  const attributes = streamingMethod(backup.method) === undefined ? options.attributes ?? "all" : "mode";
  const { only, exclude, signal } = options;
  const archive = await backup.identities();
  if (lock !== undefined) archive.add(lock);
  const { report } = backup;
  const found = await walk({ paths: list, to, only, exclude, attributes, archive, report, signal });
  const result = await write(backup, opened, found, list, to, options);
  backup.close();
  return result;
}

/** Refuses archives that were not read to their end. */
function checkUpdatable(backup: BackupState, opened: Opened | undefined): void {
  if (opened === undefined) return;
  const { archive, files } = opened;
  const nothing = (why: string): ZpaqBackupError =>
    failure("CORRUPT", `Cannot add to ${backup.path}: ${why}: nothing was added`);
  const [damage] = archive.damages;
  if (damage !== undefined) throw nothing(damage.message);
  if (files.stray.length > 0) {
    throw nothing(`part ${files.parts.length + 1} is missing, but there is ${files.stray[0]}`);
  }
  const [junk] = archive.junk;
  if (junk !== undefined) throw nothing(`${junk.size} bytes at ${junk.offset} belong to no block`);
  if (archive.streaming && streamingMethod(backup.method) === undefined) {
    throw nothing("it is a streaming archive");
  }
  if (archive.incomplete === undefined) return;
  const last = files.partAt(archive.incomplete + backup.salted);
  if (isMultiPart(backup.path) && last.number < files.parts.length) {
    throw nothing(`${last.path} was interrupted, but other parts follow`);
  }
  backup.report(
    warning(
      "keep all of",
      last.path,
      "the last update was interrupted; what is left of it is cut off",
      "TRUNCATED",
    ),
  );
}

async function write(
  backup: BackupState,
  opened: Opened | undefined,
  found: Walked,
  paths: readonly string[],
  to: NewNames,
  options: ZpaqBackupAddOptions,
): Promise<Added> {
  const streaming = streamingMethod(backup.method);
  const { fragment, threads } = backup.options;
  const update: ZpaqUpdateOptions = {
    method: backup.method,
    fragment,
    threads,
    force: checkBoolean("force", options.force ?? false),
    date: options.date,
    delete: goneNames(opened?.archive, found, paths, to, options),
    onUnreadable: (error, file) => backup.report(warning("read", file.name, error)),
    fileDigests: (options.attributes ?? "all") === "all",
    onCollision: ({ name }) => backup.report(collision(name)),
    signal: options.signal,
    onFile: options.onFile,
    onProgress: options.onProgress,
  };
  const run = async (sink: ZpaqUpdateSink): Promise<Added> => {
    if (streaming === undefined) {
      return await new ArchiveUpdate(opened?.archive, sink, update, smallFileReader()).run(found.files);
    }
    const { files, bytesIn, bytesOut } = await addStreaming(
      found.files,
      streaming,
      sink,
      backup.formats.compress,
      {
        report: backup.report,
        signal: options.signal,
        onFile: options.onFile,
        onProgress: options.onProgress,
      },
    );
    return { updated: files, deleted: 0, bytesIn, bytesNew: bytesIn, bytesOut };
  };
  backup.checkWritable();
  if (options.dryRun === true) return await run(NOWHERE);
  const { indexOf } = options;
  const place = indexOf === undefined
    ? await placeOf(backup, opened)
    : await placeOfPart(backup, opened, indexOf);
  const file = await openUpdate(place);
  try {
    const result = await run(await encryptedSink(backup, file.sink, opened));
    if (result.updated + result.deleted === 0) {
      await file.discard();
      if (place.size !== undefined && place.end < place.size) await cutOff(place);
      return { ...result, bytesOut: 0 };
    }
    await file.commit();
    if (indexOf !== undefined) await appendIndex(backup, opened, place.path);
    return result;
  } catch (error) {
    await file.discard();
    throw error;
  }
}

/** Content that was made to have the SHA-1 of other content. */
function collision(name: string): ZpaqBackupError {
  return warning(
    "tell content by its SHA-1 in",
    name,
    "other content has the same; both are stored",
    "SHA1_COLLISION",
  );
}

/** A sink that encrypts, where there is a password. */
async function encryptedSink(
  backup: BackupState,
  sink: ZpaqUpdateSink,
  opened: Opened | undefined,
): Promise<ZpaqUpdateSink> {
  const { password } = backup.options;
  if (password === undefined) return sink;
  if (opened === undefined || opened.archive.end === 0) {
    return await encryptedFromStart(sink, password, backup.formats);
  }
  const salt = await opened.files.source.read(0, SALT_SIZE);
  return await backup.formats.encrypt(sink, password, salt, opened.archive.end + SALT_SIZE);
}

/** Where the update goes. */
async function placeOf(backup: BackupState, opened: Opened | undefined): Promise<UpdatePlace> {
  const { path, undoing } = backup;
  if (!isMultiPart(path)) {
    const real = opened === undefined ? path : await Deno.realPath(path);
    const size = (await ifThere(real, Deno.stat))?.size;
    const end = opened === undefined || opened.archive.end === 0 ? 0 : opened.archive.end + backup.salted;
    return { path: real, size, end, undoing };
  }
  if (opened === undefined) return { path: partPath(path, 1), size: undefined, end: 0, undoing };
  const { files, archive } = opened;
  const end = archive.end + backup.salted;
  if (end === files.source.size) {
    return { path: partPath(path, files.parts.length + 1), size: undefined, end: 0, undoing };
  }
  const last = files.partAt(end);
  if (last.offset !== end || last.number !== files.parts.length) {
    throw failure(
      "UNSUPPORTED",
      `Cannot roll ${path} back: remove the parts that are not wanted: nothing was added`,
    );
  }
  return { path: last.path, size: last.size, isPart: true, end: 0, undoing };
}

/** Names of the archive that the paths cover and that were not found. */
function goneNames(
  archive: ZpaqArchive | undefined,
  { files, unseen }: Walked,
  paths: readonly string[],
  to: NewNames,
  selection: ZpaqBackupAddOptions,
): string[] {
  const gone = new Set((archive?.entries() ?? []).map((entry) => entry.name));
  for (const { name } of files) gone.delete(name);
  const covered = paths.map((path) => renamed(path, paths, to));
  return [...gone].filter((name) =>
    isWanted(name.replace(/\/$/, ""), covered, selection) &&
    !unseen.some((path) => name === path || name.startsWith(`${path.replace(/\/+$/, "")}/`))
  );
}
