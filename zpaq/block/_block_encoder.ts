/**
 * Writing blocks: the header that a method stands for, and one segment with its data.
 */
import type { BackendChoice } from "@sluice/ffi";
import { zpaqHash, zpaqHashParts, zpaqStoredProgram } from "../kernel/archiving.ts";
import { concatBytes } from "@sluice/internal";
import { assembleConfig } from "../zpaql/_assembler.ts";
import { BLOCK_MAGIC, HEADER_TYPE, LOCATOR_TAG, MARK } from "../zpaql/_format.ts";
import { expandLevel, parseLevel, parseMethod } from "./_method.ts";
import type { Method } from "./_method.ts";
import { modelSource } from "./_model_source.ts";
import { SegmentEncoder } from "./_segment_encoder.ts";
import type { EncoderSettings } from "./_segment_encoder.ts";

const encoder = new TextEncoder();
const TRANSFORM_NUMBERS = 7;

/** One block to write. */
export interface BlockRequest extends EncoderSettings {
  readonly data: Uint8Array;
  readonly method: string;
  readonly filename: string;
  /** The whole comment. */
  readonly comment: string;
  readonly checksum: boolean;
  readonly tag: boolean;
}

/** The model of a block: its header, and the post-processor as it stands before the data. */
export interface BlockModel {
  readonly header: Uint8Array<ArrayBuffer>;
  readonly prefix: Uint8Array<ArrayBuffer>;
  /** The numbers of the transform. */
  readonly numbers: Uint32Array<ArrayBuffer>;
}

/** The prefix of a post-processor; without one the data passes through. */
export function prefixOf(program: Uint8Array | undefined): Uint8Array<ArrayBuffer> {
  if (program === undefined) return Uint8Array.of(0);
  return Uint8Array.from([1, program.length & 255, program.length >> 8, ...program]);
}

/** The header of a block of level 2, or of level 1 when it has components. */
export function blockStart(header: Uint8Array, tag: boolean): Uint8Array<ArrayBuffer> {
  const level = header[6] === 0 ? 2 : 1;
  return Uint8Array.from([...(tag ? LOCATOR_TAG : []), ...BLOCK_MAGIC, level, HEADER_TYPE, ...header]);
}

/** What stands before a segment's data. */
export function segmentStart(filename: string, comment: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([MARK.SEGMENT, ...encoder.encode(filename), 0, ...encoder.encode(comment), 0, 0]);
}

/** What stands after a segment's data. */
export function segmentEnd(digest: Uint8Array | undefined): Uint8Array<ArrayBuffer> {
  return digest === undefined ? Uint8Array.of(MARK.NO_CHECKSUM) : Uint8Array.from([MARK.CHECKSUM, ...digest]);
}

/** The method that a string means for this data. */
export function resolveMethod(method: string, data: Uint8Array): Method {
  const level = parseLevel(method);
  return parseMethod(level === undefined ? method : expandLevel(level.level, level.hint, data));
}

const models = new Map<string, BlockModel>();
const MODELS_MAX = 64;

/** The model of a method; the last few are kept. */
export function modelOf(method: Method, backend: BackendChoice | undefined): BlockModel {
  const key = JSON.stringify(method);
  const kept = models.get(key);
  if (kept !== undefined) return kept;
  const { header } = assembleConfig(modelSource(method), []);
  const [blockBits, transform, lengthMin] = method.args as [number, number, number];
  let program: Uint8Array | undefined;
  if (transform > 0 && !method.stored) {
    const kind = transform & 3;
    const large = Math.max(blockBits - 4, 0);
    const parameter = kind === 2 ? lengthMin : kind === 3 ? Math.min(large, 1) : kind === 1 ? large : 0;
    program = zpaqStoredProgram(transform, parameter, backend);
  }
  const numbers = method.stored ? [0, 0] : method.args;
  const model = {
    header,
    prefix: prefixOf(program),
    numbers: Uint32Array.from({ length: TRANSFORM_NUMBERS }, (_, i) => numbers[i] ?? 0),
  };
  if (models.size === MODELS_MAX) models.delete(models.keys().next().value!);
  models.set(key, model);
  return model;
}

function frame(
  request: BlockRequest,
  model: BlockModel,
  coded: Uint8Array<ArrayBuffer>[],
  digest: Uint8Array | undefined,
): Uint8Array<ArrayBuffer> {
  return concatBytes([
    blockStart(model.header, request.tag),
    segmentStart(request.filename, request.comment),
    ...coded,
    segmentEnd(digest),
    Uint8Array.of(MARK.BLOCK_END),
  ]);
}

/** Writes a block of one segment. */
export async function encodeBlockAsync(request: BlockRequest): Promise<Uint8Array<ArrayBuffer>> {
  const { data, backend } = request;
  const model = modelOf(resolveMethod(request.method, data), backend);
  const digest = request.checksum
    ? await zpaqHashParts(data, Uint32Array.of(data.length), backend)
    : undefined;
  const encoder = new SegmentEncoder(model.header, data.length, request);
  try {
    return frame(request, model, await encoder.encodeAsync(model.prefix, data, model.numbers), digest);
  } finally {
    encoder.close();
  }
}

/** As `encodeBlockAsync`, at once. */
export function encodeBlock(request: BlockRequest): Uint8Array<ArrayBuffer> {
  const { data, backend } = request;
  const model = modelOf(resolveMethod(request.method, data), backend);
  const digest = request.checksum ? zpaqHash(data, backend) : undefined;
  const encoder = new SegmentEncoder(model.header, data.length, request);
  try {
    return frame(request, model, encoder.encode(model.prefix, data, model.numbers), digest);
  } finally {
    encoder.close();
  }
}
