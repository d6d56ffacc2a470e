/**
 * Pipes and sockets: names without content, which are carried as what they are.
 */

/** What can be made; devices are not, because they reach what lies outside of a tree. */
export type SpecialKind = "pipe" | "socket";

const FILE_TYPE = 0o170000;
const PIPE = 0o010000;
const SOCKET = 0o140000;

/** What a mode says; undefined for anything else. */
export function specialKindOf(mode: number): SpecialKind | undefined {
  const type = mode & FILE_TYPE;
  return type === PIPE ? "pipe" : type === SOCKET ? "socket" : undefined;
}

/** Whether a text is the name of a kind. */
export function isSpecialKind(text: string | undefined): text is SpecialKind {
  return text === "pipe" || text === "socket";
}
