/**
 * Files by position, as copies use them: native where that is possible, else Deno's own. Both do the same.
 */
import type { DirectorySummary } from "../kernel/directory_summary.ts";
import type { FileStatus } from "../kernel/file.ts";
import type { NameFacts, NewFacts } from "../kernel/names.ts";
import type { SmallFileOptions } from "../kernel/small_files.ts";
import type { BlockRange } from "../kernel/rolling_file.ts";
import type { BlockIndexKernel } from "../kernel/rolling.ts";
import type { BlockHasherKernel } from "../kernel/hash.ts";
import type { HashSpec } from "./_hash_registry.ts";

export type { BlockIndexKernel, BlockRange, DirectorySummary, FileStatus, NameFacts, NewFacts };

/** The blocks of a file with their digests: block `i` lies at `base + i * blockSize`. */
export interface Table {
  readonly digests: Uint32Array<ArrayBuffer>;
  readonly base: number;
  readonly blockSize: number;
  readonly hash: HashSpec;
}

/** How a file is opened; no file is ever followed out of the directory with `beneath`. */
export interface OpenOptions {
  readonly write?: boolean;
  readonly create?: boolean;
  readonly exclusive?: boolean;
  readonly noFollow?: boolean;
  readonly beneath?: boolean;
  /** The mode of a new file. @default {0o666} */
  readonly mode?: number;
}

/** How far a comparison came, and how many bytes of frames it gave. */
export interface Compared {
  readonly next: number;
  readonly produced: number;
}

/** What became of frames. */
export interface Applied {
  readonly consumed: number;
  readonly next: number;
  readonly written: number;
}

/** The part of a file that one call searches: it stops soon after `limit`; the file ends at `end`. */
export interface SearchRange {
  readonly start: number;
  readonly limit: number;
  readonly end: number;
}

/** How far a search came, how many bytes of frames it gave, and the block that it expects next. */
export interface FoundBlocks {
  readonly next: number;
  readonly produced: number;
  readonly expected: number;
}

/** What is known while a file is put together. */
export interface Composing {
  readonly blockSize: number;
  readonly hash: HashSpec;
  /** The sum over frames since the last one that ended a piece. */
  chain: BlockHasherKernel;
}

/** Blocks of an open file that copies are taken from. */
export interface SeedBlocks extends BlockRange {
  readonly file: BlockFile;
}

/** An open file. Calls may run at the same time. */
export interface BlockFile extends Disposable {
  readonly path: string;
  status(): FileStatus;
  /** Reads until the target is full or the file ends; returns how many bytes came. */
  read(offset: number, target: Uint8Array<ArrayBuffer>): Promise<number>;
  write(offset: number, bytes: Uint8Array): Promise<void>;
  resize(size: number): Promise<void>;
  sync(): Promise<void>;
  /** Asks the system to read the file from the disk again, where it can. */
  dropCache(): Promise<void>;
  /** Takes the file's lock; false when somebody else has it. */
  lock(): Promise<boolean>;
  /** Hashes the blocks of a range into the table. */
  hash(start: number, end: number, table: Table, threads: number): Promise<void>;
  /**
   * Compares the blocks of a range with the table, whose digests are those of another file up to `knownEnd`, and writes
   * frames until the target is full. The table then holds this file's digests.
   */
  compare(
    start: number,
    end: number,
    knownEnd: number,
    table: Table,
    target: Uint8Array<ArrayBuffer>,
  ): Promise<Compared>;
  /** Takes whole frames for the range that ends at `end`; the first must start at `next`. */
  apply(next: number, end: number, punch: boolean, table: Table, frames: Uint8Array): Promise<Applied>;
  /** Signs the blocks from `start` on that `target` has room for. */
  signBlocks(
    start: number,
    blockSize: number,
    hash: HashSpec,
    threads: number,
    target: Uint8Array<ArrayBuffer>,
  ): Promise<void>;
  /** Looks for blocks in a range and writes frames, which a sum ends. */
  searchBlocks(
    index: BlockIndexKernel,
    range: SearchRange,
    expected: number,
    target: Uint8Array<ArrayBuffer>,
  ): Promise<FoundBlocks>;
  /** Takes frames of a search from `pos` on, the first of which must start at `next`; stops at a copy from elsewhere. */
  composeBlocks(
    seed: SeedBlocks | undefined,
    composing: Composing,
    range: { readonly next: number; readonly end: number },
    frames: Uint8Array,
    pos: number,
  ): Promise<Applied>;
  /** Makes a range of `target` equal to this file's. */
  copyTo(
    target: BlockFile,
    start: number,
    end: number,
    blockSize: number,
    threads: number,
  ): Promise<{ readonly written: number; readonly differing: number }>;
  /** Makes `target` share this file's blocks; false where the file system can not. */
  cloneTo(target: BlockFile): Promise<boolean>;
  /** Sets facts beside the content. */
  setFacts(facts: NewFacts): void;
  /** Extended attributes, ACLs among them; undefined where the system has none that can be read here. */
  attributes(): Uint8Array<ArrayBuffer> | undefined;
  /** Makes the extended attributes these; returns how many the system refused. */
  setAttributes(attributes: Uint8Array): number;
  close(): void;
}

/** Reads and writes many small files in one call. */
export interface SmallFileAccess {
  /** Reads files that `wantedRecords` asks for, from `pos` on, into records with their content, or without. */
  read(
    wanted: Uint8Array<ArrayBuffer>,
    pos: number,
    hash: HashSpec,
    content: boolean,
    target: Uint8Array<ArrayBuffer>,
  ): Promise<{ readonly consumed: number; readonly produced: number }>;
  /** Writes the files of so many records; a number for each, 0 or the system's. */
  write(
    records: Uint8Array<ArrayBuffer>,
    count: number,
    hash: HashSpec,
    options: SmallFileOptions,
  ): Promise<Uint32Array<ArrayBuffer>>;
}

/** An open directory: the names of its files are taken from it, whatever happens to its own path. */
export interface BlockDirectory extends Disposable {
  readonly path: string;
  /** For files below it; undefined where the system's calls are not at hand. */
  readonly smallFiles: SmallFileAccess | undefined;
  open(name: string, options: OpenOptions): BlockFile;
  /** Opens a directory below. */
  openDirectory(name: string, beneath: boolean): BlockDirectory;
  /** Facts of the directory itself, whose name there is "". */
  ownFacts(attributes: boolean): NameFacts;
  /** Everything in it, sorted by name, with extended attributes where they can be read; links are not followed. */
  list(attributes: boolean): Promise<NameFacts[]>;
  /** As `list`, for directories in it: from the first on as many as one call lists, and maybe none. */
  listBelow(names: readonly string[], attributes: boolean): Promise<(NameFacts[] | Error)[]>;
  /**
   * Summaries of directories in it, "." being itself: from the first on as many as one call makes, and maybe none; undefined
   * where the system's calls are not at hand.
   */
  readonly summarizeBelow:
    | ((names: readonly string[], attributes: boolean) => Promise<(DirectorySummary | Error)[]>)
    | undefined;
  makeDirectory(name: string, mode: number): void;
  makeLink(name: string, content: string): void;
  /** Makes a pipe, or a socket that nobody listens on. */
  makeSpecial(name: string, kind: "pipe" | "socket", mode: number): void;
  /** Gives a file of this directory a name in another. */
  makeHardLink(name: string, directory: BlockDirectory, newName: string): void;
  /** Removes an empty directory. */
  removeDirectory(name: string): void;
  /** Sets facts of a name; a link is not followed. */
  setFacts(name: string, facts: NewFacts): void;
  rename(from: string, to: string): void;
  /** Removes a file; does nothing when it is not there. */
  remove(name: string): void;
  /** Makes renames and removals last. */
  sync(): Promise<void>;
  close(): void;
}

const FILE_TYPE = 0o170000;

/** Whether a mode is that of a regular file, a directory, a block device, a symbolic link. */
export const isRegular = (mode: number): boolean => (mode & FILE_TYPE) === 0o100000;
/** As `isRegular`. */
export const isDirectory = (mode: number): boolean => (mode & FILE_TYPE) === 0o040000;
/** As `isRegular`. */
export const isBlockDevice = (mode: number): boolean => (mode & FILE_TYPE) === 0o060000;
/** As `isRegular`. */
export const isLink = (mode: number): boolean => (mode & FILE_TYPE) === 0o120000;

/** How many digests' words a table of a whole file has. */
export function newTable(size: number, blockSize: number, hash: HashSpec, base = 0): Table {
  const blocks = Math.ceil(size / blockSize);
  return { digests: new Uint32Array(blocks * hash.digestSize / 4), base, blockSize, hash };
}

/** The digests of a range as bytes: a view. */
export function digestsOf(table: Table, start: number, end: number): Uint8Array<ArrayBuffer> {
  const { digests, base, blockSize, hash } = table;
  const from = Math.floor((start - base) / blockSize) * hash.digestSize;
  const to = Math.ceil((end - base) / blockSize) * hash.digestSize;
  return new Uint8Array(digests.buffer, digests.byteOffset + from, to - from);
}
