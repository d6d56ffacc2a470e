/**
 * The permission for the library's own path is all that the native backend needs. The test runner runs this file with
 * `--allow-ffi=<that path>` and nothing else.
 */
import { backendInfo } from "@sluice/ffi";
import { compressZstd, decompressZstd } from "@sluice/zstd";
import { assertEquals } from "@std/assert";

Deno.test("native is used with FFI permission for the library's path alone", () => {
  assertEquals(backendInfo().kind, "native");
  const data = new Uint8Array(100_000).fill(7);
  assertEquals(decompressZstd(compressZstd(data, { backend: "native" }), { backend: "native" }), data);
});
