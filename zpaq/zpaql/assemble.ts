/**
 * From configs to headers and programs.
 *
 * @module
 */
import { assembleConfig } from "./_assembler.ts";

/** Where in a config an instruction came from. */
export interface ZpaqSourceMapEntry {
  /** The section that it stands in. */
  readonly section: "hcomp" | "pcomp";
  /** Where in the section it starts. */
  readonly pc: number;
  /** Line and column of its word, from 1. */
  readonly line: number;
  /** Column from 1. */
  readonly column: number;
}

/** What a config assembles to. */
export interface ZpaqProgram {
  /** The header as it stands in a block, its two bytes of size in front. */
  readonly header: Uint8Array<ArrayBuffer>;
  /** HCOMP, its final zero included: the end of `header`. */
  readonly hcomp: Uint8Array<ArrayBuffer>;
  /** The post-processor, its final zero included; undefined where the config has none. */
  readonly pcomp: Uint8Array<ArrayBuffer> | undefined;
  /** The command that prepares files for the post-processor: text for people, never run by this package. */
  readonly command: string;
  /** Where each instruction came from. */
  readonly sourceMap: readonly ZpaqSourceMapEntry[];
}

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
  return assembleConfig(config, args);
}
