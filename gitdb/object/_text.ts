/**
 * Text of objects and files of a repository.
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

/** Orders texts as their UTF-8 bytes, which is git's order; `<` compares UTF-16, where U+FFFD is above U+1F600. */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const [ours, theirs] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (ours === theirs) continue;
    return isSurrogate(ours) === isSurrogate(theirs) ? ours - theirs : isSurrogate(ours) ? 1 : -1;
  }
  return a.length - b.length;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}
