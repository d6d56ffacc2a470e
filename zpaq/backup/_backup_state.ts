/**
 * The archive of a backup while it is open, with the problems of the call that is running.
 */
import type { ByteSource, SluiceError } from "@sluice/internal";
import type { ZpaqArchive, ZpaqDeletion } from "../archive/archive.ts";
import type { ZpaqArchiveEntry } from "../archive/_types.ts";
import { isUrl, onePart, openParts, stampOf } from "./_archive_files.ts";
import type { OpenSource } from "./_archive_files.ts";
import { checkPatterns, methodOf } from "./_checks.ts";
import { SALT_SIZE } from "./_encrypted_sink.ts";
import { factsOf } from "./_file_facts.ts";
import type { Formats } from "./_formats.ts";
import type { ZpaqBackupOptions, ZpaqBackupSelection } from "./options.ts";
import { isWanted } from "./_patterns.ts";
import { failure, ZpaqBackupError } from "./_problems.ts";
import type { Undoing } from "./_update_file.ts";

/** Bytes of an archive that is read from a pipe, unless the caller says otherwise. */
const PIPE_SIZE_MAX = 2 ** 30;

/** The archive as it was opened, with its files. */
export interface Opened {
  readonly files: OpenSource;
  readonly archive: ZpaqArchive;
  /** The bytes of the archive, decrypted. */
  readonly source: ByteSource;
  /** What says whether the files were changed since. */
  readonly stamp: string;
  /** What is wrong with it. */
  readonly problems: readonly ZpaqBackupError[];
}

/** What all work on a backup shares. */
export class BackupState {
  /** The path or URL of the archive, or what stands for a source in messages. */
  readonly path: string;
  /** The bytes of an archive that is no file. */
  readonly #source: ByteSource | undefined;
  readonly options: ZpaqBackupOptions;
  readonly method: string;
  readonly formats: Formats;
  #opened: Opened | undefined;
  /** The one whose problems were reported. */
  #announced: Opened | undefined;
  #problems: ZpaqBackupError[] = [];

  constructor(source: string | ByteSource, options: ZpaqBackupOptions, formats: Formats) {
    this.path = typeof source === "string" ? source : "the source";
    this.#source = typeof source === "string" ? undefined : source;
    this.options = options;
    this.formats = formats;
    this.method = methodOf(options.method ?? 1);
  }

  /** The archive, to be read: what is wrong with it is reported once. */
  async read(): Promise<Opened | undefined> {
    const opened = await this.open();
    if (opened === this.#announced) return opened;
    this.#announced = opened;
    for (const problem of opened?.problems ?? []) this.options.onProblem?.(problem);
    return opened;
  }

  /** The archive; undefined where there is none. */
  async open(): Promise<Opened | undefined> {
    if (this.#opened !== undefined) return this.#opened;
    const { password, at, maxMemory, create } = this.options;
    const files = this.#source === undefined
      ? await openParts(this.path, maxMemory ?? PIPE_SIZE_MAX)
      : onePart(this.#source, this.path);
    if (files === undefined) return undefined;
    try {
      const stamp = this.isFile ? await stampOf(this.path, files.parts.length) : "";
      if (files.source.size === 0 && create !== false) {
        files[Symbol.dispose]();
        return undefined;
      }
      const source = password === undefined
        ? files.source
        : await this.formats.decrypt(files.source, password);
      const problems: ZpaqBackupError[] = [];
      const report = (code: SluiceError["code"], message: string, cause?: Error): void => {
        problems.push(new ZpaqBackupError(message, { code, cause }));
      };
      const archive = await this.formats.open(source, {
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
      return this.#opened = { files, archive, source, stamp, problems };
    } catch (error) {
      files[Symbol.dispose]();
      throw error;
    }
  }

  /** Whether the archive is a file of this system, or several. */
  get isFile(): boolean {
    return this.#source === undefined && !isUrl(this.path);
  }

  /**
   * Refuses to change what is no file.
   *
   * @throws {SluiceError} With code "READ_ONLY".
   */
  checkWritable(): void {
    if (this.isFile) return;
    throw failure(
      "READ_ONLY",
      `Cannot write ${this.path}: only files of this system are written, what a server has is read`,
    );
  }

  /** Closes the archive if its files are no longer those that were opened. */
  async refresh(): Promise<void> {
    const opened = this.#opened;
    if (opened !== undefined && await stampOf(this.path, opened.files.parts.length) !== opened.stamp) {
      this.close();
    }
  }

  /** Takes a problem of the call that is running. */
  report = (problem: ZpaqBackupError): void => {
    this.#problems.push(problem);
    this.options.onProblem?.(problem);
  };

  /** Runs an action with a list of its own for problems. */
  async collect<T>(act: () => Promise<T>): Promise<T & { readonly problems: readonly ZpaqBackupError[] }> {
    this.#problems = [];
    const result = await act();
    return { ...result, problems: this.#problems };
  }

  get undoing(): Undoing {
    return this.options.onUnfinished ?? ((): () => void => () => {});
  }

  /** Bytes before the archive's first block. */
  get salted(): number {
    return this.options.password === undefined ? 0 : SALT_SIZE;
  }

  /** Device and inode of the archive's files. */
  async identities(): Promise<Set<string>> {
    const found = new Set<string>();
    if (!this.isFile) return found;
    for (const { path } of (await this.open())?.files.parts ?? []) {
      const identity = await Deno.realPath(path).then(factsOf).then(
        (facts) => facts.identity,
        () => undefined,
      );
      if (identity !== undefined) found.add(identity);
    }
    return found;
  }

  /** Entries that paths and patterns ask for. */
  async select(paths: readonly string[], selection: ZpaqBackupSelection): Promise<ZpaqArchiveEntry[]> {
    checkPatterns(selection);
    const { at, all } = selection;
    const opened = await this.read();
    if (opened === undefined) return [];
    const entries = at === undefined
      ? opened.archive.entries({ all })
      : opened.archive.entries({ all, until: at });
    return entries.filter(({ name }) => isWanted(name, paths, selection));
  }

  /** Names that versions took away, of those that paths and patterns ask for. */
  async selectDeletions(
    paths: readonly string[],
    selection: ZpaqBackupSelection,
  ): Promise<ZpaqDeletion[]> {
    checkPatterns(selection);
    const { at, all } = selection;
    const opened = await this.read();
    if (opened === undefined) return [];
    return opened.archive.deletions({ all, ...(at === undefined ? {} : { until: at }) })
      .filter(({ name }) => isWanted(name, paths, selection));
  }

  /** Closes the archive's files; the next call opens them again. */
  close(): void {
    this.#opened?.archive.close();
    this.#opened?.files[Symbol.dispose]();
    this.#opened = undefined;
  }
}
