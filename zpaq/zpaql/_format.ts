/**
 * The layout of ZPAQ blocks.
 */

/** Bytes before a block by which it is found among others. */
export const LOCATOR_TAG: Uint8Array<ArrayBuffer> = Uint8Array.of(
  0x37,
  0x6b,
  0x53,
  0x74,
  0xa0,
  0x31,
  0x83,
  0xd3,
  0x8c,
  0xb2,
  0x28,
  0xb0,
  0xd3,
);
/** "zPQ": a block starts. */
export const BLOCK_MAGIC: Uint8Array<ArrayBuffer> = Uint8Array.of(0x7a, 0x50, 0x51);
/** The only type of header. */
export const HEADER_TYPE = 1;
/** What stands after a block's header or a segment. */
export const MARK = { SEGMENT: 1, NO_CHECKSUM: 0xfe, CHECKSUM: 0xfd, BLOCK_END: 0xff } as const;
export const DIGEST_SIZE = 20;
/** The longest header, with its two bytes of size. */
export const HEADER_SIZE_MAX = 65537;
/** The longest name or comment that is read. */
export const TEXT_SIZE_MAX = 64 << 10;

/** Kinds of components, by their number. */
export const COMPONENT_NAMES: readonly (ZpaqComponentName | "")[] = [
  "",
  "const",
  "cm",
  "icm",
  "match",
  "avg",
  "mix2",
  "mix",
  "isse",
  "sse",
];
/** Bytes of a component's description by kind, its number among them. */
export const COMPONENT_SIZES = [0, 2, 3, 2, 3, 4, 6, 6, 3, 5] as const;

/** The name of a kind of component. */
export type ZpaqComponentName = "const" | "cm" | "icm" | "match" | "avg" | "mix2" | "mix" | "isse" | "sse";
