/**
 * Programs of models on bytes, without a block around them: compiled to WebAssembly where the host allows it.
 *
 * @module
 */
import {
  checkArgument,
  checkKeys,
  checkLimit,
  concatBytes,
  CorruptDataError,
  LimitExceededError,
  toBytes,
} from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import type { ZpaqProgram } from "../zpaql/assemble.ts";
import { ZpaqMachine } from "../zpaql/machine.ts";
import { ProgramRunner } from "./_program_runner.ts";

/** How a program is run. */
export interface RunZpaqProgramOptions {
  /** Instructions that one byte may take. @default {2 ** 30} */
  readonly budget?: number | undefined;
  /** Bytes that a post-processor may write in all. @default {2 ** 28} */
  readonly maxOutputSize?: number | undefined;
}

const KEYS: ReadonlySet<string> = new Set<keyof RunZpaqProgramOptions>(["budget", "maxOutputSize"]);
const BUDGET_DEFAULT = 2 ** 30;
const OUTPUT_MAX_DEFAULT = 2 ** 28;
const MEMORY_MAX = 2 ** 30;
const CHUNK_SIZE = 1 << 16;
const END_OF_SEGMENT = 2 ** 32 - 1;

interface Limits {
  readonly budget: number;
  readonly maxOutputSize: number;
}

function limitsOf(
  program: Pick<ZpaqProgram, "header" | "hcomp" | "pcomp">,
  options: RunZpaqProgramOptions,
): Limits {
  checkArgument(program?.header instanceof Uint8Array, "run a program", program, "a program with a header");
  checkKeys(options, KEYS);
  return {
    budget: checkLimit("budget", options.budget ?? BUDGET_DEFAULT),
    maxOutputSize: checkLimit("maxOutputSize", options.maxOutputSize ?? OUTPUT_MAX_DEFAULT),
  };
}

/**
 * Runs the post-processor of a program on segments, each followed by its end, and returns what it writes for each. A
 * program without one returns its input.
 *
 * @throws {TypeError} If an option has the wrong type or is not known.
 * @throws {CorruptDataError} With code "BAD_OPCODE" if the program fails.
 * @throws {LimitExceededError} With code "BUDGET_EXCEEDED" or "OUTPUT_LIMIT" if it does not halt or writes too much.
 *
 * @example Every byte twice
 * ```ts
 * import { assembleZpaq, runZpaqPcomp } from "@sluice/zpaq";
 * import { assertEquals } from "@std/assert";
 *
 * const program = assembleZpaq("comp 0 0 0 0 0 hcomp halt pcomp ; a> 255 if halt endif out out halt end");
 * const [segment] = runZpaqPcomp(program, [new TextEncoder().encode("ab")]);
 * assertEquals(new TextDecoder().decode(segment), "aabb");
 * ```
 */
export function runZpaqPcomp(
  program: Pick<ZpaqProgram, "header" | "hcomp" | "pcomp">,
  segments: Iterable<BytesSource>,
  options: RunZpaqProgramOptions = {},
): Uint8Array<ArrayBuffer>[] {
  const limits = limitsOf(program, options);
  const { pcomp } = program;
  if (pcomp === undefined) return Array.from(segments, (segment) => new Uint8Array(toBytes(segment)));
  const [ph, pm] = [program.header[4]!, program.header[5]!];
  const runner = ProgramRunner.create(pcomp, ph, pm, limits.budget, MEMORY_MAX);
  if (runner !== undefined) {
    return Array.from(segments, (segment) => compiledSegment(runner, toBytes(segment), limits));
  }
  const machine = new ZpaqMachine(pcomp, { h: ph, m: pm, budget: limits.budget });
  return Array.from(segments, (segment) => {
    const values = [...toBytes(segment), END_OF_SEGMENT];
    for (const value of values) {
      machine.call(value);
      if (machine.output.length > limits.maxOutputSize) throw outputLimit(limits);
    }
    return Uint8Array.from(machine.output.splice(0));
  });
}

/**
 * Runs the context computation of a program on bytes and returns the contexts after each, in an array that the next one
 * reuses.
 *
 * @throws {TypeError} If an option has the wrong type or is not known.
 * @throws {CorruptDataError} With code "BAD_OPCODE" if the program fails.
 * @throws {LimitExceededError} With code "BUDGET_EXCEEDED" if it does not halt.
 *
 * @example The contexts of two bytes
 * ```ts
 * import { assembleZpaq, runZpaqHcomp } from "@sluice/zpaq";
 * import { assertEquals } from "@std/assert";
 *
 * const program = assembleZpaq("comp 0 0 0 0 1 0 icm 5 hcomp a<<= 9 *d=a halt end");
 * const contexts = [...runZpaqHcomp(program, new Uint8Array([1, 2]))].length;
 * assertEquals(contexts, 2);
 * ```
 */
export function* runZpaqHcomp(
  program: Pick<ZpaqProgram, "header" | "hcomp" | "pcomp">,
  data: BytesSource,
  options: RunZpaqProgramOptions = {},
): Generator<Uint32Array<ArrayBuffer>, void, undefined> {
  const limits = limitsOf(program, options);
  const [hh, hm, count] = [program.header[2]!, program.header[3]!, program.header[6]!];
  const contexts = new Uint32Array(count);
  const runner = ProgramRunner.create(program.hcomp, hh, hm, limits.budget, MEMORY_MAX);
  if (runner === undefined) {
    const machine = new ZpaqMachine(program.hcomp, { h: hh, m: hm, budget: limits.budget });
    for (const byte of toBytes(data)) {
      machine.call(byte);
      machine.output.length = 0;
      for (let i = 0; i < count; i++) contexts[i] = machine.h[i % machine.h.length]!;
      yield contexts;
    }
    return;
  }
  const ignored = new Uint8Array(CHUNK_SIZE);
  const area = runner.inputArea;
  const h = runner.numbers;
  for (const byte of toBytes(data)) {
    area[0] = byte;
    runner.fill(1);
    // What a program of contexts writes is nobody's.
    while (runOnce(runner, ignored, limits) === "output");
    for (let i = 0; i < count; i++) contexts[i] = h[i % h.length]!;
    yield contexts;
  }
}

function compiledSegment(
  runner: ProgramRunner,
  data: Uint8Array,
  limits: Limits,
): Uint8Array<ArrayBuffer> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  const target = new Uint8Array(CHUNK_SIZE);
  let size = 0;
  const drain = (): void => {
    let outcome: "input" | "output";
    do {
      outcome = runOnce(runner, target, limits);
      size += runner.produced;
      if (size > limits.maxOutputSize) throw outputLimit(limits);
      if (runner.produced > 0) chunks.push(target.slice(0, runner.produced));
    } while (outcome === "output");
  };
  runner.restart();
  const area = runner.inputArea;
  for (let at = 0; at < data.length; at += area.length) {
    const part = data.subarray(at, at + area.length);
    area.set(part);
    runner.fill(part.length);
    drain();
  }
  runner.end();
  drain();
  return concatBytes(chunks);
}

function runOnce(
  runner: ProgramRunner,
  target: Uint8Array<ArrayBuffer>,
  { budget }: Limits,
): "input" | "output" {
  const outcome = runner.run(target, 0, target.length);
  if (outcome === "input" || outcome === "output") return outcome;
  const { pc, opcode } = runner.failure;
  if (outcome === "budget") {
    throw new LimitExceededError(
      `Cannot run the program: it does not halt, expected at most ${budget} instructions for each byte`,
      { format: "zpaq", code: "BUDGET_EXCEEDED", limit: budget, unit: "instructions" },
    );
  }
  throw new CorruptDataError(`Cannot run the program: bad opcode ${opcode} at instruction ${pc}`, {
    format: "zpaq",
    code: "BAD_OPCODE",
    offset: pc,
  });
}

function outputLimit({ maxOutputSize }: Limits): LimitExceededError {
  return new LimitExceededError(
    `Cannot run the program: it writes more than ${maxOutputSize} bytes`,
    { format: "zpaq", code: "OUTPUT_LIMIT", limit: maxOutputSize, unit: "bytes" },
  );
}
