import { assert, assertEquals } from "@std/assert";
import { Random } from "../../tests/_data.ts";
import { ZpaqMachine } from "../mod.ts";
import { compileZpaqlPy, runZpaqlPyHcomp, runZpaqlPyPcomp } from "./mod.ts";
import type { ZpaqlPyProgram } from "./mod.ts";

const END_OF_SEGMENT = 2 ** 32 - 1;
const HEADER = 'hh = hm = ph = pm = 8\nn = len({0: "cm 9 4", 1: "cm 9 4"})\npcomp_invocation = ""\n';

function compile(source: string): ZpaqlPyProgram {
  const { program, diagnostics } = compileZpaqlPy(source);
  assert(program !== undefined, `${JSON.stringify(diagnostics, null, 1)}\n${source}`);
  return program;
}

/** What the compiled pcomp gives for segments. */
function runCompiled(source: string, segments: readonly Uint8Array[]): { output: number[][]; steps: number } {
  const { pcomp } = compile(source);
  const machine = new ZpaqMachine(pcomp!, { h: 8, m: 8, budget: 2 ** 22 });
  const output = segments.map((segment) => {
    for (const byte of segment) machine.call(byte);
    machine.call(END_OF_SEGMENT);
    return machine.output.splice(0);
  });
  return { output, steps: machine.steps };
}

/** Compiled code and Python's rules must agree. */
function assertSame(source: string, segments: readonly Uint8Array[], message = source): void {
  const expected = runZpaqlPyPcomp(source, segments).map((bytes) => [...bytes]);
  assertEquals(runCompiled(source, segments).output, expected, message);
}

/** A pcomp that computes an expression of its input bytes and gives all four bytes of the result. */
function expressionProgram(expression: string): string {
  return `${HEADER}g = 5
calls = 0
def f(x):
  global g, calls
  calls += 1
  g = g + x
  return g * 3
def four(v):
  out(v); out(v >> 8); out(v >> 16); out(v >> 24)
def hcomp(c):
  pass
def pcomp(c):
  global g
  if c == NONE:
    four(calls)
    return
  x = c * 16843009
  y = read_b()
  z = y * 65793 + c
  four((${expression}) & 4294967295)
  four(g & 4294967295)
`;
}

Deno.test("compiled expressions give what Python gives", () => {
  const expressions = [
    "x + y",
    "x - y",
    "y - x",
    "x * z",
    "x // (y + 1)",
    "x % (z + 1)",
    "x & z | y ^ 3",
    "x << (y & 63)",
    "x >> (y & 63)",
    "x << 33 | 1",
    "y ** 3",
    "x ** (y & 15)",
    "2 ** (y & 31)",
    "0 ** 0",
    "(x ** 2) & 65535",
    "~x & 4294967295",
    "-x & 4294967295",
    "x < z",
    "x <= y",
    "x == y or z",
    "x and y and z",
    "not x",
    "not (x > y)",
    "x < y < z",
    "1 < x <= z != y",
    "g + f(1)",
    "f(1) + g",
    "f(f(2)) + g",
    "f(1) if x > z else f(2)",
    "x > 100 and f(3) > 2 or f(4)",
    "y + 128",
    "x + 305419896",
    "4294967295 - y",
    "x // 256 % 256",
    "(x if y else z) + (z if x else y)",
    "len(pH) + len(pM)",
  ];
  const input = Uint8Array.of(0, 0, 1, 0, 0, 1, 5, 7, 255, 255, 200, 31, 32, 32, 128, 3, 77, 40);
  for (const expression of expressions) assertSame(expressionProgram(expression), [input], expression);
});

Deno.test("compiled statements do what Python's do", () => {
  const bodies = [
    "i = 0\nwhile i < c:\n  i += 3\n  if i == 9: continue\n  if i > 40: break\n  out(i)\nelse:\n  out(255)",
    "for i in range(c):\n  if i == 4: break\n  out(i)\nelse:\n  out(99)\nout(7)",
    "for i in range(2, c, 3):\n  for j in range(i):\n    out(j)\n    if j > 2: break",
    "a, b = c, 3\na, b = b, a\nout(a); out(b)",
    "a = b = pM[3] = c\nout(a + b + pM[3])",
    "pH[c & 7] = c * 3\npH[2] += 5\npH[c & 3] *= pH[2] + 1\nfor i in range(8):\n  out(pH[i])",
    "pM[c & 7] = 0\npM[(c + 1) & 7] += c & 1\npM[c & 7] |= peek_b() & 15\nout(pM[c & 7]); out(read_b())",
    "push_b(c + 1)\nout(read_b())\nout(read_b())\nout(peek_b()); out(read_b())",
    "assert c < 256\nout(twice(twice(c)) & 255)",
    "out(sum3(1, c=c & 15, b=2))",
    "out(sum3(read_b() & 7, read_b() & 7))",
    "x = wrap(c)\nout(x & 255)",
    "r = array_pH(20)\nr[1] = c\nq = array_pM(30)\nq[2] = c & 127\nout(r[1] + q[2])\nt = r if c & 1 else q\nt[5] = 3\nout(t[5])",
  ];
  const functions = `def twice(x):
  return x * 2
def sum3(a, b=4, c=5):
  return a * 25 + b * 5 + c
def wrap(v):
  got = read_b()
  if got > 100 or v == 7:
    return inner(got) + inner(v)
  return got
def inner(v):
  return v + read_b()
`;
  const random = new Random(Random.seed(4));
  for (const body of bodies) {
    const indented = body.split("\n").map((line) => `    ${line}`).join("\n");
    const source =
      `${HEADER}${functions}def hcomp(c):\n  pass\ndef pcomp(c):\n  if c != NONE:\n${indented}\n`;
    // The end of a segment may come where a byte is waited for: it is a value like any other.
    assertSame(source, [random.bytes(60), new Uint8Array(), random.bytes(33)]);
  }
});

Deno.test("compiled hcomp gives the contexts that Python gives", () => {
  const source = `${HEADER}def mix(a, b):
  return (a * 773 + b) % 65536
last = mix(3, 4) + mix(n, hh) * 0
history = mix(0, 0)
def hcomp(c):
  global last, history
  history = (history << 8 | c) & 0xffffff
  hH[0] = mix(history, last) << 1
  hM[c] = (hM[c] + 1) & 255
  hH[1] = hM[c] if c > last else 0
  last = c
def pcomp(c):
  pass
`;
  const data = new Random(8).bytes(500);
  const { hcomp } = compile(source);
  const machine = new ZpaqMachine(hcomp, { h: 8, m: 8 });
  for (const { byte, contexts } of runZpaqlPyHcomp(source, data)) {
    machine.call(byte);
    assertEquals([...machine.h.subarray(0, 2)], [...contexts]);
  }
});

Deno.test("compiled jumps reach as far as they must", () => {
  for (const count of [10, 30, 60, 400]) {
    const lines = Array.from({ length: count }, (_, i) => `      out(c * ${i % 7} + ${i})`).join("\n");
    const source =
      `${HEADER}def hcomp(c):\n  pass\ndef pcomp(c):\n  if c != NONE:\n    while c > 3:\n${lines}\n      c >>= 2\n`;
    assertSame(source, [Uint8Array.of(1, 9, 200)], `${count} lines`);
  }
});

Deno.test("compileZpaqlPy refuses what it can not compile", () => {
  const code = (body: string): (string | undefined)[] => {
    const { diagnostics, program } = compileZpaqlPy(`${HEADER}${body}\ndef pcomp(c):\n  pass\n`);
    assertEquals(program, undefined);
    return diagnostics.filter(({ severity }) => severity === "error").map((each) => each.code);
  };
  assertEquals(code("def f(x):\n  return f(x - 1) if x else 0\ndef hcomp(c):\n  hH[0] = f(c)"), ["ZPY0405"]);
  assertEquals(code("def hcomp(c):\n  for i in range(9, c, 0 - 1): hH[0] = i"), ["ZPY0403"]);
  const many = Array.from({ length: 300 }, (_, i) => `v${i} = ${i}`).join("\n");
  assertEquals(code(`${many}\ndef hcomp(c):\n  hH[0] = c`), ["ZPY0401"]);
  const long = Array.from({ length: 9000 }, (_, i) => `  hH[c + ${i}] = ${i} * c`).join("\n");
  assertEquals(code(`def hcomp(c):\n${long}`), ["ZPY0400"]);
});
