/**
 * Walking over a damaged file: what decodes, what does not, and where the track is found again. The walk asks for more of
 * the file when it needs it, so that one loop serves values and streams.
 */
import { SluiceError } from "@sluice/internal";
import type { BlockSalvager } from "./_block_salvager.ts";
import {
  FRAME_HEADER_SIZE_MAX,
  FRAME_MAGIC,
  LEGACY_WORD_MAX,
  STORED_BIT,
  WORD_SIZE,
} from "../frame/_format.ts";
import { Doubt } from "./_doubt.ts";
import { Taint } from "./_taint.ts";
import { hashDigest, hashUpdate, newHashState } from "../frame/_hash.ts";
import { isMagic, parseFrameHeader } from "../frame/_frame_parser.ts";
import { MORE } from "./_salvage_window.ts";
import type { SalvageWindow } from "./_salvage_window.ts";
import type { Lz4FrameHeader } from "../frame/frame_header.ts";
import type { Lz4Damage, Lz4RecoveredContent } from "./_types.ts";

type Asking<T> = Generator<typeof MORE, T, undefined>;
type Walk<T> = Generator<Lz4RecoveredContent | Lz4Damage | typeof MORE, T, undefined>;

/** All parts of a file in order. */
export function* salvage(window: SalvageWindow, salvager: BlockSalvager, resyncBlocks: number): Walk<void> {
  let pos = 0;
  while (yield* window.reach(pos + 1)) {
    window.drop(pos);
    const info = yield* headerAt(window, pos);
    if (info === undefined) {
      const next = yield* nextFrame(window, pos + 1);
      yield { kind: "damage", compressedRange: [pos, next], size: undefined, reason: "BAD_HEADER" };
      pos = next;
    } else if (info.type === "skippable") {
      pos = yield* skip(window, pos + info.headerSize + info.contentSize!);
    } else {
      pos = yield* salvageFrame(window, pos + info.headerSize, info, salvager, resyncBlocks);
    }
  }
}

/** Passes over bytes without keeping them; returns where that ends. */
function* skip(window: SalvageWindow, end: number): Asking<number> {
  while (window.end < end && !window.ended) {
    window.drop(window.end);
    yield MORE;
  }
  return Math.min(end, window.end);
}

/** The header at a position, if there is a good one. */
function* headerAt(window: SalvageWindow, pos: number): Asking<Lz4FrameHeader | undefined> {
  yield* window.reach(pos + FRAME_HEADER_SIZE_MAX);
  const head = window.view(pos, Math.min(pos + FRAME_HEADER_SIZE_MAX, window.end));
  try {
    const info = parseFrameHeader(head, head.length, { offset: pos });
    return typeof info === "number" ? undefined : info;
  } catch (error) {
    if (error instanceof SluiceError) return undefined;
    throw error;
  }
}

/** Where the next frame with a good header starts; the end where there is none. */
function* nextFrame(window: SalvageWindow, from: number): Asking<number> {
  for (let pos = from; yield* window.reach(pos + WORD_SIZE); pos++) {
    window.drop(pos);
    const known = window.view(pos, window.end);
    const found = known.indexOf(FRAME_MAGIC & 0xff);
    pos += found < 0 ? known.length - WORD_SIZE : Math.min(found, known.length - WORD_SIZE);
    if (window.word(pos) === FRAME_MAGIC && (yield* headerAt(window, pos)) !== undefined) return pos;
  }
  return window.end;
}

/** What stands where a block word is expected. */
function* blockAt(
  window: SalvageWindow,
  pos: number,
  info: Lz4FrameHeader,
): Asking<{ end: number } | "end" | undefined> {
  if (!(yield* window.reach(pos + WORD_SIZE))) {
    return info.type === "legacy" && pos === window.end ? "end" : undefined;
  }
  const word = window.word(pos);
  if (info.type === "legacy") {
    if (word > LEGACY_WORD_MAX) return isMagic(word) ? "end" : undefined;
    const end = pos + WORD_SIZE + word;
    return word > 0 && (yield* window.reach(end)) ? { end } : undefined;
  }
  if (word === 0) return "end";
  const size = word % STORED_BIT;
  if (size > info.blockMax) return undefined;
  const end = pos + WORD_SIZE + size + (info.blockChecksums ? WORD_SIZE : 0);
  return (yield* window.reach(end)) ? { end } : undefined;
}

/** Whether so many blocks in a row, or the end of the frame, can be seen from here. */
function* isConsistent(
  window: SalvageWindow,
  pos: number,
  info: Lz4FrameHeader,
  count: number,
): Asking<boolean> {
  let at = pos;
  for (let i = 0; i < count; i++) {
    const block = yield* blockAt(window, at, info);
    if (block === undefined) return false;
    if (block === "end") return i > 0;
    at = block.end;
  }
  return true;
}

/** The parts of one frame; returns where it ends. */
function* salvageFrame(
  window: SalvageWindow,
  start: number,
  info: Lz4FrameHeader,
  salvager: BlockSalvager,
  resyncBlocks: number,
): Walk<number> {
  salvager.begin(info);
  let pos = start;
  const taint = new Taint();
  const doubt = new Doubt();
  const hash = newHashState();
  let size = 0;
  let whole = true;
  while (true) {
    window.drop(pos);
    const block = yield* blockAt(window, pos, info);
    if (block === "end") {
      if (info.type === "legacy") return pos;
      const content = { size, hash };
      if (doubt.open) yield* doubt.end(whole = yield* isSound(window, pos + WORD_SIZE, info, content));
      return yield* frameEnd(window, pos + WORD_SIZE, info, whole ? content : undefined);
    }
    if (block === undefined) {
      yield* doubt.end(false);
      const next = yield* resync(window, pos + 1, info, resyncBlocks);
      const reason = next.pos === window.end && window.ended ? "TRUNCATED" : "BLOCK_TOO_LARGE";
      yield { kind: "damage", compressedRange: [pos, next.pos], size: undefined, reason };
      pos = next.pos;
      whole = false;
      if (next.leaves) return pos;
      salvager.lose(info);
      taint.lose();
      continue;
    }
    const coded = window.view(pos, block.end);
    const result = salvager.decode(coded);
    if (result instanceof Uint8Array) {
      const data = coded.subarray(WORD_SIZE, coded.length - (info.blockChecksums ? WORD_SIZE : 0));
      const stored = info.type !== "legacy" && window.word(pos) >= STORED_BIT;
      const short = yield* isShort(window, block.end, info, result.length);
      const copied = info.linked ? taint.follow(data, stored, result.length) : [];
      if (whole && info.contentChecksum) hashUpdate(hash, result);
      size += result.length;
      if (short && whole) doubt.begin();
      const parts = partsOf([pos, block.end], result, copied, short ? info.blockMax : undefined);
      if (short) taint.lose();
      if (doubt.open) doubt.hold(parts);
      else yield* parts;
      if (doubt.full) {
        yield* doubt.end(false);
        whole = false;
      }
    } else {
      // All blocks but the last are full unless a flush made them short; the next one tells.
      yield* doubt.end(false);
      const isLast = typeof (yield* blockAt(window, block.end, info)) !== "object";
      const lost = isLast ? undefined : info.blockMax;
      yield { kind: "damage", compressedRange: [pos, block.end], size: lost, reason: result };
      whole = false;
      salvager.lose(info);
      taint.lose();
    }
    pos = block.end;
  }
}

/** A block's content; one that is shorter than `full` is suspect as a whole, and what it lacks is lost. */
function partsOf(
  place: readonly [number, number],
  bytes: Uint8Array<ArrayBuffer>,
  copied: readonly (readonly [number, number])[],
  full: number | undefined,
): (Lz4RecoveredContent | Lz4Damage)[] {
  const suspectRanges = full === undefined ? copied : [[0, bytes.length] as const];
  const content = {
    kind: "content",
    compressedRange: place,
    bytes,
    suspect: suspectRanges.length > 0,
    suspectRanges,
  } as const;
  if (full === undefined) return [content];
  return [content, {
    kind: "damage",
    compressedRange: place,
    size: full - bytes.length,
    reason: "BLOCK_SHORT",
  }];
}

/**
 * Whether a block decoded to less than it holds. All blocks of a frame that declares its size are full but the last, unless
 * they were flushed: then the frame ends as it says, and nothing is wrong with it.
 */
function* isShort(window: SalvageWindow, end: number, info: Lz4FrameHeader, length: number): Asking<boolean> {
  return !info.blockChecksums && info.type === "frame" && info.contentSize !== undefined &&
    length < info.blockMax && typeof (yield* blockAt(window, end, info)) === "object";
}

/** Whether the content of a frame without other damage is as long as the frame declares, and matches its checksum. */
function* isSound(
  window: SalvageWindow,
  pos: number,
  info: Lz4FrameHeader,
  content: { readonly size: number; readonly hash: Uint32Array<ArrayBuffer> },
): Asking<boolean> {
  if (info.contentSize !== content.size) return false;
  if (!info.contentChecksum) return true;
  return (yield* window.reach(pos + WORD_SIZE)) && window.word(pos) === hashDigest(content.hash);
}

/** What follows the last block; content without damage is compared with what the frame says of it. */
function* frameEnd(
  window: SalvageWindow,
  pos: number,
  info: Lz4FrameHeader,
  content: { readonly size: number; readonly hash: Uint32Array<ArrayBuffer> } | undefined,
): Walk<number> {
  if (content !== undefined && info.contentSize !== undefined && info.contentSize !== content.size) {
    yield { kind: "damage", compressedRange: [pos - WORD_SIZE, pos], size: 0, reason: "CONTENT_SIZE" };
  }
  if (!info.contentChecksum) return pos;
  const end = pos + WORD_SIZE;
  if (!(yield* window.reach(end))) {
    yield { kind: "damage", compressedRange: [pos, window.end], size: 0, reason: "TRUNCATED" };
    return window.end;
  }
  if (content !== undefined && window.word(pos) !== hashDigest(content.hash)) {
    yield { kind: "damage", compressedRange: [pos, end], size: 0, reason: "CONTENT_CHECKSUM" };
  }
  return end;
}

/** The next place where blocks go on, or another frame starts. */
function* resync(
  window: SalvageWindow,
  from: number,
  info: Lz4FrameHeader,
  count: number,
): Asking<{ pos: number; leaves: boolean }> {
  const most = info.type === "legacy" ? LEGACY_WORD_MAX : info.blockMax;
  for (let pos = from; yield* window.reach(pos + WORD_SIZE); pos++) {
    window.drop(pos);
    const last = window.end - WORD_SIZE;
    // Nearly all positions are passed here, without asking.
    while (pos < last && window.word(pos) !== FRAME_MAGIC && !mayBeBlock(window.word(pos), most)) pos++;
    if (window.word(pos) === FRAME_MAGIC && (yield* headerAt(window, pos)) !== undefined) {
      return { pos, leaves: true };
    }
    if (yield* isConsistent(window, pos, info, count)) return { pos, leaves: false };
  }
  return { pos: window.end, leaves: true };
}

function mayBeBlock(word: number, most: number): boolean {
  return word % STORED_BIT <= most;
}
