/**
 * Encryption of what is written; loaded where it is asked for.
 */
export { encryptLz4AesGcmIterable } from "@sluice/lz4";
