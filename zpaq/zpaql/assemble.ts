/**
 * From configs to headers and programs.
 *
 * @module
 */
import { checkArgument } from "@sluice/internal";
import { assembleConfig } from "./_assembler.ts";
import type { ZpaqProgram } from "./_types.ts";

export type { ZpaqProgram, ZpaqSourceMapEntry } from "./_types.ts";

/**
 * Assembles a config: `comp … hcomp … end`, or with `pcomp command ; … end` in place of the last word. `args` are the
 * values of `$1` to `$9`.
 *
 * @throws {SluiceError} If the config is not valid; the message has the line, `offset` the place in characters.
 *
 * @example A model of order 2
 * ```ts
 * import { assembleZpaq } from "@sluice/zpaq";
 * import { assertEquals } from "@std/assert";
 *
 * const { header } = assembleZpaq("comp 0 0 0 0 1 0 cm 9 4 hcomp halt end");
 * assertEquals(header.toHex(), "0b000000000001020904003800");
 * ```
 */
export function assembleZpaq(config: string, args: readonly number[] = []): ZpaqProgram {
  checkArgument(typeof config === "string", "assemble a model", config, "a text");
  return assembleConfig(config, args);
}
