/**
 * One process at a time for an output and its state.
 */
import { SluiceError } from "@sluice/internal";
import { openFault } from "@sluice/internal/file-source";

const SUFFIX = ".s4lock";

/**
 * Locks each path by an empty file beside it, until the result is disposed of. The system drops the lock of a process
 * that ends, so the file of a killed one is taken over.
 *
 * @throws {SluiceError} With code "LOCKED" if another download holds one of them, or "EXISTS" if something else than an empty
 *   file has the name of a lock.
 */
export async function lockPaths(paths: readonly string[]): Promise<Disposable> {
  using held = new DisposableStack();
  for (const path of new Set(paths)) held.use(await lock(path));
  return held.move();
}

async function lock(path: string): Promise<Disposable> {
  const name = path + SUFFIX;
  while (true) {
    const file = await openLockFile(name);
    try {
      if (!await file.tryLock(true)) {
        throw new SluiceError(`Cannot write ${path}: another download is writing it`, {
          format: "lz4",
          code: "LOCKED",
        });
      }
      if (await isAt(file, name)) return release(file, name);
    } catch (error) {
      file.close();
      throw error;
    }
    file.close(); // its last holder has removed it
  }
}

/** Opens or makes an empty file, without touching what belongs to somebody else. */
async function openLockFile(name: string): Promise<Deno.FsFile> {
  const found = await Deno.lstat(name).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw openFault(name, error);
  });
  if (found !== undefined && !(found.isFile && found.size === 0)) {
    throw new SluiceError(`Cannot lock ${name}: it exists already and is no lock; remove or rename it`, {
      format: "file",
      code: "EXISTS",
    });
  }
  return await Deno.open(name, { read: true, write: true, create: true }).catch((error) => {
    throw openFault(name, error);
  });
}

/** Whether a name still is that of an open file. */
async function isAt(file: Deno.FsFile, name: string): Promise<boolean> {
  const [open, named] = await Promise.all([file.stat(), Deno.lstat(name).catch(() => undefined)]);
  return named !== undefined && named.dev === open.dev && named.ino === open.ino;
}

/** The name goes first: whoever opens the file until it is closed finds it locked or gone. */
function release(file: Deno.FsFile, name: string): Disposable {
  return {
    [Symbol.dispose](): void {
      try {
        Deno.removeSync(name);
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      } finally {
        file.close();
      }
    },
  };
}
