/**
 * Decompression of whole values: one kernel call where the frames say how large their content is, else the pull codec.
 */
import { resolveBackend, RESULT, ZstdDecoderKernel } from "../kernel/decoder.ts";
import {
  afterwards,
  checkTarget,
  IdlePool,
  readWhole,
  readWholeAsync,
  releaseBuffer,
} from "@sluice/internal";
import type { WholeOutputPlan } from "@sluice/internal";
import { DecoderCodec } from "./_decoder_codec.ts";
import { releaseDecoderDictionary, useDecoderDictionary } from "../options/_decoder_dictionaries.ts";
import type { DecompressSettings } from "../options/_decompress_options.ts";
import { ParallelDecompression } from "./_parallel_decompression.ts";
import { FrameWalker, measureFrames } from "../frame/_frame_walker.ts";
import { CHUNK_SIZE_DEFAULT } from "../options/_stream_options.ts";

/** Contexts of the free functions; each holds about 100 KB. */
const POOL = new IdlePool<ZstdDecoderKernel>(4);
/** A WASM instance that had to grow past this is not kept. */
const KEPT_INSTANCE_SIZE_MAX = 32 << 20;
/** In WASM a call's input and output have to lie in its memory; larger values go through in pieces. */
const WASM_ONE_CALL_SIZE_MAX = 4 << 20;
/** What is decoded in one call natively. */
const NATIVE_PIECE_SIZE = 16 << 20;
/** Below this much output a call takes less time than a change of threads. */
const OFF_LOOP_OUTPUT_SIZE_MIN = 256 << 10;

/** Runs `use` with a context that is taken from the pool and given back, unless something failed. */
export function withDecoder<T>(settings: DecompressSettings, use: (kernel: ZstdDecoderKernel) => T): T {
  const key = `${resolveBackend(settings.backend)} ${settings.poolKey}`;
  const kernel = POOL.acquire(key, () => new ZstdDecoderKernel(settings));
  return afterwards(() => use(kernel), (failed) => {
    if (failed || settings.poolKey === undefined || kernel.instanceBytes > KEPT_INSTANCE_SIZE_MAX) {
      kernel.close();
    } else {
      kernel.useDictionary(undefined);
      POOL.release(key, kernel);
    }
    releaseDecoderDictionary(settings);
  });
}

/**
 * The size of all content when it can be decoded in one go: every frame declares a size that its blocks can hold,
 * windows and total are within limits, and nothing in the settings wants to see single frames.
 */
export function plannedSize(bytes: Uint8Array, settings: DecompressSettings): number | undefined {
  return planOf(bytes, settings, settings.maxOutputSize)?.size;
}

/** What can be decoded in one go within `sizeMax` bytes, and the dictionary id that decides how. */
function planOf(
  bytes: Uint8Array,
  settings: DecompressSettings,
  sizeMax: number,
): { size: number; dictId: number } | undefined {
  const { checkHeader, onSkippable, skipBytes, firstFrameOnly, magicless, dictionaries, lookupDictionary } =
    settings;
  if (checkHeader || onSkippable || skipBytes > 0 || firstFrameOnly || magicless) return undefined;
  const measure = measureFrames(bytes, settings.maxWindowSize);
  if (measure === undefined || measure.size > sizeMax) return undefined;
  const chosen = dictionaries.length > 0 || lookupDictionary !== undefined;
  // Frames with several dictionaries are decoded one by one.
  if (chosen && measure.dictId === undefined) return undefined;
  return { size: measure.size, dictId: chosen ? measure.dictId! : 0 };
}

/** Whether a size is worth one kernel call: in WASM both sides would have to lie in memory that never shrinks. */
function fitsOneCall(kernel: ZstdDecoderKernel, inputSize: number, outputSize: number): boolean {
  return kernel.backend === "native" || inputSize + outputSize <= WASM_ONE_CALL_SIZE_MAX;
}

/** Decompresses a whole value into a fresh array. */
export function decompressWhole(
  kernel: ZstdDecoderKernel,
  bytes: Uint8Array,
  settings: DecompressSettings,
): Uint8Array<ArrayBuffer> {
  const plan = planOf(bytes, settings, settings.maxOutputSize);
  if (plan !== undefined) {
    const target = new Uint8Array(plan.size);
    if (decompressPlanned(kernel, bytes, settings, target, plan.dictId)) return target;
  }
  const codec = new DecoderCodec(settings, "never", kernel);
  try {
    codec.write(bytes);
    codec.end();
    return readWhole(codec, unplanned(kernel, bytes, settings));
  } finally {
    codec.close();
  }
}

/** Decompresses a whole value into a target, whose size is the output limit; returns the size of the content. */
export function decompressWholeInto(
  kernel: ZstdDecoderKernel,
  bytes: Uint8Array,
  target: Uint8Array,
  settings: DecompressSettings,
): number {
  checkTarget(target, bytes);
  const maxOutputSize = Math.min(settings.maxOutputSize, target.length);
  const plan = planOf(bytes, settings, maxOutputSize);
  if (plan !== undefined) {
    const planned = target.subarray(0, plan.size);
    if (decompressPlanned(kernel, bytes, settings, planned, plan.dictId)) return plan.size;
  }
  const content = decompressWhole(kernel, bytes, { ...settings, maxOutputSize });
  target.set(content);
  return content.length;
}

/** Decodes content whose size is known into a target of that size; false when the frames lie. */
function decompressPlanned(
  kernel: ZstdDecoderKernel,
  bytes: Uint8Array,
  settings: DecompressSettings,
  target: Uint8Array,
  dictId: number,
): boolean {
  if (fitsOneCall(kernel, bytes.length, target.length)) {
    useDecoderDictionary(kernel, settings, dictId);
    return kernel.decompress(bytes, 0, bytes.length, target) === RESULT.OK &&
      kernel.produced === target.length;
  }
  const codec = new DecoderCodec(settings, "never", kernel);
  try {
    codec.write(bytes);
    let at = 0;
    while (at < target.length && !codec.needsInput) {
      const piece = target.subarray(at, at + CHUNK_SIZE_DEFAULT) as Uint8Array<ArrayBuffer>;
      at += codec.read(piece, 0);
    }
    codec.end();
    return at === target.length && codec.read(new Uint8Array(1), 0) === 0;
  } catch {
    return false; // decoded again without a plan, which words the fault for the user
  } finally {
    codec.close();
  }
}

/**
 * Where the frames of a value lie and where their contents go, for decoding them side by side: undefined unless there
 * are several. Skippable frames go with the frame before them.
 */
function frameSlab(bytes: Uint8Array): { offsets: Uint32Array; slots: Uint32Array } | undefined {
  const offsets = [0];
  const slots = [0];
  for (const frame of new FrameWalker().push(bytes)) {
    if (frame.type === "skippable") continue;
    if (slots.length > 1) offsets.push(frame.offset);
    slots.push(slots.at(-1)! + frame.contentSize!);
  }
  if (slots.length < 3) return undefined;
  return { offsets: Uint32Array.from([...offsets, bytes.length]), slots: Uint32Array.from(slots) };
}

/** As `decompressWhole`, off the event loop natively and in slices of a few milliseconds in WASM. */
export async function decompressWholeAsync(
  kernel: ZstdDecoderKernel,
  bytes: Uint8Array,
  settings: DecompressSettings,
  threads: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const native = kernel.backend === "native";
  const plan = planOf(bytes, settings, settings.maxOutputSize);
  const size = plan?.size;
  if (size !== undefined && size < OFF_LOOP_OUTPUT_SIZE_MIN) return decompressWhole(kernel, bytes, settings);
  if (size !== undefined && native) {
    const target = new Uint8Array(size);
    useDecoderDictionary(kernel, settings, plan!.dictId);
    const slab = threads > 1 ? frameSlab(bytes) : undefined;
    const result = slab === undefined
      ? await kernel.decompressAsync(bytes, 0, bytes.length, target)
      : await kernel.batchAsync({ source: bytes, target, ...slab }, threads);
    if (result === RESULT.OK && kernel.produced === size) return target;
  }
  if (plan === undefined && native && threads > 1 && ParallelDecompression.fits(settings)) {
    return await decompressFramesAside(bytes, settings, threads);
  }
  const codec = new DecoderCodec(settings, "always", kernel);
  try {
    codec.write(bytes);
    codec.end();
    return await readWholeAsync(codec, unplanned(kernel, bytes, settings));
  } finally {
    codec.close();
  }
}

/** Decodes the frames of a value side by side where they do not say how large their content is. */
async function decompressFramesAside(
  bytes: Uint8Array,
  settings: DecompressSettings,
  threads: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const options = { threads, chunkSize: NATIVE_PIECE_SIZE, reuseChunks: false, signal: undefined };
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for await (const chunk of new ParallelDecompression(bytes, settings, options).run()) chunks.push(chunk);
  const output = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    output.set(chunk, at);
    at += chunk.length;
    releaseBuffer(chunk); // content is never held twice
  }
  return output;
}

/** A first guess at the output of frames that do not declare it. */
function unplanned(
  kernel: ZstdDecoderKernel,
  bytes: Uint8Array,
  settings: DecompressSettings,
): WholeOutputPlan {
  return {
    expected: Math.max(bytes.length * 4, 1 << 10),
    limit: settings.maxOutputSize,
    pieceSize: kernel.backend === "native" ? NATIVE_PIECE_SIZE : CHUNK_SIZE_DEFAULT,
  };
}
