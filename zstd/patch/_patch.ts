/**
 * What patches are to the codec: frames with the base as prefix, in windows that reach over the whole target.
 */
import { resolveBackend } from "../kernel/decoder.ts";
import { checkBoolean, checkInteger, DictionaryMismatchError } from "@sluice/internal";
import { LEVEL_DEFAULT, LEVEL_MAX, LEVEL_MIN, PARAMETER, STRATEGIES } from "../options/_compress_options.ts";
import { BLOCK_SPLITTER_OFF, DCZ_HEADER_SIZE, makeHashHeader, matchingHeaderSize } from "../http/_dcz.ts";
import { FRAME_HEADER_SIZE_MAX, SKIPPABLE_HEADER_SIZE } from "../frame/_format.ts";
import { parseFrameHeader } from "../frame/_frame_parser.ts";
import { zstdEncoderBounds, zstdLevelParameters } from "../kernel/encoder_facts.ts";
import type { ZstdCompressOptions } from "../options/compress_options.ts";
import type { ZstdDecompressOptions } from "../options/decompress_options.ts";
import type { ZstdPatchApplyOptions, ZstdPatchCreateOptions } from "./patch_options.ts";
import { withWindowLimit } from "../options/_decompress_options.ts";

/** What must be seen of a patch before it is applied: the base's hash, if it is there, and the frame's header. */
export const PATCH_HEAD_SIZE = DCZ_HEADER_SIZE + FRAME_HEADER_SIZE_MAX;

const WINDOW_LOG_MIN = 10;
const WINDOW_LOG_SAFE = 27;
/** From this strategy on the chain table holds two entries a position, so it reaches half as far. */
const BTLAZY2 = STRATEGIES.indexOf("btlazy2") + 1;
const CHAIN_LOG = 1;
const STRATEGY = 6;

/**
 * Codec options for a target of this size. The window is the power of two above the target, as the reference tool has it, or
 * above the base if that is larger: the table of far matches is as large as the window, and has to hold all of the base.
 * Where the level's own tables don't reach over the window, long-distance matching goes before them. Blocks are not
 * split ahead of compression, since that is guessed from the target's bytes without the base: 2,557 bytes for a patch that
 * takes 322 without (two halves of 3 MB exchanged, level 3).
 */
export function patchCodecOptions(
  base: Uint8Array,
  targetSize: number,
  options: ZstdPatchCreateOptions,
): ZstdCompressOptions {
  const { embedBaseHash: _, ...codec } = options;
  const level = checkInteger("level", codec.level ?? LEVEL_DEFAULT, LEVEL_MIN, LEVEL_MAX);
  refuseOwn(options);
  const reach = Math.floor(Math.log2(Math.max(1, targetSize, base.length))) + 1;
  const { max } = zstdEncoderBounds(PARAMETER.windowLog, codec.backend)!;
  const windowLog = Math.min(max, Math.max(WINDOW_LOG_MIN, reach));
  const parameters = zstdLevelParameters(level, targetSize, base.length, codec.backend);
  const cycleLog = parameters[CHAIN_LOG]! - (parameters[STRATEGY]! >= BTLAZY2 ? 1 : 0);
  return {
    contentChecksum: true,
    windowLog,
    longDistance: reach > cycleLog ? true : "auto",
    blockSplitterLevel: BLOCK_SPLITTER_OFF,
    deterministicPrefix: true,
    ...codec,
    prefix: base,
  };
}

/** Refuses options of the codec that a patch sets itself. */
function refuseOwn(options: object): void {
  for (const name of ["prefix", "dictionary"]) {
    if (name in options) {
      throw new TypeError(`Cannot read options: "${name}" is not known, a patch has its base`);
    }
  }
}

/** What stands before a patch: the hash of the base, or nothing. */
export async function patchPrelude(
  base: Uint8Array,
  options: ZstdPatchCreateOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  if (!checkBoolean("embedBaseHash", options.embedBaseHash ?? false)) return new Uint8Array();
  return makeHashHeader(await sha256(base));
}

/** What is known of a patch by its first bytes. */
export interface PatchHead {
  /** Bytes before the first frame. */
  readonly preludeSize: number;
  /** Options for decoding what follows them. */
  readonly codecOptions: ZstdDecompressOptions;
}

/**
 * Looks at the first bytes of a patch.
 *
 * @throws {DictionaryMismatchError} With code "DICTIONARY_HASH_MISMATCH" if the patch names another base.
 */
export async function openPatch(
  base: Uint8Array,
  head: Uint8Array,
  options: ZstdPatchApplyOptions,
): Promise<PatchHead> {
  const hashed = head.length >= DCZ_HEADER_SIZE && matchingHeaderSize(head) === SKIPPABLE_HEADER_SIZE;
  const preludeSize = hashed ? DCZ_HEADER_SIZE : 0;
  if (hashed) {
    const actual = await sha256(base);
    if (actual.some((byte, i) => byte !== head[SKIPPABLE_HEADER_SIZE + i])) {
      throw new DictionaryMismatchError(
        "Cannot apply a patch: it was made for another base, whose SHA-256 is not the given one's",
        { format: "zstd", code: "DICTIONARY_HASH_MISMATCH", offset: SKIPPABLE_HEADER_SIZE },
      );
    }
  }
  const windowLog = windowLogFor(base.length, declaredSize(head, preludeSize), options);
  refuseOwn(options);
  return { preludeSize, codecOptions: { ...withWindowLimit(options, windowLog), prefix: base } };
}

/** The content size that the first frame declares; 0 when it does not. What is wrong with it is told when it is decoded. */
function declaredSize(head: Uint8Array, offset: number): number {
  try {
    const header = parseFrameHeader(head, offset, head.length - offset, false, offset);
    return typeof header === "number" ? 0 : header.contentSize ?? 0;
  } catch {
    return 0;
  }
}

/** A window may reach over the base and the target, but a size that is only declared counts up to a limit that is set. */
function windowLogFor(baseSize: number, targetSize: number, options: ZstdPatchApplyOptions): number {
  const { maxOutputSize = Infinity, backend } = options;
  const max = resolveBackend(backend) === "wasm" ? 30 : 31;
  const believed = maxOutputSize === Infinity ? 0 : Math.min(targetSize, maxOutputSize);
  const reach = Math.floor(Math.log2(Math.max(1, 2 * baseSize, believed))) + 1;
  return Math.min(max, Math.max(WINDOW_LOG_SAFE, reach));
}

async function sha256(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));
}
