/**
 * How often a call crosses into the native library.
 */
import { assertEquals } from "@std/assert";
import { BACKENDS } from "./_backends.ts";

Deno.test(
  "a message of 1 KiB takes one crossing when a context is used again",
  { ignore: !BACKENDS.includes("native") },
  async () => {
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", new URL("_count_crossings.ts", import.meta.url).pathname],
      stderr: "inherit",
    }).output();
    const lines = new TextDecoder().decode(stdout).trim().split("\n").map((line) => JSON.parse(line));
    assertEquals(lines, [
      ["sluice_zstd_compressor_compress"],
      ["sluice_zstd_compressor_compress"],
      ["sluice_zstd_decompressor_decompress"],
    ]);
  },
);
