/**
 * Output files that appear under their name when they are complete, or not at all.
 */
import type { ByteSink } from "./io.ts";
import { writeAll } from "./io.ts";
import { lastPartIndex } from "./paths.ts";
import { SparseWriter } from "./sparse.ts";
import { onTermination } from "./termination.ts";

/** How an output file is written. */
export interface AtomicFileOptions {
  /** Permission bits while the file is written and afterwards; the process's usual ones if left out. */
  readonly mode?: number | undefined;
  /** Leave out blocks of zeros, so that they take no room on the disk. @default {false} */
  readonly sparse?: boolean | undefined;
  /** Wait until the disk has the content before the file gets its name. @default {false} */
  readonly durable?: boolean | undefined;
}

/** What is carried over from the input to the output. */
export interface FileAttributes {
  readonly mode: number | null;
  readonly atime: Date | null;
  readonly mtime: Date | null;
  readonly uid: number | null;
  readonly gid: number | null;
}

/** A file under a temporary name beside its target. */
export class AtomicFile implements ByteSink {
  readonly eager = false;
  readonly #target: string;
  readonly #temporary: string;
  readonly #file: Deno.FsFile;
  readonly #sparse: SparseWriter | undefined;
  readonly #durable: boolean;
  readonly #forgetTermination: () => void;
  #open = true;

  private constructor(target: string, temporary: string, options: AtomicFileOptions) {
    this.#target = target;
    this.#temporary = temporary;
    this.#durable = options.durable === true;
    // Signals are handled between turns of the event loop: with the handler set first and the file made in the same
    // turn, there is no moment at which one could leave the file behind.
    this.#forgetTermination = onTermination(() => Deno.removeSync(temporary));
    try {
      this.#file = Deno.openSync(temporary, {
        write: true,
        createNew: true,
        ...(options.mode === undefined ? {} : { mode: options.mode }),
      });
    } catch (error) {
      this.#forgetTermination();
      throw error;
    }
    this.#sparse = options.sparse === true ? new SparseWriter(this.#file) : undefined;
  }

  /**
   * Opens a temporary file in the target's directory.
   *
   * @throws {Error} What the system says, if the directory is not there or may not be written.
   */
  static create(target: string, options: AtomicFileOptions = {}): AtomicFile {
    // Without the target's own name, which may be as long as a name can be.
    const temporary = `${target.slice(0, lastPartIndex(target))}.sluice-${
      crypto.randomUUID().slice(0, 13)
    }.part`;
    return new AtomicFile(target, temporary, options);
  }

  /** Appends bytes. */
  async write(bytes: Uint8Array): Promise<void> {
    await (this.#sparse === undefined ? writeAll(this.#file, bytes) : this.#sparse.write(bytes));
  }

  /** Gives the file its attributes and its name, replacing what was there. */
  async commit(attributes?: FileAttributes): Promise<void> {
    try {
      await this.#sparse?.finish();
      if (this.#durable) await this.#file.sync();
      this.#close();
      if (attributes !== undefined) await carryOver(attributes, this.#temporary);
      await Deno.rename(this.#temporary, this.#target);
      this.#forgetTermination();
    } catch (error) {
      await this.discard();
      throw error;
    }
  }

  /** Removes what was written; does nothing after a commit. */
  async discard(): Promise<void> {
    this.#close();
    await Deno.remove(this.#temporary).catch(ignoreMissing);
    this.#forgetTermination();
  }

  #close(): void {
    if (this.#open) this.#file.close();
    this.#open = false;
  }
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}

/** Mode, times and, where that is allowed, owner. Systems without modes and owners have nothing to carry over there. */
async function carryOver(attributes: FileAttributes, path: string): Promise<void> {
  const { mode, atime, mtime, uid, gid } = attributes;
  if (Deno.build.os !== "windows") {
    const own = await Deno.stat(path);
    if (uid !== null && (uid !== own.uid || gid !== own.gid)) {
      await Deno.chown(path, uid, gid).catch(ignoreDenied);
    }
    if (mode !== null) await Deno.chmod(path, mode & 0o777);
  }
  if (mtime !== null) await Deno.utime(path, atime ?? mtime, mtime);
}

/** Only the superuser may give files away. */
function ignoreDenied(error: unknown): void {
  if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
}
