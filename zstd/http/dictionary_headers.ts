/**
 * The headers of compression dictionary transport (RFC 9842).
 *
 * @module
 */
import { checkArgument, toBytes } from "@sluice/internal";
import type { BytesSource } from "@sluice/internal";
import { HASH_SIZE } from "./_dcz.ts";
import { formatString, parseDictionary, parseItem } from "./_structured_fields.ts";

/** What `Use-As-Dictionary` says about a response. */
export interface DczUseAsDictionary {
  /** A URL pattern: for which requests the response may serve as dictionary. */
  readonly match: string;
  /** Request destinations, such as "document"; empty for all. */
  readonly matchDest?: readonly string[] | undefined;
  /** A name that the client gives back in `Dictionary-ID`; at most 1024 characters. @default {""} */
  readonly id?: string | undefined;
  /** The format of the dictionary; others than "raw" are not usable. @default {"raw"} */
  readonly type?: string | undefined;
}

const ID_LENGTH_MAX = 1024;

/**
 * The value of `Available-Dictionary` for a SHA-256.
 *
 * @throws {RangeError} If the hash does not have 32 bytes.
 *
 * @example There and back
 * ```ts
 * import { formatDczAvailableDictionary, parseDczAvailableDictionary } from "@sluice/zstd/http";
 * import { assertEquals } from "@std/assert";
 *
 * const hash = crypto.getRandomValues(new Uint8Array(32));
 * assertEquals(parseDczAvailableDictionary(formatDczAvailableDictionary(hash)), hash);
 * ```
 */
export function formatDczAvailableDictionary(sha256: BytesSource): string {
  const bytes = toBytes(sha256);
  if (bytes.length !== HASH_SIZE) {
    throw new RangeError(`Cannot write a header: the hash has ${bytes.length} bytes, expected ${HASH_SIZE}`);
  }
  return `:${btoa(String.fromCharCode(...bytes))}:`;
}

/**
 * The SHA-256 that `Available-Dictionary` names; undefined when the header is not there or holds anything else.
 *
 * @example Two hashes are none
 * ```ts
 * import { parseDczAvailableDictionary } from "@sluice/zstd/http";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseDczAvailableDictionary(":AAAA:"), undefined);
 * assertEquals(parseDczAvailableDictionary(null), undefined);
 * ```
 */
export function parseDczAvailableDictionary(value: string | null | undefined): Uint8Array | undefined {
  const item = value === null || value === undefined ? undefined : parseItem(value);
  return item instanceof Uint8Array && item.length === HASH_SIZE ? item : undefined;
}

/**
 * The value of `Dictionary-ID`.
 *
 * @throws {RangeError} If the id has more than 1024 characters, or some outside of printable ASCII.
 *
 * @example There and back
 * ```ts
 * import { formatDczDictionaryId, parseDczDictionaryId } from "@sluice/zstd/http";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(formatDczDictionaryId("app-1"), '"app-1"');
 * assertEquals(parseDczDictionaryId('"app-1"'), "app-1");
 * ```
 */
export function formatDczDictionaryId(id: string): string {
  if (id.length > ID_LENGTH_MAX) {
    throw new RangeError(
      `Cannot write a header: the id has ${id.length} characters, expected at most ${ID_LENGTH_MAX}`,
    );
  }
  return formatString(id);
}

/**
 * The id that `Dictionary-ID` holds; undefined when the header is not there or holds anything else.
 *
 * @example No string
 * ```ts
 * import { parseDczDictionaryId } from "@sluice/zstd/http";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseDczDictionaryId("app-1"), undefined);
 * ```
 */
export function parseDczDictionaryId(value: string | null | undefined): string | undefined {
  const item = value === null || value === undefined ? undefined : parseItem(value);
  return typeof item === "string" && item.length <= ID_LENGTH_MAX ? item : undefined;
}

/**
 * The value of `Use-As-Dictionary`.
 *
 * @throws {RangeError} If the id has more than 1024 characters, or a text some outside of printable ASCII.
 *
 * @example A dictionary for all scripts of an application
 * ```ts
 * import { formatDczUseAsDictionary } from "@sluice/zstd/http";
 * import { assertEquals } from "@std/assert";
 *
 * const value = formatDczUseAsDictionary({ match: "/app/*.js", matchDest: ["script"], id: "v1" });
 * assertEquals(value, 'match="/app/*.js", match-dest=("script"), id="v1"');
 * ```
 */
export function formatDczUseAsDictionary(use: DczUseAsDictionary): string {
  const { match, matchDest = [], id = "", type = "raw" } = use;
  const members = [`match=${formatString(match)}`];
  if (matchDest.length > 0) members.push(`match-dest=(${matchDest.map(formatString).join(" ")})`);
  if (id !== "") members.push(`id=${formatDczDictionaryId(id)}`);
  if (type !== "raw") members.push(`type=${type}`);
  return members.join(", ");
}

/**
 * What `Use-As-Dictionary` says; undefined when the header is not there, breaks the rules, or has no `match`. Members that
 * are not known are passed over.
 *
 * @example Defaults are filled in
 * ```ts
 * import { parseDczUseAsDictionary } from "@sluice/zstd/http";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseDczUseAsDictionary('match="/app/*"'), { match: "/app/*", matchDest: [], id: "", type: "raw" });
 * ```
 */
export function parseDczUseAsDictionary(
  value: string | null | undefined,
): { match: string; matchDest: readonly string[]; id: string; type: string } | undefined {
  const members = value === null || value === undefined ? undefined : parseDictionary(value);
  const match = members?.get("match");
  if (members === undefined || typeof match !== "string") return undefined;
  const matchDest = members.has("match-dest") ? members.get("match-dest") : [];
  const id = members.has("id") ? members.get("id") : "";
  const type = members.has("type") ? members.get("type") : { token: "raw" };
  const valid = Array.isArray(matchDest) && matchDest.every((item) => typeof item === "string") &&
    typeof id === "string" && id.length <= ID_LENGTH_MAX && typeof type === "object" && "token" in type;
  return valid ? { match, matchDest, id, type: type.token } : undefined;
}

/**
 * The value of `Link` that points a client to a dictionary.
 *
 * @throws {TypeError} If the address can't stand in a header.
 *
 * @example A dictionary to fetch when there is time
 * ```ts
 * import { formatDczDictionaryLink } from "@sluice/zstd/http";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(formatDczDictionaryLink("/app.dict"), '</app.dict>; rel="compression-dictionary"');
 * ```
 */
export function formatDczDictionaryLink(url: string | URL): string {
  const text = String(url);
  if (!/^[!-;=?-~]+$/.test(text)) {
    throw new TypeError(`Cannot write a header: "${text}" is no address, expected one without spaces and <>`);
  }
  return `<${text}>; rel="compression-dictionary"`;
}

/**
 * Adds names to the `Vary` header, each once. A response that could have come in another encoding needs
 * `accept-encoding`, and `available-dictionary` where dictionaries are used.
 *
 * @example Names are added once
 * ```ts
 * import { addZstdVary } from "@sluice/zstd/http";
 * import { assertEquals } from "@std/assert";
 *
 * const headers = new Headers({ vary: "Origin, Accept-Encoding" });
 * addZstdVary(headers, "accept-encoding", "available-dictionary");
 * assertEquals(headers.get("vary"), "Origin, Accept-Encoding, available-dictionary");
 * ```
 */
export function addZstdVary(headers: Headers, ...names: readonly string[]): void {
  checkArgument(headers instanceof Headers, "add to Vary", headers, "Headers");
  const present = (headers.get("vary") ?? "").split(",").map((name) => name.trim()).filter((name) =>
    name !== ""
  );
  const known = new Set(present.map((name) => name.toLowerCase()));
  if (known.has("*")) return;
  headers.set("vary", [...present, ...names.filter((name) => !known.has(name.toLowerCase()))].join(", "));
}
