/**
 * Writing a pack of objects that come one after the other in a good order.
 */
import { GitSearchKernel } from "@sluice/ffi/git-encoder";
import { checkInteger } from "@sluice/internal";
import { HASH_SIZE } from "./_object_id.ts";
import type { HashAlgorithm, ObjectId } from "./_object_id.ts";
import { PackOutput } from "./_pack_format.ts";
import type { ByteSink, PackRow } from "./_pack_format.ts";

/** Everything that writing a pack needs. */
export interface PackSettings {
  readonly algorithm: HashAlgorithm;
  readonly window: number;
  readonly depth: number;
  readonly level: number;
  readonly windowMemory: number;
}

/** What a user may set. */
export interface PackSettingOptions {
  readonly window?: number | undefined;
  readonly depth?: number | undefined;
  readonly level?: number | undefined;
  readonly windowMemory?: number | undefined;
}

const WINDOW_MEMORY = 256 << 20;

/** Checks options and fills in the rest. */
export function packSettings(options: PackSettingOptions, algorithm: HashAlgorithm): PackSettings {
  return {
    algorithm,
    window: checkInteger("window", options.window ?? 10, 0, 4096),
    depth: checkInteger("depth", options.depth ?? 50, 0, 4095),
    level: checkInteger("level", options.level ?? 6, 0, 12),
    windowMemory: checkInteger("windowMemory", options.windowMemory ?? WINDOW_MEMORY, 1, 2 ** 31 - 1),
  };
}

/** Objects one by one into a pack whose count is known. */
export class PackBuilder implements Disposable {
  readonly #output: PackOutput;
  readonly #search: GitSearchKernel;
  readonly #offsets: number[] = [];

  constructor(settings: PackSettings, count: number, sink: ByteSink) {
    this.#search = new GitSearchKernel({
      window: settings.window,
      depth: settings.depth,
      level: settings.level,
      hashSize: HASH_SIZE[settings.algorithm],
      memoryMax: settings.windowMemory,
    });
    this.#output = new PackOutput(settings.algorithm, count, sink);
  }

  /** Adds the next object. */
  add(id: ObjectId, kind: number, bytes: Uint8Array): void {
    const { base, size, stream } = this.#search.push(kind, bytes);
    const baseOffset = base === undefined ? undefined : this.#offsets[base]!;
    this.#offsets.push(this.#output.entry(id, kind, size, baseOffset, stream));
  }

  /** The rows for an index, and the checksum that was written at the end. */
  finish(): { rows: readonly PackRow[]; checksum: Uint8Array<ArrayBuffer> } {
    return { checksum: this.#output.finish(), rows: this.#output.rows };
  }

  [Symbol.dispose](): void {
    this.#search.close();
    this.#output[Symbol.dispose]();
  }
}
