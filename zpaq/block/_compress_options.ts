/**
 * Turns compression options into a complete record: the one place of their defaults and checks.
 */
import type { BackendChoice } from "@sluice/ffi";
import { checkBoolean, checkInteger, checkKeys, checkLimit, memoryLimit } from "@sluice/internal";
import { checkCompilation } from "./_compilation.ts";
import { parseLevel, parseMethod } from "./_method.ts";
import type { ZpaqCompressOptions } from "./compress_options.ts";
import type { ZpaqProgramCompilation } from "./decompress_options.ts";

/** Options with every field present. */
export interface CompressSettings {
  readonly method: string;
  readonly blockSize: number;
  readonly filename: string;
  readonly comment: string;
  readonly checksum: boolean;
  readonly tag: boolean;
  /** 0 for no limit. */
  readonly maxMemory: number;
  readonly compilePrograms: ZpaqProgramCompilation;
  readonly backend: BackendChoice | undefined;
}

const BLOCK_BITS_DEFAULT = 4;
/** Room that zpaq leaves in a block of a power of two. */
const BLOCK_RESERVE = 4096;
const BLOCK_SIZE_MAX = 2 ** 31 - 1;

const KEYS: ReadonlySet<string> = new Set<keyof ZpaqCompressOptions>([
  "method",
  "blockSize",
  "filename",
  "comment",
  "contentChecksum",
  "tag",
  "maxMemory",
  "compilePrograms",
  "backend",
]);

/** The block size of a method in bytes. */
export function blockSizeOf(method: string, blockBitsDefault = BLOCK_BITS_DEFAULT): number {
  const level = parseLevel(method);
  const bits = level === undefined ? parseMethod(method).args[0]! : level.blockBits ?? blockBitsDefault;
  return 2 ** (20 + bits) - BLOCK_RESERVE;
}

function text(name: string, value: string): string {
  if (typeof value !== "string" || value.includes("\0")) {
    throw new TypeError(`Cannot use option "${name}": it is no string without zeros`);
  }
  return value;
}

/** Checks options and fills in defaults. */
export function resolveCompressOptions(options: ZpaqCompressOptions): CompressSettings {
  checkKeys(options, KEYS);
  const method = text("method", options.method ?? "1");
  if (parseLevel(method) === undefined) parseMethod(method);
  const maxMemory = checkLimit("maxMemory", options.maxMemory ?? Infinity);
  return {
    method,
    blockSize: checkInteger("blockSize", options.blockSize ?? blockSizeOf(method), 1, BLOCK_SIZE_MAX),
    filename: text("filename", options.filename ?? ""),
    comment: text("comment", options.comment ?? ""),
    checksum: checkBoolean("contentChecksum", options.contentChecksum ?? true),
    tag: checkBoolean("tag", options.tag ?? true),
    maxMemory: memoryLimit(maxMemory),
    compilePrograms: checkCompilation(options.compilePrograms ?? "auto"),
    backend: options.backend,
  };
}
