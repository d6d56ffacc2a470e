/**
 * The file `packed-refs`, in which git keeps references that have no file of their own. Deno only.
 *
 * A line for each reference, `ID SP NAME LF`; one that starts with `^` has the object that the tag before it leads to; the
 * first may say, after `#`, how the file is written (git's Documentation/technical, refs/packed-backend.c). Names are
 * bytes, which need not be UTF-8.
 */
import { byteString } from "@sluice/internal";
import { corrupt } from "../object/_errors.ts";
import { joinPath, readSmallFile } from "../object/_fs.ts";
import { HASH_SIZE } from "../object/_object_id.ts";
import type { GitHashAlgorithm, GitObjectId } from "../object/_object_id.ts";
import { compareUtf8 } from "../object/_text.ts";

/** The file, in the folder that all work trees share. */
export const PACKED_REFERENCES = "packed-refs";

/** A reference as a line has it. */
export interface PackedReference {
  /** Bytes that are not UTF-8 are U+FFFD here. */
  readonly name: string;
  /** Hex digits, small letters. */
  readonly hex: string;
}

/**
 * All packed references, in the file's order; none where there is no file.
 *
 * @throws {CorruptDataError} If a line is none of git's, or the last one does not end: a file that was cut has fewer
 *   references than there are, and what the others lead to would pass for unreachable.
 */
export async function readPackedReferences(
  commonFolder: string,
  algorithm: GitHashAlgorithm,
): Promise<PackedReference[]> {
  const text = byteString(await readSmallFile(joinPath(commonFolder, PACKED_REFERENCES)) ?? new Uint8Array());
  const idLength = 2 * HASH_SIZE[algorithm];
  const isReference = new RegExp(`^[0-9a-fA-F]{${idLength}} [^ ]`);
  const isPeeled = new RegExp(`^\\^[0-9a-fA-F]{${idLength}}$`);
  const references: PackedReference[] = [];
  for (let start = 0; start < text.length;) {
    const end = text.indexOf("\n", start);
    if (end < 0) throw corrupt(PACKED_REFERENCES, "its last line does not end", "TRUNCATED", start);
    const line = text.slice(start, end);
    if (isReference.test(line)) {
      references.push({
        name: decodeBytes(line.slice(idLength + 1)),
        hex: line.slice(0, idLength).toLowerCase(),
      });
    } else if (!line.startsWith("#") && !isPeeled.test(line)) {
      throw corrupt(
        PACKED_REFERENCES,
        `"${decodeBytes(line.slice(0, 80))}" is no reference`,
        "CORRUPT",
        start,
      );
    }
    start = end + 1;
  }
  return references;
}

/** What `packed-refs` is to hold. */
export function formatPackedReferences(
  references: readonly {
    readonly name: string;
    readonly id: GitObjectId;
    /** The object that a tag leads to. */
    readonly peeled: GitObjectId | undefined;
  }[],
): string {
  const lines = references.toSorted((a, b) => compareUtf8(a.name, b.name))
    .map(({ name, id, peeled }) => `${id} ${name}\n${peeled === undefined ? "" : `^${peeled}\n`}`);
  return `# pack-refs with: peeled fully-peeled sorted \n${lines.join("")}`;
}

/** A text of bytes as UTF-8. */
function decodeBytes(text: string): string {
  // deno-lint-ignore no-control-regex -- bytes of ASCII are letters as they are
  return /^[\x00-\x7f]*$/.test(text)
    ? text
    : new TextDecoder().decode(Uint8Array.from(text, (byte) => byte.charCodeAt(0)));
}
