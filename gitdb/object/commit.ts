/**
 * Commits and tags, read from their bodies and written to them.
 *
 * @module
 */
export { encodeGitCommit, parseGitCommit, parseGitTag } from "./_commit.ts";
export type { GitCommit, GitCommitInput, GitTag } from "./_commit.ts";
export type { GitSignature } from "./_signature.ts";
