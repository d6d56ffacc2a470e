/**
 * Saving what can be saved from a damaged file.
 *
 * @module
 */
import { checkInteger, checkKeys, toBytes } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { BlockSalvager } from "./_block_salvager.ts";
import { salvage } from "./_salvage.ts";
import { MORE, SalvageWindow } from "./_salvage_window.ts";
import { SourceReader } from "../frame/_source_reader.ts";
import type { Lz4SourceLike } from "../frame/_source_reader.ts";
import type { Lz4Damage, Lz4RecoveredContent } from "./_types.ts";

export type { Lz4Damage, Lz4RecoveredContent } from "./_types.ts";

/** How a file is salvaged. */
export interface Lz4RecoverOptions {
  /** The dictionary that the file was made with. */
  readonly dictionary?: BytesSource | undefined;
  /** How many block words in a row make a place believable after the track was lost, 1 to 64. @default {3} */
  readonly resyncBlocks?: number | undefined;
}

/** How a source is salvaged, beside how a value is. */
export interface Lz4RecoverIterableOptions extends Lz4RecoverOptions {
  /** Gives reading up. */
  readonly signal?: AbortSignal | undefined;
}

const RESYNC_BLOCKS_DEFAULT = 3;

function dictionaryOf(options: Lz4RecoverOptions): Uint8Array | undefined {
  return options.dictionary === undefined ? undefined : toBytes(options.dictionary);
}

function resyncBlocksOf(options: Lz4RecoverOptions): number {
  return checkInteger("resyncBlocks", options.resyncBlocks ?? RESYNC_BLOCKS_DEFAULT, 1, 64);
}

const VALUE_OPTIONS: ReadonlySet<string> = new Set(["dictionary", "resyncBlocks"]);
const SOURCE_OPTIONS: ReadonlySet<string> = new Set([...VALUE_OPTIONS, "signal"]);

/**
 * Decodes every block that still can be, in order, and reports what can't. A block that does not decode or does not match
 * its checksum is left out; where block sizes make no sense the next place that does is looked for: one from which several
 * block words in a row are consistent, or the header of another frame. Damage is never an error.
 *
 * @example A flipped bit costs one block
 * ```ts
 * import { compressLz4, recoverLz4 } from "@sluice/lz4";
 * import { assertEquals } from "@std/assert";
 *
 * const data = crypto.getRandomValues(new Uint8Array(50_000));
 * const file = compressLz4(data, { blockSize: 10_000, blockChecksums: true });
 * file[25_000]! ^= 1;
 * const parts = [...recoverLz4(file)];
 * assertEquals(parts.map((part) => part.kind), ["content", "content", "damage", "content", "content"]);
 * ```
 */
export function* recoverLz4(
  data: BytesSource,
  options: Lz4RecoverOptions = {},
): Generator<Lz4RecoveredContent | Lz4Damage, void, undefined> {
  checkKeys(options, VALUE_OPTIONS);
  const resyncBlocks = resyncBlocksOf(options);
  const salvager = new BlockSalvager(dictionaryOf(options));
  try {
    for (const part of salvage(new SalvageWindow(toBytes(data)), salvager, resyncBlocks)) {
      if (part !== MORE) yield part;
    }
  } finally {
    salvager.close();
  }
}

/**
 * As `recoverLz4`, over a file, a URL or a stream of any size. It holds the block at hand and, where the track was lost,
 * the `resyncBlocks` blocks that are looked at together.
 *
 * @throws {TypeError} If the source is none.
 *
 * @example What is left of a stream
 * ```ts
 * import { compressLz4, recoverLz4Iterable } from "@sluice/lz4";
 * import { assertEquals } from "@std/assert";
 *
 * const data = crypto.getRandomValues(new Uint8Array(50_000));
 * const file = compressLz4(data, { blockSize: 10_000, blockChecksums: true });
 * const kinds: string[] = [];
 * for await (const part of recoverLz4Iterable(new Blob([file.subarray(0, 45_000)]).stream())) kinds.push(part.kind);
 * assertEquals(kinds, ["content", "content", "content", "content", "damage"]);
 * ```
 */
export async function* recoverLz4Iterable(
  source: Lz4SourceLike,
  options: Lz4RecoverIterableOptions = {},
): AsyncGenerator<Lz4RecoveredContent | Lz4Damage, void, undefined> {
  checkKeys(options, SOURCE_OPTIONS);
  const resyncBlocks = resyncBlocksOf(options);
  const salvager = new BlockSalvager(dictionaryOf(options));
  const reader = new SourceReader(source, 0, 0, { retries: 5, retryDelayMs: 100, signal: options.signal });
  const window = new SalvageWindow();
  try {
    for (const part of salvage(window, salvager, resyncBlocks)) {
      if (part !== MORE) {
        yield part;
        continue;
      }
      const chunk = await reader.next(() => true);
      if (chunk === undefined) window.finish();
      else window.append(chunk);
    }
  } finally {
    reader.close();
    salvager.close();
  }
}
