/**
 * Options that streams and iterables of every codec share.
 *
 * @module
 */
import { describe } from "./bytes.ts";
import { checkChoice, checkInteger } from "./options.ts";

/** Stream options with every field present. */
export interface StreamSettings {
  /** The most bytes of one output chunk. */
  readonly chunkSize: number;
  /** Ends the work. */
  readonly signal: AbortSignal | undefined;
  /** Whether codec calls run off the event loop. */
  readonly offload: "auto" | "always" | "never";
}

const CHUNK_SIZE_MAX = 1 << 30;
const OFFLOADS = ["auto", "always", "never"] as const;

/**
 * Takes the stream options out of an object that holds a codec's options as well.
 *
 * @throws {TypeError} If an option has the wrong type.
 * @throws {RangeError} If an option is out of range.
 *
 * @example The rest is the codec's
 * ```ts
 * import { splitStreamOptions } from "@sluice/internal";
 * import { assertEquals } from "@std/assert";
 *
 * const [codec, stream] = splitStreamOptions({ level: 3, chunkSize: 100 }, 65536);
 * assertEquals(codec, { level: 3 });
 * assertEquals(stream.chunkSize, 100);
 * ```
 */
export function splitStreamOptions<T extends object>(
  options: T & { [K in keyof StreamSettings]?: StreamSettings[K] | undefined },
  chunkSizeDefault: number,
): [Omit<T, keyof StreamSettings>, StreamSettings] {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`Cannot read options: the value is ${describe(options)}, expected an object`);
  }
  const { chunkSize, signal, offload, ...codec } = options;
  return [codec as Omit<T, keyof StreamSettings>, {
    chunkSize: checkInteger("chunkSize", chunkSize ?? chunkSizeDefault, 1, CHUNK_SIZE_MAX),
    signal: checkSignal(signal),
    offload: checkChoice("offload", offload ?? "auto", OFFLOADS),
  }];
}

/**
 * Checks an option that is an abort signal.
 *
 * @throws {TypeError} If it is something else.
 *
 * @example A controller is no signal
 * ```ts
 * import { checkSignal } from "@sluice/internal";
 * import { assertThrows } from "@std/assert";
 *
 * assertThrows(() => checkSignal(new AbortController()), TypeError, "AbortSignal");
 * ```
 */
export function checkSignal(value: unknown): AbortSignal | undefined {
  if (value === undefined || value instanceof AbortSignal) return value;
  throw new TypeError(`Cannot use option "signal": it is ${describe(value)}, expected an AbortSignal`);
}
