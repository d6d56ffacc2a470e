/**
 * The frames that files travel in (protocol 2): a header of 16 little-endian bytes, then the payload. Blocks that native
 * files compare never come by here; this is for the frames around them and for files that are not native.
 */
import { readU32, writeU32 } from "@sluice/internal";
import { failure } from "./_errors.ts";

/** Bytes of a header: type u8, flags u8, aux u16, payload size u32, position u64. */
export const FRAME_HEADER_SIZE = 16;

/** Kinds of frames; `ffi/zig/pdiffcopy/frames.zig` has the kinds that it knows under the same numbers. */
export const FRAME = {
  SIG: 0x01,
  DATA: 0x02,
  DATAZ: 0x03,
  ZERO: 0x04,
  HOLE: 0x05,
  SAME: 0x06,
  /** Blocks of the old side: two u64, the number of the first and bytes. */
  COPY: 0x07,
  /** Signed blocks: a weak sum and a digest for each. */
  BLOCKS: 0x08,
  /** Content without a digest. */
  LITERAL: 0x09,
  /** The digest of the frames since the last such frame, and of the content of the blocks that they copy. */
  SUM: 0x0a,
  ERROR: 0x7e,
  END: 0x7f,
} as const;

/** The most bytes of a payload: a block of 64 MiB, its digest, and room. */
export const PAYLOAD_SIZE_MAX = (64 << 20) + 1024;

/** One frame inside a buffer. */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly aux: number;
  readonly position: number;
  readonly payload: Uint8Array;
  /** Where the next frame starts in the buffer. */
  readonly end: number;
}

/** The u64 at `offset`; NaN where it is no safe integer. */
export function readSafe(bytes: Uint8Array, offset: number): number {
  const high = readU32(bytes, offset + 4);
  return high >= 2 ** 21 ? NaN : high * 2 ** 32 + readU32(bytes, offset);
}

/** Writes a safe integer as u64. */
export function writeSafe(bytes: Uint8Array, offset: number, value: number): void {
  writeU32(bytes, offset, value % 2 ** 32);
  writeU32(bytes, offset + 4, Math.floor(value / 2 ** 32));
}

/** The size of the frame at `pos`, header included; 0 when its header is not whole. */
export function frameSize(bytes: Uint8Array, pos: number, end: number, payloadMax: number): number {
  if (end - pos < FRAME_HEADER_SIZE) return 0;
  const size = readU32(bytes, pos + 4);
  if (size > payloadMax) {
    throw failure(
      "PROTOCOL",
      `Cannot read a frame: its payload has ${size} bytes, expected at most ${payloadMax}`,
    );
  }
  return FRAME_HEADER_SIZE + size;
}

/** The frame at `pos`, which is whole. */
export function readFrame(bytes: Uint8Array, pos: number): Frame {
  const end = pos + FRAME_HEADER_SIZE + readU32(bytes, pos + 4);
  return {
    type: bytes[pos]!,
    flags: bytes[pos + 1]!,
    aux: bytes[pos + 2]! | bytes[pos + 3]! << 8,
    position: readSafe(bytes, pos + 8),
    payload: bytes.subarray(pos + FRAME_HEADER_SIZE, end),
    end,
  };
}

/** Writes a header. */
export function writeHeader(
  bytes: Uint8Array,
  pos: number,
  type: number,
  size: number,
  position: number,
  aux = 0,
): void {
  bytes[pos] = type;
  bytes[pos + 1] = 0;
  bytes[pos + 2] = aux;
  bytes[pos + 3] = aux >>> 8;
  writeU32(bytes, pos + 4, size);
  writeSafe(bytes, pos + 8, position);
}

/** A frame with a payload. */
export function makeFrame(
  type: number,
  position: number,
  payload: Uint8Array,
  aux = 0,
): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(FRAME_HEADER_SIZE + payload.length);
  writeHeader(frame, 0, type, payload.length, position, aux);
  frame.set(payload, FRAME_HEADER_SIZE);
  return frame;
}

/** A frame that speaks of `length` bytes. */
export function makeRun(type: number, position: number, length: number): Uint8Array<ArrayBuffer> {
  const payload = new Uint8Array(8);
  writeSafe(payload, 0, length);
  return makeFrame(type, position, payload);
}

/** What the last frame of a stream says. */
export interface StreamEnd {
  readonly bytes: number;
  readonly digest: Uint8Array;
}

/** The last frame of a stream: a stream without it is truncated. */
export function makeEnd(position: number, { bytes, digest }: StreamEnd): Uint8Array<ArrayBuffer> {
  const payload = new Uint8Array(9 + digest.length);
  writeSafe(payload, 0, bytes);
  payload[8] = digest.length;
  payload.set(digest, 9);
  return makeFrame(FRAME.END, position, payload);
}

/** Reads the last frame of a stream. */
export function parseEnd({ payload }: Frame): StreamEnd {
  if (payload.length < 9 || payload.length !== 9 + payload[8]!) {
    throw failure("PROTOCOL", `Cannot read the end of a stream: it has ${payload.length} bytes`);
  }
  return { bytes: readSafe(payload, 0), digest: payload.slice(9) };
}
