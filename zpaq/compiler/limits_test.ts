/**
 * Sources that are long or deep: they work, or a typed error names the place; compile time grows with the source.
 */
import process from "node:process";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { SluiceError } from "@sluice/internal";
import { checkZpaqlPy, compileZpaqlPy, diffZpaqlPy, runZpaqlPyPcomp } from "./mod.ts";

const HEADER = 'hh = hm = ph = pm = 2\nn = len({})\npcomp_invocation = ""\ndef hcomp(c):\n  pass\n';
const INPUT = new Uint8Array([65, 3]);

function lines(count: number, line: (i: number) => string): string {
  return Array.from({ length: count }, (_, i) => line(i)).join("");
}

function elifs(count: number): string {
  return `${HEADER}def pcomp(c):\n  x = (c * 7) & 4095\n  if x == 0:\n    out(1)\n` +
    lines(count - 1, (i) => `  elif x == ${i + 1}:\n    out(${(i + 1) & 255})\n`);
}

function chain(count: number): string {
  return HEADER +
    lines(count, (i) => `def f${i}(x):\n  return ${i + 1 < count ? `f${i + 1}(x + 1)` : "x"}\n`) +
    "def pcomp(c):\n  if c < 256:\n    out(f0(c))\n";
}

Deno.test("2,000 branches of one if compile and run at every level", () => {
  for (const optimize of [0, 1, 2, "s"] as const) {
    assertEquals(diffZpaqlPy(elifs(2000), "pcomp", [INPUT], { optimize }), undefined, `level ${optimize}`);
  }
});

Deno.test("chains of 1,200 and of 5,000 functions compile", () => {
  for (const count of [1200, 5000]) {
    for (const optimize of [1, 2, "s"] as const) {
      const { program, diagnostics } = compileZpaqlPy(chain(count), { optimize });
      assertEquals(diagnostics.filter(({ severity }) => severity === "error"), []);
      assert(program!.pcomp!.length < 65_000);
    }
  }
});

Deno.test("what is too long or too deep is an error with its place", () => {
  const sources: Readonly<Record<string, readonly [source: string, line: number]>> = {
    sum: [`${HEADER}def pcomp(c):\n  out(${Array(50_000).fill("c").join(" + ")})\n`, 7],
    branches: [elifs(4001), 10 + 2 * 3999],
    indexes: [`${HEADER}def pcomp(c):\n  out(c${"[0]".repeat(5000)})\n`, 7],
    parentheses: [`${HEADER}def pcomp(c):\n  out(${"(".repeat(20_000)}c${")".repeat(20_000)})\n`, 7],
  };
  for (const [name, [source, line]] of Object.entries(sources)) {
    const found = compileZpaqlPy(source).diagnostics.find(({ severity }) => severity === "error");
    assertEquals([found?.code, found?.line], ["ZPY0110", line], name);
    assertThrows(() => runZpaqlPyPcomp(source, [INPUT]), SluiceError, `line ${line}`);
  }
});

Deno.test("a function that calls itself without end fails where it runs, with its line", () => {
  const source = `${HEADER}def f(x):\n  return f(x + 1)\ndef pcomp(c):\n  out(f(c))\n`;
  const error = assertThrows(() => runZpaqlPyPcomp(source, [INPUT]), SluiceError, "line 7");
  assertEquals(error.code, "RUN_FAILED");
});

/** What machines that do other work at the same time take; it was 84, 37 and 72 s when loops in the compiler were square. */
const SECONDS_MAX = 20;

Deno.test("the shortest code of 4,000 lines is found in time that grows with them", () => {
  const secondsOf = (count: number): number => {
    const source = elifs(count);
    const start = performance.now();
    const { program } = compileZpaqlPy(source, { optimize: "s" });
    assert(program !== undefined);
    return (performance.now() - start) / 1000;
  };
  const [few, many] = [secondsOf(500), secondsOf(2000)];
  // It was 24 s for the latter: what is known was copied for every branch.
  assert(many < SECONDS_MAX && many < 12 * few + 1, `${few} s for 500 branches, ${many} s for 2,000`);
});

/** Sources by what there is much of. Of functions that are called twice, each has code of its own. */
const LARGE: Readonly<Record<string, (count: number) => string>> = {
  variables: (count) => {
    const names = Array.from({ length: count }, (_, i) => `g${i}`).join(", ");
    return `${HEADER}${lines(count, (i) => `g${i} = ${i}\n`)}def pcomp(c):\n  global ${names}\n` +
      lines(count, (i) => `  g${i} = (g${(i * 7 + 1) % count} + c) & 255\n`) + "  out(g5)\n";
  },
  functions: (count) =>
    `${HEADER}${lines(count, (i) => `def f${i}(x):\n  return x * 3 ^ ${i}\n`)}def pcomp(c):\n  x = c\n` +
    lines(count, (i) => `  x = f${i}(x) & 255\n`) + "  out(x)\n",
  elements: (count) =>
    `${HEADER}T = (${lines(count, (i) => `${i * 37 & 255}, `)})\ndef pcomp(c):\n  out(T[c & 255])\n`,
};

/** How many there are, and what compiling so many takes at most: CPU time of this process, which runs tests one by one. */
const COUNTS: Readonly<Record<string, number>> = { variables: 2000, functions: 10_000, elements: 100_000 };

/** CPU time of one compilation, in seconds. */
function cpuOf(source: string, optimize: 0 | 1 | 2 | "s"): number {
  const start = process.cpuUsage();
  compileZpaqlPy(source, { optimize });
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
}

/** Four times as much takes so many times as long at most: sixteen times as long, where it is square. */
const GROWTH_MAX = 8;

for (const [what, count] of Object.entries(COUNTS)) {
  Deno.test(`the time that ${count} ${what} take to compile grows with their number, at every level`, () => {
    const [few, many] = [LARGE[what]!(count / 4), LARGE[what]!(count)];
    for (const optimize of [0, 1, 2, "s"] as const) {
      const [before, after] = [cpuOf(few, optimize), cpuOf(many, optimize)];
      const figures = `level ${optimize}: ${before} s for a quarter, ${after} s for all`;
      assert(after < GROWTH_MAX * before + 1 && after < SECONDS_MAX, figures);
    }
  });
}

Deno.test("a chain of 20,000 functions is checked in time that grows with it", () => {
  const cpuOfCheck = (count: number): number => {
    const source = chain(count);
    const start = process.cpuUsage();
    assertEquals(checkZpaqlPy(source).filter(({ severity }) => severity === "error"), []);
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1e6;
  };
  const [few, many] = [cpuOfCheck(5000), cpuOfCheck(20_000)];
  // It was 14 s for the latter: each function's calls were followed to the end of the chain.
  assert(many < GROWTH_MAX * few + 1, `${few} s for a quarter, ${many} s for all`);
});

Deno.test("programs that come out larger than programs may be are an error", () => {
  for (const [what, count] of Object.entries(COUNTS)) {
    const { program, diagnostics } = compileZpaqlPy(LARGE[what]!(count));
    const errors = diagnostics.filter(({ severity }) => severity === "error").map(({ code }) => code);
    assertEquals(errors, what === "variables" ? [] : ["ZPY0400"]);
    assertEquals(program !== undefined, what === "variables");
  }
});
