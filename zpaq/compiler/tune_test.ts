import { assert, assertEquals, assertRejects } from "@std/assert";
import { SluiceError } from "@sluice/internal";
import { Random } from "../../tests/_data.ts";
import { assembleZpaq, compressZpaq, compressZpaqConfig, decompressZpaq } from "../mod.ts";
import { checkZpaqlPy, compileZpaqlPy, diffZpaqlPy, tuneZpaqlPy, zpaqlPyTemplate } from "./mod.ts";

const ORDER_2 = `hh = 0
hm = ph = pm = 0
n = len({0: "icm 14"})
pcomp_invocation = ""
last = 0
def hcomp(c):
  global last
  hH[0] = hash(hash(last), c)
  last = c
def pcomp(c):
  pass
`;

function table(rows: number): Uint8Array<ArrayBuffer> {
  const random = new Random(4);
  const products = ["widget", "gadget", "sprocket", "flange", "bolt"];
  const lines = Array.from({ length: rows }, (_, i) => {
    const [units, product] = [1 + random.below(20), random.below(5)];
    const date = `2024-${`${1 + i * 12 / rows | 0}`.padStart(2, "0")}-${
      `${1 + random.below(28)}`.padStart(2, "0")
    }`;
    return `${100000 + i},${date},${["north", "south", "east", "west"][random.below(4)]},${
      products[product]
    },${units},${(units * (product + 2) * 1.25).toFixed(2)}\n`;
  });
  return new TextEncoder().encode(`id,date,region,product,units,total\n${lines.join("")}`);
}

Deno.test("a tuned model is smaller than -m5 and than what it was made of, and archives come back", async () => {
  const data = table(1200);
  const sizes: number[] = [];
  const tuned = await tuneZpaqlPy(ORDER_2, [data], {
    seconds: 15,
    sampleSize: data.length,
    onProgress: ({ size }) => sizes.push(size),
  });
  assertEquals(sizes, sizes.toSorted((a, b) => b - a));
  assert(sizes.length > 2 && tuned.tried > sizes.length);
  assert(tuned.size < tuned.startSize * 0.6, `${tuned.size} of ${tuned.startSize}`);
  const { program, diagnostics } = compileZpaqlPy(tuned.source);
  assertEquals(diagnostics, []);
  const archive = compressZpaqConfig(program!, [{ body: data }]);
  assertEquals(decompressZpaq(archive), data);
  const best = compressZpaq(data, { method: "5" }).length;
  assert(archive.length < best * 0.98, `${archive.length}, -m5 makes ${best}`);
  assertEquals(diffZpaqlPy(tuned.source, "hcomp", [data.subarray(0, 3000)]), undefined);
  assert(tuned.source.startsWith(`# source, tuned: ${tuned.size} bytes of ${data.length}`));
});

Deno.test("tuning goes on from a model that was tuned, and stops when asked to", async () => {
  const data = table(150);
  const first = await tuneZpaqlPy(ORDER_2, [data], { seconds: 4, threads: 1 });
  const again = await tuneZpaqlPy(ORDER_2, [data], { seconds: 0, resume: first.source });
  assertEquals([again.size, again.startSize], [first.size, first.startSize]);
  const lines = (source: string): string => source.split("\n").slice(1).join("\n");
  assertEquals(lines(again.source), lines(first.source));
  const stopped = await tuneZpaqlPy(ORDER_2, [data], { signal: AbortSignal.abort() });
  assertEquals(stopped.size, stopped.startSize);
  const junk = [
    "x",
    '# tuned: {"contexts":1}',
    `# tuned: ${JSON.stringify({ components: [], contexts: [], mixers: [], corrected: false })}`,
  ];
  for (const resume of junk) {
    const error = await assertRejects(
      () => tuneZpaqlPy(ORDER_2, [data], { resume, seconds: 0 }),
      SluiceError,
    );
    assertEquals(error.code, "INVALID_SOURCE");
  }
});

Deno.test("names of the model do not get mixed up with those of what is added", async () => {
  const own = ORDER_2.replaceAll("last", "last4").replace("def pcomp", "field = 3\nspread = 1\ndef pcomp");
  const data = table(200);
  const { source, size, startSize } = await tuneZpaqlPy(own, [data], { seconds: 5 });
  assert(size < startSize);
  assertEquals(checkZpaqlPy(source), []);
  const { config } = compileZpaqlPy(source).program!;
  assertEquals(decompressZpaq(compressZpaqConfig(assembleZpaq(config), [{ body: data }])), data);
});

Deno.test("what can not be tuned is a typed error", async () => {
  const data = table(5);
  const { source } = await tuneZpaqlPy(ORDER_2, [table(100)], { seconds: 2 });
  const wrong = [
    ORDER_2.replace("def hcomp(c):", "def hcomp(c)"),
    ORDER_2.replace(/n = len.*/, "n = len({})"),
    source,
  ];
  for (const each of wrong) {
    const error = await assertRejects(
      () => tuneZpaqlPy(each, [data], { seconds: 0 }),
      SluiceError,
      "Cannot tune source",
    );
    assertEquals(error.code, "INVALID_SOURCE");
  }
});

Deno.test("a model that starts from the template is tuned in place, and Python's part stays", async () => {
  const source = zpaqlPyTemplate({ minimal: true }).replace(
    "def hcomp(c):\n  pass",
    "def hcomp(c):\n  hH[0] = c << 9",
  );
  const data = table(200);
  const { source: best, size, startSize } = await tuneZpaqlPy(source, [data], { seconds: 4 });
  assert(size < startSize);
  assert(best.startsWith("#!/usr/bin/env python3\n") && best.includes("_main(sys.argv[1:])"));
  const { program, diagnostics } = compileZpaqlPy(best);
  assertEquals(diagnostics, []);
  assertEquals(decompressZpaq(compressZpaqConfig(program!, [{ body: data }])), data);
  const empty = await tuneZpaqlPy(zpaqlPyTemplate({ minimal: true }), [data], { seconds: 3 });
  assert(empty.size < empty.startSize);
});
