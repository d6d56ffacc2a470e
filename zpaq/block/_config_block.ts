/**
 * Blocks of several segments with a given model, checked by decoding them.
 */
import type { BackendChoice } from "@sluice/ffi";
import { zpaqHash } from "../kernel/archiving.ts";
import { concatBytes, CorruptDataError, readAvailable } from "@sluice/internal";
import { blockStart, prefixOf, segmentEnd, segmentStart } from "./_block_encoder.ts";
import { DecoderCodec } from "./_decoder_codec.ts";
import { resolveDecompressOptions } from "./_decompress_options.ts";
import { limitFault } from "../zpaql/_fault.ts";
import { MARK } from "../zpaql/_format.ts";
import { parseHeader } from "../zpaql/_header_parser.ts";
import { SegmentEncoder } from "./_segment_encoder.ts";
import type { ZpaqDecompressOptions, ZpaqProgramCompilation } from "./decompress_options.ts";

/** One segment to write. */
export interface SegmentRequest {
  readonly filename: string;
  readonly comment: string;
  readonly data: Uint8Array;
  readonly content: Uint8Array | undefined;
}

const NO_BYTES = new Uint8Array();
const NO_TRANSFORM = new Uint32Array(7);
const CHECK_CHUNK = 64 << 10;

/** The parts of a block. */
export function encodeConfigBlock(
  program: { readonly header: Uint8Array; readonly pcomp: Uint8Array | undefined },
  segments: readonly SegmentRequest[],
  options: {
    readonly checksum: boolean;
    readonly tag: boolean;
    readonly compilePrograms: ZpaqProgramCompilation;
    readonly maxMemory: number;
    readonly backend: BackendChoice | undefined;
  },
): Uint8Array<ArrayBuffer>[] {
  const { checksum, tag, compilePrograms, maxMemory, backend } = options;
  const { memoryUsage } = parseHeader(program.header, 0);
  if (memoryUsage > maxMemory) {
    throw limitFault("MEMORY_LIMIT", 0, `the model takes ${memoryUsage} bytes`, maxMemory, memoryUsage);
  }
  const parts: Uint8Array<ArrayBuffer>[] = [blockStart(program.header, tag)];
  const size = segments.reduce((sum, { data }) => sum + data.length, 0);
  const encoder = new SegmentEncoder(program.header, size, { maxMemory: 0, compilePrograms, backend });
  try {
    segments.forEach(({ filename, comment, data, content }, i) => {
      parts.push(segmentStart(filename, comment));
      parts.push(...encoder.encode(i === 0 ? prefixOf(program.pcomp) : NO_BYTES, data, NO_TRANSFORM));
      parts.push(segmentEnd(checksum ? zpaqHash(content ?? data, backend) : undefined));
    });
  } finally {
    encoder.close();
  }
  parts.push(Uint8Array.of(MARK.BLOCK_END));
  if (program.pcomp !== undefined) checkContent(parts, segments, { compilePrograms, maxMemory, backend });
  return parts;
}

/** Decodes the block and compares what its post-processor gives. */
function checkContent(
  parts: readonly Uint8Array<ArrayBuffer>[],
  segments: readonly SegmentRequest[],
  options: ZpaqDecompressOptions,
): void {
  const codec = new DecoderCodec(resolveDecompressOptions({ ...options, verifyChecksums: false }), false);
  try {
    codec.write(concatBytes(parts));
    codec.end();
    const size = segments.reduce((sum, { data, content }) => sum + (content ?? data).length, 0);
    const given = readAvailable(codec, CHECK_CHUNK, size + 1);
    const difference = firstDifference(segments.map(({ data, content }) => content ?? data), given);
    if (difference !== undefined) {
      const { offset, expected } = difference;
      const show = (byte: number | undefined): string => byte === undefined ? "the end" : `${byte}`;
      throw new CorruptDataError(
        `Cannot compress with the config: its post-processor returns ${
          show(given[offset])
        } at byte ${offset}, ` +
          `expected ${
            show(expected)
          } (was the content prepared for it? -preprocess "" runs the command that the config names)`,
        { format: "zpaq", code: "POST_MISMATCH", offset },
      );
    }
  } finally {
    codec.close();
  }
}

/** Where content is not what was expected, and what was expected there; undefined if it is the same. */
function firstDifference(
  parts: readonly Uint8Array[],
  given: Uint8Array,
): { readonly offset: number; readonly expected: number | undefined } | undefined {
  let start = 0;
  for (const part of parts) {
    const at = part.findIndex((byte, i) => byte !== given[start + i]);
    if (at >= 0) return { offset: start + at, expected: part[at] };
    start += part.length;
  }
  return given.length === start ? undefined : { offset: start, expected: undefined };
}
