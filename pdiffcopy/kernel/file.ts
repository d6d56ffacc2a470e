/**
 * The kernel of files by position: hashed, compared and written natively, so that their bytes do not pass through here.
 * Linux only, on the native backend only; callers have files of their own for everything else.
 *
 * @module
 */
import { Handle, resolveBackend, RESULT, STEP, STEP_LENGTH } from "@sluice/ffi";
import type { BackendChoice, Pointer } from "@sluice/ffi";
import { FILE_STATUS } from "./_abi/pdiffcopy_file.gen.ts";
import type { PdiffcopyFileFunctions } from "./_abi/pdiffcopy_file.gen.ts";
import type { HashNumbers } from "./hash.ts";
import { encodePath } from "./path_text.ts";
import { PDIFFCOPY_FILE } from "./file_module.ts";

export { ACTION, OPEN } from "./_abi/pdiffcopy_file.gen.ts";
export { RESULT };

export type { BackendChoice, HashNumbers };

/** Nanoseconds of a second. */
const SECOND_NS = 1_000_000_000n;

/** The blocks of a range with their digests: block `i` lies at `base + i * blockSize`. */
export interface BlockTable {
  /** Digests one after the other. */
  readonly digests: Uint32Array<ArrayBuffer>;
  /** Where the first block lies. */
  readonly base: number;
  /** Bytes of a block. */
  readonly blockSize: number;
  /** What digests are made with. */
  readonly hash: HashNumbers;
}

/** What a call answers: its result, and the numbers beside it. */
export interface FileAnswer {
  /** A member of `RESULT`. */
  readonly result: number;
  /** The system's number where it refused; 0 where a file ended too early. */
  readonly errno: number;
  /** Bytes taken from the source. */
  readonly consumed: number;
  /** Bytes written to the target. */
  readonly produced: number;
  /** A position, or bytes. */
  readonly value: number;
  /** Bytes. */
  readonly other: number;
  /** What the call counts beside that. */
  readonly hint: number;
}

/** What the system knows of a file. */
export interface FileStatus {
  /** Bytes. */
  readonly size: number;
  /** A name for the file's identity and version: device, inode, size and both times. */
  readonly version: string;
  /** Device and inode. */
  readonly identity: string;
  /** When the content changed last, in nanoseconds. */
  readonly mtimeNs: bigint;
  /** Type and permission bits. */
  readonly mode: number;
  /** Hard links. */
  readonly links: number;
  /** Owner and group. */
  readonly uid: number;
  /** Group. */
  readonly gid: number;
  /** Bytes that have a place on the disk. */
  readonly allocated: number;
}

/** Whether files can be opened natively. */
export function hasNativeFiles(backend: BackendChoice | undefined): boolean {
  return typeof Deno !== "undefined" && Deno.build.os === "linux" && resolveBackend(backend) === "native";
}

function answer(result: number, step: Uint32Array): FileAnswer {
  return {
    result,
    errno: step[STEP.DETAIL]!,
    consumed: step[STEP.CONSUMED]!,
    produced: step[STEP.PRODUCED]!,
    value: step[STEP.VALUE_LOW]! + step[STEP.VALUE_HIGH]! * 2 ** 32,
    other: step[STEP.OTHER_LOW]! + step[STEP.OTHER_HIGH]! * 2 ** 32,
    hint: step[STEP.HINT]!,
  };
}

/** A table as the library takes it. */
function tableValues(
  { digests, base, blockSize, hash }: BlockTable,
): [Uint32Array, number, number, number, number, number, number] {
  return [digests, digests.length, base, blockSize, hash.id, hash.seedLow, hash.seedHigh];
}

/** The names of the functions that run off the event loop. */
type CallName = Extract<keyof PdiffcopyFileFunctions, `sluice_pdiffcopy_file_${string}_async`>;

/** What such a function takes between the file and the array that it reports in. */
type CallValues<Name extends CallName> = Parameters<PdiffcopyFileFunctions[Name]> extends
  [Pointer, ...infer Values, Uint32Array] ? Values : never;

/** An open file or directory. Any number of calls may run at the same time. */
export class NativeFile implements Disposable {
  readonly #functions: PdiffcopyFileFunctions;
  readonly #handle: Handle<PdiffcopyFileFunctions>;

  private constructor(handle: Handle<PdiffcopyFileFunctions>) {
    this.#functions = handle.library.functions;
    this.#handle = handle;
  }

  /** Opens a path, from a directory where one is given; the system's number where that fails. */
  static open(
    directory: NativeFile | undefined,
    path: string,
    flags: number,
    mode: number,
  ): NativeFile | number {
    const library = PDIFFCOPY_FILE.open("native");
    const bytes = encodePath(path);
    const step = new Uint32Array(STEP_LENGTH);
    const base = directory === undefined ? null : directory.#handle.sharedPointer;
    const { sluice_pdiffcopy_file_open: openFile } = library.functions;
    const pointer = openFile(base, bytes, 0, bytes.length, flags, mode, step);
    if (!pointer && step[STEP.DETAIL]! > 0) return step[STEP.DETAIL]!;
    return new NativeFile(
      new Handle(library, {
        format: "pdiffcopy",
        action: "open a file",
        make: () => pointer,
        free: "sluice_pdiffcopy_file_close",
      }),
    );
  }

  /** Runs a call of another part of the kernel. */
  use(
    call: (functions: PdiffcopyFileFunctions, handle: Deno.PointerValue, step: Uint32Array) => number,
  ): FileAnswer {
    const step = new Uint32Array(STEP_LENGTH);
    const result = call(this.#functions, this.#handle.sharedPointer as Deno.PointerValue, step);
    return answer(result, step);
  }

  /** As `use`, off the event loop. */
  useAsync(
    call: (
      functions: PdiffcopyFileFunctions,
      handle: Deno.PointerValue,
      step: Uint32Array<ArrayBuffer>,
    ) => Promise<number>,
  ): Promise<FileAnswer> {
    return this.#run((handle, step) => call(this.#functions, handle, step));
  }

  /** Runs a call off the event loop that uses this file beside another one. */
  share<T>(call: (pointer: Deno.PointerValue) => Promise<T>): Promise<T> {
    return this.#handle.share((pointer) => call(pointer as Deno.PointerValue));
  }

  /** What the system knows of the file; its number where that fails. */
  status(): FileStatus | number {
    const words = new Uint32Array(FILE_STATUS.LENGTH);
    const step = new Uint32Array(STEP_LENGTH);
    const pointer = this.#handle.sharedPointer;
    const result = this.#functions.sluice_pdiffcopy_file_status(pointer, words, words.length, step);
    if (result < 0) return step[STEP.DETAIL]!;
    const value = (low: number): number => words[low]! + words[low + 1]! * 2 ** 32;
    const hex = (low: number): string => value(low).toString(16);
    const time = (low: number): string =>
      [words[low + 1]!, words[low]!, words[low + 2]!].map((word) => word.toString(16)).join(".");
    const identity = `${hex(FILE_STATUS.DEVICE_LOW)}-${hex(FILE_STATUS.INODE_LOW)}`;
    const times = `${time(FILE_STATUS.MTIME_LOW)}-${time(FILE_STATUS.CTIME_LOW)}`;
    const seconds = new DataView(words.buffer).getBigInt64(4 * FILE_STATUS.MTIME_LOW, true);
    return {
      size: value(FILE_STATUS.SIZE_LOW),
      identity,
      version: `${identity}-${hex(FILE_STATUS.SIZE_LOW)}-${times}`,
      mtimeNs: seconds * SECOND_NS + BigInt(words[FILE_STATUS.MTIME_NANOSECONDS]!),
      mode: words[FILE_STATUS.MODE]!,
      links: words[FILE_STATUS.LINKS]!,
      uid: words[FILE_STATUS.OWNER]!,
      gid: words[FILE_STATUS.GROUP]!,
      allocated: value(FILE_STATUS.BLOCKS_LOW) * 512,
    };
  }

  async #run(
    call: (pointer: Deno.PointerValue, step: Uint32Array<ArrayBuffer>) => Promise<number>,
  ): Promise<FileAnswer> {
    const step = new Uint32Array(STEP_LENGTH);
    const result = await this.#handle.share((pointer) => call(pointer as Deno.PointerValue, step));
    return answer(result, step);
  }

  /** Calls a function with this file and `values` off the event loop. */
  #call<Name extends CallName>(name: Name, ...values: CallValues<Name>): Promise<FileAnswer> {
    const call = this.#functions[name] as (...values: unknown[]) => Promise<number>;
    return this.#run((pointer, step) => call(pointer, ...values, step));
  }

  /** Reads from a position into `target`; `produced` is less than its size at the end of the file only. */
  read(offset: number, target: Uint8Array): Promise<FileAnswer> {
    return this.#call("sluice_pdiffcopy_file_read_async", offset, target, 0, target.length);
  }

  /** Writes at a position. */
  write(offset: number, source: Uint8Array): Promise<FileAnswer> {
    return this.#call("sluice_pdiffcopy_file_write_async", offset, source, 0, source.length);
  }

  /** One of `ACTION`; `value` is the size for a resize. */
  act(action: number, value = 0): Promise<FileAnswer> {
    return this.#call("sluice_pdiffcopy_file_act_async", action, value);
  }

  /** Makes a range zero, as a hole where `punch` says so. */
  zero(start: number, end: number, punch: boolean): Promise<FileAnswer> {
    return this.#call("sluice_pdiffcopy_file_zero_async", start, end, punch ? 1 : 0);
  }

  /** Makes `target` share this file's blocks. */
  cloneTo(target: NativeFile): Promise<FileAnswer> {
    return target.#handle.share((other) => this.#call("sluice_pdiffcopy_file_clone_async", other));
  }

  /** Renames inside this directory. */
  rename(from: string, to: string): FileAnswer {
    const [old, name] = [encodePath(from), encodePath(to)];
    const step = new Uint32Array(STEP_LENGTH);
    const result = this.#functions.sluice_pdiffcopy_file_rename(
      this.#handle.sharedPointer,
      old,
      0,
      old.length,
      name,
      0,
      name.length,
      step,
    );
    return answer(result, step);
  }

  /** Removes a file from this directory. */
  remove(name: string): FileAnswer {
    const bytes = encodePath(name);
    const step = new Uint32Array(STEP_LENGTH);
    const pointer = this.#handle.sharedPointer;
    return answer(
      this.#functions.sluice_pdiffcopy_file_remove(pointer, bytes, 0, bytes.length, step),
      step,
    );
  }

  /** Hashes the blocks of a range into the table, on several threads. */
  hash(start: number, end: number, sparse: boolean, threads: number, table: BlockTable): Promise<FileAnswer> {
    const blocks = tableValues(table);
    return this.#call("sluice_pdiffcopy_file_hash_async", start, end, sparse ? 1 : 0, threads, ...blocks);
  }

  /**
   * Compares the blocks of a range with the digests of another file, known up to `knownEnd`, and writes frames to
   * `target`: `produced` bytes; `value` is how far it came. The table then holds this file's digests.
   */
  compare(
    start: number,
    end: number,
    knownEnd: number,
    sparse: boolean,
    table: BlockTable,
    target: Uint8Array,
  ): Promise<FileAnswer> {
    return this.#call(
      "sluice_pdiffcopy_file_compare_async",
      start,
      end,
      knownEnd,
      sparse ? 1 : 0,
      ...tableValues(table),
      target,
      0,
      target.length,
    );
  }

  /**
   * Takes the frames in `source` from `pos` to `sourceEnd` for the range that ends at `end`; the first starts at `next`.
   * `value` is where the next one must start, `other` how many bytes were written.
   */
  apply(
    next: number,
    end: number,
    punch: boolean,
    table: BlockTable,
    source: Uint8Array,
    pos: number,
    sourceEnd: number,
  ): Promise<FileAnswer> {
    return this.#call(
      "sluice_pdiffcopy_file_apply_async",
      next,
      end,
      punch ? 1 : 0,
      ...tableValues(table),
      source,
      pos,
      sourceEnd,
    );
  }

  /** Makes a range of `target` equal to this file's; `value` bytes were written, `errno` blocks differed. */
  copyTo(
    target: NativeFile,
    start: number,
    end: number,
    blockSize: number,
    sparse: boolean,
    threads: number,
  ): Promise<FileAnswer> {
    return target.#handle.share((other) =>
      this.#call(
        "sluice_pdiffcopy_file_copy_async",
        other,
        start,
        end,
        blockSize,
        sparse ? 1 : 0,
        threads,
      )
    );
  }

  /** Closes the file when the calls under way have ended. */
  close(): void {
    this.#handle.close();
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** Whether an answer means that it worked, wholly or so far. */
export function succeeded({ result }: FileAnswer): boolean {
  return result >= RESULT.OK;
}
