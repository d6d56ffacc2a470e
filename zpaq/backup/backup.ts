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
import { checkArgument, checkBoolean, checkInteger, checkKeys, checkLimit } from "@sluice/internal";
import type { ByteSource, SluiceError } from "@sluice/internal";
import { ZpaqArchive } from "../archive/archive.ts";
import type { ZpaqVersion } from "../archive/archive.ts";
import { decryptZpaqSource, encryptZpaqUpdate, newZpaqSalt } from "../archive/encrypted_source.ts";
import { updateZpaqArchive } from "../archive/update_archive.ts";
import type { ZpaqArchiveEntry, ZpaqUpdateOptions, ZpaqUpdateSink } from "../archive/_types.ts";
import { compressZpaqIterable } from "../block/compress_iterable.ts";
import { factsOf } from "./_file_facts.ts";
import { isMultiPart, openParts, partPath } from "./_archive_files.ts";
import type { OpenSource, Part } from "./_archive_files.ts";
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
import { hasSameContent, hasSameFacts } from "./_compare.ts";
import { ifThere } from "./_paths.ts";
import { isWanted, renamed } from "./_patterns.ts";
import { failure, warning, ZpaqBackupError } from "./_problems.ts";
import { moveAside, wasMovedAside } from "./_repair.ts";
import type { Moved } from "./_repair.ts";
import { restoreEntries } from "./_restore.ts";
import { addStreaming, streamingMethod } from "./_streaming_update.ts";
import { openUpdate } from "./_update_file.ts";
import type { UpdatePlace } from "./_update_file.ts";
import { walk } from "./_walk.ts";
import type { Walked } from "./_walk.ts";

export { ZpaqBackupError } from "./_problems.ts";
export type * from "./options.ts";
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
} from "@sluice/internal";

const COPY_KEYS: ReadonlySet<string> = new Set<keyof ZpaqBackupCopyOptions>([
  "only",
  "exclude",
  "all",
  "password",
  "force",
]);
const KEYS: ReadonlySet<string> = new Set<keyof ZpaqBackupOptions>([
  "method",
  "password",
  "threads",
  "fragment",
  "maxMemory",
  "create",
  "at",
  "onProblem",
  "onUnfinished",
]);
const ADD_KEYS: ReadonlySet<string> = new Set<keyof ZpaqBackupAddOptions>([
  "only",
  "exclude",
  "to",
  "attributes",
  "force",
  "date",
  "rollBack",
  "dryRun",
]);
const SELECTION_KEYS: ReadonlySet<string> = new Set<keyof ZpaqBackupSelection>([
  "at",
  "only",
  "exclude",
  "all",
]);
const RESTORE_KEYS: ReadonlySet<string> = new Set<keyof ZpaqBackupRestoreOptions>([
  ...SELECTION_KEYS as Set<keyof ZpaqBackupSelection>,
  "to",
  "force",
  "attributes",
  "owners",
  "unsafePaths",
  "maxOutputSize",
  "signal",
]);
const COMPARE_KEYS: ReadonlySet<string> = new Set<keyof ZpaqBackupCompareOptions>([
  ...SELECTION_KEYS as Set<keyof ZpaqBackupSelection>,
  "compareContent",
  "attributes",
]);
const THREADS_MAX = 64;
const LEVEL_MAX = 5;
const SALT_SIZE = 32;
/** How much larger than an archive its content may be where nothing declares its size, and how large it may be always. */
const EXPANSION_MAX = 1000;
const EXPANSION_BASE = 2 ** 30;
const NOWHERE: ZpaqUpdateSink = { write(): void {}, rewrite(): void {} };

function methodOf(method: unknown): string {
  if (typeof method === "number") return `${checkInteger("method", method, 0, LEVEL_MAX)}`;
  if (typeof method === "string") return method;
  throw new TypeError('Cannot use option "method": it is neither a level nor a string');
}

function listOf(name: string, value: string | readonly string[] | undefined): readonly string[] {
  const list = value === undefined ? [] : typeof value === "string" ? [value] : value;
  const fits = Array.isArray(list) && list.every((item) => typeof item === "string");
  if (!fits) throw new TypeError(`Cannot use option "${name}": it is neither a string nor an array of them`);
  return list;
}

/** Checks what selects files; undefined where patterns are no arrays of strings. */
function checkPatterns({ only, exclude }: Pick<ZpaqBackupSelection, "only" | "exclude">): void {
  for (const [name, value] of Object.entries({ only, exclude })) {
    if (value !== undefined && !Array.isArray(value)) {
      throw new TypeError(`Cannot use option "${name}": it is no array of patterns`);
    }
    listOf(name, value);
  }
}

/**
 * The most bytes that are decoded of an archive that declares no sizes, unless the caller says otherwise: 1,000 times its
 * own and 1 GiB.
 *
 * @example An archive of 1 MB
 * ```ts
 * import { zpaqOutputLimit } from "@sluice/zpaq/backup";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(zpaqOutputLimit(1_000_000), 1_000_000_000 + 2 ** 30);
 * ```
 */
export function zpaqOutputLimit(archiveSize: number): number {
  return EXPANSION_MAX * checkInteger("archiveSize", archiveSize, 0, Number.MAX_SAFE_INTEGER) +
    EXPANSION_BASE;
}

/** The archive as it was opened, with its files. */
interface Opened {
  readonly files: OpenSource;
  readonly archive: ZpaqArchive;
  /** What is wrong with it. */
  readonly problems: readonly ZpaqBackupError[];
}

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
  /** The archive's path. */
  readonly path: string;
  readonly #options: ZpaqBackupOptions;
  readonly #method: string;
  #opened: Opened | undefined;
  /** The one whose problems were reported. */
  #announced: Opened | undefined;
  #problems: ZpaqBackupError[] = [];

  private constructor(path: string, options: ZpaqBackupOptions) {
    this.path = path;
    this.#options = options;
    this.#method = methodOf(options.method ?? 1);
  }

  /**
   * Opens the archive and reads its index. There may be none yet. Problems with it are reported when it is read.
   *
   * @throws {SluiceError} With code "BAD_MAGIC" if the file is no archive, "PASSWORD" if the password does not fit, or
   *   "NOT_FOUND" if there is none and none is to be made.
   */
  static async open(path: string, options: ZpaqBackupOptions = {}): Promise<ZpaqBackup> {
    checkArgument(typeof path === "string" && path !== "", "open a backup", path, "a path");
    checkKeys(options, KEYS);
    checkInteger("threads", options.threads ?? 1, 1, THREADS_MAX);
    checkLimit("maxMemory", options.maxMemory ?? 0);
    const create = checkBoolean("create", options.create ?? true);
    const backup = new ZpaqBackup(path, { ...options });
    const opened = await backup.#open();
    if (opened === undefined && !create) {
      throw failure("NOT_FOUND", `Cannot open ${path}: No such file or directory`);
    }
    return backup;
  }

  /** The archive, to be read: what is wrong with it is reported once. */
  async #read(): Promise<Opened | undefined> {
    const opened = await this.#open();
    if (opened === this.#announced) return opened;
    this.#announced = opened;
    for (const problem of opened?.problems ?? []) this.#options.onProblem?.(problem);
    return opened;
  }

  /** The archive; undefined where there is none. */
  async #open(): Promise<Opened | undefined> {
    if (this.#opened !== undefined) return this.#opened;
    const { password, at, maxMemory, create } = this.#options;
    const files = await openParts(this.path);
    if (files === undefined) return undefined;
    try {
      if (files.source.size === 0 && create !== false) {
        files[Symbol.dispose]();
        return undefined;
      }
      const source = password === undefined ? files.source : await decryptZpaqSource(files.source, password);
      const problems: ZpaqBackupError[] = [];
      const report = (code: SluiceError["code"], message: string, cause?: Error): void => {
        problems.push(new ZpaqBackupError(message, { code, cause }));
      };
      const archive = await ZpaqArchive.open(source, {
        until: at,
        ...(maxMemory === undefined ? {} : { maxMemory }),
        onDamage: (error) => report(error.code, `${error.message} (in ${this.path})`, error),
      });
      const salted = files.source.size - source.size;
      for (const { offset, size } of archive.junk) {
        const part = files.partAt(offset + salted);
        const at = offset + salted - part.offset;
        report("CORRUPT", `Cannot read all of ${part.path}: ${size} bytes at ${at} belong to no block`);
      }
      if (archive.incomplete !== undefined) {
        const part = files.partAt(archive.incomplete + salted);
        const hidden = files.parts.length - part.number;
        const at = archive.incomplete + salted - part.offset;
        report(
          "TRUNCATED",
          `Cannot read all of ${part.path}: an update was interrupted at byte ${at}${
            hidden > 0 ? `; nothing of the ${hidden} parts after it is seen` : ""
          }`,
        );
      }
      for (const stray of files.stray) {
        report(
          "NOT_FOUND",
          `Cannot read ${stray}: part ${files.parts.length + 1} is missing`,
        );
      }
      return this.#opened = { files, archive, problems };
    } catch (error) {
      files[Symbol.dispose]();
      throw error;
    }
  }

  #report = (problem: ZpaqBackupError): void => {
    this.#problems.push(problem);
    this.#options.onProblem?.(problem);
  };

  /** Runs an action with a list of its own for problems. */
  async #collect<T>(act: () => Promise<T>): Promise<T & { readonly problems: readonly ZpaqBackupError[] }> {
    this.#problems = [];
    const result = await act();
    return { ...result, problems: this.#problems };
  }

  get #undoing(): (undo: () => void) => () => void {
    return this.#options.onUnfinished ?? ((): () => void => () => {});
  }

  /** What is wrong with the archive as a whole; empty where all of it could be read. */
  async problems(): Promise<readonly ZpaqBackupError[]> {
    return (await this.#read())?.problems ?? [];
  }

  /** The versions that are seen, the oldest first. */
  async versions(): Promise<ZpaqVersion[]> {
    return (await this.#read())?.archive.versions ?? [];
  }

  /** The archive, valid until the next version is added or the backup is closed; undefined where there is none yet. */
  async archive(): Promise<ZpaqArchive | undefined> {
    return (await this.#read())?.archive;
  }

  /** Files as a version has them. They are valid until the next version is added, or the backup is closed. */
  async entries(
    paths: string | readonly string[] = [],
    selection: ZpaqBackupSelection = {},
  ): Promise<ZpaqArchiveEntry[]> {
    checkKeys(selection, SELECTION_KEYS);
    return await this.#select(listOf("paths", paths), selection);
  }

  async #select(paths: readonly string[], selection: ZpaqBackupSelection): Promise<ZpaqArchiveEntry[]> {
    checkPatterns(selection);
    const { at, all } = selection;
    const opened = await this.#read();
    if (opened === undefined) return [];
    const entries = at === undefined
      ? opened.archive.entries({ all })
      : opened.archive.entries({ all, until: at });
    return entries.filter(({ name }) => isWanted(name, paths, selection));
  }

  /**
   * Adds a version of a folder. Files of it that the archive has and that are gone are taken away from what is seen;
   * older versions keep them. The names in the archive start with the folder's own name.
   */
  async addFolder(folder: string, options: ZpaqBackupAddOptions = {}): Promise<ZpaqBackupAdded> {
    checkArgument(typeof folder === "string" && folder !== "", "add a folder", folder, "a path");
    const { isDirectory } = await Deno.stat(folder);
    if (!isDirectory) throw failure("NOT_FOUND", `Cannot add the folder ${folder}: it is no folder`);
    const name = (await Deno.realPath(folder)).split("/").at(-1)!;
    return await this.add(
      folder,
      options.to === undefined && name !== "" ? { ...options, to: name } : options,
    );
  }

  /**
   * Adds a version of files and folders under their paths as they are written.
   *
   * @throws {SluiceError} If the archive can't be read to its end: nothing is written then.
   */
  async add(
    paths: string | readonly string[],
    options: ZpaqBackupAddOptions = {},
  ): Promise<ZpaqBackupAdded> {
    checkKeys(options, ADD_KEYS);
    checkPatterns(options);
    const list = listOf("paths", paths);
    const to = listOf("to", options.to);
    if (list.length === 0) throw new TypeError("Cannot add a version: there are no paths");
    if (to.length > list.length) {
      throw new RangeError('Cannot use option "to": there are more names than paths');
    }
    if (this.#options.at !== undefined && options.rollBack !== true) {
      throw new TypeError(
        "Cannot add a version: the backup was opened at an older one, and rollBack is not set",
      );
    }
    return await this.#collect(async () => {
      const opened = await this.#open();
      this.#checkUpdatable(opened);
      const attributes = streamingMethod(this.#method) === undefined ? options.attributes ?? "all" : "mode";
      const { only, exclude } = options;
      const archive = await this.#identities();
      const found = await walk({ paths: list, to, only, exclude, attributes, archive, report: this.#report });
      const result = await this.#write(opened, found, list, to, options);
      this.close();
      return result;
    });
  }

  /** Refuses archives that were not read to their end. */
  #checkUpdatable(opened: Opened | undefined): void {
    if (opened === undefined) return;
    const { archive, files } = opened;
    const nothing = (why: string): ZpaqBackupError =>
      failure("CORRUPT", `Cannot add to ${this.path}: ${why}: nothing was added`);
    const [damage] = archive.damages;
    if (damage !== undefined) throw nothing(damage.message);
    if (files.stray.length > 0) {
      throw nothing(`part ${files.parts.length + 1} is missing, but there is ${files.stray[0]}`);
    }
    const [junk] = archive.junk;
    if (junk !== undefined) throw nothing(`${junk.size} bytes at ${junk.offset} belong to no block`);
    if (archive.streaming && streamingMethod(this.#method) === undefined) {
      throw nothing("it is a streaming archive");
    }
    if (archive.incomplete === undefined) return;
    const last = files.partAt(archive.incomplete + this.#salted);
    if (isMultiPart(this.path) && last.number < files.parts.length) {
      throw nothing(`${last.path} was interrupted, but other parts follow`);
    }
    this.#report(
      warning(
        "keep all of",
        last.path,
        "the last update was interrupted; this one replaces it",
        "TRUNCATED",
      ),
    );
  }

  get #salted(): number {
    return this.#options.password === undefined ? 0 : SALT_SIZE;
  }

  /** Device and inode of the archive's files. */
  async #identities(): Promise<Set<string>> {
    const found = new Set<string>();
    for (const { path } of (await this.#open())?.files.parts ?? []) {
      const identity = await Deno.realPath(path).then(factsOf).then(
        (facts) => facts.identity,
        () => undefined,
      );
      if (identity !== undefined) found.add(identity);
    }
    return found;
  }

  async #write(
    opened: Opened | undefined,
    found: Walked,
    paths: readonly string[],
    to: readonly string[],
    options: ZpaqBackupAddOptions,
  ): Promise<Omit<ZpaqBackupAdded, "problems">> {
    const streaming = streamingMethod(this.#method);
    const { fragment, threads } = this.#options;
    const update: ZpaqUpdateOptions = {
      method: this.#method,
      fragment,
      threads,
      force: checkBoolean("force", options.force ?? false),
      date: options.date,
      delete: goneNames(opened?.archive, found, paths, to, options),
      onUnreadable: (error, file) => this.#report(warning("read", file.name, error)),
    };
    const run = async (sink: ZpaqUpdateSink): Promise<Omit<ZpaqBackupAdded, "problems">> => {
      if (streaming === undefined) return await updateZpaqArchive(opened?.archive, found.files, sink, update);
      const { files, bytesIn, bytesOut } = await addStreaming(
        found.files,
        streaming,
        sink,
        compressZpaqIterable,
        this.#report,
      );
      return { updated: files, deleted: 0, bytesIn, bytesNew: bytesIn, bytesOut };
    };
    if (options.dryRun === true) return await run(NOWHERE);
    const place = await this.#placeOf(opened);
    const file = await openUpdate(place);
    try {
      const result = await run(await this.#encrypted(file.sink, opened));
      const rollsBack = options.rollBack === true && place.size !== undefined && place.end < place.size;
      if (result.updated + result.deleted > 0 || rollsBack) await file.commit();
      else await file.discard();
      return result;
    } catch (error) {
      await file.discard();
      throw error;
    }
  }

  /** A sink that encrypts, where there is a password. */
  async #encrypted(sink: ZpaqUpdateSink, opened: Opened | undefined): Promise<ZpaqUpdateSink> {
    const { password } = this.#options;
    if (password === undefined) return sink;
    if (opened === undefined || opened.archive.end === 0) return await encryptedFromStart(sink, password);
    const salt = await opened.files.source.read(0, SALT_SIZE);
    return await encryptZpaqUpdate(sink, password, salt, opened.archive.end + SALT_SIZE);
  }

  /** Writes an archive of what is selected, without the data blocks that nothing of it refers to. */
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
    await this.#copyTo(target, password, force, (archive, sink) => archive.repack(sink, { filter, all }));
  }

  /** Writes the archive's index alone, under the same password. */
  async writeIndexTo(
    target: string,
    options: { readonly force?: boolean | undefined } = {},
  ): Promise<void> {
    checkKeys(options, new Set(["force"]));
    const { password } = this.#options;
    await this.#copyTo(target, password, options.force, (archive, sink) => archive.writeIndex(sink));
  }

  async #copyTo(
    target: string,
    password: string | Uint8Array | undefined,
    force: boolean | undefined,
    write: (archive: ZpaqArchive, sink: ZpaqUpdateSink) => Promise<void>,
  ): Promise<void> {
    const opened = await this.#open();
    if (opened === undefined) {
      throw failure("NOT_FOUND", `Cannot read ${this.path}: No such file or directory`);
    }
    const existing = await ifThere(Deno.stat(target));
    if (existing?.isDirectory) throw failure("IO", `Cannot write ${target}: Is a directory`);
    if (existing !== undefined) {
      const { identity } = await Deno.realPath(target).then(factsOf);
      if (identity !== undefined && (await this.#identities()).has(identity)) {
        throw failure("IO", `Cannot write ${target}: it is the archive itself`);
      }
      if (force !== true) {
        throw failure("IO", `Cannot write ${target}: it already exists and is not overwritten`);
      }
    }
    const file = await openUpdate({ path: target, end: 0, size: existing?.size, undoing: this.#undoing });
    try {
      const sink = password === undefined ? file.sink : await encryptedFromStart(file.sink, password);
      await write(opened.archive, sink);
    } catch (error) {
      await file.discard();
      throw error;
    }
    await file.commit();
  }

  /** Where the update goes. */
  async #placeOf(opened: Opened | undefined): Promise<UpdatePlace> {
    const undoing = this.#undoing;
    const { path } = this;
    if (!isMultiPart(path)) {
      const real = opened === undefined ? path : await Deno.realPath(path);
      const size = (await ifThere(Deno.stat(real)))?.size;
      const end = opened === undefined || opened.archive.end === 0 ? 0 : opened.archive.end + this.#salted;
      return { path: real, size, end, undoing };
    }
    if (opened === undefined) return { path: partPath(path, 1), size: undefined, end: 0, undoing };
    const { files, archive } = opened;
    const end = archive.end + this.#salted;
    if (end === files.source.size) {
      return { path: partPath(path, files.parts.length + 1), size: undefined, end: 0, undoing };
    }
    const last = files.partAt(end);
    if (last.offset !== end || last.number !== files.parts.length) {
      throw failure(
        "UNSUPPORTED",
        `Cannot roll ${path} back: remove the parts that are not wanted: nothing was added`,
      );
    }
    return { path: last.path, size: last.size, end: 0, undoing };
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
    const result = await this.#collect(() =>
      this.#extract(listOf("paths", paths), options, {
        force: checkBoolean("force", options.force ?? false),
        attributes: checkBoolean("attributes", options.attributes ?? true),
        unsafePaths: checkBoolean("unsafePaths", options.unsafePaths ?? false),
        owners: checkBoolean("owners", owners),
        dryRun: false,
      })
    );
    const severe = result.problems.find((problem) => problem.severe);
    if (severe !== undefined && this.#options.onProblem === undefined) throw severe;
    return result;
  }

  /** Decodes files of the archive and compares them with what was stored. Writes nothing. */
  async verify(
    paths: string | readonly string[] = [],
    options: ZpaqBackupSelection & Pick<ZpaqBackupRestoreOptions, "maxOutputSize" | "signal"> = {},
  ): Promise<ZpaqBackupVerified> {
    checkKeys(options, new Set([...SELECTION_KEYS, "maxOutputSize", "signal"]));
    const { files, bytes, problems } = await this.#collect(() =>
      this.#extract(listOf("paths", paths), options, {
        force: false,
        attributes: false,
        unsafePaths: false,
        owners: false,
        dryRun: true,
      })
    );
    return { files, bytes, damaged: problems, problems: await this.problems() };
  }

  async #extract(
    paths: readonly string[],
    options: ZpaqBackupRestoreOptions,
    how: {
      readonly force: boolean;
      readonly attributes: boolean;
      readonly unsafePaths: boolean;
      readonly owners: boolean;
      readonly dryRun: boolean;
    },
  ): Promise<Omit<ZpaqBackupRestored, "problems">> {
    const to = listOf("to", options.to);
    const entries = await this.#select(paths, options);
    const opened = await this.#open();
    if (opened === undefined) {
      throw failure("NOT_FOUND", `Cannot read ${this.path}: No such file or directory`);
    }
    if (paths.length > 0 && entries.length === 0) {
      throw failure(
        "NOT_FOUND",
        `Cannot find ${paths.join(", ")} in ${this.path}: this version has no such file`,
      );
    }
    let undeclared = false;
    for (const { fragments, size } of entries) undeclared ||= fragments.length === 0 && size !== 0;
    const limit = undeclared ? zpaqOutputLimit(opened.files.source.size) : Infinity;
    return await restoreEntries(opened.archive, entries, {
      ...how,
      paths,
      to,
      threads: this.#options.threads ?? 1,
      maxOutputSize: checkLimit("maxOutputSize", options.maxOutputSize ?? limit),
      signal: options.signal,
      archive: await this.#identities(),
      undoing: this.#undoing,
      report: this.#report,
    });
  }

  /**
   * Compares files and folders on the disk with the archive's: first what is on the disk, then what is in the archive
   * alone, each sorted by name.
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
   * await Deno.remove(folder, { recursive: true });
   * ```
   */
  async compare(
    paths: string | readonly string[],
    options: ZpaqBackupCompareOptions = {},
  ): Promise<ZpaqBackupComparison[]> {
    checkKeys(options, COMPARE_KEYS);
    const list = listOf("paths", paths);
    const { only, exclude, compareContent = false, attributes = true } = options;
    const entries = new Map((await this.#select(list, options)).map((entry) => [entry.name, entry]));
    const archive = await this.#identities();
    const { files } = await walk({
      ...{ paths: list, to: [], only, exclude, archive, attributes: "all" },
      // What is not there is what the comparison shows.
      report: (problem) => problem.code === "NOT_FOUND" ? undefined : this.#report(problem),
    });
    const facts = new Map<number, { readonly digest: string; readonly size: number }>();
    if (compareContent) {
      for (const fragment of (await this.archive())?.knownFragments() ?? []) facts.set(fragment.id, fragment);
    }
    const found: ZpaqBackupComparison[] = [];
    for (const file of files.toSorted((a, b) => a.name < b.name ? -1 : 1)) {
      const { name } = file;
      const entry = entries.get(name);
      if (entry === undefined) {
        found.push({ name, result: "external", entry, file });
        continue;
      }
      entries.delete(name);
      const same = compareContent
        ? await hasSameContent(entry, file, name, facts)
        : hasSameFacts(entry, file, attributes);
      found.push({ name, result: same ? "same" : "different", entry, file });
    }
    for (const [name, entry] of entries) found.push({ name, result: "internal", entry, file: undefined });
    return found;
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
    const moved: Moved[] = [];
    while (repair) {
      const step = await this.#repairStep();
      if (step === undefined) break;
      moved.push(...step);
    }
    this.close();
    const opened = await this.#read();
    if (opened === undefined && moved.length === 0) {
      throw failure("NOT_FOUND", `Cannot read ${this.path}: No such file or directory`);
    }
    return { problems: opened?.problems ?? [], moved };
  }

  /** Moves one thing aside, or takes a step of renaming on; undefined where nothing is left to do. */
  async #repairStep(): Promise<readonly Moved[] | undefined> {
    this.close();
    const opened = await this.#open();
    if (opened === undefined || this.#options.at !== undefined) return undefined;
    const { files, archive } = opened;
    const { parts } = files;
    const gap = partPath(this.path, parts.length + 1);
    if (files.stray.length > 0) return await this.#closeGap(gap, parts.length + 1);
    const tail = archive.junk.find(({ offset, size }) =>
      offset >= archive.end && offset + size + this.#salted === files.source.size
    );
    const from = archive.incomplete ?? tail?.offset;
    // Damage in what was read may be why the rest is not understood.
    if (from === undefined || archive.damages.length > 0) return undefined;
    const at = from === 0 ? 0 : from + this.#salted;
    const part = files.partAt(at);
    const later = parts.length > part.number;
    if (later && (this.#options.password !== undefined || !await readsWithout(files, part, at))) {
      return undefined;
    }
    this.close();
    return [await moveAside(part, at - part.offset, this.#undoing)];
  }

  /** Gives the part after a gap the number of the one that was moved aside. */
  async #closeGap(gap: string, number: number): Promise<readonly Moved[] | undefined> {
    const next = partPath(this.path, number + 1);
    let made = false;
    for (let before = number; before > 0 && !made; before--) {
      made = await wasMovedAside(partPath(this.path, before));
    }
    // A part that was lost is another matter: its number must stay free.
    if (!made || await ifThere(Deno.lstat(next)) === undefined) return undefined;
    this.close();
    await Deno.rename(next, gap);
    return [];
  }

  /** Closes the archive's files; the next call opens them again. */
  close(): void {
    this.#opened?.archive.close();
    this.#opened?.files[Symbol.dispose]();
    this.#opened = undefined;
  }

  /** Closes the archive's files. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** Writes a salt, and encrypts what follows. */
async function encryptedFromStart(
  sink: ZpaqUpdateSink,
  password: string | Uint8Array,
): Promise<ZpaqUpdateSink> {
  const salt = newZpaqSalt();
  await sink.write(salt.slice());
  const { write, rewrite } = sink;
  const afterSalt: ZpaqUpdateSink = { write, rewrite: (offset, bytes) => rewrite(offset + SALT_SIZE, bytes) };
  return await encryptZpaqUpdate(afterSalt, password, salt, SALT_SIZE);
}

/** Whether later parts are complete updates of what is before a place in a part. */
async function readsWithout({ source }: OpenSource, part: Part, at: number): Promise<boolean> {
  const resume = part.offset + part.size;
  const gap = resume - at;
  const without: ByteSource = {
    size: source.size - gap,
    async read(offset, length, options): Promise<Uint8Array> {
      const first = Math.max(0, Math.min(length, at - offset));
      if (first === length) return await source.read(offset, length, options);
      if (first === 0) return await source.read(offset + gap, length, options);
      const bytes = new Uint8Array(length);
      bytes.set(await source.read(offset, first, options));
      bytes.set(await source.read(resume, length - first, options), first);
      return bytes;
    },
  };
  if (without.size === 0) return true;
  try {
    using archive = await ZpaqArchive.open(without);
    for (const { fragments } of archive.entries({ all: true })) {
      for (const id of fragments) if (!archive.hasFragment(id)) return false;
    }
    return archive.junk.length === 0;
  } catch {
    return false;
  }
}

/** Names of the archive that the paths cover and that were not found. */
function goneNames(
  archive: ZpaqArchive | undefined,
  { files, unseen }: Walked,
  paths: readonly string[],
  to: readonly string[],
  selection: ZpaqBackupAddOptions,
): string[] {
  const found = new Set(files.map((file) => file.name));
  const covered = paths.map((path) => renamed(path, paths, to));
  const names = (archive?.entries() ?? []).map((entry) => entry.name);
  return names.filter((name) =>
    !found.has(name) && isWanted(name.replace(/\/$/, ""), covered, selection) &&
    !unseen.some((path) => name === path || name.startsWith(`${path.replace(/\/+$/, "")}/`))
  );
}
