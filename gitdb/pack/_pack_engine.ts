/**
 * The kernel with the files behind it: bytes that it lacks are read from their sources and handed in.
 */
import { GIT_PAGE_SIZE, GitStoreKernel, RESULT } from "../kernel/store.ts";
import type { BackendChoice } from "../kernel/store.ts";
import type { ByteSource } from "@sluice/internal";
import { HASH_SIZE } from "../object/_object_id.ts";
import type { HashAlgorithm } from "../object/_object_id.ts";

export {
  GIT_ANY_PACK,
  GIT_JOB_FLAG,
  GIT_PAGE_SIZE,
  GIT_RECORD,
  GIT_RECORD_LENGTH,
  GitJobKernel,
} from "../kernel/store.ts";
export type { GitEntryHeader, GitIndexLayout } from "../kernel/store.ts";
export { RESULT };

/** What an engine keeps in memory. */
export interface EngineOptions {
  readonly algorithm: HashAlgorithm;
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

/** Gaps of up to so many pages are read along with what is around them. */
const GAP_PAGES = 4;
/** Pages of one read. */
const RUN_PAGES = 64;
/** Reads under way at once. */
const CONCURRENCY = 6;

/** A store of packs. */
export class PackEngine implements Disposable {
  readonly kernel: GitStoreKernel;
  readonly #sources = new Map<number, ByteSource>();
  #users = 0;
  #closing = false;

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

  /** Closes a file; no job may be under way. */
  removeFile(file: number): void {
    this.#sources.delete(file);
    this.kernel.removeFile(file);
  }

  /** Repeats a call until it no longer lacks bytes; returns its result. */
  async settle(call: () => number | Promise<number>, signal?: AbortSignal): Promise<number> {
    while (true) {
      const result = await call();
      if (result !== RESULT.NEEDS_BYTES) return result;
      await this.supply(signal);
    }
  }

  /** Reads the pages that were missing. */
  async supply(signal?: AbortSignal): Promise<void> {
    const runs = this.#runs(this.kernel.needs());
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < runs.length) await this.#read(runs[next++]!, signal);
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
      if (run?.file === file && page - run.last <= GAP_PAGES && page - run.first < RUN_PAGES) run.last = page;
      else runs.push({ file, first: page, last: page });
    }
    return runs;
  }

  async #read(run: { file: number; first: number; last: number }, signal?: AbortSignal): Promise<void> {
    const source = this.#sources.get(run.file);
    if (source === undefined) return;
    const offset = run.first * GIT_PAGE_SIZE;
    const length = Math.min((run.last - run.first + 1) * GIT_PAGE_SIZE, source.size - offset);
    const bytes = await source.read(offset, length, { signal });
    for (let page = run.first; page <= run.last; page++) {
      const at = (page - run.first) * GIT_PAGE_SIZE;
      const result = this.kernel.provide(run.file, page, bytes.subarray(at, at + GIT_PAGE_SIZE));
      if (result !== RESULT.OK) throw this.kernel.error(result, "keep a page of a file", at + offset);
    }
  }

  /** Says that work is under way, so that closing waits for its end. */
  retain(): void {
    this.#users++;
  }

  /** Takes back one `retain`. */
  release(): void {
    this.#users--;
    if (this.#closing && this.#users === 0) this.kernel.close();
  }

  /** Whether files may be removed now. */
  get isIdle(): boolean {
    return this.#users === 0;
  }

  /** Closes all files and frees the memory, now or when the work under way ends. */
  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    if (this.#users === 0) this.kernel.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
