import { assert } from "@std/assert";
import { Random } from "../../tests/_data.ts";
import { checkZpaqlPy, compileZpaqlPy, formatZpaqlPyDiagnostic } from "./mod.ts";

const GOOD = `hh = 2
hm = ph = pm = 0
n = len({0: "cm 19 22"})
pcomp_invocation = ""
def hcomp(c):
  while c > 0 and hM[c] != 2:
    c = (c << 1) ** f(c, 3) - {1: '''x'''}
def pcomp(c):
  pass
`;

Deno.test("compileZpaqlPy ends on any text", () => {
  const seed = Random.seed(21);
  console.log(`seed ${seed}`);
  const random = new Random(seed);
  const pieces = [
    "(",
    ")",
    "[",
    "{",
    '"""',
    "'",
    "\\\n",
    "\n",
    "\t",
    "  ",
    "def ",
    "if ",
    ":",
    "=",
    "**",
    "0x",
    "\u{1d6d1}",
    "\ufeff",
    "#",
  ];
  const rounds = Deno.env.get("SLUICE_LONG") === "1" ? 100_000 : 1500;
  for (let round = 0; round < rounds; round++) {
    let source = GOOD;
    for (let i = random.below(6); i >= 0; i--) {
      const at = random.below(source.length);
      const piece = random.below(3) === 0 ? "" : pieces[random.below(pieces.length)]!;
      source = source.slice(0, at) + piece.repeat(1 + random.below(3)) + source.slice(at + random.below(8));
    }
    for (const diagnostic of compileZpaqlPy(source).diagnostics) {
      assert(diagnostic.start <= diagnostic.end && diagnostic.end <= source.length, JSON.stringify(source));
      formatZpaqlPyDiagnostic(diagnostic, source);
    }
  }
  assert(checkZpaqlPy(`x = ${"(".repeat(100_000)}`).length > 0);
  assert(
    checkZpaqlPy(
      "if c:\n".repeat(1) + Array.from({ length: 300 }, (_, i) => `${" ".repeat(i)}if c:`).join("\n"),
    ).length > 0,
  );
});
