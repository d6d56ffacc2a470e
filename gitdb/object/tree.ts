/**
 * Trees: the rows of a folder.
 *
 * @module
 */
export { encodeGitTree, parseGitTree } from "./_tree.ts";
export type { GitTreeEntry, GitTreeRow } from "./_tree.ts";
