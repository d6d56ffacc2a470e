/**
 * Turns stream options into a complete record: the one place of their defaults and checks.
 */
import { checkChoice, checkInteger, describe } from "@sluice/internal";
import type { Lz4StreamOptions } from "./stream_options.ts";

/** Stream options with every field present. */
export interface StreamSettings {
  readonly chunkSize: number;
  readonly signal: AbortSignal | undefined;
  readonly offload: "auto" | "always" | "never";
}

/** Output chunks of decompression: the largest block of a frame goes straight to its reader. */
export const DECOMPRESS_CHUNK_SIZE_DEFAULT = 4 << 20;
/** Output chunks of compression. */
export const COMPRESS_CHUNK_SIZE_DEFAULT = 256 << 10;
const CHUNK_SIZE_MAX = 1 << 30;

const KEYS: ReadonlySet<string> = new Set<keyof Lz4StreamOptions>(["chunkSize", "signal", "offload"]);

/** Takes the stream options out of an object that holds a codec's options as well. */
export function splitStreamOptions<T extends object>(
  options: T & Lz4StreamOptions,
  chunkSizeDefault: number,
): [T, StreamSettings] {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`Cannot read options: the value is ${describe(options)}, expected an object`);
  }
  const codec: Record<string, unknown> = {};
  const stream: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(options)) (KEYS.has(key) ? stream : codec)[key] = value;
  const { chunkSize, signal, offload } = stream as Lz4StreamOptions;
  return [codec as T, {
    chunkSize: checkInteger("chunkSize", chunkSize ?? chunkSizeDefault, 1, CHUNK_SIZE_MAX),
    signal,
    offload: checkChoice("offload", offload ?? "auto", ["auto", "always", "never"]),
  }];
}
