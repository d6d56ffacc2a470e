import { assertEquals, assertMatch } from "@std/assert";
import { wasmOfText } from "../ffi/_wasm_text.ts";
import { textOfWasm } from "./wasm_text.ts";

Deno.test("every byte comes back from the text that WASM is embedded as", () => {
  const bytes = Uint8Array.from({ length: 512 }, (_, i) => i ^ (i >> 8));
  const text = textOfWasm(bytes);
  assertMatch(text, /^[ !#-;=-[\]-~]+$/);
  assertEquals(wasmOfText(text), bytes);
  assertEquals(wasmOfText(""), new Uint8Array());
});
