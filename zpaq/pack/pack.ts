/**
 * Archives whose data is compressed by LZ4, DEFLATE or Zstandard, with the decoder in the archive: programs that read
 * the ZPAQ format extract them without knowing those codecs.
 *
 * @module
 */
import { checkArgument, checkBoolean, checkInteger, checkKeys, isAnyIterable } from "@sluice/internal";
import type { ChunkSource } from "@sluice/internal";
import { blockStart } from "../block/_block_encoder.ts";
import { packCodec } from "./_pack_codec.ts";
import type { ZpaqCodec } from "./_pack_codec.ts";
import { WatchedContent } from "../block/_watched_content.ts";
import { BLOCK_END, storedSegment } from "../block/_stored_data.ts";

export type { ZpaqCodec };
export type { BytesSource, ChunkSource } from "@sluice/internal";

/** A file to pack. */
export interface ZpaqPackFile {
  /** Its name in the archive. @default {""} */
  readonly filename?: string | undefined;
  /** Its comment; by convention the size of the content comes first. @default {""} */
  readonly comment?: string | undefined;
  /** Its content. */
  readonly body: ChunkSource;
}

/** How files are packed. */
export interface ZpaqPackOptions {
  /** What compresses. @default {"zstd"} */
  readonly codec?: ZpaqCodec | undefined;
  /** The codec's own level; DEFLATE has none. @default {the codec's} */
  readonly level?: number | undefined;
  /** A block ends after the file with which it has so many bytes of content. @default {16777216} */
  readonly blockSize?: number | undefined;
  /** Store the SHA-1 of each file. @default {true} */
  readonly contentChecksum?: boolean | undefined;
  /** Write the tag by which a block is found among other data. @default {true} */
  readonly tag?: boolean | undefined;
  /** Aborts the work. */
  readonly signal?: AbortSignal | undefined;
}

const KEYS: ReadonlySet<string> = new Set<keyof ZpaqPackOptions>([
  "codec",
  "level",
  "blockSize",
  "contentChecksum",
  "tag",
  "signal",
]);
const BLOCK_SIZE_DEFAULT = 2 ** 24;
const NO_PREFIX = new Uint8Array();

/**
 * Packs files one after the other into a streaming archive, chunk by chunk: nothing is held but a codec's own memory.
 * Small files share a block, because each block carries the decoder: 0.25 to 4 KB, made from `zpaq/decoders`.
 *
 * The archive is read by `decompressZpaq` and its like, by `ZpaqArchive`, and by zpaq 7.15 with its command `x`.
 * Native code decodes what is known to it without running the decoder in the archive.
 *
 * @throws {TypeError} If an option has the wrong type or is not known.
 * @throws {RangeError} If an option is out of range.
 *
 * @example A file, packed and unpacked
 * ```ts
 * import { packZpaqFiles } from "@sluice/zpaq/pack";
 * import { decompressZpaq } from "@sluice/zpaq";
 * import { assertEquals } from "@std/assert";
 *
 * const body = new TextEncoder().encode("to be or not to be ".repeat(1000));
 * const archive = await new Blob(await Array.fromAsync(packZpaqFiles([{ filename: "hamlet", body }]))).bytes();
 * assertEquals(archive.length < 5000, true);
 * assertEquals(decompressZpaq(archive), body);
 * ```
 */
export async function* packZpaqFiles(
  files: Iterable<ZpaqPackFile> | AsyncIterable<ZpaqPackFile>,
  options: ZpaqPackOptions = {},
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  checkArgument(isAnyIterable(files), "pack files", files, "an iterable of files");
  checkKeys(options, KEYS);
  const { signal } = options;
  const codec = packCodec(options.codec ?? "zstd", options.level);
  const blockSize = checkInteger("blockSize", options.blockSize ?? BLOCK_SIZE_DEFAULT, 1, 2 ** 40);
  const checksum = checkBoolean("contentChecksum", options.contentChecksum ?? true);
  const start = blockStart(codec.header, checkBoolean("tag", options.tag ?? true));
  let inBlock: number | undefined;
  for await (const file of files) {
    checkArgument(typeof file === "object" && file !== null, "pack a file", file, "a file with a body");
    const { filename = "", comment = "", body } = file;
    if (inBlock === undefined) yield start;
    const content = new WatchedContent(body, checksum, signal);
    try {
      yield* storedSegment({
        filename,
        comment,
        prefix: inBlock === undefined ? codec.prefix : NO_PREFIX,
        data: codec.compress(content.chunks()),
        digest: () => content.digest(),
      });
    } finally {
      content.close();
    }
    inBlock = (inBlock ?? 0) + content.size;
    if (inBlock < blockSize) continue;
    yield BLOCK_END.slice();
    inBlock = undefined;
  }
  if (inBlock !== undefined) yield BLOCK_END.slice();
}
