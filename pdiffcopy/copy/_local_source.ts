/**
 * A file on this machine as the source of a copy.
 */
import { failure, systemFailure } from "../file/_errors.ts";
import { openDirectory, openFile, splitPath } from "../file/_files.ts";
import type { BlockFile, Table } from "../file/_block_file.ts";
import type { CopySource, SideStatus } from "./_sides.ts";
import { isDirty } from "./_target.ts";

/** Room for frames beside the blocks in them. */
const FRAME_ROOM = 4096;
const BUFFER_SIZE = 4 << 20;
const FILE_TYPE = 0o170000;

/** Bytes of a buffer that takes frames of these blocks. */
export function frameBufferSize(blockSize: number): number {
  return Math.max(BUFFER_SIZE, blockSize) + FRAME_ROOM;
}

/** Opens a file that is read as a source; refuses directories and files that an earlier copy left mixed. */
export function openSource(path: string, allowDirty: boolean): BlockFile {
  const file = openFile(path);
  try {
    const kind = file.status().mode & FILE_TYPE;
    if (kind === 0o040000) throw systemFailure(`read ${path}`, 21);
    if (kind !== 0o100000 && kind !== 0o060000) {
      throw failure("IO", `Cannot read ${path}: it is neither a file nor a block device`);
    }
    if (!allowDirty) {
      const { folder, name } = splitPath(path);
      using directory = openDirectory(folder, false);
      if (isDirty(directory, name)) {
        throw failure(
          "DIRTY",
          `Cannot read ${path}: a copy to it was interrupted and has to be completed first`,
        );
      }
    }
    return file;
  } catch (error) {
    file.close();
    throw error;
  }
}

/** Compares and hashes a local file. */
export class LocalSource implements CopySource {
  readonly label: string;
  readonly remote = false;
  readonly file: BlockFile;
  readonly #threads: number;
  #version = "";

  constructor(path: string, allowDirty: boolean, threads: number) {
    this.label = path;
    this.file = openSource(path, allowDirty);
    this.#threads = threads;
  }

  // deno-lint-ignore require-await
  async stat(): Promise<SideStatus> {
    const { size, version, mtimeNs } = this.file.status();
    this.#version = version;
    return { size, version, mtimeNs };
  }

  async digests(start: number, end: number, table: Table): Promise<void> {
    await this.file.hash(start, end, table, this.#threads);
  }

  async *frames(
    start: number,
    end: number,
    knownEnd: number,
    table: Table,
  ): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
    const buffer = new Uint8Array(frameBufferSize(table.blockSize));
    for (let at = start; at < end;) {
      const { next, produced } = await this.file.compare(at, end, knownEnd, table, buffer);
      yield buffer.subarray(0, produced);
      at = next;
    }
    this.checkUnchanged();
  }

  /** Fails when the file is not what `stat` saw. */
  checkUnchanged(): void {
    if (this.file.status().version === this.#version) return;
    throw failure("SOURCE_CHANGED", `Cannot copy ${this.label}: it changed during the copy`);
  }

  close(): void {
    this.file.close();
  }
}
