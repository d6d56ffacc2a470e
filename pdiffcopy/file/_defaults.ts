/**
 * Defaults that private and public files share.
 */

/** Bytes of a block of protocol 1, unless told otherwise. */
export const PDIFF_BLOCK_SIZE = 1_048_576;
