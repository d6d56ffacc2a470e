/**
 * The property of all shapes: a form of seconds, and with SLUICE_LONG=1 all contents at all sizes: every cut with every
 * chunk size for small contents, in turns for large ones.
 */
import { assertEquals } from "@std/assert";
import { BACKENDS } from "./_backends.ts";
import { CODECS, runShapeProperty } from "./_shape_property.ts";
import type { PropertyScope } from "./_shape_property.ts";

const around = (size: number): number[] => [size - 1, size, size + 1];

const ONE = { fast: 1, slow: 1, "very slow": 1 };

const SHORT: PropertyScope = {
  sizes: [0, 1, 5000, 65_537],
  pieceSizes: [0, 7, 4096, 65_536],
  chunkSizes: [70, 4096, 65_536],
  sizeMax: { fast: 70_000, slow: 70_000, "very slow": 5000 },
  contents: ["zeros", "repeats at the end", "text"],
  fullSizeMax: -1,
  piecesMax: 3000,
  turns: ONE,
};

const LARGE: PropertyScope = {
  sizes: [131_073, (1 << 20) + 1],
  pieceSizes: [4096, 65_536],
  chunkSizes: [4096, 65_536],
  sizeMax: { fast: Infinity, slow: 140_000, "very slow": 0 },
  contents: ["zeros", "repeats at the end"],
  fullSizeMax: -1,
  piecesMax: 3000,
  turns: ONE,
};

const FULL: PropertyScope = {
  sizes: [0, 1, 2, 300, 5000, ...around(1 << 16), ...around(1 << 17), ...around(1 << 20), 3_000_000],
  pieceSizes: [0, 1, 7, 1000, 4096, 65_536],
  chunkSizes: [1, 70, 1000, 65_536, 1 << 20],
  sizeMax: { fast: Infinity, slow: 1_100_000, "very slow": 70_000 },
  fullSizeMax: 300,
  piecesMax: 1000,
  turns: { fast: 4, slow: 2, "very slow": 1 },
};

const scopes = Deno.env.get("SLUICE_LONG") === "1" ? { FULL } : { SHORT, LARGE };

for (const [table, scope] of Object.entries(scopes)) {
  for (const backend of BACKENDS) {
    Deno.test(`every content comes back through every shape on ${backend}, ${table.toLowerCase()} table`, async (t) => {
      let sum = 0;
      for (const name of Object.keys(CODECS)) {
        await t.step(name, async () => {
          const { cases, failures } = await runShapeProperty(name, backend, scope);
          assertEquals(failures.slice(0, 20), []);
          sum += cases;
        });
      }
      console.log(`shapes on ${backend}, ${table.toLowerCase()} table: ${sum} cases`);
    });
  }
}
