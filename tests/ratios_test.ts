/**
 * Compressed sizes of fixed content by codec, level and options, against `ratios.csv`: a change of any size is a visible
 * diff. `UPDATE_RATIOS=1` writes the file anew.
 */
import { compressZstd } from "@sluice/zstd";
import type { ZstdCompressOptions } from "@sluice/zstd";
import { assertEquals } from "@std/assert";
import { CONTENT_KINDS } from "./_data.ts";

const FILE = new URL("ratios.csv", import.meta.url);
const SIZE = 300_000;
const ZSTD_OPTIONS: readonly ZstdCompressOptions[] = [
  ...[-5, 1, 2, 3, 5, 7, 9, 12, 15, 19, 22].map((level) => ({ level })),
  { level: 3, contentChecksum: true },
  { level: 3, longDistance: true },
  { level: 3, windowLog: 12 },
  { level: 9, targetBlockSize: 4000 },
];

Deno.test("compressed sizes are those of ratios.csv", async () => {
  const lines = ["codec,options,content,size"];
  for (const [kind, make] of Object.entries(CONTENT_KINDS)) {
    const content = make(SIZE);
    for (const options of ZSTD_OPTIONS) {
      const name = Object.entries(options).map(([key, value]) => `${key}=${value}`).join(" ");
      lines.push(`zstd,${name},${kind},${compressZstd(content, options).length}`);
    }
  }
  const text = `${lines.join("\n")}\n`;
  if (Deno.env.get("UPDATE_RATIOS") === "1") await Deno.writeTextFile(FILE, text);
  assertEquals(text, await Deno.readTextFile(FILE));
});
