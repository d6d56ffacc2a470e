/**
 * Decompression of values that are wholly in memory, with contexts that are kept for the next call.
 */
import { Lz4DecoderKernel, resolveBackend } from "../kernel/decoder.ts";
import { checkTarget, IdlePool, readWhole, readWholeAsync } from "@sluice/internal";
import type { WholeOutputPlan } from "@sluice/internal";
import { DecoderCodec } from "./_decoder_codec.ts";
import type { DecompressSettings } from "./_decompress_options.ts";
import { outputBound } from "./_output_bound.ts";
import { limitFault } from "../frame/_fault.ts";

const POOL = new IdlePool<Lz4DecoderKernel>(4);
/** Contexts of larger values keep too much memory. */
const POOLED_VALUE_MAX = 1 << 20;
/** In WASM what a read returns lies in its memory first. */
const WASM_PIECE_SIZE = 4 << 20;

/** One allocation that holds the content, however often the codec is read. */
function planOf(bytes: Uint8Array, settings: DecompressSettings, backend: string): WholeOutputPlan {
  return {
    expected: outputBound(bytes, settings),
    limit: settings.maxOutputSize,
    pieceSize: backend === "native" ? Infinity : WASM_PIECE_SIZE,
  };
}

/** Decompresses a whole value into a fresh array. */
export function decompressWhole(bytes: Uint8Array, settings: DecompressSettings): Uint8Array<ArrayBuffer> {
  const pooled = settings.maxMemory === 0 && settings.threads === 1 && bytes.length <= POOLED_VALUE_MAX;
  const key = resolveBackend(settings.backend);
  const kernel = pooled
    ? POOL.acquire(key, () => new Lz4DecoderKernel(settings))
    : new Lz4DecoderKernel(settings);
  let clean = false;
  try {
    const codec = new DecoderCodec(settings, {}, kernel);
    codec.write(bytes);
    codec.end();
    const content = readWhole(codec, planOf(bytes, settings, key));
    clean = true;
    return content;
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
  checkTarget(target, bytes);
  const key = `${resolveBackend(settings.backend)} ${settings.threads}`;
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
  const codec = new DecoderCodec(settings, { offLoop: true });
  try {
    codec.write(bytes);
    codec.end();
    return await readWholeAsync(codec, planOf(bytes, settings, resolveBackend(settings.backend)));
  } finally {
    codec.close();
  }
}
