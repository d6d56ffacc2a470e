/**
 * A file on this machine as the source of a copy.
 */
import { concatBytes } from "@sluice/internal";
import { isBlockDevice, isDirectory, isRegular } from "../file/_block_file.ts";
import type { BlockFile, Table } from "../file/_block_file.ts";
import { denoFailure, directoryFailure, failure } from "../file/_errors.ts";
import { openFile, openFolderOf } from "../file/_files.ts";
import type { CopySource, SideStatus } from "./_sides.ts";
import { isDirty } from "./_side_files.ts";

/** Room for frames beside the blocks in them. */
const FRAME_ROOM = 4096;
const BUFFER_SIZE = 4 << 20;
/** Buffers that frames of a part are made in, by turns: one is filled while the others are on their way. */
const BUFFERS = 3;
/** Content of files that say nothing of their size is held in memory and in a temporary file. */
const SIZELESS_MAX = 64 << 20;
const READ_SIZE = 64 << 10;

/** Bytes of a buffer that takes frames of these blocks. */
export function frameBufferSize(blockSize: number): number {
  return Math.max(BUFFER_SIZE, blockSize) + FRAME_ROOM;
}

function openBelow(path: string, within: string): BlockFile {
  const { directory, name } = openFolderOf(path, within, false);
  using _ = directory;
  return directory.open(name, { beneath: true, noFollow: true });
}

/**
 * Opens a file that is read as a source; refuses what has no content, and files that an earlier copy left mixed. A file of
 * a tree is not looked for out of its top, `within`.
 */
export async function openSource(path: string, allowDirty: boolean, within?: string): Promise<BlockFile> {
  const file = within === undefined ? openFile(path) : openBelow(path, within);
  try {
    const { mode, size } = file.status();
    if (isDirectory(mode)) throw directoryFailure(path);
    if (!isRegular(mode) && !isBlockDevice(mode)) {
      throw failure("IO", `Cannot read ${path}: it is neither a file nor a block device`);
    }
    if (!allowDirty) {
      const { directory, name } = openFolderOf(path, within, false);
      using _ = directory;
      if (isDirty(directory, name, mode)) {
        throw failure(
          "DIRTY",
          `Cannot read ${path}: a copy to it was interrupted and has to be completed first`,
        );
      }
    }
    if (size > 0 || await isEmpty(file)) return file;
  } catch (error) {
    file.close();
    throw error;
  }
  using _ = file;
  return await keepContent(file);
}

/** Whether a file without a size has no content either; those of /proc have one. */
export async function isEmpty(file: BlockFile): Promise<boolean> {
  return await file.read(0, new Uint8Array(1)) === 0;
}

/** A file with the content of one that does not say how long it is: a temporary one without a name. */
async function keepContent(file: BlockFile): Promise<BlockFile> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (let size = 0;;) {
    const part = new Uint8Array(READ_SIZE);
    const count = await file.read(size, part);
    if (count === 0) break;
    parts.push(part.subarray(0, count));
    size += count;
    if (size > SIZELESS_MAX) {
      throw failure("UNSUPPORTED", `Cannot read ${file.path}: it has no size and does not end`);
    }
  }
  let path: string | undefined;
  try {
    path = Deno.makeTempFileSync({ prefix: "sluice-" });
    Deno.writeFileSync(path, concatBytes(parts));
    return openFile(path);
  } catch (error) {
    throw denoFailure(`keep the content of ${file.path}`, error);
  } finally {
    if (path !== undefined) Deno.removeSync(path);
  }
}

/** Compares and hashes a local file. */
export class LocalSource implements CopySource {
  readonly label: string;
  readonly remote = false;
  readonly lookahead = BUFFERS - 1;
  readonly file: BlockFile;
  readonly #threads: number;
  #version = "";

  private constructor(path: string, file: BlockFile, threads: number) {
    this.label = path;
    this.file = file;
    this.#threads = threads;
  }

  /** Opens a file as a source. */
  static async open(
    path: string,
    allowDirty: boolean,
    threads: number,
    within?: string,
  ): Promise<LocalSource> {
    return new LocalSource(path, await openSource(path, allowDirty, within), threads);
  }

  // deno-lint-ignore require-await
  async stat(): Promise<SideStatus> {
    const { size, version, mtimeNs, mode } = this.file.status();
    this.#version = version;
    return { size, version, mtimeNs, mode: mode & 0o7777, isDevice: isBlockDevice(mode) };
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
    const buffers: Uint8Array<ArrayBuffer>[] = [];
    for (let [at, turn] = [start, 0]; at < end; turn = (turn + 1) % BUFFERS) {
      const buffer = buffers[turn] ??= new Uint8Array(frameBufferSize(table.blockSize));
      const { next, produced } = await this.file.compare(at, end, knownEnd, table, buffer);
      yield buffer.subarray(0, produced);
      at = next;
    }
    this.#checkUnchanged();
  }

  // deno-lint-ignore require-await
  async finish(): Promise<void> {
    this.#checkUnchanged();
  }

  /** Fails when the file is not what `stat` saw. */
  #checkUnchanged(): void {
    if (this.file.status().version === this.#version) return;
    throw failure("SOURCE_CHANGED", `Cannot copy ${this.label}: it changed during the copy`);
  }

  close(): void {
    this.file.close();
  }
}
