/**
 * Models at work: what each component guesses.
 *
 * @module
 */
import type { BackendChoice } from "@sluice/ffi";
import { checkArgument, checkKeys, toBytes } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { predictions } from "./_predictions.ts";
import type { ZpaqProgram } from "../zpaql/assemble.ts";

/** One bit of data, and what the model guessed of it. */
export interface ZpaqPrediction {
  /** The bit that came. */
  readonly bit: number;
  /** What each component guessed: logits in 64ths, from -2048 to 2047. */
  readonly logits: Int32Array<ArrayBuffer>;
  /** The probability that the bit is 1, in 65536ths. */
  readonly probability: number;
}

const TRACE_OPTIONS: ReadonlySet<string> = new Set(["backend"]);

/**
 * Predicts the bits of bytes one by one, as compression does, without the coder. No post-processor's byte stands in
 * front.
 *
 * @throws {CorruptDataError} With code "HEADER" if the model has no components.
 *
 * @example The first bit of a direct context model
 * ```ts
 * import { assembleZpaq, traceZpaqPredictions } from "@sluice/zpaq";
 * import { assertEquals } from "@std/assert";
 *
 * const program = assembleZpaq("comp 0 0 0 0 1 0 cm 9 4 hcomp halt end");
 * const [first] = traceZpaqPredictions(program, new TextEncoder().encode("a"));
 * assertEquals([first!.bit, first!.logits[0], first!.probability], [0, 0, 32769]);
 * ```
 */
export function* traceZpaqPredictions(
  program: Pick<ZpaqProgram, "header">,
  data: BytesSource,
  options: { readonly backend?: BackendChoice | undefined } = {},
): Generator<ZpaqPrediction, void, undefined> {
  checkKeys(options, TRACE_OPTIONS);
  checkArgument(program?.header instanceof Uint8Array, "trace a model", program, "a program with a header");
  yield* predictions(program.header, toBytes(data), options.backend);
}
