/**
 * Compression of values that are wholly in memory, with contexts that are kept for the next call.
 */
import { Lz4EncoderKernel, resolveBackend } from "../kernel/encoder.ts";
import { concatBytes, IdlePool, readInTurn } from "@sluice/internal";
import { settingsForWhole } from "./_compress_options.ts";
import type { CompressSettings } from "./_compress_options.ts";
import { EncoderCodec } from "./_encoder_codec.ts";
import { FRAME_HEADER_SIZE_MAX } from "../frame/_format.ts";
import { COMPRESS_CHUNK_SIZE_DEFAULT } from "./_stream_options.ts";

const FRAME_TAIL_SIZE = 8;
const BLOCK_OVERHEAD = 8;
/** Targets up to this are taken at once; larger outputs are collected in pieces. */
const WHOLE_TARGET_MAX = 64 << 20;
/** Contexts hold memory in proportion to their blocks; those of small values are kept. */
const POOLED_VALUE_MAX = 256 << 10;
const POOL = new IdlePool<Lz4EncoderKernel>(4);

/** What a value of so many bytes takes at most. */
export function boundOf(size: number, settings: CompressSettings): number {
  const frames = settings.frameSize === Infinity ? 1 : Math.ceil(size / settings.frameSize) + 1;
  const blocks = Math.ceil(size / settings.blockBytes) + frames;
  const expansion = Math.ceil(size / 255) + 16 * blocks;
  return size + blocks * BLOCK_OVERHEAD + frames * (FRAME_HEADER_SIZE_MAX + FRAME_TAIL_SIZE) + expansion;
}

/** A context for these settings, and whether it goes to the pool afterwards. */
function acquire(
  settings: CompressSettings,
  size: number,
): { kernel: Lz4EncoderKernel; key: string | undefined } {
  if (settings.dictionary !== undefined || settings.maxMemory > 0 || size > POOLED_VALUE_MAX) {
    return { kernel: new Lz4EncoderKernel(settings), key: undefined };
  }
  const key = `${
    resolveBackend(settings.backend)
  } ${settings.level} ${settings.blockBytes} ${settings.flags}`;
  return { kernel: POOL.acquire(key, () => new Lz4EncoderKernel(settings)), key };
}

/** Compresses a whole value into a fresh array. */
export function compressWhole(bytes: Uint8Array, given: CompressSettings): Uint8Array<ArrayBuffer> {
  const settings = settingsForWhole(given, bytes.length);
  const { kernel, key } = acquire(settings, bytes.length);
  let clean = false;
  try {
    const codec = new EncoderCodec(settings, "never", kernel);
    codec.write(bytes);
    codec.end();
    const target = new Uint8Array(Math.min(boundOf(bytes.length, settings), WHOLE_TARGET_MAX));
    const length = codec.read(target, 0);
    const parts = [length * 2 > target.length ? target.subarray(0, length) : target.slice(0, length)];
    while (!codec.done) {
      const next = new Uint8Array(WHOLE_TARGET_MAX);
      parts.push(next.subarray(0, codec.read(next, 0)));
    }
    clean = true;
    return concatBytes(parts);
  } finally {
    if (clean && key !== undefined) POOL.release(key, kernel);
    else kernel.close();
  }
}

/** As `compressWhole`, off the event loop natively. */
export async function compressWholeAsync(
  bytes: Uint8Array,
  given: CompressSettings,
): Promise<Uint8Array<ArrayBuffer>> {
  const codec = new EncoderCodec(settingsForWhole(given, bytes.length), "always");
  try {
    codec.write(bytes);
    codec.end();
    const parts: Uint8Array<ArrayBuffer>[] = [];
    const size = Math.max(COMPRESS_CHUNK_SIZE_DEFAULT, Math.min(bytes.length, 8 << 20));
    while (!codec.done) {
      const target = new Uint8Array(size);
      const length = await readInTurn(codec, target);
      parts.push(length * 2 > size ? target.subarray(0, length) : target.slice(0, length));
    }
    return concatBytes(parts);
  } finally {
    codec.close();
  }
}
