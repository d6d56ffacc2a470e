/**
 * Commits and tags, read from their bodies and written to them.
 *
 * @module
 */
export { encodeGitCommit, encodeGitTag, parseGitCommit, parseGitTag } from "./_commit.ts";
export type { GitCommit, GitCommitInput, GitExtraHeaders, GitTag, GitTagInput } from "./_commit.ts";
export type { GitSignature } from "./_signature.ts";
