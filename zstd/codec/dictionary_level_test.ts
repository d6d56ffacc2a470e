/**
 * The level with a dictionary: it decides about the frames of every shape, however the dictionary is attached.
 */
import { assert, assertEquals } from "@std/assert";
import {
  compressZstd,
  compressZstdBatch,
  compressZstdBatchAsync,
  decompressZstd,
  trainZstdDictionary,
  ZstdCompressor,
  ZstdDictionary,
} from "../mod.ts";
import { testBackends } from "../../tests/_backends.ts";
import { text } from "../../tests/_data.ts";
import { COMPRESS_SHAPES } from "../../tests/_zstd_shapes.ts";

const CONTENT = text(200_000, 3);
const SAMPLES = Array.from({ length: 300 }, (_, i) => text(600, i));
const DICTIONARIES = {
  trained: trainZstdDictionary(SAMPLES, { size: 8000 }),
  raw: new ZstdDictionary(text(30_000, 4), { type: "raw" }),
  large: new ZstdDictionary(text(150_000, 5), { type: "raw" }),
};
const LEVELS = [-50, 1, 3, 9, 19];

for (const [name, dictionary] of Object.entries(DICTIONARIES)) {
  for (const attachDictionary of ["auto", "attach", "copy", "load"] as const) {
    testBackends(`levels with a ${name} dictionary, attached by "${attachDictionary}"`, async () => {
      const sizes: number[] = [];
      for (const level of LEVELS) {
        const options = { level, dictionary, attachDictionary, size: CONTENT.length };
        const whole = compressZstd(CONTENT, options);
        sizes.push(whole.length);
        const { size: _, ...unsized } = options;
        for (
          const batch of [
            compressZstdBatch([CONTENT, CONTENT], { ...unsized, threads: 2 }),
            await compressZstdBatchAsync([CONTENT, CONTENT], { ...unsized, threads: 2 }),
          ]
        ) {
          assertEquals(
            [...batch].map((frame) => frame.length),
            [whole.length, whole.length],
            `level ${level}`,
          );
          assertEquals(batch.at(1), whole);
        }
        using compressor = new ZstdCompressor(unsized);
        assertEquals(compressor.compress(CONTENT), whole);
        for (const [shape, compress] of Object.entries(COMPRESS_SHAPES)) {
          const frame = await compress([CONTENT], options);
          assertEquals(decompressZstd(frame, { dictionary }), CONTENT);
          // Streams cut blocks elsewhere, which costs or saves little.
          const ratio = frame.length / whole.length;
          assert(
            ratio > 0.97 && ratio < 1.03,
            `${shape} at level ${level}: ${frame.length}, ${whole.length}`,
          );
        }
      }
      assert(sizes[0]! > sizes[1]! && sizes[1]! > sizes[3]! && sizes[2]! > sizes[4]!, sizes.join());
    });
  }
}
