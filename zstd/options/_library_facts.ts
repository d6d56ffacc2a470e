/**
 * What the zstd library says about parameters and memory, without a context.
 */
export { estimateZstdDecoder } from "../kernel/decoder.ts";
export { estimateZstdEncoder, zstdEncoderBounds, zstdLevelParameters } from "../kernel/encoder_facts.ts";
