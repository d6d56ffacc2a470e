/**
 * Bytes that can be read at any place: what the functions that open something take. Each package that reads by ranges
 * exports these from its entry points.
 *
 * @module
 */
export { byteSourceFromBlob, byteSourceFromBytes } from "./byte_source.ts";
export type { ByteSource, ByteSourceReadOptions } from "./byte_source.ts";
export type { BytesSource } from "./bytes.ts";
export { byteSourceFromUrl } from "./http_source.ts";
export type { HttpSourceOptions } from "./http_source.ts";
export { openByteSource } from "./open_source.ts";
export type { ByteSourceLike } from "./open_source.ts";
