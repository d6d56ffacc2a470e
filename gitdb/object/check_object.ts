/**
 * Checking objects before they are stored, as git's `hash-object` and `fsck --strict` do.
 *
 * @module
 */
export { checkGitObject } from "./_check_object.ts";
export type { GitCheckObjectOptions } from "./_check_object.ts";
