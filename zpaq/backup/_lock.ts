/**
 * One writer of an archive at a time. The lock is on an empty file beside the archive, for the archive itself may be
 * replaced by a rename. The system releases it when its owner ends, however that happens, and readers need none.
 */
import { openFault } from "@sluice/internal/file-source";
import { isMultiPart, partPath } from "./_archive_files.ts";
import { factsOf } from "./_file_facts.ts";
import { ifThere, systemText } from "./_paths.ts";
import { failure, ZpaqBackupError } from "./_problems.ts";
import type { Undoing } from "./_update_file.ts";

/** A lock that is held. */
interface Held {
  readonly file: Deno.FsFile;
  /** The lock's own file; undefined where the archive is locked itself. */
  readonly path: string | undefined;
}

/** The file that is locked for an archive; parts share one. */
async function lockPath(archive: string): Promise<string> {
  const path = isMultiPart(archive) ? partPath(archive, 0) : archive;
  const real = await ifThere(path, Deno.stat) === undefined ? path : await Deno.realPath(path);
  return `${real}.lock`;
}

/** Opens the file of a lock, which is made where there is none; undefined where this process may not. */
async function openLock(path: string, archive: string): Promise<Deno.FsFile | undefined> {
  const refused = (error: unknown): undefined => {
    if (error instanceof Deno.errors.PermissionDenied || /Read-only file system/.test(`${error}`)) return;
    throw new ZpaqBackupError(`Cannot write ${archive}: ${systemText(error)}`, {
      code: error instanceof Deno.errors.NotFound ? "NOT_FOUND" : "IO",
      entry: archive,
      cause: error,
    });
  };
  return await Deno.open(path, { write: true, create: true }).catch(refused) ??
    // Another user's lock can be waited on by whoever may read it.
    await Deno.open(path, { read: true }).catch((error) =>
      error instanceof Deno.errors.NotFound ? undefined : refused(error)
    );
}

function locked(archive: string): Error {
  return failure(
    "LOCKED",
    `Cannot write ${archive}: another process is writing it; try again when it is done`,
  );
}

/** Locks an archive's lock file, or the archive itself in a folder in which nothing can be made or renamed. */
async function acquire(archive: string): Promise<Held | undefined> {
  const path = await lockPath(archive);
  while (true) {
    const existing = await ifThere(path, Deno.lstat);
    if (existing !== undefined && !(existing.isFile && existing.size === 0)) {
      throw failure("LOCKED", `Cannot lock ${archive}: ${path} is there and is no lock; move it away`);
    }
    const file = await openLock(path, archive);
    if (file === undefined) return await acquireItself(archive);
    if (!await file.tryLock(true)) {
      file.close();
      throw locked(archive);
    }
    const [own, there] = [await file.stat(), await ifThere(path, Deno.lstat)];
    if (there !== undefined && own.ino === there.ino && own.dev === there.dev) return { file, path };
    // Its last owner removed it in the meantime.
    file.close();
  }
}

async function acquireItself(archive: string): Promise<Held | undefined> {
  const path = isMultiPart(archive) ? partPath(archive, 1) : archive;
  // Where it is not there it can't be made either: writing it says why.
  if (await ifThere(path, Deno.stat) === undefined) return undefined;
  const file = await Deno.open(path).catch((error) => {
    throw openFault(path, error);
  });
  if (await file.tryLock(true)) return { file, path: undefined };
  file.close();
  throw locked(archive);
}

/**
 * Runs an action while no other process writes an archive; it is told the identity of the lock's file, which is no file
 * of the user.
 *
 * @throws {SluiceError} With code "LOCKED" if another process writes it.
 */
export async function withLock<T>(
  archive: string,
  undoing: Undoing,
  act: (identity: string | undefined) => Promise<T>,
): Promise<T> {
  const held = await acquire(archive);
  if (held === undefined) return await act(undefined);
  const { file, path } = held;
  // Removed while it is held: whoever waits for this very file sees that it is gone and makes another.
  const remove = (): void => {
    if (path !== undefined) Deno.removeSync(path);
  };
  const forget = undoing(remove);
  try {
    return await act(path === undefined ? undefined : (await factsOf(path)).identity);
  } finally {
    try {
      remove();
    } finally {
      file.close();
      forget();
    }
  }
}
