/**
 * What `sluice zstd` loads before the first input: the content that both sides have.
 */
import { ZstdDictionary } from "@sluice/zstd/decode";
import { describeSystemError, EXIT, Failure } from "./_exit.ts";
import type { ZstdSettings } from "./_zstd_settings.ts";

/** What inputs are compressed or decompressed against; nothing unless asked for. */
export interface ZstdReference {
  readonly dictionary?: ZstdDictionary;
}

/** The largest dictionary file, in bytes. */
const DICTIONARY_SIZE_MAX = 32 << 20;

/** Loads the file of `-D`. */
export async function loadReference(settings: ZstdSettings): Promise<ZstdReference> {
  if (settings.dictionary === undefined) return {};
  return { dictionary: new ZstdDictionary(await readReference(settings.dictionary, DICTIONARY_SIZE_MAX)) };
}

/**
 * Reads a whole reference file.
 *
 * @throws {Failure} If it is missing, no file, or larger than `sizeMax`.
 */
async function readReference(path: string, sizeMax: number): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const info = await Deno.stat(path);
    if (!info.isFile) {
      throw new Failure(
        `zstd: error 32 : Dictionary ${path} must be a regular file. `,
        EXIT.dictionaryNoFile,
      );
    }
    if (info.size > sizeMax) {
      throw new Failure(
        `zstd: error 34 : Dictionary file ${path} is too large (> ${sizeMax} bytes) `,
        EXIT.dictionaryTooLarge,
      );
    }
    return await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(
      `zstd: error 31 : Stat failed on dictionary file ${path}: ${describeSystemError(error)} `,
      EXIT.dictionaryMissing,
    );
  }
}
