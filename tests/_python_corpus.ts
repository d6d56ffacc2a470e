/**
 * Thirty models in the Python subset, each with an input: the samples that are measured, and random programs.
 */
import { LARGE_SAMPLES } from "../bench/_zpaqlpy_large_samples.ts";
import { SAMPLES } from "../bench/_zpaqlpy_samples.ts";
import { assembleZpaq, ZpaqMachine } from "../zpaq/mod.ts";
import { compileZpaqlPy } from "../zpaq/compiler/mod.ts";
import { Random } from "./_data.ts";
import { randomProgram, sourceOf } from "./_random_python.ts";

/** The levels of optimization. */
export const LEVELS = [0, 1, 2, "s"] as const;
const COUNT = 30;
const SEED = 1000;
const END_OF_SEGMENT = 2 ** 32 - 1;

/** A program and what it is run with. */
export interface CorpusProgram {
  readonly name: string;
  readonly source: string;
  readonly input: Uint8Array;
}

/** All of them; the samples get inputs of about so many bytes. */
export function pythonCorpus(size: number): readonly CorpusProgram[] {
  const samples = [...SAMPLES, ...LARGE_SAMPLES].map(({ name, source, make }) => ({
    name,
    source,
    input: make(size),
  }));
  const random = Array.from({ length: COUNT - samples.length }, (_, i) => {
    const program = randomProgram(new Random(SEED + i));
    return { name: `random ${i}`, source: sourceOf(program), input: program.input };
  });
  return [...samples, ...random];
}

/** What one program takes at each level: bytes of both sections, and instructions that both execute for the input. */
export function costsOf(
  { source, input }: CorpusProgram,
): { readonly bytes: number; readonly steps: number }[] {
  return LEVELS.map((optimize) => {
    const { config } = compileZpaqlPy(source, { optimize }).program!;
    const { header, hcomp, pcomp } = assembleZpaq(config);
    let [bytes, steps] = [0, 0];
    for (const [code, h, m] of [[hcomp, header[2]!, header[3]!], [pcomp, header[4]!, header[5]!]] as const) {
      if (code === undefined) continue;
      const machine = new ZpaqMachine(code, { h, m, budget: 2 ** 28 });
      for (const byte of input) machine.call(byte);
      if (code === pcomp) machine.call(END_OF_SEGMENT);
      bytes += code.length;
      steps += machine.steps;
    }
    return { bytes, steps };
  });
}
