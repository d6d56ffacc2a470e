/**
 * Turns compression options into a complete record: the one place of their defaults and checks.
 */
import type { BackendChoice } from "@sluice/ffi";
import { LZ4_ENCODE_FLAG } from "../kernel/encoder.ts";
import {
  checkBoolean,
  checkChoice,
  checkInteger,
  checkKeys,
  checkLimit,
  memoryLimit,
  toBytes,
} from "@sluice/internal";
import { BLOCK_ID_MAX, BLOCK_ID_MIN, blockMaxOf, LEGACY_BLOCK_MAX } from "../frame/_format.ts";
import type { Lz4CompressOptions } from "./compress_options.ts";

/** Options with every field present. */
export interface CompressSettings {
  readonly level: number;
  /** Content bytes of a full block. */
  readonly blockBytes: number;
  /** The format's number of the block maximum. */
  readonly blockId: number;
  /** Bits of `LZ4_ENCODE_FLAG`. */
  readonly flags: number;
  readonly contentSize: number | undefined;
  readonly declareSize: boolean;
  readonly dictionary: Uint8Array | undefined;
  readonly dictId: number | undefined;
  readonly autoFlush: boolean;
  readonly threads: number;
  readonly frameSize: number;
  readonly maxMemory: number;
  readonly backend: BackendChoice | undefined;
  /** Whether a block takes a millisecond or longer. */
  readonly slow: boolean;
}

export const LEVEL_MIN = -65536;
export const LEVEL_MAX = 12;
const LEVEL_DEFAULT = 1;
const LEVEL_SLOW_MIN = 2;
const BLOCK_BYTES_MIN = 32;
const THREADS_MAX = 64;

const KEYS: ReadonlySet<string> = new Set<keyof Lz4CompressOptions>([
  "level",
  "blockSize",
  "linked",
  "contentChecksum",
  "blockChecksums",
  "contentSize",
  "dictionary",
  "dictId",
  "favorDecompressionSpeed",
  "autoFlush",
  "threads",
  "frameSize",
  "format",
  "maxMemory",
  "backend",
]);

const DEFAULTS = /* @__PURE__ */ resolve({});

/** The complete record for such options. */
export function resolveCompressOptions(options: Lz4CompressOptions | undefined): CompressSettings {
  if (options === undefined) return DEFAULTS;
  checkKeys(options, KEYS);
  return resolve(options);
}

function resolve(options: Lz4CompressOptions): CompressSettings {
  const legacy = checkChoice("format", options.format ?? "frame", ["frame", "legacy"]) === "legacy";
  const level = checkInteger("level", options.level ?? LEVEL_DEFAULT, LEVEL_MIN, LEVEL_MAX);
  const { blockBytes, blockId } = blockOf(options.blockSize ?? BLOCK_ID_MAX);
  const flag = (
    name: "linked" | "contentChecksum" | "blockChecksums" | "favorDecompressionSpeed",
    bit: number,
    preset: boolean,
  ) => checkBoolean(name, options[name] ?? preset) ? bit : 0;
  const flags = flag("linked", LZ4_ENCODE_FLAG.LINKED, false) |
    flag("contentChecksum", LZ4_ENCODE_FLAG.CONTENT_CHECKSUM, true) |
    flag("blockChecksums", LZ4_ENCODE_FLAG.BLOCK_CHECKSUM, false) |
    flag("favorDecompressionSpeed", LZ4_ENCODE_FLAG.FAVOR_DECOMPRESSION, false);
  if (legacy && (options.dictionary !== undefined || typeof options.contentSize === "number")) {
    throw new RangeError('Cannot use option "format": legacy frames have no dictionary and no content size');
  }
  const size = options.contentSize ?? "auto";
  const maxMemory = checkLimit("maxMemory", options.maxMemory ?? Infinity);
  return {
    level,
    blockBytes: legacy ? LEGACY_BLOCK_MAX : blockBytes,
    blockId,
    flags: legacy ? LZ4_ENCODE_FLAG.LEGACY : flags,
    contentSize: typeof size === "number"
      ? checkInteger("contentSize", size, 0, Number.MAX_SAFE_INTEGER)
      : undefined,
    declareSize: typeof size === "number" || checkChoice("contentSize", size, ["auto", "none"]) === "auto",
    dictionary: options.dictionary === undefined ? undefined : toBytes(options.dictionary),
    dictId: options.dictId === undefined ? undefined : checkInteger("dictId", options.dictId, 0, 0xffffffff),
    autoFlush: checkBoolean("autoFlush", options.autoFlush ?? false),
    threads: checkInteger("threads", options.threads ?? 1, 1, THREADS_MAX),
    frameSize: options.frameSize === undefined
      ? Infinity
      : checkInteger("frameSize", options.frameSize, 1, Number.MAX_SAFE_INTEGER),
    maxMemory: memoryLimit(maxMemory),
    backend: options.backend,
    slow: level >= LEVEL_SLOW_MIN,
  };
}

function blockOf(value: number): { blockBytes: number; blockId: number } {
  const blockBytes = Number.isInteger(value) && value >= BLOCK_ID_MIN && value <= BLOCK_ID_MAX
    ? blockMaxOf(value)
    : checkInteger("blockSize", value, BLOCK_BYTES_MIN, blockMaxOf(BLOCK_ID_MAX));
  return { blockBytes, blockId: blockIdFor(blockBytes) };
}

/** The format's number of the smallest block maximum that holds `size` bytes. */
export function blockIdFor(size: number): number {
  let id = BLOCK_ID_MIN;
  while (id < BLOCK_ID_MAX && blockMaxOf(id) < size) id++;
  return id;
}

/** The settings for a whole value: its size is declared, its blocks are no larger than it needs. */
export function settingsForWhole(settings: CompressSettings, size: number): CompressSettings {
  if ((settings.flags & LZ4_ENCODE_FLAG.LEGACY) !== 0) return settings;
  const single = size <= settings.blockBytes;
  const blockId = single ? blockIdFor(size) : settings.blockId;
  return {
    ...settings,
    blockId,
    blockBytes: single ? Math.min(settings.blockBytes, blockMaxOf(blockId)) : settings.blockBytes,
    flags: single ? settings.flags & ~LZ4_ENCODE_FLAG.LINKED : settings.flags,
    contentSize: settings.declareSize && settings.frameSize === Infinity
      ? settings.contentSize ?? size
      : undefined,
  };
}
