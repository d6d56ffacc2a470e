/**
 * A million small random programs: each is compiled in one way out of all that the compiler chooses from, and must do what
 * the interpreter does. The compiler by itself makes code in dozens of ways and keeps one of them, which takes a hundred
 * times as long.
 */
import { assert } from "@std/assert";
import { Random } from "../../tests/_data.ts";
import { smallProgram } from "../../tests/_small_python.ts";
import { assembleZpaq, ZpaqMachine } from "../mod.ts";
import { generateCode } from "./_code_generation.ts";
import type { CodePlan, SectionCode } from "./_code_generation.ts";
import { END_OF_SEGMENT, interpreterOf, openReference } from "./_reference.ts";
import { compileSection } from "./_section_compilation.ts";
import type { SectionSource } from "./_section_compilation.ts";
import { NoPointerError } from "./_selection.ts";

const LONG = Deno.env.get("SLUICE_LONG") === "1";
const COUNT = Number(Deno.env.get("SLUICE_PROGRAMS") ?? (LONG ? 1_000_000 : 400));
/** Long runs add up: each day has its own programs, whose seed is printed. */
const SEED = LONG ? Math.floor(Date.now() / 86_400_000) : 5;
const INPUT = new Uint8Array([65, 2, 0, 255, 7, 7, 1]);
const STATEMENTS_MIN = 3;
const STATEMENTS_MAX = 12;
/** Statements that the interpreter executes; programs that take more are left out. */
const BUDGET = 3000;
const INSTRUCTIONS_MAX = BUDGET * 200;
const REPORTED = 50_000;
const STACK_SIZE = 64;

type Way = Pick<SectionSource["settings"], "level" | "unrolls"> & { readonly pools: boolean };

/** What graphs are made of a program. */
const WAYS: readonly Way[] = [
  { level: 0, pools: false },
  { level: 1, pools: false },
  { level: 2, pools: false },
  { level: 2, unrolls: true, pools: false },
  { level: 2, pools: true },
  { level: 2, unrolls: true, pools: true },
  { level: "s", pools: false },
];
const TAILS = ["none", "free", "all"] as const;
const REGISTERS: readonly CodePlan["registers"][] = [undefined, ["b"], ["c"], ["b", "c"], ["b", "d"], [
  "c",
  "d",
]];

/** A plan that the search of the compiler may come to: some variables get no register, one gets one before others. */
function randomPlan({ homes, prepared }: SectionCode, random: Random): CodePlan {
  const registers = REGISTERS[random.below(REGISTERS.length)];
  const weighted = [...prepared.homes.weights.keys()].filter(({ temporary }) => !temporary);
  return {
    homeless: new Set([...homes.keys()].filter(() => random.below(4) === 0)),
    preferred: new Set(weighted.filter(() => random.below(6) === 0)),
    ...registers === undefined ? {} : { registers },
    enterFirst: random.below(2) === 0,
    tails: TAILS[random.below(TAILS.length)]!,
  };
}

/** The program's output for each call; undefined where it takes too long. */
function expectedOf(
  source: string,
): { readonly source: SectionSource; readonly outputs: string[] } | undefined {
  const opened = openReference(source, { budget: BUDGET });
  const { module: { pcomp: program, header, reporter } } = opened;
  const interpreter = interpreterOf(opened, program!);
  const outputs: string[] = [];
  try {
    for (const value of [...INPUT, END_OF_SEGMENT]) {
      interpreter.feed(value);
      outputs.push(interpreter.output.splice(0).join());
    }
  } catch (error) {
    if (!String(error).includes("budget")) throw error;
    return undefined;
  }
  const settings = { level: 0, checked: false, machineShifts: false, streamTables: false } as const;
  return {
    source: { program: program!, header: header!, reporter, settings, stackSize: STACK_SIZE },
    outputs,
  };
}

/** Code made in one way, and then by a random plan; only the former where the plan does not suit the program. */
function* codesOf(source: SectionSource, way: Way, random: Random): Generator<SectionCode, void, undefined> {
  const { pools, ...ways } = way;
  const own = { ...source, settings: { ...source.settings, ...ways } };
  // Not every program has numbers to pool.
  const first = (pools ? compileSection({ ...own, pools }) : undefined) ?? compileSection(own);
  if (first === undefined) throw new Error("Cannot compile the program");
  yield first;
  try {
    yield generateCode(first.prepared, source.header, way.level, STACK_SIZE, randomPlan(first, random));
  } catch (error) {
    if (!(error instanceof NoPointerError)) throw error;
  }
}

/** What code does differently; undefined when nothing is. */
function faultOf({ instructions, h, m }: SectionCode, outputs: readonly string[]): string | undefined {
  const text = instructions.map((each) => each.text).join(" ");
  const { pcomp } = assembleZpaq(`comp 0 0 ${h} ${m} 0 hcomp halt pcomp x ; ${text} end`);
  const machine = new ZpaqMachine(pcomp!, { h, m, budget: INSTRUCTIONS_MAX });
  for (const [i, value] of [...INPUT, END_OF_SEGMENT].entries()) {
    machine.call(value);
    const actual = machine.output.splice(0).map((byte) => byte & 255).join();
    if (actual !== outputs[i]) return `call ${i} writes [${actual}] instead of [${outputs[i]}]: ${text}`;
  }
  return undefined;
}

Deno.test(`${COUNT} small random programs do what Python says, in every way that code is made`, () => {
  const seed = Random.seed(SEED);
  console.log(`seed ${seed}`);
  let [run, codes] = [0, 0];
  for (let i = 0; i < COUNT; i++) {
    const random = new Random(seed * 2_000_003 + i * 7919);
    const statements = STATEMENTS_MIN + i % (STATEMENTS_MAX - STATEMENTS_MIN + 1);
    const source = smallProgram(random, statements);
    const way = WAYS[i % WAYS.length]!;
    try {
      const expected = expectedOf(source);
      if (expected === undefined) continue;
      run++;
      for (const code of codesOf(expected.source, way, random)) {
        codes++;
        const fault = faultOf(code, expected.outputs);
        if (fault !== undefined) throw new Error(`Cannot agree: ${fault}`);
      }
    } catch (error) {
      throw new Error(`Cannot agree on program ${i} of seed ${seed}, ${JSON.stringify(way)}\n${source}`, {
        cause: error,
      });
    }
    if ((i + 1) % REPORTED === 0) console.log(`${i + 1} programs`);
  }
  console.log(`${run} programs run, ${codes} times as code`);
  assert(run > COUNT * 0.8, `${run} of ${COUNT} programs end`);
});
