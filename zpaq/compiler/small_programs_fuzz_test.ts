/**
 * Small random programs: the interpreter and compiled code at every level must agree, and what the compiler believes about
 * registers must be true after every instruction.
 */
import { assertEquals } from "@std/assert";
import { Random } from "../../tests/_data.ts";
import { smallProgram } from "../../tests/_small_python.ts";
import { assembleZpaq, ZpaqMachine } from "../mod.ts";
import { generateCode, USUAL_PLAN } from "./_code_generation.ts";
import type { CodeAudit, CodePlan, SectionCode } from "./_code_generation.ts";
import { Lowering } from "./_lowering.ts";
import { readModule } from "./_module.ts";
import { optimizeGraph } from "./_optimization.ts";
import { PreparedGraph } from "./_prepared_graph.ts";
import { Offset } from "./_register_contents.ts";
import type { Contents } from "./_register_contents.ts";
import { NoPointerError } from "./_selection.ts";
import { diffZpaqlPy } from "./mod.ts";

const LONG = Deno.env.get("SLUICE_LONG") === "1";
/** Compiled and run at four levels each, these take three quarters of an hour. */
const COUNT = LONG ? 25_000 : 150;
/** Long runs add up: each day has its own programs, whose seed is printed. */
const SEED = LONG ? Math.floor(Date.now() / 86_400_000) : 11;
const LEVELS = [0, 1, 2, "s"] as const;
const INPUT = new Uint8Array([65, 2, 0, 255, 7, 7, 1]);
const END_OF_SEGMENT = 2 ** 32 - 1;

/** Ways to make code, some of which only few programs allow. */
const PLANS: readonly CodePlan[] = [
  USUAL_PLAN,
  { ...USUAL_PLAN, enterFirst: true },
  { ...USUAL_PLAN, registers: ["c"] },
  { ...USUAL_PLAN, registers: ["b", "c"] },
];

/** Code; undefined where the way to make it does not suit the program. */
function audited(make: () => SectionCode): SectionCode | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof NoPointerError) return undefined;
    throw error;
  }
}

/** Runs code in which each variable has its own cell and compares every claim with the machine; how many there were. */
function auditedClaims(source: string, level: 0 | 1 | 2 | "s", plan: CodePlan): number {
  const { reporter, header, pcomp } = readModule(source, "source", {
    strictSubset: false,
    allowSlash: false,
  });
  const settings = { level, checked: false, machineShifts: false, streamTables: false, unrolls: level === 2 };
  const graph = new Lowering(pcomp!, header!, reporter, settings).make();
  optimizeGraph(graph, level, { H: header!.ph, M: header!.pm });
  const audit: CodeAudit = { claims: new Map(), places: new Map() };
  const code = audited(() =>
    generateCode(new PreparedGraph<SectionCode>(graph), header!, level, 64, plan, audit)
  );
  if (code === undefined) return 0;
  const { instructions, h, m } = code;
  const text = instructions.map((each) => each.text).join(" ");
  const assembled = assembleZpaq(`comp 0 0 ${h} ${m} 0 hcomp halt pcomp x ; ${text} end`);
  const claims = new Map(instructions.map(({ pc, item }) => [pc, audit.claims.get(item)!]));
  const texts = new Map(instructions.map(({ pc, text }) => [pc, text]));
  let count = 0;
  let last: number | undefined;
  const compare = (machine: ZpaqMachine, pc: number, contents: Contents): void => {
    for (const register of ["a", "b", "c", "d"] as const) {
      for (const fact of contents[register]) {
        const [variable, delta] = fact instanceof Offset ? [fact.variable, fact.delta] : [fact, 0];
        const place = typeof variable === "number" ? undefined : audit.places.get(variable);
        if (typeof variable !== "number" && place === undefined) continue;
        const base = typeof variable === "number"
          ? variable
          : typeof place === "number"
          ? machine.r[place]!
          : machine[place!];
        const expected = (base + delta) >>> 0;
        count++;
        if (machine[register] === expected) continue; // millions of them: no message is made
        const what = typeof variable === "number" ? variable : `${variable.name} + ${delta}`;
        assertEquals(
          machine[register],
          expected,
          `${register} holds ${what} after ${texts.get(pc)} at ${pc}`,
        );
      }
    }
  };
  const machine = new ZpaqMachine(assembled.pcomp!, {
    h,
    m,
    onStep: (state) => {
      const contents = last === undefined ? undefined : claims.get(last);
      if (contents !== undefined) compare(state, last!, contents);
      last = state.pc;
    },
  });
  for (const value of [...INPUT, END_OF_SEGMENT]) {
    last = undefined;
    machine.call(value);
  }
  return count;
}

const HEADER = 'hh = hm = ph = pm = 2\nn = len({})\npcomp_invocation = ""\ndef hcomp(c):\n  pass\n';
/** Programs that were compiled wrongly once. */
const FAULTS: Readonly<Record<string, string>> = {
  "a copy, when what it was copied from changes": `x = y = 1
def pcomp(c):
  global x, y
  y = x
  x = 9
  out(y)
`,
  "a variable that is read before it is set, on the next call": `b = f = 2
last = 0
def step(x):
  global last
  y = last
  last = x & 255
  return y
def pcomp(c):
  global b, f
  if c == NONE:
    return
  f = (f + 1) & 255
  b = step(b)
  for i in range(0, 5):
    out(f)
    d = read_b() & 255
    f = b
`,
  "a hash that is made in H, where D held something useful before it pointed there": `a = b = e = f = 0
def step(x):
  last = x & 255
def pcomp(c):
  global a, b, e, f
  if c == NONE:
    return
  a = hash(b, f)
  out(e ^ b)
  pH[2] = hash(pH[2], a)
  for i in range(0, 4):
    a = step(255)
  b = b
  e = 65535 >> 1
  f &= 4294967295
`,
};

for (const [name, source] of Object.entries(FAULTS)) {
  Deno.test(`compiled code keeps the value of ${name}`, () => {
    for (const optimize of LEVELS) {
      assertEquals(
        diffZpaqlPy(HEADER + source, "pcomp", [INPUT], { optimize }),
        undefined,
        `level ${optimize}`,
      );
    }
  });
}

Deno.test(`${COUNT} small random programs do what Python says, and registers hold what they are said to`, () => {
  const seed = Random.seed(SEED);
  console.log(`seed ${seed}`);
  let claims = 0;
  for (let i = 0; i < COUNT; i++) {
    const source = smallProgram(new Random(seed * 1_000_003 + i * 7919), 3 + Math.floor(i * 12 / COUNT));
    for (const optimize of LEVELS) {
      const place = `program ${i} of seed ${seed} at level ${optimize}\n${source}`;
      try {
        assertEquals(diffZpaqlPy(source, "pcomp", [INPUT], { optimize, budget: 60_000 }), undefined);
        claims += auditedClaims(source, optimize, PLANS[i % PLANS.length]!);
      } catch (error) {
        throw new Error(`Cannot agree on ${place}`, { cause: error });
      }
    }
  }
  console.log(`${claims} claims about registers compared`);
});

/** What makes many waits or many calls: numbers that take a register to be compared with. */
function manyOf(count: number): string {
  const reads = Array.from({ length: count }, (_, i) => `  x = (x + read_b() * ${i % 7 + 1}) & 255\n`);
  const calls = Array.from({ length: count }, (_, i) => `  x = twice(x + ${i % 5}) & 255\n`);
  return `hh = hm = ph = pm = 2
n = len({})
pcomp_invocation = ""
def hcomp(c):
  pass
def twice(v):
  pM[v & 3] = v & 255
  if v > 3:
    v = v * 2
  while v > 255:
    v -= 100
  pM[v & 3] = (pM[(v + 1) & 3] + v) & 255
  return v ^ pM[1]
def pcomp(c):
  x = c & 255
  if c == NONE:
    return
${reads.join("")}${calls.join("")}  out(x)
`;
}

Deno.test("programs that wait at 300 places and call a function from 300 places do what Python says", () => {
  const input = Uint8Array.from({ length: 700 }, (_, i) => i * 37 & 255);
  for (const optimize of LEVELS) {
    assertEquals(diffZpaqlPy(manyOf(300), "pcomp", [input], { optimize }), undefined, `level ${optimize}`);
  }
});
