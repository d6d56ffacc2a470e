/**
 * What hosts of today have and older ones lack: the packages run on Node 20 as well.
 *
 * @module
 */

/**
 * The hexadecimal digits of bytes.
 *
 * @example Two bytes
 * ```ts
 * import { toHex } from "@sluice/internal";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(toHex(new Uint8Array([1, 255])), "01ff");
 * ```
 */
export function toHex(bytes: Uint8Array): string {
  if (typeof bytes.toHex === "function") return bytes.toHex();
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * The bytes of hexadecimal digits, of which there is an even number.
 *
 * @example Two bytes
 * ```ts
 * import { fromHex } from "@sluice/internal";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(fromHex("01ff"), new Uint8Array([1, 255]));
 * ```
 */
export function fromHex(digits: string): Uint8Array<ArrayBuffer> {
  if (typeof Uint8Array.fromHex === "function") return Uint8Array.fromHex(digits);
  const bytes = new Uint8Array(digits.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/**
 * Gives the memory of a buffer back at once, where the host can, instead of at the next collection.
 *
 * @example A buffer that is used up
 * ```ts
 * import { releaseBuffer } from "@sluice/internal";
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = new Uint8Array(1000);
 * releaseBuffer(bytes);
 * assertEquals(bytes.length, 0);
 * ```
 */
export function releaseBuffer(bytes: Uint8Array<ArrayBuffer>): void {
  bytes.buffer.transfer?.(0);
}

/**
 * How many threads run at the same time on this host; 1 where it does not say.
 *
 * @example At least one
 * ```ts
 * import { processorCount } from "@sluice/internal";
 * import { assert } from "@std/assert";
 *
 * assert(processorCount() >= 1);
 * ```
 */
export function processorCount(): number {
  return globalThis.navigator?.hardwareConcurrency ?? 1;
}

/**
 * The bytes of a base64 text.
 *
 * @throws {Error} If the text is no base64: a `SyntaxError` or a `DOMException`, as the runtime has it.
 *
 * @example Usage
 * ```ts
 * import { decodeBase64 } from "@sluice/internal";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(decodeBase64("AQI="), new Uint8Array([1, 2]));
 * ```
 */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  if (typeof Uint8Array.fromBase64 === "function") return Uint8Array.fromBase64(text);
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
