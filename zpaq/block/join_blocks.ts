/**
 * Joining blocks that were compressed apart into one archive.
 *
 * @module
 */
import { checkKeys, CorruptDataError, isAnyIterable, openByteSource } from "@sluice/internal";
import type { ByteSource, ByteSourceLike } from "@sluice/internal";
import { listZpaqBlocks } from "./list_blocks.ts";

/** How parts are joined. */
export interface ZpaqJoinOptions {
  /** Gives the work up. */
  readonly signal?: AbortSignal | undefined;
}

const KEYS: ReadonlySet<string> = new Set<keyof ZpaqJoinOptions>(["signal"]);
const READ_SIZE = 1 << 20;
/** How the comments of a journaling archive end. */
const JOURNAL_COMMENT = "jDC\x01";

/**
 * Joins parts, each of whole ZPAQ blocks, into one streaming archive in the order of the parts, which every ZPAQ tool
 * reads. A segment without a name continues the file of the segment before it, in the part before it too. Parts are read
 * one after another, and not decoded; each is checked to be whole blocks and nothing else before its first byte is
 * returned.
 *
 * @throws {TypeError} If an option is not known, or the parts are no iterable.
 * @throws {CorruptDataError} If a part holds something else than blocks, or with code "JOURNAL" if it is of a journaling
 *   archive, whose blocks name each other by numbers.
 * @throws {TruncatedDataError} If a part ends inside a block.
 *
 * @example Two parts of one file
 * ```ts
 * import { compressZpaq, decompressZpaq, joinZpaqBlocks } from "@sluice/zpaq";
 * import { assertEquals } from "@std/assert";
 *
 * const text = (value: string) => new TextEncoder().encode(value);
 * const parts = [compressZpaq(text("first "), { filename: "a.txt" }), compressZpaq(text("second"))];
 * const archive = await new Blob(await Array.fromAsync(joinZpaqBlocks(parts))).bytes();
 * assertEquals(decompressZpaq(archive), text("first second"));
 * ```
 */
export async function* joinZpaqBlocks(
  parts: Iterable<ByteSourceLike> | AsyncIterable<ByteSourceLike>,
  options: ZpaqJoinOptions = {},
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  checkKeys(options, KEYS);
  if (!isAnyIterable(parts)) {
    throw new TypeError("Cannot join parts: the value is no iterable, expected a list of them");
  }
  const { signal } = options;
  for await (const part of parts) {
    const source = await openByteSource(part, { signal });
    await checkPart(source, signal);
    for (let offset = 0; offset < source.size; offset += READ_SIZE) {
      const length = Math.min(READ_SIZE, source.size - offset);
      yield new Uint8Array(await source.read(offset, length, { signal }));
    }
  }
}

/** Checks that a part is whole blocks of a streaming archive. */
async function checkPart(source: ByteSource, signal: AbortSignal | undefined): Promise<void> {
  let end = 0;
  for await (const { offset, size, segments } of listZpaqBlocks(source)) {
    signal?.throwIfAborted();
    if (offset !== end) throw notBlocks(end, offset);
    end = offset + size;
    if (segments.some(({ comment }) => comment.endsWith(JOURNAL_COMMENT))) {
      throw new CorruptDataError(
        `Cannot join the block at byte ${offset}: it is of a journaling archive, expected a streaming one`,
        { format: "zpaq", code: "JOURNAL", offset },
      );
    }
  }
  if (end !== source.size) throw notBlocks(end, source.size);
}

function notBlocks(start: number, end: number): CorruptDataError {
  return new CorruptDataError(
    `Cannot join a part: the bytes ${start} to ${end} are no ZPAQ block`,
    { format: "zpaq", code: "TRAILING_DATA", offset: start },
  );
}
