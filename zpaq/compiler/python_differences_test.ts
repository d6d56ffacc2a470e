/**
 * A program for each warning about what Python does otherwise: the finding, its fix, and the comment that silences it.
 */
import { assert, assertEquals } from "@std/assert";
import { checkZpaqlPy, diffZpaqlPy } from "./mod.ts";
import type { ZpaqlPyDiagnostic } from "./mod.ts";

const HEADER = 'hh = hm = 2\nph = pm = 3\nn = len({0: "cm 9 4"})\npcomp_invocation = ""\n';

interface Case {
  /** Functions before the two entry points. */
  readonly functions?: string;
  readonly hcomp?: string;
  readonly pcomp?: string;
  readonly code: string;
  /** The text that is marked. */
  readonly marked: string;
  /** What it is replaced by. */
  readonly fix?: string;
}

const CASES: readonly Case[] = [
  { pcomp: "out(c - 100 < 5)", code: "0308", marked: "c - 100", fix: "(c - 100 & 0xFFFFFFFF)" },
  { pcomp: "out(3 > -c)", code: "0308", marked: "-c", fix: "(-c & 0xFFFFFFFF)" },
  { pcomp: "x = c - 9\n  out(x < 5)", code: "0308", marked: "x", fix: "(x & 0xFFFFFFFF)" },
  {
    pcomp: "out(c * 16843009 * 3 >> 24)",
    code: "0308",
    marked: "c * 16843009 * 3",
    fix: "(c * 16843009 * 3 & 0xFFFFFFFF)",
  },
  { pcomp: "out(pH[0] * 773 // 9)", code: "0308", marked: "pH[0] * 773", fix: "(pH[0] * 773 & 0xFFFFFFFF)" },
  { pcomp: "out((c << 30) % 7)", code: "0308", marked: "(c << 30)", fix: "((c << 30) & 0xFFFFFFFF)" },
  { pcomp: "pH[-1] = c", code: "0307", marked: "-1", fix: "7" },
  { hcomp: "hH[9] = c", code: "0307", marked: "9", fix: "1" },
  { pcomp: "i = 8\n  out(pM[i])", code: "0307", marked: "i", fix: "0" },
  { pcomp: "pM[0] = 300", code: "0309", marked: "300", fix: "44" },
  { pcomp: "pH[0] = -2", code: "0309", marked: "-2", fix: "4294967294" },
  { functions: "def f(x):\n  out(x)\n", pcomp: "pH[0] = f(c)", code: "0310", marked: "f(c)" },
  { functions: "def f(x):\n  return f(x + 1)\n", pcomp: "out(f(c))", code: "0311", marked: "f" },
  {
    functions: "def f(x):\n  return g(x)\ndef g(x):\n  return f(x) + 1\n",
    pcomp: "out(f(c))",
    code: "0311",
    marked: "g",
  },
];

function sourceOf({ functions = "", hcomp = "pass", pcomp = "pass" }: Partial<Case>): string {
  return `${HEADER}${functions}def hcomp(c):\n  ${hcomp}\ndef pcomp(c):\n  ${pcomp}\n`;
}

function warningsOf(source: string): readonly ZpaqlPyDiagnostic[] {
  const found = checkZpaqlPy(source);
  assertEquals(found.filter(({ severity }) => severity === "error"), [], source);
  return found.filter(({ code }) => /03(?:07|08|09|10|11)/.test(code));
}

for (const each of CASES) {
  const name = each.pcomp ?? each.hcomp;
  Deno.test(`a warning for ${name}`, () => {
    const source = sourceOf(each);
    const finding = warningsOf(source).find((one) => source.slice(one.start, one.end) === each.marked);
    assertEquals([finding?.code, finding?.severity], [`ZPY${each.code}`, "warning"]);
    assert(finding!.hint !== undefined);
    const [fix] = finding!.fixes;
    assertEquals(fix?.text, each.fix);
    if (fix !== undefined) {
      const fixed = source.slice(0, fix.start) + fix.text + source.slice(fix.end);
      assertEquals(warningsOf(fixed), [], fixed);
    }
    const end = source.indexOf("\n", finding!.start);
    const silenced = `${source.slice(0, end)}  # wraps${source.slice(end)}`;
    assertEquals(warningsOf(silenced).filter(({ line }) => line === finding!.line), []);
  });
}

Deno.test("the fix of a comparison makes Python and compiled code agree", () => {
  const input = [new Uint8Array([103, 7, 99])];
  const source = sourceOf({ pcomp: "if c != NONE:\n    out(1 if c - 100 < 5 else 0)" });
  assert(diffZpaqlPy(source, "pcomp", input) !== undefined);
  const [fix] = warningsOf(source)[0]!.fixes;
  const fixed = source.slice(0, fix!.start) + fix!.text + source.slice(fix!.end);
  assertEquals(diffZpaqlPy(fixed, "pcomp", input), undefined);
});

Deno.test("programs that Python runs alike have no such warning", () => {
  const bodies = [
    "i = 10\n  while i > 0:\n    i -= 1\n    out(i)",
    "x = pH[0]\n  out(x + 1 >> 1)\n  out(x - 1 < 5)",
    "x = (pH[0] * 773 & 0xFFFFFFFF) >> 20\n  out(x)",
    "x = (c - 100) & 255\n  out(x < 5)\n  out(c * 255 >> 8)",
    "for i in range(0, 8):\n    pM[i] = c & 255\n  out(pM[7])",
    "pH[0] = -1 & 0xFFFFFFFF\n  pM[7] = 255",
    "f(c)\n  out(g(c))",
  ];
  const functions = "def f(x):\n  out(x)\ndef g(x):\n  if x > 9:\n    return g(x - 9)\n  return x\n";
  for (const pcomp of bodies) assertEquals(warningsOf(sourceOf({ functions, pcomp })), [], pcomp);
});
