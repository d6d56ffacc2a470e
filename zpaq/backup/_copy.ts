/**
 * Writing another archive from the one of a backup.
 */
import type { ZpaqArchive } from "../archive/archive.ts";
import type { ZpaqUpdateSink } from "../archive/_types.ts";
import type { BackupState, Opened } from "./_backup_state.ts";
import { encryptedFromStart } from "./_encrypted_sink.ts";
import { factsOf } from "./_file_facts.ts";
import { withLock } from "./_lock.ts";
import { ifThere } from "./_paths.ts";
import { failure } from "./_problems.ts";
import { openUpdate } from "./_update_file.ts";

/** Writes a file that takes its name when it is complete. */
export async function copyTo(
  backup: BackupState,
  target: string,
  password: string | Uint8Array | undefined,
  force: boolean | undefined,
  write: (archive: ZpaqArchive, sink: ZpaqUpdateSink) => Promise<void>,
): Promise<void> {
  const opened = await backup.open();
  if (opened === undefined) {
    throw failure("NOT_FOUND", `Cannot read ${backup.path}: No such file or directory`);
  }
  await withLock(
    target,
    backup.undoing,
    () => writeLocked(backup, opened, target, password, force, write),
  );
}

async function writeLocked(
  backup: BackupState,
  opened: Opened,
  target: string,
  password: string | Uint8Array | undefined,
  force: boolean | undefined,
  write: (archive: ZpaqArchive, sink: ZpaqUpdateSink) => Promise<void>,
): Promise<void> {
  const existing = await ifThere(target, Deno.stat);
  if (existing?.isDirectory) throw failure("IO", `Cannot write ${target}: Is a directory`);
  if (existing !== undefined) {
    const { identity } = await Deno.realPath(target).then(factsOf);
    if (identity !== undefined && (await backup.identities()).has(identity)) {
      throw failure("IO", `Cannot write ${target}: it is the archive itself`);
    }
    if (force !== true) {
      throw failure("EXISTS", `Cannot write ${target}: it already exists and is not overwritten`);
    }
  }
  const file = await openUpdate({ path: target, end: 0, size: existing?.size, undoing: backup.undoing });
  try {
    const sink = password === undefined
      ? file.sink
      : await encryptedFromStart(file.sink, password, backup.formats);
    await write(opened.archive, sink);
  } catch (error) {
    await file.discard();
    throw error;
  }
  await file.commit();
}
