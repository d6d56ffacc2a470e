import { assertEquals, assertThrows } from "@std/assert";
import { decodeName, encodeName } from "./_names.ts";

Deno.test("names of any bytes come back as the same bytes", () => {
  const names = ["plain", "grün/€/😀", "\ufeffmark", ""].map((name) => new TextEncoder().encode(name));
  names.push(
    Uint8Array.of(0x66, 0xff),
    Uint8Array.of(0x66, 0xfe),
    Uint8Array.of(0xc3, 0xa4, 0xe4, 0x62),
    Uint8Array.of(0xf0, 0x9f, 0x98),
    Uint8Array.of(0xed, 0xb2, 0x80), // a surrogate, which UTF-8 forbids
  );
  for (const bytes of names) assertEquals(encodeName(decodeName(bytes)), bytes);
  assertEquals(new Set(names.map(decodeName)).size, names.length);
});

Deno.test("a lone surrogate that spells no byte is refused", () => {
  assertThrows(() => encodeName("a\ud800"), TypeError);
  assertThrows(() => encodeName("a\udc00"), TypeError);
});
