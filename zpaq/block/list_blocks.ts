/**
 * Listing of the blocks of an archive, whose data is passed over.
 *
 * @module
 */
import { checkKeys, openByteSource, SluiceError } from "@sluice/internal";
import type { ByteSourceLike } from "@sluice/internal";
import type { ZpaqHeader } from "../zpaql/_types.ts";
import { BlockSource, WindowSource } from "./_block_source.ts";
import { resolveDecompressOptions } from "./_decompress_options.ts";
import type { ZpaqDecompressOptions } from "./decompress_options.ts";

/** One segment of a block. */
export interface ZpaqSegmentFacts {
  /** Where it starts. */
  readonly offset: number;
  /** The name that it has; empty where it goes on with the file before it. */
  readonly name: string;
  /** The comment, which by convention starts with the size of the content. */
  readonly comment: string;
  /** Bytes of the coded data. */
  readonly codedSize: number;
  /** The SHA-1 of the content in hexadecimal; undefined where none is stored. */
  readonly sha1: string | undefined;
}

/** One block of an archive. */
export interface ZpaqBlockFacts {
  /** Where it starts, its tag included. */
  readonly offset: number;
  /** Bytes up to its end. */
  readonly size: number;
  /** Level of the format: 1, or 2 where the data may be stored without a model. */
  readonly level: number;
  /** The model, with the memory that it takes. */
  readonly header: ZpaqHeader;
  /** Its segments. */
  readonly segments: readonly ZpaqSegmentFacts[];
}

const KEYS: ReadonlySet<string> = new Set(["onDamage", "onJunk"]);

/**
 * The blocks of an archive, or of any ZPAQ data, in their order. Nothing is decoded, so that no model is too large.
 *
 * @throws {SluiceError} If a block is damaged and there is no `onDamage`.
 *
 * @example What an archive is made of
 * ```ts
 * import { createZpaqArchive, listZpaqBlocks } from "@sluice/zpaq";
 * import { assertEquals } from "@std/assert";
 *
 * const archive = await createZpaqArchive([{ name: "a.txt", body: new TextEncoder().encode("text") }]);
 * const blocks = await Array.fromAsync(listZpaqBlocks(archive));
 * // The start of the update, its data, the hashes of its fragments, its files.
 * assertEquals(blocks.map(({ segments }) => segments[0]!.name[17]), ["c", "d", "h", "i"]);
 * assertEquals(blocks.reduce((sum, { size }) => sum + size, 0), archive.length);
 * ```
 */
export async function* listZpaqBlocks(
  data: ByteSourceLike,
  options: Pick<ZpaqDecompressOptions, "onDamage" | "onJunk"> = {},
): AsyncGenerator<ZpaqBlockFacts, void, undefined> {
  checkKeys(options, KEYS);
  const { onDamage, onJunk } = options;
  const settings = resolveDecompressOptions({ onJunk, maxMemory: Infinity });
  const source = await openByteSource(data);
  const blocks = new BlockSource(new WindowSource(source), settings, true);
  try {
    yield* readBlocks(blocks, onDamage);
  } finally {
    blocks[Symbol.dispose]();
  }
}

async function* readBlocks(
  blocks: BlockSource,
  onDamage: ZpaqDecompressOptions["onDamage"],
): AsyncGenerator<ZpaqBlockFacts, void, undefined> {
  for (let at = 0; at < blocks.size;) {
    try {
      const found = await blocks.read(at);
      if (found === undefined) return;
      const { block: { offset, level, header }, segments } = found;
      at = blocks.end;
      yield {
        ...{ offset, size: at - offset, level, header },
        segments: segments.map(({ offset, name, comment, codedSize, sha1 }) => ({
          ...{ offset, name, comment, codedSize, sha1 },
        })),
      };
    } catch (error) {
      if (!(error instanceof SluiceError) || error.format !== "zpaq" || onDamage === undefined) throw error;
      onDamage(error);
      // The same block would be found again from anywhere before it.
      at = Math.max(at + 1, blocks.end, (error.offset ?? 0) + 1);
    }
  }
}
