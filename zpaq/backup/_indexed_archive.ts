/**
 * Versions of an archive that is elsewhere, of which its index alone is here.
 */
import { openFileSource } from "@sluice/internal/file-source";
import { isMultiPart, partPath } from "./_archive_files.ts";
import type { BackupState, Opened } from "./_backup_state.ts";
import { streamingMethod } from "./_streaming_update.ts";
import { ifThere } from "./_paths.ts";
import { failure } from "./_problems.ts";
import { openUpdate } from "./_update_file.ts";
import type { UpdatePlace } from "./_update_file.ts";

/**
 * The file that the next version of an archive goes to.
 *
 * @throws {SluiceError} If it is there already, or what should be the index has data.
 */
export async function placeOfPart(
  backup: BackupState,
  opened: Opened | undefined,
  archive: string,
): Promise<UpdatePlace> {
  const { options, method, path: index, undoing } = backup;
  const refuse = (why: string): Error =>
    failure("UNSUPPORTED", `Cannot add to ${archive} by its index ${index}: ${why}`);
  if (options.password !== undefined) throw refuse("it may have no password");
  if (streamingMethod(method) !== undefined) throw refuse("a streaming archive has no index");
  if (opened !== undefined && opened.archive.versions.length > 0 && !opened.archive.isIndex) {
    throw refuse("that has data, so it is no index");
  }
  const versions = opened?.archive.versions.length ?? 0;
  const path = isMultiPart(archive) ? partPath(archive, versions + 1) : archive;
  if (await ifThere(path, Deno.lstat) !== undefined) {
    throw failure("EXISTS", `Cannot write ${path}: it already exists and is not overwritten`);
  }
  return { path, size: undefined, end: 0, undoing };
}

/** Appends what a part says of its files to the index. */
export async function appendIndex(
  backup: BackupState,
  opened: Opened | undefined,
  part: string,
): Promise<void> {
  const size = opened?.files.source.size;
  const { path, undoing } = backup;
  using source = await openFileSource(part);
  using archive = await backup.formats.open(source);
  const file = await openUpdate({ path, end: size ?? 0, size, undoing });
  try {
    await archive.writeIndex(file.sink);
  } catch (error) {
    await file.discard();
    throw error;
  }
  await file.commit();
}
