/**
 * Stand-in for `jsr:@std/streams`: what this project uses, with the same names, types and behaviour.
 *
 * @module
 */
export * from "./concat_readable_streams.ts";
export * from "./to_array_buffer.ts";
export * from "./to_blob.ts";
export * from "./to_text.ts";
