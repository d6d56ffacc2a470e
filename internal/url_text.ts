/**
 * What URLs say: in messages, as paths, and about who asks.
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

/** A percent sign that starts no escape, which stands for itself (URL Standard, "percent-decode"). */
const STRAY_PERCENT = /%(?![0-9A-Fa-f]{2})/g;

/**
 * A part of a URL without its escapes; undefined where those are not UTF-8.
 *
 * @example A space, a percent sign, and a byte that starts nothing
 * ```ts
 * import { decodeUrlText } from "@sluice/internal";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(["a%20b", "100%", "%ff"].map(decodeUrlText), ["a b", "100%", undefined]);
 * ```
 */
export function decodeUrlText(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll(STRAY_PERCENT, "%25"));
  } catch {
    return undefined;
  }
}

/**
 * The path that a file URL names.
 *
 * @throws {TypeError} If it is another URL or names another host, or its escapes are not UTF-8.
 *
 * @example A file, and a server
 * ```ts
 * import { pathOfFileUrl } from "@sluice/internal";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * assertEquals(pathOfFileUrl(new URL("file:///srv/a%20b"), "open a log"), "/srv/a b");
 * assertThrows(() => pathOfFileUrl(new URL("https://host/a"), "open a log"), TypeError, "or a file URL");
 * ```
 */
export function pathOfFileUrl(url: URL, action: string): string {
  const path = url.protocol === "file:" && url.host === "" ? decodeUrlText(url.pathname) : undefined;
  if (path === undefined || path.includes("\0")) {
    throw new TypeError(
      `Cannot ${action}: it is ${
        withoutUrlSecrets(url.href)
      }, expected a path or a file URL that names no host`,
    );
  }
  return /^\/[A-Za-z]:/.test(path) && globalThis.Deno?.build.os === "windows" ? path.slice(1) : path;
}

/**
 * The value of a header "Authorization" for the user and the password in a URL, whatever bytes their escapes stand for;
 * undefined where it has none.
 *
 * @example Ada
 * ```ts
 * import { basicCredentials } from "@sluice/internal";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(basicCredentials(new URL("https://ada:pass%20word@host/")), `Basic ${btoa("ada:pass word")}`);
 * assertEquals(basicCredentials(new URL("https://host/")), undefined);
 * ```
 */
export function basicCredentials({ username, password }: URL): string | undefined {
  if (username === "" && password === "") return undefined;
  const bytes = `${username}:${password}`.replaceAll(
    /%([0-9A-Fa-f]{2})/g,
    (_, hex: string) => String.fromCharCode(parseInt(hex, 16)),
  );
  return `Basic ${btoa(bytes)}`;
}
