/**
 * The header of a block: the model that its data was coded with.
 *
 * @module
 */
import { toBytes } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { parseHeader } from "./_header_parser.ts";
import type { ComponentName } from "./_format.ts";

/** One component of a model. */
export interface ZpaqComponent {
  /** What it is. */
  readonly name: ComponentName;
  /** Its arguments, as in a config. */
  readonly arguments: readonly number[];
}

/** The model of a block. */
export interface ZpaqHeader {
  /** log2 of the sizes of H and M in HCOMP. */
  readonly hh: number;
  /** log2 of the size of M in HCOMP. */
  readonly hm: number;
  /** log2 of the size of H in PCOMP. */
  readonly ph: number;
  /** log2 of the size of M in PCOMP. */
  readonly pm: number;
  /** The components; none where the data is stored. */
  readonly components: readonly ZpaqComponent[];
  /** The program that computes contexts, its final zero included. */
  readonly hcomp: Uint8Array;
  /** Bytes of memory that decoding takes, as tools estimate it. */
  readonly memory: number;
}

/**
 * Reads a header as it stands in a block, from its two bytes of size on.
 *
 * @throws {CorruptDataError} With code "HEADER" if it breaks a rule of the format.
 *
 * @example A model of one component
 * ```ts
 * import { parseZpaqHeader } from "@sluice/zpaq";
 * import { assertEquals } from "@std/assert";
 *
 * const header = parseZpaqHeader(Uint8Array.fromHex("0b00000000000102090400" + "3800"));
 * assertEquals(header.components, [{ name: "cm", arguments: [9, 4] }]);
 * ```
 */
export function parseZpaqHeader(header: BytesSource): ZpaqHeader {
  return parseHeader(toBytes(header), 0);
}
