/**
 * The kernel with its files: bytes that it lacks are read from their sources and handed in.
 */
import { inTurn } from "@sluice/internal";
import { GIT_PAGE_SIZE, GitStoreKernel, RESULT } from "../kernel/store.ts";
import type { BackendChoice, GitPages } from "../kernel/store.ts";
import type { ByteSource } from "@sluice/internal";
import { LazyFileSource } from "../object/_fs.ts";
import { HASH_SIZE } from "../object/_object_id.ts";
import type { GitHashAlgorithm } from "../object/_object_id.ts";

export { GIT_ANY_PACK, GIT_JOB_FLAG, GIT_PAGE_SIZE, GIT_RECORD } from "../kernel/store.ts";
export { GitJobKernel } from "../kernel/job.ts";
export type { GitEntryHeader, GitIndexLayout } from "../kernel/store.ts";
export { RESULT };

/** What an engine keeps in memory. */
export interface EngineOptions {
  readonly algorithm: GitHashAlgorithm;
  /** Bytes of file pages. */
  readonly pageBudget: number;
  /** Bytes of delta bases. */
  readonly cacheBudget: number;
  readonly backend: BackendChoice | undefined;
}

/** A file to read: by path where the backend can, else through its source. */
export interface EngineFile {
  readonly path?: string | undefined;
  readonly source: ByteSource;
}

/** Gaps of up to so many pages are read along with what is around them: a request costs more than a read of a file. */
const GAP_PAGES = { file: 1, other: 16 };
/** Pages of one read. */
const RUN_PAGES = 256;
/** Reads under way at once. */
const CONCURRENCY = 6;

/** A store of packs. */
export class PackEngine implements Disposable {
  readonly kernel: GitStoreKernel;
  readonly #sources = new Map<number, ByteSource>();
  #room = new Uint8Array();

  constructor(options: EngineOptions) {
    this.kernel = new GitStoreKernel({ ...options, hashSize: HASH_SIZE[options.algorithm] });
  }

  /** Whether every file is read without the host, so that calls can be synchronous. */
  get isDirect(): boolean {
    return this.#sources.size === 0;
  }

  /** Adds a file; returns its number. */
  addFile(file: EngineFile): number {
    const { kernel } = this;
    if (file.path !== undefined && kernel.backend === "native") {
      const result = kernel.openFile(file.path);
      if (result === RESULT.OK) return kernel.detail;
      if (result !== RESULT.PARAMETER_UNSUPPORTED) throw kernel.error(result, `open "${file.path}"`);
    }
    const result = kernel.providedFile(file.source.size);
    if (result !== RESULT.OK) throw kernel.error(result, "add a file");
    this.#sources.set(kernel.detail, file.source);
    return kernel.detail;
  }

  /** Closes a file; nothing may be at work on the store. */
  removeFile(file: number): void {
    const result = this.kernel.removeFile(file);
    if (result !== RESULT.OK) throw this.kernel.error(result, "close a file of the store");
    this.#sources.delete(file);
  }

  /** Repeats a call on the store, or on `pages`, until it no longer lacks bytes; returns its result. */
  async settle(
    call: () => number | Promise<number>,
    signal?: AbortSignal,
    pages: GitPages = this.kernel,
  ): Promise<number> {
    while (true) {
      const result = await inTurn(call);
      if (result !== RESULT.NEEDS_BYTES) return result;
      await this.supply(pages, signal);
    }
  }

  /** Reads the pages that were missing. */
  async supply(pages: GitPages, signal?: AbortSignal): Promise<void> {
    const runs = this.#runs(pages.needs());
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < runs.length) await this.#read(pages, runs[next++]!, signal);
    };
    await Promise.all(Array.from({ length: Math.min(CONCURRENCY, runs.length) }, work));
  }

  /** Neighbouring pages together. */
  #runs(pairs: Uint32Array): { file: number; first: number; last: number }[] {
    const needs = Array.from({ length: pairs.length / 2 }, (_, i) => ({
      file: pairs[2 * i]!,
      page: pairs[2 * i + 1]!,
    })).sort((a, b) => a.file - b.file || a.page - b.page);
    const runs: { file: number; first: number; last: number }[] = [];
    for (const { file, page } of needs) {
      const run = runs.at(-1);
      const gap = this.#sources.get(file) instanceof LazyFileSource ? GAP_PAGES.file : GAP_PAGES.other;
      if (run?.file === file && page - run.last <= gap && page - run.first < RUN_PAGES) run.last = page;
      else runs.push({ file, first: page, last: page });
    }
    return runs;
  }

  /** Memory for one read of a file, which is copied before the next one. */
  #roomFor(length: number): Uint8Array<ArrayBuffer> {
    if (this.#room.length < length) this.#room = new Uint8Array(length);
    return this.#room.subarray(0, length);
  }

  async #read(
    pages: GitPages,
    run: { file: number; first: number; last: number },
    signal?: AbortSignal,
  ): Promise<void> {
    const source = this.#sources.get(run.file);
    if (source === undefined) return;
    const offset = run.first * GIT_PAGE_SIZE;
    const length = Math.min((run.last - run.first + 1) * GIT_PAGE_SIZE, source.size - offset);
    signal?.throwIfAborted();
    const bytes = source instanceof LazyFileSource
      ? source.readInto(offset, this.#roomFor(length))
      : await source.read(offset, length, { signal });
    for (let page = run.first; page <= run.last; page++) {
      const at = (page - run.first) * GIT_PAGE_SIZE;
      const result = pages.provide(run.file, page, bytes.subarray(at, at + GIT_PAGE_SIZE));
      if (result !== RESULT.OK) throw this.kernel.error(result, "keep a page of a file", at + offset);
    }
  }

  /** Whether files may be removed now. */
  get isIdle(): boolean {
    return !this.kernel.busy;
  }

  /** Closes all files and frees the memory, now or when the last job has ended. */
  close(): void {
    this.kernel.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
