/**
 * Running programs of the Python subset without Python.
 *
 * @module
 */
import { checkArgument, toBytes } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { END_OF_SEGMENT, interpreterOf, openReference as open } from "./_reference.ts";
import type { RunZpaqlPyOptions } from "./_types.ts";

export type { RunZpaqlPyOptions } from "./_types.ts";

/** What hcomp computed for one byte. */
export interface ZpaqlPyContexts {
  /** The byte. */
  readonly byte: number;
  /** H[0] to H[n - 1] after it. */
  readonly contexts: Uint32Array<ArrayBuffer>;
}

/**
 * Runs the hcomp section on every byte and gives the contexts after each, as `source.py hcomp` does in Python. A program
 * without hcomp gives zeros.
 *
 * @throws {SluiceError} If the source is no program ("INVALID_SOURCE"), or the program fails as it would in Python
 *   ("RUN_FAILED"): the message has the line.
 * @throws {LimitExceededError} With code "BUDGET_EXCEEDED" if it executes more statements than allowed.
 *
 * @example The contexts of two bytes
 * ```ts
 * import { runZpaqlPyHcomp } from "@sluice/zpaq/compiler";
 * import { assertEquals } from "@std/assert";
 *
 * const source = `
 * hh = hm = ph = pm = 0
 * n = len({0: "cm 9 4"})
 * pcomp_invocation = ""
 * def hcomp(c):
 *   hH[0] = hH[0] * 2 + c
 * def pcomp(c):
 *   pass
 * `;
 * const lines = [...runZpaqlPyHcomp(source, new Uint8Array([1, 2]))];
 * assertEquals(lines.map(({ contexts }) => contexts[0]), [1, 4]);
 * ```
 */
export function* runZpaqlPyHcomp(
  source: string,
  data: BytesSource,
  options: RunZpaqlPyOptions = {},
): Generator<ZpaqlPyContexts, void, undefined> {
  checkArgument(typeof source === "string", "read a program", source, "its source as a text");
  const opened = open(source, options);
  const { hcomp, header } = opened.module;
  const interpreter = hcomp === undefined ? undefined : interpreterOf(opened, hcomp);
  const count = header!.components.length;
  for (const byte of toBytes(data)) {
    interpreter?.feed(byte);
    yield { byte, contexts: interpreter?.contexts(count) ?? new Uint32Array(count) };
  }
}

/**
 * Runs the pcomp section on segments, each followed by its end, and gives what comes out of each. A program without pcomp
 * gives its input.
 *
 * @throws {SluiceError} As `runZpaqlPyHcomp`; "PROGRAM_ERROR" if the program calls `error`.
 * @throws {LimitExceededError} With code "BUDGET_EXCEEDED" if it executes more statements than allowed.
 *
 * @example Run lengths
 * ```ts
 * import { runZpaqlPyPcomp } from "@sluice/zpaq/compiler";
 * import { assertEquals } from "@std/assert";
 *
 * const source = `
 * hh = hm = ph = pm = 0
 * n = len({})
 * pcomp_invocation = "./rle"
 * def hcomp(c):
 *   pass
 * def pcomp(c):
 *   if c != NONE:
 *     count = read_b()
 *     while count > 0:
 *       out(c)
 *       count -= 1
 * `;
 * const [segment] = runZpaqlPyPcomp(source, [new Uint8Array([65, 3, 66, 1])]);
 * assertEquals(new TextDecoder().decode(segment), "AAAB");
 * ```
 */
export function runZpaqlPyPcomp(
  source: string,
  segments: Iterable<BytesSource>,
  options: RunZpaqlPyOptions = {},
): Uint8Array<ArrayBuffer>[] {
  checkArgument(typeof source === "string", "read a program", source, "its source as a text");
  const opened = open(source, options);
  const { pcomp } = opened.module;
  if (pcomp === undefined) return Array.from(segments, (segment) => new Uint8Array(toBytes(segment)));
  const interpreter = interpreterOf(opened, pcomp);
  return Array.from(segments, (segment) => {
    for (const byte of toBytes(segment)) interpreter.feed(byte);
    interpreter.feed(END_OF_SEGMENT);
    return new Uint8Array(interpreter.output.splice(0));
  });
}
