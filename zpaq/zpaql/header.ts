/**
 * The header of a block: the model that its data was coded with.
 *
 * @module
 */
import { toBytes } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { parseHeader } from "./_header_parser.ts";
import type { ZpaqHeader } from "./_types.ts";

export type { ZpaqComponent, ZpaqHeader } from "./_types.ts";

/**
 * Reads a header as it stands in a block, from its two bytes of size on.
 *
 * @throws {CorruptDataError} With code "HEADER" if it breaks a rule of the format.
 *
 * @example A model of one component
 * ```ts
 * import { readZpaqHeader } from "@sluice/zpaq";
 * import { assertEquals } from "@std/assert";
 *
 * const header = readZpaqHeader(Uint8Array.fromHex("0b00000000000102090400" + "3800"));
 * assertEquals(header.components, [{ name: "cm", arguments: [9, 4] }]);
 * ```
 */
export function readZpaqHeader(header: BytesSource): ZpaqHeader {
  return parseHeader(toBytes(header), 0);
}
