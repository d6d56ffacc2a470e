/**
 * Which dictionary a request may use (RFC 9842, 2.2 and 9).
 *
 * @module
 */
import type { DczDictionary } from "./dcz_dictionary.ts";
import type { DczUseAsDictionary } from "./dictionary_headers.ts";

/** A response that a client has stored for use as a dictionary. */
export interface DczStoredDictionary {
  /** Where it was fetched from. */
  readonly url: string | URL;
  /** What its `Use-As-Dictionary` header said. */
  readonly use: DczUseAsDictionary;
  /** When it was fetched, in milliseconds since 1970. */
  readonly fetchedAt: number;
  /** Its content. */
  readonly dictionary: DczDictionary;
}

/**
 * The stored dictionary that a request for `url` offers, or undefined. Only dictionaries of the same origin count, whose
 * type is "raw" and whose pattern matches and has no groups of regular expressions. A match of the destination wins, then
 * the longest pattern, then the one that was fetched last. The caller leaves out what is not fresh.
 *
 * @example The longer pattern wins
 * ```ts
 * import { DczDictionary, selectDczDictionary } from "@sluice/zstd/http";
 * import { assertEquals } from "@std/assert";
 *
 * const dictionary = await DczDictionary.from(new Uint8Array(100));
 * const stored = (match: string, fetchedAt: number) => (
 *   { url: "https://example.test/app/v1.js", use: { match }, fetchedAt, dictionary }
 * );
 * const all = [stored("/*", 3), stored("/app/*", 1)];
 * assertEquals(selectDczDictionary("https://example.test/app/v2.js", all)?.use.match, "/app/*");
 * ```
 */
export function selectDczDictionary(
  url: string | URL,
  stored: Iterable<DczStoredDictionary>,
  destination = "",
): DczStoredDictionary | undefined {
  const target = new URL(url);
  let best: DczStoredDictionary | undefined;
  for (const candidate of stored) {
    if (!fits(target, candidate, destination)) continue;
    if (best === undefined || isBetter(candidate, best)) best = candidate;
  }
  return best;
}

function fits(target: URL, { url, use }: DczStoredDictionary, destination: string): boolean {
  const base = new URL(url);
  const { match, matchDest = [], type = "raw" } = use;
  if (base.origin !== target.origin || type !== "raw") return false;
  if (matchDest.length > 0 && !matchDest.includes(destination)) return false;
  try {
    const pattern = new URLPattern(match, base.href);
    return !pattern.hasRegExpGroups && pattern.test(target.href);
  } catch {
    return false; // a pattern that is none matches nothing
  }
}

function isBetter(candidate: DczStoredDictionary, best: DczStoredDictionary): boolean {
  const byDestination = Number((candidate.use.matchDest ?? []).length > 0) -
    Number((best.use.matchDest ?? []).length > 0);
  const byLength = candidate.use.match.length - best.use.match.length;
  return (byDestination || byLength || candidate.fetchedAt - best.fetchedAt) > 0;
}

/**
 * Whether a server may answer with a dictionary without telling one site about another: the response has to be readable by
 * who asks. Decided from `Sec-Fetch-Site`, `Sec-Fetch-Mode` and, for other sites, `Access-Control-Allow-Origin`.
 *
 * @example Another site that may not read the response
 * ```ts
 * import { mayUseDczDictionary } from "@sluice/zstd/http";
 * import { assertEquals } from "@std/assert";
 *
 * const request = new Headers({ "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors", origin: "https://a.test" });
 * assertEquals(mayUseDczDictionary(request, new Headers()), false);
 * assertEquals(mayUseDczDictionary(request, new Headers({ "access-control-allow-origin": "*" })), true);
 * ```
 */
export function mayUseDczDictionary(request: Headers, response: Headers): boolean {
  const site = request.get("sec-fetch-site");
  const mode = request.get("sec-fetch-mode");
  if (site === null || site === "same-origin" || mode === "navigate" || mode === "same-origin") return true;
  if (mode !== "cors") return false;
  const allowed = response.get("access-control-allow-origin");
  return allowed === "*" || allowed !== null && allowed === request.get("origin");
}
