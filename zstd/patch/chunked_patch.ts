/**
 * Patches of any size in bounded memory.
 *
 * @module
 */
import {
  checkInteger,
  checkKeys,
  ChunkReader,
  concatBytes,
  CorruptDataError,
  DictionaryMismatchError,
  LimitExceededError,
  openByteSource,
  TruncatedDataError,
} from "@sluice/internal";
import type { ByteSource, ByteSourceLike, ChunkSource } from "@sluice/internal";
import { contentChecksum } from "../codec/_content_checksum.ts";
import { FrameWalker } from "../frame/_frame_walker.ts";
import { applyZstdPatch } from "./apply_patch.ts";
import { makeChunkHeader, parseChunkHeader } from "./_chunk_header.ts";
import { createZstdPatch } from "./create_patch.ts";
import type { ZstdPatchApplyOptions, ZstdPatchCreateOptions } from "./patch_options.ts";

/** How a chunked patch is made. */
export interface ZstdChunkedPatchOptions extends Pick<ZstdPatchCreateOptions, "level" | "backend"> {
  /** Bytes of the target in one part, 64 KiB to 256 MiB. @default {2 ** 24} */
  readonly chunkSize?: number | undefined;
  /** How far content may have moved, in bytes: so much of the base before and after a part is looked at. @default {2 ** 25} */
  readonly reach?: number | undefined;
  /** Bytes of the target, if they are known: parts then lie at the same share of the base. @default {as far as in the base} */
  readonly targetSize?: number | undefined;
  /** Gives up the work. */
  readonly signal?: AbortSignal | undefined;
}

/** How a chunked patch is applied. */
export interface ZstdChunkedPatchApplyOptions
  extends Pick<ZstdPatchApplyOptions, "backend" | "maxMemory" | "verifyChecksums"> {
  /** The most bytes of one part: of the patch, of the target, and of the base that it refers to. @default {2 ** 28} */
  readonly maxPartSize?: number | undefined;
  /** Gives up the work. */
  readonly signal?: AbortSignal | undefined;
}

const KEYS: ReadonlySet<string> = new Set<keyof ZstdChunkedPatchOptions>([
  "level",
  "backend",
  "chunkSize",
  "reach",
  "targetSize",
  "signal",
]);
const APPLY_KEYS: ReadonlySet<string> = new Set<keyof ZstdChunkedPatchApplyOptions>([
  "backend",
  "maxMemory",
  "verifyChecksums",
  "maxPartSize",
  "signal",
]);
const CHUNK_SIZE_DEFAULT = 16 << 20;
const CHUNK_SIZE_MIN = 64 << 10;
const PART_SIZE_MAX = 256 << 20;
const REACH_DEFAULT = 32 << 20;

/**
 * Makes a patch of parts, for bases and targets above the 2 GiB of ordinary patches and for targets that come through a
 * pipe. Each part is an ordinary patch against the part of the base around the same place; content that has moved further
 * than `reach` is stored anew. Held: one part of both, and what compressing it takes.
 *
 * The patch is a zstd stream whose skippable frames say which part of the base comes next; only
 * {@linkcode applyZstdChunkedPatch} reads it.
 *
 * @throws {TypeError} If an option has the wrong type or is not known.
 * @throws {RangeError} If an option is out of range.
 *
 * @example From one version to the next
 * ```ts
 * import { applyZstdChunkedPatch, createZstdChunkedPatch } from "@sluice/zstd/patch";
 * import { assert, assertEquals } from "@std/assert";
 *
 * const base = crypto.getRandomValues(new Uint8Array(60_000));
 * const target = base.with(30_000, 7);
 * const patch = await Array.fromAsync(createZstdChunkedPatch(base, [target]));
 * assert(patch.reduce((sum, { length }) => sum + length, 0) < 150);
 * const copy = await Array.fromAsync(applyZstdChunkedPatch(base, patch));
 * assertEquals(new Uint8Array(await new Blob(copy).arrayBuffer()), target);
 * ```
 */
export async function* createZstdChunkedPatch(
  base: ByteSourceLike,
  target: ChunkSource,
  options: ZstdChunkedPatchOptions = {},
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  checkKeys(options, KEYS);
  const { level, backend, targetSize, signal } = options;
  const chunkSize = checkInteger(
    "chunkSize",
    options.chunkSize ?? CHUNK_SIZE_DEFAULT,
    CHUNK_SIZE_MIN,
    PART_SIZE_MAX,
  );
  const reachMax = (PART_SIZE_MAX - chunkSize) / 2;
  const reach = checkInteger("reach", options.reach ?? Math.min(REACH_DEFAULT, reachMax), 0, reachMax);
  if (targetSize !== undefined) checkInteger("targetSize", targetSize, 1, Number.MAX_SAFE_INTEGER);
  const source = await openByteSource(base);
  let done = 0;
  for await (const part of partsOf(target, chunkSize, signal)) {
    const place = targetSize === undefined ? done : Math.floor(done / targetSize * source.size);
    const offset = Math.min(source.size, Math.max(0, place - reach));
    const length = Math.min(source.size - offset, place + part.length + reach - offset);
    const prefix = await source.read(offset, length, { signal });
    yield makeChunkHeader({ kind: "part", offset, length, checksum: contentChecksum(prefix, backend) });
    yield await createZstdPatch(prefix, part, { level, backend });
    done += part.length;
  }
  yield makeChunkHeader({ kind: "end", targetSize: done });
}

/** The target in parts of one size; the last one may be shorter. */
async function* partsOf(
  target: ChunkSource,
  size: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  const reader = new ChunkReader(target, signal);
  let part = new Uint8Array(size);
  let filled = 0;
  try {
    for (let chunk = await reader.next(); chunk !== undefined; chunk = await reader.next()) {
      for (let at = 0; at < chunk.length;) {
        const taken = chunk.subarray(at, at + size - filled);
        part.set(taken, filled);
        filled += taken.length;
        at += taken.length;
        if (filled < size) continue;
        yield part;
        part = new Uint8Array(size);
        filled = 0;
      }
    }
    if (filled > 0) yield part.subarray(0, filled);
  } finally {
    await reader.close();
  }
}

/**
 * Applies a patch that {@linkcode createZstdChunkedPatch} made: returns the target part by part. Each part of the base is
 * compared with what the patch was made for before anything is made of it.
 *
 * @throws {DictionaryMismatchError} With code "DICTIONARY_HASH_MISMATCH" if the base is another one.
 * @throws {CorruptDataError} If the patch is damaged, or is none.
 * @throws {TruncatedDataError} If it ends before its last part.
 * @throws {LimitExceededError} If a part is larger than `maxPartSize`.
 *
 * @example Another base
 * ```ts
 * import { applyZstdChunkedPatch, createZstdChunkedPatch } from "@sluice/zstd/patch";
 * import { assertRejects } from "@std/assert";
 *
 * const base = new TextEncoder().encode("the first version");
 * const patch = await Array.fromAsync(createZstdChunkedPatch(base, [base]));
 * const apply = () => Array.fromAsync(applyZstdChunkedPatch(new Uint8Array(17), patch));
 * await assertRejects(apply, Error, "another base");
 * ```
 */
export async function* applyZstdChunkedPatch(
  base: ByteSourceLike,
  patch: ChunkSource,
  options: ZstdChunkedPatchApplyOptions = {},
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  checkKeys(options, APPLY_KEYS);
  const { maxPartSize, signal, ...codecOptions } = options;
  const limit = checkInteger("maxPartSize", maxPartSize ?? PART_SIZE_MAX, 1, Number.MAX_SAFE_INTEGER);
  const source = await openByteSource(base);
  let prefix: Uint8Array | undefined;
  let done = 0;
  let end: number | undefined;
  for await (const { bytes, offset } of framesOf(patch, limit, signal)) {
    if (end !== undefined) throw fault("TRAILING_DATA", "bytes follow its end", offset);
    if (prefix !== undefined) {
      const part = await applyZstdPatch(prefix, bytes, { ...codecOptions, maxOutputSize: limit });
      prefix = undefined;
      done += part.length;
      yield part;
      continue;
    }
    const header = parseChunkHeader(bytes, offset);
    if (header.kind === "end") end = header.targetSize;
    else prefix = await readPart(source, header, offset, limit, options);
  }
  if (end === undefined) {
    throw new TruncatedDataError(`Cannot apply a chunked patch: it ends after ${done} bytes of the target`, {
      format: "zstd",
      code: "TRUNCATED",
    });
  }
  if (end !== done) throw fault("CORRUPT", `the target has ${done} bytes, expected ${end}`, undefined);
}

/** Reads the part of the base that a header names, and compares it. */
async function readPart(
  source: ByteSource,
  part: { readonly offset: number; readonly length: number; readonly checksum: number },
  at: number,
  limit: number,
  { backend, signal }: ZstdChunkedPatchApplyOptions,
): Promise<Uint8Array> {
  if (part.length > limit) throw tooLarge(part.length, limit, at);
  const isThere = part.offset + part.length <= source.size;
  const bytes = isThere ? await source.read(part.offset, part.length, { signal }) : undefined;
  if (bytes !== undefined && contentChecksum(bytes, backend) === part.checksum) return bytes;
  throw new DictionaryMismatchError(
    `Cannot apply a chunked patch at byte ${at}: it was made for another base, which differs ` +
      `in bytes ${part.offset} to ${part.offset + part.length}`,
    { format: "zstd", code: "DICTIONARY_HASH_MISMATCH", offset: at },
  );
}

/** The frames of a stream, each whole. */
async function* framesOf(
  patch: ChunkSource,
  limit: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<{ readonly bytes: Uint8Array; readonly offset: number }, void, undefined> {
  const reader = new ChunkReader(patch, signal);
  const walker = new FrameWalker();
  let held: Uint8Array<ArrayBuffer>[] = [];
  let heldSize = 0;
  let base = 0;
  try {
    for (let chunk = await reader.next(); chunk !== undefined; chunk = await reader.next()) {
      let start = 0;
      for (const { offset, compressedSize } of walker.push(chunk)) {
        const end = offset + compressedSize - base;
        yield { bytes: concatBytes([...held, chunk.slice(start, end)]), offset };
        held = [];
        heldSize = 0;
        start = end;
      }
      held.push(chunk.slice(start));
      heldSize += chunk.length - start;
      base += chunk.length;
      if (heldSize > limit) throw tooLarge(heldSize, limit, base - heldSize);
    }
    walker.finish();
  } finally {
    await reader.close();
  }
}

function fault(
  code: "TRAILING_DATA" | "CORRUPT",
  fact: string,
  offset: number | undefined,
): CorruptDataError {
  return new CorruptDataError(`Cannot apply a chunked patch: ${fact}`, { format: "zstd", code, offset });
}

function tooLarge(actual: number, limit: number, offset: number): LimitExceededError {
  return new LimitExceededError(
    `Cannot apply a chunked patch at byte ${offset}: a part has ${actual} bytes, expected at most ${limit} (raise "maxPartSize")`,
    { format: "zstd", code: "OUTPUT_LIMIT", offset, limit, actual, unit: "bytes" },
  );
}
