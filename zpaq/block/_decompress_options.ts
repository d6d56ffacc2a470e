/**
 * Turns decompression options into a complete record: the one place of their defaults and checks.
 */
import type { BackendChoice } from "@sluice/ffi";
import { checkCompilation } from "./_compilation.ts";
import { checkBoolean, checkKeys, checkLimit } from "@sluice/internal";
import type { SluiceError } from "@sluice/internal";
import type { ZpaqDecompressOptions, ZpaqProgramCompilation } from "./decompress_options.ts";

/** Options with every field present. */
export interface DecompressSettings {
  readonly maxOutputSize: number;
  readonly maxMemory: number;
  readonly hcompBudget: number;
  readonly pcompBudget: number;
  readonly verifyChecksums: boolean;
  readonly onDamage: ((error: SluiceError) => void) | undefined;
  readonly onJunk: ZpaqDecompressOptions["onJunk"];
  readonly plain: boolean;
  readonly compilePrograms: ZpaqProgramCompilation;
  readonly backend: BackendChoice | undefined;
}

/** Where the buffers of push engines start. */
export const PUSH_CHUNK_SIZE = 64 << 10;
export const MEMORY_MAX_DEFAULT = 2 ** 30;
const HCOMP_BUDGET_DEFAULT = 2 ** 24;
const PCOMP_BUDGET_DEFAULT = 2 ** 30;
/** Output chunks of streams and iterables. */
export const STREAM_CHUNK_SIZE = 256 << 10;

const KEYS: ReadonlySet<string> = new Set<keyof ZpaqDecompressOptions>([
  "maxOutputSize",
  "maxMemory",
  "hcompBudget",
  "pcompBudget",
  "verifyChecksums",
  "onDamage",
  "onJunk",
  "plainPostprocessing",
  "compilePrograms",
  "backend",
]);

/** Checks options and fills in defaults. */
export function resolveDecompressOptions(
  options: ZpaqDecompressOptions,
  maxOutputSize = Infinity,
): DecompressSettings {
  checkKeys(options, KEYS);
  return {
    maxOutputSize: checkLimit("maxOutputSize", options.maxOutputSize ?? maxOutputSize),
    maxMemory: checkLimit("maxMemory", options.maxMemory ?? MEMORY_MAX_DEFAULT),
    hcompBudget: checkLimit("hcompBudget", options.hcompBudget ?? HCOMP_BUDGET_DEFAULT),
    pcompBudget: checkLimit("pcompBudget", options.pcompBudget ?? PCOMP_BUDGET_DEFAULT),
    verifyChecksums: checkBoolean("verifyChecksums", options.verifyChecksums ?? true),
    onDamage: options.onDamage,
    onJunk: options.onJunk,
    compilePrograms: checkCompilation(options.compilePrograms ?? "auto"),
    plain: checkBoolean("plainPostprocessing", options.plainPostprocessing ?? false),
    backend: options.backend,
  };
}
