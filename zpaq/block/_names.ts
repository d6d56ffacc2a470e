/**
 * File names of archives as strings, without loss: a byte that is not part of valid UTF-8 becomes the lone surrogate
 * U+DC80 to U+DCFF, which no valid UTF-8 contains.
 */

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();
const ESCAPE_FIRST = 0xdc80;
const ESCAPE_LAST = 0xdcff;
/** Bytes of the longest character. */
const CHARACTER_MAX = 4;
/** Short names without other letters take less time than asking the decoder. */
const SHORT_MAX = 64;

/** The name that these bytes spell. */
export function decodeName(bytes: Uint8Array): string {
  if (bytes.length <= SHORT_MAX && isAscii(bytes)) return String.fromCharCode.apply(null, bytes as never);
  const whole = decodeStrictly(bytes);
  if (whole !== undefined) return whole;
  let name = "";
  for (let at = 0; at < bytes.length;) {
    let size = CHARACTER_MAX;
    let character: string | undefined;
    while (size > 0 && character === undefined) {
      const decoded = decodeStrictly(bytes.subarray(at, at + size));
      // A shorter character that others follow is found by a shorter slice.
      if (decoded !== undefined && [...decoded].length === 1) character = decoded;
      else size--;
    }
    name += character ?? String.fromCharCode(0xdc00 + bytes[at]!);
    at += Math.max(1, size);
  }
  return name;
}

/**
 * The bytes of a name.
 *
 * @throws {TypeError} If the name has a lone surrogate that `decodeName` does not return.
 */
export function encodeName(name: string): Uint8Array<ArrayBuffer> {
  if (name.isWellFormed()) return encoder.encode(name);
  const bytes: number[] = [];
  for (const character of name) {
    const code = character.codePointAt(0)!;
    if (code >= ESCAPE_FIRST && code <= ESCAPE_LAST) bytes.push(code & 0xff);
    else if (character.isWellFormed()) bytes.push(...encoder.encode(character));
    else throw new TypeError(`Cannot archive ${JSON.stringify(name)}: the name has a lone surrogate`);
  }
  return Uint8Array.from(bytes);
}

function isAscii(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if (bytes[i]! >= 0x80) return false;
  return true;
}

function decodeStrictly(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}
