/**
 * Names of objects.
 *
 * @module
 */
export { ObjectId } from "./_object_id.ts";
export type { HashAlgorithm, IdLike } from "./_object_id.ts";
