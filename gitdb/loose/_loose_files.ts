/**
 * Loose objects as files: reading them without waiting on what is no file, and writing them so that no half of one ever
 * stands under its name. Deno only.
 */
import { openFault } from "@sluice/internal/file-source";
import { GitObjectId, HASH_SIZE } from "../object/_object_id.ts";
import type { GitHashAlgorithm } from "../object/_object_id.ts";
import { isMissing, joinPath, touchFile, writing } from "../object/_fs.ts";
import { objectNotFound } from "../object/_errors.ts";
import { share } from "../object/_shared_mode.ts";
import type { SharedMode } from "../object/_shared_mode.ts";

const HEAD_SIZE = 256;

/** Where an object lies below its root. */
export function loosePath(id: GitObjectId): string {
  const hex = `${id}`;
  return `${hex.slice(0, 2)}/${hex.slice(2)}`;
}

/** What is known of the file of an object; undefined where no regular file is there. */
export function looseStat(path: string): Deno.FileInfo | undefined {
  try {
    const info = Deno.statSync(path);
    return info.isFile ? info : undefined;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw openFault(path, error);
  }
}

/**
 * Marks the file of an object as in use; returns false where no whole one is there. An empty file is what a crash of the
 * machine leaves.
 */
export function freshenLoose(path: string): boolean {
  return (looseStat(path)?.size ?? 0) > 0 && touchFile(path);
}

/**
 * Opens the file of an object.
 *
 * @throws {NotFoundError} If it is not there any more: packing and garbage collection remove files.
 */
export function openLoose(id: GitObjectId, path: string): Deno.FsFile {
  try {
    return Deno.openSync(path, { read: true });
  } catch (error) {
    throw isMissing(error) ? objectNotFound(id) : openFault(path, error);
  }
}

/** The bytes of an object's file; throws as `openLoose`. */
export async function readLoose(id: GitObjectId, path: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    throw isMissing(error) ? objectNotFound(id) : openFault(path, error);
  }
}

/** The first bytes of an object's file, enough for a header; throws as `openLoose`. */
export function readHead(id: GitObjectId, path: string): Uint8Array {
  const file = openLoose(id, path);
  try {
    const head = new Uint8Array(HEAD_SIZE);
    return head.subarray(0, file.readSync(head) ?? 0);
  } finally {
    file[Symbol.dispose]();
  }
}

/** The ids below a root that have this first byte, in order. */
export function looseIdsIn(root: string, folder: string, algorithm: GitHashAlgorithm): GitObjectId[] {
  const length = 2 * HASH_SIZE[algorithm] - 2;
  let names: string[];
  try {
    names = [...Deno.readDirSync(joinPath(root, folder))].map(({ name }) => name);
  } catch (error) {
    if (isMissing(error)) return [];
    throw openFault(joinPath(root, folder), error);
  }
  return names
    .filter((name) => name.length === length && /^[0-9a-f]+$/.test(name))
    .sort()
    .map((name) => GitObjectId.from(folder + name));
}

function temporaryName(): string {
  return `tmp_obj_${crypto.randomUUID().replaceAll("-", "").slice(0, 12)}`;
}

function makeFolder(path: string, shared: SharedMode | undefined): void {
  Deno.mkdirSync(path, { recursive: true });
  try {
    share(path, shared);
  } catch (error) {
    if (!isMissing(error)) throw error; // taken away again
  }
}

/** How often a folder is made again that somebody else takes away: git's garbage collection removes empty ones. */
const FOLDER_TRIES = 16;

/** Opens a new file in a folder, which is made where it is not there. */
function openInFolder(path: string, folder: string, shared: SharedMode | undefined): Deno.FsFile {
  for (let left = FOLDER_TRIES;; left--) {
    try {
      return Deno.openSync(path, { write: true, createNew: true, mode: 0o444 });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound) || left === 0) throw error;
      makeFolder(folder, shared);
    }
  }
}

/** A new file beside its place, under a name that readers pass over. */
export class TemporaryFile implements Disposable {
  readonly path: string;
  readonly #file: Deno.FsFile;
  #open = true;
  #kept = false;

  readonly #shared: SharedMode | undefined;

  /** Creates it in a folder, which is made where it is not there; `shared` says who else may use what is made. */
  constructor(folder: string, shared?: SharedMode) {
    this.#shared = shared;
    this.path = joinPath(folder, temporaryName());
    this.#file = writing(folder, () => openInFolder(this.path, folder, shared));
  }

  write(bytes: Uint8Array): void {
    writing(this.path, () => {
      for (let done = 0; done < bytes.length;) done += this.#file.writeSync(bytes.subarray(done));
    });
  }

  #close(durable: boolean): void {
    if (!this.#open) return;
    if (durable) this.#file.syncSync();
    this.#file.close();
    this.#open = false;
  }

  /** Gives it its name; returns false where another file has that name, which then stays and is marked as in use. */
  commit(path: string, durable: boolean): boolean {
    return writing(path, () => {
      this.#close(durable);
      share(this.path, this.#shared);
      if (!this.#link(path)) {
        if (freshenLoose(path)) return false;
        Deno.renameSync(this.path, path);
        this.#kept = true;
      }
      if (durable) syncFolder(path.slice(0, path.lastIndexOf("/")));
      return true;
    });
  }

  /** Links it to its name; returns false where the name is taken or the file system has no hard links. */
  #link(path: string): boolean {
    for (let left = FOLDER_TRIES; left > 0; left--) {
      try {
        Deno.linkSync(this.path, path);
        return true;
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) return false;
        makeFolder(path.slice(0, path.lastIndexOf("/")), this.#shared);
      }
    }
    return false;
  }

  /** Removes it, unless it was renamed. */
  [Symbol.dispose](): void {
    if (this.#open) this.#file.close();
    this.#open = false;
    if (this.#kept) return;
    try {
      Deno.removeSync(this.path);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
}

/** Makes the names in a folder survive a crash of the machine, where the system can. */
export function syncFolder(path: string): void {
  try {
    const folder = Deno.openSync(path, { read: true });
    try {
      folder.syncSync();
    } finally {
      folder[Symbol.dispose]();
    }
  } catch {
    // A system that can't open folders has no such call.
  }
}
