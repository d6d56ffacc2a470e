/**
 * The sub-commands of `sluice lz4` that the lz4 tool does not have.
 */

/** Words that may stand first. */
export const ARCHIVE_COMMAND_NAMES = [
  "index",
  "cat",
  "lines",
  "carve",
  "splits",
  "join",
  "get",
  "resume",
  "recover",
  "repack",
  "info",
] as const;

/** One of them. */
export type ArchiveCommandName = typeof ARCHIVE_COMMAND_NAMES[number];

/** Whether a word is one of them. */
export function isArchiveCommand(word: string | undefined): word is ArchiveCommandName {
  return (ARCHIVE_COMMAND_NAMES as readonly (string | undefined)[]).includes(word);
}
