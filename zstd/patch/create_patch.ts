/**
 * Making patches from values that are whole in memory.
 *
 * @module
 */
import { concatBytes, toBytes } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { patchCodecOptions, patchPrelude } from "./_patch.ts";
import { compressZstdAsync } from "../codec/compress.ts";
import type { ZstdPatchCreateOptions } from "./patch_options.ts";

/**
 * Makes a patch that turns `base` into `target`: a zstd frame that refers to the base as if it came before, the same as the
 * reference tool makes with `--patch-from`. The work is done off the event loop; do not change either value meanwhile.
 * Memory is that of the level, plus 4 bytes of table for each 32 bytes of window where long-distance matching is on, and in
 * WASM a copy of the base.
 *
 * @throws {TypeError} If a value holds no bytes, or an option has the wrong type or is not known.
 * @throws {RangeError} If an option is out of range.
 *
 * @example Two versions of a file
 * ```ts
 * import { applyZstdPatch, createZstdPatch } from "@sluice/zstd/patch";
 * import { assert, assertEquals } from "@std/assert";
 *
 * const base = crypto.getRandomValues(new Uint8Array(50_000));
 * const target = new Uint8Array([...base.subarray(0, 20_000), 1, 2, 3, ...base.subarray(20_000)]);
 * const patch = await createZstdPatch(base, target);
 * assert(patch.length < 100);
 * assertEquals(await applyZstdPatch(base, patch), target);
 * ```
 */
export async function createZstdPatch(
  base: BytesSource,
  target: BytesSource,
  options: ZstdPatchCreateOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const prefix = toBytes(base);
  const bytes = toBytes(target);
  const frame = await compressZstdAsync(bytes, patchCodecOptions(prefix, bytes.length, options));
  return concatBytes([await patchPrelude(prefix, options), frame]);
}
