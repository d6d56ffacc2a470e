/**
 * Names of objects.
 *
 * @module
 */
export { GitObjectId } from "./_object_id.ts";
export type { GitHashAlgorithm, GitIdLike } from "./_object_id.ts";
