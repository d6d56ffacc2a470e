/**
 * Values that are found before branches and needed after them.
 */
import { assert, assertEquals } from "@std/assert";
import { ZpaqMachine } from "../mod.ts";
import { compileZpaqlPy, diffZpaqlPy } from "./mod.ts";

const HEADER = 'hh = hm = 0\nph = pm = 3\nn = len({})\npcomp_invocation = ""\ndef hcomp(c):\n  pass\n';
const INPUT = Uint8Array.from({ length: 200 }, (_, i) => i * 89 & 255);

function stepsOf(source: string): number {
  const { program } = compileZpaqlPy(source);
  const machine = new ZpaqMachine(program!.pcomp!, { h: 3, m: 3, budget: 2 ** 24 });
  for (const byte of INPUT) machine.call(byte);
  return machine.steps;
}

const FUNCTIONS = `def least():
  if x > 5:
    return 5
  return x
def bits(v):
  count = 0
  while v > 1:
    v >>= 1
    count += 1
  return count
`;

function source(body: string): string {
  return `${HEADER}x = 0\n${FUNCTIONS}def pcomp(c):\n  global x\n  if c == NONE:\n    return\n  x = (x + c) & 7\n${body}`;
}

/** Each has a value that changes, or may change, on the way to where it is needed, or is needed twice. */
const PROGRAMS = [
  "  pH[0] = hash(pH[0], least())\n  out(pH[0] >> 8 & 255)\n",
  "  y = pH[0] + 1\n  if c > 99:\n    pH[0] = c\n  out(y & 255)\n",
  "  y = x + 1\n  if c > 99:\n    x = 3\n  out(y)\n",
  // The difference is needed before the branch and after it.
  "  pH[c & 7] = c * 77\n  at = (x - 1 << 3) + bits(pH[x - 1 & 7] & 255)\n  out(at & 255)\n",
  "  for i in range(c & 3):\n    y = pM[i]\n    if i == 2:\n      pM[2] = 9\n    out(y)\n    pM[i] = c\n",
  "  y = pM[1]\n  pM[1] = c\n  if c > 99:\n    out(7)\n    return\n  out(y)\n",
];

Deno.test("values that are needed after branches are what they were before them", () => {
  for (const body of PROGRAMS) {
    for (const optimize of [0, 1, 2, "s"] as const) {
      assertEquals(
        diffZpaqlPy(source(body), "pcomp", [INPUT], { optimize }),
        undefined,
        `${optimize}\n${body}`,
      );
    }
  }
});

Deno.test("an element that is hashed with a choice takes no more than the choice made first", () => {
  const first = source("  y = least()\n  pH[0] = hash(pH[0], y)\n  out(pH[0] >> 8 & 255)\n");
  const [steps, least] = [stepsOf(source(PROGRAMS[0]!)), stepsOf(first)];
  assert(steps <= least, `${steps} instructions, ${least} with the choice first`);
});
