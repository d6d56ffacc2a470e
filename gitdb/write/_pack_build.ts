/**
 * Writing a pack of objects that come one after the other in a good order.
 */
import { GitSearchKernel } from "../kernel/encoder.ts";
import type { GitStoredForm } from "../kernel/encoder.ts";
import { checkInteger, checkKeys } from "@sluice/internal";
import { HASH_SIZE } from "../object/_object_id.ts";
import type { GitHashAlgorithm, GitObjectId } from "../object/_object_id.ts";
import { OFS_DELTA } from "../object/_object_kind.ts";
import { PackOutput } from "../pack/_pack_format.ts";
import type { ByteSink } from "../pack/_pack_format.ts";
import type { PackTable } from "../pack/_pack_table.ts";

/** Everything that writing a pack needs. */
export interface PackSettings {
  readonly algorithm: GitHashAlgorithm;
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

/** Options of all that writes packs. */
const PACK_OPTIONS: ReadonlySet<string> = new Set([
  "hashAlgorithm",
  "window",
  "depth",
  "level",
  "windowMemory",
  "indexVersion",
  "durable",
  "prefix",
  "threads",
  "reuseDeltas",
  "onProgress",
  "delete",
]);

/** Checks options and fills in the rest. */
export function packSettings(options: PackSettingOptions, algorithm: GitHashAlgorithm): PackSettings {
  checkKeys(options, PACK_OPTIONS);
  return {
    algorithm,
    window: checkInteger("window", options.window ?? 10, 0, 4096),
    depth: checkInteger("depth", options.depth ?? 50, 0, 4095),
    level: checkInteger("level", options.level ?? 6, 0, 12),
    windowMemory: checkInteger("windowMemory", options.windowMemory ?? WINDOW_MEMORY, 1, 2 ** 31 - 1),
  };
}

/** A search for delta bases with these settings. */
export function deltaSearch(settings: PackSettings): GitSearchKernel {
  return new GitSearchKernel({
    window: settings.window,
    depth: settings.depth,
    level: settings.level,
    hashSize: HASH_SIZE[settings.algorithm],
    maxMemory: settings.windowMemory,
  });
}

/** Where an object stands in the pack, and how many deltas stand between it and a full object. */
export interface BuiltPlace {
  readonly offset: number;
  readonly depth: number;
}

/** Objects one by one into a pack whose count is known. */
export class PackBuilder implements Disposable {
  readonly #output: PackOutput;
  readonly #places = new Map<string, BuiltPlace>();

  constructor(algorithm: GitHashAlgorithm, count: number, sink: ByteSink) {
    this.#output = new PackOutput(algorithm, count, sink);
  }

  /** Adds the next object of a search, whose places so far are in `group`. */
  add(id: GitObjectId, kind: number, form: GitStoredForm, group: BuiltPlace[]): void {
    const base = form.base === undefined ? undefined : group[form.base]!.offset;
    const offset = this.#output.entry(id, kind, form.size, base, form.stream);
    group.push(this.#remember(id, { offset, depth: form.depth }));
  }

  /** Adds a delta as it is stored elsewhere; its base has been added. */
  copy(id: GitObjectId, base: GitObjectId, size: number, stream: Uint8Array<ArrayBuffer>): void {
    const under = this.placeOf(base)!;
    const offset = this.#output.entry(id, OFS_DELTA, size, under.offset, stream);
    this.#remember(id, { offset, depth: under.depth + 1 });
  }

  #remember(id: GitObjectId, place: BuiltPlace): BuiltPlace {
    this.#places.set(`${id}`, place);
    return place;
  }

  /** Where an object stands; undefined until it is added. */
  placeOf(id: GitObjectId): BuiltPlace | undefined {
    return this.#places.get(`${id}`);
  }

  /** The rows for an index, and the checksum that was written at the end. */
  finish(): { table: PackTable; checksum: Uint8Array<ArrayBuffer> } {
    return { checksum: this.#output.finish(), table: this.#output.table };
  }

  [Symbol.dispose](): void {
    this.#output[Symbol.dispose]();
  }
}
