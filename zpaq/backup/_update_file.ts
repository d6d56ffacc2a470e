/**
 * The file that an update of an archive goes to. Whatever happens, the versions that were there stay readable: an update
 * is appended and taken back when it fails, and where something is to be cut off, that is done once the update is
 * complete in a file beside the archive.
 */
import type { ZpaqUpdateSink } from "../archive/_types.ts";
import { ifThere, systemText, temporaryBeside } from "./_paths.ts";
import { failure, ZpaqBackupError } from "./_problems.ts";

const PIECE_SIZE = 1 << 20;

/** Is called with what takes unfinished work back; what it returns is called once that is done. */
export type Undoing = (undo: () => void) => () => void;

/** Where an update goes. */
export interface UpdatePlace {
  readonly path: string;
  /** Bytes of the file that stay. */
  readonly end: number;
  /** Bytes that the file has; undefined where there is none. */
  readonly size: number | undefined;
  /** Whether the file is one part of an archive of several. @default {false} */
  readonly isPart?: boolean | undefined;
  readonly undoing: Undoing;
}

/** An update under way: complete it, or give it up. */
export interface UpdateFile {
  /** Takes the update; offsets count from the place where the update starts. */
  readonly sink: ZpaqUpdateSink;
  /** Makes the update part of the archive. */
  commit(): Promise<void>;
  /** Leaves the archive as it was. */
  discard(): Promise<void>;
}

/** Opens the place of an update. */
export async function openUpdate(place: UpdatePlace): Promise<UpdateFile> {
  try {
    const existing = await ifThere(place.path, Deno.stat);
    if (existing !== undefined && !existing.isFile) {
      // A device or a pipe would be replaced, for all that use it.
      throw failure("IO", `Cannot write ${place.path}: it is no regular file`);
    }
    const update = place.size !== undefined && place.size === place.end && place.end > 0
      ? await appendTo(place)
      : await stage(place);
    return named(update, place.path);
  } catch (error) {
    throw writeFailure(place.path, error);
  }
}

/** Takes away what stands after the place of an update where nothing comes instead; a part that it fills goes. */
export async function cutOff({ path, end, isPart }: UpdatePlace): Promise<void> {
  try {
    if (end === 0 && isPart === true) await Deno.remove(path);
    else await Deno.truncate(path, end);
  } catch (error) {
    throw writeFailure(path, error);
  }
}

function writeFailure(path: string, error: unknown): ZpaqBackupError {
  if (error instanceof ZpaqBackupError) return error;
  const text = systemText(error);
  return new ZpaqBackupError(`Cannot write ${path}: ${text}`, {
    code: /No space left/.test(text) ? "NO_SPACE" : "IO",
    entry: path,
    cause: error,
  });
}

/** Writes until nothing is left: one write may take less than it is given. */
export async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
}

/** Appends from a position of a file on. */
function fileSink(file: Deno.FsFile, start: number): ZpaqUpdateSink {
  let at = start;
  return {
    async write(bytes): Promise<void> {
      await file.seek(at, Deno.SeekMode.Start);
      await writeAll(file, bytes);
      at += bytes.length;
    },
    async rewrite(offset, bytes): Promise<void> {
      await file.seek(start + offset, Deno.SeekMode.Start);
      await writeAll(file, bytes);
    },
  };
}

/** An update whose failures name the archive. */
function named({ sink, commit, discard }: UpdateFile, path: string): UpdateFile {
  const guarded = async <T>(act: () => T | Promise<T>): Promise<T> => {
    try {
      return await act();
    } catch (error) {
      throw writeFailure(path, error);
    }
  };
  return {
    sink: {
      write: (bytes) => guarded(() => sink.write(bytes)),
      rewrite: (offset, bytes) => guarded(() => sink.rewrite(offset, bytes)),
    },
    commit: () => guarded(commit),
    discard,
  };
}

/** Appends in place: until its first block is written again, nobody sees the update. */
async function appendTo({ path, end, undoing }: UpdatePlace): Promise<UpdateFile> {
  const file = await Deno.open(path, { write: true });
  const forget = undoing(() => file.truncateSync(end));
  const close = (): void => {
    file.close();
    forget();
  };
  return {
    sink: fileSink(file, end),
    async commit(): Promise<void> {
      await file.sync();
      close();
    },
    async discard(): Promise<void> {
      try {
        await file.truncate(end);
      } finally {
        close();
      }
    },
  };
}

/** Writes to a file beside the archive first. */
async function stage({ path, end, size, undoing }: UpdatePlace): Promise<UpdateFile> {
  const temporary = temporaryBeside(path);
  const forget = undoing(() => Deno.removeSync(temporary));
  const file = await Deno.open(temporary, { read: true, write: true, createNew: true }).catch((error) => {
    forget();
    throw error;
  });
  const discard = async (): Promise<void> => {
    file.close();
    await Deno.remove(temporary);
    forget();
  };
  const takeName = async (name: string): Promise<void> => {
    await Deno.rename(temporary, name);
    file.close();
    forget();
  };
  return {
    sink: fileSink(file, 0),
    async commit(): Promise<void> {
      await file.sync();
      if (size === undefined) {
        const come = await Deno.lstat(path).then(() => true, () => false);
        if (come) {
          throw failure("TARGET_CHANGED", `Cannot write ${path}: another program made it in the meantime`);
        }
        await takeName(path);
      } else if (end === 0) {
        const { mode } = await Deno.stat(path);
        if (mode !== null && Deno.build.os !== "windows") await Deno.chmod(temporary, mode & 0o777);
        await takeName(path);
      } else {
        await replaceTail(path, end, file);
        await discard();
      }
    },
    discard,
  };
}

/** Cuts a file at `end` and appends a complete update. */
async function replaceTail(path: string, end: number, update: Deno.FsFile): Promise<void> {
  using archive = await Deno.open(path, { write: true });
  await archive.truncate(end);
  await archive.seek(end, Deno.SeekMode.Start);
  await update.seek(0, Deno.SeekMode.Start);
  const piece = new Uint8Array(PIECE_SIZE);
  for (let count = await update.read(piece); count !== null; count = await update.read(piece)) {
    await writeAll(archive, piece.subarray(0, count));
  }
  await archive.sync();
}
