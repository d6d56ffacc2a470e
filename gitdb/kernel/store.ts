/**
 * The kernel that reads git packs: files in pages, indexes, and jobs that make many objects at once, on either backend.
 *
 * @module
 */
import { Kernel, RESULT, resultError, STEP } from "@sluice/ffi";
import type { BackendChoice, Handle, Pointer } from "@sluice/ffi";
import { GIT_ANY_PACK, GIT_ENTRY, GIT_INDEX_LAYOUT } from "./_abi/git_decode.gen.ts";
import type { GitDecodeFunctions } from "./_abi/git_decode.gen.ts";
import { halves } from "./codec.ts";
import { GIT_DECODE } from "./decode_module.ts";

export { GIT_JOB_FLAG, GIT_PAGE_SIZE, GIT_RECORD } from "./_abi/git_decode.gen.ts";
export { GIT_ANY_PACK, RESULT };

export type { BackendChoice };

const NEEDS_LENGTH = 2048;

/** What a store is made with. */
export interface GitStoreKernelOptions {
  /** Bytes of an id: 20 or 32. */
  readonly hashSize: number;
  /** Bytes of file pages that are kept. */
  readonly pageBudget: number;
  /** Bytes of delta bases that are kept. */
  readonly cacheBudget: number;
  /** The backend; undefined for the configured one. */
  readonly backend: BackendChoice | undefined;
}

/** Where the tables of an index lie in its file. */
export interface GitIndexLayout {
  /** Where the fan-out starts. */
  readonly fanoutPos: number;
  /** Where the first id starts. */
  readonly idsPos: number;
  /** Bytes from one id to the next. */
  readonly idsStride: number;
  /** Where the first offset starts, or the pack number before it. */
  readonly offsetsPos: number;
  /** Bytes from one offset to the next. */
  readonly offsetsStride: number;
  /** Where the table of large offsets starts. */
  readonly largePos: number;
  /** Rows of that table. */
  readonly largeCount: number;
  /** Whether a pack number stands before each offset. */
  readonly multi: boolean;
  /** Whether bit 31 of an offset points into the table of large offsets. */
  readonly largeBit: boolean;
}

/** The header of a pack entry. */
export interface GitEntryHeader {
  /** The type's number: 1 to 4 for full objects, 6 and 7 for deltas. */
  readonly kind: number;
  /** Inflated size of the entry. */
  readonly size: number;
  /** Where its zlib stream starts. */
  readonly data: number;
  /** Where the base stands; 0 unless the kind is 6. */
  readonly baseOffset: number;
  /** The id of the base; undefined unless the kind is 7. */
  readonly baseId: Uint8Array<ArrayBuffer> | undefined;
}

/** The pages that are missing, and where they are handed in: of a store, or of a job or stream that works on it. */
export interface GitPages {
  /** Takes the list of pages that were missing: pairs of file and page. */
  needs(): Uint32Array;
  /** Hands in one page of a file; returns a result. */
  provide(file: number, page: number, bytes: Uint8Array): number;
}

/** Takes the list of missing pages of a store. */
export function takeNeeds(functions: GitDecodeFunctions, store: Pointer): Uint32Array {
  const pairs = new Uint32Array(NEEDS_LENGTH);
  return pairs.subarray(0, functions.sluice_git_store_needs(store, pairs, pairs.length) * 2);
}

/** Hands in one page of a file of a store; returns a result. */
export function providePage(
  functions: GitDecodeFunctions,
  store: Pointer,
  file: number,
  page: number,
  bytes: Uint8Array,
): number {
  return functions.sluice_git_file_provide(store, file, page, bytes, 0, bytes.length);
}

/** The handle of a store: for jobs and streams, and nobody else. */
const HANDLES = new WeakMap<GitStoreKernel, Handle<GitDecodeFunctions>>();

/** The handle of a store, to make jobs and streams from. */
export function handleOf(store: GitStoreKernel): Handle<GitDecodeFunctions> {
  return HANDLES.get(store)!;
}

/** Packs and indexes with the memory that they share. */
export class GitStoreKernel extends Kernel<GitDecodeFunctions> implements GitPages {
  readonly #entry = new Uint32Array(GIT_ENTRY.LENGTH);
  readonly #hashSize: number;

  /** Makes an empty store. */
  constructor(options: GitStoreKernelOptions) {
    const { hashSize, pageBudget, cacheBudget } = options;
    super(() =>
      GIT_DECODE.create(options.backend, {
        format: "git",
        action: "make a store",
        make: (functions) => functions.sluice_git_store_new(hashSize, pageBudget, cacheBudget),
        free: "sluice_git_store_free",
      })
    );
    this.#hashSize = hashSize;
    HANDLES.set(this, this.handle);
  }

  /** What the last call that tells something more told. */
  get detail(): number {
    return this.report[STEP.DETAIL]!;
  }

  /** The number that the last call gave as its value. */
  get value(): number {
    return this.reportedValue;
  }

  /** Opens a file by path: `detail` is its number, `value` its size. Unsupported where the host has to provide bytes. */
  openFile(path: string): number {
    const bytes = new TextEncoder().encode(path);
    return this.library.functions.sluice_git_file_open(
      this.handle.pointer,
      bytes,
      0,
      bytes.length,
      this.report,
    );
  }

  /** A file whose pages the host provides: `detail` is its number. */
  providedFile(size: number): number {
    return this.library.functions.sluice_git_file_provided(this.handle.pointer, size, this.report);
  }

  /** As `GitPages`. */
  needs(): Uint32Array {
    return takeNeeds(this.library.functions, this.handle.pointer);
  }

  /** As `GitPages`. */
  provide(file: number, page: number, bytes: Uint8Array): number {
    return providePage(this.library.functions, this.handle.pointer, file, page, bytes);
  }

  /** Closes a file with the pack or index on it; STAGE_WRONG while a job or stream is at work. */
  removeFile(file: number): number {
    return this.library.functions.sluice_git_file_remove(this.handle.pointer, file);
  }

  /** Makes a pack of a file: `detail` is its number. */
  addPack(file: number): number {
    return this.library.functions.sluice_git_pack_add(this.handle.pointer, file, this.report);
  }

  /** Makes an index of a file: `detail` is the count of its ids. */
  addIndex(file: number, layout: GitIndexLayout, packs: readonly number[]): number {
    const fields = new Uint32Array(GIT_INDEX_LAYOUT.LENGTH);
    fields[GIT_INDEX_LAYOUT.FANOUT_POS] = layout.fanoutPos;
    fields[GIT_INDEX_LAYOUT.IDS_POS] = layout.idsPos;
    fields[GIT_INDEX_LAYOUT.IDS_STRIDE] = layout.idsStride;
    fields[GIT_INDEX_LAYOUT.OFFSETS_LOW] = layout.offsetsPos % 2 ** 32;
    fields[GIT_INDEX_LAYOUT.OFFSETS_HIGH] = Math.floor(layout.offsetsPos / 2 ** 32);
    fields[GIT_INDEX_LAYOUT.OFFSETS_STRIDE] = layout.offsetsStride;
    fields[GIT_INDEX_LAYOUT.LARGE_LOW] = layout.largePos % 2 ** 32;
    fields[GIT_INDEX_LAYOUT.LARGE_HIGH] = Math.floor(layout.largePos / 2 ** 32);
    fields[GIT_INDEX_LAYOUT.LARGE_COUNT] = layout.largeCount;
    fields[GIT_INDEX_LAYOUT.IS_MULTI] = layout.multi ? 1 : 0;
    fields[GIT_INDEX_LAYOUT.HAS_LARGE_BIT] = layout.largeBit ? 1 : 0;
    const numbers = new Uint32Array(packs);
    return this.library.functions.sluice_git_index_add(
      this.handle.pointer,
      file,
      fields,
      fields.length,
      numbers,
      numbers.length,
      this.report,
    );
  }

  /** Finds an id: `detail` is the pack, `value` the offset. */
  find(id: Uint8Array, only: number = GIT_ANY_PACK): number {
    return this.library.functions.sluice_git_store_find(
      this.handle.pointer,
      id,
      0,
      id.length,
      only,
      this.report,
    );
  }

  /** Reads the header of an entry; returns it, or a failed result. */
  entry(pack: number, offset: number): GitEntryHeader | number {
    const table = this.#entry;
    const result = this.library.functions.sluice_git_store_entry(
      this.handle.pointer,
      pack,
      offset,
      table,
      table.length,
    );
    if (result !== RESULT.OK) return result;
    const kind = table[GIT_ENTRY.KIND]!;
    const id = table.slice(GIT_ENTRY.BASE_ID);
    return {
      kind,
      size: halves(table[GIT_ENTRY.SIZE_LOW]!, table[GIT_ENTRY.SIZE_HIGH]!),
      data: halves(table[GIT_ENTRY.DATA_LOW]!, table[GIT_ENTRY.DATA_HIGH]!),
      baseOffset: halves(table[GIT_ENTRY.BASE_LOW]!, table[GIT_ENTRY.BASE_HIGH]!),
      baseId: kind === 7 ? new Uint8Array(id.buffer, 0, this.#hashSize) : undefined,
    };
  }

  /** Inflates an entry into a target of exactly its size. */
  inflate(pack: number, offset: number, target: Uint8Array): number {
    const { functions } = this.library;
    return functions.sluice_git_store_inflate(
      this.handle.pointer,
      pack,
      offset,
      target,
      0,
      target.length,
      this.report,
    );
  }

  /** Bytes that pages and delta bases take now. */
  get memoryUsage(): number {
    const step = this.report;
    this.library.functions.sluice_git_store_memory(this.handle.pointer, step);
    return this.value + halves(step[STEP.OTHER_LOW]!, step[STEP.OTHER_HIGH]!);
  }

  /** The error for a failed result. */
  error(result: number, action: string, offset?: number): Error {
    return resultError({ format: "git", action, result, offset });
  }

  /** Whether jobs or streams of this store are at work. */
  get busy(): boolean {
    return this.handle.busy;
  }
}
