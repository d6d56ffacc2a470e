/**
 * WebAssembly as a text of printable characters, the form in which modules hold it. The bytes that it is mostly made of
 * take one character, the others two, so that a compressed bundle takes about what the compressed bytes do: hexadecimal
 * digits take a seventh more, and base64, which moves bytes against one another, more than these.
 */

/** The codes of the characters: those that neither a string literal nor a page reads otherwise (no `"`, `\`, `<`). */
export const CHARACTERS: readonly number[] = range(0x20, 0x7e).filter((code) =>
  code !== 0x22 && code !== 0x5c && code !== 0x3c
);

/** So many bytes take one character. The characters that are left begin a pair. */
export const SINGLES = 90;

/** All bytes, the commonest in WebAssembly first: small numbers, arithmetic, the ends of longer numbers. */
export const BYTES: readonly number[] = [
  ...range(0, 65),
  ...range(106, 128),
  255,
  ...range(66, 105),
  ...range(129, 254),
];

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

/** The bytes that a text stands for, written over the codes of its characters: 4 ms for the largest module. */
export function wasmOfText(text: string): Uint8Array<ArrayBuffer> {
  const values = new Uint8Array(128);
  for (const [value, code] of CHARACTERS.entries()) values[code] = value;
  const table = Uint8Array.from(BYTES);
  const bytes = new TextEncoder().encode(text);
  let length = 0;
  for (let at = 0; at < bytes.length;) {
    let value = values[bytes[at++]!]!;
    if (value >= SINGLES) {
      value = SINGLES + (value - SINGLES) * CHARACTERS.length + values[bytes[at++]!]!;
    }
    bytes[length++] = table[value]!;
  }
  return bytes.subarray(0, length);
}
