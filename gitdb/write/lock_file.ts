/**
 * Replacing a file in one step, one writer at a time. Deno only.
 *
 * @module
 */
export { GitLockFile } from "./_lock_file.ts";
export type { GitLockFileOptions } from "./_lock_file.ts";
