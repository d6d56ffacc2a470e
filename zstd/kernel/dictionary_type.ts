/**
 * How zstd reads the bytes of a dictionary.
 *
 * @module
 */

/** By their magic number, as raw content, or as a formatted dictionary only: numbers for the exported functions. */
export const ZSTD_DICTIONARY_TYPE = { auto: 0, raw: 1, full: 2 } as const;
