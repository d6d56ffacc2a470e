/**
 * Replacing a file in one step, one writer at a time. Deno only; public through lock_file.ts.
 */
import { openFault, writeFault } from "@sluice/internal/file-source";
import { checkKeys, SluiceError, toBytes } from "@sluice/internal";
import { isMissing, toPath, writing } from "../object/_fs.ts";

/** How a lock is waited for. */
export interface GitLockFileOptions {
  /** How long to wait for another holder, in milliseconds. @default {0} */
  readonly timeoutMs?: number | undefined;
  /** Mode of the file when it is in its place. @default {0o666 without the bits of the umask} */
  readonly mode?: number | undefined;
}

const RETRY_MS = 50;

const LOCK_OPTIONS: ReadonlySet<string> = new Set(["timeoutMs", "mode"]);

/**
 * A lock as git takes it: `<path>.lock` is created, written, and renamed over the file. Without a commit nothing changes.
 *
 * @example A file that is replaced whole
 * ```ts
 * import { GitLockFile } from "@sluice/gitdb";
 * import { assertEquals } from "@std/assert";
 *
 * const folder = await Deno.makeTempDir();
 * {
 *   await using lock = await GitLockFile.acquire(`${folder}/refs`);
 *   lock.write(new TextEncoder().encode("new"));
 *   lock.commit();
 * }
 * assertEquals(await Deno.readTextFile(`${folder}/refs`), "new");
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export class GitLockFile implements AsyncDisposable, Disposable {
  /** The file that is replaced. */
  readonly path: string;
  readonly #mode: number | undefined;
  #file: Deno.FsFile | undefined;

  private constructor(path: string, file: Deno.FsFile, mode: number | undefined) {
    this.path = path;
    this.#file = file;
    this.#mode = mode;
  }

  /**
   * Takes the lock.
   *
   * @throws {SluiceError} With code "LOCKED" if another holder has it for longer than the timeout.
   */
  static async acquire(path: string | URL, options: GitLockFileOptions = {}): Promise<GitLockFile> {
    checkKeys(options, LOCK_OPTIONS);
    const target = toPath(path);
    const { mode } = options;
    const deadline = performance.now() + (options.timeoutMs ?? 0);
    while (true) {
      try {
        const file = Deno.openSync(`${target}.lock`, {
          write: true,
          createNew: true,
          mode: mode === undefined ? 0o666 : 0o600,
        });
        return new GitLockFile(target, file, mode);
      } catch (error) {
        if (!(error instanceof Deno.errors.AlreadyExists)) throw openFault(`${target}.lock`, error);
        if (performance.now() >= deadline) {
          throw new SluiceError(`Cannot lock "${target}": "${target}.lock" is there`, {
            format: "git",
            code: "LOCKED",
            cause: error,
          });
        }
        // Waiters that started together do not come back together.
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS * (0.5 + Math.random())));
      }
    }
  }

  #open(): Deno.FsFile {
    if (this.#file === undefined) {
      throw new TypeError(`Cannot use the lock of "${this.path}": it is released`);
    }
    return this.#file;
  }

  /** Appends to the new content. */
  write(bytes: Uint8Array): void {
    const file = this.#open();
    const content = toBytes(bytes);
    writing(this.path, () => {
      for (let done = 0; done < content.length;) done += file.writeSync(content.subarray(done));
    });
  }

  /** Puts the new content in the place of the file and lets the lock go. */
  commit(): void {
    const file = this.#open();
    try {
      file.syncSync();
      if (this.#mode !== undefined && Deno.build.os !== "windows") {
        Deno.chmodSync(`${this.path}.lock`, this.#mode);
      }
      Deno.renameSync(`${this.path}.lock`, this.path);
    } catch (error) {
      this.rollback();
      throw writeFault(this.path, error);
    }
    file.close();
    this.#file = undefined;
  }

  /** Lets the lock go and leaves the file as it is; after a commit it does nothing. */
  rollback(): void {
    if (this.#file === undefined) return;
    this.#file.close();
    this.#file = undefined;
    try {
      Deno.removeSync(`${this.path}.lock`);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  /** As `rollback`. */
  [Symbol.dispose](): void {
    this.rollback();
  }

  /** As `rollback`. */
  [Symbol.asyncDispose](): Promise<void> {
    this.rollback();
    return Promise.resolve();
  }
}
