/**
 * What `sluice zstd` loads before the first input: the content that both sides have.
 */
import type { ZstdDictionary } from "@sluice/zstd/decode";
import { describeSystemError, EXIT, Failure } from "../shared/exit.ts";
import type { Input } from "../shared/inputs.ts";
import { loaderBeside } from "../shared/load.ts";
import type { ZstdSettings } from "./settings.ts";

const load = loaderBeside(import.meta.url);

/** What inputs are compressed or decompressed against; nothing unless asked for. */
export interface ZstdReference {
  readonly dictionary?: ZstdDictionary;
  /** Content before the input: the base of a patch. */
  readonly prefix?: Uint8Array<ArrayBuffer>;
  /** The file that it was loaded from. */
  readonly info?: Deno.FileInfo;
}

/** The largest dictionary file, in bytes. */
const DICTIONARY_SIZE_MAX = 32 << 20;

/** The largest base of a patch, in bytes. */
const BASE_SIZE_MAX = 2 ** 31 - 1;

/**
 * Loads the file of `-D` or `--patch-from`.
 *
 * @throws {Failure} If the file can't serve, or both are given, or a patch is asked for of several inputs.
 */
export async function loadReference(settings: ZstdSettings, inputCount: number): Promise<ZstdReference> {
  const { patchBase } = settings;
  if (patchBase !== undefined) {
    if (settings.dictionary !== undefined) {
      throw new Failure("error : can't use -D and --patch-from=# at the same time ");
    }
    if (inputCount > 1) throw new Failure("error : can't use --patch-from=# on multiple files ");
    const { bytes, info } = await readReference(patchBase, BASE_SIZE_MAX);
    return { prefix: bytes, info };
  }
  if (settings.dictionary === undefined) return {};
  const { bytes, info } = await readReference(settings.dictionary, DICTIONARY_SIZE_MAX);
  const { dictionaryOf } = await load<typeof import("./dictionary.ts")>("./dictionary.ts");
  return { dictionary: dictionaryOf(bytes), info };
}

/**
 * Reads a whole reference file.
 *
 * @throws {Failure} If it is missing, no file, or larger than `sizeMax`.
 */
async function readReference(
  path: string,
  sizeMax: number,
): Promise<{ bytes: Uint8Array<ArrayBuffer>; info: Deno.FileInfo }> {
  try {
    const info = await Deno.stat(path);
    if (!info.isFile) {
      throw new Failure(
        `zstd: error 32 : Dictionary ${path} must be a regular file. `,
        EXIT.dictionaryNoFile,
      );
    }
    if (info.size > BASE_SIZE_MAX) {
      throw new Failure("zstd: error 42 : Can't handle files larger than 2 GB ", EXIT.patchSize);
    }
    if (info.size > sizeMax) {
      throw new Failure(
        `zstd: error 34 : Dictionary file ${path} is too large (> ${sizeMax} bytes) `,
        EXIT.dictionaryTooLarge,
      );
    }
    return { bytes: await Deno.readFile(path), info };
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(
      `zstd: error 31 : Stat failed on dictionary file ${path}: ${describeSystemError(error)} `,
      EXIT.dictionaryMissing,
    );
  }
}

/** Whether an input is the very file that was loaded. */
export function isReference({ info }: Input, reference: ZstdReference): boolean {
  return info !== undefined && info.ino !== null && info.ino === reference.info?.ino &&
    info.dev === reference.info.dev;
}
