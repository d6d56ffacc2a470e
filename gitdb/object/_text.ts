/**
 * Text that is written into objects and files of a repository.
 */

/**
 * Text as UTF-8. An encoder writes half of a surrogate pair as U+FFFD, so that other text would be stored, and two names
 * could become one.
 *
 * @throws {RangeError} If the text has half of a surrogate pair.
 */
export function encodeText(text: string, action: string): Uint8Array<ArrayBuffer> {
  if (text.isWellFormed()) return new TextEncoder().encode(text);
  throw new RangeError(
    `Cannot ${action}: the text has half of a surrogate pair, expected what UTF-8 can hold`,
  );
}
