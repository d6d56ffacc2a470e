/**
 * Headers of the parts of a chunked patch: skippable frames that name the part of the base which the next frame refers to.
 */
import { CorruptDataError, readU32, writeU32 } from "@sluice/internal";
import { SKIPPABLE_HEADER_SIZE, SKIPPABLE_MAGIC } from "../frame/_format.ts";

const VARIANT = 11;
/** "SLP1", little-endian. */
const MAGIC = 0x31504c53;
const PAYLOAD_SIZE = 24;
const KIND = { PART: 0, END: 1 } as const;

/** Bytes of a header. */
export const CHUNK_HEADER_SIZE = SKIPPABLE_HEADER_SIZE + PAYLOAD_SIZE;

/** What a header says: the part of the base for the next frame, or the size of the whole target at the end. */
export type ChunkHeader =
  | { readonly kind: "part"; readonly offset: number; readonly length: number; readonly checksum: number }
  | { readonly kind: "end"; readonly targetSize: number };

/** Makes a header. */
export function makeChunkHeader(header: ChunkHeader): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(CHUNK_HEADER_SIZE);
  writeU32(bytes, 0, SKIPPABLE_MAGIC + VARIANT);
  writeU32(bytes, 4, PAYLOAD_SIZE);
  writeU32(bytes, 8, MAGIC);
  const isPart = header.kind === "part";
  writeU32(bytes, 12, isPart ? KIND.PART : KIND.END);
  const number = isPart ? header.offset : header.targetSize;
  writeU32(bytes, 16, number % 2 ** 32);
  writeU32(bytes, 20, Math.floor(number / 2 ** 32));
  if (isPart) {
    writeU32(bytes, 24, header.length);
    writeU32(bytes, 28, header.checksum);
  }
  return bytes;
}

/**
 * Reads a header out of a whole frame.
 *
 * @throws {CorruptDataError} If it is none.
 */
export function parseChunkHeader(frame: Uint8Array, at: number): ChunkHeader {
  const fits = frame.length === CHUNK_HEADER_SIZE && readU32(frame, 0) === SKIPPABLE_MAGIC + VARIANT &&
    readU32(frame, 8) === MAGIC;
  const kind = fits ? readU32(frame, 12) : undefined;
  const number = fits ? readU32(frame, 16) + readU32(frame, 20) * 2 ** 32 : 0;
  if (kind === KIND.END && Number.isSafeInteger(number)) return { kind: "end", targetSize: number };
  if (kind === KIND.PART && Number.isSafeInteger(number)) {
    return { kind: "part", offset: number, length: readU32(frame, 24), checksum: readU32(frame, 28) };
  }
  throw new CorruptDataError(
    `Cannot apply a chunked patch at byte ${at}: a frame is not the header of a part`,
    { format: "zstd", code: "BAD_HEADER", offset: at },
  );
}
