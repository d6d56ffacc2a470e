/**
 * Turns the options of seekable files into complete records: the one place of their defaults and checks.
 */
import { resolveBackend } from "../kernel/decoder.ts";
import { checkBoolean, checkChoice, checkInteger, checkKeys, processorCount } from "@sluice/internal";
import { resolveCompressOptions } from "../options/_compress_options.ts";
import type { CompressSettings } from "../options/_compress_options.ts";
import { FRAME_KEYS } from "../options/_decompress_options.ts";
import { cutByContent, cutBySize } from "./_content_cutter.ts";
import type { ContentCutter } from "./_content_cutter.ts";
import { SEEK_FRAME_SIZE_MAX } from "../frame/_format.ts";
import type { ZstdCompressOptions } from "../options/compress_options.ts";
import type { ZstdSeekableCompressOptions } from "./seekable_options.ts";

/** Options with every field present. */
export interface SeekableSettings {
  /** Options of each frame, for functions that take options. */
  readonly codecOptions: ZstdCompressOptions;
  /** The same, checked. */
  readonly codec: CompressSettings;
  readonly checksum: boolean;
  readonly threads: number;
  /** A cutter for one file: it keeps a state. */
  makeCutter(): ContentCutter;
}

const FRAME_SIZE_DEFAULT = 2 << 20;
const CONCURRENCY_MAX = 64;

/** Set for each frame, not by the caller. */
const FIXED: ReadonlySet<string> = new Set(["size", "format", "contentSize"]);

/** Settings of a seekable file. */
export function resolveSeekableOptions(options: ZstdSeekableCompressOptions): SeekableSettings {
  const { frameSize, frameSplit, contentChecksum, threads, ...given } = options;
  for (const key of Object.keys(given)) {
    if (FIXED.has(key)) {
      throw new TypeError(`Cannot use option "${key}": every frame of a seekable file has its own`);
    }
  }
  const checked = checkBoolean("contentChecksum", contentChecksum ?? true);
  const codecOptions = { ...given, contentChecksum: checked };
  const size = checkInteger("frameSize", frameSize ?? FRAME_SIZE_DEFAULT, 1, SEEK_FRAME_SIZE_MAX);
  const byContent = checkChoice("frameSplit", frameSplit ?? "size", ["size", "rsync"]) === "rsync";
  return {
    codecOptions,
    codec: resolveCompressOptions(codecOptions),
    checksum: checked,
    threads: checkInteger(
      "threads",
      threads ?? defaultConcurrency(given.backend),
      1,
      CONCURRENCY_MAX,
    ),
    makeCutter: () => byContent ? cutByContent(size, SEEK_FRAME_SIZE_MAX) : cutBySize(size),
  };
}

/** Frames that are worked on at the same time: WASM has one thread. */
export function defaultConcurrency(backend: ZstdCompressOptions["backend"]): number {
  return resolveBackend(backend) === "native" ? Math.min(processorCount(), CONCURRENCY_MAX) : 1;
}

/** How a seekable file is read. */
export interface SeekableReadSettings {
  readonly verifyChecksums: boolean;
  readonly cacheSize: number;
  readonly maxFrameSize: number;
  readonly maxTableSize: number;
}

const READ_KEYS: ReadonlySet<string> = new Set([
  "index",
  "verifyChecksums",
  "cacheSize",
  "maxFrameSize",
  "maxTableSize",
  ...FRAME_KEYS,
  "signal",
]);
const CACHE_SIZE_DEFAULT = 16 << 20;
const MAX_TABLE_SIZE_DEFAULT = 64 << 20;

/** Settings of a reader. */
export function resolveSeekableReadOptions(options: {
  readonly verifyChecksums?: boolean | undefined;
  readonly cacheSize?: number | undefined;
  readonly maxFrameSize?: number | undefined;
  readonly maxTableSize?: number | undefined;
}): SeekableReadSettings {
  checkKeys(options, READ_KEYS);
  return {
    verifyChecksums: checkBoolean("verifyChecksums", options.verifyChecksums ?? true),
    cacheSize: checkInteger("cacheSize", options.cacheSize ?? CACHE_SIZE_DEFAULT, 0, Number.MAX_SAFE_INTEGER),
    maxFrameSize: checkInteger(
      "maxFrameSize",
      options.maxFrameSize ?? SEEK_FRAME_SIZE_MAX,
      1,
      Number.MAX_SAFE_INTEGER,
    ),
    maxTableSize: checkInteger(
      "maxTableSize",
      options.maxTableSize ?? MAX_TABLE_SIZE_DEFAULT,
      1,
      Number.MAX_SAFE_INTEGER,
    ),
  };
}
