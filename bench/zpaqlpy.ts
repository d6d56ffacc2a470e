/**
 * Prints what the compiler for the Python subset makes: bytes, executed instructions and the time that compiling takes, for
 * sample models at every level; then bytes and instructions of thirty programs at every level, and contexts against those
 * that a person writes for the machine.
 *
 * Run `deno run -A bench/zpaqlpy.ts`; `--smoke` takes small inputs.
 */
import { assembleZpaq, ZpaqMachine } from "@sluice/zpaq";
import { compileZpaqlPy, runZpaqlPyHcomp, runZpaqlPyPcomp } from "@sluice/zpaq/compiler";
import { CONTEXT_PROGRAMS } from "../tests/_context_programs.ts";
import { text } from "../tests/_data.ts";
import { costsOf, LEVELS, pythonCorpus } from "../tests/_python_corpus.ts";
import { measureDecoders } from "./_packed_decoders.ts";
import { LARGE_SAMPLES } from "./_zpaqlpy_large_samples.ts";
import { largeSource, SAMPLES } from "./_zpaqlpy_samples.ts";

const smoke = Deno.args.includes("--smoke");
const END_OF_SEGMENT = 2 ** 32 - 1;
const SIZE = smoke ? 300 : 40_000;

/** Executed instructions of one section; its output is compared with the interpreter's on a small input. */
function steps(code: Uint8Array, h: number, m: number, input: Uint8Array, ends: boolean): number {
  const machine = new ZpaqMachine(code, { h, m, budget: 2 ** 31 });
  for (const byte of input) machine.call(byte);
  if (ends) machine.call(END_OF_SEGMENT);
  return machine.steps;
}

function check(
  source: string,
  program: { readonly hcomp: Uint8Array; readonly header: Uint8Array },
  input: Uint8Array,
): void {
  const machine = new ZpaqMachine(program.hcomp, {
    h: program.header[2]!,
    m: program.header[3]!,
    budget: 2 ** 31,
  });
  for (const { byte, contexts } of runZpaqlPyHcomp(source, input)) {
    machine.call(byte);
    if (contexts.some((context, i) => context !== machine.h[i])) {
      throw new Error("Cannot trust the code: contexts differ");
    }
  }
}

function row(...cells: (string | number)[]): string {
  return cells.map((cell, i) => i === 0 ? `${cell}`.padEnd(18) : `${cell}`.padStart(12)).join("");
}

console.log(
  row(
    "model",
    "level",
    "hcomp B",
    "pcomp B",
    "hcomp steps",
    "pcomp steps",
    "per byte h",
    "per byte p",
    "compile ms",
  ),
);
for (const { name, source, make } of [...SAMPLES, ...LARGE_SAMPLES]) {
  const input = make(SIZE);
  const sample = input.subarray(0, 200);
  const [expected] = runZpaqlPyPcomp(source, [sample]);
  for (const optimize of LEVELS) {
    const start = performance.now();
    const { program, diagnostics } = compileZpaqlPy(source, { optimize });
    const time = performance.now() - start;
    if (program === undefined) throw new Error(`Cannot compile ${name}: ${diagnostics[0]?.message}`);
    const { header, hcomp, pcomp } = program;
    check(source, program, sample);
    const machine = new ZpaqMachine(pcomp!, { h: header[4]!, m: header[5]!, budget: 2 ** 31 });
    for (const byte of sample) machine.call(byte);
    machine.call(END_OF_SEGMENT);
    if (machine.output.map((byte) => byte & 255).join() !== expected!.join()) {
      throw new Error(`Cannot trust the code of ${name}: its output differs`);
    }
    const [h, p] = [
      steps(hcomp, header[2]!, header[3]!, input, false),
      steps(pcomp!, header[4]!, header[5]!, input, true),
    ];
    const perByte = (count: number): string => (count / input.length).toFixed(1);
    console.log(
      row(name, optimize, hcomp.length, pcomp!.length, h, p, perByte(h), perByte(p), time.toFixed(1)),
    );
  }
}

console.log(
  `\n${
    row("program", ...LEVELS.map((level) => `-O${level} B`), ...LEVELS.map((level) => `-O${level} steps`))
  }`,
);
for (const program of pythonCorpus(SIZE)) {
  const costs = costsOf(program);
  console.log(row(program.name, ...costs.map(({ bytes }) => bytes), ...costs.map(({ steps }) => steps)));
}

console.log(`\n${row("contexts", "by hand B", "-O2 B", "by hand", "-O2", "ratio")}`);
for (const { name, source, config } of CONTEXT_PROGRAMS) {
  const written = assembleZpaq(config);
  const { header, hcomp } = compileZpaqlPy(source).program!;
  const content = text(SIZE);
  const least = steps(written.hcomp, written.header[2]!, written.header[3]!, content, false);
  const own = steps(hcomp, header[2]!, header[3]!, content, false);
  const perByte = (count: number): string => (count / content.length).toFixed(1);
  console.log(
    row(name, written.hcomp.length, hcomp.length, perByte(least), perByte(own), (own / least).toFixed(2)),
  );
}
console.log();

const source = largeSource(smoke ? 200 : 4000);
for (const optimize of LEVELS) {
  const start = performance.now();
  const { program, diagnostics } = compileZpaqlPy(source, { optimize });
  if (program === undefined) throw new Error(`Cannot compile: ${diagnostics[0]?.message}`);
  const time = performance.now() - start;
  const lines = source.split("\n").length;
  console.log(row(`${lines} lines`, optimize, "", program.pcomp!.length, "", "", "", "", time.toFixed(0)));
}

const content = text(SIZE);
for (const { codec, size, steps: count, compileTime } of await measureDecoders(content)) {
  const perByte = (count / content.length).toFixed(1);
  console.log(row(`${codec} decoder`, 2, "", size, "", count, "", perByte, compileTime.toFixed(1)));
}
