/**
 * From headers and programs back to configs.
 *
 * @module
 */
import { toBytes } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { disassembleConfig, instructionsOf } from "./_disassembler.ts";
import type { ZpaqInstruction } from "./_types.ts";

export type { ZpaqInstruction } from "./_types.ts";

/**
 * Writes a header, and a post-processor where there is one, as a config that assembles to the same bytes.
 *
 * @throws {CorruptDataError} With code "HEADER" if the header is not valid.
 * @throws {UnsupportedFeatureError} With code "NO_WORDS" if a program has bytes that no config can say.
 *
 * @example There and back
 * ```ts
 * import { assembleZpaq, disassembleZpaq } from "@sluice/zpaq";
 * import { assertEquals } from "@std/assert";
 *
 * const { header } = assembleZpaq("comp 2 0 0 0 1 0 icm 5 hcomp *d=0 hashd halt end");
 * const config = disassembleZpaq(header);
 * assertEquals(assembleZpaq(config).header, header);
 * ```
 */
export function disassembleZpaq(header: BytesSource, pcomp?: BytesSource): string {
  return disassembleConfig(toBytes(header), pcomp === undefined ? undefined : toBytes(pcomp));
}

/**
 * The instructions of a program, one after the other; bytes that are no instruction are "error".
 *
 * @example The last one is the final zero
 * ```ts
 * import { listZpaqInstructions } from "@sluice/zpaq";
 * import { assertEquals } from "@std/assert";
 *
 * const list = listZpaqInstructions(Uint8Array.of(0x47, 5, 0x38, 0));
 * assertEquals(list.map(({ text }) => text), ["a= 5", "halt", "error"]);
 * ```
 */
export function listZpaqInstructions(program: BytesSource): ZpaqInstruction[] {
  return instructionsOf(toBytes(program));
}
