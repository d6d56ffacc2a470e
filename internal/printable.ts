/**
 * Names from outside in messages and listings.
 *
 * @module
 */

/** Control characters, separators of lines, marks that turn the direction of text, and halves of characters. */
const ACTIVE = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]|\p{Surrogate}/gu;

/** Most names: nothing in them is active. */
const PLAIN = /^[ -~]*$/;

/**
 * A name without anything that a terminal acts on: control characters, and bytes that are no UTF-8, are written as
 * escapes such as `\x1b`.
 *
 * @example A name that would colour a terminal
 * ```ts
 * import { printable } from "@sluice/internal";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(printable("a\u001b[31mb"), "a\\x1b[31mb");
 * ```
 */
export function printable(name: string): string {
  if (PLAIN.test(name)) return name;
  return name.replace(ACTIVE, (character) => {
    const code = character.charCodeAt(0);
    if (code >= 0xdc80 && code <= 0xdcff) return `\\x${(code & 0xff).toString(16)}`;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16)}`;
  });
}
