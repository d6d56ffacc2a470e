/**
 * Backups of folders in files that zpaq 7.15 reads: versions are added and restored, and nothing that was stored is ever
 * overwritten. Deno only.
 *
 * @example Two versions of a folder
 * ```ts
 * import { ZpaqBackup } from "@sluice/zpaq/backup";
 * import { assertEquals } from "@std/assert";
 *
 * const folder = await Deno.makeTempDir();
 * await Deno.mkdir(`${folder}/docs`);
 * await Deno.writeTextFile(`${folder}/docs/a.txt`, "one");
 * {
 *   using backup = await ZpaqBackup.open(`${folder}/docs.zpaq`, { method: 2 });
 *   await backup.addFolder(`${folder}/docs`, { exclude: ["*.tmp"] });
 *   await Deno.writeTextFile(`${folder}/docs/a.txt`, "two, longer");
 *   await backup.addFolder(`${folder}/docs`);
 *   assertEquals((await backup.versions()).length, 2);
 *   await backup.restore("docs/a.txt", { at: 1, to: `${folder}/old.txt` });
 *   assertEquals((await backup.verify()).damaged, []);
 * }
 * assertEquals(await Deno.readTextFile(`${folder}/old.txt`), "one");
 * await Deno.remove(folder, { recursive: true });
 * ```
 *
 * @module
 */
import {
  checkArgument,
  checkBoolean,
  checkInteger,
  checkKeys,
  checkLimit,
  pathOfFileUrl,
} from "@sluice/internal";
import type { ByteSource } from "@sluice/internal";
import { ZpaqArchive } from "../archive/archive.ts";
import { decryptZpaqSource, encryptZpaqUpdate, newZpaqSalt } from "../archive/encrypted_source.ts";
import { compressZpaqIterable } from "../block/compress_iterable.ts";
import { listZpaqBlocks } from "../block/list_blocks.ts";
import type { ZpaqBlockFacts } from "../block/list_blocks.ts";
import type { ZpaqDeletion, ZpaqVersion } from "../archive/archive.ts";
import type { ZpaqArchiveEntry } from "../archive/_types.ts";
import { addVersion } from "./_add_version.ts";
import { BackupState } from "./_backup_state.ts";
import {
  ADD_KEYS,
  checkPatterns,
  COMPARE_KEYS,
  COPY_KEYS,
  KEYS,
  listOf,
  newNamesOf,
  RESTORE_KEYS,
  SELECTION_KEYS,
} from "./_checks.ts";
import type { NewNames } from "./_checks.ts";
import { compareWithDisk } from "./_compare.ts";
import { copyTo } from "./_copy.ts";
import type { Formats } from "./_formats.ts";
import { extract } from "./extract.ts";
import type {
  ZpaqBackupAdded,
  ZpaqBackupAddOptions,
  ZpaqBackupChecked,
  ZpaqBackupCompareOptions,
  ZpaqBackupComparison,
  ZpaqBackupCopyOptions,
  ZpaqBackupOptions,
  ZpaqBackupRestored,
  ZpaqBackupRestoreOptions,
  ZpaqBackupSelection,
  ZpaqBackupVerified,
} from "./options.ts";
import { withLock } from "./_lock.ts";
import { ifThere } from "./_paths.ts";
import { isWanted } from "./_patterns.ts";
import { requireDeno } from "@sluice/internal/file-source";
import { failure } from "./_problems.ts";
import { ZpaqBackupError } from "./_problems.ts";
import { repairSteps } from "./_repair_steps.ts";

export { zpaqOutputLimit } from "./extract.ts";
export { ZpaqBackupError } from "./_problems.ts";
export type * from "./options.ts";
export type { ZpaqBlockFacts, ZpaqSegmentFacts } from "../block/list_blocks.ts";
export type { ZpaqComponent, ZpaqHeader } from "../zpaql/header.ts";
export type { ZpaqComponentName } from "../zpaql/_format.ts";
export { ZpaqArchive } from "../archive/archive.ts";
export type * from "../archive/archive.ts";
export type * from "../archive/_types.ts";
export type { ZpaqAttributes, ZpaqUnixAttributes, ZpaqWindowsAttributes } from "../archive/_attributes.ts";
export type * from "../block/decompress_options.ts";
export type { BackendChoice } from "@sluice/ffi";
export { SluiceError } from "@sluice/internal";
export type {
  ByteSource,
  ByteSourceLike,
  ByteSourceReadOptions,
  BytesSource,
  SluiceErrorCode,
  SluiceErrorOptions,
  SluiceProgress,
} from "@sluice/internal";

const THREADS_MAX = 64;

/** The path of a URL of a file; any other as its text. */
function pathOf(url: URL): string {
  return url.protocol === "file:" ? pathOfFileUrl(url, "open a backup") : url.href;
}

function isByteSource(value: unknown): value is ByteSource {
  const { size, read } = (value ?? {}) as Partial<ByteSource>;
  return typeof size === "number" && typeof read === "function";
}

const FORMATS: Formats = {
  open: ZpaqArchive.open,
  compress: compressZpaqIterable,
  decrypt: decryptZpaqSource,
  encrypt: encryptZpaqUpdate,
  newSalt: newZpaqSalt,
};

/**
 * Versions of files in one archive on disk, or in one of several parts, whose numbers take the place of `?` and `*` in
 * its path.
 *
 * @example Only what has changed is stored
 * ```ts
 * import { ZpaqBackup } from "@sluice/zpaq/backup";
 * import { assertEquals } from "@std/assert";
 *
 * const folder = await Deno.makeTempDir();
 * await Deno.writeTextFile(`${folder}/a.txt`, "text");
 * using backup = await ZpaqBackup.open(`${folder}/backup.zpaq`);
 * const first = await backup.add(`${folder}/a.txt`, { to: "a.txt" });
 * const second = await backup.add(`${folder}/a.txt`, { to: "a.txt" });
 * assertEquals([first.updated, second.updated], [1, 0]);
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export class ZpaqBackup implements Disposable {
  readonly #state: BackupState;

  private constructor(source: string | ByteSource, options: ZpaqBackupOptions) {
    this.#state = new BackupState(source, options, FORMATS);
  }

  /** The archive's path or URL. */
  get path(): string {
    return this.#state.path;
  }

  /**
   * Opens the archive and reads its index. There may be none yet. Problems with it are reported when it is read. An
   * archive at a URL, or of any other source, can only be read: its index first, then what is restored. In a URL `*`, or
   * two or more `?` in a row, take the number of a part; one `?` alone starts the query.
   *
   * @throws {SluiceError} With code "BAD_MAGIC" if the file is no archive, "PASSWORD" if the password does not fit, or
   *   "NOT_FOUND" if there is none and none is to be made.
   */
  static async open(
    source: string | URL | ByteSource,
    options: ZpaqBackupOptions = {},
  ): Promise<ZpaqBackup> {
    const path = source instanceof URL ? pathOf(source) : source;
    checkArgument(
      typeof path === "string" ? path !== "" : isByteSource(path),
      "open a backup",
      source,
      "a path, a URL or a source",
    );
    checkKeys(options, KEYS);
    checkInteger("threads", options.threads ?? 1, 1, THREADS_MAX);
    checkLimit("maxMemory", options.maxMemory ?? 0);
    const create = checkBoolean("create", options.create ?? true);
    const backup = new ZpaqBackup(path, { ...options });
    if (backup.#state.isFile) requireDeno("open a backup");
    const opened = await backup.#state.open();
    if (opened === undefined && !(create && backup.#state.isFile)) {
      throw failure("NOT_FOUND", `Cannot open ${backup.path}: No such file or directory`);
    }
    return backup;
  }

  /** What is wrong with the archive as a whole; empty where all of it could be read. */
  async problems(): Promise<readonly ZpaqBackupError[]> {
    return (await this.#state.read())?.problems ?? [];
  }

  /** The versions that are seen, the oldest first. */
  async versions(): Promise<ZpaqVersion[]> {
    return (await this.#state.read())?.archive.versions ?? [];
  }

  /** The archive, valid until the next version is added or the backup is closed; undefined where there is none yet. */
  async archive(): Promise<ZpaqArchive | undefined> {
    return (await this.#state.read())?.archive;
  }

  /** Files as a version has them. They are valid until the next version is added, or the backup is closed. */
  async entries(
    paths: string | readonly string[] = [],
    selection: ZpaqBackupSelection = {},
  ): Promise<ZpaqArchiveEntry[]> {
    checkKeys(selection, SELECTION_KEYS);
    return await this.#state.select(listOf("paths", paths), selection);
  }

  /** Names that each version took away, the oldest version first. */
  async deletions(
    paths: string | readonly string[] = [],
    selection: ZpaqBackupSelection = {},
  ): Promise<ZpaqDeletion[]> {
    checkKeys(selection, SELECTION_KEYS);
    return await this.#state.selectDeletions(listOf("paths", paths), selection);
  }

  /**
   * Adds a version of a folder. Files of it that the archive has and that are gone are taken away from what is seen;
   * older versions keep them. The names in the archive start with the folder's own name.
   */
  async addFolder(folder: string, options: ZpaqBackupAddOptions = {}): Promise<ZpaqBackupAdded> {
    checkArgument(typeof folder === "string" && folder !== "", "add a folder", folder, "a path");
    const { list, to } = this.#checkAdd(folder, options);
    return await this.#state.collect(async () => {
      const info = await ifThere(folder, Deno.stat);
      if (info === undefined) throw failure("NOT_FOUND", `Cannot add the folder ${folder}: it is not there`);
      if (!info.isDirectory) throw failure("NOT_FOUND", `Cannot add the folder ${folder}: it is no folder`);
      const name = (await Deno.realPath(folder)).split("/").at(-1)!;
      return await addVersion(this.#state, list, to.length === 0 && name !== "" ? [name] : to, options);
    });
  }

  /**
   * Adds a version of files and folders under their paths as they are written.
   *
   * @throws {SluiceError} If the archive can't be read to its end, or with code "LOCKED" if another process writes it:
   *   nothing is written then.
   */
  async add(
    paths: string | readonly string[],
    options: ZpaqBackupAddOptions = {},
  ): Promise<ZpaqBackupAdded> {
    const { list, to } = this.#checkAdd(paths, options);
    return await this.#state.collect(() => addVersion(this.#state, list, to, options));
  }

  #checkAdd(
    paths: string | readonly string[],
    options: ZpaqBackupAddOptions,
  ): { readonly list: readonly string[]; readonly to: NewNames } {
    checkKeys(options, ADD_KEYS);
    checkPatterns(options);
    const list = listOf("paths", paths);
    const to = newNamesOf(options.to, list);
    if (list.length === 0) throw new TypeError("Cannot add a version: there are no paths");
    const { indexOf } = options;
    if (indexOf !== undefined && (typeof indexOf !== "string" || indexOf === "")) {
      throw new TypeError('Cannot use option "indexOf": it is no path');
    }
    if (indexOf !== undefined && options.rollBack === true) {
      throw new TypeError('Cannot use option "indexOf": an archive is not rolled back by its index');
    }
    if (this.#state.options.at !== undefined && options.rollBack !== true) {
      throw new TypeError(
        "Cannot add a version: the backup was opened at an older one, and rollBack is not set",
      );
    }
    return { list, to };
  }

  /**
   * Writes an archive of what is selected, without the data blocks that nothing of it refers to.
   *
   * @throws {SluiceError} With code "LOCKED" if another process writes the target.
   */
  async repackTo(
    target: string,
    paths: string | readonly string[] = [],
    options: ZpaqBackupCopyOptions = {},
  ): Promise<void> {
    checkKeys(options, COPY_KEYS);
    checkPatterns(options);
    const list = listOf("paths", paths);
    const { all, password, force } = options;
    const filter = (name: string): boolean => isWanted(name, list, options);
    await this.#state.inTurn(() =>
      copyTo(this.#state, target, password, force, (archive, sink) => archive.repack(sink, { filter, all }))
    );
  }

  /** Writes the archive's index alone, under the same password. */
  async writeIndexTo(
    target: string,
    options: { readonly force?: boolean | undefined } = {},
  ): Promise<void> {
    checkKeys(options, new Set(["force"]));
    const { password } = this.#state.options;
    await this.#state.inTurn(() =>
      copyTo(this.#state, target, password, options.force, (archive, sink) => archive.writeIndex(sink))
    );
  }

  /**
   * Restores files and folders, or everything. Each file gets its name when it is complete. Names that lead out of the
   * folder are refused, and nothing is written through a link.
   *
   * @throws {SluiceError} If the archive can't be read or has none of the paths. Problems of single files are in the result, and go to
   *   `onProblem`; without it the first severe one is thrown when all others are restored.
   */
  async restore(
    paths: string | readonly string[] = [],
    options: ZpaqBackupRestoreOptions = {},
  ): Promise<ZpaqBackupRestored> {
    checkKeys(options, RESTORE_KEYS);
    const { owners = Deno.build.os !== "windows" && Deno.uid() === 0 } = options;
    const result = await this.#state.collect(() =>
      extract(this.#state, listOf("paths", paths), options, {
        force: checkBoolean("force", options.force ?? false),
        attributes: checkBoolean("attributes", options.attributes ?? true),
        unsafePaths: checkBoolean("unsafePaths", options.unsafePaths ?? false),
        owners: checkBoolean("owners", owners),
        dryRun: false,
      })
    );
    const severe = result.problems.find((problem) => problem.severe);
    if (severe !== undefined && this.#state.options.onProblem === undefined) throw severe;
    return result;
  }

  /** Decodes files of the archive and compares them with what was stored. Writes nothing. */
  async verify(
    paths: string | readonly string[] = [],
    options:
      & ZpaqBackupSelection
      & Pick<ZpaqBackupRestoreOptions, "maxOutputSize" | "maxFiles" | "signal" | "onFile" | "onProgress"> =
        {},
  ): Promise<ZpaqBackupVerified> {
    checkKeys(
      options,
      new Set([...SELECTION_KEYS, "maxOutputSize", "maxFiles", "signal", "onFile", "onProgress"]),
    );
    const { files, bytes, problems } = await this.#state.collect(() =>
      extract(this.#state, listOf("paths", paths), options, {
        force: false,
        attributes: false,
        unsafePaths: false,
        owners: false,
        dryRun: true,
      })
    );
    return { files, bytes, damaged: problems, problems: await this.problems() };
  }

  /**
   * The blocks that the archive is made of; none where there is none yet. Damaged ones are passed over and go to
   * `onProblem`, as does what is between blocks.
   *
   * @example What the blocks of a backup take
   * ```ts
   * import { ZpaqBackup } from "@sluice/zpaq/backup";
   * import { assertEquals } from "@std/assert";
   *
   * const folder = await Deno.makeTempDir();
   * await Deno.writeTextFile(`${folder}/a.txt`, "text");
   * using backup = await ZpaqBackup.open(`${folder}/backup.zpaq`);
   * await backup.add(`${folder}/a.txt`);
   * let size = 0;
   * for await (const block of backup.blocks()) size += block.size;
   * assertEquals(size, (await Deno.stat(backup.path)).size);
   * await Deno.remove(folder, { recursive: true });
   * ```
   */
  async *blocks(): AsyncGenerator<ZpaqBlockFacts, void, undefined> {
    const opened = await this.#state.read();
    if (opened === undefined) return;
    yield* listZpaqBlocks(opened.source, {
      onDamage: ({ message, code, offset }) => {
        const isSaid = opened.problems.some((problem) => problem.message.startsWith(message));
        if (!isSaid) this.#state.report(new ZpaqBackupError(message, { code, offset }));
      },
    });
  }

  /**
   * Compares files and folders on the disk with the archive's: first what is on the disk, then what is in the archive
   * alone, each sorted by name. What `addFolder` stored has the folder's own name: `to` says so.
   *
   * @example What has changed
   * ```ts
   * import { ZpaqBackup } from "@sluice/zpaq/backup";
   * import { assertEquals } from "@std/assert";
   *
   * const folder = await Deno.makeTempDir();
   * await Deno.writeTextFile(`${folder}/a.txt`, "text");
   * using backup = await ZpaqBackup.open(`${folder}/backup.zpaq`);
   * await backup.add(`${folder}/a.txt`);
   * assertEquals((await backup.compare(`${folder}/a.txt`))[0]!.result, "same");
   * await Deno.writeTextFile(`${folder}/a.txt`, "longer text");
   * assertEquals((await backup.compare(`${folder}/a.txt`))[0]!.result, "different");
   * await Deno.mkdir(`${folder}/docs`);
   * await backup.addFolder(`${folder}/docs`);
   * assertEquals((await backup.compare(`${folder}/docs`, { to: "docs" }))[0]!.result, "same");
   * await Deno.remove(folder, { recursive: true });
   * ```
   */
  async compare(
    paths: string | readonly string[],
    options: ZpaqBackupCompareOptions = {},
  ): Promise<ZpaqBackupComparison[]> {
    checkKeys(options, COMPARE_KEYS);
    const list = listOf("paths", paths);
    const to = newNamesOf(options.to, list);
    return await this.#state.inTurn(() => compareWithDisk(this.#state, list, to, options));
  }

  /**
   * Reads the archive's index to its end. With `repair` bytes that no version needs are moved to files beside the
   * archive, whose names end in ".aside": those of an update that was interrupted, and those after the last block.
   * Nothing is deleted, and every complete version stays readable at every moment.
   *
   * @example An update that was interrupted
   * ```ts
   * import { ZpaqBackup } from "@sluice/zpaq/backup";
   * import { assertEquals } from "@std/assert";
   *
   * const folder = await Deno.makeTempDir();
   * const path = `${folder}/backup.zpaq`;
   * using backup = await ZpaqBackup.open(path);
   * await Deno.writeTextFile(`${folder}/a.txt`, "text");
   * await backup.add(`${folder}/a.txt`, { to: "a.txt" });
   * const whole = await Deno.readFile(path);
   * await Deno.writeFile(path, whole.subarray(0, 60), { append: true });
   * assertEquals((await backup.check()).problems.length, 1);
   * const { problems, moved } = await backup.check({ repair: true });
   * assertEquals([problems.length, moved[0]!.offset], [0, whole.length]);
   * assertEquals(await Deno.readFile(path), whole);
   * await Deno.remove(folder, { recursive: true });
   * ```
   */
  async check(options: { readonly repair?: boolean | undefined } = {}): Promise<ZpaqBackupChecked> {
    checkKeys(options, new Set(["repair"]));
    const repair = checkBoolean("repair", options.repair ?? false);
    if (repair) this.#state.checkWritable();
    return await this.#state.inTurn(async () => {
      const moved = repair
        ? await withLock(this.path, this.#state.undoing, () => repairSteps(this.#state))
        : [];
      this.close();
      const opened = await this.#state.read();
      if (opened === undefined && moved.length === 0) {
        throw failure("NOT_FOUND", `Cannot read ${this.path}: No such file or directory`);
      }
      return { problems: opened?.problems ?? [], moved };
    });
  }

  /** Closes the archive's files; the next call opens them again. */
  close(): void {
    this.#state.close();
  }

  /** Closes the archive's files. */
  [Symbol.dispose](): void {
    this.close();
  }
}
