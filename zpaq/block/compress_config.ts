/**
 * Compression by a model of one's own.
 *
 * @module
 */
import { checkArgument, checkKeys, checkLimit, concatBytes, toBytes } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { encodeConfigBlock } from "./_config_block.ts";
import { MEMORY_MAX_DEFAULT } from "./_decompress_options.ts";
import { checkCompilation } from "./_compilation.ts";
import type { ZpaqProgram } from "../zpaql/assemble.ts";
import type { ZpaqCompressOptions } from "./compress_options.ts";

/** One segment to write. */
export interface ZpaqSegment {
  /** Its name; empty for a continuation. @default {""} */
  readonly filename?: string | undefined;
  /** Its comment; by convention the size of the content comes first. @default {""} */
  readonly comment?: string | undefined;
  /** Its content. */
  readonly body: BytesSource;
  /** What is coded instead, where the block's post-processor turns that into the content. @default {body} */
  readonly preprocessed?: BytesSource | undefined;
}

/** How a block is written. */
export interface ZpaqConfigOptions
  extends Pick<ZpaqCompressOptions, "contentChecksum" | "tag" | "compilePrograms" | "backend"> {
  /** The most bytes that the model may take. @default {2 ** 30} */
  readonly maxMemory?: number | undefined;
}

const CONFIG_OPTIONS: ReadonlySet<string> = new Set([
  "contentChecksum",
  "tag",
  "compilePrograms",
  "maxMemory",
  "backend",
]);

/**
 * Writes one block with an assembled model and its post-processor. The post-processor is run on what is coded of
 * each segment, and must return the segment's content.
 *
 * @throws {CorruptDataError} With code "POST_MISMATCH" if the post-processor gives something else.
 * @throws {LimitExceededError} With code "MEMORY_LIMIT" if the model takes more than `maxMemory`.
 *
 * @example A model of order 2
 * ```ts
 * import { assembleZpaq, compressZpaqConfig, decompressZpaq } from "@sluice/zpaq";
 * import { assertEquals } from "@std/assert";
 *
 * const program = assembleZpaq("comp 1 0 0 0 1 0 icm 5 hcomp *d<>a a=*d hashd halt end");
 * const body = new TextEncoder().encode("abracadabra");
 * assertEquals(decompressZpaq(compressZpaqConfig(program, [{ body }])), body);
 * ```
 */
export function compressZpaqConfig(
  program: Pick<ZpaqProgram, "header" | "pcomp">,
  segments: Iterable<ZpaqSegment>,
  options: ZpaqConfigOptions = {},
): Uint8Array<ArrayBuffer> {
  checkKeys(options, CONFIG_OPTIONS);
  checkArgument(
    program?.header instanceof Uint8Array,
    "compress by a model",
    program,
    "a program with a header",
  );
  const requests = [...segments].map(({ filename, comment, body, preprocessed }) => ({
    filename: filename ?? "",
    comment: comment ?? "",
    data: toBytes(preprocessed ?? body),
    content: preprocessed === undefined ? undefined : toBytes(body),
  }));
  const { contentChecksum: checksum = true, tag = true, backend } = options;
  const compilePrograms = checkCompilation(options.compilePrograms ?? "auto");
  const maxMemory = checkLimit("maxMemory", options.maxMemory ?? MEMORY_MAX_DEFAULT);
  return concatBytes(
    encodeConfigBlock(program, requests, { checksum, tag, compilePrograms, maxMemory, backend }),
  );
}
