/**
 * The property of all shapes: a form of seconds, and with SLUICE_LONG=1 every cut with every chunk size.
 */
import { assertEquals } from "@std/assert";
import { runShapeProperty } from "./_shape_property.ts";
import type { PropertyScope } from "./_shape_property.ts";

const around = (size: number): number[] => [size - 1, size, size + 1];

const SHORT: PropertyScope = {
  sizes: [0, 1, 5000, 65_537],
  pieceSizes: [0, 7, 4096, 65_536],
  chunkSizes: [70, 4096, 65_536],
  sizeMax: { fast: 70_000, slow: 70_000, "very slow": 5000 },
  contents: ["zeros", "repeats at the end", "text"],
  full: false,
};

const LARGE: PropertyScope = {
  sizes: [131_073, (1 << 20) + 1],
  pieceSizes: [4096, 65_536],
  chunkSizes: [4096, 65_536],
  sizeMax: { fast: Infinity, slow: 140_000, "very slow": 0 },
  contents: ["zeros", "repeats at the end"],
  full: false,
};

const FULL: PropertyScope = {
  sizes: [0, 1, 2, 300, ...around(1 << 16), ...around(1 << 17), ...around(1 << 20), 3_000_000],
  pieceSizes: [0, 1, 7, 1000, 4096, 65_536],
  chunkSizes: [1, 70, 1000, 65_536, 1 << 20],
  sizeMax: { fast: Infinity, slow: 1_100_000, "very slow": 70_000 },
  full: true,
};

const scopes = Deno.env.get("SLUICE_LONG") === "1" ? { FULL } : { SHORT, LARGE };

for (const [name, scope] of Object.entries(scopes)) {
  Deno.test(`every content comes back through every shape, ${name.toLowerCase()} table`, async () => {
    const { cases, failures } = await runShapeProperty(scope);
    console.log(`shapes, ${name.toLowerCase()} table: ${cases} cases, ${failures.length} failed`);
    assertEquals(failures.slice(0, 20), []);
  });
}
