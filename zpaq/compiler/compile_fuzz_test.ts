/**
 * Random programs: the interpreter, compiled code at every level on the machine and in archives on both backends, and Python
 * where it is there, must agree. A program that fails is made smaller before it is shown.
 */
import { assert, assertEquals } from "@std/assert";
import { Random } from "../../tests/_data.ts";
import { HAS_PYTHON, runInPython } from "../../tests/_python_reference.ts";
import type { ReferenceRun } from "../../tests/_python_reference.ts";
import { randomProgram, sourceOf } from "../../tests/_random_python.ts";
import type { Piece, RandomProgram } from "../../tests/_random_python.ts";
import { assembleZpaq, compressZpaqConfig, ZpaqMachine } from "../mod.ts";
import { compileZpaqlPy, runZpaqlPyPcomp } from "./mod.ts";

const LONG = Deno.env.get("SLUICE_LONG") === "1";
const COUNT = LONG ? 5000 : 120;
const LEVELS = [0, 1, 2, "s"] as const;
const BUDGET = 20_000;
const END_OF_SEGMENT = 2 ** 32 - 1;

function bytesOf(text: string): Uint8Array {
  return text === "" ? new Uint8Array() : Uint8Array.from(text.split(","), Number);
}

/** What is wrong with a program; undefined when all agree, or when it is no program that ends. */
function faultOf(
  program: RandomProgram,
  levels: readonly (0 | 1 | 2 | "s")[],
  archives: boolean,
): string | undefined {
  const source = sourceOf(program);
  const segments = [program.input.subarray(0, 5), program.input.subarray(5)];
  let expected: string[];
  try {
    expected = runZpaqlPyPcomp(source, segments, { budget: BUDGET }).map((bytes) => bytes.join());
  } catch (error) {
    return String(error).includes("budget") || archives ? undefined : `interpreter: ${error}`;
  }
  for (const optimize of levels) {
    const { program: compiled, diagnostics } = compileZpaqlPy(source, { optimize });
    if (compiled === undefined) return `level ${optimize}: ${JSON.stringify(diagnostics[0])}`;
    // While it is made smaller a program may lose what it does.
    if (compiled.pcomp === undefined) return undefined;
    const machine = new ZpaqMachine(compiled.pcomp, {
      h: compiled.header[4]!,
      m: compiled.header[5]!,
      budget: 2 ** 23,
    });
    for (const [i, segment] of segments.entries()) {
      try {
        for (const byte of segment) machine.call(byte);
        machine.call(END_OF_SEGMENT);
      } catch (error) {
        return `level ${optimize}: ${error}`;
      }
      const actual = machine.output.splice(0).map((byte) => byte & 255).join();
      if (actual !== expected[i]) {
        return `level ${optimize}, segment ${i}: ${actual}, expected ${expected[i]}`;
      }
    }
    if (!archives && optimize !== 2) continue;
    const contents = segments.map((preprocessed, i) => ({ preprocessed, body: bytesOf(expected[i]!) }));
    for (const backend of ["native", "wasm"] as const) {
      try {
        // It decodes what it made, and compares.
        compressZpaqConfig(assembleZpaq(compiled.config), contents, { backend });
      } catch (error) {
        return `level ${optimize} on ${backend}: ${error}`;
      }
    }
  }
  return undefined;
}

/** The line with one pair of parentheses and what is in it replaced by a number. */
function* shorterLines(line: string): Generator<string, void, undefined> {
  const open: number[] = [];
  for (const [i, character] of [...line].entries()) {
    if (character === "(") open.push(i);
    if (character !== ")") continue;
    const start = open.pop()!;
    if (i - start > 2 && !/\w/.test(line[start - 1] ?? "")) {
      yield `${line.slice(0, start)}1${line.slice(i + 1)}`;
    }
  }
}

/** The program with one piece left out, for each piece; those with bodies are also replaced by them. */
function* smaller(pieces: readonly Piece[]): Generator<Piece[], void, undefined> {
  for (const [i, piece] of pieces.entries()) {
    yield pieces.toSpliced(i, 1);
    for (const line of shorterLines(piece.line)) yield pieces.toSpliced(i, 1, { ...piece, line });
    if (piece.body === undefined) continue;
    yield pieces.toSpliced(i, 1, ...piece.body);
    for (const body of smaller(piece.body)) yield pieces.toSpliced(i, 1, { ...piece, body });
  }
}

/** The smallest program found that has a fault of the same kind. */
function shrink(program: RandomProgram, fault: string): RandomProgram {
  const kind = fault.split(/[ ,:]/)[0]!;
  let best = program;
  for (let found = true; found;) {
    found = false;
    for (const pieces of smaller(best.pieces)) {
      const next = { ...best, pieces };
      const other = faultOf(next, LEVELS, false);
      if (other === undefined || !other.startsWith(kind) || /^interpreter|"severity":"error"/.test(other)) {
        continue;
      }
      best = next;
      found = true;
      break;
    }
  }
  return best;
}

Deno.test(`${COUNT} random programs do what Python says, at every level`, () => {
  const seed = Random.seed(7);
  console.log(`seed ${seed}`);
  for (let i = 0; i < COUNT; i++) {
    const program = randomProgram(new Random(seed * 100_003 + i * 7919));
    const fault = faultOf(
      program,
      LONG ? LEVELS : [LEVELS[i % 4]!, LEVELS[(i >> 2) % 4]!],
      LONG || i % 20 === 0,
    );
    if (fault === undefined) continue;
    const least = shrink(program, fault);
    throw new Error(
      `Cannot agree on program ${i} of seed ${seed}: ${faultOf(least, LEVELS, false) ?? fault}\n${
        sourceOf(least)
      }input: ${least.input.join()}`,
    );
  }
});

if (!HAS_PYTHON) console.log("SKIPPED: random programs in Python: it is not installed");

Deno.test({
  name: `${COUNT} random programs do in the interpreter what they do in Python`,
  ignore: !HAS_PYTHON,
  async fn() {
    const seed = Random.seed(7);
    const runs: (ReferenceRun & { readonly expected: string[] })[] = [];
    for (let i = 0; i < COUNT; i++) {
      const program = randomProgram(new Random(seed * 100_003 + i * 7919));
      const source = sourceOf(program);
      const segments = [program.input.subarray(0, 5), program.input.subarray(5)];
      try {
        const expected = runZpaqlPyPcomp(source, segments, { budget: BUDGET }).map((bytes) => bytes.join());
        runs.push({ source, segments, expected });
      } catch (error) {
        if (!String(error).includes("budget")) throw error;
      }
    }
    assert(runs.length > COUNT / 2, `${runs.length} of ${COUNT} programs end`);
    const results = await runInPython(runs);
    for (const [i, { source, expected }] of runs.entries()) {
      assertEquals(results[i], { output: expected }, source);
    }
  },
});
