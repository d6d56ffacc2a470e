/**
 * Applying patches to values that are whole in memory.
 *
 * @module
 */
import { toBytes, WHOLE_OUTPUT_SIZE_MAX } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { openPatch, PATCH_HEAD_SIZE } from "./_patch.ts";
import { decompressZstdAsync } from "../codec/decompress.ts";
import type { ZstdPatchApplyOptions } from "./patch_options.ts";

/**
 * Applies a patch of {@linkcode createZstdPatch} or of the reference tool. A wrong base is told by the hash that a patch may
 * carry, before anything is decoded, else by the checksum of the target, which is there unless it was turned off. The work
 * is done off the event loop; memory is that of the target and two copies of the base.
 *
 * @throws {DictionaryMismatchError} With code "DICTIONARY_HASH_MISMATCH" if the patch names another base.
 * @throws {ChecksumMismatchError} If the target is not what the patch was made of: the base is a wrong one.
 * @throws {CorruptDataError} If the patch is corrupt, or the base is another one: the data alone does not say which.
 * @throws {TruncatedDataError} If the patch ends early.
 * @throws {LimitExceededError} If the target has more than `maxOutputSize` bytes, or the window would be too large.
 *
 * @example A wrong base is told
 * ```ts
 * import { applyZstdPatch, createZstdPatch } from "@sluice/zstd/patch";
 * import { assertRejects } from "@std/assert";
 *
 * const base = new TextEncoder().encode("the first version");
 * const patch = await createZstdPatch(base, new TextEncoder().encode("the second version"), { embedBaseHash: true });
 * const error = await assertRejects(() => applyZstdPatch(new Uint8Array(17), patch), Error);
 * if ((error as Error & { code: string }).code !== "DICTIONARY_HASH_MISMATCH") throw error;
 * ```
 */
export async function applyZstdPatch(
  base: BytesSource,
  patch: BytesSource,
  options: ZstdPatchApplyOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const limited = { ...options, maxOutputSize: options.maxOutputSize ?? WHOLE_OUTPUT_SIZE_MAX };
  const bytes = toBytes(patch);
  const { preludeSize, codecOptions } = await openPatch(
    toBytes(base),
    bytes.subarray(0, PATCH_HEAD_SIZE),
    limited,
  );
  return await decompressZstdAsync(bytes.subarray(preludeSize), codecOptions);
}
