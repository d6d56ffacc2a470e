/**
 * The files of a pack on disk: written under names that readers pass over, and given their own when all are whole, the
 * index last. Deno only.
 */
import { openFault } from "@sluice/internal/file-source";
import { isMissing, joinPath, touchFile, writing } from "../object/_fs.ts";
import { share, sharedModeOf } from "../object/_shared_mode.ts";
import type { SharedMode } from "../object/_shared_mode.ts";
import { syncFolder } from "../loose/_loose_files.ts";

/** What stands beside the pack. */
export interface PackSideFiles {
  readonly index: Uint8Array;
  readonly reverse: Uint8Array;
  /** What the file says that marks a pack of a partial clone; undefined where it is none. */
  readonly promisor?: Uint8Array | undefined;
  readonly durable: boolean;
}

/** A pack that is being written. */
export class PackFileWriter implements Disposable {
  readonly folder: string;
  readonly path: string;
  readonly #token: string;
  readonly #shared: SharedMode | undefined;
  #file: Deno.FsFile | undefined;
  #temporary: string[] = [];

  constructor(folder: string) {
    this.folder = folder;
    this.#shared = sharedModeOf(joinPath(folder, ".."));
    try {
      Deno.mkdirSync(folder, { recursive: true });
    } catch (cause) {
      throw openFault(folder, cause);
    }
    this.#token = crypto.randomUUID().replaceAll("-", "").slice(0, 12);
    this.path = joinPath(folder, `tmp_pack_${this.#token}`);
    const options = { read: true, write: true, createNew: true, mode: 0o444 };
    this.#file = writing(folder, () => Deno.openSync(this.path, options));
    this.#temporary.push(this.path);
  }

  write(bytes: Uint8Array): void {
    writing(this.folder, () => {
      for (let done = 0; done < bytes.length;) done += this.#file!.writeSync(bytes.subarray(done));
    });
  }

  /** Overwrites bytes that were written before. */
  overwrite(offset: number, bytes: Uint8Array): void {
    this.#file!.seekSync(offset, Deno.SeekMode.Start);
    this.write(bytes);
    this.#file!.seekSync(0, Deno.SeekMode.End);
  }

  /** Cuts the file off; what follows is appended there. */
  truncate(size: number): void {
    this.#file!.truncateSync(size);
    this.#file!.seekSync(0, Deno.SeekMode.End);
  }

  /** Puts the pack and what stands beside it in their places. */
  commit(name: string, side: PackSideFiles): void {
    writing(this.folder, () => this.#commit(name, side));
  }

  #commit(name: string, side: PackSideFiles): void {
    if (side.durable) this.#file!.syncSync();
    this.#file!.close();
    this.#file = undefined;
    const place = (ending: string): string => joinPath(this.folder, name + ending);
    // The same pack is there already: it is marked as in use, or replaced where that fails.
    if (fileExists(place(".idx")) && fileExists(place(".pack")) && touchFile(place(".pack"))) return;
    share(this.path, this.#shared);
    // Whoever sees the pack sees what it is.
    if (side.promisor !== undefined) this.#put(place(".promisor"), side.promisor, side.durable);
    Deno.renameSync(this.path, place(".pack"));
    this.#put(place(".rev"), side.reverse, side.durable);
    this.#put(place(".idx"), side.index, side.durable);
    if (side.durable) syncFolder(this.folder);
  }

  #put(path: string, bytes: Uint8Array, durable: boolean): void {
    const temporary = joinPath(this.folder, `tmp_idx_${this.#token}_${this.#temporary.length}`);
    const file = Deno.openSync(temporary, { write: true, createNew: true, mode: 0o444 });
    this.#temporary.push(temporary);
    try {
      for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
      if (durable) file.syncSync();
    } finally {
      file.close();
    }
    share(temporary, this.#shared);
    Deno.renameSync(temporary, path);
  }

  /** Removes what was not given its name. */
  [Symbol.dispose](): void {
    this.#file?.close();
    this.#file = undefined;
    for (const path of this.#temporary) {
      try {
        Deno.removeSync(path);
      } catch (error) {
        if (!isMissing(error)) throw error;
      }
    }
    this.#temporary = [];
  }
}

function fileExists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
