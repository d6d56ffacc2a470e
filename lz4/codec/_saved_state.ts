/**
 * Saves where a decoder stands, and goes on from there.
 */
import { SluiceError } from "@sluice/internal";
import { PHASE } from "./_decoder_state.ts";
import type { DecoderState } from "./_decoder_state.ts";
import { sameDictionary } from "./_dictionary_print.ts";
import type { FrameWalk } from "./_frame_walk.ts";
import { limitFault } from "../frame/_fault.ts";
import { HISTORY_MAX } from "../frame/_format.ts";
import type { Lz4FrameHeader } from "../frame/frame_header.ts";

const NO_BYTES = new Uint8Array();

const EMPTY_SKIPPABLE: Lz4FrameHeader = {
  type: "skippable",
  headerSize: 8,
  blockMax: 0,
  linked: false,
  blockChecksums: false,
  contentChecksum: false,
  contentSize: 0,
  dictId: undefined,
  skippableVariant: 0,
};

/**
 * Everything that decoding goes on from, at the last boundary.
 *
 * @throws {SluiceError} With code "NOT_READY" while part of a block waits for a target.
 */
export function saveState(walk: FrameWalk, embed: boolean): DecoderState {
  const { settings, kernel, input } = walk;
  if (kernel.pending > 0) {
    throw new SluiceError("Cannot make a checkpoint: part of a block waits to be read", {
      format: "lz4",
      code: "NOT_READY",
      offset: walk.bytesIn,
    });
  }
  const info = walk.info;
  const open = walk.inBlocks || walk.phase === PHASE.CONTENT_CHECKSUM;
  const hashed = open && info!.contentChecksum && settings.verifyChecksums;
  const linked = open && walk.phase === PHASE.BLOCK && info!.linked;
  return {
    phase: walk.storedLeft > 0 ? PHASE.STORED : walk.phase,
    info: open ? info : undefined,
    compressedOffset: walk.bytesIn,
    decompressedOffset: walk.bytesOut,
    frameIn: open ? walk.bytesIn - walk.frameStart : 0,
    frameOut: open ? walk.frameOut : 0,
    blockCount: open ? walk.blockCount : 0,
    remaining: walk.phase === PHASE.SKIPPABLE ? walk.skipLeft : walk.storedLeft,
    verify: settings.verifyChecksums,
    hash: hashed ? kernel.hashState : undefined,
    window: linked
      ? kernel.window(Math.min(HISTORY_MAX, walk.frameOut + walk.historyBase))
      : NO_BYTES as Uint8Array<ArrayBuffer>,
    dictionary: open ? walk.print : undefined,
    carry: embed ? input.held : new Uint8Array(),
  };
}

/** Puts a decoder where a state was made, all but its carry; the state has passed the checks of its format. */
export function loadState(walk: FrameWalk, state: DecoderState): void {
  const { settings, kernel } = walk;
  walk.phase = state.phase === PHASE.STORED ? PHASE.BLOCK : state.phase;
  walk.info = state.info;
  walk.bytesIn = state.compressedOffset;
  walk.bytesOut = state.decompressedOffset;
  walk.frameStart = state.compressedOffset - state.frameIn;
  walk.frameOut = state.frameOut;
  walk.blockCount = state.blockCount;
  walk.skipLeft = state.phase === PHASE.SKIPPABLE ? state.remaining : 0;
  walk.storedLeft = state.phase === PHASE.STORED ? state.remaining : 0;
  walk.framesRead = state.compressedOffset > 0 && state.info === undefined ? 1 : 0;
  walk.print = state.dictionary;
  walk.historyBase = state.dictionary?.size ?? 0;
  const { info } = state;
  if (walk.phase === PHASE.SKIPPABLE) walk.info = { ...EMPTY_SKIPPABLE, contentSize: state.remaining };
  if (info !== undefined) {
    if (info.blockMax > settings.maxBlockSize) {
      const limit = settings.maxBlockSize;
      throw limitFault(
        "BLOCK_LIMIT",
        state.compressedOffset,
        `the frame has blocks of ${info.blockMax} bytes`,
        limit,
        info.blockMax,
      );
    }
    walk.begin(info, info.linked ? state.window : sameDictionary(settings, state));
    if (state.hash !== undefined) kernel.hashState = state.hash;
    if (walk.storedLeft > 0) kernel.resumeStored(walk.storedLeft);
  }
}
