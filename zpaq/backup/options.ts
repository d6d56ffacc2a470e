/**
 * Options and results of backups.
 *
 * @module
 */
import type { SluiceProgress } from "@sluice/internal";
import type { ZpaqArchiveEntry, ZpaqFile, ZpaqUpdatedFile } from "../archive/_types.ts";
import type { ZpaqBackupError } from "./_problems.ts";

/** How a backup is opened. */
export interface ZpaqBackupOptions {
  /** A level from 0 to 5, or a method as `ZpaqUpdateOptions` takes it; "s" first makes a streaming archive. @default {1} */
  readonly method?: number | string | undefined;
  /** The password of an encrypted archive. */
  readonly password?: string | Uint8Array | undefined;
  /** Blocks that are worked on at the same time. @default {1} */
  readonly threads?: number | undefined;
  /** log2 of the mean size of fragments in KiB. @default {6} */
  readonly fragment?: number | undefined;
  /** The most bytes that the model of one block may take when reading. @default {2 ** 30} */
  readonly maxMemory?: number | undefined;
  /** Whether an archive that is not there is made by the first version; otherwise it is an error. @default {true} */
  readonly create?: boolean | undefined;
  /**
   * What is seen of the archive: versions up to a number, from the end where it is negative, or up to a date.
   * @default {all versions}
   */
  readonly at?: number | Date | undefined;
  /** Called with each problem as it is found. Problems are in the results as well. */
  readonly onProblem?: ((problem: ZpaqBackupError) => void) | undefined;
  /**
   * Called with a function that takes unfinished work back, for a program that is told to stop; what it returns is
   * called once the work is done.
   */
  readonly onUnfinished?: ((undo: () => void) => () => void) | undefined;
}

/** What of a folder goes into a version. */
export interface ZpaqBackupAddOptions {
  /** Patterns with `*` and `?` that names must fit. */
  readonly only?: readonly string[] | undefined;
  /** Patterns with `*` and `?` that names must not fit. */
  readonly exclude?: readonly string[] | undefined;
  /** Names in the archive: one for each path, undefined for one that keeps its own. */
  readonly to?: string | readonly (string | undefined)[] | undefined;
  /**
   * What is stored beside content and dates: "all" for modes, owners, symbolic and hard links, extended attributes and
   * nanoseconds; "mode" for what zpaq 7.15 stores; "none".
   * @default {"all"}
   */
  readonly attributes?: "all" | "mode" | "none" | undefined;
  /** Read files whose date and size have not changed. @default {false} */
  readonly force?: boolean | undefined;
  /** The date of the version. @default {now} */
  readonly date?: Date | undefined;
  /** Drop the versions after `at`, once the new one is complete. @default {false} */
  readonly rollBack?: boolean | undefined;
  /**
   * The path of an archive that this one is the index of: the version goes to a new file there, the part after those that
   * the index knows where the path has `?` or `*`, and without its data to this one. The other parts need not be there.
   * @default {none}
   */
  readonly indexOf?: string | undefined;
  /** Write nothing. @default {false} */
  readonly dryRun?: boolean | undefined;
  /** Gives the version up: the archive stays as it was. */
  readonly signal?: AbortSignal | undefined;
  /** Called with each name that the version changes, when its content has been read. */
  readonly onFile?: ((file: ZpaqUpdatedFile) => void) | undefined;
  /** Called as content is read: `bytesIn` of `total` bytes of the files that are read, and `bytesOut` written. */
  readonly onProgress?: ((progress: SluiceProgress) => void) | undefined;
}

/** What adding came to. */
export interface ZpaqBackupAdded {
  /** Files that were written to the index. */
  readonly updated: number;
  /** Files that were taken away. */
  readonly deleted: number;
  /** Bytes of content that was looked at. */
  readonly bytesIn: number;
  /** Bytes of new fragments. */
  readonly bytesNew: number;
  /** Bytes that were written. */
  readonly bytesOut: number;
  /** Files that were left out, or are not stored as they are. */
  readonly problems: readonly ZpaqBackupError[];
}

/** Which files of which version are meant. */
export interface ZpaqBackupSelection {
  /** The state of the files: a version's number, from the end where it is negative, or a date. @default {the newest} */
  readonly at?: number | Date | undefined;
  /** Patterns with `*` and `?` that names must fit. */
  readonly only?: readonly string[] | undefined;
  /** Patterns with `*` and `?` that names must not fit. */
  readonly exclude?: readonly string[] | undefined;
  /** Files of every version, under its number in that many digits. @default {false} */
  readonly all?: boolean | number | undefined;
}

/** How files are restored. */
export interface ZpaqBackupRestoreOptions extends ZpaqBackupSelection {
  /**
   * One name for each path, undefined for one that keeps its own, or a folder for everything where no path is given.
   *
   * @default {the names of the archive}
   */
  readonly to?: string | readonly (string | undefined)[] | undefined;
  /** Replace files. @default {false} */
  readonly force?: boolean | undefined;
  /** Restore modes and extended attributes. Links and dates are restored always. @default {true} */
  readonly attributes?: boolean | undefined;
  /** Restore owners. @default {whether the process is root's} */
  readonly owners?: boolean | undefined;
  /** Restore names that lead out of the folder, and through links. @default {false} */
  readonly unsafePaths?: boolean | undefined;
  /** The most bytes of all files together. @default {1,000 times the archive + 1 GiB where a size is not declared} */
  readonly maxOutputSize?: number | undefined;
  /** The most files and folders. @default {Infinity} */
  readonly maxFiles?: number | undefined;
  /** Aborts the work. */
  readonly signal?: AbortSignal | undefined;
  /** Called with each file when its content is decoded, and with each link when it is made. */
  readonly onFile?: ((file: { readonly name: string; readonly size: number }) => void) | undefined;
  /** Called as content is decoded; `total` is what the files say of their sizes, `bytesIn` is `bytesOut`. */
  readonly onProgress?: ((progress: SluiceProgress) => void) | undefined;
}

/** What restoring came to. */
export interface ZpaqBackupRestored {
  /** Files and links. */
  readonly files: number;
  /** Bytes of their content. */
  readonly bytes: number;
  /** Files that were there already. */
  readonly skipped: readonly string[];
  /** Files that were not restored, or not as they were. */
  readonly problems: readonly ZpaqBackupError[];
}

/** What verification came to. */
export interface ZpaqBackupVerified {
  /** Files whose content was decoded and is what was stored. */
  readonly files: number;
  /** Bytes of their content. */
  readonly bytes: number;
  /** Files whose content is lost or damaged, each with its error. */
  readonly damaged: readonly ZpaqBackupError[];
  /** What else is wrong with the archive. */
  readonly problems: readonly ZpaqBackupError[];
}

/** How a copy is written. */
export interface ZpaqBackupCopyOptions {
  /** Patterns with `*` and `?` that names must fit. */
  readonly only?: readonly string[] | undefined;
  /** Patterns with `*` and `?` that names must not fit. */
  readonly exclude?: readonly string[] | undefined;
  /** Keep every version that is seen. @default {false} */
  readonly all?: boolean | undefined;
  /** The password of the copy. @default {none} */
  readonly password?: string | Uint8Array | undefined;
  /** Replace a file. @default {false} */
  readonly force?: boolean | undefined;
}

/** What a check came to. */
export interface ZpaqBackupChecked {
  /** What is wrong with the archive, after the repair where there was one. */
  readonly problems: readonly ZpaqBackupError[];
  /** What was moved: from which file, from which offset on, and the file that has the bytes now. */
  readonly moved: readonly { readonly path: string; readonly offset: number; readonly aside: string }[];
}

/** What files on the disk are compared with. */
export interface ZpaqBackupCompareOptions extends ZpaqBackupSelection {
  /** Names that the paths have in the archive: one for each path, undefined for one that keeps its own. */
  readonly to?: string | readonly (string | undefined)[] | undefined;
  /** Compare content instead of dates, sizes and attributes. @default {false} */
  readonly compareContent?: boolean | undefined;
  /** Compare attributes as well as dates and sizes. @default {true} */
  readonly attributes?: boolean | undefined;
}

/** One name on the disk, in the archive, or both. */
export interface ZpaqBackupComparison {
  /** The name. */
  readonly name: string;
  /** How both sides compare; "external" for what is on the disk alone, "internal" for the archive alone. */
  readonly result: "same" | "different" | "external" | "internal";
  /** The file in the archive. */
  readonly entry: ZpaqArchiveEntry | undefined;
  /** The file on the disk. */
  readonly file: Pick<ZpaqFile, "name" | "date" | "size" | "attributes"> | undefined;
}
