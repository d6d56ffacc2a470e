/**
 * Contexts that decode whole frames on native threads, as many at a time as were asked for.
 */
import { RESULT, ZstdDecoderKernel } from "../kernel/decoder.ts";
import type { DecompressSettings } from "../options/_decompress_options.ts";
import { releaseDecoderDictionary, useDecoderDictionary } from "../options/_decoder_dictionaries.ts";
import type { FrameRun } from "./_frame_cutter.ts";

/** A crew with one context for each thread. */
export class FrameWorkers {
  readonly #settings: DecompressSettings;
  readonly #idle: ZstdDecoderKernel[] = [];
  readonly #kernels: ZstdDecoderKernel[] = [];
  readonly #threads: number;
  /** Buffers whose content is not needed any more. */
  readonly #free: ArrayBuffer[] = [];
  readonly #running = new Set<Promise<unknown>>();
  readonly #waiting: ((kernel: ZstdDecoderKernel) => void)[] = [];

  /** A crew of at most `threads`, closed by the caller. */
  constructor(settings: DecompressSettings, threads: number) {
    this.#settings = settings;
    this.#threads = threads;
  }

  /**
   * The content of a run of frames; undefined where anything is unusual. The caller then decodes the run in order, which
   * finds the fault and what comes before it.
   */
  decode(run: FrameRun): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const job = this.#decode(run);
    this.#running.add(job);
    job.finally(() => this.#running.delete(job));
    return job;
  }

  async #decode(run: FrameRun): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (run.frameCount === 0) return new Uint8Array();
    if (!this.#isPlain(run)) return undefined;
    let kernel: ZstdDecoderKernel | undefined;
    try {
      kernel = await this.#acquire();
      useDecoderDictionary(kernel, this.#settings, run.frames[0]!.dictId);
      const target = this.#target(run.bound);
      const result = await kernel.decompressAsync(run.bytes, 0, run.bytes.length, target);
      const expected = run.frames.every(({ contentSize }) => contentSize !== undefined);
      if (result !== RESULT.OK || expected && kernel.produced !== run.bound) return undefined;
      return target.subarray(0, kernel.produced);
    } catch {
      return undefined; // thrown again in order, after the output before it
    } finally {
      if (kernel !== undefined) this.#release(kernel);
    }
  }

  #target(size: number): Uint8Array<ArrayBuffer> {
    const at = this.#free.findIndex(({ byteLength }) => byteLength >= size);
    return at < 0 ? new Uint8Array(size) : new Uint8Array(this.#free.splice(at, 1)[0]!, 0, size);
  }

  /** Takes the content of a run back: pages that were written to before need not be made again. */
  recycle({ buffer }: Uint8Array<ArrayBuffer>): void {
    if (this.#free.length <= this.#threads) this.#free.push(buffer);
  }

  /** Whether the library takes these frames in one call just as it takes them block by block. */
  #isPlain({ frames }: FrameRun): boolean {
    const { maxWindowSize, checkHeader } = this.#settings;
    try {
      for (const frame of frames) {
        const { windowSize, blockSizeMax, blockCount, contentSize = 0 } = frame;
        if (windowSize > maxWindowSize || blockSizeMax === 0 || contentSize > blockCount * blockSizeMax) {
          return false;
        }
        checkHeader?.(frame);
      }
    } catch {
      return false; // thrown again in order
    }
    return true;
  }

  #acquire(): Promise<ZstdDecoderKernel> | ZstdDecoderKernel {
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    if (this.#kernels.length < this.#threads) {
      const kernel = new ZstdDecoderKernel(this.#settings);
      this.#kernels.push(kernel);
      return kernel;
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #release(kernel: ZstdDecoderKernel): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push(kernel);
    else next(kernel);
  }

  /** Frees the contexts, and settles when no call is under way any more. */
  async close(): Promise<void> {
    for (const kernel of this.#kernels) kernel.close();
    releaseDecoderDictionary(this.#settings);
    await Promise.allSettled(this.#running);
  }
}
