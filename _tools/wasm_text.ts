/**
 * Writes WebAssembly as the text that ffi/_wasm_text.ts reads.
 */
import { BYTES, CHARACTERS, SINGLES } from "../ffi/_wasm_text.ts";

/** The text of bytes. */
export function textOfWasm(bytes: Uint8Array): string {
  const texts: string[] = [];
  for (const [value, byte] of BYTES.entries()) {
    const pair = value - SINGLES;
    const values = pair < 0
      ? [value]
      : [SINGLES + Math.floor(pair / CHARACTERS.length), pair % CHARACTERS.length];
    texts[byte] = String.fromCharCode(...values.map((each) => CHARACTERS[each]!));
  }
  return Array.from(bytes, (byte) => texts[byte]).join("");
}
