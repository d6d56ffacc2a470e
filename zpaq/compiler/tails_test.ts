/**
 * Equal endings of branches, which code has once.
 */
import { assert, assertEquals } from "@std/assert";
import { text } from "../../tests/_data.ts";
import { ZpaqMachine } from "../mod.ts";
import { compileZpaqlPy, diffZpaqlPy } from "./mod.ts";

const ENDING = ["pH[1] = (pH[1] + c) & 65535", "pM[pH[1] & 7] = pH[2] & 255", "out(pH[1] ^ c)"];

function source(branch: (value: string) => string, after: string): string {
  return `hh = hm = 0
ph = pm = 3
n = len({})
pcomp_invocation = ""
def hcomp(c):
  pass
def pcomp(c):
  if c == NONE:
    return
  if c < 100:
    pH[2] = hash(pH[2], c)
${branch("pH[2]")}  elif c < 110:
    pH[2] = c << 3
${branch("c")}  else:
    pH[2] = 7
${branch("7")}${after}`;
}

const REPEATED = source(() => ENDING.map((line) => `    ${line}\n`).join(""), "");
const ONCE = source(() => "", ENDING.map((line) => `  ${line}\n`).join(""));

function measure(source: string, optimize: 1 | 2 | "s"): { readonly size: number; readonly steps: number } {
  const { program } = compileZpaqlPy(source, { optimize });
  const machine = new ZpaqMachine(program!.pcomp!, { h: 3, m: 3, budget: 2 ** 24 });
  for (const byte of text(2000)) machine.call(byte);
  return { size: program!.pcomp!.length, steps: machine.steps };
}

Deno.test("endings that branches have in common are in the code once at -Os, and at -O2 where that costs nothing", () => {
  for (const optimize of [1, 2, "s"] as const) {
    for (const each of [REPEATED, ONCE]) {
      assertEquals(diffZpaqlPy(each, "pcomp", [text(300)], { optimize }), undefined, `level ${optimize}`);
    }
  }
  const [small, once] = [measure(REPEATED, "s"), measure(ONCE, "s")];
  assert(small.size <= once.size + 6, `${small.size} bytes, ${once.size} where the source has them once`);
  const [fast, plain] = [measure(REPEATED, 2), measure(REPEATED, 1)];
  assert(fast.size < plain.size, `${fast.size} bytes, ${plain.size} at -O1`);
  assert(fast.steps <= Math.min(plain.steps, small.steps), `${fast.steps}, ${plain.steps}, ${small.steps}`);
});
