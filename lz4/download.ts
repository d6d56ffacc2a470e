/**
 * Downloads of lz4 files that are decompressed on the way and go on where they stopped, also in another process.
 *
 * @module
 */
export { CorruptDataError, SluiceError, TransferError } from "@sluice/internal";
export type {
  ByteSource,
  ByteSourceLike,
  ByteSourceReadOptions,
  BytesSource,
  HttpSourceOptions,
  SluiceErrorCode,
  SluiceProgress,
} from "@sluice/internal";
export type { Lz4AesCtr, Lz4AesCtrKey, Lz4AesCtrPassword } from "./index/aes_ctr_source.ts";
export * from "./download/download.ts";
