/**
 * The byte layout of checkpoints, S4CK version 1 (FORMATS.md): written minimal, read as from an enemy.
 */
import { XXH32_STATE_LENGTH } from "../kernel/decoder.ts";
import { lz4BlockDecompress, lz4Xxh32 } from "../kernel/blocks.ts";
import { lz4BlockCompress } from "../kernel/encoder.ts";
import { CorruptDataError, readU32, UnsupportedFeatureError, writeU32 } from "@sluice/internal";
import { PHASE } from "./_decoder_state.ts";
import type { DecoderState, DictionaryPrint } from "./_decoder_state.ts";
import {
  BLOCK_ID_MIN,
  blockMaxOf,
  FLG,
  FORMAT_VERSION,
  HISTORY_MAX,
  LEGACY_WORD_MAX,
} from "../frame/_format.ts";
import { descriptorOf, infoOf, LEGACY_INFO } from "../frame/_frame_parser.ts";
import type { Lz4FrameHeader } from "../frame/frame_header.ts";
import { ByteReader, ByteWriter } from "../frame/_varint.ts";

const MAGIC = 0x4b433453;
const VERSION = 1;
const CHECKSUM_SEED = 0x53344b31;
/** States larger than this are refused before anything is read. */
export const STATE_SIZE_MAX = 16 << 20;

/** Which optional fields a state has. */
const HAS = {
  WINDOW: 1,
  CONTENT_HASH: 2,
  CARRY: 8,
  DICTIONARY: 16,
  CONTENT_SIZE: 32,
  UNVERIFIED: 64,
} as const;
const HAS_ALL = 1 | 2 | 8 | 16 | 32 | 64;

/** How a window is stored. */
const WINDOW_ENCODING = { RAW: 0, BLOCK: 1, SPARSE: 2 } as const;
const WINDOW_LEVEL = 9;
const HEADER_SIZE_CARRY_MAX = 18;

function invalid(field: string, state: string): CorruptDataError {
  return new CorruptDataError(`Cannot load an lz4 state: ${field} ${state}`, {
    format: "lz4",
    code: "STATE_INVALID",
  });
}

/** A state as bytes. `packed` is the window as `packWindow` or `packSparseWindow` made it. */
export function encodeState(state: DecoderState, packed: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const { info, dictionary, hash, carry } = state;
  const open = info !== undefined;
  const contentSize = info?.contentSize;
  const flags = (packed.length > 0 ? HAS.WINDOW : 0) | (hash === undefined ? 0 : HAS.CONTENT_HASH) |
    (carry.length > 0 ? HAS.CARRY : 0) | (dictionary === undefined ? 0 : HAS.DICTIONARY) |
    (contentSize === undefined ? 0 : HAS.CONTENT_SIZE) | (state.verify ? 0 : HAS.UNVERIFIED);
  const { flg, bd } = open ? descriptorOf(info) : { flg: 0, bd: 0 };
  const writer = new ByteWriter();
  writer.u32(MAGIC);
  for (const byte of [VERSION, flags, phaseWithCarry(state), flg, bd]) writer.byte(byte);
  writer.number(state.compressedOffset);
  writer.number(state.decompressedOffset);
  if (open) {
    writer.number(state.frameIn);
    writer.number(state.frameOut);
    writer.number(state.blockCount);
  }
  if (contentSize !== undefined) writer.number(contentSize);
  if (hasRemaining(state.phase)) writer.number(state.remaining);
  if (hash !== undefined) writeHash(writer, hash, state.frameOut);
  if (dictionary !== undefined) {
    writer.u32(dictionary.id);
    writer.number(dictionary.size);
    for (const part of dictionary.hashes) writer.u32(part);
  }
  writer.bytes(packed);
  if (carry.length > 0) {
    writer.number(carry.length);
    writer.bytes(carry);
  }
  const body = writer.take();
  const bytes = new Uint8Array(body.length + 4);
  bytes.set(body);
  writeU32(bytes, body.length, lz4Xxh32(body, 0, body.length, CHECKSUM_SEED, undefined));
  return bytes;
}

function hasRemaining(phase: number): boolean {
  return phase === PHASE.SKIPPABLE || phase === PHASE.STORED;
}

/** A block's data after its word is a phase of its own. */
function phaseWithCarry(state: DecoderState): number {
  if (state.carry.length < 4) return state.phase;
  if (state.phase === PHASE.BLOCK) return PHASE.BLOCK_DATA;
  return state.phase === PHASE.LEGACY_BLOCK ? PHASE.LEGACY_DATA : state.phase;
}

function writeHash(writer: ByteWriter, hash: Uint32Array, total: number): void {
  for (let i = 2; i < 6; i++) writer.u32(hash[i]!);
  writer.bytes(new Uint8Array(hash.buffer, hash.byteOffset + 24, total % 16));
}

/** A window in the smaller of its raw form and one compressed block; nothing for an empty one. */
export function packWindow(window: Uint8Array): Uint8Array<ArrayBuffer> {
  if (window.length === 0) return new Uint8Array();
  const target = new Uint8Array(window.length);
  const size = lz4BlockCompress(window, target, undefined, WINDOW_LEVEL, false, undefined);
  const writer = new ByteWriter();
  const small = size > 0 && size < window.length;
  writer.byte(small ? WINDOW_ENCODING.BLOCK : WINDOW_ENCODING.RAW);
  writer.number(window.length);
  writer.number(small ? size : window.length);
  writer.bytes(small ? target.subarray(0, size) : window);
  return writer.take();
}

/** A window of which only the bytes in `map` are stored: bit 0 is the byte 65,535 before the checkpoint. */
export function packSparseWindow(window: Uint8Array, map: Uint32Array): Uint8Array<ArrayBuffer> {
  const base = HISTORY_MAX - window.length;
  const runs: [number, number][] = [];
  let needed = 0;
  for (let i = base; i < HISTORY_MAX; i++) {
    if (map[i >>> 5] === 0) {
      i |= 31;
      continue;
    }
    if ((map[i >>> 5]! >>> (i & 31) & 1) === 0) continue;
    let end = i + 1;
    while (end < HISTORY_MAX && (map[end >>> 5]! >>> (end & 31) & 1) === 1) end++;
    runs.push([i - base, end - i]);
    needed += end - i;
    i = end;
  }
  const bytes = new Uint8Array(needed);
  const body = new ByteWriter();
  body.number(runs.length);
  let filled = 0;
  let last = 0;
  for (const [start, length] of runs) {
    body.number(start - last);
    body.number(length);
    bytes.set(window.subarray(start, start + length), filled);
    filled += length;
    last = start + length;
  }
  const target = new Uint8Array(needed);
  const size = needed === 0 ? 0 : lz4BlockCompress(bytes, target, undefined, WINDOW_LEVEL, false, undefined);
  const small = size > 0 && size < needed;
  body.byte(small ? 1 : 0);
  body.bytes(small ? target.subarray(0, size) : bytes);
  const stored = body.take();
  const writer = new ByteWriter();
  writer.byte(WINDOW_ENCODING.SPARSE);
  writer.number(window.length);
  writer.number(stored.length);
  writer.bytes(stored);
  const sparse = writer.take();
  const whole = packWindow(window);
  return sparse.length < whole.length ? sparse : whole;
}

/** Restores a window of 1 to 65,535 bytes from its packed form. */
export function unpackWindow(reader: ByteReader): Uint8Array<ArrayBuffer> {
  const encoding = reader.byte();
  const length = reader.number();
  const storedSize = reader.number();
  if (length < 1 || length > HISTORY_MAX) throw invalid("window", `has ${length} bytes`);
  const stored = reader.bytes(storedSize);
  if (encoding === WINDOW_ENCODING.RAW) {
    if (storedSize !== length) throw invalid("window", "has another size than it says");
    return stored.slice();
  }
  if (encoding === WINDOW_ENCODING.BLOCK) return unpackBlock(stored, length);
  if (encoding !== WINDOW_ENCODING.SPARSE) throw invalid("window", `has the unknown encoding ${encoding}`);
  return unpackSparse(stored, length);
}

function unpackBlock(stored: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const window = new Uint8Array(length);
  if (lz4BlockDecompress(stored, window, undefined, false, undefined) !== length) {
    throw invalid("window", "is corrupt");
  }
  return window;
}

function unpackSparse(stored: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const reader = new ByteReader(stored, invalid);
  const runCount = reader.number();
  if (runCount > length) throw invalid("window", "has more runs than bytes");
  const runs: [number, number][] = [];
  let at = 0;
  let needed = 0;
  for (let i = 0; i < runCount; i++) {
    const start = at + reader.number();
    const size = reader.number();
    if (size < 1 || start + size > length) throw invalid("window", "has a run outside of it");
    runs.push([start, size]);
    at = start + size;
    needed += size;
  }
  const mode = reader.byte();
  if (mode > 1) throw invalid("window", `has the unknown mode ${mode}`);
  const rest = reader.bytes(reader.left);
  if (mode === 0 && rest.length !== needed) throw invalid("window", "has another size than its runs");
  const bytes = mode === 0 ? rest : unpackBlock(rest, needed);
  const window = new Uint8Array(length);
  let used = 0;
  for (const [start, size] of runs) {
    window.set(bytes.subarray(used, used + size), start);
    used += size;
  }
  return window;
}

/**
 * Reads a state from bytes of any origin.
 *
 * @throws {CorruptDataError} With code "STATE_INVALID", naming the field.
 * @throws {UnsupportedFeatureError} With code "STATE_VERSION".
 */
export function decodeState(bytes: Uint8Array): DecoderState {
  // Long: the fields of the format in their order, each checked against those before.
  if (bytes.length < 15 || bytes.length > STATE_SIZE_MAX) throw invalid("length", `is ${bytes.length} bytes`);
  const end = bytes.length - 4;
  if (readU32(bytes, 0) !== MAGIC) throw invalid("magic", "is wrong");
  if (lz4Xxh32(bytes, 0, end, CHECKSUM_SEED, undefined) !== readU32(bytes, end)) {
    throw invalid("checksum", "is wrong");
  }
  const reader = new ByteReader(bytes.subarray(4, end), invalid);
  const version = reader.byte();
  if (version !== VERSION) {
    throw new UnsupportedFeatureError(
      `Cannot load an lz4 state: it has version ${version}, expected ${VERSION}`,
      {
        format: "lz4",
        code: "STATE_VERSION",
      },
    );
  }
  const flags = reader.byte();
  if ((flags & ~HAS_ALL) !== 0) throw invalid("flags", "have a reserved bit");
  const has = (flag: number): boolean => (flags & flag) !== 0;
  const storedPhase = reader.byte();
  if (!Object.values<number>(PHASE).includes(storedPhase)) throw invalid("phase", `is ${storedPhase}`);
  const phase = storedPhase === PHASE.BLOCK_DATA
    ? PHASE.BLOCK
    : storedPhase === PHASE.LEGACY_DATA
    ? PHASE.LEGACY_BLOCK
    : storedPhase;
  const flg = reader.byte();
  const bd = reader.byte();
  const inOffset = reader.number();
  const out = reader.number();
  const legacy = phase === PHASE.LEGACY_BLOCK;
  const stored = phase === PHASE.STORED;
  const framed = phase === PHASE.BLOCK || stored || phase === PHASE.CONTENT_CHECKSUM;
  if (framed ? !descriptorFits(flg, bd) : flg !== 0 || bd !== 0) throw invalid("descriptor", "is wrong");
  const open = framed || legacy;
  const frameIn = open ? reader.number() : 0;
  const frameOut = open ? reader.number() : 0;
  const blockCount = open ? reader.number() : 0;
  if (frameIn > inOffset || frameOut > out || blockCount > frameIn) {
    throw invalid("frame position", "is impossible");
  }
  if (has(HAS.CONTENT_SIZE) !== (framed && (flg & FLG.CONTENT_SIZE) !== 0)) {
    throw invalid("content size", "does not fit FLG");
  }
  const contentSize = has(HAS.CONTENT_SIZE) ? reader.number() : undefined;
  if (contentSize !== undefined && frameOut > contentSize) throw invalid("content size", "is passed already");
  const remaining = hasRemaining(phase) ? reader.number() : 0;
  if (remaining > (stored ? blockMaxOf(bd >>> 4) : 0xffffffff) || stored && remaining === 0) {
    throw invalid("remaining", `is ${remaining} bytes`);
  }
  if (stored && (flg & FLG.BLOCK_CHECKSUM) !== 0) throw invalid("phase", "does not fit FLG");
  const verify = !has(HAS.UNVERIFIED);
  if (has(HAS.CONTENT_HASH) !== (framed && verify && (flg & FLG.CONTENT_CHECKSUM) !== 0)) {
    throw invalid("content hash", "does not fit FLG");
  }
  const hash = has(HAS.CONTENT_HASH) ? readHash(reader, frameOut) : undefined;
  if (has(HAS.DICTIONARY) && !framed) throw invalid("dictionary", "is outside a frame");
  const dictionary = has(HAS.DICTIONARY) ? readPrint(reader) : undefined;
  const linked = (phase === PHASE.BLOCK || stored) && (flg & FLG.INDEPENDENT) === 0;
  const windowSize = linked ? Math.min(HISTORY_MAX, frameOut + (dictionary?.size ?? 0)) : 0;
  if (has(HAS.WINDOW) !== windowSize > 0) throw invalid("window", "does not fit the position");
  const window = has(HAS.WINDOW) ? unpackWindow(reader) : new Uint8Array();
  if (window.length !== windowSize) {
    throw invalid("window", `has ${window.length} bytes, expected ${windowSize}`);
  }
  const info: Lz4FrameHeader | undefined = legacy
    ? LEGACY_INFO
    : framed
    ? infoOf(flg, bd, contentSize, (flg & FLG.DICT_ID) !== 0 ? dictionary?.id ?? 0 : undefined)
    : undefined;
  const carry = has(HAS.CARRY) ? readCarry(reader, storedPhase, info) : new Uint8Array();
  const dataPhase = storedPhase !== phase;
  if (dataPhase !== (carry.length >= 4 && open && phase !== PHASE.CONTENT_CHECKSUM)) {
    throw invalid("carry", "does not fit the phase");
  }
  if (reader.left > 0) throw invalid("length", `has ${reader.left} bytes too many`);
  return {
    phase,
    info,
    compressedOffset: inOffset,
    decompressedOffset: out,
    frameIn,
    frameOut,
    blockCount,
    remaining,
    verify,
    hash,
    window,
    dictionary,
    carry,
  };
}

function descriptorFits(flg: number, bd: number): boolean {
  return flg >>> FLG.VERSION_SHIFT === FORMAT_VERSION && (flg & FLG.RESERVED) === 0 && (bd & 0x8f) === 0 &&
    bd >>> 4 >= BLOCK_ID_MIN;
}

function readHash(reader: ByteReader, total: number): Uint32Array<ArrayBuffer> {
  const bytes = new Uint8Array(XXH32_STATE_LENGTH * 4);
  writeU32(bytes, 0, total % 2 ** 32);
  writeU32(bytes, 4, Math.floor(total / 2 ** 32));
  bytes.set(reader.bytes(16), 8);
  bytes.set(reader.bytes(total % 16), 24);
  return new Uint32Array(bytes.buffer);
}

function readPrint(reader: ByteReader): DictionaryPrint {
  const id = reader.u32();
  const size = reader.number();
  if (size < 1 || size > 1 << 16) throw invalid("dictionary", `has ${size} bytes`);
  return { id, size, hashes: [reader.u32(), reader.u32(), reader.u32(), reader.u32()] };
}

function readCarry(
  reader: ByteReader,
  phase: number,
  info: Lz4FrameHeader | undefined,
): Uint8Array<ArrayBuffer> {
  const length = reader.number();
  const max = phase === PHASE.HEADER
    ? HEADER_SIZE_CARRY_MAX
    : phase === PHASE.BLOCK_DATA
    ? info!.blockMax + 7
    : phase === PHASE.LEGACY_DATA
    ? LEGACY_WORD_MAX + 3
    : hasRemaining(phase) || phase === PHASE.DONE
    ? 0
    : 3;
  if (length < 1 || length > max) throw invalid("carry", `has ${length} bytes`);
  return reader.bytes(length).slice();
}
