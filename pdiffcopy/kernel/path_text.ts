/**
 * Names of files as text and as the bytes that the system knows them by. Bytes that are not UTF-8 become lone surrogates
 * from U+DC80 to U+DCFF, one each, and turn back into the same bytes.
 *
 * @module
 */

const ESCAPE = 0xdc00;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The bytes of a name.
 *
 * @throws {RangeError} If it has a surrogate that is no such byte.
 */
export function encodePath(text: string): Uint8Array<ArrayBuffer> {
  if (text.isWellFormed()) return encoder.encode(text);
  const bytes: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (code < 0xd800 || code > 0xdfff) bytes.push(...encoder.encode(character));
    else if (code >= ESCAPE + 0x80 && code <= ESCAPE + 0xff) bytes.push(code - ESCAPE);
    else throw new RangeError("Cannot use the name: it has a lone surrogate");
  }
  return new Uint8Array(bytes);
}

/** The text of a name. */
export function decodePath(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    // Escaped byte by byte below.
  }
  let text = "";
  for (let at = 0; at < bytes.length;) {
    const size = sequenceSize(bytes, at);
    text += size === 0
      ? String.fromCharCode(ESCAPE + bytes[at]!)
      : decoder.decode(bytes.subarray(at, at + size));
    at += size || 1;
  }
  return text;
}

/** The texts of names each of which a zero ends: one call of the decoder for all of them, where they are UTF-8. */
export function decodePaths(bytes: Uint8Array): string[] {
  try {
    const texts = decoder.decode(bytes).split("\0");
    texts.pop();
    return texts;
  } catch {
    // Decoded one by one below.
  }
  const texts: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(0, at);
    texts.push(decodePath(bytes.subarray(at, end)));
    at = end + 1;
  }
  return texts;
}

/** Bytes of the character at a position; 0 where there is none. */
function sequenceSize(bytes: Uint8Array, at: number): number {
  for (let size = 1; size <= 4 && at + size <= bytes.length; size++) {
    try {
      decoder.decode(bytes.subarray(at, at + size));
      return size;
    } catch {
      // A longer one may be one.
    }
  }
  return 0;
}
