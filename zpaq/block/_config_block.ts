/**
 * Blocks of several segments with a given model, checked by decoding them.
 */
import type { BackendChoice } from "@sluice/ffi";
import { zpaqHash } from "../kernel/archiving.ts";
import { concatBytes, CorruptDataError, readAvailable } from "@sluice/internal";
import { blockStart, prefixOf, segmentEnd, segmentStart } from "./_block_encoder.ts";
import { DecoderCodec } from "./_decoder_codec.ts";
import { resolveDecompressOptions } from "./_decompress_options.ts";
import { MARK } from "../zpaql/_format.ts";
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
    readonly backend: BackendChoice | undefined;
  },
): Uint8Array<ArrayBuffer>[] {
  const { checksum, tag, compilePrograms, backend } = options;
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
  if (program.pcomp !== undefined) checkContent(parts, segments, { compilePrograms, backend });
  return parts;
}

/** Decodes the block and compares what its post-processor gives. */
function checkContent(
  parts: readonly Uint8Array<ArrayBuffer>[],
  segments: readonly SegmentRequest[],
  options: ZpaqDecompressOptions,
): void {
  const codec = new DecoderCodec(resolveDecompressOptions({ ...options, verifyChecksum: false }), false);
  try {
    codec.write(concatBytes(parts));
    codec.end();
    const size = segments.reduce((sum, { data, content }) => sum + (content ?? data).length, 0);
    const given = readAvailable(codec, CHECK_CHUNK, size + 1);
    let at = 0;
    const same = given.length === size && segments.every(({ data, content }) => {
      const wanted = content ?? data;
      at += wanted.length;
      return wanted.every((byte, i) => byte === given[at - wanted.length + i]);
    });
    if (!same) {
      throw new CorruptDataError(
        "Cannot compress with the config: its post-processor does not give the content back",
        {
          format: "zpaq",
          code: "POST_MISMATCH",
        },
      );
    }
  } finally {
    codec.close();
  }
}
