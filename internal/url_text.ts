/**
 * URLs in messages.
 *
 * @module
 */

/** A URL in running text: its scheme, credentials, host and path, then its query or fragment. */
const URL_IN_TEXT = /\b(https?:\/\/)(?:[^\s/"'<>?#]*@)?([^\s"'<>?#]*)([?#][^\s"'<>]*)?/gi;
/** What may end a sentence rather than a query. */
const PUNCTUATION = /[:,;.)\]]*$/;

/**
 * A text in which no URL has credentials, a query or a fragment: signatures and passwords do not belong into messages.
 *
 * @example A signed URL
 * ```ts
 * import { withoutUrlSecrets } from "@sluice/internal";
 * import { assertEquals } from "@std/assert";
 *
 * const text = "https://me:word@host/file?signature=1: not found";
 * assertEquals(withoutUrlSecrets(text), "https://host/file: not found");
 * ```
 */
export function withoutUrlSecrets(text: string): string {
  return text.replace(
    URL_IN_TEXT,
    (_, scheme: string, place: string, rest: string = "") => scheme + place + PUNCTUATION.exec(rest)![0],
  );
}
