import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { checkZpaqlPy, formatZpaqlPyDiagnostic, toZpaqlPyLspDiagnostic } from "./mod.ts";
import type { CheckZpaqlPyOptions } from "./mod.ts";

const BEGIN = "### BEGIN OF EDITABLE SECTION - anything";
const END = "### END OF EDITABLE SECTION";
const HEADER = 'hh = 2\nhm = ph = pm = 0\nn = len({0: "cm 19 22"})\npcomp_invocation = ""\n';

/** A file of three sections between Python that the compiler does not read. */
function file(shared: string, hcomp: string, pcomp = "def pcomp(c):\n  pass\n"): string {
  const runtime = 'import sys\nclass Runtime:\n  text = "### BEGIN OF EDITABLE SECTION"\n';
  return [runtime, BEGIN, shared, END, "print(f'{1!r}')", BEGIN, hcomp, END, BEGIN, pcomp, END, runtime].join(
    "\n",
  );
}

/** Codes with the text that each is about. */
function found(source: string, options: CheckZpaqlPyOptions = {}): string[] {
  // Hints have tests of their own.
  return checkZpaqlPy(source, options).filter(({ severity }) => severity !== "hint").map((
    { code, start, end },
  ) => `${code.slice(3)} ${source.slice(start, end).split("\n")[0]}`);
}

/** Findings in the body of hcomp. */
function inHcomp(body: string, options: CheckZpaqlPyOptions = {}): string[] {
  const indented = body.split("\n").map((line) => `  ${line}`).join("\n");
  return found(file(HEADER, `def hcomp(c):\n${indented}\n`), options);
}

Deno.test("checkZpaqlPy accepts programs of the language", () => {
  const hcomp = `last = 0
count = 0
def step(value, twice=1):
  '''a docstring'''
  global count
  count += value * twice
  while value > 0 and count < 10 or not value:
    value -= 1
    if value == 3: continue
    elif 0 < value <= 7: break
    else: value >>= 1
  else:
    count = 0x10 + 0b11 + 0o7 + 1_000
  return (count << 9) ^ ~value ** 2
def hcomp(c):
  global last
  hH[0] = step(c, twice=2) + step(last); hM[c & 255] += 1
  push_b(c)
  last = read_b() if c else peek_b()
  for i in range(0, n, 1):
    hH[i] = \\
      last
  return
`;
  assertEquals(found(file(HEADER, hcomp)), []);
  assertEquals(found(file(HEADER, hcomp), { strictSubset: true }), [
    "0130 =",
    "0130 twice",
    "0130 if",
    "0130 for",
  ]);
});

Deno.test("checkZpaqlPy names missing and open sections", () => {
  assertEquals(found(`${BEGIN}\n${HEADER}${END}\n`), ["0003 "]);
  assertEquals(found(`${BEGIN}\n${HEADER}\n`), ["0003 ", `0002 ${BEGIN}`]);
});

Deno.test("checkZpaqlPy checks the header data", () => {
  const body = "def hcomp(c):\n  hH[0] = c\n";
  const cases: [string, string[]][] = [
    [HEADER.replace("hh = 2\n", ""), ["0010 "]],
    [`${HEADER}hh = 3\n`, ["0011 hh"]],
    [HEADER.replace("hh = 2", "hh = c"), ["0012 c"]],
    [HEADER.replace("hh = 2", "hh = 33"), ["0013 33"]],
    [HEADER.replace("hh = 2", "hh = 1 << 2"), []],
    [HEADER.replace('{0: "cm 19 22"}', "3"), ["0014 len(3)"]],
    [HEADER.replace("0:", "1:"), ["0014 1"]],
    [HEADER.replace("cm 19 22", "cn 19 22"), ['0015 "cn 19 22"']],
    [HEADER.replace("cm 19 22", "cm 19"), ['0016 "cm 19"']],
    [HEADER.replace("cm 19 22", "cm 33 22"), ['0017 "cm 33 22"']],
    [HEADER.replace("cm 19 22", "isse 19 0"), ['0018 "isse 19 0"']],
    [HEADER.replace('""', '"a; b"'), ['0019 "a; b"']],
    [HEADER.replace('""', '"(a"'), ['0019 "(a"']],
  ];
  for (const [header, expected] of cases) {
    assertEquals(found(file(header, body)).filter((each) => !/^0200/.test(each)), expected, header);
  }
});

Deno.test("checkZpaqlPy names every construct that is not part of the language", () => {
  const cases: [string, string[]][] = [
    ["x = 5 ? 3", ["0100 ?", "0110 3"]],
    ["if c:\n    pass\n   pass", ["0102      "]],
    ['x = "abc', ['0104 "abc', '0122 "abc']],
    ["x = 4294967296", ["0105 4294967296"]],
    ["x = 1.5", ["0106 1.5"]],
    ["x = 2j", ["0107 2j"]],
    ["x = 08", ["0108 08"]],
    ["x = )", ["0109 )", "0110 )"]],
    ["x = 1 +", ["0110 "]],
    ["import os", ["0120 import"]],
    ["with c: pass", ["0120 with"]],
    ["x = lambda: 1", ["0120 lambda"]],
    ["for i in c: pass", ["0121 c"]],
    ["if c in c: pass", ["0121 in"]],
    ["x = [1, 2]", ["0122 ["]],
    ["x = {1: 2}", ["0122 {1: 2}"]],
    ["x = hH[1:2]", ["0122 :"]],
    ["x = c.d", ["0122 ."]],
    ["x = c @ c", ["0123 @"]],
    ["x = y + 1", ["0200 y"]],
    ["print(c)", ["0201 print"]],
    ["out()", ["0306 out", "0202 out()"]],
    ["x = c / 2", ["0203 /"]],
    ["x = c\nx /= 2", ["0203 /="]],
    ["n = 5\nhH = 3", ["0204 hH"]],
    ["out = 3", ["0204 out"]],
    ["c + 1 = 2", ["0204 c + 1"]],
    ["global zz\nzz2 = 1", ["0205 zz"]],
    ["nonlocal x", ["0206 nonlocal"]],
    ["break", ["0207 break"]],
    ["x = hcomp", ["0208 hcomp"]],
    ["x = x + 1", ["0209 x"]],
    ["pH[0] = c", ["0210 pH"]],
    ["x = len(c)", ["0211 c"]],
    ["x = alloc_hH(3)", ["0212 alloc_hH"]],
    ["if c: x = 1\nhH[0] = x", ["0300 x"]],
    ["c = 1\n'text'", ["0301 'text'"]],
    ["if c >= 0: pass", ["0302 >="]],
    ["if c is None: pass", ["0303 is"]],
    ["x = c >> 32", ["0307 32"]],
    ["x = c // 0", ["0307 0"]],
  ];
  const wrong = cases.filter(([body, expected]) =>
    JSON.stringify(inHcomp(body)) !== JSON.stringify(expected)
  );
  assertEquals(wrong.map(([body]) => [body, inHcomp(body)]), []);
});

Deno.test("checkZpaqlPy follows what has a value", () => {
  const good = [
    "while True:\n  x = c\n  if c: break\nhH[0] = x",
    "if c:\n  x = 1\nelse:\n  return\nhH[0] = x",
    "for i in range(3):\n  x = i\nelse:\n  x = 2\nhH[0] = x",
  ];
  for (const body of good) assertEquals(inHcomp(body), [], body);
  assertEquals(inHcomp("while c:\n  x = 1\nhH[0] = x"), ["0300 x"]);
  assertEquals(inHcomp("for i in range(c):\n  pass\nhH[0] = i"), ["0300 i"]);
});

Deno.test("checkZpaqlPy checks functions across the module", () => {
  const hcomp = (text: string): string[] => found(file(HEADER, `${text}\ndef hcomp(c):\n  f(c)\n`));
  assertEquals(hcomp("def f(a, b):\n  pass"), ["0202 f(c)"]);
  assertEquals(hcomp("def f(a):\n  pass\ndef f(a):\n  pass"), ["0208 f"]);
  assertEquals(hcomp("def f(a):\n  def g():\n    pass"), ["0206 g"]);
  assertEquals(hcomp("if n:\n  def f(a):\n    pass"), ["0208 f"]);
  assertEquals(hcomp("def f(a):\n  return read_b()\nx = f(1)"), ["0214 x = f(1)"]);
  assertEquals(hcomp("def g():\n  pH[0] = zzz\ndef f(a):\n  pass"), []);
  assertEquals(found(file(HEADER, "x = 1\n")), ["0020 "]);
  assertEquals(found(file(HEADER, "def hcomp(a, b):\n  a = b\n")), ["0020 hcomp"]);
});

Deno.test("checkZpaqlPy finds many faults in one run, with places for people and editors", () => {
  const source = file(HEADER, "def hcomp(c):\n\tx = (\n  c / y\n  z ==\n");
  assert(checkZpaqlPy(source).length >= 2);
  const many = inHcomp(Array.from({ length: 300 }, (_, i) => `v${i} = undefined_${i}`).join("\n"));
  assertEquals(many.length, 100);
  const wide = `${HEADER}def pcomp(c):\n  pass\ndef hcomp(c):\n  "𝛑𝛑"; x = c / 2\n`;
  const [slash] = checkZpaqlPy(wide);
  assertEquals([slash!.line, slash!.column], [8, 15]);
  assertEquals(toZpaqlPyLspDiagnostic(slash!, wide).range.start, { line: 7, character: 16 });
  const text = formatZpaqlPyDiagnostic(slash!, wide, "a.py");
  assertStringIncludes(text, 'a.py:8:15: error[ZPY0203]: "/" divides to a fraction in Python; use "//"');
  assertEquals(text.split("\n")[2]!.indexOf("^"), text.split("\n")[1]!.replaceAll("𝛑", "p").indexOf("/"));
  const [fix] = slash!.fixes;
  assertEquals(
    checkZpaqlPy(wide.slice(0, fix!.start) + fix!.text + wide.slice(fix!.end)).map(({ code }) => code),
    ["ZPY0305"],
  );
});

Deno.test("checkZpaqlPy gives exact lines and columns", () => {
  const cases: [string, string, number, number][] = [
    ["x = 5 ? 3", "0100", 15, 9],
    ["if c:\n    x = 1 /  2", "0203", 16, 13],
    ['y = c\nx = "abc"', "0122", 16, 7],
    ["x = (c +\n  4294967296)", "0105", 16, 5],
    ["x = c; import os", "0120", 15, 10],
    ["for i in c: pass", "0121", 15, 12],
    ["x = 1 + undefined_name", "0200", 15, 11],
    ["x = f(c)", "0201", 15, 7],
    ["peek_b(c)", "0202", 15, 3],
    ["if c: break", "0207", 15, 9],
    ["x = hM[y]", "0200", 15, 10],
    ["pM[c] = 1", "0210", 15, 3],
    ["x = c << 40", "0307", 15, 12],
  ];
  for (const [body, code, line, column] of cases) {
    const indented = body.split("\n").map((each) => `  ${each}`).join("\n");
    const found = checkZpaqlPy(file(HEADER, `def hcomp(c):\n${indented}\n`)).filter((each) =>
      each.code === `ZPY${code}`
    );
    assertEquals(found.map((each) => [each.line, each.column])[0], [line, column], body);
  }
});

Deno.test("checkZpaqlPy keeps constant tables apart from variables", () => {
  const inModule = (text: string, body: string): string[] =>
    found(file(HEADER, `${text}\ndef hcomp(c):\n  ${body}\n`));
  assertEquals(inModule("T = (1, 2)", "hH[0] = T[c & 1] + len(T)"), []);
  assertEquals(inModule("T = (1, 2)", "hH[0] = T"), ["0122 T"]);
  assertEquals(inModule("T = (1, 2)", "hH[0] = T[2]"), ["0307 2"]);
  assertEquals(inModule("T = (1, 2)\nT = 3", "hH[0] = c"), ["0204 T", "0204 T"]);
  assertEquals(inModule("T = (1, c)", "hH[0] = c").length > 0, true);
});

Deno.test("what can not be read is reported once, without what follows from it", () => {
  const entry = `${HEADER}def hcomp(c):\n  pass\n`;
  assertEquals(found(`${entry}def pcomp(c)\n  out(c)\n`).map((each) => each.slice(0, 4)), ["0110"]);
  const open = found(`${entry}def pcomp(c):\n  a = (c + 1\n  out(a)\n`).map((each) => each.slice(0, 4));
  assertEquals([open[0], open.includes("0020")], ["0109", false]);
  const list = checkZpaqlPy(`${entry}def pcomp(c):\n  a = [0]*10\n  out(a[0])\n`);
  assertEquals(list.map(({ code }) => code), ["ZPY0122"]);
  assertStringIncludes(list[0]!.hint!, "pM");
});
