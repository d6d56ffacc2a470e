import { assert, assertEquals, assertThrows } from "@std/assert";
import { SluiceError } from "@sluice/internal";
import { text } from "../../tests/_data.ts";
import { assembleZpaq, compressZpaqConfig } from "../mod.ts";
import { compileZpaqlPy, drawZpaqlPyReport, formatZpaqlPyReport, reportZpaqlPy } from "./mod.ts";

const SOURCE = `hh = 3
hm = 3
ph = pm = 0
n = len({0: "cm 17 255 (order 1)", 1: "icm 12", 2: "isse 12 1", 3: "match 12 14", 4: "mix 9 0 4 24 255", 5: "mix2 0 3 4 24 0", 6: "const 128"})
pcomp_invocation = ""
pos = 0
def hcomp(c):
  global pos
  pos = (pos + 1) & 7
  hM[pos] = c
  hH[0] = c << 9
  hH[1] = hash(hash(c), hM[pos - 1 & 7])
  hH[2] = hash(hH[1], hM[pos - 2 & 7])
  hH[3] = hash(hH[2], hM[pos - 3 & 7])
  hH[4] = 0
def pcomp(c):
  pass
`;
const DATA = text(6000);

Deno.test("a report's sizes are those of archives with and without each component", () => {
  const report = reportZpaqlPy(SOURCE, [DATA.subarray(0, 2500), DATA.subarray(2500)]);
  const { program } = compileZpaqlPy(SOURCE);
  const sizeOf = (config: string): number => {
    const { header } = assembleZpaq(config);
    const options = { contentChecksum: false, tag: false };
    return compressZpaqConfig({ header, pcomp: undefined }, [{ body: DATA }], options).length - header.length;
  };
  const { config } = program!;
  assertEquals([report.bytes, report.compressed], [DATA.length, sizeOf(config)]);
  const others = [
    config.replace("0 cm 17 255 (order 1)", "0 const 128"),
    config.replace("1 icm 12", "1 const 128"),
    config.replace("2 isse 12 1", "2 avg 1 1 128"),
    config.replace("3 match 12 14", "3 const 128"),
    config.replace("4 mix 9 0 4 24 255", "4 avg 2 3 128"),
    config.replace("5 mix2 0 3 4 24 0", "5 avg 3 4 128"),
  ];
  for (const [i, other] of others.entries()) {
    assert(other !== config);
    assertEquals(report.components[i]!.saves, sizeOf(other) - report.compressed, `component ${i}`);
  }
  assertEquals(report.components[6]!.saves, 0);
  const coded = report.positions.reduce((sum, each) => sum + each, 0);
  assert(Math.abs(coded - report.compressed) < 40, `${coded} of ${report.compressed}`);
  // The last component guesses for the model: a constant of 128 says nothing, 1 bit for each.
  assert(Math.abs(report.components[6]!.alone - DATA.length) < 10);
});

Deno.test("a report tells which lines set contexts, how full tables are and what mixers learned", () => {
  const report = reportZpaqlPy(SOURCE, [DATA]);
  assertEquals(report.components.map(({ lines }) => lines), [[11], [12], [13], [14], [15], [], []]);
  assertEquals(report.lines.map(({ line }) => line), [11, 12, 13, 14, 15]);
  assert(report.instructionsPerByte > 10 && report.lines.every(({ instructions }) => instructions > 0));
  const [counters, rows, , entries, sets, pair, none] = report.components.map(({ table }) => table);
  // Contexts of order 1: each byte of the data and 0 before the first, times the nodes of its bits.
  assertEquals([counters!.unit, counters!.size, counters!.collisions], ["counters", 2 ** 17, 0]);
  const pairs = new Set<number>();
  DATA.forEach((byte, i) => pairs.add((DATA[i - 1] ?? 0) * 256 + byte));
  assert(counters!.used > pairs.size && counters!.used <= pairs.size * 8);
  assertEquals([rows!.unit, rows!.size], ["rows", 4 * 2 ** 12]);
  assert(rows!.used > pairs.size && rows!.collisions! >= 0);
  assertEquals([entries!.unit, entries!.size, entries!.collisions], ["entries", 2 ** 12, undefined]);
  assertEquals([sets!.unit, sets!.size], ["sets", 2 ** 9]);
  // Context 0 leaves the bits of the byte so far, those of the byte that says that there is no post-processor among them.
  const nodes = new Set<number>();
  for (const byte of [0, ...DATA]) for (let bit = 0; bit < 8; bit++) nodes.add((256 | byte) >> (8 - bit));
  assert(sets!.used > nodes.size / 2 && sets!.used <= nodes.size, `${sets!.used} of ${nodes.size}`);
  assertEquals([pair!.size, pair!.used, none], [1, 1, undefined]);
  const { mixer } = report.components[4]!;
  assertEquals([mixer!.mean.length, mixer!.sets.length], [4, Math.min(sets!.used, 64)]);
  assert(mixer!.mean.some((weight) => weight !== mixer!.mean[0]));
});

Deno.test("a table that is too small shows what it lost", () => {
  const small = SOURCE.replaceAll("icm 12", "icm 2").replace("cm 17 255", "cm 10 255");
  const report = reportZpaqlPy(small, [DATA]);
  assert(report.components[1]!.table!.collisions! > 100);
  assert(report.components[0]!.table!.collisions! > 5);
  assertEquals(report.components[1]!.table!.size, 16);
});

Deno.test("reports are text and a picture", () => {
  const report = reportZpaqlPy(SOURCE, [DATA]);
  const shown = formatZpaqlPyReport(report, SOURCE);
  for (
    const part of ["6000 bytes to ", "4 mix 9 0 4 24 255", "weights", "hH[0] = c << 9", "of 131072 counters"]
  ) {
    assert(shown.includes(part), part);
  }
  const picture = drawZpaqlPyReport(report);
  assertEquals(picture.match(/<rect /g)!.length, 7);
  assertEquals(picture.match(/<path /g)!.length, 1 + 4 + 2);
  assert(picture.endsWith("</svg>\n"));
});

Deno.test("what can not be reported on is a typed error, and no data is", () => {
  const empty = reportZpaqlPy(SOURCE, []);
  assertEquals([empty.bytes, empty.nanosecondsPerByte, empty.instructionsPerByte], [0, 0, 0]);
  formatZpaqlPyReport(empty, SOURCE);
  const wrong = [SOURCE.replace("def hcomp(c):", "def hcomp(c)"), SOURCE.replace(/n = len.*/, "n = len({})")];
  for (const source of wrong) {
    const error = assertThrows(() => reportZpaqlPy(source, [DATA]), SluiceError, "Cannot report on source");
    assertEquals(error.code, "INVALID_SOURCE");
  }
});
