import { assert, assertEquals, assertThrows } from "@std/assert";
import { Random } from "../../tests/_data.ts";
import { SluiceError } from "@sluice/internal";
import { ZpaqMachine } from "../mod.ts";
import { compileZpaqlPy, runZpaqlPyHcomp, runZpaqlPyPcomp } from "./mod.ts";
import type { ZpaqlPyProgram } from "./mod.ts";

const END_OF_SEGMENT = 2 ** 32 - 1;
const HEADER = 'hh = hm = ph = pm = 8\nn = len({0: "cm 9 4", 1: "cm 9 4"})\npcomp_invocation = ""\n';

type Level = 0 | 1 | 2 | "s";

function compile(source: string, optimize: Level = 2): ZpaqlPyProgram {
  const { program, diagnostics } = compileZpaqlPy(source, { optimize });
  assert(program !== undefined, `${JSON.stringify(diagnostics, null, 1)}\n${source}`);
  return program;
}

/** What the compiled pcomp gives for segments. */
function runCompiled(
  source: string,
  segments: readonly Uint8Array[],
  optimize: Level = 2,
): { output: number[][]; steps: number } {
  const { pcomp, header } = compile(source, optimize);
  const machine = new ZpaqMachine(pcomp!, { h: header[4]!, m: header[5]!, budget: 2 ** 22 });
  const output = segments.map((segment) => {
    for (const byte of segment) machine.call(byte);
    machine.call(END_OF_SEGMENT);
    return machine.output.splice(0).map((byte) => byte & 255);
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

const LEVELS = [0, 1, 2, "s"] as const;

Deno.test("compileZpaqlPy keeps any number of variables", () => {
  for (const count of [0, 1, 255, 256, 1000]) {
    const names = Array.from({ length: count }, (_, i) => `v${i}`);
    const first = names.map((name, i) => `    ${name} = c * ${i} + ${i}\n`).join("");
    const then = names.map((name, i) => `    ${name} ^= ${names[(i * 7 + 3) % count]}\n`).join("");
    const last = names.map((name) => `    out(${name} & 255)\n`).join("");
    const locals =
      `${HEADER}def hcomp(c):\n  pass\ndef pcomp(c):\n  if c != NONE:\n    out(c)\n${first}${then}${last}`;
    const wanted = runZpaqlPyPcomp(locals, [Uint8Array.of(3, 200)]).map((bytes) => [...bytes]);
    const globals = `${names.map((name) => `${name} = 1\n`).join("")}def hcomp(c):`;
    const declared = count === 0 ? "def pcomp(c):\n" : `def pcomp(c):\n  global ${names.join(", ")}\n`;
    for (const optimize of count < 1000 ? LEVELS : [2] as const) {
      assertEquals(runCompiled(locals, [Uint8Array.of(3, 200)], optimize).output, wanted, `${count} locals`);
      const shared = locals.replace("def hcomp(c):", globals).replace("def pcomp(c):\n", declared);
      assertEquals(runCompiled(shared, [Uint8Array.of(3, 200)], optimize).output, wanted, `${count} globals`);
    }
  }
});

Deno.test("compileZpaqlPy gives functions that call themselves a stack, and others none", () => {
  const source = `${HEADER}def sum(d, x):
  if d == 0: return x
  y = sum(d - 1, x + 1)
  return y + d
def even(x):
  return 1 if x == 0 else odd(x - 1)
def odd(x):
  return 0 if x == 0 else even(x - 1)
def hcomp(c):
  hH[0] = c
def pcomp(c):
  if c != NONE:
    out(sum(c, 3)); out(even(c)); out(read_sum(3))
def read_sum(n):
  if n == 0: return 0
  byte = read_b()
  return (read_sum(n - 1) + byte * n) & 65535
`;
  for (const optimize of LEVELS) {
    const input = [Uint8Array.of(5, 1, 2, 3, 40, 4, 5, 6)];
    const wanted = runZpaqlPyPcomp(source, input).map((bytes) => [...bytes]);
    assertEquals(runCompiled(source, input, optimize).output, wanted);
    const { header } = compile(source, optimize);
    assertEquals([...header.subarray(2, 6)], [8, 8, 17, 8]);
  }
  const { pcomp, header } = compile(source);
  const machine = new ZpaqMachine(pcomp!, { h: header[4]!, m: header[5]!, budget: 2 ** 24 });
  const endless = compile(source.replace("if d == 0: return x", "if d == 99999999: return x"));
  const other = new ZpaqMachine(endless.pcomp!, { h: 17, m: 8, budget: 2 ** 24 });
  machine.call(200);
  const { code } = assertThrows(() => other.call(200), SluiceError);
  assertEquals(code, "BAD_OPCODE");
});

Deno.test("compileZpaqlPy lays constant tables after the arrays", () => {
  const rows = {
    bytes: [...Array.from({ length: 300 }, (_, i) => i * 7 & 255), ...new Array(40).fill(9), 128, 255],
    numbers: [1, 2, 3, 70000, 70001, 70003, 0, 0, 0, 0, 0, 0, 4294967295, 300, 300, 300, 300, 300, 300, 128],
  };
  const source = `${HEADER}${
    Object.entries(rows).map(([name, values]) => `${name} = (${values.join(", ")})\n`).join("")
  }TEXT = b"a\\x00\\xff\\n"
def hcomp(c):
  pass
def pcomp(c):
  if c != NONE:
    for i in range(len(bytes)): out(bytes[i])
    for i in range(len(numbers)): out(numbers[i]); out(numbers[i] >> 8); out(numbers[i] >> 16)
    for i in range(len(TEXT)): out(TEXT[i])
    out(TEXT[2]); out(len(TEXT)); pM[255] = c; out(pM[255])
`;
  const wanted = runZpaqlPyPcomp(source, [Uint8Array.of(5, 6)]).map((bytes) => [...bytes]);
  for (const optimize of LEVELS) {
    assertEquals(runCompiled(source, [Uint8Array.of(5, 6)], optimize).output, wanted, `level ${optimize}`);
  }
});

Deno.test("compileZpaqlPy never adds 128 at once, which old versions of libzpaq compile wrongly", () => {
  const { config } = compile(
    `${HEADER}T = (128, 256, 384, 70000, 70128)\ndef hcomp(c):\n  pass\ndef pcomp(c):\n  out(c + 128); out(T[c & 3] + 128); out(c * 65664 + 8388736)\n`,
  );
  assert(!/a\+= 128\b/.test(config), config);
});

Deno.test("compileZpaqlPy refuses what it can not compile", () => {
  const code = (body: string): (string | undefined)[] => {
    const { diagnostics, program } = compileZpaqlPy(`${HEADER}${body}\ndef pcomp(c):\n  pass\n`);
    assertEquals(program, undefined);
    return diagnostics.filter(({ severity }) => severity === "error").map((each) => each.code);
  };
  assertEquals(code("def hcomp(c):\n  for i in range(9, c, c): hH[0] = i"), ["ZPY0403"]);
  const long = Array.from({ length: 9000 }, (_, i) => `  hH[c + ${i}] = ${i} * c`).join("\n");
  assertEquals(code(`def hcomp(c):\n${long}`), ["ZPY0400"]);
});

Deno.test("a variable of a function hides the module's constant of its name, in ranges too", () => {
  const source = `${HEADER}K = 3
def hcomp(c):
  pass
def count(K):
  for i in range(K, K * 2):
    out(i)
def pcomp(c):
  if c == NONE:
    return
  K = c
  for i in range(K):
    out(i)
  count(c)
`;
  for (const optimize of [0, 1, 2, "s"] as const) {
    const expected = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3];
    assertEquals(runCompiled(source, [new Uint8Array([5, 2])], optimize).output, [expected], `${optimize}`);
  }
});

Deno.test("shifts by constants of any size give what Python gives, at every level", () => {
  const source = `${HEADER}def hcomp(c):
  pass
def pcomp(c):
  if c == NONE:
    return
  out(c << 8 >> 8)
  out(c << 300)
  out(c >> 257)
  out(c >> 32)
`;
  for (const optimize of [0, 1, 2, "s"] as const) {
    assertEquals(runCompiled(source, [new Uint8Array([5])], optimize).output, [[5, 0, 0, 0]], `${optimize}`);
  }
});

Deno.test("loops over constants are written out where that takes fewer instructions, and do what they did", () => {
  const bodies = [
    "for i in range(4):\n    x = hash(x, pM[i])\n    pM[i] = x & 255",
    "for i in range(6, 0, -2):\n    if pM[i] == c: break\n    x += pM[i - 1]\n  else:\n    x = 7",
    "for i in range(5):\n    if c == i: continue\n    x = x * 3 + i & 65535\n  out(i)",
    "i = 1\n  while i <= 4:\n    pM[i] = pM[i - 1] + i & 255\n    i += 1\n  out(i)",
    "i = 9\n  while i != 0:\n    i = i - 3\n    x ^= pM[i]\n  else:\n    out(i)",
    "i = 3\n  while i > 0:\n    i -= 1\n    for k in range(i, 3):\n      x = x + pM[k] & 255",
    "i = 2\n  while i < 5:\n    i += 1\n    if c == i: return\n    out(i)",
    "for i in range(3):\n    i += c\n    out(i)\n  out(i)",
    "for g in range(3):\n    twice(g)\n  out(g)",
    "for i in range(len(pM) // 64):\n    out(twice(i))",
  ];
  for (const body of bodies) {
    const source = `${HEADER}g = 1
def hcomp(c):
  pass
def twice(v):
  t = 0
  for j in range(v):
    t += 2
  return t
def pcomp(c):
  global g
  x = c & 255
  if c == NONE:
    return
  pM[c & 7] = c
  ${body}
  out(x)
  out(x >> 8)
`;
    const input = [new Uint8Array([5, 2, 0, 255, 3, 3, 4])];
    const expected = runZpaqlPyPcomp(source, input).map((bytes) => [...bytes]);
    const steps = ([0, 1, 2, "s"] as const).map((optimize) => {
      const { output, steps } = runCompiled(source, input, optimize);
      assertEquals(output, expected, `level ${optimize}\n${source}`);
      return steps;
    });
    assert(steps[2]! <= steps[1]!, `${steps}\n${source}`);
  }
});
