/**
 * Reading one split of a compressed file.
 *
 * @module
 */
import {
  checkBoolean,
  checkInteger,
  checkKeys,
  checkSplitSize,
  checkSplitSource,
  ChecksumMismatchError,
  concatBytes,
  CorruptDataError,
  decodeBase64,
  errorOfPart,
  openByteSource,
  SplitReader,
  splitSizeLimit,
} from "@sluice/internal";
import type { ByteSourceLike, SluiceSplitSource } from "@sluice/internal";
import { decompressLz4Async } from "../codec/decompress.ts";
import type { Lz4DecompressOptions } from "../codec/decompress_options.ts";
import { lz4HashParts } from "../kernel/blocks.ts";
import type { Lz4ReadSplitOptions, Lz4Split } from "./splits.ts";

const KEYS: ReadonlySet<string> = new Set<keyof Lz4ReadSplitOptions>([
  "dictionary",
  "verifyChecksums",
  "maxSplitSize",
  "threads",
  "backend",
  "signal",
]);

/** A piece whose fields fit together. */
interface Piece {
  readonly start: number;
  readonly end: number;
  readonly length: number;
  readonly prefix: Uint8Array<ArrayBuffer>;
  readonly suffix: Uint8Array<ArrayBuffer>;
  readonly drop: number;
  readonly size: number;
  readonly segments: readonly (readonly [size: number, hash: number])[];
}

/** A split whose fields fit together. */
interface CheckedSplit {
  readonly id: number;
  readonly planned: SluiceSplitSource;
  readonly length: number;
  readonly pieces: readonly Piece[];
}

/**
 * Reads the content of a split that {@linkcode planLz4Splits} made, on any machine: no index, and one read of the file for
 * each piece, at the same time, which an HTTP source joins into one request where they are adjacent. It holds the
 * compressed pieces and the content, and the decoded bytes of one piece beside them.
 *
 * @throws {TypeError} If an option has the wrong type or is not known.
 * @throws {RangeError} If an option is out of range.
 * @throws {CorruptDataError} With code "SPLIT_INVALID" if the value is no split, else if the file is corrupt.
 * @throws {UnsupportedFeatureError} With code "SPLIT_VERSION" if it has another version.
 * @throws {TransferError} With code "SOURCE_CHANGED" if the file is not the one that was planned.
 * @throws {ChecksumMismatchError} With code "SEGMENT_CHECKSUM" if content is not what was planned.
 * @throws {LimitExceededError} If the split is larger than `maxSplitSize`.
 *
 * @example A part of a file
 * ```ts
 * import { buildLz4Index, compressLz4, planLz4Splits, readLz4Split } from "@sluice/lz4";
 * import { assertEquals } from "@std/assert";
 *
 * const file = compressLz4(new Uint8Array(200_000).fill(7), { blockSize: 65536 });
 * const index = await buildLz4Index(file, { spacing: 65536 });
 * const splits = await Array.fromAsync(planLz4Splits(file, index, { splitSize: 131_072 }));
 * assertEquals(splits.map((split) => split.decompressedRange), [[0, 131_072], [131_072, 200_000]]);
 * assertEquals(await readLz4Split(file, splits[1]!), new Uint8Array(68_928).fill(7));
 * ```
 */
export async function readLz4Split(
  data: ByteSourceLike,
  split: Lz4Split,
  options: Lz4ReadSplitOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  checkKeys(options, KEYS);
  const { dictionary, signal, backend } = options;
  const verifyChecksums = checkBoolean("verifyChecksums", options.verifyChecksums ?? true);
  const threads = checkInteger("threads", options.threads ?? 1, 1, 64);
  const limit = splitSizeLimit(options.maxSplitSize);
  const source = await openByteSource(data, { signal });
  const { id, planned, length, pieces } = checkLz4Split(split);
  checkSplitSource("lz4", source, planned);
  for (const { start, end, size } of pieces) {
    checkSplitSize("lz4", id, start, Math.max(end - start, size, length), limit);
  }
  const decoding = { dictionary, backend, verifyChecksums, threads };
  const reads = pieces.map(({ start, end }) => source.read(start, end - start, { signal }));
  try {
    const output = new Uint8Array(length);
    let at = 0;
    for (const [i, piece] of pieces.entries()) {
      const content = await decodePiece(id, piece, await reads[i]!, decoding);
      output.set(content, at);
      at += content.length;
    }
    return output;
  } finally {
    await Promise.allSettled(reads);
  }
}

/** The content of a piece that belongs to the split. */
async function decodePiece(
  id: number,
  piece: Piece,
  bytes: Uint8Array,
  options: Lz4DecompressOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const { start, prefix, suffix, drop, length, size } = piece;
  const what = `Cannot read split ${id}`;
  try {
    const file = concatBytes([prefix, bytes as Uint8Array<ArrayBuffer>, suffix]);
    const content = await decompressLz4Async(file, { ...options, maxOutputSize: size, allowEmpty: true });
    if (content.length !== size) {
      throw new CorruptDataError(`Cannot use a piece of ${content.length} bytes: ${size} are expected`, {
        format: "lz4",
        code: "SIZE_MISMATCH",
        offset: prefix.length,
      });
    }
    if (options.verifyChecksums !== false) await checkSegments(piece, content);
    return content.subarray(drop, drop + length);
  } catch (error) {
    throw errorOfPart(error, what, start - prefix.length);
  }
}

/** Compares content with the hashes of the plan. */
async function checkSegments(
  { segments, prefix }: Piece,
  content: Uint8Array<ArrayBuffer>,
): Promise<void> {
  if (segments.length === 0) return;
  const sizes = Uint32Array.from(segments, ([size]) => size);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  await lz4HashParts(content.subarray(content.length - total), sizes, true);
  const wrong = segments.findIndex(([, hash], i) => hash !== sizes[i]);
  if (wrong < 0) return;
  throw new ChecksumMismatchError(
    `Cannot use segment ${wrong} of the piece: it is not the one that was planned`,
    {
      format: "lz4",
      code: "SEGMENT_CHECKSUM",
      offset: prefix.length,
    },
  );
}

/** Checks every field, and that they fit together. */
function checkLz4Split(value: unknown): CheckedSplit {
  const fields = new SplitReader("lz4", "lz4-split", 1, value);
  const id = fields.integer("id");
  const planned = fields.source();
  const [from, to] = fields.range("decompressedRange");
  let at = from;
  const pieces = fields.list("pieces").map((piece, i): Piece => {
    const name = `pieces[${i}]`;
    const p = fields.object(name, piece);
    const [start, end] = fields.range(`${name}.compressedRange`, p.compressedRange, planned.size);
    const [pieceFrom, pieceTo] = fields.range(`${name}.decompressedRange`, p.decompressedRange, to);
    if (pieceFrom !== at) {
      throw fields.invalid(`${name}.decompressedRange`, `starts at ${pieceFrom}, expected ${at}`);
    }
    at = pieceTo;
    if (p.kind !== "frames" && p.kind !== "carve") {
      throw fields.invalid(`${name}.kind`, 'is neither "frames" nor "carve"');
    }
    const size = fields.integer(`${name}.size`, p.size);
    const drop = fields.integer(`${name}.drop`, p.drop, size);
    if (drop + pieceTo - pieceFrom > size) throw fields.invalid(`${name}.size`, "is less than its content");
    return {
      start,
      end,
      length: pieceTo - pieceFrom,
      prefix: glue(fields, `${name}.prefix`, p.prefix),
      suffix: glue(fields, `${name}.suffix`, p.suffix),
      drop,
      size,
      segments: segmentsOf(fields, `${name}.segments`, p.segments, size),
    };
  });
  if (at !== to) throw fields.invalid("pieces", `ends at ${at}, expected ${to}`);
  return { id, planned, length: to - from, pieces };
}

function glue(fields: SplitReader, name: string, value: unknown): Uint8Array<ArrayBuffer> {
  try {
    return decodeBase64(fields.text(name, value));
  } catch {
    throw fields.invalid(name, "is no base64");
  }
}

function segmentsOf(
  fields: SplitReader,
  name: string,
  value: unknown,
  size: number,
): readonly (readonly [size: number, hash: number])[] {
  if (value === undefined) return [];
  let rest = size;
  return fields.list(name, value).map((segment, i) => {
    const [length, hash] = fields.list(`${name}[${i}]`, segment);
    rest -= fields.integer(`${name}[${i}]`, length, rest);
    return [length as number, fields.integer(`${name}[${i}]`, hash, 0xffff_ffff)];
  });
}
