/**
 * Outlines of trees as lines that travel, and back.
 */
import { EntryReader, formatEntry, parseLine, refused } from "./_tree_entry.ts";
import type { OutlineContent, OutlineEntry } from "./_tree_outline.ts";

const DIGEST = /^[0-9a-f]{64}$/;

/** An entry of an outline as a line: that of its entry, with the files and the digest of a directory. */
export function formatOutline({ entry, content }: OutlineEntry): string {
  return formatEntry(entry, content && { c: content.files, d: content.digest });
}

/** Reads lines of an outline, or of a list, which a server without outlines answers. */
export class OutlineReader {
  readonly #reader = new EntryReader();

  /** The entry of a line. */
  read(line: string): OutlineEntry {
    const fields = parseLine(line);
    const entry = this.#reader.read(line, fields);
    return { entry, content: contentOf(line, fields) };
  }
}

function contentOf(
  line: string,
  { k, c: files, d: digest }: Record<string, unknown>,
): OutlineContent | undefined {
  if (files === undefined && digest === undefined) return undefined;
  const isCount = typeof files === "number" && Number.isSafeInteger(files) && files >= 0;
  const isDigest = digest === undefined || (typeof digest === "string" && DIGEST.test(digest));
  if (k !== "d" || !isCount || !isDigest) throw refused(line, "its digest makes no sense");
  return { files, digest: digest as string | undefined };
}
