/**
 * What the zstd library says about parameters and memory, without a context.
 */
export { estimateZstdDecoder } from "@sluice/ffi/zstd-decoder";
export { estimateZstdEncoder, zstdEncoderBounds, zstdLevelParameters } from "@sluice/ffi/zstd-encoder";
