/**
 * Decompression of values that are wholly in memory, with contexts that are kept for the next call.
 */
import { Lz4DecoderKernel, resolveBackend } from "../kernel/decoder.ts";
import { concatBytes, IdlePool } from "@sluice/internal";
import { DecoderCodec } from "./_decoder_codec.ts";
import type { DecompressSettings } from "./_decompress_options.ts";
import { decompressParallel } from "./_decompress_parallel.ts";
import { limitFault } from "../frame/_fault.ts";
import { EXPANSION_MAX, FRAME_HEADER_SIZE_MAX, FRAME_MAGIC } from "../frame/_format.ts";
import { parseFrameHeader } from "../frame/_frame_parser.ts";
import { readU32 } from "@sluice/internal";

const POOL = new IdlePool<Lz4DecoderKernel>(4);
/** Contexts of larger values keep too much memory. */
const POOLED_VALUE_MAX = 1 << 20;
const PIECE_SIZE_MAX = 16 << 20;

/** The first target: what the first frame declares as far as its input can hold that, else a guess. */
function firstTargetSize(bytes: Uint8Array, settings: DecompressSettings): number {
  const guess = Math.min(Math.max(bytes.length * 4, 1 << 10), PIECE_SIZE_MAX);
  if (bytes.length < 4 || readU32(bytes, 0) !== FRAME_MAGIC) return guess;
  const info = parseFrameHeader(bytes, Math.min(bytes.length, FRAME_HEADER_SIZE_MAX), {
    offset: 0,
    ignoreChecksum: !settings.verifyChecksum,
    kafka: settings.kafkaHeaderChecksum,
  });
  if (typeof info === "number" || info.contentSize === undefined || info.contentSize === 0) return guess;
  if (info.contentSize > settings.maxOutputSize) return guess; // the codec refuses it
  if (info.contentSize > EXPANSION_MAX * bytes.length) return guess; // it is cut short or lies
  return info.contentSize;
}

/** Decompresses a whole value into a fresh array. */
export function decompressWhole(bytes: Uint8Array, settings: DecompressSettings): Uint8Array<ArrayBuffer> {
  const pooled = settings.maxMemory === 0 && bytes.length <= POOLED_VALUE_MAX;
  const key = resolveBackend(settings.backend);
  const kernel = pooled
    ? POOL.acquire(key, () => new Lz4DecoderKernel(settings))
    : new Lz4DecoderKernel(settings);
  let clean = false;
  try {
    const codec = new DecoderCodec(settings, {}, kernel);
    codec.write(bytes);
    codec.end();
    const parts: Uint8Array<ArrayBuffer>[] = [];
    let size = firstTargetSize(bytes, settings);
    while (!codec.done) {
      const target = new Uint8Array(size);
      const length = codec.read(target, 0);
      if (length > 0) parts.push(length * 2 > size ? target.subarray(0, length) : target.slice(0, length));
      // What is left is often just the end mark: a small target is enough to find out.
      size = length < size ? 1 << 10 : Math.min(Math.max(size, 1 << 16), PIECE_SIZE_MAX);
    }
    clean = true;
    return concatBytes(parts);
  } finally {
    if (clean && pooled) POOL.release(key, kernel);
    else kernel.close();
  }
}

/** Decompresses into a target that the caller brings; returns the size of the content. */
export function decompressWholeInto(
  bytes: Uint8Array,
  target: Uint8Array<ArrayBuffer>,
  settings: DecompressSettings,
): number {
  const key = resolveBackend(settings.backend);
  const kernel = POOL.acquire(key, () => new Lz4DecoderKernel(settings));
  let clean = false;
  try {
    const codec = new DecoderCodec(settings, {}, kernel);
    codec.write(bytes);
    codec.end();
    const length = codec.read(target, 0);
    const overflow = new Uint8Array(1);
    while (!codec.done) {
      if (codec.read(overflow, 0) === 0) continue;
      throw limitFault(
        "OUTPUT_TOO_SMALL",
        codec.bytesIn,
        "the content does not fit",
        target.length,
        undefined,
      );
    }
    clean = true;
    return length;
  } finally {
    if (clean) POOL.release(key, kernel);
    else kernel.close();
  }
}

/** As `decompressWhole`, off the event loop natively. */
export async function decompressWholeAsync(
  bytes: Uint8Array,
  settings: DecompressSettings,
): Promise<Uint8Array<ArrayBuffer>> {
  const together = settings.threads > 1 && resolveBackend(settings.backend) === "native"
    ? await decompressParallel(bytes, settings)
    : undefined;
  if (together !== undefined) return together;
  const codec = new DecoderCodec(settings, { offLoop: true });
  try {
    codec.write(bytes);
    codec.end();
    const parts: Uint8Array<ArrayBuffer>[] = [];
    let size = firstTargetSize(bytes, settings);
    while (!codec.done) {
      const target = new Uint8Array(size);
      const length = codec.offLoop ? await codec.readAsync(target, 0) : codec.read(target, 0);
      if (length > 0) parts.push(length * 2 > size ? target.subarray(0, length) : target.slice(0, length));
      size = length < size ? 1 << 10 : Math.min(Math.max(size, 1 << 16), PIECE_SIZE_MAX);
    }
    return concatBytes(parts);
  } finally {
    codec.close();
  }
}
