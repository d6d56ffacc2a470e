import { assertEquals } from "@std/assert";
import { checkZpaqlPy, compileZpaqlPy } from "./mod.ts";

const HEADER = `hh = hm = 0\nph = pm = 6\nn = len({})\npcomp_invocation = ""
def hcomp(c):
  pass
used = 2
def addr_alloc_pH(size):
  return used + size - size
def addr_free_pH(at):
  pH[at - 1] = 0
`;

function codes(source: string): [string, number, string][] {
  return checkZpaqlPy(source).map(({ code, line, severity }) => [code, line, severity]);
}

Deno.test("arrays that are cast, freed or measured as others are errors", () => {
  const body = (line: string): string =>
    `${HEADER}def pcomp(c):\n  r = alloc_pH(2)\n  ${line}\n  free_pH(r)\n`;
  assertEquals(codes(body("r[0] = c & 255")), []);
  for (const line of ["out(len_pM(r))", "out(array_pM(r)[1])", "x = array_pM(r)"]) {
    assertEquals(codes(body(line)).filter(([code]) => code === "ZPY0213"), [["ZPY0213", 14, "error"]], line);
  }
  assertEquals(codes(body("out(array_pH(r)[1])")), []);
});

Deno.test("arithmetic with arrays is a warning", () => {
  const body = (line: string): string =>
    `${HEADER}def pcomp(c):\n  r = alloc_pH(2)\n  r[0] = 1\n  ${line}\n  free_pH(r)\n`;
  assertEquals(codes(body("out((r + 1)[0])")).map(([code]) => code).includes("ZPY0304"), true);
  assertEquals(codes(body("out(r[0 + 1])")), []);
  assertEquals(compileZpaqlPy(body("s = r + 1\n  out(s[0])")).diagnostics.map(({ code }) => code), [
    "ZPY0304",
  ]);
});

Deno.test("what a program does not need is hinted at by check, and only there", () => {
  const source = `hh = hm = ph = pm = 0
n = len({0: "icm 5"})
pcomp_invocation = ""
def lonely(x):
  return x
def helper(x):
  y = x
  for i in range(0, 3):
    x += 1
    break
    x += 2
  return x
  x = 1
def hcomp(c):
  hH[0] = helper(c)
def pcomp(c):
  out(helper(c) & 255)
`;
  assertEquals(codes(source), [
    ["ZPY0305", 4, "hint"],
    ["ZPY0305", 7, "hint"],
    ["ZPY0305", 11, "hint"],
    ["ZPY0305", 13, "hint"],
  ]);
  assertEquals(compileZpaqlPy(source).diagnostics, []);
});
