/**
 * Compression of whole values: one kernel call each, with contexts kept for the free functions.
 */
import { resolveBackend, RESULT } from "../kernel/encoder.ts";
import type { ZstdEncoderKernel } from "../kernel/encoder.ts";
import {
  afterwards,
  checkTarget,
  concatBytes,
  countWork,
  IdlePool,
  isTurnDue,
  LimitExceededError,
  nextTurn,
} from "@sluice/internal";
import type { CompressSettings } from "../options/_compress_options.ts";
import { makeEncoderKernel, useEncoderDictionary } from "./_encoder_codec.ts";
import { BLOCK_SIZE_MAX } from "../frame/_format.ts";

/** Contexts of the free functions; each holds less than 20 MB. */
const POOL = new IdlePool<ZstdEncoderKernel>(2);
/** A WASM instance that had to grow past this is not kept. */
const KEPT_INSTANCE_SIZE_MAX = 64 << 20;
/** Results up to this size are written into a buffer that is kept and copied out: a copy costs less than a fresh bound. */
const SCRATCH_SIZE = 64 << 10;
/** In WASM a call's input and output have to lie in its memory; larger values go through in slices. */
const WASM_ONE_CALL_SIZE_MAX = 1 << 20;
/** Below this much input a call takes less time than a change of threads. */
const OFF_LOOP_INPUT_SIZE_MIN = 64 << 10;

let scratch: Uint8Array<ArrayBuffer> | undefined;

/** The most bytes that a frame of `size` content bytes can have (`ZSTD_COMPRESSBOUND` in zstd.h). */
export function compressBound(size: number): number {
  const margin = size < BLOCK_SIZE_MAX ? Math.floor((BLOCK_SIZE_MAX - size) / 2 ** 11) : 0;
  return size + Math.floor(size / 256) + margin;
}

/** Runs `use` with a context that is taken from the pool and given back, unless something failed. */
export function withEncoder<T>(settings: CompressSettings, use: (kernel: ZstdEncoderKernel) => T): T {
  const key = `${resolveBackend(settings.backend)} ${settings.poolKey}`;
  const kernel = POOL.acquire(key, () => makeEncoderKernel(settings));
  const run = (): T => {
    useEncoderDictionary(kernel, settings);
    return use(kernel);
  };
  return afterwards(run, (failed) => {
    if (failed || settings.poolKey === undefined || kernel.instanceBytes > KEPT_INSTANCE_SIZE_MAX) {
      kernel.close();
    } else {
      kernel.useDictionary(undefined);
      POOL.release(key, kernel);
    }
  });
}

function checkSize(bytes: Uint8Array, settings: CompressSettings): void {
  if (settings.size === undefined || settings.size === bytes.length) return;
  throw new RangeError(
    `Cannot use option "size": it is ${settings.size}, expected the input's ${bytes.length}`,
  );
}

/** Compresses a whole value into a fresh array. */
export function compressWhole(
  kernel: ZstdEncoderKernel,
  bytes: Uint8Array,
  settings: CompressSettings,
): Uint8Array<ArrayBuffer> {
  checkSize(bytes, settings);
  if (isSliced(kernel, bytes, settings)) return compressInSlices(kernel, bytes);
  const bound = compressBound(bytes.length);
  const target = bound <= SCRATCH_SIZE ? scratch ??= new Uint8Array(SCRATCH_SIZE) : new Uint8Array(bound);
  check(kernel, kernel.compress(bytes, target, 0));
  return target.slice(0, kernel.produced);
}

/** Compresses into the caller's target; returns the size of the frame. */
export function compressWholeInto(
  kernel: ZstdEncoderKernel,
  bytes: Uint8Array,
  target: Uint8Array,
  settings: CompressSettings,
): number {
  checkTarget(target, bytes);
  checkSize(bytes, settings);
  if (isSliced(kernel, bytes, settings)) {
    const frame = compressInSlices(kernel, bytes);
    if (frame.length > target.length) throw tooSmall(bytes, target);
    target.set(frame);
    return frame.length;
  }
  const result = kernel.compress(bytes, target, 0);
  if (result === RESULT.OUTPUT_TOO_SMALL) throw tooSmall(bytes, target);
  check(kernel, result);
  return kernel.produced;
}

function tooSmall(bytes: Uint8Array, target: Uint8Array): LimitExceededError {
  return new LimitExceededError(
    `Cannot compress ${bytes.length} bytes: the target of ${target.length} bytes has too little room`,
    { format: "zstd", code: "OUTPUT_TOO_SMALL", errno: 70, limit: target.length, unit: "bytes" },
  );
}

/** As `compressWhole`, off the event loop natively and in slices of a few milliseconds in WASM. */
export async function compressWholeAsync(
  kernel: ZstdEncoderKernel,
  bytes: Uint8Array,
  settings: CompressSettings,
): Promise<Uint8Array<ArrayBuffer>> {
  checkSize(bytes, settings);
  if (bytes.length < OFF_LOOP_INPUT_SIZE_MIN) return compressWhole(kernel, bytes, settings);
  if (isSliced(kernel, bytes, settings)) return await compressInSlicesAsync(kernel, bytes);
  const target = new Uint8Array(compressBound(bytes.length));
  check(kernel, await kernel.compressAsync(bytes, target));
  return target.slice(0, kernel.produced);
}

/** Compresses a value slice by slice to the bytes of one call; yields after each. */
function* slicesOf(
  kernel: ZstdEncoderKernel,
  bytes: Uint8Array,
): Generator<undefined, Uint8Array<ArrayBuffer>, undefined> {
  check(kernel, kernel.hold(bytes));
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  const target = scratch ??= new Uint8Array(SCRATCH_SIZE);
  for (let result: number = RESULT.OUTPUT_PENDING; result !== RESULT.FRAME_END;) {
    result = kernel.stepHeld(target);
    check(kernel, result);
    chunks.push(target.slice(0, kernel.produced));
    yield;
  }
  return concatBytes(chunks);
}

/** Whether a value goes through in slices: in WASM, unless it starts from other content. */
function isSliced(kernel: ZstdEncoderKernel, bytes: Uint8Array, settings: CompressSettings): boolean {
  return kernel.backend === "wasm" && bytes.length > WASM_ONE_CALL_SIZE_MAX &&
    settings.dictionary === undefined && settings.prefix.length === 0;
}

function compressInSlices(kernel: ZstdEncoderKernel, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const slices = slicesOf(kernel, bytes);
  while (true) {
    const { done, value } = slices.next();
    if (done === true) return value;
  }
}

async function compressInSlicesAsync(
  kernel: ZstdEncoderKernel,
  bytes: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const slices = slicesOf(kernel, bytes);
  while (true) {
    const started = performance.now();
    const { done, value } = slices.next();
    countWork(started);
    if (done === true) return value;
    if (isTurnDue()) await nextTurn();
  }
}

function check(kernel: ZstdEncoderKernel, result: number): void {
  if (result < 0) throw kernel.error(result, "compress to zstd");
}
