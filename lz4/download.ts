/**
 * Downloads of lz4 files that are decompressed on the way and go on where they stopped, also in another process.
 *
 * @module
 */
export type { SluiceProgress } from "@sluice/internal";
export * from "@sluice/internal/faults";
export * from "@sluice/internal/sources";
export type { Lz4AesCtr, Lz4AesCtrKey, Lz4AesCtrPassword } from "./index/aes_ctr_source.ts";
export type { Lz4AesGcm } from "./index/aes_gcm_source.ts";
export * from "./download/download.ts";
